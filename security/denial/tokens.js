/**
 * Tokens of a given size in bytes: genuine ones, forged ones, as anybody can make them, and flawed ones,
 * which are signed and rejected for what they say.
 */

import { base64url } from "../support/signing.js";
import { DEEPER_PAYLOADS, PAYLOADS } from "./json-payloads.js";

const NEVER_EXPIRES = 4_102_444_800;
/** The documented bound on the depth of a payload. */
const MAX_DEPTH = 1024;
/** Short of this, nothing but the claims that every token has fits in. */
const MIN_PAYLOAD_LENGTH = 64;

/** @typedef {import("./algorithms.js").Algorithm} Algorithm */

/** What is cheap to accept: a rejection has to be cheaper than this. */
export const CHEAPEST_PAYLOAD = "one long text";

/** Whether the signature leaves room for claims in a token of this size. */
export function hasRoom(algorithm, size) {
  return payloadLength(algorithm, size) >= MIN_PAYLOAD_LENGTH;
}

/**
 * A genuine token.
 *
 * @param {Algorithm} algorithm
 * @param {number} size in bytes
 * @param {string} make of its claims, one of PAYLOADS
 * @param {number} number in its claims, so that no two tokens are the same
 */
export function genuine(algorithm, size, make, number) {
  return signed(algorithm, payload(algorithm, size, PAYLOADS[make], number));
}

/**
 * By kind, what makes a token that anybody can send: as long as a genuine one, or a few bytes shorter.
 *
 * @param {Algorithm} algorithm
 * @param {number} size in bytes
 * @returns {Record<string, () => string>}
 */
export function forged(algorithm, size) {
  const { alg, sign } = algorithm;
  const header = base64url(JSON.stringify({ alg, typ: "JWT" }));
  // Of the right form and under the right key, but of another message: no check can tell it sooner.
  const signature = sign("another message");
  const rest = `.e30.${signature}`;
  const headerLength = Math.floor(((size - rest.length) * 3) / 4);
  const membersLength = headerLength - alg.length - 11;
  const claims = () => base64url(payload(algorithm, size, PAYLOADS[CHEAPEST_PAYLOAD], 0));
  const inHeader = (json) => base64url(json) + rest;
  const withMembers = (members) => inHeader(object(members, `"alg":"${alg}"`, headerLength));
  const makes = Object.entries({ ...PAYLOADS, ...DEEPER_PAYLOADS }).map(([name, make]) => [
    `header: ${name}`,
    () => withMembers(make(membersLength)),
  ]);
  return {
    "a signature of something else": () => `${header}.${claims()}.${signature}`,
    "no dot": () => "A".repeat(size),
    "dots only": () => ".".repeat(size),
    "bytes beyond ASCII": () => "\u00e9".repeat(size),
    "a byte beyond base64url at the end of the header": () => `${"A".repeat(size - rest.length - 1)}~${rest}`,
    "a byte beyond base64url at the end of the payload": () =>
      `${header}.${claims().slice(0, -1)}~.${signature}`,
    "a byte beyond base64url at the end of the signature": () =>
      `${header}.e30.${"A".repeat(size - header.length - 6)}~`,
    "a signature that fills the token": () => `${header}.e30.${repeated("AAAA", size - header.length - 5)}`,
    "alg none": () =>
      inHeader(object(PAYLOADS[CHEAPEST_PAYLOAD](headerLength - 15), '"alg":"none"', headerLength)),
    "alg unknown and long": () => inHeader(`{"alg":"${"x".repeat(headerLength - 10)}"}`),
    "alg unknown and escaped": () => inHeader(`{"alg":"${repeated("\\u0041", headerLength - 10)}"}`),
    "alg again and again": () =>
      inHeader(object(listOf('"alg":""', headerLength - 11), '"alg":""', headerLength)),
    "typ again and again": () => withMembers(listOf('"typ":""', membersLength)),
    "crit behind a long text": () =>
      withMembers(`${PAYLOADS[CHEAPEST_PAYLOAD](membersLength - 15)},"crit":["b64"]`),
    "a header cut short": () => inHeader(`{"alg":"${alg}",${PAYLOADS[CHEAPEST_PAYLOAD](membersLength + 1)}`),
    ...Object.fromEntries(makes),
  };
}

/**
 * By kind, a signed token that is rejected, and the make of the genuine one that it differs from in nothing
 * but its flaw: `{ token, make }`.
 */
export function flawed(algorithm, size) {
  const usual = payload(algorithm, size, PAYLOADS[CHEAPEST_PAYLOAD], 0);
  const of = (text, make = CHEAPEST_PAYLOAD) => ({ token: signed(algorithm, text), make });
  const expired = Object.entries(PAYLOADS).map(([name, make]) => [
    `expired: ${name}`,
    of(payload(algorithm, size, make, 0).replace(String(NEVER_EXPIRES), "1000000000"), name),
  ]);
  const notUtf8 = Buffer.from(usual);
  notUtf8[notUtf8.lastIndexOf("x")] = 0xff;
  return {
    "not yet valid": of(usual.replace('"exp"', '"nbf"')),
    "exp a text": of(usual.replace(String(NEVER_EXPIRES), '"41024448"')),
    "exp beyond a double": of(usual.replace(String(NEVER_EXPIRES), "1e99999999")),
    "jti twice": of(usual.replace(/"s":"x{8}/, '"jti":1,"s":"')),
    "cut short": of(usual.replace(/\}$/, " ")),
    "not UTF-8": of(notUtf8),
    ...(usual.length > 3 * MAX_DEPTH ? { "nested too deeply": of(nestedTooDeeply(usual)) } : {}),
    ...Object.fromEntries(expired),
  };
}

function payloadLength({ alg, sign }, size) {
  const around = base64url(JSON.stringify({ alg, typ: "JWT" })).length + sign("").length + 2;
  return Math.floor(((size - around) * 3) / 4);
}

function payload(algorithm, size, make, number) {
  const length = payloadLength(algorithm, size);
  const first = `"jti":"${String(number).padStart(6, "0")}","exp":${NEVER_EXPIRES}`;
  return object(make(length - first.length - 3), first, length);
}

function object(members, first, length) {
  return `{${first},${members}`.padEnd(length - 1).concat("}");
}

function listOf(member, length) {
  return Array(Math.max(1, Math.floor(length / (member.length + 1))))
    .fill(member)
    .join(",");
}

/** `unit` as often as it fits. */
function repeated(unit, length) {
  return unit.repeat(Math.max(0, Math.floor(length / unit.length)));
}

function nestedTooDeeply(text) {
  const room = text.lastIndexOf("x") - text.indexOf('"s"') - 5;
  const levels = Math.floor(Math.max(2, room) / 2);
  return `${text.slice(0, text.indexOf('"s"'))}"s":${"[".repeat(levels)}${"]".repeat(levels)}}`;
}

function signed({ alg, sign }, text) {
  const input = `${base64url(JSON.stringify({ alg, typ: "JWT" }))}.${base64url(text)}`;
  return `${input}.${sign(input)}`;
}
