import { AsyncResource } from "node:async_hooks";

/** Longest delay of a timer; Node fires at once for a longer one. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Share of its age after which a value is refreshed in the background. */
const REFRESH_AT = 0.8;

/** Codes of the system, of Node, of TLS and of databases. */
const SAFE_ERROR_CODE = /^(?:E[A-Z]{2,15}|(?:EAI|ERR?|CERT|HPE|UNABLE|DEPTH|SELF)_[A-Z][A-Z0-9_]{1,60})$/;

/**
 * A source that cannot be asked, so that nothing can be decided: status 503, never 401. Messages name the source and
 * what happened, never what was sent or received.
 */
export class SourceError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} [retryAfterMs] milliseconds until asking again can help; `undefined` if that is not known
   */
  constructor(code, message, retryAfterMs) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get name() {
    return "SourceError";
  }
}

/**
 * What may be said of a failure. Messages of others can hold what must not be shown: JSON.parse quotes its text,
 * database drivers their URL. Codes do not.
 *
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function safeErrorCode(error) {
  try {
    const { code } = /** @type {{ code?: unknown }} */ (error);
    return typeof code === "string" && SAFE_ERROR_CODE.test(code) ? code : undefined;
  } catch {
    // Not an object, or one that throws when it is read.
    return undefined;
  }
}

/**
 * @typedef {object} LoadContext
 * @property {AbortSignal} signal aborted at the deadline and by `close()`
 * @property {boolean} keepAlive whether anyone waits: if not, the load must not keep the process alive
 *
 * @typedef {object} Failed
 * @property {number} sequence number of the load
 * @property {SourceError} error
 * @property {number} failures in a row
 * @property {boolean} usingStaleValue whether there is a good value that stays in use
 */

/**
 * Runs something that may take too long, or forever. Whatever it does after the deadline goes nowhere.
 *
 * @template T
 * @param {(context: LoadContext) => T | Promise<T>} run
 * @param {object} options
 * @param {string} options.name for the error, as in "the JWK Set"
 * @param {number} options.timeoutMs
 * @param {boolean} [options.keepAlive] whether the deadline keeps the process alive
 * @param {AbortController} [options.controller] aborting it ends the wait too
 * @param {(deadline: NodeJS.Timeout) => void} [options.onStart]
 * @returns {Promise<T>}
 */
export async function withDeadline(run, options) {
  const { name, timeoutMs, keepAlive = true, controller = new AbortController(), onStart } = options;
  /** @type {NodeJS.Timeout | undefined} */
  let deadline;
  const ended = new Promise((_, reject) => {
    const { signal } = controller;
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    deadline = setTimeout(() => {
      const message = `${name} took longer than ${timeoutMs / 1000} s`;
      controller.abort(new SourceError("ERR_MCP_AUTH_SOURCE_TIMEOUT", message));
    }, timeoutMs);
    if (!keepAlive) {
      deadline.unref();
    }
    onStart?.(deadline);
  });
  try {
    const running = (async () => run({ signal: controller.signal, keepAlive }))();
    return await /** @type {Promise<T>} */ (Promise.race([running, ended]));
  } catch (error) {
    if (error instanceof SourceError) {
      throw error;
    }
    const code = safeErrorCode(error);
    const message = code === undefined ? `${name} failed` : `${name} failed with ${code}`;
    throw new SourceError("ERR_MCP_AUTH_SOURCE_FAILED", message);
  } finally {
    clearTimeout(deadline);
  }
}

/**
 * @template T
 * @typedef {object} SourceOptions
 * @property {string} [name] for errors, as in "the JWK Set". Default: "the source"
 * @property {(context: LoadContext) => unknown} load gives the answer of the source, or a promise of it
 * @property {(answer: any) => T} [build] makes the value of an answer that came in time, or throws. Not `undefined`
 * @property {number} timeoutMs deadline of one load
 * @property {number | ((answer: any) => number)} [maxAgeMs] how long a value is fresh, from the start of its load.
 *   Default: Infinity
 * @property {number} [maxStaleMs] how much longer it is used while loads fail. Default: Infinity
 * @property {number} [minIntervalMs] from the end of one load to the start of the next. Default: 0
 * @property {number} [maxBackoffMs] what that interval grows to while loads fail. Default: minIntervalMs
 * @property {number} [intervalMs] how long after each load the next one starts in the background, 0 for never.
 *   Default: 80 % of the value's age; after a failure, as soon as the rate permits, but only to keep a value
 * @property {(loaded: { sequence: number, value: T }) => void} [onLoad] told of each new value
 * @property {(failed: Failed) => void} [onFailure] told of each load that failed
 * @property {() => number} [now] milliseconds of a clock that is never set back. Default: performance.now
 */

