import { codedError, constructNative } from "../core/errors.js";
import { keyRing } from "../native/load.js";
import { ApiKeyRecord, keyPath } from "./records.js";

/**
 * @typedef {import("./records.js").CheckedKey} CheckedKey
 * @typedef {import("./records.js").NewKey} NewKey
 *
 * Changes by hand since a load began.
 * @typedef {object} Changes
 * @property {number} load its number
 * @property {number} unchanged how many keys in use it has given as they are
 * @property {boolean} isReset whether all keys were replaced
 * @property {Set<string>} revoked ids
 * @property {Map<string, number>} expiries of keys that were replaced with an overlap, by id
 */

/** Kinds of keys, as the native ring takes them. */
const [ALLOW_DUPLICATE, TEXT, HASH] = [0, 1, 2];

/** Where a key comes from: a load, or a change by hand before or after the latest load began. */
const [LOADED, BY_HAND_BEFORE, BY_HAND] = [0, 1, 2];

/** A clock that jumps forward and back is usually corrected within a day. */
const DAY_MS = 86_400_000;

/**
 * The keys of a provider: a native ring of digests, and the record of each key. They change together: a change that
 * throws changes nothing.
 *
 * Keys change by hand or by a load. A load gives the keys as they were when it began, so that changes by hand since then
 * are applied to what it gives.
 */
export class ApiKeySet {
  #ring = constructNative(() => keyRing());
  /** @type {(ApiKeyRecord | undefined)[]} by index in the ring; `undefined` for plain strings. Empty if all are. */
  #records = [];
  /** @type {Map<string, ApiKeyRecord>} */
  #byId = new Map();
  /** By index in the ring. */
  #origins = new Uint8Array(0);
  /** How many loads have begun. */
  #loads = 0;
  /** @type {Changes | undefined} while a load is under way */
  #changes;
  #isLoadSuspended = false;
  /** The index of the key that a text is; -1 for none. The native side sees UTF-8, where all lone surrogates are alike. */
  #indexOf = (text) => (text.isWellFormed() ? this.#ring.find(text) : -1);
  /** Whether a text is one of the keys; `undefined` where that does not decide, but what `find` gives. */
  contains = this.#ring.contains;

  /** Number of keys; equal plain strings count each. */
  get count() {
    return this.#origins.length;
  }

  /**
   * @param {string} presented
   * @returns {ApiKeyRecord | true | null | undefined} `true` for a plain string, `null` for a suspended key,
   *   `undefined` for no key
   */
  find(presented) {
    const index = this.#ring.find(presented);
    if (index < 0) {
      return undefined;
    }
    return this.#isLoadSuspended && this.#origins[index] === LOADED ? null : (this.#records[index] ?? true);
  }

  /**
   * A key in use that an entry still describes: its record, or its text if it has none.
   *
   * @param {any} entry
   * @param {number} index where the entry stands: most often, where it stood before
   * @returns {CheckedKey | undefined}
   */
  findUnchanged(entry, index) {
    if (typeof entry === "string") {
      const found = this.#indexOf(entry);
      return found >= 0 && this.#records[found] === undefined ? entry : undefined;
    }
    if (typeof entry !== "object" || entry === null || this.#byId.size === 0) {
      return undefined;
    }
    try {
      const { id } = entry;
      const hint = this.#records[index];
      const record = hint?.id === id ? hint : this.#byId.get(id);
      return record?.isUnchanged(entry, this.#indexOf) ? record : undefined;
    } catch {
      // Read in full, which says what is wrong with it.
      return undefined;
    }
  }

  /** Replaces all keys. @param {CheckedKey[]} keys */
  setAll(keys) {
    const rowOf = new Int32Array(this.count).fill(-1);
    for (const [row, key] of keys.entries()) {
      if (key instanceof ApiKeyRecord) {
        if (key.index < 0) {
          throw codedError(
            "ERR_MCP_AUTH_KEYS_INVALID",
            "`keys` changes keys while it is read; pass a plain array",
          );
        }
        if (rowOf[key.index] >= 0) {
          throw repeatedId(row, rowOf[key.index]);
        }
        rowOf[key.index] = row;
      }
    }
    const added = [];
    const addedRows = [];
    /** @type {Map<string, number>} */
    const rowOfId = new Map();
    for (const [row, key] of keys.entries()) {
      if (key instanceof ApiKeyRecord) {
        continue;
      }
      if (typeof key !== "string") {
        const { id } = key.record;
        const inUse = this.#byId.get(id);
        const first = rowOfId.get(id) ?? (inUse && rowOf[inUse.index]) ?? -1;
        if (first >= 0) {
          throw repeatedId(Math.max(row, first), Math.min(row, first));
        }
        rowOfId.set(id, row);
      }
      added.push(key);
      addedRows.push(row);
    }
    const kept = this.#indices((index) => rowOf[index] >= 0);
    this.#change(kept, added, (position) =>
      position < kept.length ? rowOf[kept[position]] : addedRows[position - kept.length],
    );
    this.#origins.fill(BY_HAND);
    if (this.#changes !== undefined) {
      this.#changes.isReset = true;
    }
  }

