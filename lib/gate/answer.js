import { bearerChallenge, DESCRIPTIONS } from "../oauth/challenge.js";

/**
 * What a gate answers itself, as a value: every host sends the same bytes.
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string} body
 */

const JSON_HEADERS = { "Content-Type": "application/json", "Cache-Control": "no-store" };

/** A day: what a preflight says does not change while the process runs. */
const PREFLIGHT_SECONDS = 86_400;
const METADATA_SECONDS = 300;

/** RFC 9110 §5.6.2, as a list. What is reflected cannot break the header. */
const FIELD_NAMES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;

/** `error` and `error_description` by status: RFC 6750 §3.1; where that has no code, RFC 6749 §4.1.2.1, §5.2. */
const ERRORS = {
  400: ["invalid_request", DESCRIPTIONS.invalid_request],
  401: ["invalid_token", DESCRIPTIONS.invalid_token],
  403: ["insufficient_scope", "The credential lacks a required scope"],
  413: ["invalid_request", "The body is too large"],
  429: ["too_many_requests", "Too many failed authentication attempts"],
  503: ["temporarily_unavailable", "The authorization server cannot be asked at the moment"],
};

/**
 * @param {number} status
 * @param {Record<string, string>} [headers]
 * @param {string[]} [error] code and description
 * @returns {Answer}
 */
export function refuse(status, headers = {}, [error, description] = ERRORS[status]) {
  return {
    status,
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify({ error, error_description: description }),
  };
}

/** Of a site, or to a name, that is not allowed. RFC 6749 §4.1.2.1 has the code. */
export function refuseOrigin(name) {
  const option = name === "Origin" ? "allowedOrigins" : "allowedHosts";
  return refuse(403, {}, ["access_denied", `The ${name} of the request is not one of ${option}`]);
}

export function refuseBody(description) {
  return refuse(400, {}, ["invalid_request", description]);
}

/** The same as for a session that does not exist: who may not use it learns nothing of it. */
export function refuseSession() {
  return jsonRpcError(404, -32001, "Session not found");
}

/** MCP 2026-07-28, SEP-2243. */
export function refuseMismatch(name) {
  return jsonRpcError(400, -32020, `Header mismatch: ${name} does not match the body`);
}

function jsonRpcError(status, code, message) {
  return {
    status,
    headers: { ...JSON_HEADERS },
    body: JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null }),
  };
}

/** RFC 9728 §3.2. */
export function metadataAnswer(document) {
  const headers = {
    "Content-Type": "application/json",
    "Cache-Control": `public, max-age=${METADATA_SECONDS}`,
    "Access-Control-Allow-Origin": "*",
  };
  return { status: 200, headers, body: JSON.stringify(document) };
}

/** A preflight carries no credential, and the request that follows it does. Fetch standard, CORS-preflight fetch. */
export function preflightAnswer(headers) {
  const requested = headers["access-control-request-headers"];
  const allowed =
    typeof requested === "string" && FIELD_NAMES.test(requested) ? requested : "Authorization, Content-Type";
  return {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
      "Access-Control-Allow-Headers": allowed,
      "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
    },
    body: "",
  };
}

/**
 * The value of `WWW-Authenticate`: Bearer first, with all that clients look for, then the other ways in. Clients of
 * the official SDK read the first challenge alone.
 *
 * @param {object} options
 * @param {string | undefined} options.error
 * @param {readonly string[]} options.scopes that the operation needs
 * @param {string | undefined} options.resourceMetadataUrl
 * @param {boolean} options.hasBearer whether a Bearer token is a way in
 * @param {string[]} options.others challenges of other schemes
 */
export function challenge({ error, scopes, resourceMetadataUrl, hasBearer, others }) {
  // RFC 9110 §15.5.2: a 401 has at least one.
  const needsBearer = hasBearer || resourceMetadataUrl !== undefined || others.length === 0;
  const bearer = needsBearer
    ? [bearerChallenge({ resource: undefined, resourceMetadataUrl }, error, scopes)]
    : [];
  return [...bearer, ...others].join(", ");
}
