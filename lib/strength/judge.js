import { judgeApiKeys, strengthProblems } from "../native.js";

/** @typedef {import("./strength.js").Problem} Problem */

const PROBLEMS = /** @type {Problem[]} */ (strengthProblems());

/**
 * @param {(string | undefined)[]} keys well-formed, with `undefined` for one that was given as a hash
 * @returns {{ index: number, problem: Problem }[]} in the order of the keys, at most two for each
 */
export function weaknessesOfApiKeys(keys) {
  const found = judgeApiKeys(keys);
  const weaknesses = [];
  for (let at = 0; at < found.length; at += 2) {
    weaknesses.push({ index: found[at], problem: PROBLEMS[found[at + 1]] });
  }
  return weaknesses;
}
