import { configurationError, constructNative } from "../errors.js";
import { keyRing } from "../native.js";
import { placeOf } from "./entries.js";

/** @typedef {import("./entries.js").CheckedKey} CheckedKey */

/** Kinds of keys, as the native ring takes them. */
const [MAY_REPEAT, TEXT, HASH] = [0, 1, 2];

/** A clock that jumps forth and back is set right within a day. */
const DAY_MS = 86_400_000;

/**
 * The keys of a provider: a native ring of digests, and what is known of each key beside it. They change
 * together and as a whole: what throws changes nothing.
 */
export class APIKeys {
  #ring = constructNative(() => keyRing());
  /** By place in the ring; `undefined` for a key that is a plain string. Empty as long as all are. */
  #entries = [];
  #count = 0;

  /** Equal plain strings counted each. */
  get count() {
    return this.#count;
  }

  /** Whether it is one of the keys: what there is to ask as long as all are plain strings. */
  get contains() {
    return this.#ring.contains;
  }

  /** Whether some keys are entries, with bounds and data of their own. */
  get haveEntries() {
    return this.#entries.length > 0;
  }

  /** The entry of a key; `true` for a plain string, `undefined` for no key. */
  find(presented) {
    const place = this.#ring.find(presented);
    return place < 0 ? undefined : (this.#entries[place] ?? true);
  }

  /** @param {CheckedKey[]} keys that are to be all there are from now on */
  setAll(keys) {
    this.#change([], keys);
  }

  /** @param {CheckedKey[]} keys */
  add(keys) {
    this.#change(this.#places(), keys);
  }

  /** @returns {boolean} whether there was a key of this id */
  revoke(id) {
    const place = this.#placeOf(id);
    if (place < 0) {
      return false;
    }
    this.#change(
      this.#places().filter((kept) => kept !== place),
      [],
    );
    return true;
  }

  /**
   * @param {string} id of a key that there is
   * @param {CheckedKey} key that comes in its place
   * @param {number} overlapMs how long the old one stays good beside it
   * @param {number} now
   */
  replace(id, key, overlapMs, now) {
    const place = this.#placeOf(id);
    if (place < 0) {
      throw configurationError(
        "KEYS_INVALID",
        "there is no key of the `id` to replace; add the new one instead",
      );
    }
    if (overlapMs === 0) {
      this.#change(
        this.#places().filter((kept) => kept !== place),
        [key],
      );
    } else {
      const before = this.#entries[place];
      const ended = before.endingAt(Math.min(before.expiresAt, now + overlapMs));
      this.#change(this.#places(), [key], new Map([[place, ended]]));
    }
  }

  /** Of all keys but those that ended long ago: whoever rotates keys for years must not collect them. */
  #places() {
    const longAgo = Date.now() - DAY_MS;
    const places = Array.from({ length: this.#count }, (_, place) => place);
    return places.filter((place) => !(this.#entries[place]?.expiresAt < longAgo));
  }

  #placeOf(id) {
    return this.#entries.findIndex((entry) => entry !== undefined && entry.id === id);
  }

  /**
   * @param {number[]} kept places of keys that stay, in this order
   * @param {CheckedKey[]} added
   * @param {Map<number, object>} changed entries that take the place of others
   */
  #change(kept, added, changed = new Map()) {
    const nameOf = (place) => placeOf(place - kept.length);
    const arePlain = !this.haveEntries && added.every((key) => typeof key === "string");
    const entries = arePlain
      ? []
      : [
          ...kept.map((place) => changed.get(place) ?? this.#entries[place]),
          ...added.map((key) => (typeof key === "string" ? undefined : key.entry)),
        ];
    refuseEqualIds(entries, nameOf);
    const kinds = new Uint8Array(kept.length + added.length);
    for (const [place, entry] of entries.entries()) {
      kinds[place] = entry === undefined ? MAY_REPEAT : added[place - kept.length]?.isHash ? HASH : TEXT;
    }
    const texts = arePlain ? added : added.map((key) => (typeof key === "string" ? key : key.text));
    const equal = constructNative(() => this.#ring.replace(Uint32Array.from(kept), texts, kinds));
    if (equal !== null) {
      const [one, other] = equal.map(nameOf);
      throw configurationError("KEYS_INVALID", `${other} is the same key as ${one}; remove one of them`);
    }
    this.#entries = entries.some((entry) => entry !== undefined) ? entries : [];
    this.#count = kinds.length;
  }
}

/** An id is what a key is revoked by. */
function refuseEqualIds(entries, nameOf) {
  const places = new Map();
  for (const [place, entry] of entries.entries()) {
    if (entry === undefined) {
      continue;
    }
    if (places.has(entry.id)) {
      throw configurationError(
        "KEYS_INVALID",
        `${nameOf(place)} has the same \`id\` as ${nameOf(places.get(entry.id))}; give each key its own`,
      );
    }
    places.set(entry.id, place);
  }
}
