import { compileClone } from "../core/clone.js";
import { CACHED_ID_BASE } from "../native/load.js";

/**
 * Claims of tokens that were verified before, handed out as copies: each caller gets an object of its own, as if the
 * token had been parsed for it, at a fraction of the cost.
 *
 * The native side says which of its entries a token is. The slot here is replaced when the entry is, and so is bounded
 * like the entries.
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
   * @param {number} id which entry the native side found
   * @returns {{ clone: () => object, keyIndex: number }}
   */
  get(id) {
    const index = (id - CACHED_ID_BASE) % this.#size;
    let slot = this.#slots[index];
    if (slot?.id !== id) {
      const text = /** @type {string} */ (this.#read(id));
      slot = { id, clone: compileClone(JSON.parse(text.slice(1))), keyIndex: text.charCodeAt(0) };
      this.#slots[index] = slot;
    }
    return slot;
  }
}
