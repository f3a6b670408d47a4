import { presentedToken } from "./challenge.js";

/**
 * What decisions read of a request: the part of node:http's IncomingMessage that every host can give. Header names
 * are in lower case. Any property may throw when it is read, or be missing.
 *
 * @typedef {object} RequestView
 * @property {Record<string, string | string[] | undefined>} headers
 * @property {string} [url] path and query
 * @property {{ remoteAddress?: string }} [socket]
 */

/** The address at the other end of the socket, as Node gives it; `undefined` if there is none. */
export function socketAddress(request) {
  try {
    const address = request.socket?.remoteAddress;
    return typeof address === "string" ? address : undefined;
  } catch {
    return undefined;
  }
}

/** What ordinary clients send along without any credential. */
const ORDINARY_HEADERS =
  /^(?:host|connection|keep-alive|user-agent|origin|referer|date|via|from|te|trailer|upgrade|pragma|expect|dnt|priority|range|max-forwards|forwarded|x-real-ip|x-request-id|x-correlation-id|x-amzn-trace-id|traceparent|tracestate|baggage|last-event-id|(?:accept|content|cache-control|if|transfer|sec-(?:ch|fetch|gpc|websocket)|access-control|x-forwarded|mcp|cf)(?:-.*)?)$/;

/**
 * Whether a request carries anything that could be a credential of a provider whose way in is not known: a header that
 * ordinary clients do not send, or a query. Credentials that are known to be genuine are no guess.
 *
 * @param {RequestView} request
 * @param {Set<unknown>} genuine
 */
export function mayCarryCredential(request, genuine) {
  try {
    const { headers, url } = request;
    return (
      Object.keys(headers).some(
        (name) => !ORDINARY_HEADERS.test(name) && !genuine.has(presentedToken(headers[name])),
      ) || /\?./.test(url ?? "")
    );
  } catch {
    return false;
  }
}
