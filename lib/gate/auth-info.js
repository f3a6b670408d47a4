import { createHash } from "node:crypto";
import { presentedToken } from "../core/challenge.js";

/**
 * An accepted verdict as the official SDK's `AuthInfo`. Documented in index.d.ts.
 *
 * @typedef {import("../core/verdict.js").Accepted} Accepted
 * @typedef {import("../../index.js").AuthInfo} AuthInfo
 */

/** Where issuers name the client: RFC 9068 §2.2, OpenID Connect Core §2 (Auth0, Keycloak, Entra), Okta, Entra v1. */
const CLIENT_CLAIMS = ["client_id", "azp", "cid", "appid"];
const NAMING_CLAIMS = [...CLIENT_CLAIMS, "sub"];

/**
 * @param {Accepted} verdict
 * @param {object} settings
 * @param {readonly string[] | ((claims: Record<string, unknown>) => readonly string[])} settings.scopeClaims
 * @param {string | undefined} settings.resource
 * @param {string | undefined} settings.resourceMetadataUrl
 * @returns {AuthInfo}
 */
export function toAuthInfo(verdict, { scopeClaims, resource, resourceMetadataUrl }) {
  /** @type {AuthInfo} */
  const info = isKey(verdict) ? ofKey(verdict) : ofToken(verdict, scopeClaims);
  if (resource !== undefined) {
    // Its own for each request: a URL can be changed.
    info.resource = new URL(resource);
  }
  if (resourceMetadataUrl !== undefined) {
    info.resourceMetadataUrl = resourceMetadataUrl;
  }
  return info;
}

/** Whether an API key was accepted: of a plain one nothing is known, of another one its record. */
export function isKey({ credential, data }) {
  return credential === undefined && (data === undefined || typeof data.keyId === "string");
}

/** The key itself is left out: every tool, and what tools log, would have it. */
function ofKey({ data, keyId }) {
  const { scopes, expiresAt } = data ?? {};
  const expires = typeof expiresAt === "string" ? Math.floor(Date.parse(expiresAt) / 1000) : undefined;
  return {
    token: "",
    clientId: keyId ?? "",
    scopes: Array.isArray(scopes) ? [...scopes] : [],
    ...(expires !== undefined && { expiresAt: expires }),
    extra: data ?? {},
  };
}

function ofToken({ credential, data = {} }, scopeClaims) {
  const claims = /** @type {Record<string, unknown>} */ ({ ...data });
  // Of the framework's OAuth provider. Leaving it out by a rest pattern takes longer than all else here.
  if (Object.hasOwn(claims, "token")) {
    delete claims.token;
  }
  const { exp } = claims;
  return {
    token: typeof credential === "string" ? /** @type {string} */ (presentedToken(credential)) : "",
    clientId: clientOf(claims, NAMING_CLAIMS),
    scopes: scopesIn(claims, scopeClaims),
    ...(typeof exp === "number" && { expiresAt: exp }),
    extra: credential === undefined ? data : claims,
  };
}

function clientOf(claims, names = CLIENT_CLAIMS) {
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value === "string" && value !== "") {
      return value;
    }
  }
  return "";
}

/** A string holds scopes separated by spaces, RFC 6749 §3.3. Each once. */
function scopesIn(claims, scopeClaims) {
  const given =
    typeof scopeClaims === "function"
      ? [scopeClaims(claims)]
      : scopeClaims.map((name) => (Object.hasOwn(claims, name) ? claims[name] : undefined));
  const scopes = new Set();
  for (const value of given) {
    for (const scope of typeof value === "string" ? value.split(" ") : Array.isArray(value) ? value : []) {
      if (typeof scope === "string" && scope !== "") {
        scopes.add(scope);
      }
    }
  }
  return [...scopes];
}

/**
 * With what names its principal, as it is now: `extra` is the provider's own object here, which a tool may change.
 *
 * @param {Accepted} verdict
 * @returns {Accepted}
 */
export function keepNames(verdict) {
  if (verdict.credential !== undefined || verdict.data === undefined) {
    return verdict;
  }
  const { keyId, iss, sub } = /** @type {Record<string, unknown>} */ (verdict.data);
  return { ...verdict, data: { keyId, iss, sub, client_id: clientOf(verdict.data) } };
}

/**
 * Who a verdict is about, as a digest: the issuer, the user and the client of a token (a `sub` belongs to its issuer,
 * RFC 9068 §5), the id of an API key, or a plain key itself.
 *
 * @param {Accepted} verdict
 * @param {() => unknown} presented the credentials of the request, where nothing else is known
 */
export function principalOf(verdict, presented) {
  const { data, keyId, provider, credential } = verdict;
  if (isKey(verdict)) {
    return digest(["key", keyId ?? presented()]);
  }
  const { iss, sub } = /** @type {Record<string, unknown>} */ (data);
  const client = clientOf(data);
  // A token that names nobody stands for itself.
  const isNamed = typeof sub === "string" || client !== "";
  return digest(["token", provider, iss, sub, client, isNamed ? undefined : (credential ?? presented())]);
}

/** @param {unknown[]} parts */
export function digest(parts) {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
