/**
 * Signatures that hang on nothing but key, input and salt or nonce, where Node's draw the latter at
 * random: PSS and ECDSA as well give the same token in every run.
 */

import { constants, createECDH, createHash, createHmac, privateEncrypt, sign } from "node:crypto";
import { derivedBytes, inverse, toBytes, toNumber } from "./keys.js";

/** Nonces per curve; more would only cost time at the start. */
const NONCES = 16;

/**
 * The signature of one JWS algorithm over a signing input.
 *
 * @param {string} alg
 * @param {Buffer | { privateKey: object, scalar?: bigint, curve?: object }} key an HMAC secret or a key pair
 * @param {string} input
 * @param {import("./random.js").Random} random chooses the salt or nonce
 */
export function signature(alg, key, input, random) {
  const hash = `sha${alg.slice(-3)}`;
  switch (alg.slice(0, 2)) {
    case "HS":
      return createHmac(hash, key).update(input).digest();
    case "RS":
      return sign(hash, Buffer.from(input), key.privateKey);
    case "PS":
      return pss(hash, key.privateKey, input, random);
    case "ES":
      return ecdsa(hash, key, input, random);
    default:
      return sign(null, Buffer.from(input), key.privateKey);
  }
}

/** EMSA-PSS with a salt of the hash's length, now and then another, which is to be rejected. RFC 8017 §9.1.1. */
function pss(hash, privateKey, input, random) {
  const digest = (...parts) => createHash(hash).update(Buffer.concat(parts)).digest();
  const message = digest(Buffer.from(input));
  const length = privateKey.asymmetricKeyDetails.modulusLength / 8;
  const salt = random.bytes(random.chance(0.97) ? message.length : random.pick([0, 1, 20, 31, 33]));
  const h = digest(Buffer.alloc(8), message, salt);
  const block = Buffer.alloc(length - h.length - 1);
  block[block.length - salt.length - 1] = 1;
  salt.copy(block, block.length - salt.length);
  for (let done = 0, counter = 0; done < block.length; counter += 1) {
    const mask = digest(h, toBytes(BigInt(counter), 4));
    for (let at = 0; at < mask.length && done < block.length; at += 1, done += 1) {
      block[done] ^= mask[at];
    }
  }
  block[0] &= 0x7f;
  const encoded = Buffer.concat([block, h, Buffer.from([0xbc])]);
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

const noncesOfCurve = new Map();

function noncesOf(curve) {
  if (!noncesOfCurve.has(curve)) {
    const ecdh = createECDH(curve.name);
    const nonces = Array.from({ length: NONCES }, (_, index) => {
      const nonce = toNumber(derivedBytes(`nonce ${curve.name} ${index}`, curve.bytes)) >> 8n;
      ecdh.setPrivateKey(toBytes(nonce, curve.bytes));
      const r = toNumber(ecdh.getPublicKey().subarray(1, 1 + curve.bytes)) % curve.order;
      return { inverse: inverse(nonce, curve.order), r };
    });
    noncesOfCurve.set(curve, nonces);
  }
  return noncesOfCurve.get(curve);
}

/** ECDSA as `r || s`. RFC 7518 §3.4. Nonces come again, which gives the private key away: it is public. */
function ecdsa(hash, { curve, scalar }, input, random) {
  const { order, bytes } = curve;
  const { inverse: inverted, r } = random.pick(noncesOf(curve));
  const digest = createHash(hash).update(input).digest();
  const excess = digest.length * 8 - order.toString(2).length;
  const message = excess > 0 ? toNumber(digest) >> BigInt(excess) : toNumber(digest);
  const s = (inverted * (message + r * scalar)) % order;
  return Buffer.concat([toBytes(r, bytes), toBytes(s, bytes)]);
}

/**
 * Another value in the form of an ECDSA signature: `n - s`, which is as good; numbers out of range,
 * halves swapped, DER, which are not.
 */
export function ecdsaVariant(signed, { order, bytes }, random) {
  const [r, s] = [signed.subarray(0, bytes), signed.subarray(bytes)];
  const number = (value) => toBytes(value, bytes);
  return random.weighted([
    [6, () => Buffer.concat([r, number(order - toNumber(s))])],
    [1, () => Buffer.concat([s, r])],
    [1, () => Buffer.concat([number(0n), s])],
    [1, () => Buffer.concat([r, number(0n)])],
    [1, () => Buffer.concat([number(order), s])],
    [1, () => Buffer.concat([r, number(order)])],
    [1, () => Buffer.concat([number(0n), number(0n)])],
    [1, () => Buffer.concat([number(1n), number(1n)])],
    [1, () => Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s])],
    [1, () => Buffer.concat([Buffer.from([0x30, 2 * bytes + 4, 2, bytes]), r, Buffer.from([2, bytes]), s])],
  ])();
}