/**
 * One value that lives elsewhere and changes there: keys of a loader, a JWK Set, metadata. At most one load is under
 * way; loads keep a minimum distance, which grows while they fail; the last good value outlives failures for a stated
 * time. Nothing is loaded before it is asked for.
 *
 * @template T
 * @param {SourceOptions<T>} options
 * @returns {Source<T>}
 */
export function createSource(options) {
  return new Source(options);
}

/** @template T */
export class Source {
  #name;
  #load;
  #build;
  #timeoutMs;
  #maxAgeMs;
  #maxStaleMs;
  #minIntervalMs;
  #maxBackoffMs;
  #intervalMs;
  #onLoad;
  #onFailure;
  #now;
  /** @type {{ value: T, freshUntil: number, usableUntil: number } | undefined} */
  #held;
  /** @type {Promise<T> | undefined} The load under way. */
  #flight;
  /** @type {AbortController | undefined} */
  #controller;
  /** @type {NodeJS.Timeout | undefined} Of the load under way. */
  #deadline;
  /** @type {{ promise: Promise<T>, resolve: Function, reject: Function, keepAlive: boolean } | undefined} */
  #queued;
  /** @type {NodeJS.Timeout | undefined} Until the queued load may start. */
  #turn;
  /** @type {NodeJS.Timeout | undefined} Until the next load in the background. */
  #timer;
  #nextStart = Number.NEGATIVE_INFINITY;
  #started = 0;
  #failures = 0;
  /** @type {SourceError | undefined} Of the last load, if it failed. */
  #failure;
  #isClosed = false;
  /**
   * Loads and timers run in the asynchronous context in which the source was made, not in that of the request that
   * happens to ask: the next load's timer would keep what others store there, for as long as the source is in use.
   */
  #context = new AsyncResource("McpNativeAuthSource");

