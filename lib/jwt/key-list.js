import { codedError, isCoded } from "../core/errors.js";
import { checkUnknownOptions } from "../core/options.js";
import { readKeyMaterial } from "./key-material.js";

/**
 * What the native verifier is told about keys.
 *
 * @typedef {object} KeyList
 * @property {{ kind: string, bytes: Uint8Array, k?: Uint8Array, damage?: string, id?: string, path: string }[]} keys copies that the caller
 *   wipes; `path` is where the key stands in the configuration
 * @property {boolean} skipsUnusable whether keys that cannot be used are skipped: a JWK Set holds keys for others too
 */

/**
 * Reads the keys of a configuration: `secret` for one, `keys` for several. Documented in index.d.ts.
 *
 * @param {string} owner name of the class
 * @param {unknown} secret
 * @param {unknown} [keys]
 * @param {boolean} [strict]
 * @returns {KeyList}
 */
export function readKeyList(owner, secret, keys, strict) {
  if (keys === undefined || keys === null) {
    if (!secret) {
      throw codedError("ERR_MCP_AUTH_SECRET_REQUIRED", "JWT secret is required");
    }
    return { keys: [{ ...readKeyMaterial(secret, "secret"), path: "secret" }], skipsUnusable: false };
  }
  if (secret !== undefined && secret !== null) {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", "give either `secret` or `keys`, not both");
  }
  const { list, isSet } = readForm(keys);
  const read = isSet ? readSetKey : (item, path) => readListKey(item, path, owner, strict);
  return { keys: readKeys(list, read), skipsUnusable: isSet };
}

/** Fills the copies with zeros. */
export function wipe({ keys }) {
  for (const { bytes, k } of keys) {
    bytes.fill(0);
    k?.fill(0);
  }
}

/** The array, or that of a JWK Set. */
function readForm(keys) {
  try {
    if (Array.isArray(keys)) {
      return { list: keys, isSet: false };
    }
    const list = typeof keys === "object" ? keys.keys : undefined;
    if (Array.isArray(list)) {
      return { list, isSet: true };
    }
  } catch {
    // A getter that throws, a revoked proxy: what they throw may hold values.
  }
  throw codedError(
    "ERR_MCP_AUTH_SECRET_INVALID",
    "`keys` must be an array of keys or a JWK Set, an object whose member `keys` is an array; use JSON.parse() if it is text",
  );
}

function readKeys(list, read) {
  const keys = [];
  try {
    if (list.length === 0) {
      throw codedError("ERR_MCP_AUTH_SECRET_REQUIRED", "`keys` is empty; add at least one key");
    }
    for (let index = 0; index < list.length; index += 1) {
      const path = `keys[${index}]`;
      keys.push({ ...read(list[index], path), path });
    }
    return keys;
  } catch (error) {
    wipe({ keys });
    if (isCoded(error)) {
      throw error;
    }
    throw codedError(
      "ERR_MCP_AUTH_SECRET_INVALID",
      `\`keys[${keys.length}]\` cannot be read; pass it as a string, Buffer, KeyObject or plain object`,
    );
  }
}

/** `{ kid, secret }`, or key material alone; a JWK has its own `kid`. */
function readListKey(item, path, owner, strict) {
  const isEntry = typeof item === "object" && item !== null && Object.hasOwn(item, "secret");
  const material = isEntry ? item.secret : item;
  const id = isEntry && item.kid !== undefined && item.kid !== null ? item.kid : readKid(material);
  if (id !== undefined && (typeof id !== "string" || id === "" || !id.isWellFormed())) {
    throw codedError(
      "ERR_MCP_AUTH_SECRET_INVALID",
      `\`${path}.kid\` must be a non-empty string without lone surrogates`,
    );
  }
  if (isEntry) {
    checkUnknownOptions(`${owner}: \`${path}\``, item, ["kid", "secret"], strict);
  }
  return { ...readMaterial(material, path), id };
}

/**
 * Gives an empty JWK for a key that cannot be read, which the native core then skips. A key whose `kid` is not a string
 * is skipped too; otherwise it would be tried for other keys' tokens. RFC 7517 §4.5, §5.
 */
function readSetKey(jwk, path) {
  try {
    const kid = readKid(jwk);
    if (
      typeof jwk?.kty === "string" &&
      (kid === undefined || (typeof kid === "string" && kid.isWellFormed()))
    ) {
      return { ...readMaterial(jwk, path), id: kid === "" ? undefined : kid };
    }
  } catch {
    // As below.
  }
  return { kind: "jwk", bytes: Buffer.from("{}"), id: undefined };
}

function readKid(material) {
  if (typeof material !== "object" || material === null) {
    return undefined;
  }
  const jwk = material.kty === undefined && material.format === "jwk" ? material.key : material;
  return typeof jwk?.kty === "string" ? (jwk.kid ?? undefined) : undefined;
}

function readMaterial(material, path) {
  if (!material) {
    throw codedError("ERR_MCP_AUTH_SECRET_REQUIRED", `\`${path}\` is empty; set it to a key`);
  }
  return readKeyMaterial(material, path);
}
