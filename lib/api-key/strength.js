import { findDamage, findUnsendable } from "../core/damage.js";
import { codedError } from "../core/errors.js";
import { MAX_LISTED, PROBLEMS } from "../core/weakness.js";
import { judgeApiKeys, strengthProblems } from "../native/load.js";
import { checkApiKey } from "./generate.js";
import { keyPath } from "./records.js";

/** @typedef {import("../core/weakness.js").Problem} Problem */

const NAMES = /** @type {Problem[]} */ (strengthProblems());
const OWNER = "APIKeyAuthProvider";
const MISTYPED = "has a checksum that does not fit: a character is wrong, missing or doubled";

/**
 * @param {(string | undefined)[]} keys well-formed, with `undefined` for one that was given as a hash
 * @returns {{ index: number, problem: Problem }[]} in the order of the keys, at most two for each
 */
export function weaknessesOfApiKeys(keys) {
  const found = judgeApiKeys(keys);
  return Array.from({ length: found.length / 2 }, (_, pair) => ({
    index: found[2 * pair],
    problem: NAMES[found[2 * pair + 1]],
  }));
}

/**
 * What deployment tools did to a key, as the rest of a sentence; `undefined` if nothing is known to be.
 *
 * @param {string} key
 * @param {string} path
 * @param {boolean} queryFallback whether a key that no header can carry can be sent
 * @returns {string | undefined}
 */
export function damageOfApiKey(key, path, queryFallback) {
  const damage = findDamage(key);
  // White space at an end is judged as a weakness.
  const unsendable = findUnsendable(key.trim());
  if (unsendable !== undefined && !queryFallback) {
    throw codedError("ERR_MCP_AUTH_KEYS_INVALID", `${path} ${unsendable}; ${damage ?? "replace it"}`);
  }
  return damage ?? unsendable ?? (checkApiKey(key) === "typo" ? MISTYPED : undefined);
}

/**
 * Reports API keys that can be guessed or that were damaged on their way into the configuration, as process warnings;
 * throws under `strict`. Names indices and problems, no more.
 *
 * @param {(string | undefined)[]} keys with `undefined` for one that was given as a hash
 * @param {import("../core/reporter.js").Reporter} reporter
 * @param {{ strict: boolean, queryFallback: boolean }} options
 */
export function reportApiKeys(keys, reporter, { strict, queryFallback }) {
  const damaged = keys.flatMap((key, index) => {
    const damage = key === undefined ? undefined : damageOfApiKey(key, keyPath(index), queryFallback);
    return damage === undefined ? [] : [{ index, key, damage }];
  });
  reportDamaged(damaged, reporter, strict);
  const weak = weaknessesOfApiKeys(keys).map(({ index, problem }) => ({ index, key: keys[index], problem }));
  reportWeak(weak, reporter, strict);
}

/**
 * @param {{ index: number, key: string | undefined, damage: string }[]} damaged
 * @param {import("../core/reporter.js").Reporter} reporter
 * @param {boolean} strict
 */
export function reportDamaged(damaged, reporter, strict) {
  if (damaged.length === 0) {
    return;
  }
  const sentences = damaged.slice(0, MAX_LISTED).map(({ index, damage }) => `${keyPath(index)} ${damage}`);
  const more = damaged.length > MAX_LISTED ? `; and ${damaged.length - MAX_LISTED} more` : "";
  reporter.report({
    error: "ERR_MCP_AUTH_KEYS_DAMAGED",
    warning: "MCP_NATIVE_AUTH_DAMAGED_KEYS",
    message: `${OWNER}: ${sentences.join("; ")}${more}`,
    values: damaged.map(({ key }) => key),
    strict,
  });
}

/**
 * @param {{ index: number, key: string | undefined, problem: Problem }[]} weak
 * @param {import("../core/reporter.js").Reporter} reporter
 * @param {boolean} strict
 */
export function reportWeak(weak, reporter, strict) {
  if (weak.length === 0) {
    return;
  }
  const sentences = NAMES.flatMap((name) => {
    const found = weak.filter(({ problem }) => problem === name);
    return found.length === 0 ? [] : [`${formatList(found)}: ${PROBLEMS[name]}`];
  });
  reporter.report({
    error: "ERR_MCP_AUTH_KEYS_WEAK",
    warning: "MCP_NATIVE_AUTH_WEAK_KEYS",
    message: `${OWNER}: weak API keys, ${sentences.join("; ")}; replace them with keys from \`npx mcp-native-auth keygen\``,
    values: weak.map(({ key }) => key),
    strict,
  });
}

function formatList(weaknesses) {
  const names = weaknesses.slice(0, MAX_LISTED).map(({ index }) => keyPath(index));
  const more = weaknesses.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
