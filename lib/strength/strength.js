import { configurationError, warn } from "../errors.js";

/**
 * How weak keys and secrets are reported. The native core judges them.
 *
 * @typedef {"white-space" | "well-known" | "too-short" | "predictable"} Problem
 *   `white-space`: at an end. `well-known`: made of common words or published. `predictable`: repetition, sequences,
 *   dates, few different characters
 */

/** So many keys are listed in a message. */
const MAX_LISTED = 10;

/** What is said of each. */
export const API_KEY_PROBLEMS = {
  "white-space": "white space at an end, which headers do not carry",
  "well-known": "well-known words or a placeholder",
  "too-short": "shorter than 16 characters",
  predictable: "repetition, a sequence, a date or too few different characters",
};

/**
 * Tells of weak API keys in one process warning `MCP_NATIVE_AUTH_WEAK_KEYS`, or under `strict` throws
 * `ERR_MCP_AUTH_KEYS_WEAK`. Names indices and problems, no more.
 *
 * @param {{ index: number, problem: Problem }[]} weaknesses
 * @param {boolean} strict
 */
export function reportWeakApiKeys(weaknesses, strict) {
  if (weaknesses.length === 0) {
    return;
  }
  const sentences = Object.keys(API_KEY_PROBLEMS).flatMap((problem) => {
    const weak = weaknesses.filter((weakness) => weakness.problem === problem);
    return weak.length === 0 ? [] : [`${formatList(weak)}: ${API_KEY_PROBLEMS[problem]}`];
  });
  report(
    "KEYS",
    `APIKeyAuthProvider: weak API keys, ${sentences.join("; ")}; ` +
      "replace them by keys from `npx mcp-native-auth keygen`",
    strict,
  );
}

function formatList(weaknesses) {
  const names = weaknesses.slice(0, MAX_LISTED).map(({ index }) => `\`keys[${index}]\``);
  const more = weaknesses.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/**
 * Reports weak HMAC secrets in one process warning `MCP_NATIVE_AUTH_WEAK_SECRET`; throws
 * `ERR_MCP_AUTH_SECRET_WEAK` under `strict`. Names options and problems, no more.
 *
 * @param {{ option: string, problems: Problem[], minBytes: number, algorithm: string }[]} weak `option` as it stands
 *   in the configuration, such as `secret` or `keys[1]`
 * @param {boolean} strict
 */
export function reportWeakSecrets(weak, strict) {
  if (weak.length === 0) {
    return;
  }
  const sentences = weak.slice(0, MAX_LISTED).map(({ option, problems, minBytes, algorithm }) => {
    const phrases = {
      ...API_KEY_PROBLEMS,
      "white-space": "white space at an end, a newline from a file perhaps",
      "too-short": `shorter than the ${minBytes} bytes that ${algorithm} needs (RFC 7518 §3.2)`,
    };
    return `\`${option}\`: ${problems.map((problem) => phrases[problem]).join(", ")}`;
  });
  const more = weak.length > MAX_LISTED ? `; and ${weak.length - MAX_LISTED} more` : "";
  report(
    "SECRET",
    `JWTAuthProvider: weak HMAC secret, ${sentences.join("; ")}${more}; ` +
      "replace it by random bytes, such as `node -p \"crypto.randomBytes(64).toString('base64url')\"` prints",
    strict,
  );
}

/** Messages that were reported: each once per process, however many providers are made. */
const reported = new Set();
const MAX_REPORTED = 100;

function report(subject, message, strict) {
  if (strict) {
    throw configurationError(`${subject}_WEAK`, message);
  }
  if (reported.size < MAX_REPORTED && !reported.has(message)) {
    reported.add(message);
    warn(`WEAK_${subject}`, message);
  }
}
