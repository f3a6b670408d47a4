/**
 * Problems of keys and secrets, as the native core names them.
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
