/**
 * @typedef {import("./records.js").ApiKeyRecord} ApiKeyRecord
 * @typedef {import("./records.js").NewKey} NewKey
 *
 * @typedef {{ key: string | NewKey, row: number }} ReadRow
 *
 * @typedef {object} KeysInUse
 * @property {(ApiKeyRecord | undefined)[]} records by index
 * @property {number} count
 * @property {(index: number) => boolean} isByHand whether a key was added by hand since the load began
 * @property {(id: string) => ApiKeyRecord | undefined} recordOfId
 * @property {(text: string) => number} indexOf -1 for no key
 */

/** Instead of the row that keeps a key. */
const [NO_ROW, BY_HAND] = [-1, -2];

const SAME_ID = " has the same `id` as another row, with other contents";
const SAME_KEY = " is the same key as another row";

/**
 * Which keys are in use after a load: those that it gives, except for changes by hand since it began, which hold.
 *
 * Rows for one id or one key that do not say the same are all left out. Which of them is meant cannot be known, and a key
 * that has expired or was revoked under one id must not come back under another.
 */
export class LoadPlan {
  /** @type {ReadRow[]} */
  #read = [];
  /** @type {Map<string, ReadRow>} */
  #readById = new Map();
  /** By the text of a key or by its hash, neither of which has the form of the other. @type {Map<string, ReadRow>} */
  #readByKey = new Map();
  /** Rows and their problems; `undefined` for a row that a change by hand replaces. @type {Map<number, string | undefined>} */
  #leftOut = new Map();
  /** @type {ReadRow[]} */
  #added = [];
  /** @type {{ record: ApiKeyRecord, latest: ApiKeyRecord, row: number }[]} */
  #updated = [];
  /** Rows that were compared with all keys by the ring. @type {Set<number>} */
  #compared = new Set();
  /** By index of a key in use: the row that keeps it, `NO_ROW` or `BY_HAND`. */
  #rowOf = new Int32Array(0);

  /** Takes a row that does not describe a key in use as it is. @param {string | NewKey} key @param {number} row */
  read(key, row) {
    const name = typeof key === "string" ? key : (key.record.hash ?? key.text);
    const sameKey = this.#readByKey.get(name);
    if (sameKey !== undefined && saysTheSame(sameKey.key, key)) {
      return;
    }
    const item = { key, row };
    this.#read.push(item);
    if (sameKey === undefined) {
      this.#readByKey.set(name, item);
    } else {
      this.#leaveOut(SAME_KEY, sameKey.row, row);
    }
    if (typeof key === "string") {
      return;
    }
    const sameId = this.#readById.get(key.record.id);
    if (sameId === undefined) {
      this.#readById.set(key.record.id, item);
    } else {
      this.#leaveOut(SAME_ID, sameId.row, row);
    }
  }

  /** Whether all rows describe keys in use as they are, if they can be read. */
  get isEmpty() {
    return this.#read.length === 0;
  }

  /**
   * Settles what becomes of each key in use and of each row.
   *
   * @param {KeysInUse} keys
   * @param {import("./key-set.js").Changes} changes by hand since the load began
   */
  settle(keys, changes) {
    this.#rowOf = new Int32Array(keys.count);
    for (let index = 0; index < this.#rowOf.length; index += 1) {
      const record = keys.records[index];
      const row = record?.load === changes.load ? record.row : NO_ROW;
      this.#rowOf[index] = keys.isByHand(index) ? BY_HAND : row;
    }
    for (const item of this.#read) {
      const { key, row } = item;
      if (typeof key === "string") {
        this.#settlePlain(key, item, keys);
      } else if (changes.revoked.has(key.record.id)) {
        this.#leftOut.set(row, this.#leftOut.get(row));
      } else {
        key.record.expireAt(changes.expiries.get(key.record.id) ?? Number.POSITIVE_INFINITY);
        this.#settleEntry(key, row, keys);
      }
    }
    this.#compareWithKeysInUse(keys);
  }

  /** Indices of keys that stay, ascending. */
  get kept() {
    const rowOf = this.#rowOf;
    const kept = new Uint32Array(rowOf.length);
    let length = 0;
    for (let index = 0; index < rowOf.length; index += 1) {
      if (rowOf[index] !== NO_ROW && !this.#leftOut.has(rowOf[index])) {
        kept[length] = index;
        length += 1;
      }
    }
    return kept.slice(0, length);
  }

