import { isIP, isIPv4, isIPv6 } from "node:net";
import { codedError } from "../core/errors.js";
import { FIELD_NAME, readOptions } from "../core/options.js";
import { socketAddress } from "../core/request.js";

const MAX_HOPS = 100;

/** All clients without a known address, such as those of a Unix socket. */
const UNKNOWN = "unknown";

/**
 * How the address of a client behind proxies is found. Documented in index.d.ts as TrustProxy.
 *
 * A number is how many proxies are trusted to append to `X-Forwarded-For`: the address is the one that the outermost of
 * them saw, counted from the right. Anything further left can be made up by the client and is never read. A header is
 * one that the proxy overwrites. Where there is no address in it, the socket's address counts.
 *
 * @typedef {object} AddressSource
 * @property {string} header in lower case; `""` for the socket
 * @property {number} hops
 */

/**
 * @param {string} path of the option, for messages
 * @param {unknown} value
 * @returns {AddressSource | undefined} nothing for an option that is not given
 */
function trustProxyOption(path, value) {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== "object") {
    return readHops(path, value);
  }
  const { header, ...others } = readOptions(value, ["header"]);
  if (Object.keys(others).length > 0 || typeof header !== "string" || !FIELD_NAME.test(header)) {
    throw invalidForm(path);
  }
  const name = header.toLowerCase();
  if (name === "x-forwarded-for") {
    throw invalid(
      `\`${path}.header\` must not be X-Forwarded-For, to which proxies append what the client sent; set ` +
        `\`${path}\` to the number of proxies`,
    );
  }
  return { header: name, hops: 0 };
}

/** @returns {AddressSource} */
function readHops(path, value) {
  if (!Number.isInteger(value) || value < 0 || value > MAX_HOPS) {
    throw invalidForm(path);
  }
  return { header: value === 0 ? "" : "x-forwarded-for", hops: value };
}

/**
 * The source of addresses that a provider and its throttle share: the option of either, which must not differ.
 *
 * @param {unknown} trustProxy of the provider
 * @param {unknown} [throttleTrustProxy]
 * @returns {(request: any) => string | undefined} gives the client's address
 */
export function addressOption(trustProxy, throttleTrustProxy) {
  const own = trustProxyOption("trustProxy", trustProxy);
  const ofThrottle = trustProxyOption("throttle.trustProxy", throttleTrustProxy);
  if (own && ofThrottle && (own.header !== ofThrottle.header || own.hops !== ofThrottle.hops)) {
    throw invalid("`trustProxy` and `throttle.trustProxy` differ; remove one of them");
  }
  const { header, hops } = own ?? ofThrottle ?? { header: "", hops: 0 };
  if (header === "") {
    return socketAddress;
  }
  const read =
    hops > 0 ? (text) => text.split(",").at(-hops) : header === "forwarded" ? forwardedFor : (text) => text;
  return (request) => addressInHeader(request, header, read) ?? socketAddress(request);
}

function invalidForm(path) {
  return invalid(
    `\`${path}\` must be the number of proxies, a whole number from 0 to ${MAX_HOPS}, or a header that the proxy ` +
      'overwrites, such as { header: "CF-Connecting-IP" }',
  );
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
  for (const pair of text.split(",").at(-1).split(";")) {
    const [, quoted, token] = /^for=(?:"([^"]*)"|([^"\s]*))$/i.exec(pair.trim()) ?? [];
    if (quoted !== undefined || token !== undefined) {
      return quoted ?? token;
    }
  }
  return undefined;
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
