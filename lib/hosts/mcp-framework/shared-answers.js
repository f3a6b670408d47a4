import { warn } from "../../core/warnings.js";
import { principalOf } from "../../gate/auth-info.js";
import { isFrameworkInUse } from "./open-server.js";

/**
 * Warns where two principals use one HTTP stream of mcp-framework without the guard: the framework sends each answer to
 * every session that has a request of the same id in flight.
 *
 * Looks at requests that begin a session, which are few, and keeps one digest for each server.
 */

/** A message to a session of the SSE transport, which keeps answers apart. */
const SSE_MESSAGE = /[?&]sessionId=/;

let hasWarned = false;
/** By the server of node:http. @type {WeakMap<object, string>} */
const principals = new WeakMap();

/**
 * @param {import("../../core/verdict.js").Accepted} verdict
 * @param {any} request
 * @param {import("../../core/authenticator.js").Authenticator} authenticator
 */
export function notePrincipal(verdict, request, authenticator) {
  if (hasWarned || !isFrameworkInUse()) {
    return;
  }
  try {
    const server = beginsSession(request) ? request.socket.server : undefined;
    if (server !== undefined) {
      const principal = principalOf(verdict, () => authenticator.presented(request));
      const first = principals.get(server) ?? principal;
      principals.set(server, first);
      if (first !== principal) {
        hasWarned = true;
        warn(
          "MCP_NATIVE_AUTH_SHARED_ANSWERS",
          "several clients use one HTTP stream of mcp-framework, which can send the answer of one to another; call " +
            "`requireAuth(provider).guard(server)` before `server.start()`, or start with " +
            "`node --import mcp-native-auth/register/guard`",
        );
      }
    }
  } catch {
    // A request object that throws when it is read, or one without a socket.
  }
}

function beginsSession({ method, url, headers }) {
  return method === "POST" && headers["mcp-session-id"] === undefined && !SSE_MESSAGE.test(url);
}
