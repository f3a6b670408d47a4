import { challenge, listenForResponses } from "./challenge.js";
import { configurationError, constructNative, warn } from "./errors.js";
import { extendsFramework, findFramework } from "./framework.js";
import { keyMaterial } from "./key-material.js";
import { KnownClaims } from "./known-claims.js";
import { FIRST_ID, verifier } from "./native.js";
import {
  booleanOption,
  countOption,
  givenOptions,
  headerNameOption,
  warnOfUnknownOptions,
} from "./options.js";
import { DEFAULT_AUTH_ERROR } from "./words.js";

const OPTIONS = [
  "secret",
  "algorithms",
  "headerName",
  "requireBearer",
  "caseInsensitiveScheme",
  "requireExpiration",
  "cacheSize",
];

/** Tokens, each of at most 4 KB: at most 4 MB of claims text, see index.d.ts. */
const DEFAULT_CACHE_SIZE = 1024;
const LARGEST_CACHE_SIZE = 1_000_000;

/** Documented in index.d.ts. */
export class JWTAuthProvider {
  #verify;
  #knownClaims;
  #headerName;
  #sendsChallenge;

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
    } = options;
    const material = keyMaterial(secret);
    try {
      const allowed = allowedAlgorithms(algorithms);
      this.#headerName = headerNameOption(headerName, "Authorization").toLowerCase();
      const presentation = presentationOf(requireBearer, caseInsensitiveScheme);
      const mustExpire = booleanOption("requireExpiration", requireExpiration, false);
      const size = countOption("cacheSize", cacheSize, DEFAULT_CACHE_SIZE, LARGEST_CACHE_SIZE);
      const native = constructNative(() =>
        verifier({
          keys: [material],
          hasKeyList: false,
          skipsUnusable: false,
          algorithms: allowed,
          presentation,
          requireExpiration: mustExpire,
          clockTolerance: 0,
          issuers: [],
          audiences: [],
          subjects: [],
          requiredClaims: [],
          cacheSize: size,
        }),
      );
      this.#verify = native.verify;
      this.#knownClaims = new KnownClaims(size, native.knownClaims);
      warnOfUnusableAlgorithms(allowed, native.algorithms);
      // Elsewhere than in `Authorization: Bearer`, the challenge would send clients to the wrong place.
      this.#sendsChallenge = this.#headerName === "authorization" && presentation !== "bare";
    } finally {
      material.bytes.fill(0);
    }
    if (this.#sendsChallenge) {
      listenForResponses();
    }
    warnOfUnknownOptions("JWTAuthProvider", options, OPTIONS);
    findFramework();
  }

  async authenticate(req) {
    try {
      const value = req.headers[this.#headerName];
      if (typeof value === "string") {
        // The clock of `Date`, in whole seconds: what the framework compares with.
        const claims = this.#verify(value, Math.floor(Date.now() / 1000));
        if (typeof claims === "string") {
          return { data: JSON.parse(claims) };
        }
        if (claims >= FIRST_ID) {
          return { data: this.#knownClaims.copy(claims) };
        }
      }
      if (this.#sendsChallenge) {
        challenge(req, /^bearer /i.test(value));
      }
    } catch {
      // A request object that throws when it is read carries no token.
    }
    return false;
  }

  getAuthError() {
    return { ...DEFAULT_AUTH_ERROR, message: "Invalid or expired JWT token" };
  }
}

extendsFramework(JWTAuthProvider);

/** How the header carries the token, in the words of the native core. */
function presentationOf(requireBearer, caseInsensitiveScheme) {
  const inAnyCase = booleanOption("caseInsensitiveScheme", caseInsensitiveScheme, false);
  if (!booleanOption("requireBearer", requireBearer, true)) {
    return "bare";
  }
  return inAnyCase ? "bearer-in-any-case" : "bearer";
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
