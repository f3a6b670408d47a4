/**
 * Rounds in which all implementations of a row take their turn in random order. What disturbs the machine for
 * a while disturbs them alike, and a ratio is taken within a round, never between rounds.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
// An implementation that waits for its turn through many collections would lose its compiled code otherwise.
setFlagsFromString("--no-flush-bytecode");
const collectGarbage = runInNewContext("gc");

/** A pass lasts about this long at least, so that what surrounds it does not count. */
const MIN_PASS_MILLISECONDS = 1;
const FIRST_PASS_LENGTH = 16;

/** Old requests are some 30 MB of garbage by then. It is removed between samples, not during one. */
const PREPARED_BETWEEN_COLLECTIONS = 40_000;
let preparedSinceCollection = 0;

/**
 * Measures the implementations of one row.
 *
 * Each has `name`, `most` (operations in a pass at most) and `prepare(from, count)`, which returns the
 * pass or a promise of it: `run()`, which is timed, and `check(result)`, which throws if an answer is wrong. With
 * `waits`, the time that the processor was busy counts, not the wait. A pass that is another process's work brings a
 * `clock` that returns a promise of the milliseconds of that.
 *
 * @returns {Promise<{ name: string, samples: number[] }[]>} microseconds per operation, one for each round
 */
export async function measure(implementations, { rounds, milliseconds, warmUpMilliseconds }) {
  const entrants = implementations.map((implementation) => ({ implementation, samples: [], from: 0 }));
  for (const entrant of entrants) {
    await sample(entrant, warmUpMilliseconds);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const entrant of shuffled(entrants)) {
      entrant.samples.push(await sample(entrant, milliseconds));
    }
  }
  return entrants.map(({ implementation, samples }) => ({ name: implementation.name, samples }));
}

/** Passes until the time is up: microseconds per operation. */
async function sample(entrant, milliseconds) {
  const { implementation } = entrant;
  let elapsed = 0;
  let operations = 0;
  collectOldGarbage();
  while (elapsed < milliseconds) {
    // As many as fill the time, at the cost known so far.
    const wanted = Math.max((milliseconds - elapsed) * 1.02, MIN_PASS_MILLISECONDS);
    const count = Math.min(
      entrant.cost ? Math.ceil(wanted / entrant.cost) : FIRST_PASS_LENGTH,
      implementation.most,
    );
    const pass = await implementation.prepare(entrant.from, count);
    // A slow implementation does not get through the pool in one sample; the next one goes on from there.
    entrant.from = (entrant.from + count) % implementation.most;
    elapsed += await (pass.clock === undefined ? timed(pass) : timedElsewhere(pass));
    operations += count;
    preparedSinceCollection += count;
    entrant.cost = elapsed / operations;
  }
  return (elapsed * 1000) / operations;
}

/** Not before there is some: with little garbage, a collection would take as long as a sample. */
function collectOldGarbage() {
  if (preparedSinceCollection > PREPARED_BETWEEN_COLLECTIONS) {
    preparedSinceCollection = 0;
    collectGarbage();
  }
}

async function timed({ run, check, waits }) {
  // What survives two minor collections is old: no collector copies the requests while the clock runs,
  // only what the implementation allocates is its own to pay for.
  collectGarbage({ type: "minor" });
  collectGarbage({ type: "minor" });
  const clock = waits ? busyMilliseconds : () => performance.now();
  const start = clock();
  const result = await run();
  const elapsed = clock() - start;
  check(result);
  return elapsed;
}

/** What comes before and after the pass is the clock's own, and the same for all. */
async function timedElsewhere({ run, check, clock }) {
  const start = await clock();
  const result = await run();
  const elapsed = (await clock()) - start;
  check(result);
  return elapsed;
}

function busyMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function shuffled(items) {
  const order = [...items];
  for (let left = order.length - 1; left > 0; left -= 1) {
    const other = Math.floor(Math.random() * (left + 1));
    [order[left], order[other]] = [order[other], order[left]];
  }
  return order;
}

/** `{ median, q1, q3, min, max }`; the spread that is printed is the middle half, q1 to q3. */
export function summary(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (fraction) => {
    const position = fraction * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.ceil(position);
    return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
  };
  return { median: at(0.5), q1: at(0.25), q3: at(0.75), min: at(0), max: at(1) };
}
