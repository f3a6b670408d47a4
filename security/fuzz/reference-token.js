/**
 * What a token says and which verdicts follow, written from the documentation of both sides and in
 * other terms than either: JSON.parse, regular expressions and node:crypto.
 *
 * A reading tells the framework's verdict (`rejection` is undefined) and, apart from it, the names of
 * the deliberate differences for which ours rejects all the same (`stricter`).
 *
 * tests/support/model.rs does not tell that: it judges the core alone, claim rules included, millions of
 * times a minute in the process of a fuzzer. Neither has a place where the other runs.
 */

import { isUtf8 } from "node:buffer";
import { constants, createHmac, verify } from "node:crypto";

const MAX_TOKEN_LENGTH = 16 * 1024 * 1024;
const MAX_PAYLOAD_DEPTH = 1024;
const MAX_HEADER_LENGTH = 16 * 1024;
const MAX_HEADER_MEMBERS = 32;
const REGISTERED = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);

/**
 * @typedef {{ rejection?: string, stricter: string[], data?: object, alg?: string }} Reading
 *
 * @param {unknown} token
 * @param {{ key: object, algorithms: string[], requireExpiration: boolean }} meaning of the configuration
 * @param {number} now milliseconds
 * @returns {Reading}
 */
export function readToken(token, { key, algorithms, requireExpiration }, now) {
  const rejected = (rejection) => ({ rejection, stricter: [] });
  if (typeof token !== "string" || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) {
    return rejected("no three segments of base64url");
  }
  const segments = token.split(".");
  const [headerText, payloadText] = segments.slice(0, 2).map((segment) => Buffer.from(segment, "base64"));
  const header = parsed(headerText.toString("latin1"));
  if (typeof header?.value !== "object" || header.value === null) {
    return rejected("header is no JSON object");
  }
  const { alg, typ, b64 } = header.value;
  const payload = decodedPayload(payloadText.toString(), typ === "JWT");
  if (payload === undefined) {
    return rejected("payload is no JSON under typ JWT");
  }
  if (segments[2] === "") {
    return rejected("no signature");
  }
  if (!algorithms.includes(alg)) {
    return rejected("algorithm not allowed");
  }
  if (!isSignature(alg, key, `${segments[0]}.${segments[1]}`, segments[2])) {
    return rejected("signature");
  }
  const time = rejectedByTime(payload.value, Math.floor(now / 1000));
  if (time !== undefined) {
    return rejected(time);
  }
  const { value } = payload;
  const headerNames = topLevelNames(headerText.toString("latin1"));
  const found = {
    jwkForbidden: !key.serves.includes(alg),
    nonCanonicalBase64url: segments.some((segment) => !isCanonical(segment)),
    criticalHeader: Object.hasOwn(header.value, "crit"),
    unencodedPayload: b64 === false,
    headerNotUtf8: !isUtf8(headerText),
    duplicateHeaderName: hasRepeated(headerNames),
    headerMembers: headerNames.length > MAX_HEADER_MEMBERS,
    headerTooLong: segments[0].length > MAX_HEADER_LENGTH,
    payloadNotUtf8: !isUtf8(payloadText),
    payloadNotJson: parsed(payloadText.toString()) === undefined,
    pssShortened: alg.startsWith("PS") && isShorterThanModulus(segments[2], key),
    tokenTooLong: token.length > MAX_TOKEN_LENGTH,
    ...(token.length > MAX_TOKEN_LENGTH ? {} : claimsDifferences(payload)),
    expirationRequired: requireExpiration && value?.exp === undefined,
  };
  const stricter = Object.keys(found).filter((name) => found[name]);
  return { stricter, data: typeof value === "object" ? value : { sub: value }, alg };
}

/** `{ value, texts }`: what the framework hands on, and the JSON texts that were decoded for it. */
function decodedPayload(text, typIsJwt) {
  const outer = parsed(text);
  if (typIsJwt && (outer === undefined || outer.value === null)) {
    return undefined;
  }
  const string = typIsJwt ? outer.value : text;
  if (typeof string !== "string") {
    return { value: string, texts: [text] };
  }
  const inner = parsed(string);
  const isCompound = typeof inner?.value === "object" && inner.value !== null;
  return isCompound ? { value: inner.value, texts: [text, string] } : { value: string, texts: [text] };
}

function claimsDifferences({ value, texts }) {
  const claims = texts.at(-1);
  const isObject = typeof value === "object" && !Array.isArray(value);
  return {
    duplicateRegisteredClaim:
      isObject && hasRepeated(topLevelNames(claims).filter((name) => REGISTERED.has(name))),
    expInfinite: isObject && value.exp === Number.POSITIVE_INFINITY,
    nestedTooDeep: texts.some((text) => nesting(text) > MAX_PAYLOAD_DEPTH),
  };
}

/** `nbf` comes before `exp`. To the second, without leeway. */
function rejectedByTime(payload, second) {
  const { nbf, exp } = payload;
  if (nbf !== undefined && !(typeof nbf === "number" && nbf <= second)) {
    return typeof nbf === "number" ? "not yet valid" : "nbf is no number";
  }
  if (exp !== undefined && !(typeof exp === "number" && second < exp)) {
    return typeof exp === "number" ? "expired" : "exp is no number";
  }
  return undefined;
}

/** Whether the last segment is a signature of the first two, by the key that the configuration means. */
function isSignature(alg, key, input, segment) {
  if (!(key.capable ?? key.serves).includes(alg)) {
    return false;
  }
  const hash = `sha${alg.slice(-3)}`;
  if (alg.startsWith("HS")) {
    return createHmac(hash, key.bytes).update(input).digest("base64url") === segment;
  }
  const how = { key: key.publicKey };
  if (alg.startsWith("PS")) {
    how.padding = constants.RSA_PKCS1_PSS_PADDING;
    how.saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  } else if (alg.startsWith("ES")) {
    how.dsaEncoding = "ieee-p1363";
  }
  return verify(alg.startsWith("Ed") ? null : hash, Buffer.from(input), how, Buffer.from(segment, "base64"));
}

/** RFC 8017 §8.1.2: a signature is as long as the modulus, leading zeros included. */
function isShorterThanModulus(segment, { publicKey }) {
  return Buffer.from(segment, "base64").length < publicKey.asymmetricKeyDetails.modulusLength / 8;
}

function isCanonical(segment) {
  return Buffer.from(segment, "base64url").toString("base64url") === segment;
}

/** `{ value }` of a JSON text, `undefined` of any other. */
function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Strings, those that name a member with their colon, and brackets. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[[\]{}]/g;

/** The names of the members of an object, from its JSON text, escapes undone. */
export function topLevelNames(text) {
  const names = [];
  let depth = 0;
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      depth += 1;
    } else if (token === "}" || token === "]") {
      depth -= 1;
    } else if (colon !== undefined && depth === 1) {
      names.push(JSON.parse(token.slice(0, -colon.length)));
    }
  }
  return names;
}

/** How deep arrays and objects nest in a JSON text. */
export function nesting(text) {
  let [depth, deepest] = [0, 0];
  if (text.length <= 2 * MAX_PAYLOAD_DEPTH) {
    return 0;
  }
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (token === "}" || token === "]") {
      depth -= 1;
    }
  }
  return deepest;
}

export function hasRepeated(names) {
  return new Set(names).size < names.length;
}
