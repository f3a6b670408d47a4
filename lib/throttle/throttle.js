import { configurationError } from "../errors.js";
import { announced } from "../events.js";
import { booleanOption, countOption, givenOptions, warnOfUnknownOptions } from "../options.js";
import { addHeader, listenForResponses } from "../responses.js";
import { THROTTLED_ERROR } from "../words.js";
import { listenForRequests, placeForAnswer, takeAnswer } from "./answers.js";
import { clientAddress, networkOf } from "./client-address.js";
import { FailureCounts } from "./failure-counts.js";
import { StoredCounts } from "./stored-counts.js";

const OPTIONS = [
  "failures",
  "windowSeconds",
  "maxAddresses",
  "trustProxy",
  "lockout",
  "limiter",
  "limiterTimeoutMs",
];

/** The options of counts in memory, which a limiter brings itself. */
const OF_MEMORY = ["failures", "windowSeconds", "maxAddresses"];

/**
 * Refusals that are no guess, and are neither counted nor answered by 429: nothing was presented, or
 * something genuine that is out of its time or for somebody else, whose bearer must learn from a 401 that
 * another one is due.
 */
const NO_GUESS = new Set([
  "KEY_MISSING",
  "KEY_EXPIRED",
  "KEY_NOT_YET_VALID",
  "KEYS_NOT_LOADED",
  "TOKEN_MISSING",
  "REQUEST_UNREADABLE",
  "TOKEN_EXPIRED",
  "TOKEN_NOT_YET_VALID",
  "TOKEN_EXPIRATION_MISSING",
  "TOKEN_TOO_OLD",
  "TOKEN_ISSUED_IN_FUTURE",
  "TOKEN_CLAIM_MISSING",
  "TOKEN_ISSUER_NOT_ALLOWED",
  "TOKEN_AUDIENCE_NOT_ALLOWED",
  "TOKEN_SUBJECT_NOT_ALLOWED",
]);

/** Whether a refusal counts: a credential that was presented and is not genuine. */
export function isGuess(reason) {
  return !NO_GUESS.has(reason);
}

/**
 * The throttle of a provider, or `undefined` if it has none. Options and defaults are documented in
 * index.d.ts as ThrottleConfig.
 *
 * @param {string} provider name of the class
 * @param {unknown} config
 * @param {(req: unknown) => Decision} [decide] `true`, `{ data }` or the code of why not
 * @param {(decision: unknown) => { provider: string, keyId?: string }} [describe] asked right after the decision
 */
export function throttleOption(provider, config, decide, describe) {
  if (config === undefined || config === null) {
    return undefined;
  }
  if (typeof config !== "object" || Array.isArray(config)) {
    throw invalid("`throttle` must be an object such as { failures: 10, windowSeconds: 60 }");
  }
  const options = givenOptions(config);
  const throttle = new Throttle(options, decide, describe);
  warnOfUnknownOptions(`${provider}: \`throttle\``, options, OPTIONS);
  listenForRequests();
  listenForResponses();
  return throttle;
}

/** Counts the failures of each address, and refuses those that are too many. */
class Throttle {
  #decide;
  #describe;
  #counts;
  #lockout;
  #trustProxy;

  constructor(options, decide, describe) {
    this.#decide = decide;
    this.#describe = describe;
    this.#lockout = booleanOption("throttle.lockout", options.lockout, false);
    this.#trustProxy = countOption("throttle.trustProxy", options.trustProxy, 0, 100);
    this.#counts = countsFor(options, this.#lockout);
  }

  /**
   * Decides about a request, publishes the decision and resolves to what the provider's `authenticate`
   * does. Never rejects.
   *
   * @param {unknown} req
   * @param {Promise<void>} [ready] what the decision has to wait for
   * @param {(req: unknown) => Decision | Promise<Decision>} [decide] for this request alone
   * @param {(decision: unknown) => { provider: string, keyId?: string }} [describe] likewise
   */
  async authenticate(req, ready, decide = this.#decide, describe = this.#describe) {
    try {
      return await this.#throttled(req, ready, decide, describe);
    } catch {
      // Nothing is known to come here; it would let nobody in.
      return false;
    }
  }

