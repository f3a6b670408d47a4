import { compileClone } from "../core/clone.js";
import { CACHED_ID_BASE } from "../native/load.js";

/** Claims with more objects and arrays, or more properties and items in all of them, are parsed on each use. */
const MAX_NESTED = 16;
const MAX_PROPERTIES = 64;

/**
 * Claims of tokens that were verified before, handed out as copies: each caller gets an object of its own, as if the
 * token had been parsed for it, at a fraction of the cost.
 *
 * The native side says which of its entries a token is. The slot here is replaced when the entry is, and so is bounded
 * like the entries. What a slot keeps is bounded too: parsed claims can take 80 times the memory of their text.
 */
export class ClaimsCache {
  #size;
  #read;
  #slots = [];

  /**
   * @param {number} size number of entries that the native side keeps
   * @param {(id: number) => string | null} read the verified text of an entry
   */
  constructor(size, read) {
    this.#size = size;
    this.#read = read;
  }

  /**
   * @param {number} id which entry the native side found, just now
   * @returns {{ clone: () => object, keyIndex: number }}
   */
  get(id) {
    const index = (id - CACHED_ID_BASE) % this.#size;
    let slot = this.#slots[index];
    if (slot?.id !== id) {
      const text = this.#text(id);
      const claims = JSON.parse(text.slice(1));
      // A closure of its own, so that a slot does not keep what it does not need.
      const clone = isSmall(claims) ? compileClone(claims) : this.#parseOnUse(id);
      slot = { id, clone, keyIndex: text.charCodeAt(0) };
      this.#slots[index] = slot;
    }
    return slot;
  }

  #text(id) {
    return /** @type {string} */ (this.#read(id));
  }

  #parseOnUse(id) {
    return () => JSON.parse(this.#text(id).slice(1));
  }
}

/** Whether a copy of parsed claims takes little memory. */
function isSmall(claims) {
  let [nested, properties] = [0, 0];
  const isWithin = (value) => {
    if (typeof value !== "object" || value === null) {
      return true;
    }
    const values = Object.values(value);
    nested += 1;
    properties += values.length;
    return nested <= MAX_NESTED && properties <= MAX_PROPERTIES && values.every(isWithin);
  };
  return isWithin(claims);
}
