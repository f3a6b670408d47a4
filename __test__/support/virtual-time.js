import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * A monotonic clock and the timers of a test, in milliseconds that pass when the test says so.
 *
 * @param {import("node:test").TestContext} t
 */
export function virtualTime(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let ms = 1000;
  return {
    now: () => ms,
    /** Lets what is due happen, in steps, with some turns of the event loop after each. */
    async advance(totalMs, stepMs = totalMs) {
      for (let passed = 0; passed < totalMs; passed += stepMs) {
        ms += stepMs;
        t.mock.timers.tick(stepMs);
        await settle();
      }
    },
  };
}

/** Lets promises that are due settle. */
export async function settle(turns = 3) {
  for (let turn = 0; turn < turns; turn += 1) {
    await nextTurn();
  }
}

/** What a promise did until now. */
export function follow(promise) {
  const state = { settled: false };
  promise.then(
    (value) => Object.assign(state, { settled: true, value }),
    (error) => Object.assign(state, { settled: true, error }),
  );
  return state;
}
