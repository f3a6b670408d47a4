/**
 * What every challenge of an OAuth resource server says. RFC 6750 §3, RFC 9728 §5.1.
 *
 * @typedef {object} ChallengeParameters
 * @property {string} resource
 * @property {string | undefined} resourceMetadataUrl
 */

const DESCRIPTIONS = {
  invalid_token: "Missing or invalid authentication token",
  insufficient_scope: "The access token lacks a required scope",
};

/**
 * @param {ChallengeParameters} parameters
 * @param {string | undefined} error none where no token was presented, RFC 6750 §3.1
 * @param {readonly string[]} [scopes] that are needed
 * @param {string} [description]
 */
export function bearerChallenge({ resource, resourceMetadataUrl }, error, scopes = [], description) {
  const said = description ?? (error === undefined ? undefined : DESCRIPTIONS[error]);
  const parameters = [
    ["realm", "MCP Server"],
    ["resource", resource],
    ["error", error],
    ["error_description", said],
    ["scope", scopes.length > 0 ? scopes.join(" ") : undefined],
    ["resource_metadata", resourceMetadataUrl],
  ];
  const written = parameters.flatMap(([name, value]) =>
    value === undefined ? [] : `${name}="${quotable(value)}"`,
  );
  return `Bearer ${written.join(", ")}`;
}

/** RFC 9110 §5.6.4. What cannot be escaped is left out. */
function quotable(value) {
  return String(value)
    .replace(/[^\x20-\x7e]/g, "")
    .replace(/["\\]/g, "\\$&");
}
