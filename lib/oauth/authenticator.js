import { areRejectionsLogged } from "../core/events.js";
import { isPromise } from "../core/promise.js";
import { SourceError } from "../core/refresh.js";
import { hasScopes, scopesOf } from "../core/scopes.js";
import { accept, reject, rejectUndecided } from "../core/verdict.js";
import { explain, show } from "../jwt/explain.js";
import { bearerChallenge } from "./challenge.js";
import { judgeClaims } from "./claims.js";
import { readHeader, readUnverifiedClaims } from "./header.js";
import { createIntrospector } from "./introspection.js";
import { createIssuerMetadata } from "./metadata.js";
import { RemoteKeys } from "./remote-keys.js";

/** RFC 6750 §2.1. */
const B64TOKEN = /^[\w\-.~+/]+=*$/;

/** Failures of introspection that say nothing of the issuer. */
const OWN_DOING = new Set(["ERR_MCP_AUTH_INTROSPECTION_BUSY", "ERR_MCP_AUTH_SOURCE_CLOSED"]);

/**
 * Access tokens of authorization servers as a method of authentication: OAuth 2.1 §5.2, RFC 9068, RFC 7662.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.headerName
 * @param {import("./options.js").OAuthConfig} options.config
 * @param {Record<string, any>} options.rules as the native verifier takes them
 * @param {number} options.cacheSize
 * @param {string[]} options.requiredScopes
 * @param {import("./challenge.js").ChallengeParameters} options.challenge
 * @param {(failed: { error: SourceError, failures: number, usingStaleValue: boolean }) => void} options.onFailure told
 *   each time an issuer cannot be asked for its keys or about a token; `failures` counts them in a row
 * @returns {import("../core/authenticator.js").Method & { close: () => void, prefetch: () => Promise<void> }}
 */
export function oauthMethod({
  name,
  headerName,
  config,
  rules,
  cacheSize,
  requiredScopes,
  challenge,
  onFailure,
}) {
  const header = headerName.toLowerCase();
  const context = { name, rules, cacheSize, requireHttps: config.requireHttps, onFailure };
  const issuers = config.validations.map((validation) =>
    validation.type === "jwt"
      ? new KeyIssuer(validation, context)
      : new IntrospectedIssuer(validation, context),
  );
  const [only] = issuers;

  function decide(request) {
    try {
      const token = extractToken(request, header);
      if (token === undefined) {
        return reject(name, "TOKEN_MISSING");
      }
      if (hasTokenInQuery(request)) {
        return reject(name, "TOKEN_IN_QUERY");
      }
      if (!B64TOKEN.test(token)) {
        return reject(name, "TOKEN_MALFORMED");
      }
      const issuer = issuers.length === 1 ? only : findIssuer(issuers, token);
      if (issuer === undefined) {
        // Its `iss` is not verified, so the reason must be one that counts as a guess: a forged token chooses it.
        return reject(name, readHeader(token) === undefined ? "TOKEN_MALFORMED" : "TOKEN_KEY_UNKNOWN");
      }
      const outcome = issuer.verify(token);
      return isPromise(outcome)
        ? outcome.then((decided) => conclude(decided, token, issuer), unavailable)
        : conclude(outcome, token, issuer);
    } catch (error) {
      return error instanceof SourceError ? unavailable(error) : reject(name, "REQUEST_UNREADABLE");
    }
  }

  /** @param {import("./remote-keys.js").Outcome} outcome */
  function conclude(outcome, token, issuer) {
    if (typeof outcome === "string") {
      const rejection = reject(name, outcome);
      if (areRejectionsLogged()) {
        rejection.detail = issuer.explain(outcome, token);
      }
      return rejection;
    }
    const { claims } = outcome;
    if (!hasScopes(claims, requiredScopes)) {
      const rejection = reject(name, "SCOPE_INSUFFICIENT");
      rejection.challenges = [bearerChallenge(challenge, "insufficient_scope", requiredScopes)];
      if (areRejectionsLogged()) {
        rejection.detail = `expected scopes ${show(requiredScopes)}, found ${show(scopesOf(claims))}`;
      }
      return rejection;
    }
    // As the framework hands it on: for tools that call other servers of the same issuer.
    claims.token = token;
    return accept(name, claims, outcome.keyId, token);
  }

  const unavailable = (error) => rejectUndecided(name, error);

  return {
    name,
    mayWait: true,
    requiredScopes,
    answersVary: true,
    decide,
    credential: (request) => extractToken(request, header) ?? false,
    challenges: (isInvalid) => [
      bearerChallenge(challenge, isInvalid ? "invalid_token" : undefined, requiredScopes),
    ],
    close: () => {
      for (const issuer of issuers) issuer.close();
    },
    prefetch: async () => {
      await Promise.all(issuers.map((issuer) => issuer.prefetch()));
    },
  };
}

/** Exactly `Bearer <token>`, as the framework reads it; of an array the first. */
function extractToken({ headers }, header) {
  const given = headers[header];
  const value = Array.isArray(given) ? given[0] : given;
  if (typeof value !== "string" || !value.startsWith("Bearer ")) {
    return undefined;
  }
  const token = value.slice(7);
  return token === "" || token.includes(" ") ? undefined : token;
}

