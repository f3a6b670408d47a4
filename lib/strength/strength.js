import { codedError } from "../core/errors.js";
import { warn } from "../core/warnings.js";
import { familiarLength } from "./familiar-words.js";

/**
 * Keys and secrets that somebody could guess, judged once, when a provider is made:
 *
 *     reportWeakApiKeys(weaknessesOfApiKeys(keys), strict);
 *     const problems = weaknessesOfHmacSecret(bytes, algorithms);
 *     reportWeakSecrets([{ option: "secret", problems }], algorithms, strict);
 *
 * `bytes` are those of a secret that will be used for HMAC, before they are wiped; what is read as a
 * public key must not be judged. Nothing here makes a string of a key or secret, or of a part: strings
 * cannot be wiped.
 *
 * What is looked for is evidence of weakness. A key of random characters is never called weak: 22 or
 * more of base64url, 32 or more of hexadecimal, a UUID, 32 random bytes. That a key is not called weak
 * does not make it a good one: how it was made cannot be seen.
 */

/**
 * In characters. Hexadecimal digits carry 4 bits, so that fewer than 16 fall short of the 64 bits that
 * NIST SP 800-63B §7.1 and OWASP ASVS 4.0.3 §3.2.2 demand of session secrets (ASVS 5.0 §7.2.3: 128).
 * `generateApiKey` gives 256.
 */
export const SHORTEST_API_KEY = 16;

/** RFC 7518 §3.2: a key of at least the size of the hash output, in bytes. */
const SHORTEST_SECRET = { HS256: 32, HS384: 48, HS512: 64 };

/**
 * Keys that everybody has: those of RFC 7515 A.1.1 and RFC 7520 §3.5, as bytes and as their base64url
 * text. The others that are widely copied consist of familiar words.
 */
const PUBLISHED = [
  "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
  "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
].flatMap((text) => [Buffer.from(text), Buffer.from(text, "base64url")]);

/**
 * @typedef {"white-space" | "well-known" | "too-short" | "predictable"} Problem
 *   `white-space`: at an end. `well-known`: made of familiar words or published. `predictable`:
 *   repetition, sequences, dates, few different characters
 */

/**
 * @param {ArrayLike<string | undefined>} keys with `undefined` in the place of an entry that was given
 *   as a hash: what its key is like cannot be known
 * @returns {{ index: number, problem: Problem }[]} in the order of the keys, at most two for each
 */
export function weaknessesOfApiKeys(keys) {
  const found = [];
  const head = new Uint8Array(WINDOW);
  const tail = new Uint8Array(WINDOW);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (typeof key !== "string") {
      continue;
    }
    const { length } = key;
    if (isWhiteSpace(key.charCodeAt(0)) || isWhiteSpace(key.charCodeAt(length - 1))) {
      found.push({ index, problem: "white-space" });
    }
    let guessable = guessability(head, copyCharacters(key, 0, head));
    if (guessable !== undefined && length > WINDOW) {
      guessable = guessability(tail, copyCharacters(key, length - WINDOW, tail));
    }
    const problem = apiKeyProblem(length, guessable);
    if (problem !== undefined) {
      found.push({ index, problem });
    }
  }
  head.fill(0);
  tail.fill(0);
  return found;
}

function apiKeyProblem(length, guessable) {
  return guessable !== "well-known" && length < SHORTEST_API_KEY ? "too-short" : guessable;
}

/**
 * @param {Uint8Array} bytes not changed
 * @param {readonly string[]} algorithms that the provider accepts; those that are not HMAC do not count
 * @returns {Problem[]}
 */
export function weaknessesOfHmacSecret(bytes, algorithms) {
  const problems = [];
  if (bytes.length < shortestSecret(algorithms).bytes) {
    problems.push("too-short");
  }
  let guessable = guessability(bytes, Math.min(bytes.length, WINDOW));
  if (guessable !== undefined && bytes.length > WINDOW) {
    guessable = guessability(bytes.subarray(-WINDOW), WINDOW);
  }
  if (PUBLISHED.some((published) => published.equals(bytes))) {
    guessable = "well-known";
  }
  // Of a short secret, that it is predictable says nothing more.
  if (guessable === "well-known" || (guessable !== undefined && problems.length === 0)) {
    problems.push(guessable);
  }
  if (hasWhiteSpaceAtAnEnd(bytes)) {
    problems.push("white-space");
  }
  return problems;
}

/** The algorithm that asks for the longest secret, and for how many bytes. */
function shortestSecret(algorithms) {
  let most = { algorithm: undefined, bytes: 0 };
  for (const algorithm of algorithms) {
    const bytes = Object.hasOwn(SHORTEST_SECRET, algorithm) ? SHORTEST_SECRET[algorithm] : 0;
    if (bytes > most.bytes) {
      most = { algorithm, bytes };
    }
  }
  return most;
}

