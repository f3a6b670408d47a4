import { addHeader } from "./responses.js";

/**
 * `WWW-Authenticate` for refused tokens: the challenge of RFC 6750 §3. RFC 9110 §11.6.1 demands one on
 * every 401; the framework sends none for JWTs. A request without a Bearer credential gets no error
 * code, §3.1.
 *
 * @param {object} request
 * @param {boolean} carriedBearer
 */
export function challenge(request, carriedBearer) {
  const error = carriedBearer ? ', error="invalid_token"' : "";
  addHeader(request, 401, "WWW-Authenticate", `Bearer realm="MCP Server"${error}`);
}
