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
import { checkSettings, createTokenVerifier } from "../../jwt/token-verifier.js";
import { reportFailure } from "../../oauth/failures.js";
import { readKeySource } from "../../oauth/key-source.js";
import { DEFAULT_ALGORITHMS, HMAC } from "../../oauth/options.js";
import { RemoteKeys } from "../../oauth/remote-keys.js";
import { attemptOptions, THROTTLE_OPTIONS } from "../../throttle/throttle.js";
import { FrameworkHost } from "./framework-host.js";
import { extendsFramework } from "./link.js";

const NAME = "JWTAuthProvider";

const OPTIONS = [
  "secret",
  "keys",
  "jwksUri",
  "loadKeys",
  "requireHttps",
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

const RESTRICTING_OPTIONS = [...RESTRICTING_RULES, "requireHttps", "throttle", "strict"];

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
  /** @type {RemoteKeys | undefined} */
  #remote;
  #reporter = new Reporter();

  constructor(config) {
    reportAtCaller(JWTAuthProvider, () => this.#configure(readOptions(config, RESTRICTING_OPTIONS)));
  }

  #configure(options) {
    const source = readKeySource(NAME, options, options.strict === true);
    // First, as in the framework: a missing secret is reported before anything else.
    const missing = missingOption(SECRET_REQUIRED, options, OPTIONS);
    const keyList =
      source === undefined
        ? readKeyList(NAME, options.secret, options.keys, options.strict === true, missing)
        : undefined;
    try {
      const strict = booleanOption("strict", options.strict, false);
      checkUnknownOptions(NAME, options, OPTIONS, strict, { throttle: THROTTLE_OPTIONS });
      checkUndefinedOptions(NAME, options, RESTRICTING_OPTIONS, strict);
      const headerName = headerNameOption(options.headerName, "Authorization");
      const requireBearer = booleanOption("requireBearer", options.requireBearer, true);
      const anyCase = booleanOption("caseInsensitiveScheme", options.caseInsensitiveScheme, strict);
      this.#settings = {
        algorithms: algorithmsOption(options.algorithms, source),
        scheme: requireBearer ? (anyCase ? "bearer-any-case" : "bearer") : "raw",
        ...ruleOptions(options, strict),
        cacheSize: integerOption("cacheSize", options.cacheSize, DEFAULT_CACHE_SIZE, MAX_CACHE_SIZE),
        strict,
      };
      const attempts = attemptOptions(NAME, options, { strict });
      if (keyList !== undefined) {
        this.#verifier = createTokenVerifier(NAME, keyList, this.#settings, this.#reporter);
      } else {
        this.#remote = this.#remoteKeys(source);
      }
      this.#host = new FrameworkHost(this, authenticate, {
        method: jwtMethod({
          name: NAME,
          headerName,
          requireBearer,
          rules: this.#settings,
          verifier: () => this.#verifier,
          remote: this.#remoteVerifier(),
        }),
        ...attempts,
        authError: AUTH_ERROR,
        challenge: "add",
      });
    } finally {
      wipe(keyList ?? { keys: [] });
    }
  }

  /** @param {any} source */
  #remoteKeys({ locate, loadKeys, requireHttps }) {
    checkSettings(this.#settings);
    const { algorithms, ...settings } = this.#settings;
    return new RemoteKeys({
      name: NAME,
      locate,
      loadKeys,
      algorithms,
      // Without the scheme, which is off by then.
      settings: { ...settings, scheme: "raw" },
      // All rules are those of the native core. RFC 7519 §7.2: a JWT holds an object.
      judge: (claims) =>
        claims !== null && typeof claims === "object" && !Array.isArray(claims)
          ? undefined
          : "TOKEN_PAYLOAD_INVALID",
      requireHttps,
      onFailure: (failed) => reportFailure(NAME, failed),
      // Keys that an issuer publishes are for others too.
      reporter: loadKeys === undefined ? undefined : this.#reporter,
    });
  }

  #remoteVerifier() {
    const keys = this.#remote;
    return keys && { verify: (token) => keys.verify(token), scheme: this.#settings.scheme };
  }

  async authenticate(req) {
    // A method called without its provider rejects, and so does a Proxy of one.
    return #host in Object(this) && this.#host.authenticate(req);
  }

  setSecret(secret) {
    reportAtCaller(this.setSecret, () => this.#replace(() => readKeyList(NAME, secret)));
  }

  setKeys(keys) {
    const { strict } = this.#settings;
    reportAtCaller(this.setKeys, () => this.#replace(() => readKeyList(NAME, undefined, keys ?? [], strict)));
  }

  /** Fetches or loads keys now. */
  async ready() {
    await this.#remote?.ready();
  }

  close() {
    this.#remote?.close();
  }

  getAuthError() {
    return #host in Object(this) ? this.#host.getAuthError() : { ...AUTH_ERROR };
  }

  /** All or nothing: what throws leaves the keys before in use. Tokens that were verified are forgotten. */
  #replace(read) {
    if (this.#remote !== undefined) {
      throw codedError(
        "ERR_MCP_AUTH_OPTION_INVALID",
        "keys of `jwksUri` and `loadKeys` are replaced where they come from; pass `secret` or `keys` to replace them here",
      );
    }
    const keyList = read();
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
function algorithmsOption(algorithms, source) {
  if (algorithms === undefined || algorithms === null || algorithms === "") {
    return source === undefined ? ["HS256"] : DEFAULT_ALGORITHMS;
  }
  if (!isArray(algorithms)) {
    throw invalidAlgorithms('`algorithms` must be an array of algorithm names, such as ["RS256"]');
  }
  const names = readArray(algorithms, "`algorithms`", "ERR_MCP_AUTH_ALGORITHMS_INVALID").map(
    (name, index) => {
      if (typeof name !== "string") {
        throw invalidAlgorithms(`\`algorithms[${index}]\` must be a string such as "RS256"`);
      }
      if (name.toLowerCase() === "none") {
        throw invalidAlgorithms(
          `\`algorithms[${index}]\` is none, with which anyone can make a token; remove it`,
        );
      }
      if (source?.locate !== undefined && HMAC.test(name)) {
        throw invalidAlgorithms(
          `\`algorithms[${index}]\` is ${name}, which no public key of \`jwksUri\` can verify; remove it`,
        );
      }
      return name;
    },
  );
  if (source !== undefined && names.length === 0) {
    throw invalidAlgorithms(
      `\`algorithms\` is empty; name at least one algorithm or leave it out for ${DEFAULT_ALGORITHMS.join(" and ")}`,
    );
  }
  return names;
}

function invalidAlgorithms(message) {
  return codedError("ERR_MCP_AUTH_ALGORITHMS_INVALID", message);
}