/** So many places are named in a message. */
const NAMED_PLACES = 10;

/** What is said of each. */
export const API_KEY_PROBLEMS = {
  "white-space": "white space at an end, which headers do not carry",
  "well-known": "well-known words or a placeholder",
  "too-short": `shorter than ${SHORTEST_API_KEY} characters`,
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
    const places = weaknesses.filter((weakness) => weakness.problem === problem);
    return places.length === 0 ? [] : [`${listed(places)}: ${API_KEY_PROBLEMS[problem]}`];
  });
  report(
    "KEYS",
    `APIKeyAuthProvider: weak API keys, ${sentences.join("; ")}; ` +
      "replace them by keys from `npx mcp-native-auth keygen`",
    strict,
  );
}

function listed(places) {
  const names = places.slice(0, NAMED_PLACES).map(({ index }) => `\`keys[${index}]\``);
  const more = places.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/**
 * Tells of weak HMAC secrets in one process warning `MCP_NATIVE_AUTH_WEAK_SECRET`, or under `strict`
 * throws `ERR_MCP_AUTH_SECRET_WEAK`. Names options and problems, no more.
 *
 * @param {{ option: string, problems: Problem[] }[]} secrets `option` as it stands in the configuration,
 *   such as `secret` or `keys[1].secret`
 * @param {readonly string[]} algorithms that were given to `weaknessesOfHmacSecret`
 * @param {boolean} strict
 */
export function reportWeakSecrets(provider, weak, strict) {
  if (weak.length === 0) {
    return;
  }
  const shortest = { bytes: weak[0].minBytes, algorithm: weak[0].algorithm };
  const words = {
    ...API_KEY_PROBLEMS,
    "white-space": "white space at an end, a newline from a file perhaps",
    "too-short": `shorter than the ${shortest.bytes} bytes that ${shortest.algorithm} needs (RFC 7518 §3.2)`,
  };
  const sentences = weak
    .slice(0, NAMED_PLACES)
    .map(({ path: option, problems }) => `\`${option}\`: ${problems.map((problem) => words[problem]).join(", ")}`);
  const more = weak.length > NAMED_PLACES ? `; and ${weak.length - NAMED_PLACES} more` : "";
  report(
    "SECRET",
    `JWTAuthProvider: weak HMAC secret, ${sentences.join("; ")}${more}; ` +
      "replace it by random bytes, such as `node -p \"crypto.randomBytes(64).toString('base64url')\"` prints",
    strict,
  );
}

/** What has been said. The same sentence once more would tell nobody anything, and servers make many providers. */
const said = new Set();
const MOST_SAID = 100;

function report(subject, message, strict) {
  if (strict) {
    throw codedError(`ERR_MCP_AUTH_${subject}_WEAK`, message);
  }
  if (said.size < MOST_SAID && !said.has(message)) {
    said.add(message);
    warn(`MCP_NATIVE_AUTH_WEAK_${subject}`, message);
  }
}

/** What is looked at of a long text: so many characters of its beginning, and of its end. */
const WINDOW = 256;

/** Bits. Below, a text is guessable; random texts of the lengths above have at least half as many again. */
const ENOUGH = 36;

/** Bits per letter of language, at the most. */
const BITS_PER_LETTER = 2;

/** Bits per character by how many kinds of characters there are, and the same of what may be language. */
const BITS = Float64Array.from({ length: 257 }, (_, kinds) => Math.log2(Math.max(kinds, 1)));
const LETTER_BITS = BITS.map((bits) => Math.min(bits, BITS_PER_LETTER));

const lastSeen = new Uint32Array(256);
let judged = 0;

/**
 * Why the first `length` bytes of a text can be guessed, if they can.
 *
 * The text is read as somebody would describe it who wants to be brief: a familiar word, a date, a
 * sequence, a repetition of what came before. What remains is counted, as many bits for each character
 * as there are kinds of them.
 *
 * @returns {"well-known" | "predictable" | undefined}
 */
function guessability(bytes, length) {
  judged = judged === 0xffffffff ? 1 : judged + 1;
  let unexpected = 0;
  let kinds = 0;
  let letters = 0;
  let familiar = 0;
  let separators = 0;
  let position = 0;
  while (position < length) {
    const word = familiarLength(bytes, position, length);
    if (word > 0) {
      familiar += word;
      position += word;
      continue;
    }
    const byte = bytes[position];
    if (isSeparator(byte)) {
      separators += 1;
      position += 1;
      continue;
    }
    let covered = Math.max(
      1,
      sequenceLength(bytes, position, length, 1),
      sequenceLength(bytes, position, length, 2),
    );
    if (byte === 0x31 || byte === 0x32) {
      covered = Math.max(covered, dateLength(bytes, position, length));
    }
    if (lastSeen[byte] === judged) {
      covered = Math.max(covered, repetitionLength(bytes, position, length));
    } else {
      lastSeen[byte] = judged;
      kinds += 1;
    }
    unexpected += 1;
    letters += isLetter(byte) ? 1 : 0;
    // What decides in the end can only grow: letters alone may still turn out to be language.
    if (unexpected * (letters === unexpected ? LETTER_BITS : BITS)[kinds] >= ENOUGH) {
      return undefined;
    }
    position += covered;
  }
  // Where half is familiar words and the rest is letters, the rest is words too, that are not in the list.
  const isLanguage = letters === unexpected && familiar >= unexpected;
  if (!isLanguage && unexpected * BITS[kinds] >= ENOUGH) {
    return undefined;
  }
  return familiar > 0 && 2 * familiar >= length - separators ? "well-known" : "predictable";
}

/** Length of a date at this position, `2026-11-25`, `20261125` or a year alone; 0 if there is none. */
function dateLength(bytes, position, length) {
  const century = twoDigits(bytes, position, length);
  if ((century !== 19 && century !== 20) || twoDigits(bytes, position + 2, length) < 0) {
    return 0;
  }
  const month = position + 4 + (isSeparator(bytes[position + 4]) ? 1 : 0);
  const monthNumber = twoDigits(bytes, month, length);
  const day = month + 2 + (isSeparator(bytes[month + 2]) ? 1 : 0);
  const dayNumber = twoDigits(bytes, day, length);
  if (monthNumber >= 1 && monthNumber <= 12 && dayNumber >= 1 && dayNumber <= 31) {
    return day + 2 - position;
  }
  return position + 4 < length && isDigit(bytes[position + 4]) ? 0 : 4;
}

function twoDigits(bytes, position, length) {
  return position + 1 < length && isDigit(bytes[position]) && isDigit(bytes[position + 1])
    ? (bytes[position] - 48) * 10 + bytes[position + 1] - 48
    : -1;
}

/**
 * How far `abc`, `321` or `aaa` goes on from this position, if it is three characters or more; with a
 * distance of 2, `1a2b3c`, if it is six.
 */
function sequenceLength(bytes, position, length, distance) {
  const needed = 3 * distance;
  if (position + needed > length) {
    return 0;
  }
  let end = position + distance;
  for (; end < position + 2 * distance; end += 1) {
    const step = bytes[end] - bytes[end - distance];
    if (step < -1 || step > 1) {
      return 0;
    }
  }
  while (
    end < length &&
    bytes[end] - bytes[end - distance] === bytes[end - distance] - bytes[end - 2 * distance]
  ) {
    end += 1;
  }
  return end - position >= needed ? end - position : 0;
}

/** Length of what is here and was before, if it is four characters or more: chance rarely repeats so many. */
function repetitionLength(bytes, position, length) {
  let longest = 0;
  for (let start = 0; start < position && position + longest < length; start += 1) {
    if (bytes[start] !== bytes[position] || bytes[start + longest] !== bytes[position + longest]) {
      continue;
    }
    let run = 1;
    while (position + run < length && bytes[start + run] === bytes[position + run]) {
      run += 1;
    }
    longest = Math.max(longest, run);
  }
  return longest >= 4 ? longest : 0;
}

/** Copies characters of a text, from `start` on, as bytes: those beyond ASCII keep what tells them apart. */
function copyCharacters(text, start, bytes) {
  const length = Math.min(text.length - start, bytes.length);
  for (let offset = 0; offset < length; offset += 1) {
    const code = text.charCodeAt(start + offset);
    bytes[offset] = code < 0x80 ? code : 0x80 | code;
  }
  return length;
}

function isDigit(byte) {
  return byte >= 0x30 && byte <= 0x39;
}

function isLetter(byte) {
  const lowerCase = byte | 0x20;
  return lowerCase >= 0x61 && lowerCase <= 0x7a;
}

/** Space, `-`, `.`, `/`, `:` and `_`, which stand between words. */
function isSeparator(byte) {
  return byte === 0x20 || byte === 0x2d || byte === 0x2e || byte === 0x2f || byte === 0x3a || byte === 0x5f;
}

/** What `String.prototype.trim` removes, and the other control characters. */
function isWhiteSpace(code) {
  return (
    code <= 0x20 ||
    (code >= 0x7f && code <= 0xa0) ||
    code === 0xfeff ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** Of ASCII text alone: among random bytes, white space is as good as any other. */
function hasWhiteSpaceAtAnEnd(bytes) {
  const { length } = bytes;
  if (!isAsciiWhiteSpace(bytes[0]) && !isAsciiWhiteSpace(bytes[length - 1])) {
    return false;
  }
  const isText = (byte) => (byte >= 0x20 && byte < 0x7f) || isAsciiWhiteSpace(byte);
  return bytes.subarray(0, WINDOW).every(isText) && bytes.subarray(-WINDOW).every(isText);
}

function isAsciiWhiteSpace(byte) {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
