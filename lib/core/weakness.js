import { codedError } from "./errors.js";
import { warn } from "./warnings.js";

/**
 * How weak keys and secrets are reported. The native core judges them.
 *
 * @typedef {"white-space" | "well-known" | "too-short" | "predictable"} Problem
 */

/** What is said of each problem of an API key. @type {Record<Problem, string>} */
export const PROBLEMS = {
  "white-space": "white space at an end, which headers do not carry",
  "well-known": "well-known words or a placeholder",
  "too-short": "shorter than 16 characters",
  predictable: "repetition, a sequence, a date or too few different characters",
};

/** So many keys are listed in a message. */
export const MAX_LISTED = 10;

/** Messages that were reported: each once per process, however many providers are made. */
const reported = new Set();
const MAX_REPORTED = 100;

/**
 * Reports in a process warning, or under `strict` throws.
 *
 * @param {{ error: import("./errors.js").ErrorCode, warning: keyof typeof import("./warnings.js").WARNINGS }} codes
 * @param {string} message names positions and problems, never values
 * @param {boolean} strict
 */
export function reportWeakness({ error, warning }, message, strict) {
  if (strict) {
    throw codedError(error, message);
  }
  if (reported.size < MAX_REPORTED && !reported.has(message)) {
    reported.add(message);
    warn(warning, message);
  }
}
