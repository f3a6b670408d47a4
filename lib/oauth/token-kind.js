/** What Keycloak writes into the payloads of its other tokens. */
const OTHER_TYPES = new Set(["id", "refresh", "offline", "logout"]);

/** What is never in an access token: OpenID Connect Core §2 and §3.3.2.11, RFC 8417 §2.2, RFC 9449 §4.2 (DPoP proofs). */
const NON_ACCESS_CLAIMS = ["at_hash", "c_hash", "events", "htm", "htu"];

/** `access` of Amazon Cognito, `access_token` of Ory Hydra. */
const ACCESS_USES = new Set(["access", "access_token"]);

/**
 * Whether claims say that their token is not an access token but an ID, refresh or logout token. An ID token without
 * any such mark cannot be told apart. RFC 8725 §3.11, §3.12.
 *
 * @param {Record<string, unknown>} claims
 */
export function isOtherKindOfToken(claims) {
  const { token_use: use, typ } = claims;
  return (
    (use !== undefined && use !== null && !(typeof use === "string" && ACCESS_USES.has(use.toLowerCase()))) ||
    (typeof typ === "string" && OTHER_TYPES.has(typ.toLowerCase())) ||
    NON_ACCESS_CLAIMS.some((name) => Object.hasOwn(claims, name))
  );
}
