/**
 * The random numbers of one case, drawn from the seed and the number of the case alone: a case can be
 * made again without those before it. Chris Doty-Humphrey's sfc32, which is public domain.
 */
export class Random {
  #a;
  #b;
  #c;
  #counter = 1;

  /**
   * @param {number} seed
   * @param {number} number of the case; what is beyond 32 bits counts too
   */
  constructor(seed, number) {
    this.#a = seed >>> 0;
    this.#b = number >>> 0;
    this.#c = Math.floor(number / 2 ** 32) >>> 0;
    for (let round = 0; round < 15; round += 1) {
      this.next();
    }
  }

  /** 32 random bits. */
  next() {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit) {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** A whole number from `least` to `most`. */
  between(least, most) {
    return least + this.below(most - least + 1);
  }

  /** True in this share of the draws. */
  chance(share) {
    return this.next() / 2 ** 32 < share;
  }

  /** One of the values, each as likely. */
  pick(values) {
    return values[this.below(values.length)];
  }

  /** One of the values of `[weight, value]` pairs. */
  weighted(pairs) {
    let left = this.below(pairs.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of pairs) {
      left -= weight;
      if (left < 0) {
        return value;
      }
    }
    return undefined;
  }

  bytes(length) {
    return Buffer.alloc(length).map(() => this.next() & 0xff);
  }

  /** Several of the values, in random order, each at most once. */
  some(values, most = values.length) {
    const left = [...values];
    return Array.from({ length: Math.min(this.between(1, most), left.length) }, () =>
      left.splice(this.below(left.length), 1),
    ).flat();
  }
}
