/** The framework's answer for a rejection without an answer of its own. */
export const DEFAULT_AUTH_ERROR = { status: 401, message: "Unauthorized" };

/** The answer to a failed attempt too many, with or without `Retry-After`. */
const THROTTLED_MESSAGE = "Too many failed authentication attempts";

/**
 * What `getAuthError()` says about a rejection that is not the provider's usual 401.
 *
 * @param {import("../../core/verdict.js").Rejected} verdict
 */
export function authErrorFor({ status, retryAfter }) {
  const headers = retryAfter === undefined ? {} : { headers: { "Retry-After": String(retryAfter) } };
  return { status, message: THROTTLED_MESSAGE, ...headers };
}
