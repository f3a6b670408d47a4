const WORD = 2 ** 32;

/** Random numbers that cost little beside what is measured: xorshift128 (Marsaglia 2003). */
export class Random {
  #state;

  /** @param {number} seed a whole number under 2^32; the same one gives the same numbers */
  constructor(seed) {
    // Not all zero, which is the one state that it never leaves.
    this.#state = new Uint32Array([seed, 362436069, 521288629, 88675123]);
    for (let discarded = 0; discarded < 20; discarded += 1) {
      this.below(1);
    }
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit) {
    const state = this.#state;
    const mixed = state[0] ^ (state[0] << 11);
    state.copyWithin(0, 1);
    state[3] = state[3] ^ (state[3] >>> 19) ^ mixed ^ (mixed >>> 8);
    return Math.floor((state[3] / WORD) * limit);
  }

  oneOf(items) {
    return items[this.below(items.length)];
  }

  shuffle(items) {
    for (let end = items.length - 1; end > 0; end -= 1) {
      const other = this.below(end + 1);
      [items[end], items[other]] = [items[other], items[end]];
    }
  }
}