/** A path whose query needs no look, on the host that was seen last. */
const PLAIN_PATH = /^\/(?![/\\])[^?]*$/;
let readableHost;

/** Whether the query carries a token, which the MCP specification forbids. Throws for a URL that cannot be read. */
function hasTokenInQuery({ url, headers: { host } }) {
  if (!url || (host === readableHost && PLAIN_PATH.test(url))) {
    return false;
  }
  // The host cannot hold a query; it is there because the framework rejects one that is malformed.
  const { searchParams } = new URL(url, `http://${host}`);
  readableHost = host;
  return searchParams.has("access_token") || searchParams.has("token");
}

/** By `iss`, which is checked again when the signature was. What has no claims to read is for introspection. */
function findIssuer(issuers, token) {
  const claims = token.includes(".") ? readUnverifiedClaims(token) : undefined;
  if (claims === undefined) {
    return issuers.find((issuer) => issuer instanceof IntrospectedIssuer);
  }
  return issuers.find((issuer) => issuer.issuers.includes(claims.iss));
}

/** An issuer whose tokens are verified here, with keys by URL. */
class KeyIssuer {
  issuers;
  #keys;
  #rules;

  constructor(validation, { name, rules, cacheSize, requireHttps, onFailure }) {
    this.issuers = validation.issuers;
    const { audiences, allowIdTokens, rejectBound, algorithms, jwksUri } = validation;
    const claimRules = {
      issuers: this.issuers,
      audiences,
      allowIdTokens,
      rejectBound,
      clientIdIsAudience: true,
    };
    const requiredClaims = ["sub", ...(rules.requiredClaims ?? [])];
    this.#rules = { ...rules, issuers: this.issuers, audiences, requiredClaims };
    this.#keys = new RemoteKeys({
      name,
      locate: jwksUri ?? discovered(this.issuers[0], "jwksUri", requireHttps),
      algorithms,
      settings: {
        ...rules,
        // Judged below: `client_id` can count as audience.
        audiences: [],
        issuers: [...this.issuers],
        requireExpiration: true,
        scheme: "raw",
        cacheSize,
        strict: false,
      },
      judge: (claims, header) =>
        header.isOtherType ? "TOKEN_TYPE_NOT_ALLOWED" : judgeClaims(claims, claimRules),
      requireHttps,
      onFailure,
    });
  }

  verify(token) {
    return this.#keys.verify(token);
  }

  /** What a token should have said that was rejected after its signature was verified. */
  explain(reason, token) {
    return explain(reason, token, this.#rules, Date.now() / 1000);
  }

  prefetch() {
    return this.#keys.ready();
  }

  close() {
    this.#keys.close();
  }
}

/** An issuer that is asked about each token. */
class IntrospectedIssuer {
  issuers;
  #introspector;
  #onFailure;
  #failures = 0;

  constructor(validation, { rules, cacheSize, requireHttps, onFailure }) {
    this.#onFailure = onFailure;
    this.issuers = validation.issuers;
    const { audiences, allowIdTokens, rejectBound, introspection } = validation;
    const { endpoint, clientId, clientSecret, authMethod, tokenTypeHint, cacheTtlMs, path } = introspection;
    this.#introspector = createIntrospector({
      endpoint: endpoint ?? discovered(this.issuers[0], "introspectionEndpoint", requireHttps),
      clientId,
      clientSecret,
      authMethod: authMethod ?? undefined,
      tokenTypeHint: tokenTypeHint ?? undefined,
      cacheTtlMs,
      path,
      requireHttps,
      maxEntries: Math.max(cacheSize, 1),
      rules: {
        issuers: this.issuers,
        audiences,
        allowIdTokens,
        rejectBound,
        clockTolerance: rules.clockTolerance,
        maxTokenAge: rules.maxTokenAge,
        subjects: rules.subjects,
        requiredClaims: rules.requiredClaims,
        claims: rules.claims,
      },
    });
  }

  async verify(token) {
    const { claims, rejected } = await this.#introspect(token);
    if (claims === undefined) {
      return /** @type {string} */ (rejected);
    }
    const { sub, iss, aud, exp, nbf, iat, scope, ...others } = claims;
    return { claims: { sub, iss, aud, exp, nbf, iat, scope, ...others }, keyId: undefined };
  }

  async #introspect(token) {
    try {
      const answer = await this.#introspector.introspect(token);
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (!OWN_DOING.has(error.code)) {
        this.#failures += 1;
        this.#onFailure({ error, failures: this.#failures, usingStaleValue: false });
      }
      throw error;
    }
  }

  /** The claims are those of the answer, not of the token. */
  explain() {
    return undefined;
  }

  async prefetch() {}

  close() {
    this.#introspector.close();
  }
}

/** Where an endpoint of an issuer is, from its metadata. What fails is reported by those who ask. */
function discovered(issuer, need, requireHttps) {
  const metadata = createIssuerMetadata({ issuer, need, requireHttps });
  return async () => (await metadata.get())[need];
}
