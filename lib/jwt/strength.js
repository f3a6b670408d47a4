import { findDamage } from "../core/damage.js";
import { MAX_LISTED, PROBLEMS } from "../core/weakness.js";

/**
 * @typedef {import("../core/weakness.js").Problem} Problem
 * @typedef {import("../core/reporter.js").Reporter} Reporter
 * @typedef {import("./key-list.js").KeyList["keys"]} Keys
 */

/**
 * Reports HMAC secrets that can be guessed, or that were damaged on their way into the configuration, as process
 * warnings; throws under `strict`. Names options and problems, no more.
 *
 * @param {string} owner name of the class
 * @param {Keys} keys
 * @param {{ index: number, problems: Problem[], minBytes: number, algorithm: string }[]} weak
 * @param {Reporter} reporter
 * @param {boolean} strict
 */
export function reportSecrets(owner, keys, weak, reporter, strict) {
  reportDamaged(owner, keys, reporter, strict);
  if (weak.length === 0) {
    return;
  }
  const sentences = weak.slice(0, MAX_LISTED).map(({ index, problems, minBytes, algorithm }) => {
    const phrases = {
      ...PROBLEMS,
      "white-space": "white space at an end, perhaps a newline from a file",
      "too-short": `shorter than the ${minBytes} bytes that ${algorithm} needs (RFC 7518 §3.2)`,
    };
    return `\`${keys[index].path}\`: ${problems.map((problem) => phrases[problem]).join(", ")}`;
  });
  const more = weak.length > MAX_LISTED ? `; and ${weak.length - MAX_LISTED} more` : "";
  reporter.report({
    error: "ERR_MCP_AUTH_SECRET_WEAK",
    warning: "MCP_NATIVE_AUTH_WEAK_SECRET",
    message:
      `${owner}: weak HMAC secret, ${sentences.join("; ")}${more}; ` +
      "replace it with random bytes, such as `node -p \"crypto.randomBytes(64).toString('base64url')\"` prints",
    values: weak.map(({ index }) => keys[index].k ?? keys[index].bytes),
    strict,
  });
}

/** Of text: bytes are what a program made. A key that is not a secret would be read or rejected by now. */
function reportDamaged(owner, keys, reporter, strict) {
  const damaged = keys.flatMap(({ damage, path, bytes }) =>
    damage === undefined ? [] : [{ damage, path, bytes }],
  );
  if (damaged.length > 0) {
    reporter.report({
      error: "ERR_MCP_AUTH_SECRET_DAMAGED",
      warning: "MCP_NATIVE_AUTH_DAMAGED_SECRET",
      message: `${owner}: ${damaged.map(({ path, damage }) => `\`${path}\` ${damage}`).join("; ")}`,
      values: damaged.map(({ bytes }) => bytes),
      strict,
    });
  }
}

/** What is wrong with key material that is text and no PEM. */
export function damageOfSecret(text) {
  return text.includes("-----") ? undefined : findDamage(text);
}
