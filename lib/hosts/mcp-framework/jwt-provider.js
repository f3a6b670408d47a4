import { codedError, reportAtCaller } from "../../core/errors.js";
import {
  booleanOption,
  checkUndefinedOptions,
  checkUnknownOptions,
  headerNameOption,
  integerOption,
  isArray,
  missingOption,
  readArray,
  readOptions,
} from "../../core/options.js";
import { Reporter } from "../../core/reporter.js";
import { jwtMethod } from "../../jwt/authenticator.js";
import { readKeyList, SECRET_REQUIRED, wipe } from "../../jwt/key-list.js";
import { RESTRICTING_RULES, RULE_OPTIONS, ruleOptions } from "../../jwt/rules.js";
import { createTokenVerifier } from "../../jwt/token-verifier.js";
import { attemptOptions } from "../../throttle/throttle.js";
import { FrameworkHost } from "./framework-host.js";
import { extendsFramework } from "./link.js";

const NAME = "JWTAuthProvider";

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
  "trustProxy",
  "strict",
];

const RESTRICTING_OPTIONS = [...RESTRICTING_RULES, "throttle", "strict"];

/** Tokens, each of at most 4 KB: at most 4 MB of claims text, see index.d.ts. */
const DEFAULT_CACHE_SIZE = 1024;
const MAX_CACHE_SIZE = 1_000_000;

const AUTH_ERROR = { status: 401, message: "Invalid or expired JWT token" };

/** Documented in index.d.ts. */
export class JWTAuthProvider {
  #host;
  /** @type {import("../../jwt/token-verifier.js").TokenVerifier} */
  // @ts-expect-error: set by the constructor, by way of #configure
  #verifier;
  /** What stays when keys are replaced. */
  #settings;
  #reporter = new Reporter();

  constructor(config) {
    reportAtCaller(JWTAuthProvider, () => this.#configure(readOptions(config, RESTRICTING_OPTIONS)));
  }

  #configure(options) {
    // First, as in the framework: a missing secret is reported before anything else.
    const missing = missingOption(SECRET_REQUIRED, options, OPTIONS);
    const keyList = readKeyList(NAME, options.secret, options.keys, options.strict === true, missing);
    try {
      const strict = booleanOption("strict", options.strict, false);
      checkUnknownOptions(NAME, options, OPTIONS, strict);
      checkUndefinedOptions(NAME, options, RESTRICTING_OPTIONS, strict);
      const headerName = headerNameOption(options.headerName, "Authorization");
      const requireBearer = booleanOption("requireBearer", options.requireBearer, true);
      const anyCase = booleanOption("caseInsensitiveScheme", options.caseInsensitiveScheme, strict);
      this.#settings = {
        algorithms: algorithmsOption(options.algorithms),
        scheme: requireBearer ? (anyCase ? "bearer-any-case" : "bearer") : "raw",
        ...ruleOptions(options, strict),
        cacheSize: integerOption("cacheSize", options.cacheSize, DEFAULT_CACHE_SIZE, MAX_CACHE_SIZE),
        strict,
      };
      const attempts = attemptOptions(NAME, options, strict);
      this.#verifier = createTokenVerifier(NAME, keyList, this.#settings, this.#reporter);
      this.#host = new FrameworkHost(this, authenticate, {
        method: jwtMethod({
          name: NAME,
          headerName,
          requireBearer,
          rules: this.#settings,
          verifier: () => this.#verifier,
        }),
        ...attempts,
        authError: AUTH_ERROR,
        challenge: "add",
      });
    } finally {
      wipe(keyList);
    }
  }

  async authenticate(req) {
    // A method called without its provider rejects, and so does a Proxy of one.
    return #host in Object(this) && this.#host.authenticate(req);
  }

  setSecret(secret) {
    reportAtCaller(this.setSecret, () => this.#replace(readKeyList(NAME, secret)));
  }

  setKeys(keys) {
    const { strict } = this.#settings;
    reportAtCaller(this.setKeys, () => this.#replace(readKeyList(NAME, undefined, keys ?? [], strict)));
  }

  getAuthError() {
    return #host in Object(this) ? this.#host.getAuthError() : { ...AUTH_ERROR };
  }

  /** All or nothing: what throws leaves the keys before in use. Tokens that were verified are forgotten. */
  #replace(keyList) {
    try {
      this.#verifier = createTokenVerifier(NAME, keyList, this.#settings, this.#reporter);
    } finally {
      wipe(keyList);
    }
  }
}

extendsFramework(JWTAuthProvider, "JWTAuthProvider");

/** As it was defined: the prototype may be changed. */
const { authenticate } = JWTAuthProvider.prototype;

/** A copy of the allowed names; what the framework takes for "not given" means the default. */
function algorithmsOption(algorithms) {
  if (algorithms === undefined || algorithms === null || algorithms === "") {
    return ["HS256"];
  }
  if (!isArray(algorithms)) {
    throw invalidAlgorithms('`algorithms` must be an array of algorithm names, such as ["RS256"]');
  }
  return readArray(algorithms, "`algorithms`", "ERR_MCP_AUTH_ALGORITHMS_INVALID").map((name, index) => {
    if (typeof name !== "string") {
      throw invalidAlgorithms(`\`algorithms[${index}]\` must be a string such as "RS256"`);
    }
    if (name.toLowerCase() === "none") {
      throw invalidAlgorithms(
        `\`algorithms[${index}]\` is none, with which anyone can make a token; remove it`,
      );
    }
    return name;
  });
}

function invalidAlgorithms(message) {
  return codedError("ERR_MCP_AUTH_ALGORITHMS_INVALID", message);
}
