import { isIP, isIPv4, isIPv6 } from "node:net";
import { socketAddress } from "../core/request.js";

/** All clients without a known address, such as those of a Unix socket. */
const UNKNOWN = "unknown";

/**
 * The address of the client: with `hops` proxies that are trusted to append to `X-Forwarded-For`, the
 * one that the outermost of them saw, counted from the right. Anything further left can be made up by the client and
 * is never read. Falls back to the socket's address where that entry is missing or is not an address.
 *
 * @param {any} req
 * @param {number} hops 0 to trust none
 * @returns {string | undefined}
 */
export function clientAddress(req, hops) {
  if (hops > 0) {
    try {
      const forwarded = req.headers["x-forwarded-for"];
      const entry = typeof forwarded === "string" ? forwarded.split(",").at(-hops) : undefined;
      const address = entry === undefined ? undefined : addressIn(entry.trim());
      if (address !== undefined) {
        return address;
      }
    } catch {
      // A request object that throws when it is read.
    }
  }
  return socketAddress(req);
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
