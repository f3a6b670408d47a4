import { copierOf } from "../copier.js";
import { FIRST_ID } from "../native.js";

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
   * @param {(id: number) => string | null} read the JSON text of an entry's claims
   */
  constructor(size, read) {
    this.#size = size;
    this.#read = read;
  }

  /** @param {number} id what the native side said that the token is */
  copy(id) {
    const place = (id - FIRST_ID) % this.#size;
    let known = this.#copiers[place];
    if (known?.id !== id) {
      known = { id, copy: copierOf(JSON.parse(this.#read(id))) };
      this.#copiers[place] = known;
    }
    return known.copy();
  }
}
