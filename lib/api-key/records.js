import { createHash } from "node:crypto";
import { types } from "node:util";
import { compileClone } from "../core/clone.js";
import { codedError } from "../core/errors.js";
import { findHiddenProperty, isArray, readArray } from "../core/options.js";

/**
 * A plain string as it is: there may be a hundred thousand. For a new key with a record, the record and the key or the
 * hexadecimal digits of its hash, and which bounds of its validity are undefined. For a key that is in use and
 * unchanged, its record.
 *
 * @typedef {{ text: string, record: ApiKeyRecord, unsetBounds?: string[] }} NewKey
 * @typedef {string | NewKey | ApiKeyRecord} CheckedKey
 */

const CODE = "ERR_MCP_AUTH_KEYS_INVALID";

const MEMBERS = ["key", "hash", "id", "scopes", "notBefore", "expiresAt", "metadata"];

/** Members without which a key is valid longer. */
const BOUNDS = ["notBefore", "expiresAt"];

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
  /** In the set of keys; -1 for a key that is not in use. */
  index = -1;
  /** The load that last gave it, by number, and the row there. */
  load = 0;
  row = 0;
  #scopes;
  #metadata;
  #given;
  /** @type {(() => object) | undefined} Compiled for the first request: most keys of many are never presented. */
  #copyData;

  /**
   * @param {object} members
   * @param {string} members.id
   * @param {string[]} members.scopes
   * @param {Record<string, any>} members.metadata
   * @param {number} members.notBefore milliseconds since 1970 UTC
   * @param {number} members.expiresAt
   * @param {Given} given
   *
   * As the entry has it, to see whether it is still the same: the names of its members, the hash, if the key was given as
   * one, and bounds that were given as text.
   * @typedef {{ names: readonly string[], hash?: string, notBefore?: string, expiresAt?: string }} Given
   */
  constructor({ id, scopes, metadata, notBefore, expiresAt }, given) {
    this.id = id;
    this.notBefore = notBefore;
    this.expiresAt = expiresAt;
    this.#scopes = scopes;
    this.#metadata = metadata;
    this.#given = given;
  }

  /** `undefined` where the key itself was given. */
  get hash() {
    return this.#given.hash;
  }

  /** What a tool sees: a copy that it may change. */
  data() {
    if (this.#copyData === undefined) {
      const end = Number.isFinite(this.expiresAt)
        ? { expiresAt: new Date(this.expiresAt).toISOString() }
        : {};
      this.#copyData = compileClone({
        keyId: this.id,
        scopes: this.#scopes,
        metadata: this.#metadata,
        ...end,
      });
    }
    return this.#copyData();
  }

  /** Lets the key expire, if it does not expire before. @param {number} expiresAt */
  expireAt(expiresAt) {
    if (expiresAt < this.expiresAt) {
      this.expiresAt = expiresAt;
      // What the entry says is not the expiry any more.
      this.#given = { ...this.#given, expiresAt: undefined };
      this.#copyData = undefined;
    }
  }

  /** Says what another record of the same key says. @param {ApiKeyRecord} latest */
  update(latest) {
    this.notBefore = latest.notBefore;
    this.expiresAt = latest.expiresAt;
    this.#scopes = latest.#scopes;
    this.#metadata = latest.#metadata;
    this.#given = latest.#given;
    this.#copyData = undefined;
  }

  /** Whether an entry for the same key says the same. @param {ApiKeyRecord} other */
  isEqual(other) {
    return (
      this.id === other.id &&
      this.notBefore === other.notBefore &&
      this.expiresAt === other.expiresAt &&
      isEqualJson(this.#scopes, other.#scopes) &&
      isEqualJson(this.#metadata, other.#metadata)
    );
  }

  /**
   * Whether an entry would be read as this record. Costs less than parsing its JSON; in doubt says no.
   *
   * @param {any} entry
   * @param {(text: string) => number} indexOf the key that a text is
   */
  isUnchanged(entry, indexOf) {
    const given = this.#given;
    const { names } = given;
    let position = 0;
    for (const name in entry) {
      if (name !== names[position]) {
        return false;
      }
      position += 1;
    }
    const { id, key, hash, scopes, metadata, notBefore, expiresAt } = entry;
    return (
      position === names.length &&
      // Names of its own come first, those of its prototypes last. A hidden one is not among them.
      Object.hasOwn(entry, names[position - 1]) &&
      id === this.id &&
      (hash ?? undefined) === given.hash &&
      (given.hash === undefined ? typeof key === "string" && indexOf(key) === this.index : isNone(key)) &&
      (isNone(scopes) ? this.#scopes.length === 0 : areEqualTexts(scopes, this.#scopes)) &&
      (isNone(metadata) ? Object.keys(this.#metadata).length === 0 : isEqualJson(metadata, this.#metadata)) &&
      (isNone(notBefore)
        ? this.notBefore === Number.NEGATIVE_INFINITY
        : isEqualTime(notBefore, this.notBefore, given.notBefore)) &&
      (isNone(expiresAt)
        ? this.expiresAt === Number.POSITIVE_INFINITY
        : isEqualTime(expiresAt, this.expiresAt, given.expiresAt))
    );
  }
}

function isNone(value) {
  return value === undefined || value === null;
}

function isEqualTime(value, time, text) {
  return typeof value === "string"
    ? value === text
    : types.isDate(value) && Date.prototype.getTime.call(value) === time;
}

/** @param {any} value @param {string[]} texts */
function areEqualTexts(value, texts) {
  if (!Array.isArray(value) || value.length !== texts.length) {
    return false;
  }
  let index = 0;
  while (index < texts.length && value[index] === texts[index]) {
    index += 1;
  }
  return index === texts.length;
}

/** Whether JSON would hold a value as `stored`, which JSON.parse made. In doubt says no. */
function isEqualJson(value, stored) {
  if (typeof stored !== "object" || stored === null) {
    return value === stored;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) !== Array.isArray(stored)) {
    return false;
  }
  if (value.toJSON !== undefined) {
    return false;
  }
  if (Array.isArray(stored)) {
    let index = 0;
    while (index < stored.length && isEqualJson(value[index], stored[index])) {
      index += 1;
    }
    return index === stored.length && value.length === stored.length;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return false;
  }
  // Counted without an array of names: this runs for each of a hundred thousand keys.
  let rest = 0;
  for (const name in stored) {
    if (!isEqualJson(value[name], stored[name])) {
      return false;
    }
    rest += 1;
  }
  for (const _ in value) {
    rest -= 1;
  }
  return rest === 0;
}

/** How messages call the key at this position of the configuration; a negative one is not in it. */
export function keyPath(index) {
  return index < 0 ? "a key that is in use" : `\`keys[${index}]\``;
}

/**
 * A copy of the configured keys, each of which a request can carry. Messages name positions, never values.
 *
 * @param {unknown} keys
 * @param {(key: unknown, index: number) => CheckedKey | undefined} [findUnchanged]
 * @returns {CheckedKey[]}
 */
export function readKeys(keys, findUnchanged = () => undefined) {
  if (!isArray(keys)) {
    throw invalid("`keys` must be an array of strings or entries");
  }
  return readArray(keys, "`keys`", CODE).map(
    (key, index) => findUnchanged(key, index) ?? readKey(key, keyPath(index)),
  );
}

/** What can be judged of a key; nothing of one that was given as a hash. @param {CheckedKey} key */
export function textToJudge(key) {
  if (typeof key === "string") {
    return key;
  }
  return key instanceof ApiKeyRecord || key.record.hash !== undefined ? undefined : key.text;
}

/**
 * @param {unknown} key
 * @param {string} path
 * @returns {string | NewKey}
 */
export function readKey(key, path) {
  if (typeof key === "string") {
    return readPlain(key, path);
  }
  if (typeof key !== "object" || key === null || isArray(key) || isNoEntry(key)) {
    throw invalid(`${path} must be a string or an entry such as { key, id }, not ${typeName(key)}`);
  }
  return readRecord(key, path);
}

/** Objects without members, about which it would be misleading to say that members are missing. */
function isNoEntry(value) {
  return types.isPromise(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

function typeName(value) {
  if (value === null) {
    return "null";
  }
  if (value === undefined) {
    return "a value of type undefined; is an environment variable missing?";
  }
  if (isNoEntry(value)) {
    return types.isPromise(value) ? "a promise; await it" : "bytes; pass them as text";
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

function readRecord(entry, path) {
  const { members, unset } = copyOwn(entry, path);
  const { key, hash, id, scopes, notBefore, expiresAt, metadata, ...others } = members;
  // A misspelled expiry would make a key without one.
  if (Object.keys(others).length > 0) {
    throw invalid(`${path} has an unknown member; the known ones are ${MEMBERS.join(", ")}`);
  }
  const isHash = hash !== undefined;
  if (isHash === (key !== undefined)) {
    const hint = unset.includes(isHash ? "" : "key") ? "; is an environment variable missing?" : "";
    throw invalid(`${path} must have either \`key\` or \`hash\`${hint}`);
  }
  if (typeof id !== "string" || !ID.test(id)) {
    throw invalid(`${path} must have an \`id\` of 1 to 128 visible ASCII characters, which is not the key`);
  }
  if (showsKey(id, key, hash)) {
    throw invalid(`${path} uses its key as \`id\`, which is written to logs; give it a name`);
  }
  const text = isHash ? readHash(hash, path) : readKeyText(key, path);
  const record = new ApiKeyRecord(
    {
      id: ownText(id),
      scopes: readScopes(scopes, path),
      metadata: readMetadata(metadata, path),
      notBefore: readTimestamp(notBefore, `${path}, \`notBefore\`,`) ?? Number.NEGATIVE_INFINITY,
      expiresAt: readTimestamp(expiresAt, `${path}, \`expiresAt\`,`) ?? Number.POSITIVE_INFINITY,
    },
    {
      hash: isHash ? ownText(hash) : undefined,
      notBefore: typeof notBefore === "string" ? ownText(notBefore) : undefined,
      expiresAt: typeof expiresAt === "string" ? ownText(expiresAt) : undefined,
      names: sharedNames(entry),
    },
  );
  if (!(record.notBefore < record.expiresAt)) {
    throw invalid(`${path} ends before it begins; set \`notBefore\` to a time before \`expiresAt\``);
  }
  const unsetBounds = unset.filter((name) => BOUNDS.includes(name));
  return unsetBounds.length === 0 ? { text, record } : { text, record, unsetBounds };
}

/** @type {readonly string[]} */
let latestNames = [];

/** The names of an entry's members: one array for all entries that have the same. */
function sharedNames(entry) {
  const names = Object.keys(entry);
  if (names.length !== latestNames.length || names.some((name, position) => name !== latestNames[position])) {
    latestNames = names;
  }
  return latestNames;
}

/** Shorter keys can be part of a name by chance. */
const MIN_KEY_IN_ID = 8;

/** Whether an id is, or holds, the key or its hash. */
function showsKey(id, key, hash) {
  if (id === key || HASH.test(id)) {
    return true;
  }
  return hash === undefined
    ? typeof key === "string" && key.length >= MIN_KEY_IN_ID && id.includes(key)
    : hash === `sha256:${createHash("sha256").update(id).digest("hex")}`;
}

/** A copy of ASCII text: a part of a longer one, such as a line of a file, would keep all of it in memory. */
function ownText(text) {
  return Buffer.from(text, "latin1").toString("latin1");
}

/** Each member is read once. `null` means not given, as does `undefined`; `Object.prototype` is ignored. */
function copyOwn(given, path) {
  let isPlain;
  try {
    isPlain = findHiddenProperty(given, MEMBERS) === undefined;
    if (isPlain) {
      const all = Object.entries(given);
      const members = Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null));
      const unset = all.filter(([, value]) => value === undefined).map(([name]) => name);
      return { members: Object.assign({ __proto__: null }, members), unset };
    }
  } catch {
    // Reported below, without what a getter threw.
  }
  const why = isPlain === false ? "has a member that is inherited or not enumerable" : "cannot be read";
  throw invalid(`${path} ${why}; pass a plain object`);
}

function readKeyText(key, path) {
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
  // Parts of a longer text become texts of their own.
  return JSON.parse(JSON.stringify(items));
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
