import { setImmediate as nextTurn } from "node:timers/promises";
import { codedError } from "../core/errors.js";
import { publishReloadFailed } from "../core/events.js";
import { warn } from "../core/warnings.js";

/** How often a load is repeated because keys were changed by hand meanwhile. */
const MAX_ATTEMPTS = 3;

/**
 * Loads keys from their source: at once, at intervals and on demand. A load that fails leaves the last good set in use
 * and is reported: in a process warning when loading begins to fail, and each time on the channel
 * `mcp-native-auth:reload-failed`.
 */
export class KeyLoader {
  #provider;
  #load;
  #apply;
  #timeoutMs;
  #timer;
  #loading;
  #next;
  /** Ends the load under way. */
  #deadline;
  /** How often keys were changed by hand. */
  #changes = 0;
  #failures = 0;
  #hasLoaded = false;
  /** Resolves when the first load has ended, whether or not it failed; `undefined` from then on. */
  initialLoad;

  /**
   * @param {object} options
   * @param {string} options.provider name of the class
   * @param {(context: { signal: AbortSignal }) => unknown} options.load gives the keys, or a promise of them
   * @param {(keys: unknown) => void} options.apply uses them, or throws
   * @param {number} options.intervalMs 0 for none
   * @param {number} options.timeoutMs how long a load may take
   */
  constructor({ provider, load, apply, intervalMs, timeoutMs }) {
    this.#provider = provider;
    this.#load = load;
    this.#apply = apply;
    this.#timeoutMs = timeoutMs;
    if (intervalMs > 0) {
      this.#timer = startInterval(this, intervalMs);
    }
    this.initialLoad = this.reload()
      .catch(() => {})
      .then(() => {
        this.initialLoad = undefined;
      });
  }

  get hasLoaded() {
    return this.#hasLoaded;
  }

  /**
   * Loads what there is now: a load that is under way may have read what has changed since, so another one
   * follows it, one for all who ask meanwhile.
   */
  reload() {
    this.#deadline?.ref();
    if (this.#loading === undefined) {
      return this.#begin();
    }
    this.#next ??= this.#loading
      .catch(() => {})
      // A loader that calls for the next load each time must not keep everything else waiting.
      .then(() => nextTurn())
      .then(() => {
        this.#next = undefined;
        return this.#loading ?? this.#begin();
      });
    return this.#next;
  }

  /** Resolves when keys were loaded; tries once more if that failed. */
  async ready() {
    await this.initialLoad;
    if (!this.#hasLoaded) {
      this.#deadline?.ref();
      await (this.#loading ?? this.#begin());
    }
  }

  /** The keys were changed by hand. A load that is under way would undo that. */
  invalidate() {
    this.#changes += 1;
  }

  /** What the interval does. It does not keep the process alive. */
  refresh() {
    if (this.#loading === undefined) {
      this.#begin({ keepAlive: false }).catch(() => {});
    }
  }

  close() {
    clearInterval(this.#timer);
  }

  #begin({ keepAlive = true } = {}) {
    // Later in the same turn, when `#loading` is set: the loader may ask for a load itself.
    this.#loading = Promise.resolve()
      .then(() => this.#reload(keepAlive))
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }

  async #reload(keepAlive) {
    try {
      const keys = await this.#loadUntilStable(keepAlive);
      this.#apply(keys);
      this.#hasLoaded = true;
      this.#failures = 0;
    } catch (error) {
      // Safe to show: the loader's own errors were replaced.
      throw this.#failed(error.message);
    }
  }

  async #loadUntilStable(keepAlive) {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const changes = this.#changes;
      const keys = await this.#loadInTime(keepAlive);
      if (changes === this.#changes) {
        return keys;
      }
    }
    throw new Error(`keys were modified during each of ${MAX_ATTEMPTS} attempts`);
  }

  async #loadInTime(keepAlive) {
    const controller = new AbortController();
    const late = new Promise((_, reject) => {
      this.#deadline = setTimeout(() => {
        reject(new Error(`the loader took longer than ${this.#timeoutMs / 1000} s`));
        controller.abort();
      }, this.#timeoutMs);
    });
    if (!keepAlive) {
      this.#deadline.unref();
    }
    const loaded = (async () => this.#load({ signal: controller.signal }))().catch((error) => {
      throw new Error(safeReason(error));
    });
    try {
      // What the loader still does afterwards has no effect.
      return await Promise.race([loaded, late]);
    } finally {
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    }
  }

  #failed(reason) {
    this.#failures += 1;
    const usingStaleKeys = this.#hasLoaded;
    publishReloadFailed({
      provider: this.#provider,
      failures: this.#failures,
      message: reason,
      usingStaleKeys,
    });
    const until = usingStaleKeys
      ? "The last good keys stay in use"
      : "All requests are rejected until a load succeeds";
    const message = `${this.#provider}: failed to load keys: ${reason}. ${until}`;
    if (this.#failures === 1) {
      warn("MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED", message);
    }
    return codedError("ERR_MCP_AUTH_KEYS_RELOAD_FAILED", message);
  }
}

/** A timer that keeps neither the process alive nor a loader that is no longer used. */
function startInterval(loader, intervalMs) {
  const reference = new WeakRef(loader);
  const timer = setInterval(() => {
    const target = reference.deref();
    if (target === undefined) {
      clearInterval(timer);
    } else {
      target.refresh();
    }
  }, intervalMs);
  return timer.unref();
}

/** Codes of the system, of Node and of databases. */
const SAFE_ERROR_CODE = /^(?:E[A-Z]{2,15}|(?:EAI|ERR?)_[A-Z][A-Z0-9_]{1,40})$/;

/**
 * What may be shown of a failure. Messages of others can hold what must not be shown: JSON.parse quotes its text,
 * database drivers their URL. Codes do not.
 */
function safeReason(error) {
  let code;
  try {
    ({ code } = error);
  } catch {
    // Not an object, or one that throws when it is read.
  }
  return typeof code === "string" && SAFE_ERROR_CODE.test(code)
    ? `the loader failed with ${code}`
    : "the loader failed";
}
