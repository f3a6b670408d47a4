import crypto from "node:crypto";
import { SourceError, withDeadline } from "../core/refresh.js";
import { judgeKind, judgeParties, own } from "./claims.js";
import { optionError } from "./errors.js";
import { postForm } from "./http.js";
import { parseUrlOption } from "./urls.js";

const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_TOKEN_LENGTH = 16 * 1024;

/** RFC 6750 §2.1. */
const B64TOKEN = /^[\w\-.~+/]+=*$/;

/** RFC 6749 Appendix A.1 and A.2 allow more; a colon would end the user name of RFC 7617 §2. */
const CLIENT_ID = /^[\x20-\x39\x3b-\x7e]+$/;
const CLIENT_SECRET = /^[\x20-\x7e]+$/;

/** `token_type` of what may be presented as a Bearer token. RFC 7662 §2.2, RFC 8693 §3. */
const BEARER_TYPES = new Set(["bearer", "access_token", "urn:ietf:params:oauth:token-type:access_token"]);

/** Milliseconds until a call that was rejected for want of room may be tried again. */
const BUSY_RETRY_MS = 1000;

/**
 * @typedef {object} MoreRules
 * @property {number} [clockTolerance] seconds, on `exp`, `nbf` and `iat`. Default: 0
 * @property {number} [maxTokenAge] seconds by `iat`, which must then be there
 * @property {readonly string[]} [subjects] accepted in `sub`; `*` matches any run of characters. Default: any
 * @property {readonly string[]} [requiredClaims] that must be there, with any value
 * @property {readonly { name: string, texts: string[], numbers: number[], booleans: boolean[] }[]} [claims] that must
 *   have an accepted value, or be an array with one
 *
 * @typedef {import("./claims.js").ClaimRules & MoreRules} IntrospectionRules
 *
 * @typedef {{ claims: Record<string, any>, rejected?: undefined }} Active an object of the caller's own
 * @typedef {{ rejected: string, claims?: undefined }} Inactive the reason, a name in the table of reasons
 */

/**
 * A client of an introspection endpoint: RFC 7662.
 *
 * Tokens are known by their SHA-256 digest; none is kept longer than the call that sends it.
 *
 * @param {object} options
 * @param {string | ((context: import("../core/refresh.js").LoadContext) => Promise<string>)} options.endpoint its URL,
 *   or a function that gives it for each call
 * @param {string} options.clientId
 * @param {string} options.clientSecret
 * @param {IntrospectionRules} options.rules
 * @param {"client_secret_basic" | "client_secret_post"} [options.authMethod] Default: "client_secret_basic"
 * @param {string} [options.tokenTypeHint] RFC 7662 §2.1. Default: none
 * @param {string} [options.path] where these options stand in the configuration, for errors. Default: "introspection"
 * @param {boolean} [options.requireHttps] whether `http:` is accepted for loopback addresses only. Default: true
 * @param {number} [options.timeoutMs] deadline for a call as a whole. Default: 5000
 * @param {number} [options.maxInFlight] calls at a time; more are rejected at once. Default: 64
 * @param {number} [options.cacheTtlMs] how long an active token is accepted without asking, but not beyond its `exp`:
 *   the delay of a revocation. 0 asks for each request, in a call that starts after it. Default: 300000
 * @param {number} [options.rejectionTtlMs] how long a rejection is remembered. Default: 5000
 * @param {number} [options.maxEntries] answers of each kind that are remembered; the least recently used is evicted.
 *   Default: 10000
 * @param {number} [options.maxCacheBytes] text of answers that is remembered. Default: 32 MiB
 * @param {() => number} [options.now] milliseconds of a clock that is never set back
 * @param {() => number} [options.unixTime] seconds since 1970
 * @param {typeof postForm} [options.post] how the endpoint is asked
 * @returns {Introspector}
 */
export function createIntrospector(options) {
  return new Introspector(options);
}

class Introspector {
  #endpoint;
  #credentials;
  #rules;
  #requireHttps;
  #timeoutMs;
  #maxInFlight;
  #cacheTtlMs;
  #rejectionTtlMs;
  #now;
  #unixTime;
  #post;
  /** @type {BoundedMap<{ text: string, exp: number, until: number }>} */
  #active;
  /** @type {BoundedMap<{ reason: string, until: number }>} */
  #rejected;
  /** @type {Map<string, { answer: Promise<Answer>, next?: Promise<Answer> }>} */
  #flights = new Map();
  #inFlight = 0;
  #closing = new AbortController();

