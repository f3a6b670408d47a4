import diagnostics from "node:diagnostics_channel";

/**
 * `WWW-Authenticate` for refused tokens. RFC 9110 §11.6.1 demands a challenge on every 401; the
 * framework sends none for JWTs. A provider sees only the request, so responses are noted as Node
 * announces them; where a runtime announces none, no challenge is sent.
 */

const responses = new WeakMap();
let listening = false;

/** Starts noting responses, when the first provider that challenges is made. */
export function listenForResponses() {
  if (!listening) {
    listening = true;
    diagnostics.subscribe("http.server.request.start", ({ request, response }) => {
      responses.set(request, response);
    });
  }
}

/**
 * Adds the challenge of RFC 6750 §3 to the response of a refused request. A request that carried no
 * credential gets no error code, §3.1.
 *
 * @param {object} request
 * @param {boolean} carriedCredential
 */
export function challenge(request, carriedCredential) {
  const response = responses.get(request);
  if (response !== undefined && !response.headersSent && !response.hasHeader("WWW-Authenticate")) {
    const error = carriedCredential ? ', error="invalid_token"' : "";
    response.setHeader("WWW-Authenticate", `Bearer realm="MCP Server"${error}`);
  }
}
