import { warn } from "../errors.js";

/** Least time between two warnings that the store is down. */
const BETWEEN_WARNINGS_MS = 60_000;

/**
 * How often each address failed, counted by a limiter of `rate-limiter-flexible` in a store that several
 * machines share. When the store fails or does not answer in time, nothing is known: `undefined`.
 */
export class StoredCounts {
  #limiter;
  #timeoutMs;
  #now;
  #warnedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param {import("../../index.js").FailureLimiter} limiter
   * @param {number} timeoutMs
   * @param {() => number} now milliseconds of a clock that never goes back
   */
  constructor(limiter, timeoutMs, now) {
    this.#limiter = limiter;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** Milliseconds until an address that has used up its failures may go on; 0 if it has not. */
  async lockedFor(address) {
    try {
      const known = await this.#inTime(this.#limiter.get(address));
      return known?.remainingPoints <= 0 ? (waitFor(known) ?? this.#failed()) : 0;
    } catch {
      return this.#failed();
    }
  }

  /** Counts a failure. Milliseconds until the next may come if it is one too many, else 0. */
  async add(address) {
    try {
      await this.#inTime(this.#limiter.consume(address, 1));
      return 0;
    } catch (refusal) {
      return waitFor(refusal) ?? this.#failed();
    }
  }

  async #inTime(answer) {
    let timer;
    // Two turns of the event loop more. Under a flood a single one may take longer than the time limit,
    // and its timers come before what the store has sent meanwhile: a flood must not stop the counting.
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(() => setImmediate(() => setImmediate(reject)), this.#timeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #failed() {
    const now = this.#now();
    if (now - this.#warnedAt >= BETWEEN_WARNINGS_MS) {
      this.#warnedAt = now;
      // The cause is left out: it may name hosts and passwords.
      warn(
        "LIMITER_FAILED",
        "the store of `throttle.limiter` fails or does not answer in time, so failed authentication attempts " +
          "are not counted; requests are decided as before",
      );
    }
    return undefined;
  }
}

/**
 * The wait that a limiter asks for, or `undefined` if this is no answer of a limiter. A limiter refuses by
 * rejecting with an object that has `msBeforeNext`, a union of limiters with one that has such objects
 * as members; below zero it means for ever.
 */
function waitFor(answer) {
  if (typeof answer !== "object" || answer === null || answer instanceof Error) {
    return undefined;
  }
  const waits = [answer, ...Object.values(answer)]
    .map((part) => part?.msBeforeNext)
    .filter((wait) => typeof wait === "number" && !Number.isNaN(wait));
  return waits.length === 0
    ? undefined
    : Math.max(...waits.map((wait) => (wait < 0 ? Number.POSITIVE_INFINITY : Math.max(wait, 1))));
}
