import { booleanOption } from "../core/options.js";
import { warn } from "../core/warnings.js";
import { optionError } from "./errors.js";
import { readUrl } from "./options.js";

/**
 * Where the keys of tokens are, if not in the configuration.
 *
 * @typedef {object} KeySource
 * @property {string} [locate] the URL of a JWK Set
 * @property {(context: { signal: AbortSignal }) => unknown} [loadKeys]
 * @property {boolean} requireHttps
 */

/**
 * Reads `jwksUri` and `loadKeys`, of which one may be given instead of `secret` and `keys`. Documented in index.d.ts.
 *
 * @param {string} owner name of the class
 * @param {Record<string, unknown>} options
 * @param {boolean} strict
 * @returns {KeySource | undefined}
 */
export function readKeySource(owner, options, strict) {
  const isGiven = (name) => options[name] !== undefined && options[name] !== null;
  const requireHttps = booleanOption("requireHttps", options.requireHttps, strict);
  if (isGiven("requireHttps") && !isGiven("jwksUri")) {
    throw optionError("`requireHttps` has no effect without `jwksUri`; add `jwksUri` or remove it");
  }
  const [source, other] = ["jwksUri", "loadKeys", "secret", "keys"].filter(isGiven);
  if (source !== "jwksUri" && source !== "loadKeys") {
    return undefined;
  }
  if (other !== undefined) {
    throw optionError(`give either \`${other}\` or \`${source}\`, not both`);
  }
  const { jwksUri, loadKeys } = options;
  if (source === "jwksUri") {
    /** @type {string[]} */
    const advice = [];
    readUrl(jwksUri, "jwksUri", requireHttps, advice);
    if (advice.length > 0) {
      warn("MCP_NATIVE_AUTH_OAUTH_OPTION", `${owner}: ${advice.join(". ")}`);
    }
    return { locate: /** @type {string} */ (jwksUri), requireHttps };
  }
  if (typeof loadKeys !== "function") {
    throw optionError("`loadKeys` must be a function that gives the keys, or a promise of them");
  }
  return { loadKeys: (context) => loadKeys(context), requireHttps };
}
