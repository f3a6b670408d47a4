import { setImmediate as nextTurn } from "node:timers/promises";
import { codedError, isCoded } from "../core/errors.js";
import { publishReloaded, publishReloadFailed } from "../core/events.js";
import { isArray } from "../core/options.js";
import { createSource, SourceError, safeErrorCode } from "../core/refresh.js";
import { warn } from "../core/warnings.js";
import { PROBLEMS } from "../core/weakness.js";
import { LoadPlan } from "./load-plan.js";
import { keyPath, readKey } from "./records.js";
import { findFaults, reportFaults } from "./strength.js";

/** How long reading may keep everything else waiting, in milliseconds, and how many rows are read between two looks. */
const MAX_TURN_MS = 5;
const ROWS_BETWEEN_LOOKS = 64;

/** How many rows that are left out are named in an event, and kinds of problems in a warning. */
const MAX_NAMED = 10;

const CODE = "ERR_MCP_AUTH_KEYS_RELOAD_FAILED";

/**
 * Loads keys from their source: at once, at intervals and on demand. A load that fails leaves the last good set in use,
 * for as long as `maxStaleMs`.
 */
export class KeyLoader {
  #provider;
  #load;
  #keys;
  #strict;
  #queryFallback;
  #reporter;
  #maxStaleMs;
  #source;
  #startedAt = 0;
  /** @type {NodeJS.Timeout | undefined} Until loaded keys are stale. */
  #staleTimer;
  /** @type {Promise<void> | undefined} */
  #retry;
  #failures = 0;
  #hasLoaded = false;
  /** What was wrong with rows of the last load. @type {Set<string>} */
  #problems = new Set();
  /**
   * Resolves when the first load has ended, whether or not it failed; `undefined` from then on.
   *
   * @type {Promise<void> | undefined}
   */
  initialLoad;

