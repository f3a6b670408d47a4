import { MAX_LISTED, PROBLEMS, reportWeakness } from "../core/weakness.js";

/** @typedef {import("../core/weakness.js").Problem} Problem */

const CODES = /** @type {const} */ ({
  error: "ERR_MCP_AUTH_SECRET_WEAK",
  warning: "MCP_NATIVE_AUTH_WEAK_SECRET",
});

/**
 * Reports weak HMAC secrets in one process warning `MCP_NATIVE_AUTH_WEAK_SECRET`; throws `ERR_MCP_AUTH_SECRET_WEAK`
 * under `strict`. Names options and problems, no more.
 *
 * @param {string} owner name of the class
 * @param {{ path: string, problems: Problem[], minBytes: number, algorithm: string }[]} weak `path` as in the
 *   configuration, such as `secret` or `keys[1]`
 * @param {boolean} strict
 */
export function reportWeakSecrets(owner, weak, strict) {
  if (weak.length === 0) {
    return;
  }
  const sentences = weak.slice(0, MAX_LISTED).map(({ path, problems, minBytes, algorithm }) => {
    const phrases = {
      ...PROBLEMS,
      "white-space": "white space at an end, perhaps a newline from a file",
      "too-short": `shorter than the ${minBytes} bytes that ${algorithm} needs (RFC 7518 §3.2)`,
    };
    return `\`${path}\`: ${problems.map((problem) => phrases[problem]).join(", ")}`;
  });
  const more = weak.length > MAX_LISTED ? `; and ${weak.length - MAX_LISTED} more` : "";
  reportWeakness(
    CODES,
    `${owner}: weak HMAC secret, ${sentences.join("; ")}${more}; ` +
      "replace it with random bytes, such as `node -p \"crypto.randomBytes(64).toString('base64url')\"` prints",
    strict,
  );
}
