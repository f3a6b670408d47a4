import { createHash } from "node:crypto";
import { types } from "node:util";
import { copierOf } from "../copier.js";
import { configurationError } from "../errors.js";

/**
 * A plain string as it is: there may be a hundred thousand. For a key that is more, the key or the
 * hexadecimal digits of its hash, and what is known of it.
 *
 * @typedef {string | { text: string, isHash: boolean, entry: APIKeyEntry }} CheckedKey
 */

const MEMBERS = ["key", "hash", "id", "scopes", "notBefore", "expiresAt", "metadata"];

/** `sha256:` and the digest of a key in hexadecimal. */
const HASH = /^sha256:([0-9a-f]{64})$/;

/** What goes into logs: no control characters, no more than a line of it. */
const ID = /^[\x21-\x7e]{1,128}$/;

/** RFC 3339 §5.6: with seconds and a zone, so that it is one moment everywhere. */
const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Levels of objects and arrays. */
const DEEPEST_METADATA = 100;

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
  if (!isArray(keys)) {
    throw invalid("`keys` must be an array of strings or entries");
  }
  return itemsOf(keys, "`keys`").map((key, index) => {
    const place = placeOf(index);
    if (typeof key === "string") {
      return checkedPlain(key, place);
    }
    if (typeof key !== "object" || key === null || isArray(key)) {
      throw invalid(`${place} must be a string or an entry such as { key, id }, not ${nameOf(key)}`);
    }
    return checkedEntry(key, place);
  });
}

/** By index: an array may bring an iterator of its own. Each read once, so that a getter cannot change its mind. */
function itemsOf(array, place) {
  try {
    return Array.from({ length: array.length }, (_, index) => array[index]);
  } catch {
    throw invalid(`${place} cannot be read; pass a plain array`);
  }
}

/** Not of a Proxy that was revoked, of which `Array.isArray` throws. */
function isArray(value) {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function nameOf(value) {
  if (value === null) {
    return "null";
  }
  return isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

function checkedPlain(text, place) {
  if (HASH.test(text)) {
    throw invalid(
      `${place} is the hash of a key, which would let in whoever knows the hash; give it as { hash, id }`,
    );
  }
  return checkedText(text, place);
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
  if (id === key || hash === `sha256:${createHash("sha256").update(id).digest("hex")}`) {
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

/** Each member read once; one that is null is not given, nor is what others put on `Object.prototype`. */
function copyOf(given, place) {
  let isPlain;
  try {
    isPlain = !hidesMember(given);
    if (isPlain) {
      const members = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
      return Object.assign({ __proto__: null }, Object.fromEntries(members));
    }
  } catch {
    // Said below: what a getter throws is not ours to show.
  }
  const why = isPlain === false ? "has a member that is inherited or not enumerable" : "cannot be read";
  throw invalid(`${place} ${why}; pass a plain object`);
}

/** Whether one that is not copied is there, as in rows of databases: an end that goes unread is none. */
function hidesMember(given) {
  if (MEMBERS.some((name) => Object.getOwnPropertyDescriptor(given, name)?.enumerable === false)) {
    return true;
  }
  let prototype = Object.getPrototypeOf(given);
  // `Object.prototype`, of whatever realm, is everybody's.
  while (prototype !== null && !Object.hasOwn(prototype, "isPrototypeOf")) {
    if (MEMBERS.some((name) => Object.hasOwn(prototype, name))) {
      return true;
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}

function checkedKey(key, place) {
  if (typeof key !== "string") {
    throw invalid(`${place}, \`key\`, must be a string, not ${nameOf(key)}`);
  }
  if (HASH.test(key)) {
    throw invalid(
      `${place} has a hash for its \`key\`, which would let in whoever knows the hash; use \`hash\``,
    );
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
  const items = isArray(scopes) ? itemsOf(scopes, `${place}, \`scopes\`,`) : undefined;
  if (!items?.every((scope) => typeof scope === "string" && scope !== "")) {
    throw invalid(`${place}, \`scopes\`, must be an array of strings that are not empty`);
  }
  return items;
}

function checkedMetadata(metadata, place) {
  if (metadata === undefined) {
    return {};
  }
  try {
    // As it would be had it come from a file: no functions, dates or objects that refer to themselves.
    const copy = JSON.parse(JSON.stringify(metadata));
    if (typeof metadata === "object" && typeof copy === "object" && copy !== null && !isArray(copy)) {
      refuseDeep(copy, DEEPEST_METADATA);
      return copy;
    }
  } catch {
    // Said below, in words that hold nothing of it.
  }
  throw invalid(
    `${place}, \`metadata\`, must be an object that JSON can hold, nested ${DEEPEST_METADATA} levels deep at the most`,
  );
}

/** What is copied for each request must not exhaust its stack. */
function refuseDeep(value, levels) {
  if (levels === 0) {
    throw new RangeError("too deep");
  }
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) {
      refuseDeep(member, levels - 1);
    }
  }
}

/** In milliseconds since 1970 UTC. A number is refused: one would take it for seconds, another for milliseconds. */
function checkedMoment(moment, where) {
  if (moment === undefined) {
    return undefined;
  }
  const time = types.isDate(moment)
    ? Date.prototype.getTime.call(moment)
    : typeof moment === "string"
      ? parsedMoment(moment)
      : Number.NaN;
  if (Number.isNaN(time)) {
    throw invalid(`${where} must be a Date or a text such as "2027-01-31T00:00:00Z"`);
  }
  return time;
}

function parsedMoment(text) {
  const local = MOMENT.exec(text)?.[1];
  const asUtc = Date.parse(`${local}Z`);
  // V8 takes February 30 for March 2, and 24:00 for the next day.
  const isReal = !Number.isNaN(asUtc) && new Date(asUtc).toISOString().startsWith(local);
  return isReal ? Date.parse(text) : Number.NaN;
}

function invalid(message) {
  return configurationError("KEYS_INVALID", message);
}
