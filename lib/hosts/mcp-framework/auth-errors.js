/** The framework's answer for a rejection without an answer of its own. */
export const DEFAULT_AUTH_ERROR = { status: 401, message: "Unauthorized" };

const MESSAGES = {
  403: "Insufficient scope",
  429: "Too many failed authentication attempts",
  503: "The authorization server cannot be asked at the moment",
};

/**
 * What `getAuthError()` says about a rejection that is not the provider's usual 401.
 *
 * @param {import("../../core/verdict.js").Rejected} verdict
 */
export function authErrorFor({ status, retryAfter }) {
  const headers = retryAfter === undefined ? {} : { headers: { "Retry-After": String(retryAfter) } };
  return { status, message: MESSAGES[status] ?? DEFAULT_AUTH_ERROR.message, ...headers };
}
