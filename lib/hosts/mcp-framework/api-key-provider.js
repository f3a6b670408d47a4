import { apiKeyMethod } from "../../api-key/authenticator.js";
import { ApiKeySet } from "../../api-key/key-set.js";
import { KeyLoader } from "../../api-key/loader.js";
import { readKeys } from "../../api-key/records.js";
import { findFaults, reportFaults } from "../../api-key/strength.js";
import { codedError, reportAtCaller } from "../../core/errors.js";
import {
  booleanOption,
  canHoldOptions,
  checkUndefinedOptions,
  checkUnknownOptions,
  headerNameOption,
  missingOption,
  readOptions,
  secondsOption,
} from "../../core/options.js";
import { Reporter } from "../../core/reporter.js";
import { attemptOptions, THROTTLE_OPTIONS } from "../../throttle/throttle.js";
import { FrameworkHost } from "./framework-host.js";
import { extendsFramework } from "./link.js";

const NAME = "APIKeyAuthProvider";

const OPTIONS = [
  "keys",
  "loadKeys",
  "headerName",
  "queryFallback",
  "throttle",
  "trustProxy",
  "strict",
  "reloadIntervalSeconds",
  "loadTimeoutSeconds",
  "maxStaleSeconds",
];

const RESTRICTING_OPTIONS = ["queryFallback", "throttle", "strict", "maxStaleSeconds"];

const DEFAULT_LOAD_TIMEOUT_SECONDS = 10;
const MIN_WAIT_SECONDS = 0.001;
/** The longest that a timer of Node can wait. */
const MAX_WAIT_SECONDS = 2_147_483;
/** A year. */
const MAX_OVERLAP_SECONDS = 31_622_400;

const AUTH_ERROR = { status: 401, message: "Invalid API key" };

export const DEFAULT_API_KEY_HEADER_NAME = "X-API-Key";

/** Documented in index.d.ts. */
export class APIKeyAuthProvider {
  #host;
  #keys = new ApiKeySet();
  /** @type {KeyLoader | undefined} */
  #loader;
  #headerName;
  #strict;
  #queryFallback;
  #reporter = new Reporter();

  constructor(config) {
    reportAtCaller(APIKeyAuthProvider, () => this.#configure(readOptions(config, RESTRICTING_OPTIONS)));
  }

  #configure(options) {
    const { keys } = options;
    const load = loaderOption(options);
    if (load === undefined) {
      requireKeys(options);
    }
    this.#strict = booleanOption("strict", options.strict, false);
    checkUnknownOptions(NAME, options, OPTIONS, this.#strict, { throttle: THROTTLE_OPTIONS });
    checkUndefinedOptions(NAME, options, RESTRICTING_OPTIONS, this.#strict);
    this.#headerName = headerNameOption(options.headerName, DEFAULT_API_KEY_HEADER_NAME);
    this.#queryFallback = booleanOption("queryFallback", options.queryFallback, true);
    const intervalMs = milliseconds("reloadIntervalSeconds", options.reloadIntervalSeconds, 0, 0);
    const timeoutMs = milliseconds(
      "loadTimeoutSeconds",
      options.loadTimeoutSeconds,
      DEFAULT_LOAD_TIMEOUT_SECONDS,
      MIN_WAIT_SECONDS,
    );
    const maxStaleMs = maxStaleOption(options.maxStaleSeconds, intervalMs);
    const attempts = attemptOptions(NAME, options, { strict: this.#strict });
    if (load === undefined) {
      // Not `setKeys`, here and below: a subclass may have one of its own.
      this.#setKeys(keys);
    } else {
      this.#loader = new KeyLoader({
        provider: NAME,
        load,
        keys: this.#keys,
        strict: this.#strict,
        queryFallback: this.#queryFallback,
        reporter: this.#reporter,
        intervalMs,
        timeoutMs,
        maxStaleMs,
      });
    }
    const method = apiKeyMethod({
      name: NAME,
      keys: this.#keys,
      loader: this.#loader,
      headerName: this.#headerName,
      queryFallback: this.#queryFallback,
    });
    this.#host = new FrameworkHost(this, authenticate, {
      method,
      ...attempts,
      authError: AUTH_ERROR,
      challenge: "framework",
      preCheckAnswer: getAuthError,
    });
  }

  getKeyCount() {
    return this.#keys.count;
  }

  getHeaderName() {
    this.#host?.noteHeaderNameRead();
    return this.#headerName;
  }

  async authenticate(req) {
    // A method called without its provider rejects, and so does a Proxy of one.
    return #host in Object(this) && this.#host.authenticate(req);
  }

