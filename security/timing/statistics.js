/** Welch's t of two classes of times, whole and cropped. No clock here: see measure.js. */

/** Of each batch, the shortest so many count. Stated here, before any measurement. */
export const SHARES = [0.5, 0.75, 0.9, 0.95, 0.99, 1];

/** The crop whose difference of means is shown: nearly all, but for what interrupts add. */
const SHOWN_SHARE = 0.95;

/** Mean and spread, one value at a time and without cancellation (Welford 1962). */
export class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value) {
    this.count += 1;
    const distance = value - this.mean;
    this.mean += distance / this.count;
    this.#squares += distance * (value - this.mean);
  }

  /** The sample's, with `count - 1`. */
  get variance() {
    return this.#squares / (this.count - 1);
  }
}

/**
 * How the means of two classes differ.
 *
 * @param {Moments} first
 * @param {Moments} second
 * @returns {{ t: number, difference: number, standardError: number }} positive when the second is greater
 */
export function welch(first, second) {
  const difference = second.mean - first.mean;
  const standardError = Math.sqrt(first.variance / first.count + second.variance / second.count);
  // A coarse clock can give the same time throughout.
  return { t: difference === 0 ? 0 : difference / standardError, difference, standardError };
}

/** The times of a question, cropped in each of the ways of `SHARES`. */
export class Times {
  #crops = SHARES.map((share) => ({ share, classes: [new Moments(), new Moments()] }));
  #count = 0;

  /**
   * @param {Float64Array} times
   * @param {Uint8Array} classes 0 or 1 for each of the times
   */
  addBatch(times, classes) {
    const sorted = times.toSorted();
    this.#count += times.length;
    for (const crop of this.#crops) {
      const longest = sorted[Math.ceil(sorted.length * crop.share) - 1];
      for (let index = 0; index < times.length; index += 1) {
        if (times[index] <= longest) {
          crop.classes[classes[index]].add(times[index]);
        }
      }
    }
  }

  /**
   * The t of the crop in which the classes differ most and the difference of the means there, `shift`; and
   * the difference of the means, with its standard error, of the crop of 95 %.
   *
   * @returns {{ measurements: number, share: number, t: number, shift: number, difference: number, standardError: number }}
   */
  comparison() {
    const compared = this.#crops.map(({ share, classes }) => ({ share, ...welch(...classes) }));
    const most = compared.reduce((one, other) => (Math.abs(other.t) > Math.abs(one.t) ? other : one));
    const { difference, standardError } = compared.find((each) => each.share === SHOWN_SHARE);
    return {
      measurements: this.#count,
      share: most.share,
      t: most.t,
      shift: most.difference,
      difference,
      standardError,
    };
  }
}