  /**
   * @param {object} options
   * @param {string} options.provider name of the class
   * @param {(context: { signal: AbortSignal }) => unknown} options.load gives the keys, or a promise of them
   * @param {import("./key-set.js").ApiKeySet} options.keys
   * @param {boolean} options.strict whether weak and damaged keys are left out
   * @param {boolean} options.queryFallback
   * @param {import("../core/reporter.js").Reporter} options.reporter
   * @param {number} options.intervalMs 0 for none
   * @param {number} options.timeoutMs how long a load may take
   * @param {number | undefined} options.maxStaleMs how long after the start of a load its keys are in use
   */
  constructor({ provider, load, keys, strict, queryFallback, reporter, intervalMs, timeoutMs, maxStaleMs }) {
    this.#provider = provider;
    this.#load = load;
    this.#keys = keys;
    this.#strict = strict;
    this.#queryFallback = queryFallback;
    this.#reporter = reporter;
    this.#maxStaleMs = maxStaleMs;
    this.#source = createSource({
      name: "the loader",
      load: (context) => this.#read(context),
      build: (read) => this.#use(read),
      onFailure: ({ error }) => this.#fail(error),
      timeoutMs,
      intervalMs,
    });
    this.initialLoad = this.#source.refresh().then(
      () => this.#endInitialLoad(),
      () => this.#endInitialLoad(),
    );
  }

  /** Whether keys of a load are in use. */
  get hasLoaded() {
    return this.#hasLoaded;
  }

  /** Loads what there is now, after a load that is under way, which may have read what has changed since. */
  async reload() {
    try {
      await this.#source.refresh();
    } catch (error) {
      throw codedError(CODE, this.#sentence(error));
    }
  }

  /** Resolves when keys were loaded; tries once more if that failed. */
  async ready() {
    await this.initialLoad;
    if (!this.#hasLoaded) {
      this.#retry ??= this.reload().finally(() => {
        this.#retry = undefined;
      });
      await this.#retry;
    }
  }

  /** Ends loading. Keys stay in use until they are stale. */
  close() {
    this.#source.close();
    this.#keys.abandonLoad();
  }

  #endInitialLoad() {
    this.initialLoad = undefined;
  }

  /** @param {import("../core/refresh.js").LoadContext} context */
  async #read({ signal }) {
    // The constructor of the provider returns first: the loader may use it.
    await undefined;
    this.#startedAt = performance.now();
    this.#keys.beginLoad();
    const load = this.#load;
    const given = await callLoader(() => load({ signal }));
    // Rows of a load that was too late must not be taken for those of the next.
    signal.throwIfAborted();
    const judge = { strict: this.#strict, queryFallback: this.#queryFallback };
    return readInTurns(given, this.#keys, judge, signal);
  }

  #use({ plan, rowCount, leftOut, faults }) {
    this.#keys.finishLoad(plan);
    for (const { row, problem } of plan.leftOut) {
      leftOut.add(row, problem);
    }
    reportFaults(faults, this.#reporter, false);
    this.#hasLoaded = true;
    this.#startStaleTimer();
    this.#warnLeftOut(leftOut, rowCount);
    const failures = this.#failures;
    this.#failures = 0;
    publishReloaded({
      provider: this.#provider,
      keys: this.#keys.count,
      failures,
      leftOut: leftOut.count,
      firstLeftOut: Object.freeze(leftOut.first),
    });
    return true;
  }

  /** Told of each load that failed. */
  #fail(error) {
    this.#keys.abandonLoad();
    this.#failures += 1;
    this.#publishFailure(error.message);
    if (this.#failures === 1) {
      warn("MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED", this.#sentence(error));
    }
  }

  #sentence(error) {
    const until = this.#hasLoaded
      ? "The last good keys stay in use"
      : "All requests are rejected until a load succeeds";
    return `${this.#provider}: failed to load keys: ${error.message}. ${until}`;
  }

  #publishFailure(message) {
    publishReloadFailed({
      provider: this.#provider,
      failures: this.#failures,
      message,
      usingStaleKeys: this.#hasLoaded,
    });
  }

  /** Keeps neither the process alive nor a loader that is no longer used. */
  #startStaleTimer() {
    clearTimeout(this.#staleTimer);
    if (this.#maxStaleMs === undefined) {
      return;
    }
    const reference = new WeakRef(this);
    const remainingMs = this.#maxStaleMs - (performance.now() - this.#startedAt);
    this.#staleTimer = setTimeout(
      () => {
        const loader = reference.deref();
        if (loader !== undefined) {
          loader.#suspend();
        }
      },
      Math.max(remainingMs, 1),
    ).unref();
  }

  #suspend() {
    this.#keys.suspendLoaded();
    this.#hasLoaded = false;
    const message = `no load has succeeded for ${Number(this.#maxStaleMs) / 1000} s`;
    this.#publishFailure(message);
    warn(
      "MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED",
      `${this.#provider}: ${message} (\`maxStaleSeconds\`). Loaded keys are rejected until a load succeeds`,
    );
  }

  /** Once for each kind of problem, until a load is free of it. */
  #warnLeftOut(leftOut, rowCount) {
    const found = [...leftOut.problems].filter(([problem]) => !this.#problems.has(problem));
    this.#problems = new Set(leftOut.problems.keys());
    if (found.length === 0) {
      return;
    }
    const sentences = found
      .slice(0, MAX_NAMED)
      .map(
        ([problem, { row, count }]) => keyPath(row) + problem + (count > 1 ? ` (and ${count - 1} more)` : ""),
      );
    warn(
      "MCP_NATIVE_AUTH_KEYS_LEFT_OUT",
      `${this.#provider}: ${leftOut.count} of ${rowCount} loaded keys are left out and rejected: ${sentences.join("; ")}`,
    );
  }
}

/** Rows of a load that are left out. What is kept of them does not grow with their number. */
class LeftOut {
  count = 0;
  /** @type {{ index: number, message: string }[]} */
  first = [];
  /** By what is wrong: the first row and how many there are. @type {Map<string, { row: number, count: number }>} */
  problems = new Map();

  /** @param {number} row @param {string} problem to follow the name of the row; holds no value */
  add(row, problem) {
    this.count += 1;
    if (this.first.length < MAX_NAMED) {
      this.first.push(Object.freeze({ index: row, message: keyPath(row) + problem }));
    }
    const known = this.problems.get(problem);
    if (known === undefined) {
      this.problems.set(problem, { row, count: 1 });
    } else {
      known.count += 1;
    }
  }
}

