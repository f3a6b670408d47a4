import { createHash } from "node:crypto";
import { types } from "node:util";
import { compileClone } from "../core/clone.js";
import { codedError } from "../core/errors.js";
import { findHiddenProperty, isArray, readArray } from "../core/options.js";

/**
 * A plain string as it is: there may be a hundred thousand. For a key with a record, the key or the hexadecimal digits of
 * its hash, and the record.
 *
 * @typedef {string | { text: string, isHash: boolean, record: ApiKeyRecord }} CheckedKey
 */

const CODE = "ERR_MCP_AUTH_KEYS_INVALID";

const MEMBERS = ["key", "hash", "id", "scopes", "notBefore", "expiresAt", "metadata"];

/** `sha256:` and the digest of a key in hexadecimal. */
const HASH = /^sha256:([0-9a-f]{64})$/;

/** What goes into logs: no control characters, no more than a line of it. */
const ID = /^[\x21-\x7e]{1,128}$/;

/** RFC 3339 §5.6: with seconds and a zone, so that it is the same time everywhere. */
const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Levels of objects and arrays. */
const MAX_METADATA_DEPTH = 100;

/** What is known about a key. */
export class ApiKeyRecord {
  #copyData;

  constructor({ id, scopes, metadata, notBefore, expiresAt }) {
    this.id = id;
    /** Milliseconds since 1970 UTC. */
    this.notBefore = notBefore;
    this.expiresAt = expiresAt;
    const end = Number.isFinite(expiresAt) ? { expiresAt: new Date(expiresAt).toISOString() } : {};
    this.#copyData = compileClone({ keyId: id, scopes, metadata, ...end });
  }

  /** What a tool sees: a copy that it may change. */
  data() {
    return this.#copyData();
  }

  /** The same with another expiry. */
  withExpiry(expiresAt) {
    const { keyId: id, scopes, metadata } = this.data();
    return new ApiKeyRecord({ id, scopes, metadata, notBefore: this.notBefore, expiresAt });
  }
}

/** How messages call the key at this position of the configuration; a negative one is not in it. */
export function keyPath(index) {
  return index < 0 ? "a key that is in use" : `\`keys[${index}]\``;
}

/**
 * A copy of the configured keys, each of which a request can carry. Messages name positions, never values.
 *
 * @param {unknown} keys
 * @returns {CheckedKey[]}
 */
export function readKeys(keys) {
  if (!isArray(keys)) {
    throw invalid("`keys` must be an array of strings or entries");
  }
  return readArray(keys, "`keys`", CODE).map((key, index) => {
    const path = keyPath(index);
    if (typeof key === "string") {
      return readPlain(key, path);
    }
    if (typeof key !== "object" || key === null || isArray(key)) {
      throw invalid(`${path} must be a string or an entry such as { key, id }, not ${typeName(key)}`);
    }
    return readRecord(key, path);
  });
}

