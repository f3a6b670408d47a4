/**
 * What every challenge of an OAuth resource server says. RFC 6750 §3, RFC 9728 §5.1.
 *
 * @typedef {object} ChallengeParameters
 * @property {string | undefined} resource
 * @property {string | undefined} resourceMetadataUrl
 */

/** By error code, RFC 6750 §3.1. @type {Record<string, string>} */
export const DESCRIPTIONS = {
  invalid_request: "The credential is malformed or was sent in more than one place",
  invalid_token: "Missing or invalid authentication token",
  insufficient_scope: "The access token lacks a required scope",
};

/**
 * @param {ChallengeParameters} parameters
 * @param {string | undefined} error none where no token was presented, RFC 6750 §3.1
 * @param {readonly string[]} [scopes] that are needed
 * @param {string | null} [description] `null` for none. Default: one for the error
 */
export function bearerChallenge({ resource, resourceMetadataUrl }, error, scopes = [], description) {
  const said = description === undefined && error !== undefined ? DESCRIPTIONS[error] : description;
  const parameters = [
    ["realm", "MCP Server"],
    ["resource", resource],
    ["error", error],
    ["error_description", said],
    ["scope", scopes.length > 0 ? scopes.join(" ") : undefined],
    ["resource_metadata", resourceMetadataUrl],
  ];
  const written = parameters.flatMap(([name, value]) =>
    value === undefined || value === null ? [] : `${name}="${quotable(value)}"`,
  );
  return `Bearer ${written.join(", ")}`;
}

/** RFC 9110 §5.6.4. What cannot be escaped is left out. */
function quotable(value) {
  return String(value)
    .replace(/[^\x20-\x7e]/g, "")
    .replace(/["\\]/g, "\\$&");
}
