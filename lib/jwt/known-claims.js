import { copierOf } from "../copier.js";
import { CACHED_ID_BASE } from "../native.js";

/**
 * Claims of tokens that were verified before, handed out as copies: each caller gets an object of its
 * own, as if the token had been parsed for it, at a fraction of the cost.
 *
 * The native side says which of its entries a token is. What is kept here per entry is replaced when
 * the entry is, and so is bounded like the entries.
 */
export class KnownClaims {
  #size;
  #read;
  #copiers = [];

  /**
   * @param {number} size number of entries that the native side keeps
   * @param {(id: number) => string | null} read what `verify` returned for an entry
   */
  constructor(size, read) {
    this.#size = size;
    this.#read = read;
  }

  /**
   * @param {number} id what the native side said that the token is
   * @returns {{ key: number, copy: () => object }} the position of its key, and what copies its claims
   */
  find(id) {
    const place = (id - CACHED_ID_BASE) % this.#size;
    let known = this.#copiers[place];
    if (known?.id !== id) {
      const text = this.#read(id);
      known = { id, key: text.charCodeAt(0), copy: copierOf(JSON.parse(text.slice(1))) };
      this.#copiers[place] = known;
    }
    return known;
  }
}