  setKeys(keys) {
    reportAtCaller(this.setKeys, () => this.#setKeys(keys));
  }

  addKeys(keys) {
    reportAtCaller(this.addKeys, () => this.#change(readKeys(keys), (added) => this.#keys.add(added)));
  }

  replaceKey(id, key, options) {
    reportAtCaller(this.replaceKey, () => {
      const overlapMs = overlapOption(options);
      this.#change(readKeys([key]), ([added]) => this.#keys.replace(id, added, overlapMs, Date.now()));
    });
  }

  revokeKey(id) {
    return this.#keys.revoke(id);
  }

  async reload() {
    if (this.#loader === undefined) {
      reportAtCaller(this.reload, () => {
        throw codedError(
          "ERR_MCP_AUTH_KEYS_RELOAD_FAILED",
          "there is no `loadKeys` to load keys with; set it to a function",
        );
      });
    }
    await this.#loader?.reload();
  }

  async ready() {
    await this.#loader?.ready();
  }

  close() {
    this.#loader?.close();
  }

  getAuthError() {
    return #host in Object(this) ? this.#host.getAuthError() : { ...AUTH_ERROR };
  }

  #setKeys(keys) {
    const read = readKeys(keys, (key, index) => this.#keys.findUnchanged(key, index));
    this.#change(read, (all) => this.#keys.setAll(all));
  }

  /** All or nothing: what throws changes no key. */
  #change(keys, change) {
    const faults = findFaults(keys, this.#queryFallback);
    if (this.#strict) {
      reportFaults(faults, this.#reporter, true);
    }
    change(keys);
    reportFaults(faults, this.#reporter, false);
  }
}

extendsFramework(APIKeyAuthProvider, "APIKeyAuthProvider");

/** As it was defined: the prototype may be changed. */
const { authenticate, getAuthError } = APIKeyAuthProvider.prototype;

function loaderOption({ keys, loadKeys, reloadIntervalSeconds, loadTimeoutSeconds, maxStaleSeconds }) {
  if (loadKeys === undefined || loadKeys === null) {
    const loaderOnly = { reloadIntervalSeconds, loadTimeoutSeconds, maxStaleSeconds };
    const unsupported = Object.keys(loaderOnly).find((name) => (loaderOnly[name] ?? undefined) !== undefined);
    if (unsupported !== undefined) {
      throw codedError(
        "ERR_MCP_AUTH_OPTION_INVALID",
        `\`${unsupported}\` has no effect without \`loadKeys\`; add \`loadKeys\` or remove it`,
      );
    }
    return undefined;
  }
  if (typeof loadKeys !== "function") {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      "`loadKeys` must be a function that gives the keys, or a promise of them",
    );
  }
  if (keys !== undefined && keys !== null) {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", "give either `keys` or `loadKeys`, not both");
  }
  return loadKeys;
}

/** The framework's sentence, where the framework says it; what has a length got past it there. */
function requireKeys(options) {
  if (!options.keys?.length) {
    throw codedError(
      "ERR_MCP_AUTH_KEYS_REQUIRED",
      missingOption("At least one API key is required", options, OPTIONS),
    );
  }
}

function milliseconds(path, value, fallback, min) {
  return (secondsOption(path, value, min, MAX_WAIT_SECONDS) ?? fallback) * 1000;
}

/** In milliseconds. Keys that are stale before the next load begins would be rejected in between. */
function maxStaleOption(value, intervalMs) {
  const seconds = secondsOption("maxStaleSeconds", value, MIN_WAIT_SECONDS, MAX_WAIT_SECONDS);
  if (seconds !== undefined && seconds * 1000 <= intervalMs) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      "`maxStaleSeconds` must be greater than `reloadIntervalSeconds`; allow for several loads",
    );
  }
  return seconds === undefined ? undefined : seconds * 1000;
}

/** In milliseconds. A misspelled option would cut off clients with the old key. */
function overlapOption(given) {
  if (given === undefined || given === null) {
    return 0;
  }
  if (!canHoldOptions(given)) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      "the third argument of `replaceKey` must be an object such as { overlapSeconds: 3600 }",
    );
  }
  const options = readOptions(given, ["overlapSeconds"]);
  const overlap = secondsOption("overlapSeconds", options.overlapSeconds, 0, MAX_OVERLAP_SECONDS) ?? 0;
  checkUnknownOptions(`${NAME}: \`replaceKey\``, options, ["overlapSeconds"], true);
  return overlap * 1000;
}
