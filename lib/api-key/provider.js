import { configurationError } from "../errors.js";
import { announced } from "../events.js";
import { extendsFramework, findFramework } from "../framework/link.js";
import { declareMember } from "../members.js";
import {
  booleanOption,
  givenOptions,
  headerNameOption,
  secondsOption,
  warnOfUnknownOptions,
} from "../options.js";
import { weaknessesOfApiKeys } from "../strength/judge.js";
import { reportWeakApiKeys } from "../strength/strength.js";
import { throttleOption } from "../throttle/throttle.js";
import { DEFAULT_AUTH_ERROR } from "../words.js";
import { checkedKeys } from "./entries.js";
import { APIKeys } from "./keys.js";
import { KeyLoader } from "./loader.js";
import { presentedApiKey } from "./presented.js";

const NAME = "APIKeyAuthProvider";

const OPTIONS = [
  "keys",
  "loadKeys",
  "headerName",
  "queryFallback",
  "throttle",
  "strict",
  "reloadIntervalSeconds",
  "loadTimeoutSeconds",
];

const DEFAULT_LOAD_TIMEOUT_SECONDS = 10;
const SHORTEST_LOAD_TIMEOUT_SECONDS = 0.001;
/** What a timer of Node can wait. */
const LONGEST_WAIT_SECONDS = 2_147_483;
/** A year. */
const LONGEST_OVERLAP_SECONDS = 31_622_400;

export const DEFAULT_API_KEY_HEADER_NAME = "X-API-Key";

/** Documented in index.d.ts. */
export class APIKeyAuthProvider {
  #keys = new APIKeys();
  /** Asked where all keys are plain strings; `undefined` where some are entries. */
  #contains;
  #loader;
  #headerName;
  #headerNameInLowerCase;
  #queryFallback;
  #strict;
  #throttle;
  /** The entry that the request presented the key of that was decided last. */
  #proven;
  #describe = (decision) => ({
    provider: NAME,
    // Who is locked out was not looked at.
    keyId: decision === "LOCKED_OUT" ? undefined : this.#proven?.id,
  });

  constructor(config) {
    const options = givenOptions(config);
    const { keys } = options;
    const load = loaderOption(options);
    if (load === undefined) {
      refuseNone(keys);
    }
    this.#headerName = headerNameOption(options.headerName, DEFAULT_API_KEY_HEADER_NAME);
    this.#headerNameInLowerCase = this.#headerName.toLowerCase();
    this.#queryFallback = booleanOption("queryFallback", options.queryFallback, true);
    this.#strict = booleanOption("strict", options.strict, false);
    const intervalMs = milliseconds("reloadIntervalSeconds", options.reloadIntervalSeconds, 0, 0);
    const timeoutMs = milliseconds(
      "loadTimeoutSeconds",
      options.loadTimeoutSeconds,
      DEFAULT_LOAD_TIMEOUT_SECONDS,
      SHORTEST_LOAD_TIMEOUT_SECONDS,
    );
    if (load === undefined) {
      // Not `setKeys`, here and below: a subclass may have one of its own.
      this.#setKeys(keys);
    }
    const decide = (req) => this.#decide(req);
    this.#throttle = throttleOption(NAME, options.throttle, decide, this.#describe);
    declareMember(this, {
      decide,
      describe: this.#describe,
      presented: (req) => presentedApiKey(req, this.#headerNameInLowerCase, this.#queryFallback) || false,
      ready: () => this.#loader?.first,
      // As the framework challenges.
      challenge: () => `ApiKey realm="MCP Server", header="${this.#headerName}"`,
      isThrottled: this.#throttle !== undefined,
      authenticate,
    });
    warnOfUnknownOptions(NAME, options, OPTIONS);
    findFramework();
    if (load !== undefined) {
      const use = (loaded) => this.#setKeys(loaded);
      this.#loader = new KeyLoader({ provider: NAME, load, use, intervalMs, timeoutMs });
    }
  }

  getKeyCount() {
    return this.#keys.count;
  }

  getHeaderName() {
    return this.#headerName;
  }

  async authenticate(req) {
    try {
      // An `await` here would slow down those without `throttle` and `loadKeys`, which never come to it, by 20 ns.
      if (this.#throttle !== undefined || this.#loader !== undefined) {
        return this.#authenticateLater(req);
      }
      return announced(req, this.#decide(req), this.#describe);
    } catch {
      // A method torn off its provider lets nobody in.
      return false;
    }
  }

  setKeys(keys) {
    this.#setKeys(keys);
    this.#loader?.outdate();
  }

  addKeys(keys) {
    this.#change(keys, (added) => this.#keys.add(added));
    this.#loader?.outdate();
  }

  replaceKey(id, key, options) {
    const overlapMs = overlapOption(options);
    this.#change([key], ([added]) => this.#keys.replace(id, added, overlapMs, Date.now()));
    this.#loader?.outdate();
  }

  revokeKey(id) {
    // Even where there is none yet: what is being loaded may have it.
    this.#loader?.outdate();
    return this.#change([], () => this.#keys.revoke(id));
  }

  async reload() {
    if (this.#loader === undefined) {
      throw configurationError(
        "KEYS_RELOAD_FAILED",
        "there is no `loadKeys` to load keys with; set it to a function",
      );
    }
    await this.#loader.reload();
  }

  async ready() {
    await this.#loader?.ready();
  }

  close() {
    this.#loader?.close();
  }

  getAuthError() {
    // Not every `this` is one of ours: the framework may hold a Proxy.
    const throttled = #throttle in Object(this) ? this.#throttle?.takeAnswer() : undefined;
    return throttled ?? { ...DEFAULT_AUTH_ERROR, message: "Invalid API key" };
  }

  /** Where something may have to be waited for. Up to the first `await` in the caller's turn, as `authenticate` is. */
  async #authenticateLater(req) {
    const loading = this.#loader?.first;
    if (this.#throttle !== undefined) {
      return this.#throttle.authenticate(req, loading);
    }
    await loading;
    return announced(req, this.#decide(req), this.#describe);
  }

  #setKeys(keys) {
    this.#change(keys, (all) => this.#keys.setAll(all));
  }

  /** All or nothing: what throws changes no key. */
  #change(given, change) {
    const added = checkedKeys(given);
    const weaknesses = weaknessesOfApiKeys(added.map(judged));
    if (this.#strict) {
      reportWeakApiKeys(weaknesses, true);
    }
    const result = change(added);
    this.#contains = this.#keys.haveEntries ? undefined : this.#keys.contains;
    this.#proven = undefined;
    reportWeakApiKeys(weaknesses, false);
    return result;
  }

  /** What lets the request in, or the code of why not. */
  #decide(req) {
    try {
      if (this.#contains === undefined) {
        this.#proven = undefined;
      }
      const presented = presentedApiKey(req, this.#headerNameInLowerCase, this.#queryFallback);
      if (!presented) {
        return "KEY_MISSING";
      }
      // The native side sees UTF-8, in which all lone surrogates would look alike.
      if (typeof presented !== "string" || !presented.isWellFormed()) {
        return "KEY_UNKNOWN";
      }
      if (this.#contains !== undefined) {
        return this.#contains(presented) || "KEY_UNKNOWN";
      }
      // Those that were added by hand meanwhile are good, and can be guessed at.
      const hasNone = this.#loader?.hasLoaded === false && this.#keys.count === 0;
      return hasNone ? "KEYS_NOT_LOADED" : this.#decideByEntry(presented);
    } catch {
      // A request object that throws when it is read carries no key.
      return "REQUEST_UNREADABLE";
    }
  }

  #decideByEntry(presented) {
    const entry = this.#keys.find(presented);
    if (entry === undefined) {
      return "KEY_UNKNOWN";
    }
    if (entry === true) {
      return true;
    }
    this.#proven = entry;
    const now = Date.now();
    if (now < entry.notBefore) {
      return "KEY_NOT_YET_VALID";
    }
    return now < entry.expiresAt ? { data: entry.data() } : "KEY_EXPIRED";
  }
}

