import { carriesBearer } from "./challenge.js";
import { publishVerdict } from "./events.js";
import { isPromise } from "./promise.js";
import { socketAddress } from "./request.js";
import { Turns } from "./turns.js";
import { reject } from "./verdict.js";

/**
 * @typedef {import("./verdict.js").Verdict} Verdict
 * @typedef {import("./request.js").RequestView} RequestView
 *
 * One way to prove who calls.
 * @typedef {object} Method
 * @property {string} name of the class, for events
 * @property {(request: RequestView) => Verdict | Promise<Verdict>} decide never throws or rejects
 * @property {() => Method[]} [members] of one that combines several
 * @property {boolean} [mayWait] whether `decide` may give a promise
 * @property {boolean} [answersVary] whether a rejection may have another status than 401, or challenges of its own
 * @property {() => Promise<void> | undefined} [ready] what a decision has to wait for; the promise never rejects
 * @property {(request: RequestView) => unknown} credential what `decide` looks at: falsy, but not `undefined`, if the
 *   request has none; `undefined` where that cannot be known
 * @property {(isInvalid: boolean) => string[]} challenges values of `WWW-Authenticate`; `isInvalid` says that a
 *   Bearer credential was presented
 * @property {string[]} [requiredScopes] without which a token is rejected
 * @property {boolean} [checksAudience] whether each token must have been issued for an audience; absent for API keys
 *
 * Limits on failed attempts; see lib/throttle. What it gives is a promise only where its counts are in a store.
 * @typedef {object} AttemptLimit
 * @property {boolean} locksOut whether an address over the limit is rejected whatever it presents
 * @property {boolean} isShared whether the counts are in a store
 * @property {(address: string | undefined) => string} clientOf what counts as one client
 * @property {(client: string) => Wait | Promise<Wait>} lockedFor
 * @property {(client: string, failures: number) => Wait | Promise<Wait>} count
 *
 * Milliseconds until the client may try again, 0 for at once; `undefined` if the store does not answer.
 * @typedef {number | undefined} Wait
 */

/**
 * The one lifecycle of every provider on every host: wait for what is still loading, look at the lock, decide, count,
 * publish.
 */
export class Authenticator {
  /** @type {Method} */
  method;
  #limit;
  #publish;
  #addressOf;
  /** Where a decision or a count is awaited, requests of one client must not overtake the count of each other. */
  #turns;

  /**
   * @param {Method} method
   * @param {AttemptLimit | undefined} [limit]
   * @param {typeof publishVerdict} [publish]
   * @param {(request: RequestView) => string | undefined} [addressOf] gives the client's address
   */
  constructor(method, limit, publish = publishVerdict, addressOf = socketAddress) {
    this.method = method;
    this.#limit = limit;
    this.#publish = publish;
    this.#addressOf = addressOf;
    this.#turns = limit?.locksOut && (limit.isShared || method.mayWait) ? new Turns() : undefined;
  }

  get isThrottled() {
    return this.#limit !== undefined;
  }

  get trustsProxy() {
    return this.#addressOf !== socketAddress;
  }

