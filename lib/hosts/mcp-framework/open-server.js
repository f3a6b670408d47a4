import diagnostics from "node:diagnostics_channel";
import { warn } from "../../core/warnings.js";
import { isFrameworkLoaded } from "./packages.js";
import { onWriteHead } from "./request-tracking.js";

/**
 * Warns of servers that are open to anyone although a provider was made: mcp-framework ignores `auth` wherever it does
 * not look for it, and asks about SSE streams only where it is told to.
 *
 * Watching begins when a provider was made and the framework is in use, and ends with the first question to a provider:
 * what works costs nothing. Importing this package or making a provider watches nothing where there is no framework.
 */

/** A server may leave single requests open on purpose. */
const MIN_ANSWERS = 3;

const CHANNEL = "http.server.response.finish";

/** A message to a session, in the query of an SSE transport. */
const SSE_MESSAGE = /[?&]sessionId=/;

const OPEN =
  "mcp-framework answers requests and asks no provider of this package, so the server is open to anyone; ";
const IGNORED_BY = {
  start:
    "start() ignores `auth` at the top level of MCPServer: set `transport: { options: { auth: { provider } } }` instead",
  handleRequest:
    "handleRequest() and createLambdaHandler() ignore `transport.options.auth`: set `auth: { provider }` at the top " +
    "level of MCPServer instead",
};

let isProviderMade = false;
let isLookDue = false;
let isInUse = false;
let isWatching = false;
/** A provider was asked, or the warning was given. */
let isSettled = false;
let answers = 0;
/** Whether requests come by `handleRequest`, on whatever server. */
let isServerless = false;
/** What puts back the methods that are watched, by the prototype that has them. @type {Map<object, () => void>} */
const watchedPrototypes = new Map();

let hasWarnedOfStream = false;
/** Servers whose streams a provider was asked about. */
const guarded = new WeakSet();

/** A provider was made. The framework may be imported right after it, so it is looked for when modules have run. */
export function noteProviderMade() {
  isProviderMade = true;
  if (isInUse || isSettled) {
    watch();
  } else if (!isLookDue) {
    isLookDue = true;
    queueMicrotask(() => {
      isLookDue = false;
      if (isFrameworkLoaded()) {
        noteFrameworkInUse();
      }
    });
  }
}

/** @param {any} [framework] its module, if that is known */
export function noteFrameworkInUse(framework) {
  isInUse = true;
  const prototype = framework?.MCPServer?.prototype;
  if (!isSettled && typeof prototype?.handleRequest === "function" && !watchedPrototypes.has(prototype)) {
    watchedPrototypes.set(prototype, watchHandleRequest(prototype));
  }
  watch();
}

/** A provider is asked about a request, or would be if the request had a credential. */
export function noteAsked(request) {
  if (!isSettled) {
    settle();
  }
  if (isInUse && !hasWarnedOfStream) {
    checkStream(request);
  }
}

function watch() {
  if (isProviderMade && isInUse && !isSettled && !isWatching) {
    isWatching = true;
    diagnostics.subscribe(CHANNEL, noteResponse);
  }
}

function settle() {
  isSettled = true;
  if (isWatching) {
    diagnostics.unsubscribe(CHANNEL, noteResponse);
  }
  for (const restore of watchedPrototypes.values()) {
    restore();
  }
  watchedPrototypes.clear();
}

function noteResponse(message) {
  try {
    const { request, response } = /** @type {any} */ (message);
    if (!isServerless && isMcpMessage(request) && isSuccess(response.statusCode)) {
      countAnswer("start");
    }
  } catch {
    // A runtime whose messages are others.
  }
}

/** By what the protocol demands of clients, so that no other server of the process counts. */
function isMcpMessage({ method, url, headers }) {
  return (
    method === "POST" &&
    (headers["mcp-session-id"] !== undefined ||
      SSE_MESSAGE.test(url) ||
      /text\/event-stream/.test(headers.accept))
  );
}

const isSuccess = (status) => status === 200 || status === 202;

/** Nothing announces serverless requests. */
function watchHandleRequest(prototype) {
  const { handleRequest } = prototype;
  /** @this {object} */
  async function watched(request, ...rest) {
    isServerless = true;
    const response = await handleRequest.call(this, request, ...rest);
    if (isProviderMade && request?.method === "POST" && isSuccess(response?.status)) {
      countAnswer("handleRequest");
    }
    return response;
  }
  prototype.handleRequest = watched;
  return () => {
    if (prototype.handleRequest === watched) {
      prototype.handleRequest = handleRequest;
    }
  };
}

function countAnswer(method) {
  answers += 1;
  if (answers >= MIN_ANSWERS && !isSettled) {
    settle();
    warn("MCP_NATIVE_AUTH_OPEN_SERVER", OPEN + IGNORED_BY[method]);
  }
}

/**
 * A message of an SSE session that is taken, on a server none of whose streams was asked about: the stream was opened
 * without a credential.
 */
function checkStream(request) {
  try {
    const { method } = request;
    if (method === "GET") {
      guarded.add(request.socket.server);
    } else if (method === "POST" && SSE_MESSAGE.test(request.url) && !guarded.has(request.socket.server)) {
      onWriteHead(request, (_response, status) => {
        if (status === 202 && !hasWarnedOfStream) {
          hasWarnedOfStream = true;
          warn(
            "MCP_NATIVE_AUTH_OPEN_STREAM",
            "SSE streams are open to anyone, as a provider is asked about messages alone; set " +
              "`endpoints: { sse: true }` next to `provider` in `transport.options.auth`",
          );
        }
      });
    }
  } catch {
    // A request object that throws when it is read, or one without a socket.
  }
}
