/**
 * Processor time instead of time on the clock: on a machine with more to do, whatever takes longer than a
 * slice of the scheduler would seem to take many times as long as it does.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
// What waits for its turn through many collections would lose its compiled code otherwise.
setFlagsFromString("--no-flush-bytecode");
const collectGarbage = runInNewContext("gc");

/**
 * What this process has used so far, all its threads: the collector has threads of its own, and what they
 * do is part of the price.
 *
 * @returns {number} milliseconds
 */
export function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * The processor time of `work`, which pays for no garbage but its own.
 *
 * @param {() => Promise<unknown>} work
 * @returns {Promise<number>} milliseconds
 */
export async function timed(work) {
  collectGarbage({ type: "minor" });
  const start = processorTime();
  await work();
  return processorTime() - start;
}

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
