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

/** What ordinary clients and proxies send along without any credential. */
const ORDINARY_HEADERS =
  /^(?:host|connection|keep-alive|user-agent|origin|referer|date|via|from|te|trailer|upgrade|upgrade-insecure-requests|pragma|expect|dnt|priority|range|max-forwards|cache-control|transfer-encoding|forwarded|(?:true|fly|fastly|x|x-cluster)-client-ip|x-forwarded-(?:for|host|port|proto|server|prefix)|x-real-ip|x-request-id|x-correlation-id|x-amzn-trace-id|traceparent|tracestate|baggage|last-event-id|mcp-(?:session-id|protocol-version|method|name)|cf-(?:connecting-ip|connecting-ipv6|ray|ipcountry|visitor)|cdn-loop|sec-gpc|sec-websocket-(?:key|version|extensions)|(?:accept|content|if|sec-ch|sec-fetch|access-control-request)(?:-.*)?)$/;

/**
 * Whether a request carries anything that could be a credential of a provider whose way in is not known: a header that
 * ordinary clients do not send, or a query. What is known to be the credential of another provider is not.
 *
 * @param {RequestView} request
 * @param {Set<unknown>} known credentials of providers whose way in is known
 */
export function mayCarryCredential(request, known) {
  try {
    const { headers, url } = request;
    const [, query] = /\?(.*)/s.exec(url ?? "") ?? [];
    const candidates = [
      ...Object.keys(headers)
        .filter((name) => !ORDINARY_HEADERS.test(name))
        .map((name) => presentedToken(headers[name])),
      ...new URLSearchParams(query).values(),
    ];
    return candidates.some((value) => !known.has(value));
  } catch {
    return false;
  }
}