  async #throttled(req, ready, decide, describe) {
    // Before the first `await`.
    const place = placeForAnswer(req);
    place.answer = undefined;
    const throttling = new Throttling(this.#trustProxy);
    if (ready !== undefined || decide !== this.#decide) {
      // Whoever hangs up while others are waited for is to be counted all the same.
      throttling.addressOf(req);
    }
    if (ready !== undefined) {
      await ready;
    }

    let decision;
    if (this.#lockout) {
      const locked = this.#counts.lockedFor(networkOf(throttling.addressOf(req)));
      // In memory at once: what is awaited lets other requests in between the look and the count.
      const wait = typeof locked === "number" ? locked : await locked;
      throttling.limiterError = wait === undefined;
      if (wait > 0) {
        decision = "LOCKED_OUT";
        this.#leaveAnswer(place, req, wait);
      }
    }
    if (decision === undefined) {
      const decided = decide(req);
      // At once where it can be: what is awaited lets other requests in between.
      decision = typeof decided?.then === "function" ? await decided : decided;
    }
    const described = describe(decision);

    const isCounted = typeof decision === "string" && decision !== "LOCKED_OUT" && isGuess(decision);
    // A store that has just failed is not asked again for the same request.
    if (isCounted && !throttling.limiterError) {
      const counted = this.#counts.add(networkOf(throttling.addressOf(req)));
      const wait = typeof counted === "number" ? counted : await counted;
      throttling.limiterError = wait === undefined;
      if (wait > 0) {
        throttling.credentialReason = decision;
        decision = "THROTTLED";
        this.#leaveAnswer(place, req, wait);
      }
    }
    return announced(req, decision, () => described, throttling);
  }

  #leaveAnswer(place, req, waitMs) {
    const answer = { ...THROTTLED_ERROR };
    place.answer = answer;
    place.giver = this;
    if (Number.isFinite(waitMs)) {
      const seconds = String(Math.ceil(waitMs / 1000));
      answer.headers = { "Retry-After": seconds };
      addHeader(req, answer.status, "Retry-After", seconds);
    }
  }

  /** What `getAuthError` is to say about the current request, if it is too many; said once. */
  takeAnswer() {
    return takeAnswer(this);
  }
}

/** What is known of one request beside the decision, for its event. */
export class Throttling {
  #trustProxy;
  #address;
  #isAddressRead = false;
  limiterError = false;
  credentialReason;

  constructor(trustProxy) {
    this.#trustProxy = trustProxy;
  }

  /** The client's address, read once: the socket forgets it when it closes. */
  addressOf(req) {
    if (!this.#isAddressRead) {
      this.#isAddressRead = true;
      this.#address = clientAddress(req, this.#trustProxy);
    }
    return this.#address;
  }
}

/** What an object throws when it is read holds words that are not ours to pass on. */
function hasMethod(object, name) {
  try {
    return typeof object[name] === "function";
  } catch {
    return false;
  }
}

function countsFor({ failures, windowSeconds, maxAddresses, limiter, limiterTimeoutMs }, lockout) {
  // Monotonic: the time of day may be set back.
  const now = () => performance.now();
  if (limiter === undefined || limiter === null) {
    return new FailureCounts(
      countOption("throttle.failures", failures, 10, 1_000_000, 1),
      countOption("throttle.windowSeconds", windowSeconds, 60, 86_400, 1) * 1000,
      countOption("throttle.maxAddresses", maxAddresses, 10_000, 1_000_000, 1),
      now,
    );
  }
  const ofMemory = { failures, windowSeconds, maxAddresses };
  const misplaced = OF_MEMORY.find((name) => ofMemory[name] !== undefined && ofMemory[name] !== null);
  if (misplaced !== undefined) {
    throw invalid(
      `\`throttle.${misplaced}\` has no effect beside \`throttle.limiter\`, which brings its own \`points\` and \`duration\`; remove one of them`,
    );
  }
  for (const method of lockout ? ["consume", "get"] : ["consume"]) {
    if (!hasMethod(limiter, method)) {
      throw invalid(
        `\`throttle.limiter\` has no \`${method}\` method; pass a limiter of rate-limiter-flexible that has one`,
      );
    }
  }
  return new StoredCounts(
    limiter,
    countOption("throttle.limiterTimeoutMs", limiterTimeoutMs, 500, 60_000, 1),
    now,
  );
}

function invalid(message) {
  return configurationError("OPTION_INVALID", message);
}