  /** @param {Parameters<typeof createIntrospector>[0]} options */
  constructor(options) {
    const { endpoint, requireHttps = true, rules, path = "introspection" } = options;
    if (typeof endpoint !== "function") {
      parseUrlOption(`${path}.endpoint`, endpoint, { requireHttps });
    }
    this.#endpoint = endpoint;
    this.#requireHttps = requireHttps;
    this.#credentials = readCredentials(options, path);
    // Copied: what is changed later has no effect.
    this.#rules = {
      issuers: [...rules.issuers],
      audiences: rules.audiences === null ? null : [...rules.audiences],
      clockTolerance: rules.clockTolerance ?? 0,
      rejectBound: rules.rejectBound ?? false,
      allowIdTokens: rules.allowIdTokens ?? false,
      maxTokenAge: rules.maxTokenAge,
      subjects: [...(rules.subjects ?? [])],
      requiredClaims: [...(rules.requiredClaims ?? [])],
      claims: [...(rules.claims ?? [])],
    };
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#maxInFlight = options.maxInFlight ?? 64;
    this.#cacheTtlMs = options.cacheTtlMs ?? 300_000;
    this.#rejectionTtlMs = options.rejectionTtlMs ?? 5000;
    this.#now = options.now ?? (() => performance.now());
    this.#unixTime = options.unixTime ?? (() => Date.now() / 1000);
    this.#post = options.post ?? postForm;
    const { maxEntries = 10_000, maxCacheBytes = 32 * 1024 * 1024 } = options;
    this.#active = new BoundedMap(maxEntries, maxCacheBytes);
    this.#rejected = new BoundedMap(maxEntries, maxCacheBytes);
  }

  /** How many answers are remembered, and how many calls are under way. */
  get counts() {
    return { active: this.#active.size, rejected: this.#rejected.size, inFlight: this.#inFlight };
  }

  /**
   * What the authorization server says of a token, and whether the rules accept it.
   *
   * @param {string} token
   * @returns {Promise<Active | Inactive>}
   * @throws {SourceError} when the server cannot be asked, or does not give an answer by RFC 7662
   */
  async introspect(token) {
    if (typeof token !== "string" || token.length > MAX_TOKEN_LENGTH || !B64TOKEN.test(token)) {
      return { rejected: "TOKEN_MALFORMED" };
    }
    const digest = sha256(token);
    const answer = this.#recall(digest) ?? (await this.#askOnce(digest, token));
    // Parsed for each caller: one that changes its object changes no other's.
    return answer.text === undefined ? { rejected: answer.reason } : { claims: JSON.parse(answer.text) };
  }

  /** Ends the calls under way, whose callers are rejected, and forgets all answers. */
  close() {
    this.#closing.abort(closedError());
    this.#active.clear();
    this.#rejected.clear();
  }

  /** @returns {Answer | undefined} */
  #recall(digest) {
    const now = this.#now();
    const active = this.#active.get(digest);
    if (active !== undefined) {
      if (now < active.until && this.#unixTime() < active.exp + this.#rules.clockTolerance) {
        return active;
      }
      this.#active.delete(digest);
    }
    const rejected = this.#rejected.get(digest);
    if (rejected !== undefined) {
      if (now < rejected.until) {
        return rejected;
      }
      this.#rejected.delete(digest);
    }
    return undefined;
  }

  /** One call for all who ask about a token at a time. */
  #askOnce(digest, token) {
    const flight = this.#flights.get(digest);
    if (flight === undefined) {
      return this.#start(digest, token);
    }
    if (this.#cacheTtlMs > 0) {
      return flight.answer;
    }
    // Nothing may be remembered, and a call that is under way may have been answered before this request came.
    const startNext = () => this.#start(digest, token);
    flight.next ??= flight.answer.then(startNext, startNext);
    return flight.next;
  }

  #start(digest, token) {
    if (this.#closing.signal.aborted) {
      return Promise.reject(closedError());
    }
    if (this.#inFlight >= this.#maxInFlight) {
      const message = "too many introspection calls are under way";
      return Promise.reject(new SourceError("ERR_MCP_AUTH_INTROSPECTION_BUSY", message, BUSY_RETRY_MS));
    }
    this.#inFlight += 1;
    const flight = {};
    flight.answer = this.#ask(token)
      .finally(() => {
        this.#inFlight -= 1;
        if (this.#flights.get(digest) === flight) {
          this.#flights.delete(digest);
        }
      })
      .then((answer) => this.#remember(digest, answer));
    this.#flights.set(digest, flight);
    return flight.answer;
  }

  /** @returns {Promise<Answer>} */
  async #ask(token) {
    const controller = new AbortController();
    const abort = () => controller.abort(closedError());
    this.#closing.signal.addEventListener("abort", abort, { once: true });
    try {
      const { json, text } = await withDeadline((context) => this.#exchange(token, context), {
        name: "introspection",
        timeoutMs: this.#timeoutMs,
        controller,
      });
      const reason = judgeAnswer(json, this.#rules, this.#unixTime());
      return reason === undefined ? { text, exp: lastSecond(json, this.#rules) } : { reason };
    } finally {
      this.#closing.signal.removeEventListener("abort", abort);
    }
  }

  async #exchange(token, { signal, keepAlive }) {
    const url =
      typeof this.#endpoint === "function" ? await this.#endpoint({ signal, keepAlive }) : this.#endpoint;
    const { authorization, form } = this.#credentials;
    try {
      return await this.#post(
        url,
        { token, ...form },
        {
          authorization,
          timeoutMs: this.#timeoutMs,
          maxBytes: MAX_ANSWER_BYTES,
          signal,
          keepAlive,
          requireHttps: this.#requireHttps,
        },
      );
    } catch (error) {
      if (error.status === 401) {
        throw new SourceError(
          "ERR_MCP_AUTH_INTROSPECTION_UNAUTHORIZED",
          "the introspection endpoint does not accept `clientId` and `clientSecret`",
        );
      }
      throw error;
    }
  }

  #remember(digest, answer) {
    const now = this.#now();
    if (answer.text === undefined) {
      if (this.#rejectionTtlMs > 0) {
        this.#rejected.set(digest, { ...answer, until: now + this.#rejectionTtlMs }, 0);
      }
    } else if (this.#cacheTtlMs > 0) {
      this.#active.set(digest, { ...answer, until: now + this.#cacheTtlMs }, 2 * answer.text.length);
    }
    return answer;
  }
}

