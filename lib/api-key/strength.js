import { findDamage, findUnsendable } from "../core/damage.js";
import { codedError } from "../core/errors.js";
import { MAX_LISTED, PROBLEMS } from "../core/weakness.js";
import { judgeApiKeys, strengthProblems } from "../native/load.js";
import { checkApiKey } from "./generate.js";
import { ApiKeyRecord, textToJudge } from "./records.js";

/**
 * @typedef {import("../core/weakness.js").Problem} Problem
 * @typedef {import("../core/reporter.js").Reporter} Reporter
 *
 * What is wrong with keys, by index. `text` is for the reporter, which tells values apart.
 * @typedef {{ weak: { index: number, problem: Problem, text: string }[],
 *   damaged: { index: number, damage: string, text: string }[] }} Faults
 */

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
 * Keys that can be guessed, or that were damaged on their way into the configuration.
 *
 * @param {import("./records.js").CheckedKey[]} keys
 * @param {boolean} queryFallback
 * @returns {Faults}
 * @throws {Error} `ERR_MCP_AUTH_KEYS_INVALID` for one that no request can carry
 */
export function findFaults(keys, queryFallback) {
  const texts = keys.map(textToJudge);
  return {
    weak: weaknessesOfApiKeys(texts).map(({ index, problem }) => ({
      index,
      problem,
      text: /** @type {string} */ (texts[index]),
    })),
    damaged: keys.flatMap((key, index) => {
      if (key instanceof ApiKeyRecord) {
        return [];
      }
      const { text, unsetBounds = [] } = typeof key === "string" ? { text: key } : key;
      const judged = texts[index];
      const damage =
        (judged === undefined ? undefined : damageOf(judged, index, queryFallback)) ??
        damageOfEntry(unsetBounds);
      return damage === undefined ? [] : [{ index, damage, text }];
    }),
  };
}

/** As from a column that does not exist. @param {string[]} names */
function damageOfEntry(names) {
  return names.length === 0
    ? undefined
    : `has an undefined ${names.map((name) => `\`${name}\``).join(" and ")}, so nothing bounds its validity there; is the ` +
        "name of a column wrong? Pass null if that is on purpose";
}

function damageOf(text, index, queryFallback) {
  const damage = findDamage(text);
  // White space at an end is judged as a weakness.
  const unsendable = findUnsendable(text.trim());
  if (unsendable !== undefined && !queryFallback) {
    throw codedError(
      "ERR_MCP_AUTH_KEYS_INVALID",
      `\`keys[${index}]\` ${unsendable}; ${damage ?? "replace it"}`,
    );
  }
  return damage ?? unsendable ?? (checkApiKey(text) === "typo" ? MISTYPED : undefined);
}

/**
 * Reports faults as process warnings; throws under `strict`. Names indices and problems, no more.
 *
 * @param {Faults} faults
 * @param {Reporter} reporter
 * @param {boolean} strict
 */
export function reportFaults({ damaged, weak }, reporter, strict) {
  if (damaged.length > 0) {
    const sentences = damaged.slice(0, MAX_LISTED).map(({ index, damage }) => `\`keys[${index}]\` ${damage}`);
    const more = damaged.length > MAX_LISTED ? `; and ${damaged.length - MAX_LISTED} more` : "";
    reporter.report({
      error: "ERR_MCP_AUTH_KEYS_DAMAGED",
      warning: "MCP_NATIVE_AUTH_DAMAGED_KEYS",
      message: `${OWNER}: ${sentences.join("; ")}${more}`,
      values: damaged.map(({ text }) => text),
      strict,
    });
  }
  if (weak.length > 0) {
    const sentences = NAMES.flatMap((problem) => {
      const alike = weak.filter((weakness) => weakness.problem === problem);
      return alike.length === 0 ? [] : [`${formatList(alike)}: ${PROBLEMS[problem]}`];
    });
    reporter.report({
      error: "ERR_MCP_AUTH_KEYS_WEAK",
      warning: "MCP_NATIVE_AUTH_WEAK_KEYS",
      message: `${OWNER}: weak API keys, ${sentences.join("; ")}; replace them with keys from \`npx mcp-native-auth keygen\``,
      values: weak.map(({ text }) => text),
      strict,
    });
  }
}

function formatList(faults) {
  const names = faults.slice(0, MAX_LISTED).map(({ index }) => `\`keys[${index}]\``);
  const more = faults.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
