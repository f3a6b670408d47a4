import diagnostics from "node:diagnostics_channel";

/**
 * `WWW-Authenticate` for refused tokens. RFC 9110 §11.6.1 demands a challenge on every 401; the
 * framework sends none for JWTs. A provider sees only the request, so responses are noted as Node
 * announces them; where a runtime announces none, no challenge is sent.
 */

/** Where a request keeps its response. A WeakMap in its place cost 11 µs a request, collecting its table. */
const RESPONSE = Symbol("mcp-native-auth: response");
let listening = false;

/** Starts noting responses, when the first provider that challenges is made. */
export function listenForResponses() {
  if (!listening) {
    listening = true;
    diagnostics.subscribe("http.server.request.start", (message) => {
      const { request, response } = message ?? {};
      if (typeof request === "object" && request !== null) {
        // `false`, and no exception, for an object that takes no property.
        Reflect.set(request, RESPONSE, response);
      }
    });
  }
}

/**
 * Adds the challenge of RFC 6750 §3 to the response of a refused request if it becomes a 401: whoever
 * asked the provider may still let the request in. A request without a Bearer credential gets no
 * error code, §3.1.
 *
 * @param {object} request
 * @param {boolean} carriedBearer
 */
export function challenge(request, carriedBearer) {
  const response = request[RESPONSE];
  if (typeof response?.writeHead !== "function" || response.headersSent) {
    return;
  }
  const { writeHead } = response;
  response.writeHead = (status, ...rest) => {
    response.writeHead = writeHead;
    if (status === 401 && !response.headersSent && !response.hasHeader("WWW-Authenticate")) {
      const error = carriedBearer ? ', error="invalid_token"' : "";
      response.setHeader("WWW-Authenticate", `Bearer realm="MCP Server"${error}`);
    }
    return writeHead.call(response, status, ...rest);
  };
}
