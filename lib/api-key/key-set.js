import { codedError, constructNative } from "../core/errors.js";
import { keyRing } from "../native/load.js";
import { keyPath } from "./records.js";

/**
 * @typedef {import("./records.js").CheckedKey} CheckedKey
 * @typedef {import("./records.js").ApiKeyRecord} ApiKeyRecord
 */

/** Kinds of keys, as the native ring takes them. */
const [ALLOW_DUPLICATE, TEXT, HASH] = [0, 1, 2];

/** A clock that jumps forward and back is usually corrected within a day. */
const DAY_MS = 86_400_000;

/**
 * The keys of a provider: a native ring of digests, and the record of each key. They change together: a change that
 * throws changes nothing.
 */
export class ApiKeySet {
  #ring = constructNative(() => keyRing());
  /** @type {(ApiKeyRecord | undefined)[]} by index in the ring; `undefined` for plain strings. Empty if all are. */
  #records = [];
  #count = 0;
  /** Whether a text is one of the keys; `undefined` where some have records, which `find` gives. */
  contains = this.#ring.contains;

  /** Number of keys; equal plain strings count each. */
  get count() {
    return this.#count;
  }

  /**
   * @param {string} presented
   * @returns {ApiKeyRecord | true | undefined} `true` for a plain string, `undefined` for no key
   */
  find(presented) {
    const index = this.#ring.find(presented);
    return index < 0 ? undefined : (this.#records[index] ?? true);
  }

  /** Replaces all keys. @param {CheckedKey[]} keys */
  setAll(keys) {
    this.#change([], keys);
  }

  /** @param {CheckedKey[]} keys */
  add(keys) {
    this.#change(this.#currentIndices(), keys);
  }

  /** @returns {boolean} whether there was a key of this id */
  revoke(id) {
    const index = this.#indexOf(id);
    if (index < 0) {
      return false;
    }
    this.#change(
      this.#currentIndices().filter((kept) => kept !== index),
      [],
    );
    return true;
  }

  /**
   * @param {string} id of the key to replace
   * @param {CheckedKey} key
   * @param {number} overlapMs how long the old key stays valid
   * @param {number} now
   */
  replace(id, key, overlapMs, now) {
    const index = this.#indexOf(id);
    const old = this.#records[index];
    if (old === undefined) {
      throw codedError(
        "ERR_MCP_AUTH_KEYS_INVALID",
        "no key has the `id` to replace; add the new key with `addKeys` instead",
      );
    }
    if (overlapMs === 0) {
      this.#change(
        this.#currentIndices().filter((kept) => kept !== index),
        [key],
      );
    } else {
      const ended = old.withExpiry(Math.min(old.expiresAt, now + overlapMs));
      this.#change(this.#currentIndices(), [key], new Map([[index, ended]]));
    }
  }

  /** Indices of all keys except those that expired more than a day ago, so that rotation does not accumulate dead keys. */
  #currentIndices() {
    const longAgo = Date.now() - DAY_MS;
    const indices = Array.from({ length: this.#count }, (_, index) => index);
    return indices.filter((index) => !(this.#records[index]?.expiresAt < longAgo));
  }

  #indexOf(id) {
    return this.#records.findIndex((record) => record !== undefined && record.id === id);
  }

  /**
   * @param {number[]} kept indices of keys that stay, in this order
   * @param {CheckedKey[]} added
   * @param {Map<number, ApiKeyRecord>} changed records that replace others
   */
  #change(kept, added, changed = new Map()) {
    const pathOf = (index) => keyPath(index - kept.length);
    const arePlain = this.#records.length === 0 && added.every((key) => typeof key === "string");
    const records = arePlain
      ? []
      : [
          ...kept.map((index) => changed.get(index) ?? this.#records[index]),
          ...added.map((key) => (typeof key === "string" ? undefined : key.record)),
        ];
    assertUniqueIds(records, pathOf);
    const kinds = new Uint8Array(kept.length + added.length);
    for (const [index, record] of records.entries()) {
      kinds[index] =
        record === undefined ? ALLOW_DUPLICATE : isHash(added[index - kept.length]) ? HASH : TEXT;
    }
    const texts = arePlain ? added : added.map((key) => (typeof key === "string" ? key : key.text));
    const equal = constructNative(() => this.#ring.replace(Uint32Array.from(kept), texts, kinds));
    if (equal !== null) {
      const [one, other] = equal.map(pathOf);
      throw codedError("ERR_MCP_AUTH_KEYS_INVALID", `${other} is the same key as ${one}; remove one of them`);
    }
    this.#records = records.some((record) => record !== undefined) ? records : [];
    this.#count = kinds.length;
    this.contains = this.#records.length === 0 ? this.#ring.contains : undefined;
  }
}

/** @param {CheckedKey | undefined} key */
function isHash(key) {
  return typeof key === "object" && key.isHash;
}

/** Keys are revoked by their ids. */
function assertUniqueIds(records, pathOf) {
  const indices = new Map();
  for (const [index, record] of records.entries()) {
    if (record === undefined) {
      continue;
    }
    if (indices.has(record.id)) {
      throw codedError(
        "ERR_MCP_AUTH_KEYS_INVALID",
        `${pathOf(index)} has the same \`id\` as ${pathOf(indices.get(record.id))}; give each key its own`,
      );
    }
    indices.set(record.id, index);
  }
}
