import { authErrorFor } from "./auth-errors.js";

/** Refusals of the credential, which the framework has a body of its own for. The others are the gate's. */
const OF_CREDENTIAL = new Set([
  "invalid_token",
  "insufficient_scope",
  "too_many_requests",
  "temporarily_unavailable",
]);

/**
 * The body of a refusal as mcp-framework writes it: whoever reads `error`, `status` and `type` of it goes on to.
 *
 * @param {number} status
 * @param {string} body of the gate
 * @param {any} provider
 */
export function frameworkBody(status, body, provider) {
  if (status < 400 || !OF_CREDENTIAL.has(JSON.parse(body).error)) {
    return body;
  }
  const error = status === 401 ? usualMessage(provider) : undefined;
  const { message } = error ?? authErrorFor(/** @type {any} */ ({ status }));
  return JSON.stringify({ error: message, status, type: "authentication_error" });
}

/** As the framework asks for it, once a request was rejected. */
function usualMessage(provider) {
  try {
    const error = provider.getAuthError?.();
    return typeof error?.message === "string" && error.status === 401 ? error : undefined;
  } catch {
    return undefined;
  }
}