  /** @param {(string | NewKey)[]} keys */
  add(keys) {
    this.#replaceSome(undefined, keys);
  }

  /** @returns {boolean} whether there was a key of this id */
  revoke(id) {
    // Even where there is none yet: what is being loaded may have it.
    this.#changes?.revoked.add(id);
    const record = this.#byId.get(id);
    if (record === undefined) {
      return false;
    }
    this.#replaceSome(record, []);
    return true;
  }

  /**
   * @param {string} id of the key to replace
   * @param {string | NewKey} key
   * @param {number} overlapMs how long the old key stays valid
   * @param {number} now
   */
  replace(id, key, overlapMs, now) {
    const old = this.#byId.get(id);
    if (old === undefined) {
      throw codedError(
        "ERR_MCP_AUTH_KEYS_INVALID",
        "no key has the `id` to replace; add the new key with `addKeys` instead",
      );
    }
    if (overlapMs === 0) {
      this.#replaceSome(old, [key]);
      this.#changes?.revoked.add(id);
    } else {
      this.#replaceSome(undefined, [key]);
      old.expireAt(now + overlapMs);
      this.#changes?.expiries.set(id, old.expiresAt);
    }
  }

  /** From now on, changes by hand are kept for what the load will give. */
  beginLoad() {
    this.#loads += 1;
    this.#changes = {
      load: this.#loads,
      unchanged: 0,
      isReset: false,
      revoked: new Set(),
      expiries: new Map(),
    };
    replaceAll(this.#origins, BY_HAND, BY_HAND_BEFORE);
  }

  /**
   * Whether a row of the load describes a key in use that has a record, as it is. If so, the key is kept.
   *
   * @param {unknown} entry
   * @param {number} row
   */
  keepUnchanged(entry, row) {
    const record = typeof entry === "string" ? undefined : this.findUnchanged(entry, row);
    if (!(record instanceof ApiKeyRecord)) {
      return false;
    }
    if (record.load !== this.#loads && this.#changes !== undefined) {
      this.#changes.unchanged += 1;
    }
    record.load = this.#loads;
    record.row = row;
    return true;
  }

  /** The load gives nothing. */
  abandonLoad() {
    this.#changes = undefined;
  }

  /**
   * Replaces all keys by what a load gave, except for changes by hand since it began.
   *
   * @param {import("./load-plan.js").LoadPlan} plan that has read all rows but those of `keepUnchanged`
   */
  finishLoad(plan) {
    const changes = this.#changes;
    this.#changes = undefined;
    this.#isLoadSuspended = false;
    this.#chooseLookup();
    if (changes === undefined || changes.isReset) {
      return;
    }
    const isChanged = changes.revoked.size > 0 || this.#origins.includes(BY_HAND);
    if (plan.isEmpty && changes.unchanged === this.count && !isChanged) {
      this.#origins.fill(LOADED);
      return;
    }
    const keys = {
      records: this.#records,
      count: this.count,
      isByHand: (index) => this.#origins[index] === BY_HAND,
      recordOfId: (id) => this.#byId.get(id),
      indexOf: this.#indexOf,
    };
    plan.settle(keys, changes);
    let equal = this.#replace(plan.kept, plan.added, LOADED, plan.leftOutKeys);
    while (equal !== null) {
      plan.leaveOutEqual(equal);
      equal = this.#replace(plan.kept, plan.added, LOADED, plan.leftOutKeys);
    }
    plan.updateRecords();
    replaceAll(this.#origins, BY_HAND_BEFORE, LOADED);
  }

  /** Loaded keys are rejected until a load has ended. */
  suspendLoaded() {
    this.#isLoadSuspended = true;
    this.#chooseLookup();
  }

  /** @param {(index: number) => boolean} isKept */
  #indices(isKept) {
    const indices = new Uint32Array(this.count);
    let length = 0;
    for (let index = 0; index < indices.length; index += 1) {
      if (isKept(index)) {
        indices[length] = index;
        length += 1;
      }
    }
    return indices.slice(0, length);
  }

