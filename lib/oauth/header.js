/** RFC 7515 §4, as far as it says which key and what kind of token. The native core reads the rest, and the truth. */

const MAX_HEADER_LENGTH = 8192;
const MAX_REMEMBERED_LENGTH = 512;
const MAX_REMEMBERED = 64;

/** Tokens of other kinds: RFC 8725 §3.11. `at+jwt` is RFC 9068. */
const ACCESS_TYPE = /^(?:application\/)?at\+jwt$/i;
const OTHER_TYPE = /\+jwt$/i;

/**
 * @typedef {object} TokenHeader
 * @property {string | undefined} kid `undefined` if it is missing, empty or not a string
 * @property {string | undefined} alg
 * @property {boolean} isOtherType whether `typ` says that it is not an access token
 */

/** Issuers use the same header for all their tokens. @type {Map<string, TokenHeader>} */
const remembered = new Map();

/**
 * The header of a compact JWS; `undefined` if it is none.
 *
 * @param {string} token
 * @returns {TokenHeader | undefined}
 */
export function readHeader(token) {
  const end = token.indexOf(".");
  if (end <= 0 || end > MAX_HEADER_LENGTH) {
    return undefined;
  }
  const encoded = token.slice(0, end);
  const known = remembered.get(encoded);
  if (known !== undefined) {
    return known;
  }
  const header = parse(encoded);
  if (header !== undefined && encoded.length <= MAX_REMEMBERED_LENGTH) {
    if (remembered.size >= MAX_REMEMBERED) {
      remembered.clear();
    }
    // A copy: a part of a token would keep the whole token in memory.
    remembered.set(Buffer.from(encoded, "latin1").toString("latin1"), header);
  }
  return header;
}

/** @returns {TokenHeader | undefined} */
function parse(encoded) {
  const json = readObject(decode(encoded));
  if (json === undefined) {
    return undefined;
  }
  const { kid, alg, typ } = json;
  return {
    kid: typeof kid === "string" && kid !== "" ? kid : undefined,
    alg: typeof alg === "string" ? alg : undefined,
    isOtherType:
      typ !== undefined && (typeof typ !== "string" || (OTHER_TYPE.test(typ) && !ACCESS_TYPE.test(typ))),
  };
}

/**
 * The claims of a token whose signature was not checked: to find its issuer, and to ask no issuer about a token that
 * can never be accepted.
 *
 * @param {string} token
 * @returns {Record<string, unknown> | undefined}
 */
export function readUnverifiedClaims(token) {
  const start = token.indexOf(".") + 1;
  const value = decode(token.slice(start, token.indexOf(".", start)));
  // Some issuers write the claims as JSON in a JSON string.
  return readObject(typeof value === "string" ? parseJson(value) : value);
}

function decode(encoded) {
  return parseJson(Buffer.from(encoded, "base64url").toString());
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}
