import diagnostics from "node:diagnostics_channel";
import { configurationError, warn } from "./errors.js";

// Kept here: Node forgets a channel that nobody holds.
const reloadFailed = diagnostics.channel("mcp-native-auth:reload-failed");

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

  /** One load at a time: whoever asks while one is under way gets its outcome. */
  reload() {
    this.#loading ??= this.#reload().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  close() {
    clearInterval(this.#timer);
  }

  async #reload() {
    try {
      this.#use(await this.#inTime());
      this.#hasLoaded = true;
      this.#failures = 0;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #inTime() {
    const controller = new AbortController();
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        reject(configurationError("KEYS_RELOAD_FAILED", `took longer than ${this.#timeoutMs / 1000} s`));
        controller.abort();
      }, this.#timeoutMs);
    });
    try {
      // Whatever the loader still does afterwards goes nowhere.
      return await Promise.race([(async () => this.#load({ signal: controller.signal }))(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(error) {
    this.#failures += 1;
    const why = saidOf(error);
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
      target.reload().catch(() => {});
    }
  }, intervalMs);
  return timer.unref();
}

/**
 * What may be said of a failure. Messages of others can hold what must not be shown: JSON.parse quotes its
 * text, database drivers their URL. Codes of the system do not.
 */
function saidOf(error) {
  const code = typeof error?.code === "string" ? error.code : "";
  if (code.startsWith("ERR_MCP_AUTH_")) {
    return error.message;
  }
  return /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? `the loader failed with ${code}` : "the loader failed";
}