extendsFramework(APIKeyAuthProvider);

/** As it was defined: the prototype may be changed. */
const { authenticate } = APIKeyAuthProvider.prototype;

/** What a key's strength is judged by; nothing of one that was given as a hash. */
function judged(key) {
  if (typeof key === "string") {
    return key;
  }
  return key.isHash ? undefined : key.text;
}

function loaderOption({ keys, loadKeys, reloadIntervalSeconds, loadTimeoutSeconds }) {
  if (loadKeys === undefined || loadKeys === null) {
    const ofLoading = { reloadIntervalSeconds, loadTimeoutSeconds };
    const misplaced = Object.keys(ofLoading).find((name) => (ofLoading[name] ?? undefined) !== undefined);
    if (misplaced !== undefined) {
      throw configurationError(
        "OPTION_INVALID",
        `\`${misplaced}\` has no effect without \`loadKeys\`; give what loads the keys, or remove it`,
      );
    }
    return undefined;
  }
  if (typeof loadKeys !== "function") {
    throw configurationError(
      "OPTION_INVALID",
      "`loadKeys` must be a function that gives the keys, or a promise of them",
    );
  }
  if (keys !== undefined && keys !== null) {
    throw configurationError("OPTION_INVALID", "give either `keys` or `loadKeys`, not both");
  }
  return loadKeys;
}

/** The framework's sentence, where the framework says it; what has a length got past it there. */
function refuseNone(keys) {
  const isNone = Array.isArray(keys) ? keys.length === 0 : !keys?.length;
  if (isNone) {
    throw configurationError("KEYS_REQUIRED", "At least one API key is required");
  }
}

function milliseconds(name, value, fallback, least) {
  return (secondsOption(name, value, least, LONGEST_WAIT_SECONDS) ?? fallback) * 1000;
}

/** In milliseconds. What is misspelled would cut off whoever has the old key. */
function overlapOption(given) {
  if (given === undefined || given === null) {
    return 0;
  }
  if (typeof given !== "object" || Array.isArray(given)) {
    throw configurationError(
      "OPTION_INVALID",
      "the third argument of `replaceKey` must be an object such as { overlapSeconds: 3600 }",
    );
  }
  const options = givenOptions(given);
  const overlap = secondsOption("overlapSeconds", options.overlapSeconds, 0, LONGEST_OVERLAP_SECONDS) ?? 0;
  warnOfUnknownOptions(`${NAME}: \`replaceKey\``, options, ["overlapSeconds"]);
  return overlap * 1000;
}
