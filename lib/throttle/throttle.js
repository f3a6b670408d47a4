import { codedError } from "../core/errors.js";
import {
  booleanOption,
  canHoldOptions,
  checkUndefinedOptions,
  checkUnknownOptions,
  integerOption,
  readOptions,
} from "../core/options.js";
import { addressOption, clientKey } from "./client-address.js";
import { LimiterCounter } from "./limiter-counter.js";
import { MemoryCounter } from "./memory-counter.js";

export const THROTTLE_OPTIONS = [
  "failures",
  "windowSeconds",
  "maxAddresses",
  "trustProxy",
  "lockout",
  "limiter",
  "limiterTimeoutMs",
];

/** Those that have no default which restricts. */
const RESTRICTING_OPTIONS = ["lockout", "limiter"];

/** What a limiter configures itself. */
const MEMORY_ONLY_OPTIONS = ["failures", "windowSeconds", "maxAddresses"];

/**
 * How a provider limits failed attempts, if it does, and finds the address of a client. Options and defaults are
 * documented in index.d.ts as ThrottleConfig and TrustProxy.
 *
 * @param {string} owner name of the class
 * @param {{ throttle?: any, trustProxy?: any }} options of the provider
 * @param {{ strict?: boolean, rejectsUnknown?: boolean }} [checks] whether undefined options are an error, and misspelled ones
 * @returns {{ limit: Throttle | undefined, addressOf: (request: any) => string | undefined }}
 */
export function attemptOptions(
  owner,
  { throttle, trustProxy },
  { strict = false, rejectsUnknown = strict } = {},
) {
  const options = readThrottle(owner, throttle, strict, rejectsUnknown);
  return {
    limit: options && new Throttle(options),
    addressOf: addressOption(trustProxy, options?.trustProxy),
  };
}

function readThrottle(owner, throttle, strict, rejectsUnknown) {
  if (throttle === undefined || throttle === null) {
    return undefined;
  }
  if (!canHoldOptions(throttle)) {
    throw invalid("`throttle` must be an object such as { failures: 10, windowSeconds: 60 }");
  }
  const options = readOptions(throttle, THROTTLE_OPTIONS);
  checkUnknownOptions(`${owner}: \`throttle\``, options, THROTTLE_OPTIONS, rejectsUnknown);
  checkUndefinedOptions(`${owner}: \`throttle\``, options, RESTRICTING_OPTIONS, strict);
  return options;
}

/** A limit on failed attempts of each client. Knows nothing of HTTP or of decisions: the authenticator asks and counts. */
export class Throttle {
  locksOut;
  isShared;
  #counter;

  constructor(options) {
    this.locksOut = booleanOption("throttle.lockout", options.lockout, false);
    this.#counter = createCounter(options, this.locksOut);
    this.isShared = this.#counter instanceof LimiterCounter;
  }

  clientOf(address) {
    return clientKey(address);
  }

  lockedFor(client) {
    return this.#counter.lockedFor(client);
  }

  count(client, failures) {
    return this.#counter.add(client, failures);
  }
}

/** What an object throws when it is read may hold values. */
function hasMethod(object, name) {
  try {
    return typeof object[name] === "function";
  } catch {
    return false;
  }
}

function createCounter({ failures, windowSeconds, maxAddresses, limiter, limiterTimeoutMs }, locksOut) {
  // Monotonic: the time of day may be set back.
  const now = () => performance.now();
  if (limiter === undefined || limiter === null) {
    return new MemoryCounter(
      integerOption("throttle.failures", failures, 10, 1_000_000, 1),
      integerOption("throttle.windowSeconds", windowSeconds, 60, 86_400, 1) * 1000,
      integerOption("throttle.maxAddresses", maxAddresses, 10_000, 1_000_000, 1),
      now,
    );
  }
  const memoryOnly = { failures, windowSeconds, maxAddresses };
  const unsupported = MEMORY_ONLY_OPTIONS.find(
    (name) => memoryOnly[name] !== undefined && memoryOnly[name] !== null,
  );
  if (unsupported !== undefined) {
    throw invalid(
      `\`throttle.${unsupported}\` has no effect with \`throttle.limiter\`, which has its own \`points\` and \`duration\`; remove one of them`,
    );
  }
  for (const method of locksOut ? ["consume", "get"] : ["consume"]) {
    if (!hasMethod(limiter, method)) {
      throw invalid(
        `\`throttle.limiter\` has no \`${method}\` method; pass a limiter of rate-limiter-flexible that has one`,
      );
    }
  }
  return new LimiterCounter(
    limiter,
    integerOption("throttle.limiterTimeoutMs", limiterTimeoutMs, 500, 60_000, 1),
    now,
  );
}

function invalid(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}
