/** The forms in which a copy of a secret can lie in memory. */

import { createHash } from "node:crypto";
import { hmacSha256States } from "./sha256-state.js";

/**
 * @param {Buffer} bytes the secret as the native core sees it
 * @returns {Record<string, Buffer>}
 */
export function encodingsOf(bytes) {
  return distinct({
    "as it is": bytes,
    "two-byte text": Buffer.from(bytes.latin1Slice(), "utf16le"),
    // As the search for PEM reads it.
    "upper case, squeezed": Buffer.from(
      bytes
        .latin1Slice()
        .replace(/[^A-Za-z0-9-]/g, "")
        .toUpperCase(),
    ),
    base64: Buffer.from(bytes.toString("base64").replace(/=+$/, "")),
    base64url: Buffer.from(bytes.toString("base64url")),
    "two-byte base64url": Buffer.from(bytes.toString("base64url"), "utf16le"),
    hexadecimal: Buffer.from(bytes.toString("hex")),
    "hexadecimal, upper case": Buffer.from(bytes.toString("hex").toUpperCase()),
    "decoded from base64": Buffer.from(bytes.latin1Slice(), "base64"),
    "decoded from hexadecimal": Buffer.from(bytes.latin1Slice(), "hex"),
    "hexadecimal digits": hexadecimalDigits(bytes),
    reversed: Buffer.from(bytes).reverse(),
    // The block of an HMAC key under its paddings, and as the words that a hash reads it in.
    "inner block": padded(bytes, 0x36),
    "outer block": padded(bytes, 0x5c),
    "inner block, words of 4": inWords(padded(bytes, 0x36), 4),
    "outer block, words of 4": inWords(padded(bytes, 0x5c), 4),
    "inner block, words of 8": inWords(padded(bytes, 0x36), 8),
    "outer block, words of 8": inWords(padded(bytes, 0x5c), 8),
    "words of 4": inWords(bytes, 4),
    "words of 8": inWords(bytes, 8),
  });
}

/** What a provider keeps of an HS256 secret in order to verify. */
export function hmacStates(bytes) {
  const { inner, outer } = hmacSha256States(bytes);
  return { "inner state": inner, "outer state": outer };
}

/** What a provider keeps of an API key in order to verify. */
export function apiKeyDigest(bytes) {
  return { digest: createHash("sha256").update(bytes).digest() };
}

function padded(bytes, padding) {
  return Buffer.from(bytes.map((byte) => byte ^ padding));
}

function inWords(bytes, size) {
  const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 8)));
  return size === 4 ? whole.swap32() : whole.swap64();
}

function hexadecimalDigits(bytes) {
  const text = bytes.latin1Slice();
  return Buffer.from(/^[0-9A-Fa-f]+$/.test(text) ? [...text].map((digit) => Number.parseInt(digit, 16)) : []);
}

/** An encoding that is like another one, such as the squeezed form of upper-case text, is searched once. */
function distinct(encodings) {
  const seen = new Set();
  return Object.fromEntries(
    Object.entries(encodings).filter(([, bytes]) => {
      const text = bytes.toString("latin1");
      const isNew = !seen.has(text);
      seen.add(text);
      return isNew;
    }),
  );
}
