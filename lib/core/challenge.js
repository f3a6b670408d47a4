/** Bearer credentials and challenges. RFC 6750 §2.1, §3; RFC 9110 §11.6.1. */

const SCHEME = "Bearer ";
const SCHEME_IN_ANY_CASE = /^bearer /i;

/** RFC 9110 §5.5, as Node can send it. Not from node:http, which takes longer to load than this package. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** Whether a value of `Authorization` is a Bearer credential, valid or not. Schemes have no case, RFC 9110 §11.1. */
export function isBearer(authorization) {
  return typeof authorization === "string" && SCHEME_IN_ANY_CASE.test(authorization);
}

/** Whether a request carries a Bearer credential in `Authorization`. */
export function carriesBearer(request) {
  try {
    return isBearer(request.headers.authorization);
  } catch {
    return false;
  }
}

/** What follows `Bearer `, in exactly this case and trimmed, as the framework reads API keys; else `undefined`. */
export function bearerText(authorization) {
  return typeof authorization === "string" && authorization.startsWith(SCHEME)
    ? authorization.slice(SCHEME.length).trim()
    : undefined;
}

/** The token in a header's value, with the scheme or without, to tell two credentials apart; `false` for none. */
export function presentedToken(value) {
  return typeof value === "string" && value.replace(SCHEME_IN_ANY_CASE, "").trim();
}

/**
 * @param {boolean} isInvalid whether a Bearer credential was presented, which was rejected. Without one, the challenge
 *   has no error code: RFC 6750 §3.1.
 */
export function bearerChallenge(isInvalid) {
  return `Bearer realm="MCP Server"${isInvalid ? ', error="invalid_token"' : ""}`;
}

/** As the framework challenges. */
export function apiKeyChallenge(headerName) {
  return `ApiKey realm="MCP Server", header="${headerName}"`;
}

/** Whether a text can be the value of a header. */
export function isFieldValue(text) {
  return typeof text === "string" && FIELD_VALUE.test(text);
}
