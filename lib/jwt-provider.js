import { challenge } from "./challenge.js";
import { presentedToken } from "./credentials.js";
import { configurationError, constructNative, warn } from "./errors.js";
import { announced } from "./events.js";
import { extendsFramework, findFramework } from "./framework.js";
import { keyMaterial } from "./key-material.js";
import { KnownClaims } from "./known-claims.js";
import { FIRST_ID, rejectionCodes, verifier } from "./native.js";
import {
  booleanOption,
  countOption,
  givenOptions,
  headerNameOption,
  warnOfUnknownOptions,
} from "./options.js";
import { listenForResponses } from "./responses.js";
import { throttleOption } from "./throttle.js";
import { DEFAULT_AUTH_ERROR } from "./words.js";

const NAME = "JWTAuthProvider";
const REJECTIONS = rejectionCodes();

const OPTIONS = [
  "secret",
  "algorithms",
  "headerName",
  "requireBearer",
  "caseInsensitiveScheme",
  "requireExpiration",
  "cacheSize",
  "throttle",
];

/** Tokens, each of at most 4 KB: at most 4 MB of claims text, see index.d.ts. */
const DEFAULT_CACHE_SIZE = 1024;
const LARGEST_CACHE_SIZE = 1_000_000;

/** Documented in index.d.ts. */
export class JWTAuthProvider {
  #verify;
  #knownClaims;
  #headerName;
  #scheme;
  #sendsChallenge;
  #throttle;

  constructor(config) {
    const options = givenOptions(config);
    const {
      secret,
      algorithms,
      headerName,
      requireBearer,
      caseInsensitiveScheme,
      requireExpiration,
      cacheSize,
      throttle,
    } = options;
    const material = keyMaterial(secret);
    try {
      const allowed = allowedAlgorithms(algorithms);
      this.#headerName = headerNameOption(headerName, "Authorization").toLowerCase();
      this.#scheme = {
        requireBearer: booleanOption("requireBearer", requireBearer, true),
        caseInsensitiveScheme: booleanOption("caseInsensitiveScheme", caseInsensitiveScheme, false),
      };
      const mustExpire = booleanOption("requireExpiration", requireExpiration, false);
      const size = countOption("cacheSize", cacheSize, DEFAULT_CACHE_SIZE, LARGEST_CACHE_SIZE);
      const native = constructNative(() =>
        verifier(material.kind, material.bytes, allowed, mustExpire, size),
      );
      this.#verify = native.verify;
      this.#knownClaims = new KnownClaims(size, native.knownClaims);
      warnOfUnusableAlgorithms(allowed, native.algorithms);
    } finally {
      material.bytes.fill(0);
    }
    // Elsewhere than in `Authorization: Bearer`, the challenge would send clients to the wrong place.
    this.#sendsChallenge = this.#headerName === "authorization" && this.#scheme.requireBearer;
    if (this.#sendsChallenge) {
      listenForResponses();
    }
    this.#throttle = throttleOption(NAME, throttle, (req) => this.#decide(req));
    warnOfUnknownOptions(NAME, options, OPTIONS);
    findFramework();
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

  /** The claims as `{ data }`, or the code of why not. */
  #decide(req) {
    try {
      const value = req.headers[this.#headerName];
      const token = presentedToken(value, this.#scheme);
      let reason = "TOKEN_MISSING";
      if (token) {
        // The clock of `Date`, in whole seconds: what the framework compares with.
        const claims = this.#verify(token, Math.floor(Date.now() / 1000));
        if (typeof claims === "string") {
          return { data: JSON.parse(claims) };
        }
        if (claims >= FIRST_ID) {
          return { data: this.#knownClaims.copy(claims) };
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

  getAuthError() {
    // Not every `this` is one of ours: the framework may hold a Proxy.
    const throttled = #throttle in Object(this) ? this.#throttle?.takeAnswer() : undefined;
    return throttled ?? { ...DEFAULT_AUTH_ERROR, message: "Invalid or expired JWT token" };
  }
}

extendsFramework(JWTAuthProvider);

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
