import { isOtherKindOfToken } from "./token-kind.js";

/**
 * What a resource server asks of the claims of an access token, whether it verified them itself or was told them.
 * RFC 9068 §4, RFC 7662 §2.2, RFC 8707 §2.
 *
 * @typedef {object} ClaimRules
 * @property {readonly string[]} issuers accepted in `iss`, to the letter
 * @property {readonly string[] | null} audiences of which `aud` must name one, to the letter; `null` accepts any
 * @property {boolean} [clientIdIsAudience] whether `client_id` counts as audience of a token without `aud`
 * @property {boolean} [allowIdTokens]
 * @property {boolean} [rejectBound] whether a token that is bound to a key (`cnf`) is rejected: it is presented as a
 *   Bearer token
 */

/**
 * Why claims are not those of an access token for this server; `undefined` if they are. Times are checked elsewhere.
 *
 * @param {Record<string, any>} claims
 * @param {ClaimRules} rules
 * @returns {string | undefined} a name in the table of reasons
 */
export function judgeClaims(claims, rules) {
  return judgeKind(claims, rules) ?? judgeParties(claims, rules);
}

/** Whether it is an access token, and one that anyone may bear. @param {any} claims @param {ClaimRules} rules */
export function judgeKind(claims, { allowIdTokens, rejectBound }) {
  if (!allowIdTokens && isOtherKindOfToken(claims)) {
    return "TOKEN_TYPE_NOT_ALLOWED";
  }
  return rejectBound && own(claims, "cnf") !== undefined ? "TOKEN_BOUND" : undefined;
}

/** Who it is about, by whom and for whom. @param {any} claims @param {ClaimRules} rules */
export function judgeParties(claims, { issuers, audiences, clientIdIsAudience }) {
  const subject = own(claims, "sub");
  const isSubject =
    typeof subject === "string" ? subject !== "" : typeof subject === "number" && subject !== 0;
  if (!isSubject) {
    return "TOKEN_CLAIM_MISSING";
  }
  const issuer = own(claims, "iss");
  if (typeof issuer !== "string" || !issuers.includes(issuer)) {
    return "TOKEN_ISSUER_NOT_ALLOWED";
  }
  return isAudience(claims, audiences, clientIdIsAudience) ? undefined : "TOKEN_AUDIENCE_NOT_ALLOWED";
}

function isAudience(claims, audiences, clientIdIsAudience) {
  const stated = own(claims, "aud");
  // `client_id` names who asked for the token, not whom it is for: it counts only where nothing else is said.
  const audience = stated === undefined && clientIdIsAudience ? own(claims, "client_id") : stated;
  const named = typeof audience === "string" ? [audience] : Array.isArray(audience) ? audience : [];
  const usable = named.filter((name) => typeof name === "string" && name !== "");
  return audiences === null ? usable.length > 0 : usable.some((name) => audiences.includes(name));
}

/** A member of the claims themselves; `undefined` for `null` too. */
export function own(claims, name) {
  return Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined;
}
