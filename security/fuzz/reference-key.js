/**
 * What a `secret` means by the documentation: `{ key }`; `{ rejected }`, with the name of the
 * deliberate difference; `{ missing: true }`, which both constructors reject; or, for damaged key
 * material of which the documentation leaves open whether it can still be read, `{ open, keys }`:
 * rejected, or one of these keys, or with `isDefinite` the one key if not rejected.
 *
 * A key is `{ serves, bytes }` or `{ serves, publicKey }`, with `capable`, what it could serve, if its
 * JWK says that it is for less. Node's own key import is the judge of what is a key.
 */

import { createPublicKey } from "node:crypto";
import { types } from "node:util";
import { HMAC_ALGORITHMS, RSA_ALGORITHMS } from "./keys.js";
import { isKeyText, isLikeKeyText, isLikePem, isPem } from "./reference-key-text.js";

const CURVES = { prime256v1: ["ES256"], secp384r1: ["ES384"], secp521r1: ["ES512"] };
const ALGORITHMS = [...HMAC_ALGORITHMS, ...RSA_ALGORITHMS, "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/**
 * @param {unknown} secret
 * @param {{ intact?: boolean, within?: object[], rejected?: string }} made whether the generator left each
 *   key in it as it was, the public KeyObjects of those keys, and for which difference it was made: text that is no PEM,
 *   or PEM of a key
 */
export function meaningOfSecret(secret, made = {}) {
  if (!secret) {
    return { missing: true };
  }
  if (typeof secret === "string") {
    return secret.isWellFormed() ? fromBytes(Buffer.from(secret), made) : { rejected: "secretLoneSurrogate" };
  }
  if (types.isKeyObject(secret)) {
    return fromKeyObject(secret, made);
  }
  if (types.isCryptoKey(secret)) {
    return { rejected: "cryptoKey" };
  }
  if (types.isAnyArrayBuffer(secret)) {
    return fromBytes(Buffer.from(new Uint8Array(secret)), made);
  }
  if (ArrayBuffer.isView(secret)) {
    return fromBytes(Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength), made);
  }
  if (typeof secret !== "object" || Array.isArray(secret)) {
    return { rejected: "secretIsNoKey" };
  }
  return fromObject(secret, made);
}

function fromBytes(bytes, { intact = true, within = [], rejected }) {
  if (bytes.length === 0) {
    return { rejected: "emptyBytes" };
  }
  const asSecret = { bytes, serves: HMAC_ALGORITHMS };
  const read = isLikePem(bytes) ? publicKeyOrNothing(bytes) : undefined;
  const meant = [...within, ...(read ? [read] : [])].flatMap((key) => fromPublicKey(key).key ?? []);
  if (isPem(bytes)) {
    if (read !== undefined && intact) {
      return rejected ? { rejected } : fromPublicKey(read);
    }
    return { open: "damagedPem", keys: meant, isDefinite: intact && meant.length === 1 };
  }
  if (rejected) {
    return { rejected };
  }
  if (isLikePem(bytes)) {
    return { open: "damagedPem", keys: [...meant, asSecret] };
  }
  // A key that was damaged, or stands among other text, may be found or not.
  if (isLikeKeyText(bytes, intact) || !intact || within.length > 0) {
    return isKeyText(bytes) && intact
      ? { rejected: "keyInAnotherForm" }
      : { open: "keyInAnotherForm", keys: [asSecret], isDefinite: true };
  }
  return { key: asSecret };
}

function publicKeyOrNothing(key) {
  try {
    return createPublicKey(key);
  } catch {
    return undefined;
  }
}

function fromKeyObject(key, made) {
  if (key.type === "private") {
    return { rejected: "privateKeyObject" };
  }
  if (key.type === "public") {
    return fromPublicKey(key);
  }
  const bytes = key.export();
  if (isPem(bytes)) {
    return { rejected: "damagedPem" };
  }
  const meaning = fromBytes(bytes, made);
  // A secret that was declared as one is never read as anything else.
  return meaning.open ? { ...meaning, keys: [{ bytes, serves: HMAC_ALGORITHMS }] } : meaning;
}

