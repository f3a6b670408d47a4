import diagnostics from "node:diagnostics_channel";
import { areRejectionsObserved } from "../../core/events.js";
import { enterRequestContext } from "./auth-error-context.js";

/**
 * The response to a request, and its asynchronous context. The framework shows a provider neither, so they are noted
 * as Node announces requests. Tracking begins when the framework first asks about a provider or a provider is first
 * asked, not when one is made.
 */

/** Where a request keeps its response. A WeakMap instead costs 11 µs a request, collecting its table. */
const RESPONSE = Symbol("mcp-native-auth: response");

const CHANNEL = "http.server.request.start";

/** What providers that were made need. */
const needed = { responses: false, contexts: false, addresses: false };
const tracked = { responses: false, contexts: false };

/**
 * Says what a provider will need: responses; contexts; or contexts for the sake of the address in events alone, if
 * rejections are observed.
 */
export function needTracking({ responses, contexts, addresses }) {
  needed.responses ||= responses;
  needed.contexts ||= contexts;
  needed.addresses ||= addresses;
}

/** Begins to track what is needed. */
export function startTracking() {
  if (needed.responses && !tracked.responses) {
    tracked.responses = true;
    diagnostics.subscribe(CHANNEL, noteResponse);
  }
  if (!tracked.contexts && (needed.contexts || (needed.addresses && areRejectionsObserved()))) {
    tracked.contexts = true;
    diagnostics.subscribe(CHANNEL, noteContext);
  }
}

function noteResponse(message) {
  try {
    // `Reflect.set` takes a microsecond longer for each request.
    message.request[RESPONSE] = message.response;
  } catch {
    // A message or an object that takes no property: nothing will be added to that response.
  }
}

function noteContext(message) {
  enterRequestContext(message?.request);
}

/** The response to a request; `undefined` where it is not known. */
function responseOf(request) {
  try {
    const response = request[RESPONSE];
    if (response !== undefined) {
      return response;
    }
    // A request that came before tracking began. Node keeps the response that a socket is at.
    const current = request.socket?._httpMessage;
    return current?.req === request ? current : undefined;
  } catch {
    // A request object that throws when it is read.
    return undefined;
  }
}

/**
 * Adds a header to the response of a rejected request if it gets this status: the caller of the provider may still
 * accept the request. A header of that name that is there already stays.
 *
 * @param {object} request
 * @param {number} expectedStatus
 * @param {string} name
 * @param {string} value
 */
export function addHeaderOnStatus(request, expectedStatus, name, value) {
  onWriteHead(request, (response, status) => {
    if (status === expectedStatus && !response.hasHeader(name)) {
      response.setHeader(name, value);
    }
  });
}

/**
 * Changes the head of the response to a rejected request before it is sent. The last change that is asked for runs
 * first.
 *
 * @param {object} request
 * @param {(response: import("node:http").ServerResponse, status: number) => void} change
 */
export function onWriteHead(request, change) {
  const response = responseOf(request);
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
