import { isIP, isIPv4, isIPv6 } from "node:net";
import { codedError } from "../core/errors.js";
import { socketAddress } from "../core/request.js";

const MAX_HOPS = 100;

/** All clients without a known address, such as those of a Unix socket. */
const UNKNOWN = "unknown";

/**
 * How to find the address of the client behind proxies. Documented in index.d.ts as TrustProxy.
 *
 * A number is how many proxies are trusted to append to `X-Forwarded-For`: the address is the one that the outermost of
 * them saw, counted from the right. Anything further left can be made up by the client and is never read. A header is
 * one that the proxy overwrites. Where it is missing or holds no address, the socket's address counts.
 *
 * @param {string} path of the option, for messages
 * @param {unknown} value
 * @returns {(request: any) => string | undefined}
 */
export function clientAddressOption(path, value) {
  if (value === undefined || value === null || value === 0) {
    return socketAddress;
  }
  if (typeof value === "object") {
    const header = Object.hasOwn(value, "header") ? /** @type {any} */ (value).header : undefined;
    if (typeof header !== "string" || !/^[\w-]+$/.test(header) || /^x-forwarded-for$/i.test(header)) {
      throw invalid(
        `\`${path}.header\` must be a header that your proxy overwrites, such as "CF-Connecting-IP" or "X-Real-IP"; ` +
          "for X-Forwarded-For give the number of proxies",
      );
    }
    const name = header.toLowerCase();
    const read = name === "forwarded" ? forwardedFor : (text) => text;
    return (request) => addressInHeader(request, name, read) ?? socketAddress(request);
  }
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_HOPS) {
    throw invalid(
      `\`${path}\` must be a whole number of proxies from 0 to ${MAX_HOPS}, or { header: "CF-Connecting-IP" }`,
    );
  }
  const read = (text) => text.split(",").at(-value);
  return (request) => addressInHeader(request, "x-forwarded-for", read) ?? socketAddress(request);
}

function invalid(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}

function addressInHeader(request, name, read) {
  try {
    const value = request.headers[name];
    const entry = typeof value === "string" ? read(value) : undefined;
    return entry === undefined ? undefined : addressIn(entry.trim());
  } catch {
    // A request object that throws when it is read.
    return undefined;
  }
}

/** `for` of the last element, which the nearest proxy wrote. RFC 7239 §4. */
function forwardedFor(text) {
  const [, quoted, plain] = /(?:^|[;,\s])for=(?:"([^"]*)"|([^;,\s]*))/i.exec(text.split(",").at(-1)) ?? [];
  return quoted ?? plain;
}

/** An address without the brackets and port that some proxies write. */
function addressIn(entry) {
  const [, inBrackets] = /^\[(.*)\](?::\d{1,5})?$/.exec(entry) ?? [];
  if (inBrackets !== undefined) {
    return isIPv6(inBrackets) ? flat(inBrackets) : undefined;
  }
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(entry) ?? [];
  const address = beforePort ?? entry;
  return isIP(address) === 0 ? undefined : flat(address);
}

/** A copy of an address. A part of a header would keep the whole header in memory. */
function flat(address) {
  return Buffer.from(address, "latin1").toString("latin1");
}

/**
 * What counts as one client: an IPv4 address; the /64 of an IPv6 address, the smallest network that a client is given
 * and within which it can use any address. IPv4 in IPv6 (RFC 4291 §2.5.5.2, RFC 6052 §2.1) counts as
 * the IPv4 address.
 *
 * @param {string | undefined} address
 * @returns {string} normalized
 */
export function clientKey(address) {
  if (address === undefined || isIPv4(address)) {
    return address ?? UNKNOWN;
  }
  if (!isIPv6(address)) {
    return UNKNOWN;
  }
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(":");
  if (prefix === "0:0:0:0:0:ffff" || prefix === "64:ff9b:0:0:0:0") {
    return groups
      .slice(6)
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
      .join(".");
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** The eight groups of an IPv6 address in lower case without leading zeros. */
function groupsOf(address) {
  const [withoutZone] = address.split("%");
  const hexadecimal = withoutZone.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes) => {
    const [a, b, c, d] = bytes.map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head, tail] = hexadecimal.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = tail === undefined ? [] : Array(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16).toString(16));
}
