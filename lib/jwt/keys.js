import { configurationError } from "../errors.js";
import { warnOfUnknownOptions } from "../options.js";
import { keyMaterial } from "./key-material.js";

/**
 * @typedef {object} ConfiguredKeys what the native verifier is told of keys
 * @property {{ kind: string, bytes: Uint8Array, k?: Uint8Array, path: string, id?: string }[]} keys copies that the
 *   caller wipes, each with the option that holds it
 * @property {boolean} skipsUnusable whether those that cannot be used are passed over: a JWK Set holds keys for others too
 */

/**
 * The keys of a configuration: `secret` for one, `keys` for several. Documented in index.d.ts.
 *
 * @returns {ConfiguredKeys}
 */
export function configuredKeys(secret, keys) {
  if (keys === undefined || keys === null) {
    return { keys: [keyMaterial(secret, "secret")], skipsUnusable: false };
  }
  if (secret !== undefined && secret !== null) {
    throw configurationError("OPTION_INVALID", "give either `secret` or `keys`, not both");
  }
  const { list, isSet } = listOf(keys);
  return { keys: listed(list, isSet ? ofSet : ofList), skipsUnusable: isSet };
}

/** Fills the copies with zeros. */
export function wipe({ keys }) {
  for (const { bytes, k } of keys) {
    bytes.fill(0);
    k?.fill(0);
  }
}

/** The array, be it that of a JWK Set. */
function listOf(keys) {
  try {
    if (Array.isArray(keys)) {
      return { list: keys, isSet: false };
    }
    const list = typeof keys === "object" ? keys.keys : undefined;
    if (Array.isArray(list)) {
      return { list, isSet: true };
    }
  } catch {
    // A getter that throws, a revoked proxy: their words are not ours to vouch for.
  }
  throw configurationError(
    "SECRET_INVALID",
    "`keys` must be an array of keys or a JWK Set, an object whose member `keys` is an array; JSON.parse() it first if it is text",
  );
}

function listed(list, read) {
  const keys = [];
  try {
    if (list.length === 0) {
      throw configurationError("SECRET_REQUIRED", "`keys` is empty; it must hold at least one key");
    }
    for (let index = 0; index < list.length; index += 1) {
      keys.push(read(list[index], index));
    }
    return keys;
  } catch (error) {
    wipe({ keys });
    if (error?.code?.startsWith?.("ERR_MCP_AUTH_")) {
      throw error;
    }
    throw configurationError(
      "SECRET_INVALID",
      `\`keys[${keys.length}]\` cannot be read; pass it as a string, Buffer, KeyObject or plain object`,
    );
  }
}

/** `{ kid, secret }`, or key material alone; a JWK brings its `kid` along. */
function ofList(item, index) {
  const isEntry = typeof item === "object" && item !== null && Object.hasOwn(item, "secret");
  const material = isEntry ? item.secret : item;
  const id = isEntry && item.kid !== undefined && item.kid !== null ? item.kid : kidOfJwk(material);
  if (id !== undefined && (typeof id !== "string" || id === "" || !id.isWellFormed())) {
    throw configurationError(
      "SECRET_INVALID",
      `\`keys[${index}].kid\` must be a string that is not empty and holds no lone surrogate`,
    );
  }
  if (isEntry) {
    warnOfUnknownOptions(`JWTAuthProvider: \`keys[${index}]\``, item, ["kid", "secret"]);
  }
  return { ...materialAt(`keys[${index}]`, material), id };
}

/**
 * Of a key that cannot be read, what the native core passes over like any other that it cannot use. So is
 * one whose `kid` is no string: without it, it would be tried for the tokens of others. RFC 7517 §4.5, §5.
 */
function ofSet(jwk, index) {
  try {
    const kid = kidOfJwk(jwk);
    if (
      typeof jwk?.kty === "string" &&
      (kid === undefined || (typeof kid === "string" && kid.isWellFormed()))
    ) {
      return { ...materialAt(`keys[${index}]`, jwk), id: kid === "" ? undefined : kid };
    }
  } catch {
    // As below.
  }
  return { kind: "jwk", bytes: Buffer.from("{}"), path: `keys[${index}]`, id: undefined };
}

function kidOfJwk(material) {
  if (typeof material !== "object" || material === null) {
    return undefined;
  }
  const jwk = material.kty === undefined && material.format === "jwk" ? material.key : material;
  return typeof jwk?.kty === "string" ? (jwk.kid ?? undefined) : undefined;
}

function materialAt(path, material) {
  if (!material) {
    throw configurationError("SECRET_REQUIRED", `\`${path}\` is empty; set it to a key`);
  }
  return keyMaterial(material, path);
}
