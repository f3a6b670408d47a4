import { createPublicKey } from "node:crypto";
import { types } from "node:util";
import { configurationError } from "../errors.js";

/** The members of a JWK that verification needs; private ones stay behind. RFC 7517 §4, RFC 7518 §6. */
const JWK_MEMBERS = ["kty", "use", "key_ops", "alg", "crv", "n", "e", "x", "y", "k"];

/**
 * The bytes of a configured `secret` and how the native core is to read them.
 *
 * @param {unknown} secret
 * @returns {{ kind: "text" | "bytes" | "secret" | "spki" | "jwk", bytes: Uint8Array }} a copy that the caller may wipe
 */
export function keyMaterial(secret) {
  if (!secret) {
    throw configurationError("SECRET_REQUIRED", "JWT secret is required");
  }
  try {
    return read(secret);
  } catch (error) {
    if (error.code?.startsWith?.("ERR_MCP_AUTH_")) {
      throw error;
    }
    // A detached buffer, a getter that throws, a revoked proxy: their words are not ours to vouch for.
    throw configurationError(
      "SECRET_INVALID",
      "`secret` cannot be read; pass it as a string, Buffer or KeyObject",
    );
  }
}

function read(secret) {
  if (typeof secret === "string") {
    if (!secret.isWellFormed()) {
      throw configurationError(
        "SECRET_INVALID",
        "`secret` holds a lone surrogate, which has no UTF-8 form; pass random bytes as a Buffer or as hex or base64 text",
      );
    }
    return { kind: "text", bytes: Buffer.from(secret) };
  }
  if (types.isKeyObject(secret)) {
    return ofKeyObject(secret);
  }
  if (types.isCryptoKey(secret)) {
    throw unsuitable("a CryptoKey", "pass KeyObject.from(key)");
  }
  if (types.isAnyArrayBuffer(secret)) {
    return { kind: "bytes", bytes: copyOf(new Uint8Array(secret)) };
  }
  if (types.isDataView(secret)) {
    const { buffer, byteOffset, byteLength } = secret;
    return { kind: "bytes", bytes: copyOf(new Uint8Array(buffer, byteOffset, byteLength)) };
  }
  if (ArrayBuffer.isView(secret)) {
    return { kind: "bytes", bytes: copyOf(secret) };
  }
  if (typeof secret === "object" && !Array.isArray(secret)) {
    return ofObject(secret);
  }
  throw configurationError(
    "SECRET_INVALID",
    "`secret` must be a string, Buffer, TypedArray, ArrayBuffer, KeyObject or JWK, " +
      `not ${Array.isArray(secret) ? "an array" : `a ${typeof secret}`}`,
  );
}

/** What a typed array is, whatever a subclass says of it. */
const ofTypedArray = (name) =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name).get;
const typeName = ofTypedArray(Symbol.toStringTag);
const byteLength = ofTypedArray("byteLength");

/**
 * A copy outside of V8's heap from the start. A small typed array that V8 allocates itself lies inside
 * the heap and is copied out when native code asks for its address, or anybody for its `buffer`: wiping,
 * ours of the copy or the caller's of the original, then misses what stays in the heap.
 */
function copyOf(typedArray) {
  const buffer = new ArrayBuffer(byteLength.call(typedArray));
  // Of the same type, so that bytes are copied and not numbers.
  new globalThis[typeName.call(typedArray)](buffer).set(typedArray);
  return new Uint8Array(buffer);
}

function ofKeyObject(key) {
  switch (key.type) {
    case "secret":
      return { kind: "secret", bytes: key.export() };
    case "public":
      return { kind: "spki", bytes: key.export({ type: "spki", format: "der" }) };
    default:
      throw unsuitable("a private KeyObject", "pass crypto.createPublicKey(key)");
  }
}

/** A JWK, or what `crypto.createPublicKey` takes as an object: `{ key, format, type }`. */
function ofObject(object) {
  const { key, format, kty, keys } = object;
  if (kty !== undefined) {
    return ofJwk(object);
  }
  if (format === "jwk" && typeof key === "object" && key !== null) {
    return ofJwk(key);
  }
  if (Array.isArray(keys)) {
    throw unsuitable("a JWK Set", "pass one of its keys");
  }
  if (key === undefined) {
    throw configurationError(
      "SECRET_INVALID",
      "`secret` is an object with neither `kty` (a JWK) nor `key` (as for crypto.createPublicKey); pass one of these",
    );
  }
  let publicKey;
  try {
    publicKey = createPublicKey(object);
  } catch {
    // The cause is left out: messages of the crypto library are not ours to vouch for.
    throw configurationError(
      "SECRET_UNREADABLE",
      "`secret` is an object that crypto.createPublicKey() does not take; pass the key as PEM text or as a KeyObject",
    );
  }
  return ofKeyObject(publicKey);
}

function ofJwk(jwk) {
  const { k, ...members } = Object.fromEntries(JWK_MEMBERS.map((name) => [name, jwk[name]]));
  // A text made of `k` would be one that nobody can wipe. What JSON must escape is no base64url.
  const isBare = typeof k === "string" && !/["\\\p{Cc}]|[^\p{ASCII}]/u.test(k);
  let json;
  try {
    json = JSON.stringify(isBare ? members : { ...members, k });
  } catch {
    throw configurationError(
      "SECRET_UNREADABLE",
      "`secret` is a JWK with a member that is not JSON; pass a plain object",
    );
  }
  if (!isBare) {
    return { kind: "jwk", bytes: Buffer.from(json) };
  }
  const head = `${json.slice(0, -1)},"k":"`;
  const bytes = Buffer.alloc(Buffer.byteLength(head) + k.length + 2);
  const start = bytes.write(head);
  bytes.write(`"}`, start + bytes.write(k, start));
  return { kind: "jwk", bytes };
}

function unsuitable(found, remedy) {
  return configurationError(
    "SECRET_UNSUITABLE",
    `\`secret\` is ${found}, which cannot verify tokens; ${remedy}`,
  );
}
