import { reportAtCaller } from "../../core/errors.js";
import {
  booleanOption,
  checkUndefinedOptions,
  checkUnknownOptions,
  headerNameOption,
  integerOption,
  isArray,
  readArray,
  readOptions,
} from "../../core/options.js";
import { ruleOptions } from "../../jwt/rules.js";
import { oauthMethod } from "../../oauth/authenticator.js";
import { bearerChallenge } from "../../oauth/challenge.js";
import { optionError } from "../../oauth/errors.js";
import { reportFailure } from "../../oauth/failures.js";
import { readOAuthConfig, VALIDATION_OPTIONS } from "../../oauth/options.js";
import { metadataLocations } from "../../oauth/resource-metadata.js";
import { parseUrlOption } from "../../oauth/urls.js";
import { attemptOptions, THROTTLE_OPTIONS } from "../../throttle/throttle.js";
import { DEFAULT_AUTH_ERROR } from "./auth-errors.js";
import { FrameworkHost } from "./framework-host.js";
import { extendsFramework } from "./link.js";

const NAME = "OAuthAuthProvider";

const RESTRICTING_OPTIONS = [
  "requiredScopes",
  "subject",
  "claims",
  "typ",
  "maxTokenAge",
  "requiredClaims",
  "requireHttps",
  "throttle",
  "strict",
];
const OPTIONS = [
  "resource",
  "authorizationServers",
  "validation",
  "headerName",
  "clockTolerance",
  "resourceMetadataUrl",
  "cacheSize",
  "trustProxy",
  ...RESTRICTING_OPTIONS,
];

/** Tokens, or introspected answers. */
const DEFAULT_CACHE_SIZE = 10_000;
const MAX_CACHE_SIZE = 1_000_000;
const MAX_CLOCK_TOLERANCE = 300;
/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Documented in index.d.ts. */
export class OAuthAuthProvider {
  #host;
  #config;
  #method;
  #challenge;
  #requiredScopes;

  constructor(config) {
    reportAtCaller(OAuthAuthProvider, () => this.#configure(readOptions(config, RESTRICTING_OPTIONS)));
  }

  #configure(options) {
    const strict = booleanOption("strict", options.strict, false);
    checkUnknownOptions(NAME, options, OPTIONS, strict, {
      validation: VALIDATION_OPTIONS,
      throttle: THROTTLE_OPTIONS,
    });
    checkUndefinedOptions(NAME, options, RESTRICTING_OPTIONS, strict);
    const oauth = readOAuthConfig(NAME, options, strict);
    const requiredScopes = scopesOption(options.requiredScopes);
    const { clockTolerance } = options;
    if (typeof clockTolerance === "number" && clockTolerance > MAX_CLOCK_TOLERANCE) {
      throw optionError(`\`clockTolerance\` must be a number of seconds from 0 to ${MAX_CLOCK_TOLERANCE}`);
    }
    const isIntrospected = oauth.validations.some(({ type }) => type === "introspection");
    if (isIntrospected && options.typ !== undefined && options.typ !== null) {
      throw optionError("`typ` cannot be checked where tokens are introspected; remove it");
    }
    const attempts = attemptOptions(NAME, options, { strict });
    this.#config = oauth;
    this.#requiredScopes = requiredScopes;
    this.#challenge = {
      resource: oauth.resource.id,
      resourceMetadataUrl: metadataUrlOption(options.resourceMetadataUrl, oauth),
    };
    this.#method = oauthMethod({
      name: NAME,
      headerName: headerNameOption(options.headerName, "Authorization"),
      config: oauth,
      rules: ruleOptions(
        { ...options, audience: undefined, issuer: undefined, requireExpiration: true },
        false,
      ),
      cacheSize: integerOption("cacheSize", options.cacheSize, DEFAULT_CACHE_SIZE, MAX_CACHE_SIZE),
      requiredScopes,
      challenge: this.#challenge,
      onFailure: (failed) => reportFailure(NAME, failed),
    });
    this.#host = new FrameworkHost(this, authenticate, {
      method: this.#method,
      ...attempts,
      authError: DEFAULT_AUTH_ERROR,
      challenge: "replace",
    });
  }

  async authenticate(req) {
    // A method called without its provider rejects, and so does a Proxy of one.
    return #host in Object(this) && this.#host.authenticate(req);
  }

  getAuthError() {
    return #host in Object(this) ? this.#host.getAuthError() : { ...DEFAULT_AUTH_ERROR };
  }

  getAuthorizationServers() {
    return [...this.#config.authorizationServers];
  }

  getResource() {
    return this.#config.resource.id;
  }

  getWWWAuthenticateHeader(error, description) {
    const ofRequest = this.#host.challengeOfContext();
    if (ofRequest === undefined) {
      return bearerChallenge(this.#challenge, error || undefined, this.#requiredScopes, description || null);
    }
    // Serverless handlers send the header with every status: with 503 without an error, which would blame the token.
    return ofRequest === "" ? bearerChallenge(this.#challenge, undefined) : ofRequest;
  }

  /** Fetches keys and metadata now. */
  async ready() {
    await this.#method.prefetch();
  }

  close() {
    this.#method.close();
  }
}

extendsFramework(OAuthAuthProvider, "OAuthAuthProvider");

/** As it was defined: the prototype may be changed. */
const { authenticate } = OAuthAuthProvider.prototype;

function scopesOption(value) {
  if (value === undefined || value === null) {
    return [];
  }
  const scopes = isArray(value) ? readArray(value, "`requiredScopes`") : undefined;
  if (!scopes?.length || !scopes.every((scope) => typeof scope === "string" && SCOPE.test(scope))) {
    throw optionError(
      '`requiredScopes` must be an array of scopes, not empty, such as ["mcp"] (RFC 6749 §3.3)',
    );
  }
  return scopes;
}

/** The root form: mcp-framework serves no other. */
function metadataUrlOption(value, { resource }) {
  if (value === false) {
    return undefined;
  }
  return value === undefined || value === null
    ? metadataLocations(resource)?.root
    : parseUrlOption("resourceMetadataUrl", value, { requireHttps: false }).href;
}