  get added() {
    return this.#remaining(this.#added).map(({ key }) => key);
  }

  /** Keys of rows that are left out, which no other row may give in another form: a hash, or the key of it. */
  get leftOutKeys() {
    return this.#leftOutItems.map(({ key }) => key);
  }

  get #leftOutItems() {
    return [...this.#readByKey.values()].filter(
      ({ row }) => this.#leftOut.has(row) && !this.#compared.has(row),
    );
  }

  /** Rows that are left out, and what is wrong with them. */
  get leftOut() {
    return [...this.#leftOut].flatMap(([row, problem]) => (problem === undefined ? [] : [{ row, problem }]));
  }

  /**
   * Leaves out keys that the ring found equal: a hash and the key of it, which only the ring can tell.
   *
   * @param {number[]} positions two, among those of `kept`, `added` and `leftOutKeys`
   */
  leaveOutEqual(positions) {
    const rows = [
      ...Array.from(this.kept, (index) => this.#rowOf[index]),
      ...this.#remaining(this.#added).map(({ row }) => row),
      ...this.#leftOutItems.map(({ row }) => row),
    ];
    const [one, other] = positions.map((position) => rows[position]);
    this.#leaveOut(SAME_KEY, one, other);
    this.#compared.add(one).add(other);
  }

  /** Gives the keys that stay what their rows say. */
  updateRecords() {
    for (const { record, latest } of this.#remaining(this.#updated)) {
      record.update(latest);
    }
  }

  #settlePlain(text, item, keys) {
    const index = keys.indexOf(text);
    if (index < 0 || keys.records[index] !== undefined) {
      this.#added.push(item);
    } else if (this.#rowOf[index] === NO_ROW) {
      this.#rowOf[index] = item.row;
    }
  }

  #settleEntry(key, row, keys) {
    const record = keys.recordOfId(key.record.id);
    if (record === undefined) {
      this.#added.push({ key, row });
      return;
    }
    const { index } = record;
    if (this.#rowOf[index] === BY_HAND) {
      return;
    }
    const { hash } = key.record;
    const isSameKey = hash === undefined ? keys.indexOf(key.text) === index : hash === record.hash;
    if (this.#rowOf[index] !== NO_ROW && isSameKey && record.isEqual(key.record)) {
      return;
    }
    this.#leaveOut(SAME_ID, this.#rowOf[index], row);
    if (isSameKey) {
      this.#rowOf[index] = row;
      this.#updated.push({ record, latest: key.record, row });
    } else {
      this.#added.push({ key, row });
    }
  }

  /** Finds at once what the ring would find pair by pair. */
  #compareWithKeysInUse({ records, indexOf }) {
    let hasHashes = false;
    for (const { key, row } of this.#added) {
      if (typeof key !== "string" && key.record.hash !== undefined) {
        hasHashes = true;
        continue;
      }
      const index = indexOf(typeof key === "string" ? key : key.text);
      if (index >= 0) {
        this.#leaveOut(SAME_KEY, this.#rowOf[index], row);
      }
    }
    for (let index = 0; hasHashes && index < records.length; index += 1) {
      const hash = this.#rowOf[index] === NO_ROW ? undefined : records[index]?.hash;
      const item = hash === undefined ? undefined : this.#readByKey.get(hash);
      if (item !== undefined && item.row !== this.#rowOf[index]) {
        this.#leaveOut(SAME_KEY, this.#rowOf[index], item.row);
      }
    }
  }

  #remaining(items) {
    return items.filter(({ row }) => !this.#leftOut.has(row));
  }

  /** Leaves out two rows, unless one stands for a key that goes away, or that was added by hand and holds. */
  #leaveOut(problem, one, other) {
    if (one === NO_ROW || other === NO_ROW) {
      return;
    }
    const isByHand = one === BY_HAND || other === BY_HAND;
    for (const row of [one, other]) {
      if (row !== BY_HAND && !this.#leftOut.has(row)) {
        this.#leftOut.set(row, isByHand ? undefined : problem);
      }
    }
  }
}

/** Whether two rows for one key say the same of it. @param {string | NewKey} one @param {string | NewKey} other */
function saysTheSame(one, other) {
  return typeof one === "string" || typeof other === "string"
    ? one === other
    : one.record.isEqual(other.record);
}
