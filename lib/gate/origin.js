import { isLoopback } from "../oauth/urls.js";

/**
 * Whether a request may come from where it says: MCP 2025-11-25 and 2026-07-28, Transports, Security Warning. A web page
 * reaches a server on its visitor's machine by a foreign `Origin`, or under a name of its own that resolves to
 * 127.0.0.1.
 *
 * @typedef {object} OriginRules
 * @property {ReadonlySet<string> | undefined} origins as browsers write them; default: on loopback, loopback only
 * @property {ReadonlySet<string> | undefined} hosts in lower case, with a port or without; default as above
 * @property {URL | undefined} resource under whose name a proxy on the same machine asks
 */

/** IPv4 addresses come mapped where a server listens on both protocols. */
const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/;

/** RFC 9110 §7.2: nothing but a name and a port. */
const HOST = /^[^\s/?#@\\]+$/;

/**
 * @param {Record<string, any>} headers
 * @param {string | undefined} localAddress of the socket, where it is known
 * @param {OriginRules} rules
 * @returns {"Origin" | "Host" | undefined} the header that is not allowed
 */
export function forbiddenHeader(headers, localAddress, { origins, hosts, resource }) {
  const { origin, host } = headers;
  const name = typeof host === "string" && HOST.test(host) ? parseHost(`http://${host}`) : undefined;
  const isLocal =
    localAddress === undefined ? name !== undefined && isLoopback(name) : LOOPBACK_ADDRESS.test(localAddress);
  if (hosts === undefined) {
    const isOwn = name !== undefined && (isLoopback(name) || name.hostname === resource?.hostname);
    if (isLocal && host !== undefined && !isOwn) {
      return "Host";
    }
  } else if (name === undefined || !(hosts.has(name.host) || hosts.has(name.hostname))) {
    return "Host";
  }
  if (origin === undefined) {
    return undefined;
  }
  if (origins !== undefined) {
    return origins.has("*") || origins.has(origin) ? undefined : "Origin";
  }
  const site = parseOrigin(origin);
  const isOwn = site !== undefined && (isLoopback(site) || site.origin === resource?.origin);
  return isLocal && !isOwn ? "Origin" : undefined;
}

// A server is asked under one name and mostly from one site: neither is parsed again for each request.
const parseHost = keepLast(parse);
const parseOrigin = keepLast(parse);

function keepLast(read) {
  let last;
  let result;
  return (text) => {
    if (text !== last) {
      result = read(text);
      last = text;
    }
    return result;
  };
}

function parse(text) {
  return typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
}
