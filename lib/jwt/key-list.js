import { codedError, isCoded } from "../core/errors.js";
import { checkUndefinedOptions, checkUnknownOptions, findHiddenProperty } from "../core/options.js";
import { readKeyMaterial } from "./key-material.js";
import { namesOption } from "./rules.js";

/**
 * What the native verifier is told about a key.
 *
 * @typedef {object} Key
 * @property {string} kind how to read `bytes`
 * @property {Uint8Array} bytes a copy that the caller wipes, as is `k`
 * @property {Uint8Array} [k]
 * @property {string} [damage]
 * @property {string} [id] the `kid` of the tokens that it is for
 * @property {string[]} [issuers] the issuers of the tokens that it is for, unless for all
 * @property {string} path where it stands in the configuration
 *
 * What the native verifier is told about keys.
 *
 * @typedef {object} KeyList
 * @property {Key[]} keys
 * @property {boolean} skipsUnusable whether keys that cannot be used are skipped: a JWK Set holds keys for others too
 * @property {boolean} [isLoaded] whether they come from `loadKeys`
 */

/** The framework's sentence. */
export const SECRET_REQUIRED = "JWT secret is required";

/**
 * Reads the keys of a configuration: `secret` for one, `keys` for several. Documented in index.d.ts.
 *
 * @param {string} owner name of the class
 * @param {unknown} secret
 * @param {unknown} [keys]
 * @param {boolean} [strict]
 * @param {string} [missing] what to say where neither is given
 * @returns {KeyList}
 */
export function readKeyList(owner, secret, keys, strict, missing = SECRET_REQUIRED) {
  if (keys === undefined || keys === null) {
    if (!secret) {
      throw codedError("ERR_MCP_AUTH_SECRET_REQUIRED", missing);
    }
    return { keys: [{ ...readKeyMaterial(secret, "secret"), path: "secret" }], skipsUnusable: false };
  }
  if (secret !== undefined && secret !== null) {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", "give either `secret` or `keys`, not both");
  }
  const { list, isSet } = readForm(keys);
  const read = isSet ? readSetKey : (item, path) => readListKey(item, path, owner, strict);
  const all = readKeys(list, read);
  if (all.length === 0) {
    throw codedError("ERR_MCP_AUTH_SECRET_REQUIRED", "`keys` is empty; add at least one key");
  }
  return { keys: all, skipsUnusable: isSet };
}

/**
 * Reads keys that `loadKeys` gave: none, or any that `keys` takes. One that cannot be used does not cost the others.
 *
 * @param {string} owner name of the class
 * @param {unknown} keys
 * @param {boolean} strict
 * @returns {KeyList}
 */
export function readLoadedKeys(owner, keys, strict) {
  const { list, isSet } = readForm(keys);
  const read = (item, path) => {
    try {
      return readListKey(item, path, owner, strict);
    } catch {
      return unusableKey();
    }
  };
  return { keys: readKeys(list, isSet ? readSetKey : read), skipsUnusable: true, isLoaded: true };
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

/** What stands next to a key: `kid` and `issuer`. */
const ENTRY_PROPERTIES = ["kid", "issuer"];

/**
 * `{ kid, issuer, secret }`, the same with `key` as for `crypto.createPublicKey()`, or key material alone; a JWK has its
 * own `kid`.
 */
function readListKey(item, path, owner, strict) {
  const form = entryForm(item);
  if (form === undefined) {
    return { id: readId(readKid(item), path), ...readMaterial(item, path) };
  }
  const hidden = findHiddenProperty(item, ENTRY_PROPERTIES);
  if (hidden !== undefined) {
    throw codedError(
      "ERR_MCP_AUTH_SECRET_INVALID",
      `\`${path}.${hidden}\` is inherited or not enumerable, so it would be ignored; pass a plain object`,
    );
  }
  const { kid, issuer } = Object.assign(Object.create(null), item);
  checkUnknownOptions(`${owner}: \`${path}\``, item, [...ENTRY_PROPERTIES, ...form], strict);
  checkUndefinedOptions(`${owner}: \`${path}\``, item, ["issuer"], strict === true);
  const material = form === SECRET_FORM ? item.secret : item;
  // The material last: its copy would not be wiped if another property threw after it.
  return {
    id: readId(kid ?? readKid(material), path),
    issuers: namesOption(`${path}.issuer`, issuer),
    ...readMaterial(material, path),
  };
}

const SECRET_FORM = ["secret"];
/** What `crypto.createPublicKey()` takes. */
const PUBLIC_KEY_FORM = ["key", "format", "type", "passphrase", "encoding"];

/** The properties of an object that holds a key among others; `undefined` for key material itself. */
function entryForm(item) {
  if (typeof item !== "object" || item === null) {
    return undefined;
  }
  if (Object.hasOwn(item, "secret")) {
    return SECRET_FORM;
  }
  return Object.hasOwn(item, "key") && item.kty === undefined ? PUBLIC_KEY_FORM : undefined;
}

function readId(id, path) {
  if (id !== undefined && (typeof id !== "string" || id === "" || !id.isWellFormed())) {
    throw codedError(
      "ERR_MCP_AUTH_SECRET_INVALID",
      `\`${path}.kid\` must be a non-empty string without lone surrogates`,
    );
  }
  return id;
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
  return unusableKey();
}

function unusableKey() {
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
