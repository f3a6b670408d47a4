import { presentedApiKey } from "./credentials.js";
import { configurationError, constructNative } from "./errors.js";
import { announced } from "./events.js";
import { extendsFramework, findFramework } from "./framework.js";
import { keyRing } from "./native.js";
import { booleanOption, givenOptions, headerNameOption, warnOfUnknownOptions } from "./options.js";
import { throttleOption } from "./throttle.js";
import { DEFAULT_AUTH_ERROR } from "./words.js";

const NAME = "APIKeyAuthProvider";

export const DEFAULT_API_KEY_HEADER_NAME = "X-API-Key";

/** Documented in index.d.ts. */
export class APIKeyAuthProvider {
  #contains;
  #keyCount;
  #headerName;
  #headerNameInLowerCase;
  #queryFallback;
  #throttle;

  constructor(config) {
    const options = givenOptions(config);
    const { keys, headerName, queryFallback, throttle } = options;
    const checked = checkedKeys(keys);
    this.#headerName = headerNameOption(headerName, DEFAULT_API_KEY_HEADER_NAME);
    this.#headerNameInLowerCase = this.#headerName.toLowerCase();
    this.#queryFallback = booleanOption("queryFallback", queryFallback, true);
    this.#contains = constructNative(() => keyRing(checked));
    this.#keyCount = checked.length;
    this.#throttle = throttleOption(NAME, throttle, (req) => this.#decide(req));
    warnOfUnknownOptions(NAME, options, ["keys", "headerName", "queryFallback", "throttle"]);
    findFramework();
  }

  getKeyCount() {
    return this.#keyCount;
  }

  getHeaderName() {
    return this.#headerName;
  }

  async authenticate(req) {
    try {
      // An `await` here would slow down those without `throttle`, which never come to it, by 20 ns.
      return this.#throttle === undefined
        ? announced(NAME, req, this.#decide(req))
        : this.#throttle.authenticate(req);
    } catch {
      // A method torn off its provider lets nobody in.
      return false;
    }
  }

  /** `true`, or the code of why not. */
  #decide(req) {
    try {
      const presented = presentedApiKey(req, this.#headerNameInLowerCase, this.#queryFallback);
      if (!presented) {
        return "KEY_MISSING";
      }
      // The native side sees UTF-8, in which all lone surrogates would look alike.
      const isKey = typeof presented === "string" && presented.isWellFormed() && this.#contains(presented);
      return isKey || "KEY_UNKNOWN";
    } catch {
      // A request object that throws when it is read carries no key.
      return "REQUEST_UNREADABLE";
    }
  }

  getAuthError() {
    // Not every `this` is one of ours: the framework may hold a Proxy.
    const throttled = #throttle in Object(this) ? this.#throttle?.takeAnswer() : undefined;
    return throttled ?? { ...DEFAULT_AUTH_ERROR, message: "Invalid API key" };
  }
}

extendsFramework(APIKeyAuthProvider);

/** A copy of the keys, each of them a string that a request can carry. */
function checkedKeys(keys) {
  if (!Array.isArray(keys)) {
    // The framework's sentence, where the framework says it; what has a length got past it there.
    throw keys?.length ? invalid("`keys` must be an array of strings") : none();
  }
  if (keys.length === 0) {
    throw none();
  }
  const checked = [];
  // By index: an array may bring an iterator of its own.
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (typeof key !== "string") {
      throw invalid(
        `\`keys[${index}]\` must be a string, not ${key === null ? "null" : `a value of type ${typeof key}`}`,
      );
    }
    if (key === "") {
      throw invalid(`\`keys[${index}]\` is empty; remove it or set it to a key`);
    }
    if (!key.isWellFormed()) {
      throw invalid(`\`keys[${index}]\` holds a lone surrogate, which no request can carry; use plain text`);
    }
    checked.push(key);
  }
  return checked;
}

function none() {
  return configurationError("KEYS_REQUIRED", "At least one API key is required");
}

function invalid(message) {
  return configurationError("KEYS_INVALID", message);
}
