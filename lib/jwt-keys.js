import { configurationError } from "./errors.js";
import { keyMaterial } from "./key-material.js";

/**
 * @typedef {object} ConfiguredKeys what the native verifier is told of keys
 * @property {{ kind: string, bytes: Uint8Array, id?: string }[]} keys copies that the caller wipes
 * @property {boolean} hasKeyList whether they stand in a list, so that errors name positions in it
 * @property {boolean} skipsUnusable whether those that cannot be used are passed over: a JWK Set holds keys for others too
 */

/**
 * The keys of a configuration: `secret` for one, `keys` for several. Documented in index.d.ts.
 *
 * @returns {ConfiguredKeys}
 */
export function configuredKeys(secret, keys) {
  if (keys === undefined || keys === null) {
    return { keys: [keyMaterial(secret)], hasKeyList: false, skipsUnusable: false };
  }
  if (secret !== undefined && secret !== null) {
    throw configurationError("OPTION_INVALID", "give either `secret` or `keys`, not both");
  }
  if (Array.isArray(keys)) {
    return { keys: listed(keys, ofList), hasKeyList: true, skipsUnusable: false };
  }
  const set = typeof keys === "object" ? keys.keys : undefined;
  if (!Array.isArray(set)) {
    throw configurationError(
      "SECRET_INVALID",
      "`keys` must be an array of keys or a JWK Set, an object whose member `keys` is an array; JSON.parse() it first if it is text",
    );
  }
  return { keys: listed(set, ofSet), hasKeyList: true, skipsUnusable: true };
}

/** Fills the copies with zeros. */
export function wipe({ keys }) {
  for (const { bytes } of keys) {
    bytes.fill(0);
  }
}

function listed(list, read) {
  if (list.length === 0) {
    throw configurationError("SECRET_REQUIRED", "`keys` is empty; it must hold at least one key");
  }
  const keys = [];
  try {
    for (let index = 0; index < list.length; index += 1) {
      keys.push(read(list[index], index));
    }
    return keys;
  } catch (error) {
    wipe({ keys });
    throw error;
  }
}

/** `{ kid, secret }`, or key material alone; a JWK brings its `kid` along. */
function ofList(item, index) {
  const isEntry = typeof item === "object" && item !== null && Object.hasOwn(item, "secret");
  const material = isEntry ? item.secret : item;
  const id = isEntry && item.kid !== undefined && item.kid !== null ? item.kid : kidOfJwk(material);
  if (id !== undefined && (typeof id !== "string" || id === "")) {
    throw configurationError("SECRET_INVALID", `\`keys[${index}].kid\` must be a string that is not empty`);
  }
  return { ...materialAt(index, material), id };
}

/** Of a key that cannot be read, what the native core passes over like any other that it cannot use. */
function ofSet(jwk, index) {
  const kid = kidOfJwk(jwk);
  const id = typeof kid === "string" && kid !== "" ? kid : undefined;
  try {
    return { ...materialAt(index, typeof jwk?.kty === "string" ? jwk : {}), id };
  } catch {
    return { kind: "jwk", bytes: Buffer.from("{}"), id };
  }
}

function kidOfJwk(material) {
  if (typeof material !== "object" || material === null) {
    return undefined;
  }
  const jwk = material.kty === undefined && material.format === "jwk" ? material.key : material;
  return typeof jwk?.kty === "string" ? (jwk.kid ?? undefined) : undefined;
}

function materialAt(index, material) {
  try {
    if (!material) {
      throw configurationError("SECRET_REQUIRED", "`secret` is empty; set it to a key");
    }
    return keyMaterial(material);
  } catch (error) {
    throw configurationError(
      error.code.replace("ERR_MCP_AUTH_", ""),
      error.message.replaceAll("`secret`", `\`keys[${index}]\``),
    );
  }
}
