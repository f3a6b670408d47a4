/**
 * How time grows with the size of the input, up to the documented maximum. Sixteen times the input take
 * sixteen times as long, and what the caches of the processor, page faults and sorting add to that; a
 * square would take 256 times as long.
 */

import { timed } from "./processor.js";
import { SHAPES } from "./shapes.js";

/** Of the power of the size that time grows with: 1 is linear, 2 is its square. */
export const STEEPEST = 1.5;

const STEP = 4;
const STEPS = 2;
const FIRST_LOOK_ROUNDS = 3;
/** For what seemed too steep at first. */
const SECOND_LOOK_ROUNDS = 9;
/** What takes less says more about the clock and the collector than about the input. */
const MIN_MILLISECONDS = 0.1;

/**
 * @typedef {object} Growth
 * @property {string} shape
 * @property {number[]} sizes in the shape's unit
 * @property {number[]} milliseconds least of all rounds, of each size
 * @property {number} power of the size that time grows with, over the whole range
 */

/**
 * Measures each shape at three sizes.
 *
 * @returns {AsyncGenerator<Growth>}
 */
export async function* measureGrowth() {
  for (const [shape, { largest, prepare }] of Object.entries(SHAPES)) {
    const sizes = Array.from({ length: STEPS + 1 }, (_, step) =>
      Math.floor(largest / STEP ** (STEPS - step)),
    );
    const runs = sizes.map(prepare);
    const least = sizes.map(() => Number.POSITIVE_INFINITY);
    await takeRounds(runs, least, FIRST_LOOK_ROUNDS);
    if (powerOf(least) > STEEPEST) await takeRounds(runs, least, SECOND_LOOK_ROUNDS);
    yield { shape, sizes, milliseconds: least, power: powerOf(least) };
  }
}

/** The least of the rounds is what the input costs; whatever else the machine does only adds to it. */
async function takeRounds(runs, least, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    for (const [place, run] of runs.entries()) {
      least[place] = Math.min(least[place], await timed(async () => run()));
    }
  }
}

function powerOf(milliseconds) {
  const [first, last] = [milliseconds[0], milliseconds.at(-1)].map((time) =>
    Math.max(time, MIN_MILLISECONDS),
  );
  return Math.log(last / first) / Math.log(STEP ** STEPS);
}
