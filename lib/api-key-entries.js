import { types } from "node:util";
import { copierOf } from "./copier.js";
import { configurationError } from "./errors.js";

/**
 * @typedef {object} CheckedKey
 * @property {string} text the key, or the hexadecimal digits of its hash
 * @property {boolean} isHash
 * @property {APIKeyEntry} [entry] for a key that is more than a plain string
 */

const MEMBERS = ["key", "hash", "id", "scopes", "notBefore", "expiresAt", "metadata"];

/** `sha256:` and the digest of a key in hexadecimal. */
const HASH = /^sha256:([0-9a-f]{64})$/;

/** What goes into logs: no control characters, no more than a line of it. */
const ID = /^[\x21-\x7e]{1,128}$/;

/** RFC 3339 §5.6: with seconds and a zone, so that it is one moment everywhere. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What is known of a key beside the key. */
export class APIKeyEntry {
  #copyData;

  constructor({ id, scopes, metadata, notBefore, expiresAt }) {
    this.id = id;
    /** Milliseconds since 1970 UTC. */
    this.notBefore = notBefore;
    this.expiresAt = expiresAt;
    const end = Number.isFinite(expiresAt) ? { expiresAt: new Date(expiresAt).toISOString() } : {};
    this.#copyData = copierOf({ keyId: id, scopes, metadata, ...end });
  }

  /** What a tool gets to see: a copy that it may change. */
  data() {
    return this.#copyData();
  }

  /** The same with another end. */
  endingAt(expiresAt) {
    const { keyId: id, scopes, metadata } = this.data();
    return new APIKeyEntry({ id, scopes, metadata, notBefore: this.notBefore, expiresAt });
  }
}

/** How messages call the key of this position among those that were given; of others it has none. */
export function placeOf(index) {
  return index < 0 ? "a key that is in use" : `\`keys[${index}]\``;
}

/**
 * A copy of keys as they were given, each of them one that a request can carry. Messages name positions,
 * never values.
 *
 * @param {unknown} keys
 * @returns {CheckedKey[]}
 */
export function checkedKeys(keys) {
  if (!Array.isArray(keys)) {
    throw invalid("`keys` must be an array of strings or entries");
  }
  // By index: an array may bring an iterator of its own.
  return Array.from({ length: keys.length }, (_, index) => {
    const key = keys[index];
    const place = placeOf(index);
    if (typeof key === "string") {
      return { text: checkedText(key, place), isHash: false };
    }
    if (typeof key !== "object" || key === null || Array.isArray(key)) {
      throw invalid(`${place} must be a string or an entry such as { key, id }, not ${nameOf(key)}`);
    }
    return checkedEntry(key, place);
  });
}

function nameOf(value) {
  if (value === null) {
    return "null";
  }
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

function checkedText(text, place) {
  if (text === "") {
    throw invalid(`${place} is empty; remove it or set it to a key`);
  }
  if (!text.isWellFormed()) {
    throw invalid(`${place} holds a lone surrogate, which no request can carry; use plain text`);
  }
  return text;
}

function checkedEntry(given, place) {
  const { key, hash, id, scopes, notBefore, expiresAt, metadata, ...others } = copyOf(given, place);
  // A misspelled end would make a key that has none.
  if (Object.keys(others).length > 0) {
    throw invalid(`${place} has a member that is none of ${MEMBERS.join(", ")}; remove it or mend its name`);
  }
  const isHash = hash !== undefined;
  if (isHash === (key !== undefined)) {
    throw invalid(`${place} must have either \`key\` or \`hash\``);
  }
  if (typeof id !== "string" || !ID.test(id)) {
    throw invalid(`${place} must have an \`id\` of 1 to 128 visible ASCII characters, which is not the key`);
  }
  if (id === key) {
    throw invalid(`${place} has its key for an \`id\`, which is written to logs; give it a name`);
  }
  const entry = new APIKeyEntry({
    id,
    scopes: checkedScopes(scopes, place),
    metadata: checkedMetadata(metadata, place),
    notBefore: checkedMoment(notBefore, `${place}, \`notBefore\`,`) ?? Number.NEGATIVE_INFINITY,
    expiresAt: checkedMoment(expiresAt, `${place}, \`expiresAt\`,`) ?? Number.POSITIVE_INFINITY,
  });
  if (!(entry.notBefore < entry.expiresAt)) {
    throw invalid(
      `${place} ends before it begins; set \`notBefore\` to an earlier moment than \`expiresAt\``,
    );
  }
  return { text: isHash ? checkedHash(hash, place) : checkedKey(key, place), isHash, entry };
}

/** Each member read once; one that is null is not given. */
function copyOf(given, place) {
  try {
    return Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    );
  } catch {
    throw invalid(`${place} cannot be read; pass a plain object`);
  }
}

function checkedKey(key, place) {
  if (typeof key !== "string") {
    throw invalid(`${place}, \`key\`, must be a string, not ${nameOf(key)}`);
  }
  return checkedText(key, place);
}

function checkedHash(hash, place) {
  const digits = typeof hash === "string" ? HASH.exec(hash)?.[1] : undefined;
  if (digits === undefined) {
    throw invalid(
      `${place}, \`hash\`, must be \`sha256:\` and 64 hexadecimal digits in lower case, as \`npx mcp-native-auth hash\` prints`,
    );
  }
  return digits;
}

function checkedScopes(scopes, place) {
  if (scopes === undefined) {
    return [];
  }
  if (
    !Array.isArray(scopes) ||
    !Array.from(scopes).every((scope) => typeof scope === "string" && scope !== "")
  ) {
    throw invalid(`${place}, \`scopes\`, must be an array of strings that are not empty`);
  }
  return Array.from(scopes);
}

function checkedMetadata(metadata, place) {
  if (metadata === undefined) {
    return {};
  }
  try {
    // As it would be had it come from a file: no functions, dates or objects that refer to themselves.
    const copy = JSON.parse(JSON.stringify(metadata));
    if (typeof metadata === "object" && typeof copy === "object" && copy !== null && !Array.isArray(copy)) {
      return copy;
    }
  } catch {
    // Said below, in words that hold nothing of it.
  }
  throw invalid(`${place}, \`metadata\`, must be an object that JSON can hold`);
}

/** In milliseconds since 1970 UTC. A number is refused: one would take it for seconds, another for milliseconds. */
function checkedMoment(moment, where) {
  if (moment === undefined) {
    return undefined;
  }
  const time = types.isDate(moment)
    ? Date.prototype.getTime.call(moment)
    : typeof moment === "string" && MOMENT.test(moment)
      ? Date.parse(moment)
      : Number.NaN;
  if (Number.isNaN(time)) {
    throw invalid(`${where} must be a Date or a text such as "2027-01-31T00:00:00Z"`);
  }
  return time;
}

function invalid(message) {
  return configurationError("KEYS_INVALID", message);
}
