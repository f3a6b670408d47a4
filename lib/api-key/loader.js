import diagnostics from "node:diagnostics_channel";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { configurationError, warn } from "../errors.js";

// Kept here: Node forgets a channel that nobody holds.
const reloadFailed = diagnostics.channel("mcp-native-auth:reload-failed");

/** How often a load is begun anew because keys were changed by hand meanwhile. */
const MOST_ATTEMPTS = 3;

/**
 * Loads keys from where they live, at once, at intervals and on demand. What fails leaves the last good set
 * in use and is reported: in a process warning when loading begins to fail, and each time on the channel
 * `mcp-native-auth:reload-failed`.
 */
export class KeyLoader {
  #provider;
  #load;
  #use;
  #timeoutMs;
  #timer;
  #loading;
  #next;
  /** Ends the load under way. */
  #deadline;
  /** Of the keys, by hand. */
  #changes = 0;
  #failures = 0;
  #hasLoaded = false;
  /** Settles, and never rejects, when the first load has ended in one way or the other. */
  first;

  /**
   * @param {object} options
   * @param {string} options.provider name of the class
   * @param {(context: { signal: AbortSignal }) => unknown} options.load what gives the keys, or a promise of them
   * @param {(keys: unknown) => void} options.use takes them, or throws
   * @param {number} options.intervalMs 0 for none
   * @param {number} options.timeoutMs how long a load may take
   */
  constructor({ provider, load, use, intervalMs, timeoutMs }) {
    this.#provider = provider;
    this.#load = load;
    this.#use = use;
    this.#timeoutMs = timeoutMs;
    if (intervalMs > 0) {
      this.#timer = repeated(this, intervalMs);
    }
    this.first = this.reload()
      .catch(() => {})
      .then(() => {
        this.first = undefined;
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
      .then(() => turnOfTheLoop())
      .then(() => {
        this.#next = undefined;
        return this.#loading ?? this.#begin();
      });
    return this.#next;
  }

  /** Resolves when keys were loaded; tries once more if that failed. */
  async ready() {
    await this.first;
    if (!this.#hasLoaded) {
      this.#deadline?.ref();
      await (this.#loading ?? this.#begin());
    }
  }

  /** The keys were changed by hand: what was read before would take that back. */
  outdate() {
    this.#changes += 1;
  }

  /** What the interval does: nobody waits for it, the end of the process neither. */
  refresh() {
    if (this.#loading === undefined) {
      this.#begin({ keepsProcess: false }).catch(() => {});
    }
  }

  close() {
    clearInterval(this.#timer);
  }

  #begin({ keepsProcess = true } = {}) {
    // Later in the same turn, when it is known here: the loader may ask for a load itself.
    this.#loading = Promise.resolve()
      .then(() => this.#reload(keepsProcess))
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }

  async #reload(keepsProcess) {
    try {
      const keys = await this.#unchanged(keepsProcess);
      this.#use(keys);
      this.#hasLoaded = true;
      this.#failures = 0;
    } catch (error) {
      // Of the loader's own errors nothing comes here.
      throw this.#failed(error.message);
    }
  }

  async #unchanged(keepsProcess) {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const changes = this.#changes;
      const keys = await this.#inTime(keepsProcess);
      if (changes === this.#changes) {
        return keys;
      }
    }
    throw new Error("they were changed by hand each time meanwhile");
  }

  async #inTime(keepsProcess) {
    const controller = new AbortController();
    const late = new Promise((_, reject) => {
      this.#deadline = setTimeout(() => {
        reject(new Error(`the loader took longer than ${this.#timeoutMs / 1000} s`));
        controller.abort();
      }, this.#timeoutMs);
    });
    if (!keepsProcess) {
      this.#deadline.unref();
    }
    const loaded = (async () => this.#load({ signal: controller.signal }))().catch((error) => {
      throw new Error(saidOf(error));
    });
    try {
      // Whatever the loader still does afterwards goes nowhere.
      return await Promise.race([loaded, late]);
    } finally {
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    }
  }

  #failed(why) {
    this.#failures += 1;
    if (reloadFailed.hasSubscribers) {
      const event = {
        provider: this.#provider,
        failures: this.#failures,
        why,
        keepsLastKeys: this.#hasLoaded,
      };
      reloadFailed.publish(Object.freeze(event));
    }
    const until = this.#hasLoaded
      ? "the last good keys stay in use"
      : "nobody is let in until keys were loaded";
    const message = `${this.#provider}: keys could not be loaded, ${why}; ${until}`;
    if (this.#failures === 1) {
      warn("KEYS_RELOAD_FAILED", message);
    }
    return configurationError("KEYS_RELOAD_FAILED", message);
  }
}

/** A timer that keeps neither the process nor a loader that nobody uses any more. */
function repeated(loader, intervalMs) {
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
const CODE = /^(?:E[A-Z]{2,15}|(?:EAI|ERR?)_[A-Z][A-Z0-9_]{1,40})$/;

/**
 * What may be said of a failure. Messages of others can hold what must not be shown: JSON.parse quotes its
 * text, database drivers their URL. Codes do not.
 */
function saidOf(error) {
  let code;
  try {
    ({ code } = error);
  } catch {
    // No object, or one that throws when it is read.
  }
  return typeof code === "string" && CODE.test(code) ? `the loader failed with ${code}` : "the loader failed";
}
