import { isCoded } from "../core/errors.js";
import { createSource, SourceError } from "../core/refresh.js";
import { getJson } from "./http.js";
import { parseUrlOption } from "./urls.js";

/**
 * @typedef {(context: import("../core/refresh.js").LoadContext) => Promise<
 *   { answer: unknown, ids: (string | symbol | undefined)[], maxAgeSeconds?: number }
 * >} Load gives what the value is made of, and the `kid`s that it is for; none if it holds no key
 */

/** The `kid` of a token that names no key, where keys without one are for it. */
export const ANY_KEY = Symbol("any key");

const DEFAULT_TIMEOUT_MS = 5000;
const MAX_JWKS_BYTES = 1024 * 1024;
const MAX_KEYS = 100;

/** Keys under one `kid`: one for each algorithm that an issuer may serve at a time. */
const MAX_KEYS_PER_ID = 4;

/** Longer ones are not looked up at the issuer. */
const MAX_ID_LENGTH = 512;

/** Whatever `Cache-Control` says, a set is not fetched more often than this without cause. */
const MIN_AGE_MS = 60_000;

/** Key types with a public part. RFC 7518 §6.1, RFC 8037 §2. */
const PUBLIC_KEY_TYPES = new Set(["RSA", "EC", "OKP"]);

/**
 * The keys of a JWK Set that can verify tokens, by RFC 7517: with a `kid`, public, for signatures. Keys that are for
 * others, or that are not understood, are skipped (§5).
 *
 * @param {unknown} document
 * @returns {{ kid: string, kty: string }[]} the members of each as they were read
 * @throws {SourceError} for what is not a JWK Set, or holds more than 100 such keys
 */
export function readJwks(document) {
  const set = /** @type {{ keys?: unknown }} */ (document);
  if (typeof set !== "object" || set === null || !Object.hasOwn(set, "keys") || !Array.isArray(set.keys)) {
    throw new SourceError("ERR_MCP_AUTH_JWKS_INVALID", "the JWK Set is not an object with an array `keys`");
  }
  /** @type {Map<string, number>} */
  const counts = new Map();
  const keys = set.keys.filter(isVerificationKey).filter(({ kid }) => {
    const count = (counts.get(kid) ?? 0) + 1;
    counts.set(kid, count);
    return count <= MAX_KEYS_PER_ID;
  });
  if (keys.length > MAX_KEYS) {
    throw new SourceError("ERR_MCP_AUTH_JWKS_TOO_MANY_KEYS", `the JWK Set holds more than ${MAX_KEYS} keys`);
  }
  return keys;
}

/** A private key is skipped: it is out in the world, so that its signatures prove nothing. */
function isVerificationKey(jwk) {
  return (
    typeof jwk === "object" &&
    jwk !== null &&
    PUBLIC_KEY_TYPES.has(jwk.kty) &&
    typeof jwk.kid === "string" &&
    jwk.kid !== "" &&
    jwk.kid.isWellFormed() &&
    !Object.hasOwn(jwk, "d") &&
    (!Object.hasOwn(jwk, "use") || jwk.use === "sig") &&
    (!Object.hasOwn(jwk, "key_ops") || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes("verify")))
  );
}

/**
 * The keys of an issuer by URL, as one value that is made of the whole set, or those of another source. Nothing is
 * fetched before it is asked for.
 *
 * A `kid` in the set is answered at once, whatever strangers ask for. One that is not waits for the next set, which is
 * fetched at most once per `minIntervalMs` for all who wait, and is remembered briefly if it is not there either.
 *
 * Call `keysFor` last, after what can be checked without the key: each rejection before it costs the issuer nothing.
 *
 * @template V
 * @param {object} options
 * @param {string | ((context: import("../core/refresh.js").LoadContext) => Promise<string>)} [options.locate] the URL
 *   of the set, or a function that gives it for each fetch
 * @param {Load} [options.load] another source than a URL
 * @param {string} [options.name] of the source, for errors. Default: "the JWK Set"
 * @param {(answer: any) => V} options.build makes the value of `{ keys }`, or of what `load` gave; if it throws, no key
 *   of the set can be used
 * @param {boolean} [options.requireHttps] whether `http:` is accepted for loopback addresses only. Default: true
 * @param {number} [options.timeoutMs] deadline for a fetch as a whole. Default: 5000
 * @param {number} [options.maxAgeMs] a set is used so long, or as its `Cache-Control` says if that is shorter, but a
 *   minute at least; it is refreshed in the background before. Default: 15 minutes
 * @param {number} [options.maxStaleMs] how much longer it is used while the issuer cannot be asked. Default: an hour
 * @param {number} [options.minIntervalMs] from the end of one fetch to the start of the next. Default: 3000
 * @param {number} [options.maxBackoffMs] what that grows to while fetches fail. Default: 15000
 * @param {number} [options.maxWaitMs] longest wait of one call of `keysFor`. Default: 5000
 * @param {number} [options.maxWaiting] calls of `keysFor` that wait at a time. Default: 1000
 * @param {number} [options.unknownMs] how long a `kid` that was not found is not looked for again. Default: 5000
 * @param {number} [options.maxUnknown] such `kid`s that are remembered. Default: 1000
 * @param {number} [options.minSuspectAgeMs] age of a set from which on `suspect` fetches another. Default: 30000
 * @param {(failed: import("../core/refresh.js").Failed) => void} [options.onFailure] told of each fetch that failed,
 *   and of each set without a usable key
 * @param {() => number} [options.now] milliseconds of a clock that is never set back
 * @param {typeof getJson} [options.get] how documents are fetched
 * @returns {KeySet<V>}
 */
