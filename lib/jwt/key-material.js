import { createPublicKey } from "node:crypto";
import { types } from "node:util";
import { configurationError } from "../errors.js";

/** The members of a JWK that verification needs, without the secret `k`. RFC 7517 §4, RFC 7518 §6. */
const JWK_MEMBERS = ["kty", "use", "key_ops", "alg", "crv", "n", "e", "x", "y"];

/**
 * The bytes of a configured key and how the native core must read them.
 *
 * @param {unknown} secret
 * @param {string} path the option that holds it, for messages
 * @returns {{ kind: "text" | "bytes" | "secret" | "spki" | "jwk", bytes: Uint8Array, k?: Uint8Array, path: string }}
 *   copies that the caller must wipe
 */
export function keyMaterial(secret, path) {
  if (!secret) {
    throw configurationError("SECRET_REQUIRED", "JWT secret is required");
  }
  try {
    return { ...read(secret, path), path };
  } catch (error) {
    if (error.code?.startsWith?.("ERR_MCP_AUTH_")) {
      throw error;
    }
    // A detached buffer, a getter that throws, a revoked proxy: their words are not ours to vouch for.
    throw configurationError(
      "SECRET_INVALID",
      `\`${path}\` cannot be read; pass it as a string, Buffer or KeyObject`,
    );
  }
}

function read(secret, path) {
  if (typeof secret === "string") {
    if (!secret.isWellFormed()) {
      throw configurationError(
        "SECRET_INVALID",
        `\`${path}\` holds a lone surrogate, which has no UTF-8 form; pass random bytes as a Buffer or as hex or base64 text`,
      );
    }
    return { kind: "text", bytes: Buffer.from(secret) };
  }
  if (types.isKeyObject(secret)) {
    return fromKeyObject(secret, path);
  }
  if (types.isCryptoKey(secret)) {
    throw unsuitable(path, "a CryptoKey", "pass KeyObject.from(key)");
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
    return fromObject(secret, path);
  }
  throw configurationError(
    "SECRET_INVALID",
    `\`${path}\` must be a string, Buffer, TypedArray, ArrayBuffer, KeyObject or JWK, ` +
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

function fromKeyObject(key, path) {
  switch (key.type) {
    case "secret":
      return { kind: "secret", bytes: key.export() };
    case "public":
      return { kind: "spki", bytes: key.export({ type: "spki", format: "der" }) };
    default:
      throw unsuitable(path, "a private KeyObject", "pass crypto.createPublicKey(key)");
  }
}

/** A JWK, or what `crypto.createPublicKey` takes as an object: `{ key, format, type }`. */
function fromObject(object, path) {
  const { key, format, kty, keys } = object;
  if (kty !== undefined) {
    return fromJwk(object, path);
  }
  if (format === "jwk" && typeof key === "object" && key !== null) {
    return fromJwk(key, path);
  }
  if (Array.isArray(keys)) {
    throw unsuitable(path, "a JWK Set", "pass one of its keys");
  }
  if (key === undefined) {
    throw configurationError(
      "SECRET_INVALID",
      `\`${path}\` is an object with neither \`kty\` (a JWK) nor \`key\` (as for crypto.createPublicKey); pass one of these`,
    );
  }
  let publicKey;
  try {
    publicKey = createPublicKey(object);
  } catch {
    // The cause is left out: messages of the crypto library are not ours to vouch for.
    throw configurationError(
      "SECRET_UNREADABLE",
      `\`${path}\` is an object that crypto.createPublicKey() does not take; pass the key as PEM text or as a KeyObject`,
    );
  }
  return fromKeyObject(publicKey, path);
}

function fromJwk(jwk, path) {
  const members = Object.fromEntries(JWK_MEMBERS.map((name) => [name, jwk[name]]));
  const { k } = jwk;
  // A JSON text with `k` in it would be a string, which cannot be wiped.
  const isText = typeof k === "string";
  try {
    const bytes = Buffer.from(JSON.stringify(isText ? members : { ...members, k }));
    return { kind: "jwk", bytes, ...(isText && { k: Buffer.from(k) }) };
  } catch {
    throw configurationError(
      "SECRET_UNREADABLE",
      `\`${path}\` is a JWK with a member that is not JSON; pass a plain object`,
    );
  }
}

function unsuitable(path, found, remedy) {
  return configurationError(
    "SECRET_UNSUITABLE",
    `\`${path}\` is ${found}, which cannot verify tokens; ${remedy}`,
  );
}
