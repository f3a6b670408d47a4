import diagnostics from "node:diagnostics_channel";

/**
 * The response to a request. A provider sees only the request, so responses are noted as Node announces
 * them; where a runtime announces none, nothing is added to them.
 */

/** Where a request keeps its response. A WeakMap in its place cost 11 µs a request, collecting its table. */
const RESPONSE = Symbol("mcp-native-auth: response");
let listening = false;

/** Starts noting responses, when the first provider that may add something to one is made. */
export function listenForResponses() {
  if (!listening) {
    listening = true;
    diagnostics.subscribe("http.server.request.start", (message) => {
      try {
        // `Reflect.set` takes a microsecond longer, of each request.
        message.request[RESPONSE] = message.response;
      } catch {
        // A message or an object that takes no property: nothing will be added to that response.
      }
    });
  }
}

/**
 * Adds a header to the response of a refused request if it becomes one of this status: whoever asked the
 * provider may still let the request in. A header of that name that is there already stays.
 *
 * @param {object} request
 * @param {number} expectedStatus
 * @param {string} name
 * @param {string} value
 */
export function addHeader(request, expectedStatus, name, value) {
  beforeHead(request, (response, status) => {
    if (status === expectedStatus && !response.hasHeader(name)) {
      response.setHeader(name, value);
    }
  });
}

/**
 * Changes the head of the response to a refused request before it goes out. What was asked for last comes
 * first.
 *
 * @param {object} request
 * @param {(response: import("node:http").ServerResponse, status: number) => void} change
 */
export function beforeHead(request, change) {
  const response = responseTo(request);
  if (typeof response?.writeHead !== "function" || response.headersSent) {
    return;
  }
  const { writeHead } = response;
  response.writeHead = (status, ...rest) => {
    response.writeHead = writeHead;
    if (!response.headersSent) {
      change(response, status);
    }
    return writeHead.call(response, status, ...rest);
  };
}

function responseTo(request) {
  try {
    return request[RESPONSE];
  } catch {
    // A request object that throws when it is read.
    return undefined;
  }
}
