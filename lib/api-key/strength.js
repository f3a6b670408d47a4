import { findDamage, findUnsendable } from "../core/damage.js";
import { codedError } from "../core/errors.js";
import { MAX_LISTED, PROBLEMS } from "../core/weakness.js";
import { judgeApiKeys, strengthProblems } from "../native/load.js";
import { checkApiKey } from "./generate.js";

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
 * Reports API keys that can be guessed or that were damaged on their way into the configuration, as process warnings;
 * throws under `strict`. Names indices and problems, no more.
 *
 * @param {(string | undefined)[]} keys with `undefined` for one that was given as a hash
 * @param {import("../core/reporter.js").Reporter} reporter
 * @param {{ strict: boolean, queryFallback: boolean }} options
 */
export function reportApiKeys(keys, reporter, { strict, queryFallback }) {
  reportDamaged(keys, reporter, { strict, queryFallback });
  const weaknesses = weaknessesOfApiKeys(keys);
  if (weaknesses.length === 0) {
    return;
  }
  const sentences = NAMES.flatMap((problem) => {
    const weak = weaknesses.filter((weakness) => weakness.problem === problem);
    return weak.length === 0 ? [] : [`${formatList(weak)}: ${PROBLEMS[problem]}`];
  });
  reporter.report({
    error: "ERR_MCP_AUTH_KEYS_WEAK",
    warning: "MCP_NATIVE_AUTH_WEAK_KEYS",
    message: `${OWNER}: weak API keys, ${sentences.join("; ")}; replace them with keys from \`npx mcp-native-auth keygen\``,
    values: weaknesses.map(({ index }) => keys[index]),
    strict,
  });
}

function reportDamaged(keys, reporter, { strict, queryFallback }) {
  const damaged = keys.flatMap((key, index) => {
    const damage = key === undefined ? undefined : damageOf(key, index, queryFallback);
    return damage === undefined ? [] : [{ index, damage }];
  });
  if (damaged.length === 0) {
    return;
  }
  const sentences = damaged.slice(0, MAX_LISTED).map(({ index, damage }) => `\`keys[${index}]\` ${damage}`);
  const more = damaged.length > MAX_LISTED ? `; and ${damaged.length - MAX_LISTED} more` : "";
  reporter.report({
    error: "ERR_MCP_AUTH_KEYS_DAMAGED",
    warning: "MCP_NATIVE_AUTH_DAMAGED_KEYS",
    message: `${OWNER}: ${sentences.join("; ")}${more}`,
    values: damaged.map(({ index }) => keys[index]),
    strict,
  });
}

function damageOf(key, index, queryFallback) {
  const damage = findDamage(key);
  // White space at an end is judged as a weakness.
  const unsendable = findUnsendable(key.trim());
  if (unsendable !== undefined && !queryFallback) {
    throw codedError(
      "ERR_MCP_AUTH_KEYS_INVALID",
      `\`keys[${index}]\` ${unsendable}; ${damage ?? "replace it"}`,
    );
  }
  return damage ?? unsendable ?? (checkApiKey(key) === "typo" ? MISTYPED : undefined);
}

function formatList(weaknesses) {
  const names = weaknesses.slice(0, MAX_LISTED).map(({ index }) => `\`keys[${index}]\``);
  const more = weaknesses.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
