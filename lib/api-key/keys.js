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
  /** Of keys in the ring. */
  #count = 0;
  /** Of plain strings that were given once more. */
  #repeats = 0;

  get count() {
    return this.#count + this.#repeats;
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
    const distinct = withoutRepeats(keys, () => false);
    this.#change([], distinct);
    this.#repeats = keys.length - distinct.length;
  }

  /** @param {CheckedKey[]} keys */
  add(keys) {
    const distinct = withoutRepeats(keys, (text) => this.find(text) === true);
    this.#change(this.#places(), distinct);
    this.#repeats += keys.length - distinct.length;
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
    const added = withoutRepeats([key], (text) => this.find(text) === true);
    if (overlapMs === 0) {
      this.#change(
        this.#places().filter((kept) => kept !== place),
        added,
      );
    } else {
      const before = this.#entries[place];
      const ended = before.endingAt(Math.min(before.expiresAt, now + overlapMs));
      this.#change(this.#places(), added, new Map([[place, ended]]));
    }
    this.#repeats += 1 - added.length;
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
    const entries = [
      ...kept.map((place) => changed.get(place) ?? this.#entries[place]),
      ...added.map(({ entry }) => entry),
    ];
    const nameOf = (place) => placeOf(place < kept.length ? -1 : added[place - kept.length].index);
    refuseEqualIds(entries, nameOf);
    const kinds = Uint8Array.from(entries, (entry, place) => {
      if (entry === undefined) {
        return MAY_REPEAT;
      }
      return place >= kept.length && added[place - kept.length].isHash ? HASH : TEXT;
    });
    const texts = added.map(({ text }) => text);
    const equal = constructNative(() => this.#ring.replace(Uint32Array.from(kept), texts, kinds));
    if (equal !== null) {
      const [one, other] = equal.map(nameOf);
      throw configurationError("KEYS_INVALID", `${other} is the same key as ${one}; remove one of them`);
    }
    this.#entries = entries.some((entry) => entry !== undefined) ? entries : [];
    this.#count = entries.length;
  }
}

/**
 * Equal plain strings are one key. The ring keeps the place of the first alone, so that of others none must
 * be counted on when places move.
 */
function withoutRepeats(keys, isKnown) {
  const seen = new Set();
  return keys.filter(({ text, entry }) => {
    if (entry !== undefined) {
      return true;
    }
    const isNew = !seen.has(text) && !isKnown(text);
    seen.add(text);
    return isNew;
  });
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