export function createKeySet(options) {
  return new KeySet(options);
}

/** @template V */
class KeySet {
  /**
   * @type {import("../core/refresh.js").Source<
   *   { value: V | undefined, ids: Set<unknown>, readAt: number, isSuspected: boolean, problem?: string }
   * >}
   */
  #source;
  #name;
  #now;
  #minIntervalMs;
  #maxWaitMs;
  #maxWaiting;
  #unknownMs;
  #maxUnknown;
  #minSuspectAgeMs;
  /** @type {Set<{ kid: string | symbol, since: number, resolve: Function, reject: Function, timer: NodeJS.Timeout }>} */
  #waiting = new Set();
  /** @type {Map<string, number>} `kid`s that were not found, and until when that is believed. */
  #unknown = new Map();
  #isClosed = false;

  /** @param {Parameters<typeof createKeySet<V>>[0]} options */
  constructor(options) {
    const { name = "the JWK Set", load = publishedKeys(options), build, onFailure } = options;
    const { timeoutMs = DEFAULT_TIMEOUT_MS, maxAgeMs = 900_000, now = () => performance.now() } = options;
    this.#name = name;
    this.#now = now;
    this.#minIntervalMs = options.minIntervalMs ?? 3000;
    this.#maxWaitMs = options.maxWaitMs ?? 5000;
    this.#maxWaiting = options.maxWaiting ?? 1000;
    this.#unknownMs = options.unknownMs ?? 5000;
    this.#maxUnknown = options.maxUnknown ?? 1000;
    this.#minSuspectAgeMs = options.minSuspectAgeMs ?? 30_000;
    this.#source = createSource({
      name,
      load: async (context) => {
        const readAt = now();
        return { ...(await load(context)), readAt };
      },
      build: (loaded) => buildSet(loaded, build),
      timeoutMs,
      maxAgeMs: ({ maxAgeSeconds = Number.POSITIVE_INFINITY }) =>
        Math.min(Math.max(maxAgeSeconds * 1000, MIN_AGE_MS), maxAgeMs),
      maxStaleMs: options.maxStaleMs ?? 3_600_000,
      minIntervalMs: this.#minIntervalMs,
      maxBackoffMs: options.maxBackoffMs ?? 15_000,
      onLoad: ({ sequence, value }) => {
        if (value.value === undefined) {
          const message = this.#unusable(value);
          const error = new SourceError("ERR_MCP_AUTH_JWKS_UNUSABLE", message, this.#minIntervalMs);
          this.#failWaiting(error);
          onFailure?.({ sequence, error, failures: 1, usingStaleValue: false });
        } else {
          this.#answerWaiting(sequence, value);
        }
      },
      onFailure: (failed) => {
        this.#failWaiting(failed.error);
        onFailure?.(failed);
      },
      now,
    });
  }

  /** How many calls of `keysFor` wait. */
  get waiting() {
    return this.#waiting.size;
  }

  /**
   * The value, if it may be used without asking and its set has this `kid`; else `undefined`, which says nothing yet.
   *
   * @param {unknown} kid
   * @returns {V | undefined}
   */
  peek(kid) {
    const set = this.#source.value;
    return set?.ids.has(kid) ? set.value : undefined;
  }

  /**
   * The value whose set has this `kid`, after a fetch if need be; `undefined` if a set that was read after this call
   * does not have it.
   *
   * @param {unknown} kid
   * @returns {Promise<V | undefined>}
   * @throws {SourceError} when that cannot be decided: the issuer cannot be asked, or not in time, or too many wait
   */
  async keysFor(kid) {
    const known = this.peek(kid);
    if (known !== undefined) {
      return known;
    }
    const canBeFound = typeof kid === "string" && kid !== "" && kid.length <= MAX_ID_LENGTH;
    return kid === ANY_KEY || (canBeFound && !this.#isUnknown(kid)) ? this.#wait(kid) : undefined;
  }

  /** Fetches a set if there is none: at start, so that the first request does not wait. */
  async ready() {
    const set = await this.#source.get();
    if (set.value === undefined) {
      throw new SourceError("ERR_MCP_AUTH_JWKS_UNUSABLE", this.#unusable(set));
    }
  }

  /** @param {{ problem?: string }} set */
  #unusable({ problem }) {
    return `${this.#name} holds no key that can be used${problem === undefined ? "" : `: ${problem}`}`;
  }

  /** A signature did not fit a known `kid`, so its key may have been replaced: fetches a set, if this one is not new. */
  suspect() {
    const set = this.#source.value;
    if (set !== undefined && !set.isSuspected && this.#now() - set.readAt >= this.#minSuspectAgeMs) {
      // Once for each set: forged signatures cost the issuer no more than that.
      set.isSuspected = true;
      this.#source.refresh({ background: true });
    }
  }

  /** Ends fetches and timers; all who wait are rejected. Known keys stay until their time is over. */
  close() {
    this.#isClosed = true;
    this.#source.close();
    this.#failWaiting(closedError());
  }

  /** Believed only while there is a set to believe it of. */
  #isUnknown(kid) {
    const until = this.#unknown.get(kid);
    return until !== undefined && this.#now() < until && this.#source.value?.value !== undefined;
  }

  #rememberUnknown(kid) {
    this.#unknown.delete(kid);
    this.#unknown.set(kid, this.#now() + this.#unknownMs);
    if (this.#unknown.size > this.#maxUnknown) {
      const [oldest] = this.#unknown.keys();
      this.#unknown.delete(oldest);
    }
  }

  #wait(kid) {
    if (this.#isClosed) {
      throw closedError();
    }
    const dueMs = this.#source.msUntilLoad;
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new SourceError(
        "ERR_MCP_AUTH_JWKS_BUSY",
        `too many requests wait for ${this.#name}`,
        Math.max(dueMs, 1000),
      );
    }
    if (dueMs > this.#maxWaitMs) {
      const { code = "ERR_MCP_AUTH_JWKS_UNAVAILABLE", message = `${this.#name} was asked a moment ago` } =
        this.#source.failure ?? {};
      throw new SourceError(code, message, dueMs);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        const message = `${this.#name} gave no newer keys within ${this.#maxWaitMs / 1000} s`;
        reject(new SourceError("ERR_MCP_AUTH_JWKS_UNAVAILABLE", message, this.#minIntervalMs));
      }, this.#maxWaitMs);
      const waiter = { kid, since: this.#source.started, resolve, reject, timer };
      this.#waiting.add(waiter);
      this.#source.refresh({ background: true });
    });
  }

  #answerWaiting(sequence, set) {
    for (const waiter of this.#waiting) {
      const isKnown = set.ids.has(waiter.kid);
      // A set that was on its way before the call may have been read before the key was added.
      if (isKnown || waiter.since < sequence) {
        this.#waiting.delete(waiter);
        clearTimeout(waiter.timer);
        if (!isKnown) {
          this.#rememberUnknown(waiter.kid);
        }
        waiter.resolve(isKnown ? set.value : undefined);
      }
    }
  }

  #failWaiting(error) {
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      // After a fetch that failed, the last good set is good enough for its own keys.
      const known = this.peek(waiter.kid);
      if (known === undefined) {
        waiter.reject(error);
      } else {
        waiter.resolve(known);
      }
    }
    this.#waiting.clear();
  }
}