/** @typedef {{ text: string, exp: number, reason?: undefined } | { reason: string, text?: undefined }} Answer */

function closedError() {
  return new SourceError("ERR_MCP_AUTH_SOURCE_CLOSED", "introspection is closed");
}

/**
 * RFC 6749 §2.3.1: both are form-encoded before they go into a Basic credential.
 *
 * @param {Parameters<typeof createIntrospector>[0]} options
 * @param {string} path
 */
function readCredentials(options, path) {
  const { clientId, clientSecret, authMethod = "client_secret_basic", tokenTypeHint } = options;
  if (typeof clientId !== "string" || !CLIENT_ID.test(clientId)) {
    throw optionError(`\`${path}.clientId\` must be a string of visible ASCII characters without a colon`);
  }
  if (typeof clientSecret !== "string" || !CLIENT_SECRET.test(clientSecret)) {
    throw optionError(`\`${path}.clientSecret\` must be a string of visible ASCII characters, not empty`);
  }
  /** @type {Record<string, string>} */
  const form = {};
  if (tokenTypeHint !== undefined) {
    form.token_type_hint = tokenTypeHint;
  }
  if (authMethod === "client_secret_post") {
    form.client_id = clientId;
    form.client_secret = clientSecret;
    return { form };
  }
  if (authMethod !== "client_secret_basic") {
    throw optionError(`\`${path}.authMethod\` must be "client_secret_basic" or "client_secret_post"`);
  }
  const encoded = Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString("base64");
  return { form, authorization: `Basic ${encoded}` };
}

/** @param {string} text */
function sha256(text) {
  // A third of the cost, where the runtime has it.
  return crypto.hash?.("sha256", text, "base64") ?? crypto.createHash("sha256").update(text).digest("base64");
}

function formEncode(text) {
  return new URLSearchParams({ v: text }).toString().slice(2);
}

/**
 * Why the token of an answer is rejected; `undefined` if it is accepted.
 *
 * @param {any} answer
 * @param {IntrospectionRules} rules
 * @param {number} unixTime
 * @returns {string | undefined} a name in the table of reasons
 * @throws {SourceError} for what is not an answer by RFC 7662 §2.2
 */
export function judgeAnswer(answer, rules, unixTime) {
  if (
    typeof answer !== "object" ||
    answer === null ||
    Array.isArray(answer) ||
    typeof own(answer, "active") !== "boolean"
  ) {
    throw new SourceError(
      "ERR_MCP_AUTH_INTROSPECTION_INVALID",
      "the introspection endpoint answered without a member `active` that is true or false",
    );
  }
  if (!answer.active) {
    return "TOKEN_INACTIVE";
  }
  return (
    judgeType(answer, rules) ??
    judgeKind(answer, rules) ??
    judgeTime(answer, rules, unixTime) ??
    judgeParties(answer, rules) ??
    judgeMore(answer, rules, unixTime)
  );
}

