import { warn } from "../core/warnings.js";

/** Shortest time between two warnings that the store is down. */
const MIN_WARNING_INTERVAL_MS = 60_000;

/**
 * Failed attempts of each client, counted by a limiter of `rate-limiter-flexible` in a store that several machines share.
 * `undefined` when the store fails or does not answer in time.
 */
export class LimiterCounter {
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

  /** Milliseconds until a client that has used up its failures may try again; 0 if it has not. */
  async lockedFor(client) {
    try {
      const known = await this.#withTimeout(this.#limiter.get?.(client));
      return known?.remainingPoints <= 0 ? (waitOf(known) ?? this.#failed()) : 0;
    } catch {
      return this.#failed();
    }
  }

  /** Counts failures. Gives the milliseconds until the next attempt if they are too many, else 0. */
  async add(client, failures = 1) {
    try {
      await this.#withTimeout(this.#limiter.consume(client, failures));
      return 0;
    } catch (rejection) {
      return waitOf(rejection) ?? this.#failed();
    }
  }

  async #withTimeout(answer) {
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
    if (now - this.#warnedAt >= MIN_WARNING_INTERVAL_MS) {
      this.#warnedAt = now;
      // Without a cause, which may name hosts and passwords.
      warn(
        "MCP_NATIVE_AUTH_LIMITER_FAILED",
        "the store of `throttle.limiter` fails or does not answer in time, so failed authentication attempts " +
          "are not counted; requests are decided as before",
      );
    }
    return undefined;
  }
}

/**
 * The wait that a limiter asks for, or `undefined` if this is no answer of a limiter. A limiter rejects
 * with an object that has `msBeforeNext`, a union of limiters with one that has such objects
 * as members; below zero it means for ever.
 */
function waitOf(answer) {
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
