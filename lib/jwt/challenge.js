import { addHeader } from "../responses.js";

/**
 * `WWW-Authenticate` for refused tokens: the challenge of RFC 6750 §3. RFC 9110 §11.6.1 demands one on
 * every 401; the framework sends none for JWTs. A request without a Bearer credential gets no error
 * code, §3.1.
 *
 * @param {object} request
 * @param {boolean} carriedBearer
 */
export function challenge(request, carriedBearer) {
  addHeader(request, 401, "WWW-Authenticate", bearerChallenge(carriedBearer));
}

/** Whether the request carries a Bearer credential, of whatever kind. */
export function carriesBearer(request) {
  try {
    return /^bearer /i.test(request.headers.authorization);
  } catch {
    // A request object that throws when it is read.
    return false;
  }
}

/** @param {boolean} carriedBearer whether there was a Bearer credential, which then was wrong */
export function bearerChallenge(carriedBearer) {
  return `Bearer realm="MCP Server"${carriedBearer ? ', error="invalid_token"' : ""}`;
}
