/** Providers that leak on purpose: a harness that does not catch them sees nothing. */

import { createHmac } from "node:crypto";

/** Character by character up to the first difference. */
function leakyEqual(one, other) {
  if (one.length !== other.length) {
    return false;
  }
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) {
      return false;
    }
  }
  return true;
}

export class LeakyAPIKeyAuthProvider {
  #keys;

  constructor({ keys }) {
    this.#keys = keys;
  }

  async authenticate(req) {
    return this.#keys.some((key) => leakyEqual(key, req.headers["x-api-key"]));
  }
}

export class LeakyJWTAuthProvider {
  #secret;
  #algorithm;

  constructor({ secret, algorithms: [algorithm] }) {
    this.#secret = secret;
    this.#algorithm = algorithm;
  }

  async authenticate(req) {
    const [header, payload, signature] = req.headers.authorization.slice(7).split(".");
    const mac = macOf(this.#algorithm, this.#secret, `${header}.${payload}`);
    return leakyEqual(mac.toString("base64url"), signature);
  }
}

/** The MAC of a signing input. RFC 7518 §3.2. */
export function macOf(algorithm, secret, signed) {
  return createHmac(`sha${algorithm.slice(2)}`, secret)
    .update(signed)
    .digest();
}
