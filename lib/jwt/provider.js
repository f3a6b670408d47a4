import { presentedToken } from "../api-key/presented.js";
import { configurationError, constructNative, warn } from "../errors.js";
import { announced } from "../events.js";
import { extendsFramework, findFramework } from "../framework/link.js";
import { declareMember } from "../members.js";
import { CACHED_ID_BASE, rejectionCodes, verifier } from "../native.js";
import {
  booleanOption,
  countOption,
  givenOptions,
  headerNameOption,
  warnOfUnknownOptions,
} from "../options.js";
import { listenForResponses } from "../responses.js";
import { reportWeakSecrets } from "../strength/strength.js";
import { throttleOption } from "../throttle/throttle.js";
import { DEFAULT_AUTH_ERROR } from "../words.js";
import { bearerChallenge, challenge } from "./challenge.js";
import { configuredKeys, wipe } from "./keys.js";
import { KnownClaims } from "./known-claims.js";
import { RULE_OPTIONS, ruleOptions } from "./rules.js";

const NAME = "JWTAuthProvider";
const REJECTIONS = rejectionCodes();

const OPTIONS = [
  "secret",
  "keys",
  "algorithms",
  "headerName",
  "requireBearer",
  "caseInsensitiveScheme",
  ...RULE_OPTIONS,
  "cacheSize",
  "throttle",
  "strict",
];

/** Tokens, each of at most 4 KB: at most 4 MB of claims text, see index.d.ts. */
const DEFAULT_CACHE_SIZE = 1024;
const LARGEST_CACHE_SIZE = 1_000_000;

/** Documented in index.d.ts. */
export class JWTAuthProvider {
  #verify;
  #knownClaims;
  #keyIds;
  /** The position of the key of the token that was accepted last. */
  #lastKey = 0;
  /** What was proven of the request that was decided last. One function for all of them. */
  #describe = (decision) => ({
    provider: NAME,
    keyId: typeof decision === "string" ? undefined : this.#keyIds[this.#lastKey],
  });
  /** What stays as it is when keys are replaced. */
  #settings;
  #headerName;
  #sendsChallenge;
  #throttle;

  constructor(config) {
    const options = givenOptions(config);
    // First, as in the framework: whoever gives no secret is told of that.
    const keys = configuredKeys(options.secret, options.keys);
    try {
      const strict = booleanOption("strict", options.strict, false);
      this.#headerName = headerNameOption(options.headerName, "Authorization").toLowerCase();
      this.#settings = {
        algorithms: allowedAlgorithms(options.algorithms),
        scheme: schemeOf(options.requireBearer, options.caseInsensitiveScheme, strict),
        ...ruleOptions(options, strict),
        cacheSize: countOption("cacheSize", options.cacheSize, DEFAULT_CACHE_SIZE, LARGEST_CACHE_SIZE),
        strict,
      };
      this.#use(keys);
    } finally {
      wipe(keys);
    }
    // Elsewhere than in `Authorization: Bearer`, the challenge would send clients to the wrong place.
    this.#sendsChallenge = this.#headerName === "authorization" && this.#settings.scheme !== "raw";
    if (this.#sendsChallenge) {
      listenForResponses();
    }
    const decide = (req) => this.#decide(req);
    this.#throttle = throttleOption(NAME, options.throttle, decide, this.#describe);
    declareMember(this, {
      decide,
      describe: this.#describe,
      presented: (req) => presentedToken(req.headers[this.#headerName]),
      ready: () => undefined,
      challenge: (isWrong) => (this.#sendsChallenge ? bearerChallenge(isWrong) : undefined),
      isThrottled: this.#throttle !== undefined,
      authenticate,
    });
    warnOfUnknownOptions(NAME, options, OPTIONS);
    findFramework();
  }

  async authenticate(req) {
    try {
      // An `await` here would slow down those without `throttle`, which never come to it, by 20 ns.
      return this.#throttle === undefined
        ? announced(req, this.#decide(req), this.#describe)
        : this.#throttle.authenticate(req);
    } catch {
      // A method torn off its provider lets nobody in.
      return false;
    }
  }

  setSecret(secret) {
    this.#replace(configuredKeys(secret));
  }

  setKeys(keys) {
    this.#replace(configuredKeys(undefined, keys ?? []));
  }

  getAuthError() {
    // Not every `this` is one of ours: the framework may hold a Proxy.
    const throttled = #throttle in Object(this) ? this.#throttle?.takeAnswer() : undefined;
    return throttled ?? { ...DEFAULT_AUTH_ERROR, message: "Invalid or expired JWT token" };
  }

  #replace(keys) {
    try {
      this.#use(keys);
    } finally {
      wipe(keys);
    }
  }

  /** All or nothing: what throws leaves the keys before in use. Tokens that were verified are forgotten. */
  #use(keys) {
    const { strict, ...settings } = this.#settings;
    const native = constructNative(() => verifier({ ...keys, ...settings }));
    reportWeakSecrets(
      native.weakSecrets.map(({ index, ...weakness }) => ({ option: keys.keys[index].path, ...weakness })),
      strict,
    );
    warnOfUnusableAlgorithms(settings.algorithms, native.algorithms);
    warnOfSkippedKeys(native.skippedKeys);
    this.#knownClaims = new KnownClaims(settings.cacheSize, native.cachedClaims);
    this.#keyIds = keys.keys.map(({ id }) => id);
    this.#verify = native.verify;
  }

  /** The claims as `{ data }`, or the code of why not. */
  #decide(req) {
    try {
      const value = req.headers[this.#headerName];
      let reason = "TOKEN_MISSING";
      if (typeof value === "string") {
        // The clock of `Date`, in whole seconds: what the framework compares with.
        const claims = this.#verify(value, Math.floor(Date.now() / 1000));
        if (typeof claims === "string") {
          this.#lastKey = claims.charCodeAt(0);
          return { data: JSON.parse(claims.slice(1)) };
        }
        if (claims >= CACHED_ID_BASE) {
          const known = this.#knownClaims.find(claims);
          this.#lastKey = known.key;
          return { data: known.copy() };
        }
        reason = REJECTIONS[claims];
      }
      if (this.#sendsChallenge) {
        challenge(req, /^bearer /i.test(value));
      }
      return reason;
    } catch {
      // A request object that throws when it is read carries no token.
      return "REQUEST_UNREADABLE";
    }
  }
}