/** Whether a public key that can be read can be used. RFC 7518 §3.3 to §3.5, RFC 8037. */
function fromPublicKey(publicKey) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (type === "rsa" || type === "rsa-pss") {
    const { modulusLength, publicExponent } = details;
    if (modulusLength < 2048 || modulusLength > 8192) {
      return { rejected: "rsaSize" };
    }
    if (publicExponent % 2n === 0n || publicExponent < 3n || publicExponent >> 33n > 0n) {
      return { rejected: "rsaExponent" };
    }
    const serves = type === "rsa" ? RSA_ALGORITHMS : servedByPss(details);
    return serves.length > 0 ? { key: { publicKey, serves } } : { rejected: "pssParameters" };
  }
  if (type === "ed25519") {
    return isOfSmallOrder(publicKey)
      ? { rejected: "smallOrder" }
      : { key: { publicKey, serves: ["EdDSA", "Ed25519"] } };
  }
  const serves = type === "ec" ? CURVES[details.namedCurve] : undefined;
  return serves ? { key: { publicKey, serves } } : { rejected: "unsupportedKeyType" };
}

function servedByPss({ hashAlgorithm, mgf1HashAlgorithm, saltLength }) {
  const size = { sha256: 256, sha384: 384, sha512: 512 }[hashAlgorithm];
  return size && mgf1HashAlgorithm === hashAlgorithm && saltLength <= size / 8 ? [`PS${size}`] : [];
}

/** Points of which eight times is the neutral element, y coordinate little-endian. RFC 8032 §5.1. */
const SMALL_ORDER = /^(?:0[01]0{62}|e[cde]f{60}[7f]f|26e8958f[0-9a-f]{54}[08]5|c7176a70[0-9a-f]{54}[7f]a)$/;

function isOfSmallOrder(publicKey) {
  const point = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  // The sign bit is no part of y.
  const y = point.slice(0, -2) + (Number.parseInt(point.slice(-2), 16) & 0x7f).toString(16).padStart(2, "0");
  return SMALL_ORDER.test(y);
}

/** A JWK, or what crypto.createPublicKey() takes as an object. */
function fromObject(secret, made) {
  if (secret.kty !== undefined) {
    return fromJwk(secret, made, ["bareJwk"]);
  }
  if (secret.format === "jwk" && typeof secret.key === "object" && secret.key !== null) {
    return fromJwk(secret.key, made, secret.key.kty === "oct" ? ["octJwk"] : []);
  }
  const publicKey =
    secret.key === undefined || Array.isArray(secret.keys) ? undefined : publicKeyOrNothing(secret);
  if (publicKey === undefined) {
    return { rejected: "secretIsNoKey" };
  }
  return made.intact === false
    ? { open: "damagedPem", keys: [fromPublicKey(publicKey).key ?? []].flat() }
    : fromPublicKey(publicKey);
}

const isGiven = (member) => member !== undefined && member !== null;

/** RFC 7517 §4.2 to §4.4. */
function fromJwk(jwk, { intact = true }, differences) {
  const { use, key_ops: operations, alg } = jwk;
  const forbidden =
    (isGiven(use) && use !== "sig") ||
    (isGiven(operations) && !(Array.isArray(operations) && operations.includes("verify"))) ||
    (Array.isArray(operations) && operations.some((operation) => typeof operation !== "string")) ||
    (isGiven(alg) && !ALGORITHMS.includes(alg));
  if (forbidden) {
    return { rejected: "jwkForbidden" };
  }
  const meaning = jwk.kty === "oct" ? fromOct(jwk) : fromPublicJwk(jwk);
  if (meaning.key === undefined) {
    return meaning;
  }
  const isEd = (name) => name === "Ed25519" || name === "EdDSA";
  const serves = meaning.key.serves.filter(
    (name) => !isGiven(alg) || name === alg || (isEd(name) && isEd(alg)),
  );
  if (serves.length === 0) {
    return { rejected: "jwkForbidden" };
  }
  const key = { ...meaning.key, serves, capable: meaning.key.serves };
  return intact ? { key, differences } : { open: "jwkForbidden", keys: [key], differences };
}

function fromOct({ k }) {
  const bytes = typeof k === "string" ? Buffer.from(k, "base64url") : Buffer.alloc(0);
  return bytes.length > 0 ? { key: { bytes, serves: HMAC_ALGORITHMS } } : { rejected: "secretIsNoKey" };
}

function fromPublicJwk(jwk) {
  const publicKey = publicKeyOrNothing({ key: jwk, format: "jwk" });
  return publicKey === undefined ? { rejected: "secretIsNoKey" } : fromPublicKey(publicKey);
}
