/** Providers to be made and dropped, one kind after the other, some of which cannot be made. */

import assert from "node:assert/strict";
import { createPublicKey, createSecretKey } from "node:crypto";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";

/** The four that stay. */
export function lastingProviders(keys) {
  return {
    apiKey: new APIKeyAuthProvider({ keys: keys.apiKeys }),
    HS256: new JWTAuthProvider({ secret: keys.hmacSecret }),
    RS256: new JWTAuthProvider({ secret: keys.rsaPublic, algorithms: ["RS256"] }),
    ES256: new JWTAuthProvider({ secret: keys.ecPublic, algorithms: ["ES256"] }),
  };
}

const KINDS = [
  ["apiKey", ({ apiKeys }) => new APIKeyAuthProvider({ keys: apiKeys.slice(0, 1) })],
  ["HS256", ({ hmacSecret }) => new JWTAuthProvider({ secret: hmacSecret })],
  ["apiKey", ({ apiKeys }) => new APIKeyAuthProvider({ keys: apiKeys })],
  ["HS256", ({ hmacSecret }) => new JWTAuthProvider({ secret: Buffer.from(hmacSecret), cacheSize: 0 })],
  ["RS256", ({ rsaPublic }) => new JWTAuthProvider({ secret: rsaPublic, algorithms: ["RS256", "PS256"] })],
  ["HS256", ({ hmacSecret }) => new JWTAuthProvider({ secret: hmacSecret, algorithms: ["HS256", "HS384"] })],
  ["HS256", ({ hmacSecret }) => new JWTAuthProvider({ secret: createSecretKey(hmacSecret, "utf8") })],
  [
    "HS256",
    ({ hmacSecret }) =>
      new JWTAuthProvider({ secret: { kty: "oct", k: Buffer.from(hmacSecret).toString("base64url") } }),
  ],
  ["ES256", ({ ecJwk }) => new JWTAuthProvider({ secret: ecJwk, algorithms: ["ES256"] })],
  ["RS256", ({ rsaPrivate }) => new JWTAuthProvider({ secret: rsaPrivate, algorithms: ["RS256"] })],
  [
    "ES256",
    ({ ecPublic }) => new JWTAuthProvider({ secret: createPublicKey(ecPublic), algorithms: ["ES256"] }),
  ],
];

const FAILING = [
  () => new APIKeyAuthProvider({ keys: [] }),
  ({ apiKeys }) => new APIKeyAuthProvider({ keys: [...apiKeys, ""] }),
  ({ hmacSecret }) => new JWTAuthProvider({ secret: hmacSecret, algorithms: ["RS256"] }),
  ({ rsaPublic }) => new JWTAuthProvider({ secret: rsaPublic.slice(0, -30), algorithms: ["RS256"] }),
  ({ ecJwk }) => new JWTAuthProvider({ secret: { ...ecJwk, x: "AA" }, algorithms: ["ES256"] }),
  ({ hmacSecret }) => new JWTAuthProvider({ secret: hmacSecret, headerName: "no header" }),
];

/**
 * Makes one provider and asks it twice; one in ten cannot be made.
 *
 * @param {number} number which one
 * @param {object} keys of `makeKeys`
 * @param {import("./credentials.js").Batch[]} batches
 * @returns {Promise<object | undefined>} the provider, to be dropped
 */
export async function makeAndAsk(number, keys, batches) {
  if (number % 10 === 9) {
    const construct = FAILING[((number / 10) % FAILING.length) | 0];
    assert.throws(() => construct(keys), /./);
    return undefined;
  }
  const [kind, construct] = KINDS[number % KINDS.length];
  const provider = construct(keys);
  for (const isAccepted of [true, false]) {
    const batch = batches.find((each) => each.provider === kind && each.isAccepted === isAccepted);
    if (batch) {
      // The first key is the only one that every ring has.
      assert.equal(Boolean(await provider.authenticate(batch.requests[0])), isAccepted);
    }
  }
  return provider;
}
