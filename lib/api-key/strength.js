import { MAX_LISTED, PROBLEMS, reportWeakness } from "../core/weakness.js";
import { judgeApiKeys, strengthProblems } from "../native/load.js";

/** @typedef {import("../core/weakness.js").Problem} Problem */

const NAMES = /** @type {Problem[]} */ (strengthProblems());
const CODES = /** @type {const} */ ({
  error: "ERR_MCP_AUTH_KEYS_WEAK",
  warning: "MCP_NATIVE_AUTH_WEAK_KEYS",
});

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
 * Reports weak API keys in one process warning `MCP_NATIVE_AUTH_WEAK_KEYS`; throws `ERR_MCP_AUTH_KEYS_WEAK` under
 * `strict`. Names indices and problems, no more.
 *
 * @param {{ index: number, problem: Problem }[]} weaknesses
 * @param {boolean} strict
 */
export function reportWeakApiKeys(weaknesses, strict) {
  if (weaknesses.length === 0) {
    return;
  }
  const sentences = NAMES.flatMap((problem) => {
    const weak = weaknesses.filter((weakness) => weakness.problem === problem);
    return weak.length === 0 ? [] : [`${formatList(weak)}: ${PROBLEMS[problem]}`];
  });
  reportWeakness(
    CODES,
    `APIKeyAuthProvider: weak API keys, ${sentences.join("; ")}; ` +
      "replace them with keys from `npx mcp-native-auth keygen`",
    strict,
  );
}

function formatList(weaknesses) {
  const names = weaknesses.slice(0, MAX_LISTED).map(({ index }) => `\`keys[${index}]\``);
  const more = weaknesses.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
