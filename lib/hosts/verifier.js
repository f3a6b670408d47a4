/** How long a check that insists on an end may rely on a credential that has none. */
const RELIANCE_SECONDS = 3600;

/**
 * A token verifier for stacks that read the header themselves, such as the official SDK's `requireBearerAuth`.
 *
 * @param {import("../gate/gate.js").Gate} gate
 */
export function verifierHost(gate) {
  return ({ invalidToken = defaultError } = {}) => ({
    async verifyAccessToken(token) {
      const headers = { authorization: `Bearer ${token}` };
      const url = "/";
      const request = { method: "GET", url, headers, view: { headers, url } };
      const { answer, authInfo } = await gate.admit(request);
      if (answer?.status === 503) {
        // Not the fault of the token: a 401 would send the user to log in again.
        throw new Error("The authorization server cannot be asked at the moment");
      }
      if (authInfo === undefined) {
        throw invalidToken("Missing or invalid authentication token");
      }
      const expiresAt = authInfo.expiresAt ?? Math.floor(Date.now() / 1000) + RELIANCE_SECONDS;
      return { ...authInfo, expiresAt };
    },
  });
}

function defaultError(message) {
  return Object.assign(new Error(message), { name: "InvalidTokenError", errorCode: "invalid_token" });
}
