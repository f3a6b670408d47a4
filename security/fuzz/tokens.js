/** Tokens: genuine ones in every spelling, and what is done to them before and after they are signed. */

import { ecdsaVariant, signature } from "./sign.js";
import { headerBytes, payloadBytes } from "./token-parts.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Characters that have no place in a token, or are taken for others by lenient decoders. */
const STRANGE = [
  "=",
  "==",
  "+",
  "/",
  " ",
  "\n",
  "\t",
  "\u0000",
  "\u00e9",
  "\u0391",
  "\ud800",
  "\u{1f511}",
  ",",
  "%2E",
  ".",
  "~",
];

/** Over what ours rejects unread. */
const TOO_LONG = 16 * 1024 * 1024 + 1;

/**
 * A token, genuine in most of the draws.
 *
 * @param {import("./random.js").Random} random
 * @param {{ signers: { alg: string, key: object }[], strangers: { alg: string, key: object }[], now: number }} given
 *   who may sign, who may not, and the time in seconds
 * @returns {string}
 */
export function makeToken(random, { signers, strangers, now }) {
  const allowed = random.pick(signers);
  const header = headerBytes(random, allowed.alg);
  const signer = random.chance(0.95) ? allowed : random.pick(strangers);
  const length = random.chance(0.000_03) ? TOO_LONG : 0;
  const payload = length > 0 ? Buffer.from(`{"long":"${"x".repeat(length)}"}`) : payloadBytes(random, now);
  let input = [header, payload].map((part) => encoded(random, part)).join(".");
  if (length === 0 && random.chance(0.02)) {
    input = respelled(random, input);
  }
  let signed = signature(signer.alg, signer.key, input, random);
  if (signer.alg.startsWith("PS") && signed[0] === 0 && random.chance(0.5)) {
    // OpenSSL takes it for the same number.
    signed = signed.subarray(1);
  }
  const value = random.chance(0.93) ? signed : damagedSignature(random, signed, signer);
  const token = `${input}.${encoded(random, value)}`;
  return length === 0 && random.chance(0.12) ? respelled(random, token) : token;
}

/** base64url, canonical in most of the draws. RFC 4648 §5. */
function encoded(random, bytes) {
  const text = bytes.toString("base64url");
  return random.weighted([
    [960, () => text],
    [12, () => withOtherTrailingBits(random, text)],
    [8, () => text + random.pick([...ALPHABET])],
    [4, () => bytes.toString("base64")],
    [4, () => `${text}=`],
    [4, () => text.replaceAll("-", "+").replaceAll("_", "/")],
    [3, () => text.slice(0, -1)],
    [1, () => ""],
  ])();
}

/** The same value to a decoder that does not look at the bits after the last byte. RFC 4648 §3.5. */
function withOtherTrailingBits(random, text) {
  const unused = [0, 0, 4, 2][text.length % 4];
  if (unused === 0 || text.length % 4 === 1) {
    return text;
  }
  const last = ALPHABET.indexOf(text.at(-1)) ^ random.between(1, 2 ** unused - 1);
  return text.slice(0, -1) + ALPHABET[last];
}

function damagedSignature(random, signed, { alg, key }) {
  const at = random.below(signed.length);
  return random.weighted([
    [4, () => signed.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte))],
    [2, () => signed.subarray(0, random.below(signed.length))],
    [1, () => signed.subarray(1)],
    [1, () => Buffer.concat([Buffer.alloc(1), signed])],
    [1, () => Buffer.concat([signed, random.bytes(random.between(1, 3))])],
    [1, () => Buffer.alloc(signed.length, random.pick([0, 0xff]))],
    [1, () => random.bytes(signed.length)],
    [1, () => Buffer.from(signed.toString("hex"))],
    [1, () => Buffer.alloc(0)],
    [alg.startsWith("ES") ? 30 : 0, () => ecdsaVariant(signed, key.curve, random)],
  ])();
}

/** The text, changed in one place or rearranged: whole tokens and signing inputs. */
export function respelled(random, text) {
  const at = random.below(text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  const segments = text.split(".");
  return random.weighted([
    [6, () => before + random.pick([...ALPHABET]) + after.slice(1)],
    [4, () => before + random.pick([...ALPHABET]) + after],
    [4, () => before + after.slice(1)],
    [4, () => before + random.pick(STRANGE) + after],
    [2, () => before + random.pick(STRANGE) + after.slice(1)],
    [2, () => `${before}.${after}`],
    [2, () => random.some(segments, segments.length + 1).join(".")],
    [2, () => [...segments, random.pick(segments)].join(".")],
    [1, () => segments.slice(0, -1).join(".")],
    [1, () => `${segments.slice(0, -1).join(".")}.`],
    [1, () => `.${text}`],
    [1, () => `${text}.`],
    [1, () => before],
    [1, () => after],
    [1, () => text.toUpperCase()],
    [1, () => text.toLowerCase()],
    [1, () => text + text],
    [1, () => ""],
    [1, () => random.bytes(random.below(80)).toString("latin1")],
    [
      2,
      () =>
        segments
          .map((segment) => (random.chance(0.5) ? withOtherTrailingBits(random, segment) : segment))
          .join("."),
    ],
  ])();
}