  /**
   * Decides about a request and publishes the verdict. Never throws or rejects. Gives a promise only where something
   * has to be waited for: an `await` costs each request 20 ns.
   *
   * @param {RequestView} request
   * @returns {Verdict | Promise<Verdict>}
   */
  authenticate(request) {
    const { method } = this;
    const loading = method.ready?.();
    if (this.#limit !== undefined) {
      return this.#authenticateLimited(this.attempt(request), loading, this.#limit);
    }
    const verdict =
      loading === undefined ? method.decide(request) : loading.then(() => method.decide(request));
    if (!isPromise(verdict)) {
      const attempt = this.#addressOf === socketAddress ? undefined : this.attempt(request);
      return this.#conclude(verdict, request, attempt);
    }
    const attempt = this.attempt(request).readAddress();
    return verdict.then((decided) => this.#conclude(decided, request, attempt));
  }

  /**
   * Whether a request that was accepted would be accepted now. Counts nothing and publishes nothing. What cannot be
   * decided at the moment is not rejected.
   *
   * @param {RequestView} request
   */
  async wouldAccept(request) {
    const verdict = await this.method.decide(request);
    return verdict.accepted || verdict.status === 503 || verdict.reason === "PROVIDER_FAILED";
  }

  async #authenticateLimited(attempt, loading, limit) {
    const { method } = this;
    if (loading !== undefined || method.mayWait) {
      attempt.readAddress();
    }
    if (loading !== undefined) {
      await loading;
    }
    const turn = this.#turns?.take(attempt.client);
    try {
      if (turn?.begins !== undefined) {
        await turn.begins;
      }
      if (limit.locksOut) {
        // Not awaited in memory: what is awaited lets other requests in between the look and the count.
        const found = limit.lockedFor(attempt.client);
        const wait = attempt.noteStore(isPromise(found) ? await found : found);
        if (wait > 0) {
          return this.#conclude(tooMany(reject(method.name, "LOCKED_OUT"), wait), attempt.request, attempt);
        }
      }
      const decided = method.decide(attempt.request);
      const verdict = isPromise(decided) ? await decided : decided;
      // A store that has just failed is not asked again for the same request.
      if (verdict.accepted || verdict.guesses === 0 || attempt.limiterError) {
        return this.#conclude(verdict, attempt.request, attempt);
      }
      const counted = limit.count(attempt.client, verdict.guesses);
      const wait = attempt.noteStore(isPromise(counted) ? await counted : counted);
      const concluded = wait > 0 ? tooMany({ ...verdict, ...throttled(verdict) }, wait) : verdict;
      return this.#conclude(concluded, attempt.request, attempt);
    } finally {
      turn?.end();
    }
  }

  /** The credentials of a request, where the verdict does not say whose it is. */
  presented(request) {
    const { method } = this;
    return (method.members?.() ?? [method]).map((one) => one.credential(request) || null);
  }

  /** What is noted of a request that is decided elsewhere. */
  attempt(request) {
    return new Attempt(request, this.#addressOf, this.#limit);
  }

  #conclude(verdict, request, attempt) {
    if (!verdict.accepted && verdict.status === 401 && verdict.challenges.length === 0) {
      verdict.challenges = this.challenges(carriesBearer(request));
    }
    this.#publish(verdict, request, attempt);
    return verdict;
  }

  /**
   * Challenges for a 401, each once.
   *
   * @param {boolean} isInvalid whether a Bearer credential was presented
   * @returns {string[]}
   */
  challenges(isInvalid) {
    const challenges = this.method.challenges(isInvalid);
    return challenges.length < 2 ? challenges : [...new Set(challenges)];
  }
}

const throttled = ({ reason }) => ({ reason: "THROTTLED", credentialReason: reason });

function tooMany(verdict, waitMs) {
  const retryAfter = Number.isFinite(waitMs) ? Math.ceil(waitMs / 1000) : undefined;
  return { ...verdict, status: 429, challenges: [], retryAfter };
}

/** What is known of one request next to the verdict. */
export class Attempt {
  request;
  #addressOf;
  #limit;
  #address;
  #isAddressRead = false;
  /** Whether the store of failed attempts did not answer. */
  limiterError = false;

  constructor(request, addressOf, limit) {
    this.request = request;
    this.#addressOf = addressOf;
    this.#limit = limit;
  }

  /** The client's address. Read once, and not before it is needed: that takes a system call. */
  get address() {
    this.readAddress();
    return this.#address;
  }

  get client() {
    return this.#limit.clientOf(this.address);
  }

  /** Before anything is awaited: a socket that is closed has no address. */
  readAddress() {
    if (!this.#isAddressRead) {
      this.#isAddressRead = true;
      this.#address = this.#addressOf(this.request);
    }
    return this;
  }

  /** @param {number | undefined} wait @returns {number} */
  noteStore(wait) {
    this.limiterError = wait === undefined;
    return wait ?? 0;
  }
}

/** @type {WeakMap<object, Authenticator>} */
const authenticators = new WeakMap();

/** Makes the authenticator of a provider known to `anyOf` and to hosts. Not a method: a subclass could hide it. */
export function registerAuthenticator(provider, authenticator) {
  authenticators.set(provider, authenticator);
}

/** The authenticator of a provider of this package, extended or not; else `undefined`. */
export function authenticatorOf(provider) {
  return authenticators.get(provider);
}
