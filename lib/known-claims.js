import { FIRST_ID } from "./native.js";

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

/**
 * A function that copies one object or array that JSON.parse made, deeply. Spreading keeps the order
 * of members and a member named `__proto__` as what it is.
 */
function copierOf(value) {
  const nested = Object.keys(value)
    .filter((name) => typeof value[name] === "object" && value[name] !== null)
    .map((name) => [name, copierOf(value[name])]);
  const shallow = Array.isArray(value) ? () => value.slice() : () => ({ ...value });
  if (nested.length === 0) {
    return shallow;
  }
  return () => {
    const copy = shallow();
    for (const [name, copyNested] of nested) {
      copy[name] = copyNested();
    }
    return copy;
  };
}
