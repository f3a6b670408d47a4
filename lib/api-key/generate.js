import { createHash, randomInt } from "node:crypto";
import { codedError, reportAtCaller } from "../core/errors.js";
import { canHoldOptions, checkUnknownOptions, readOptions } from "../core/options.js";

/**
 * API keys of the form `<prefix>_<body><checksum>`: a prefix that scanners for leaked secrets can match,
 * and a checksum that tells a mistyped key from one that was never made here. Letters, digits and
 * underscores alone, so that a key passes through headers, URLs, shells and files as it is, and a double
 * click selects the whole of it.
 */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** 62^43 > 2^256. */
const BODY_LENGTH = 43;

/** 62^6 > 2^32. */
const CHECKSUM_LENGTH = 6;

/** 62^16 > 2^95: two of a billion ids are the same with a chance of less than one in 10^10. */
const ID_LENGTH = 16;

/** A key, and a little white space around it. Longer texts are not looked at. */
const MAX_CHECKED_LENGTH = 100;

const DEFAULT_PREFIX = "mcp";

/** Too short for most keys, so that a key passed as the prefix is rejected. */
const MAX_PREFIX_LENGTH = 20;

const PREFIX = /^[A-Za-z][A-Za-z0-9]+(?:_[A-Za-z0-9]+)*$/;
const BODY_AND_CHECKSUM = /^[0-9A-Za-z]{49}$/;

/** Documented in index.d.ts. */
export function generateApiKey(options) {
  const prefix = reportAtCaller(generateApiKey, () => readPrefix(options));
  const prefixAndBody = `${prefix}_${randomText(BODY_LENGTH)}`;
  const key = prefixAndBody + checksumOf(prefixAndBody);
  return { key, hash: hashOfApiKey(key), id: `key_${randomText(ID_LENGTH)}` };
}

function readPrefix(options) {
  if (options !== undefined && options !== null && !canHoldOptions(options)) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      'the options of `generateApiKey` must be an object such as { prefix: "acme" }',
    );
  }
  const given = readOptions(options, ["prefix"]);
  checkUnknownOptions("generateApiKey", given, ["prefix"], true);
  return prefixOption(given.prefix);
}

function prefixOption(value) {
  if (value === undefined || value === null) {
    return DEFAULT_PREFIX;
  }
  if (!isPrefix(value)) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      `\`prefix\` must be 2 to ${MAX_PREFIX_LENGTH} letters and digits, the first a letter, with single underscores ` +
        'between them if needed, such as "acme" or "acme_live"',
    );
  }
  return value;
}

function isPrefix(value) {
  return typeof value === "string" && value.length <= MAX_PREFIX_LENGTH && PREFIX.test(value);
}

/** Documented in index.d.ts. */
export function checkApiKey(key) {
  if (typeof key !== "string" || key.length > MAX_CHECKED_LENGTH) {
    return "unrecognized";
  }
  const end = Math.max(key.lastIndexOf("_"), 0);
  const prefix = key.slice(0, end);
  const rest = key.slice(end + 1);
  if (isPrefix(prefix) && BODY_AND_CHECKSUM.test(rest)) {
    return checksumOf(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH) ? "ok" : "typo";
  }
  // Near enough to have been one: white space at an end, a character changed, lost or doubled.
  const missing = BODY_LENGTH + CHECKSUM_LENGTH - rest.trimEnd().length;
  return isPrefix(prefix.trimStart()) && Math.abs(missing) <= 1 ? "typo" : "unrecognized";
}

/**
 * What stands for a key where the key itself must not stand. A plain hash, without salt and fast, is
 * safe for random keys alone: NIST SP 800-63B §5.1.2.2 asks for 112 bits.
 *
 * @param {string} key
 */
export function hashOfApiKey(key) {
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}

/** Characters of the alphabet, each as likely as any other, from the system's generator. */
function randomText(length) {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

function checksumOf(text) {
  let rest = crc32(text);
  let digits = "";
  for (let digit = 0; digit < CHECKSUM_LENGTH; digit += 1) {
    digits = ALPHABET[rest % ALPHABET.length] + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

/** Remainders of all bytes. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  }
  return remainder;
});

/**
 * CRC-32 as in ISO 3309 and gzip, of ASCII text: it misses no change of one character and no swap of two neighbours.
 * Computed here because `zlib.crc32` is too young for other runtimes than Node.
 */
function crc32(text) {
  let remainder = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    remainder = (remainder >>> 8) ^ CRC_TABLE[(remainder ^ text.charCodeAt(index)) & 0xff];
  }
  return ~remainder >>> 0;
}