extendsFramework(JWTAuthProvider);

/** As it was defined: the prototype may be changed. */
const { authenticate } = JWTAuthProvider.prototype;

/** How the header carries the token, in the words of the native core. */
function schemeOf(requireBearer, caseInsensitiveScheme, strict) {
  const inAnyCase = booleanOption("caseInsensitiveScheme", caseInsensitiveScheme, strict);
  if (!booleanOption("requireBearer", requireBearer, true)) {
    return "raw";
  }
  return inAnyCase ? "bearer-any-case" : "bearer";
}

/** A copy of the allowed names; what the framework takes for "not given" stands for the default. */
function allowedAlgorithms(algorithms) {
  if (algorithms === undefined || algorithms === null || algorithms === "") {
    return ["HS256"];
  }
  if (!Array.isArray(algorithms)) {
    throw configurationError(
      "ALGORITHMS_INVALID",
      '`algorithms` must be an array of algorithm names, such as ["RS256"]',
    );
  }
  return Array.from({ length: algorithms.length }, (_, index) => {
    const name = algorithms[index];
    if (typeof name !== "string") {
      throw configurationError(
        "ALGORITHMS_INVALID",
        `\`algorithms[${index}]\` must be a string such as "RS256"`,
      );
    }
    if (name.toLowerCase() === "none") {
      throw configurationError(
        "ALGORITHMS_INVALID",
        `\`algorithms[${index}]\` is none, with which anyone can make a token; remove it`,
      );
    }
    return name;
  });
}

function warnOfUnusableAlgorithms(allowed, usable) {
  // Of a name that is no algorithm's, only the place is told: it may be something else.
  const unusable = allowed.flatMap((name, index) =>
    usable.includes(name)
      ? []
      : [/^[A-Z]{2}(256|384|512)$|^EdDSA$/.test(name) ? name : `algorithms[${index}]`],
  );
  if (unusable.length > 0) {
    warn(
      "UNUSABLE_ALGORITHMS",
      `JWTAuthProvider: of \`algorithms\`, the configured key cannot verify ${unusable.join(", ")}, ` +
        "so no such token is ever accepted; remove what you do not use",
    );
  }
}

function warnOfSkippedKeys(skipped) {
  if (skipped.length > 0) {
    const places = skipped.map((index) => `\`keys[${index}]\``).join(", ");
    warn(
      "UNUSABLE_KEYS",
      `JWTAuthProvider: of the JWK Set, ${places} cannot verify tokens of the allowed \`algorithms\` and is passed over`,
    );
  }
}