function closedError() {
  return new SourceError("ERR_MCP_AUTH_SOURCE_CLOSED", "the JWK Set is closed");
}

/**
 * An empty set, or one without a usable key, is a set: the keys before it are withdrawn. It accepts nothing, and what
 * it cannot decide is not rejected either.
 *
 * @returns {any}
 */
function buildSet({ answer, ids, readAt }, build) {
  let problem;
  try {
    if (ids.length > 0) {
      return { value: build(answer), ids: new Set(ids), readAt, isSuspected: false };
    }
  } catch (error) {
    // Messages of others may quote the keys.
    problem = isCoded(error) ? error.message : undefined;
  }
  return { value: undefined, ids: new Set(), readAt, isSuspected: false, problem };
}

/**
 * Keys that an issuer publishes by URL.
 *
 * @param {any} options of `createKeySet`
 * @returns {Load}
 */
function publishedKeys({ locate, requireHttps = true, timeoutMs = DEFAULT_TIMEOUT_MS, get = getJson }) {
  if (typeof locate === "string") {
    parseUrlOption("jwksUri", locate, { requireHttps });
  }
  return async ({ signal, keepAlive }) => {
    const url = typeof locate === "string" ? locate : await locate({ signal, keepAlive });
    const maxBytes = MAX_JWKS_BYTES;
    const { json, maxAgeSeconds } = await get(url, { timeoutMs, maxBytes, signal, keepAlive, requireHttps });
    const keys = readJwks(json);
    return { answer: { keys }, ids: keys.map(({ kid }) => kid), maxAgeSeconds };
  };
}