function typeName(value) {
  if (value === null) {
    return "null";
  }
  return isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

function readPlain(text, path) {
  if (HASH.test(text)) {
    throw invalid(
      `${path} is the hash of a key, which would make the hash itself a key; give it as { hash, id }`,
    );
  }
  return readText(text, path);
}

function readText(text, path) {
  if (text === "") {
    throw invalid(`${path} is empty; remove it or set it to a key`);
  }
  if (!text.isWellFormed()) {
    throw invalid(`${path} holds a lone surrogate, which no request can carry; use plain text`);
  }
  return text;
}

function readRecord(given, path) {
  const { key, hash, id, scopes, notBefore, expiresAt, metadata, ...others } = copyOwn(given, path);
  // A misspelled expiry would make a key without one.
  if (Object.keys(others).length > 0) {
    throw invalid(`${path} has an unknown member; the known ones are ${MEMBERS.join(", ")}`);
  }
  const isHash = hash !== undefined;
  if (isHash === (key !== undefined)) {
    throw invalid(`${path} must have either \`key\` or \`hash\``);
  }
  if (typeof id !== "string" || !ID.test(id)) {
    throw invalid(`${path} must have an \`id\` of 1 to 128 visible ASCII characters, which is not the key`);
  }
  if (id === key || hash === `sha256:${createHash("sha256").update(id).digest("hex")}`) {
    throw invalid(`${path} uses its key as \`id\`, which is written to logs; give it a name`);
  }
  const record = new ApiKeyRecord({
    id,
    scopes: readScopes(scopes, path),
    metadata: readMetadata(metadata, path),
    notBefore: readTimestamp(notBefore, `${path}, \`notBefore\`,`) ?? Number.NEGATIVE_INFINITY,
    expiresAt: readTimestamp(expiresAt, `${path}, \`expiresAt\`,`) ?? Number.POSITIVE_INFINITY,
  });
  if (!(record.notBefore < record.expiresAt)) {
    throw invalid(`${path} ends before it begins; set \`notBefore\` to a time before \`expiresAt\``);
  }
  return { text: isHash ? readHash(hash, path) : readKey(key, path), isHash, record };
}

/** Each member is read once. `null` means not given; `Object.prototype` is ignored. */
function copyOwn(given, path) {
  let isPlain;
  try {
    isPlain = findHiddenProperty(given, MEMBERS) === undefined;
    if (isPlain) {
      const members = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
      return Object.assign({ __proto__: null }, Object.fromEntries(members));
    }
  } catch {
    // Reported below, without what a getter threw.
  }
  const why = isPlain === false ? "has a member that is inherited or not enumerable" : "cannot be read";
  throw invalid(`${path} ${why}; pass a plain object`);
}

function readKey(key, path) {
  if (typeof key !== "string") {
    throw invalid(`${path}, \`key\`, must be a string, not ${typeName(key)}`);
  }
  if (HASH.test(key)) {
    throw invalid(`${path} has a hash for its \`key\`, which would make the hash itself a key; use \`hash\``);
  }
  return readText(key, path);
}

function readHash(hash, path) {
  const digits = typeof hash === "string" ? HASH.exec(hash)?.[1] : undefined;
  if (digits === undefined) {
    throw invalid(
      `${path}, \`hash\`, must be \`sha256:\` and 64 hexadecimal digits in lower case, as \`npx mcp-native-auth hash\` prints`,
    );
  }
  return digits;
}

function readScopes(scopes, path) {
  if (scopes === undefined) {
    return [];
  }
  const items = isArray(scopes) ? readArray(scopes, `${path}, \`scopes\`,`, CODE) : undefined;
  if (!items?.every((scope) => typeof scope === "string" && scope !== "")) {
    throw invalid(`${path}, \`scopes\`, must be an array of strings that are not empty`);
  }
  return items;
}

function readMetadata(metadata, path) {
  if (metadata === undefined) {
    return {};
  }
  try {
    // As JSON from a file would be: no functions, dates or cycles.
    const copy = JSON.parse(JSON.stringify(metadata));
    if (typeof metadata === "object" && typeof copy === "object" && copy !== null && !isArray(copy)) {
      assertMaxDepth(copy, MAX_METADATA_DEPTH);
      return copy;
    }
  } catch {
    // Reported below, without what it holds.
  }
  throw invalid(`${path}, \`metadata\`, must be a JSON object with at most ${MAX_METADATA_DEPTH} levels`);
}

/** Copying it for each request must not exhaust the stack. */
function assertMaxDepth(value, levels) {
  if (levels === 0) {
    throw new RangeError("too deep");
  }
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) {
      assertMaxDepth(member, levels - 1);
    }
  }
}

/** In milliseconds since 1970 UTC. Numbers are rejected: they could be seconds or milliseconds. */
function readTimestamp(value, path) {
  if (value === undefined) {
    return undefined;
  }
  const time = types.isDate(value)
    ? Date.prototype.getTime.call(value)
    : typeof value === "string"
      ? parseTimestamp(value)
      : Number.NaN;
  if (Number.isNaN(time)) {
    throw invalid(`${path} must be a Date or a string such as "2027-01-31T00:00:00Z"`);
  }
  return time;
}

function parseTimestamp(text) {
  const local = RFC3339.exec(text)?.[1] ?? "";
  const asUtc = Date.parse(`${local}Z`);
  // V8 takes February 30 for March 2, and 24:00 for the next day.
  const isReal = !Number.isNaN(asUtc) && new Date(asUtc).toISOString().startsWith(local);
  return isReal ? Date.parse(text) : Number.NaN;
}

function invalid(message) {
  return codedError(CODE, message);
}