  /** @param {SourceOptions<T>} options */
  constructor(options) {
    this.#name = options.name ?? "the source";
    this.#load = options.load;
    this.#build = options.build ?? ((answer) => answer);
    this.#timeoutMs = options.timeoutMs;
    this.#maxAgeMs = options.maxAgeMs ?? Number.POSITIVE_INFINITY;
    this.#maxStaleMs = options.maxStaleMs ?? Number.POSITIVE_INFINITY;
    this.#minIntervalMs = options.minIntervalMs ?? 0;
    this.#maxBackoffMs = Math.max(options.maxBackoffMs ?? 0, this.#minIntervalMs);
    this.#intervalMs = options.intervalMs;
    this.#onLoad = options.onLoad;
    this.#onFailure = options.onFailure;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * The value that may be used without asking: a fresh one, or the last good one while loads fail. `undefined` if
   * there is none, and when one has outlived its age without a failure, as after the machine was suspended.
   */
  get value() {
    const held = this.#held;
    const now = held === undefined ? 0 : this.#now();
    if (held === undefined || now >= held.usableUntil || (now >= held.freshUntil && this.#failures === 0)) {
      return undefined;
    }
    return held.value;
  }

  /** How many loads have started. A load that starts later has a higher number. */
  get started() {
    return this.#started;
  }

  /** Why the last load failed; `undefined` if it did not. */
  get failure() {
    return this.#failure;
  }

  /** Milliseconds until a load may start; 0 if one is under way. */
  get msUntilLoad() {
    return this.#flight === undefined ? Math.max(0, this.#nextStart - this.#now()) : 0;
  }

  /**
   * The value, after a load if there is none that may be used. While loads fail it gives the last good one at once, or
   * rejects at once until the next load is due.
   *
   * @returns {Promise<T>}
   */
  async get() {
    const { value } = this;
    if (value !== undefined) {
      if (this.#failures > 0 && !this.#isClosed) {
        this.refresh({ background: true });
      }
      return value;
    }
    if (this.#flight === undefined && this.#failure !== undefined && this.msUntilLoad > 0) {
      throw new SourceError(this.#failure.code, this.#failure.message, this.msUntilLoad);
    }
    try {
      return await (this.#join() ?? this.refresh());
    } catch (error) {
      const last = this.value;
      if (last === undefined) {
        throw error;
      }
      return last;
    }
  }

  /**
   * Loads what there is now. A load that is under way may have read what has changed since, so another one follows it
   * as soon as the rate permits, one for all who ask meanwhile. A rejection that is not handled is not reported.
   *
   * @param {{ background?: boolean }} [options] `background`: the caller does not wait, and the process may end
   * @returns {Promise<T>}
   */
  refresh({ background = false } = {}) {
    if (this.#isClosed) {
      const rejected = Promise.reject(this.#closedError());
      rejected.catch(() => {});
      return rejected;
    }
    const queued = this.#queued ?? defer();
    this.#queued = queued;
    if (!background) {
      queued.keepAlive = true;
      this.#turn?.ref();
      this.#deadline?.ref();
    }
    this.#context.runInAsyncScope(() => this.#startQueued());
    return queued.promise;
  }

  /** Ends loads and timers. What was loaded stays until its time is over. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#turn);
    this.#turn = undefined;
    this.#queued?.reject(this.#closedError());
    this.#queued = undefined;
    this.#controller?.abort(this.#closedError());
  }

  #closedError() {
    return new SourceError("ERR_MCP_AUTH_SOURCE_CLOSED", `${this.#name} is closed`);
  }

  #join() {
    this.#deadline?.ref();
    return this.#flight;
  }

  #startQueued() {
    if (this.#flight !== undefined || this.#turn !== undefined || this.#queued === undefined) {
      return;
    }
    const waitMs = this.#nextStart - this.#now();
    if (waitMs <= 0) {
      this.#start(this.#queued);
      return;
    }
    this.#turn = setTimeout(
      () => {
        this.#turn = undefined;
        this.#startQueued();
      },
      Math.min(Math.ceil(waitMs), MAX_DELAY_MS),
    );
    if (!this.#queued.keepAlive) {
      this.#turn.unref();
    }
  }

  #start(queued) {
    this.#queued = undefined;
    clearTimeout(this.#timer);
    // Known before `load` is called, which may ask for the next load itself.
    this.#flight = queued.promise;
    this.#started += 1;
    this.#run(this.#started, queued.keepAlive).then(queued.resolve, queued.reject);
  }

  async #run(sequence, keepAlive) {
    const startedAt = this.#now();
    this.#controller = new AbortController();
    try {
      const answer = await withDeadline(this.#load, {
        name: this.#name,
        timeoutMs: this.#timeoutMs,
        keepAlive,
        controller: this.#controller,
        onStart: (deadline) => {
          this.#deadline = deadline;
        },
      });
      return this.#succeed(sequence, answer, startedAt);
    } catch (error) {
      throw this.#fail(sequence, error);
    } finally {
      this.#startQueued();
    }
  }

  #succeed(sequence, answer, startedAt) {
    const value = this.#build(answer);
    const maxAgeMs = typeof this.#maxAgeMs === "function" ? this.#maxAgeMs(answer) : this.#maxAgeMs;
    const freshUntil = startedAt + maxAgeMs;
    this.#held = { value, freshUntil, usableUntil: freshUntil + this.#maxStaleMs };
    this.#failures = 0;
    this.#failure = undefined;
    this.#land(this.#minIntervalMs);
    this.#refreshIn(this.#intervalMs ?? maxAgeMs * REFRESH_AT);
    this.#onLoad?.({ sequence, value });
    return value;
  }

  #fail(sequence, reason) {
    const error =
      reason instanceof SourceError
        ? reason
        : new SourceError("ERR_MCP_AUTH_SOURCE_FAILED", `${this.#name} gave an answer that cannot be used`);
    const backoffMs = Math.min(this.#minIntervalMs * 2 ** this.#failures, this.#maxBackoffMs);
    this.#land(backoffMs);
    if (this.#isClosed) {
      return error;
    }
    this.#failures += 1;
    this.#failure = error;
    error.retryAfterMs = backoffMs;
    const usingStaleValue = this.value !== undefined;
    // Without a value, the next request asks: an unused source is not polled.
    this.#refreshIn(this.#intervalMs ?? (usingStaleValue ? backoffMs : 0));
    this.#onFailure?.({ sequence, error, failures: this.#failures, usingStaleValue });
    return error;
  }

  #land(intervalMs) {
    this.#flight = undefined;
    this.#controller = undefined;
    this.#deadline = undefined;
    // Never at once: a loader that asks for the next load each time must not keep everything else waiting.
    this.#nextStart = this.#now() + Math.max(intervalMs, 1);
  }

  /** Holds the source weakly: an unused one is collected. */
  #refreshIn(delayMs) {
    if (this.#isClosed || !(delayMs > 0) || delayMs === Number.POSITIVE_INFINITY) {
      return;
    }
    const reference = new WeakRef(this);
    this.#timer = setTimeout(
      () => reference.deref()?.refresh({ background: true }),
      Math.min(delayMs, MAX_DELAY_MS),
    ).unref();
  }
}

function defer() {
  /** @type {any} */
  const result = { keepAlive: false };
  result.promise = new Promise((resolve, reject) => {
    result.resolve = resolve;
    result.reject = reject;
  });
  // A load in the background has no one to handle its rejection.
  result.promise.catch(() => {});
  return result;
}