/** @param {any} answer @param {IntrospectionRules} rules */
function judgeType(answer, { rejectBound = false }) {
  const type = own(answer, "token_type");
  const isBound = typeof type === "string" && type.toLowerCase() === "dpop";
  const isBearer = type === undefined || (typeof type === "string" && BEARER_TYPES.has(type.toLowerCase()));
  if (!isBearer && !isBound) {
    return "TOKEN_TYPE_NOT_ALLOWED";
  }
  return rejectBound && isBound ? "TOKEN_BOUND" : undefined;
}

function judgeTime(answer, { clockTolerance = 0 }, unixTime) {
  const stated = own(answer, "exp");
  if (stated === undefined) {
    return "TOKEN_EXPIRATION_MISSING";
  }
  const exp = readSeconds(stated);
  const notBefore = own(answer, "nbf");
  const nbf = notBefore === undefined ? Number.NEGATIVE_INFINITY : readSeconds(notBefore);
  if (exp === undefined || nbf === undefined) {
    return "TOKEN_TIME_CLAIM_INVALID";
  }
  if (unixTime >= exp + clockTolerance) {
    return "TOKEN_EXPIRED";
  }
  return unixTime < nbf - clockTolerance ? "TOKEN_NOT_YET_VALID" : undefined;
}

/** The rules of JWTAuthProvider that the native verifier checks in a token. */
function judgeMore(answer, rules, unixTime) {
  const { clockTolerance = 0, maxTokenAge, subjects = [], requiredClaims = [], claims = [] } = rules;
  if (maxTokenAge !== undefined) {
    const stated = own(answer, "iat");
    const iat = readSeconds(stated);
    if (stated !== undefined && iat === undefined) {
      return "TOKEN_TIME_CLAIM_INVALID";
    }
    if (iat === undefined || unixTime > iat + maxTokenAge + clockTolerance) {
      return "TOKEN_TOO_OLD";
    }
    if (iat > unixTime + clockTolerance) {
      return "TOKEN_ISSUED_IN_FUTURE";
    }
  }
  if (!requiredClaims.every((name) => Object.hasOwn(answer, name))) {
    return "TOKEN_CLAIM_MISSING";
  }
  if (subjects.length > 0 && !subjects.some((pattern) => matches(String(answer.sub), pattern))) {
    return "TOKEN_SUBJECT_NOT_ALLOWED";
  }
  const isAccepted = ({ name, texts, numbers, booleans }) =>
    [own(answer, name)].flat().some((value) => [...texts, ...numbers, ...booleans].includes(value));
  return claims.every(isAccepted) ? undefined : "TOKEN_CLAIM_NOT_ALLOWED";
}

/** In a time that grows with the text alone, which a regular expression cannot promise. */
function matches(text, pattern) {
  const [first, ...parts] = pattern.split("*");
  const last = parts.pop();
  if (last === undefined) {
    return text === pattern;
  }
  if (!text.startsWith(first)) {
    return false;
  }
  let end = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, end);
    if (found === -1) {
      return false;
    }
    end = found + part.length;
  }
  return text.endsWith(last) && text.length - last.length >= end;
}

/** When an accepted token ends by `exp` and by its age. */
function lastSecond({ exp, iat }, { maxTokenAge }) {
  const end = /** @type {number} */ (readSeconds(exp));
  return maxTokenAge === undefined
    ? end
    : Math.min(end, /** @type {number} */ (readSeconds(iat)) + maxTokenAge);
}

/** A finite number, or a text that is one. */
function readSeconds(value) {
  const number = typeof value === "string" && /^\d{1,15}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return Number.isFinite(number) ? number : undefined;
}

/**
 * A map with a bound on entries and on what they weigh. The least recently used entry is evicted.
 *
 * @template E
 */
class BoundedMap {
  /** @type {Map<string, { entry: E, weight: number }>} */
  #map = new Map();
  #maxEntries;
  #maxWeight;
  #weight = 0;

  constructor(maxEntries, maxWeight) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
  }

  get size() {
    return this.#map.size;
  }

  get(key) {
    const held = this.#map.get(key);
    if (held === undefined) {
      return undefined;
    }
    this.#map.delete(key);
    this.#map.set(key, held);
    return held.entry;
  }

  set(key, entry, weight) {
    this.delete(key);
    this.#map.set(key, { entry, weight });
    this.#weight += weight;
    while (this.#map.size > this.#maxEntries || this.#weight > this.#maxWeight) {
      const [oldest] = this.#map.keys();
      this.delete(oldest);
    }
  }

  delete(key) {
    this.#weight -= this.#map.get(key)?.weight ?? 0;
    this.#map.delete(key);
  }

  clear() {
    this.#map.clear();
    this.#weight = 0;
  }
}
