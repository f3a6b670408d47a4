/**
 * What text or bytes look like. Each question comes twice, because between what is surely a key and
 * what surely is none lies what was damaged: there, the documentation leaves the answer open.
 */

import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { hasRepeated, topLevelNames } from "./reference-token.js";

const KEYISH = "(?:KEY|CERTIFICATE|PARAMETERS|PKCS7|CMS|CRL)";
const PEM = new RegExp(`-----(?:BEGIN|END) (?:[A-Z0-9]+ )*[A-Z0-9]*${KEYISH}[A-Z0-9 ]*-----`);
const LIKE_PEM = new RegExp(`-(?:BEGIN|END).*${KEYISH}|${KEYISH}.*-(?:BEGIN|END)`, "s");

/** Whether a PEM block of a key, certificate or request begins or ends here. RFC 7468. */
export function isPem(bytes) {
  return PEM.test(bytes.toString("latin1"));
}

/** Whether that may be so, what is between the letters and the case of the letters apart. */
export function isLikePem(bytes) {
  return LIKE_PEM.test(
    bytes
      .toString("latin1")
      .replace(/[^A-Za-z0-9-]/g, "")
      .toUpperCase(),
  );
}

const OPENSSH = /^(?:ssh-(?:rsa|ed25519)|ecdsa-sha2-nistp256) AAAA[\w+/]{20,}={0,2}(?: |$)/;
const LIKE_OPENSSH = /^\s*(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)[\s\S]* AAAA/;

/** Whether this is a key in a form that OpenSSL does not read from text: DER, JWK, OpenSSH, base64, hexadecimal. */
export function isKeyText(bytes) {
  const text = bytes.toString("latin1").trim();
  return (
    isDer(bytes) ||
    isJwkText(text) ||
    OPENSSH.test(text) ||
    decodings(text).some((decoded) => isDer(decoded) || isPem(decoded))
  );
}

/**
 * Whether it may be one.
 *
 * @param {Buffer} bytes
 * @param {boolean} intact whether nothing was damaged, so that lengths can be relied on
 */
export function isLikeKeyText(bytes, intact) {
  const text = bytes.toString("latin1").trim();
  const isLike = intact ? isLikeDer : (decoded) => decoded[0] === 0x30;
  return (
    isLike(bytes) ||
    /kty/i.test(
      text.replaceAll(/\\u00([67].)/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    ) ||
    LIKE_OPENSSH.test(bytes.toString("latin1").replace(/^\xef\xbb\xbf/, "")) ||
    decodings(text).some((decoded) => isLike(decoded) || isLikePem(decoded))
  );
}

function isDer(bytes) {
  const readers = [
    () => createPublicKey({ key: bytes, format: "der", type: "spki" }),
    () => createPublicKey({ key: bytes, format: "der", type: "pkcs1" }),
    () => createPrivateKey({ key: bytes, format: "der", type: "pkcs8" }),
    () => createPrivateKey({ key: bytes, format: "der", type: "pkcs1" }),
    () => createPrivateKey({ key: bytes, format: "der", type: "sec1" }),
    () => new X509Certificate(bytes),
  ];
  return isLikeDer(bytes) && readers.some(succeeds);
}

/** A SEQUENCE that fits into the bytes and begins with a number or another SEQUENCE, as every key does. */
function isLikeDer(bytes) {
  if (bytes[0] !== 0x30 || bytes.length < 8) {
    return false;
  }
  const digits = bytes[1] < 0x80 ? 0 : bytes[1] & 0x7f;
  const length = digits === 0 ? bytes[1] : Number.parseInt(bytes.toString("hex", 2, 2 + digits), 16);
  return 2 + digits + length <= bytes.length && [0x02, 0x30].includes(bytes[2 + digits]);
}

function succeeds(attempt) {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** A JWK, a list of JWKs or a JWK Set, as JSON text. RFC 7517 §5. */
function isJwkText(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  const isJwk = (item) => typeof item?.kty === "string";
  const isJwks = (list) => Array.isArray(list) && list.length > 0 && list.every(isJwk);
  return (isJwk(value) && !hasRepeated(topLevelNames(text))) || isJwks(value) || isJwks(value?.keys);
}

/** The bytes behind text that is base64, base64url or hexadecimal and nothing else, up to the END of a PEM that lost its BEGIN. */
function decodings(text) {
  const [beforeEnd] = text.replace(/^"([\s\S]*)"$/, "$1").split("\n-----", 1);
  const compact = beforeEnd.replaceAll(/\\[nr]|\s/g, "");
  return [
    ...(/^[\w+/-]{12,}={0,2}$/.test(compact) ? [Buffer.from(compact, "base64")] : []),
    ...(/^(?:[0-9a-f]{2}){8,}$/i.test(compact) ? [Buffer.from(compact, "hex")] : []),
  ];
}