  /**
   * Adds keys, removes one, and with it keys that expired more than a day ago: rotation must not accumulate them.
   *
   * @param {ApiKeyRecord | undefined} removed
   * @param {(string | NewKey)[]} added
   */
  #replaceSome(removed, added) {
    const longAgo = Date.now() - DAY_MS;
    const stays = (record) => record === undefined || (record !== removed && record.expiresAt >= longAgo);
    /** @type {Map<string, number>} */
    const rowOfId = new Map();
    for (const [row, key] of added.entries()) {
      if (typeof key === "string") {
        continue;
      }
      const { id } = key.record;
      const inUse = this.#byId.get(id);
      const first = rowOfId.get(id) ?? (inUse !== undefined && stays(inUse) ? -1 : undefined);
      if (first !== undefined) {
        throw repeatedId(row, first);
      }
      rowOfId.set(id, row);
    }
    const kept = this.#indices((index) => stays(this.#records[index]));
    this.#change(kept, added, (position) => position - kept.length);
  }

  /**
   * A change by hand.
   *
   * @param {Uint32Array} kept
   * @param {(string | NewKey)[]} added
   * @param {(position: number) => number} rowAt row of a key by its position among all these; negative if it has none
   */
  #change(kept, added, rowAt) {
    const equal = this.#replace(kept, added, BY_HAND);
    if (equal !== null) {
      const [one, other] = equal
        .map(rowAt)
        .sort((a, b) => a - b)
        .map(keyPath);
      throw codedError("ERR_MCP_AUTH_KEYS_INVALID", `${other} is the same key as ${one}; remove one of them`);
    }
  }

  /**
   * @param {Uint32Array} kept indices of keys that stay, ascending
   * @param {(string | NewKey)[]} added
   * @param {number} origin of those added
   * @param {(string | NewKey)[]} [excluded] keys that must not be equal to any either, and are not added
   * @returns {number[] | null} positions of two keys that are equal and must not be, in which case nothing has changed
   */
  #replace(kept, added, origin, excluded = []) {
    if (added.length === 0 && kept.length === this.count && excluded.length === 0) {
      return null;
    }
    const records = this.#records;
    const given = [...added, ...excluded];
    const kinds = new Uint8Array(kept.length + given.length);
    for (let position = 0; position < kept.length; position += 1) {
      kinds[position] = records[kept[position]] === undefined ? ALLOW_DUPLICATE : TEXT;
    }
    for (const [position, key] of given.entries()) {
      kinds[kept.length + position] = kindOf(key);
    }
    const texts = given.map((key) => (typeof key === "string" ? key : key.text));
    const equal = constructNative(() => this.#ring.replace(kept, texts, kinds));
    if (equal !== null) {
      return equal;
    }
    const count = kept.length + added.length;
    if (excluded.length > 0) {
      const all = Uint32Array.from({ length: count }, (_, index) => index);
      constructNative(() => this.#ring.replace(all, [], kinds.slice(0, count)));
    }
    this.#setRecords(kept, added);
    const origins = new Uint8Array(count).fill(origin, kept.length);
    for (let position = 0; position < kept.length; position += 1) {
      origins[position] = this.#origins[kept[position]];
    }
    this.#origins = origins;
    this.#chooseLookup();
    return null;
  }

  #setRecords(kept, added) {
    const before = this.#records;
    let records = before;
    if (kept.length < this.count) {
      records = Array.from(kept, (index) => before[index]);
      for (const record of before) {
        if (record !== undefined) {
          record.index = -1;
        }
      }
      for (const [index, record] of records.entries()) {
        if (record !== undefined) {
          record.index = index;
        }
      }
      for (const record of before) {
        if (record?.index === -1) {
          this.#byId.delete(record.id);
        }
      }
    } else if (before.length < kept.length) {
      records = Array.from(kept, () => undefined);
    }
    for (const key of added) {
      const record = typeof key === "string" ? undefined : key.record;
      if (record !== undefined) {
        record.index = records.length;
        this.#byId.set(record.id, record);
      }
      records.push(record);
    }
    this.#records = this.#byId.size === 0 ? [] : records;
  }

  #chooseLookup() {
    this.contains = this.#records.length === 0 && !this.#isLoadSuspended ? this.#ring.contains : undefined;
  }
}

/** @param {Uint8Array} array */
function replaceAll(array, from, to) {
  for (let index = array.indexOf(from); index >= 0; index = array.indexOf(from, index + 1)) {
    array[index] = to;
  }
}

/** @param {string | NewKey} key */
function kindOf(key) {
  if (typeof key === "string") {
    return ALLOW_DUPLICATE;
  }
  return key.record.hash === undefined ? TEXT : HASH;
}

/** Keys are revoked by their ids. */
function repeatedId(row, first) {
  return codedError(
    "ERR_MCP_AUTH_KEYS_INVALID",
    `${keyPath(row)} has the same \`id\` as ${keyPath(first)}; give each key its own`,
  );
}