/**
 * The keys that can be read of what a loader gave. Lets the event loop go on in between, so that a hundred thousand keys
 * delay no request.
 *
 * @param {unknown} given
 * @param {import("./key-set.js").ApiKeySet} keySet
 * @param {{ strict: boolean, queryFallback: boolean }} judge
 * @param {AbortSignal} signal
 */
async function readInTurns(given, keySet, judge, signal) {
  const count = countRows(given);
  const read = {
    plan: new LoadPlan(),
    rowCount: count,
    leftOut: new LeftOut(),
    faults: { weak: [], damaged: [] },
  };
  let turnStart = performance.now();
  for (let row = 0; row < count; row += 1) {
    if (row % ROWS_BETWEEN_LOOKS === 0 && performance.now() - turnStart > MAX_TURN_MS) {
      await nextTurn();
      signal.throwIfAborted();
      turnStart = performance.now();
    }
    readRow(given, row, keySet, judge, read);
  }
  return read;
}

function countRows(given) {
  if (!isArray(given)) {
    throw new SourceError(CODE, "the loader must give an array of strings or entries");
  }
  try {
    return given.length;
  } catch {
    throw new SourceError(CODE, "the loader gave an array that cannot be read");
  }
}

/** How messages about a key begin. */
const LEADING_PATH = /^`keys\[\d+\]`/;

function readRow(given, row, keySet, { strict, queryFallback }, read) {
  try {
    const entry = given[row];
    if (keySet.keepUnchanged(entry, row)) {
      return;
    }
    const key = readKey(entry, keyPath(row));
    const isKnown = typeof entry === "string" && keySet.findUnchanged(entry, row) !== undefined;
    if (!isKnown) {
      const { weak, damaged } = findFaults([key], queryFallback);
      const [problem] = [
        ...damaged.map(({ damage }) => damage),
        ...weak.map((one) => `is weak: ${PROBLEMS[one.problem]}`),
      ];
      if (strict && problem !== undefined) {
        read.leftOut.add(row, ` ${problem}`);
        return;
      }
      read.faults.weak.push(...weak.map((fault) => ({ ...fault, index: row })));
      read.faults.damaged.push(...damaged.map((fault) => ({ ...fault, index: row })));
    }
    read.plan.read(key, row);
  } catch (error) {
    const problem = isCoded(error) ? error.message.replace(LEADING_PATH, "") : " cannot be read";
    read.leftOut.add(row, problem);
  }
}

async function callLoader(load) {
  try {
    return await load();
  } catch (error) {
    throw new SourceError(CODE, describeFailure(error));
  }
}

/** How libraries name their errors. */
const ERROR_NAME = /^[A-Z][A-Za-z]{2,40}(?:Error|Exception)$/;

const SYSTEM_CALL = /^[a-z]{2,16}$/;

/** The path of a file of data. What is passed for a path by mistake, such as a key, has no such ending. */
const DATA_FILE =
  /^(?:[A-Za-z]:)?(?:[\w .@~+-]{0,64}[\\/]){0,32}[\w .-]{1,64}\.(?:csv|env|json5?|jsonc|keys|toml|txt|ya?ml)$/;

/**
 * What may be shown of a failure: the name of its class, its code and, of errors of the system, the call and the file.
 * Messages can hold what must not be shown: JSON.parse quotes its text, database drivers their URL.
 */
function describeFailure(error) {
  const code = safeErrorCode(error);
  const names = [read(error, "name"), read(read(error, "constructor"), "name")];
  const details = [names.find((name) => matches(ERROR_NAME, name)), code].filter(
    (detail) => detail !== undefined,
  );
  const failure = details.length === 0 ? "the loader failed" : `the loader failed with ${details.join(" ")}`;
  const call = read(error, "syscall");
  if (code === undefined || !Number.isInteger(read(error, "errno")) || !matches(SYSTEM_CALL, call)) {
    return failure;
  }
  const path = read(error, "path");
  return matches(DATA_FILE, path) ? `${failure}: ${call} ${path}` : `${failure}: ${call}`;
}

function matches(pattern, value) {
  return typeof value === "string" && pattern.test(value);
}

/** A property of what may be anything, and may throw when it is read. */
function read(value, name) {
  try {
    return value[name];
  } catch {
    return undefined;
  }
}
