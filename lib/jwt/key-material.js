import { createPublicKey } from "node:crypto";
import { types } from "node:util";
import { codedError, isCoded } from "../core/errors.js";
import { damageOfSecret } from "./strength.js";

/** The members of a JWK that verification needs, without the secret `k`. RFC 7517 §4, RFC 7518 §6. */
const JWK_MEMBERS = ["kty", "use", "key_ops", "alg", "crv", "n", "e", "x", "y"];

/**
 * The bytes of configured key material and how the native core must read them.
 *
 * @param {unknown} material
 * @param {string} path where it stands in the configuration, for messages
 * @returns {{ kind: "text" | "bytes" | "secret" | "spki" | "jwk", bytes: Uint8Array, k?: Uint8Array, damage?: string }}
 *   copies that the caller wipes; `k` is that of a JWK, in base64url
 */
export function readKeyMaterial(material, path) {
  try {
    return readAny(material, path);
  } catch (error) {
    if (isCoded(error)) {
      throw error;
    }
    // A detached buffer, a getter that throws, a revoked proxy: what they throw may hold values.
    throw codedError(
      "ERR_MCP_AUTH_SECRET_INVALID",
      `\`${path}\` cannot be read; pass it as a string, Buffer or KeyObject`,
    );
  }
}

/** @returns {any} */
function readAny(material, path) {
  if (typeof material === "string") {
    if (!material.isWellFormed()) {
      throw codedError(
        "ERR_MCP_AUTH_SECRET_INVALID",
        `\`${path}\` holds a lone surrogate, which has no UTF-8 form; pass random bytes as a Buffer or as hex or base64 text`,
      );
    }
    return { kind: "text", damage: damageOfSecret(material), bytes: Buffer.from(material) };
  }
  if (types.isKeyObject(material)) {
    return fromKeyObject(material, path);
  }
  if (types.isCryptoKey(material)) {
    throw unsupportedKey(path, "a CryptoKey", "pass KeyObject.from(key)");
  }
  if (types.isAnyArrayBuffer(material)) {
    return { kind: "bytes", bytes: copyOutside(new Uint8Array(material)) };
  }
  if (types.isDataView(material)) {
    const { buffer, byteOffset, byteLength } = material;
    return { kind: "bytes", bytes: copyOutside(new Uint8Array(buffer, byteOffset, byteLength)) };
  }
  if (ArrayBuffer.isView(material)) {
    return { kind: "bytes", bytes: copyOutside(material) };
  }
  const isPromise = types.isPromise(material);
  if (typeof material === "object" && !Array.isArray(material) && !isPromise) {
    return fromObject(material, path);
  }
  throw codedError(
    "ERR_MCP_AUTH_SECRET_INVALID",
    `\`${path}\` must be a string, Buffer, TypedArray, ArrayBuffer, KeyObject or JWK, ` +
      `not ${isPromise ? "a promise; await it" : Array.isArray(material) ? "an array" : `a ${typeof material}`}`,
  );
}

/** What a typed array is, whatever a subclass says about it. */
const typedArrayGetter = (name) =>
  /** @type {any} */ (Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)).get;
const typeName = typedArrayGetter(Symbol.toStringTag);
const byteLength = typedArrayGetter("byteLength");

/**
 * A copy outside of V8's heap from the start. A small typed array that V8 allocates itself lies inside the heap and is
 * copied out when native code asks for its address, or anything reads its `buffer`: wiping, ours of the copy or the
 * caller's of the original, then misses what stays in the heap.
 */
function copyOutside(typedArray) {
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
      throw unsupportedKey(path, "a private KeyObject", "pass crypto.createPublicKey(key)");
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
    throw unsupportedKey(
      path,
      "a JWK Set",
      path === "secret" ? "pass it as `keys`" : "pass the set itself as `keys`, or one of its keys here",
    );
  }
  if (key === undefined) {
    throw codedError(
      "ERR_MCP_AUTH_SECRET_INVALID",
      `\`${path}\` is an object with neither \`kty\` (a JWK) nor \`key\` (as for crypto.createPublicKey); pass one of these`,
    );
  }
  let publicKey;
  try {
    publicKey = createPublicKey(object);
  } catch {
    // Without a cause: messages of the crypto library may hold values.
    throw codedError(
      "ERR_MCP_AUTH_SECRET_UNREADABLE",
      `\`${path}\` is an object that crypto.createPublicKey() does not accept; pass a public key as PEM text or as a ` +
        "KeyObject, and an HMAC secret itself or as `secret` next to its `kid`",
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
    throw codedError(
      "ERR_MCP_AUTH_SECRET_UNREADABLE",
      `\`${path}\` is a JWK with a member that is not JSON; pass a plain object`,
    );
  }
}

function unsupportedKey(path, found, remedy) {
  return codedError(
    "ERR_MCP_AUTH_SECRET_UNSUITABLE",
    `\`${path}\` is ${found}, which cannot verify tokens; ${remedy}`,
  );
}
