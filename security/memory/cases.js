/**
 * Secrets as callers pass them, what a copy of them looks like in memory, and what verification needs of
 * them.
 *
 * @typedef {{
 *   name: string,
 *   type: "APIKeyAuthProvider" | "JWTAuthProvider",
 *   form: string,
 *   companions?: object,
 *   secret: Buffer,
 *   encodings: Record<string, Buffer>,
 *   kept: Record<string, Buffer>,
 *   canBeWiped?: boolean,
 *   nodeCopies?: boolean,
 *   isJoined?: boolean,
 *   isRejected?: boolean,
 *   isLoaded?: boolean,
 *   algorithms?: string[],
 *   header: string,
 *   accepted: Buffer,
 *   rejected: Buffer,
 *   presentedForm?: string,
 * }} Case
 *   `form` is one of caller-copies.js, `encodings` are the copies that must not be, `kept` is what lies in
 *   memory while the provider lives and not afterwards; `canBeWiped` means that the caller has no string
 *   of the secret, `nodeCopies` that Node itself parses the secret and holds it until it collects the key,
 *   `isLoaded` that a loader gives it,
 *   `isJoined` that V8 puts the caller's string together when it is first read, as whoever reads it would see
 */

import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { apiKeyDigest, encodingsOf, hmacStates } from "./encodings.js";

/** More than one page of Node's buffer pool and than the native core keeps on its stack. */
const LARGE = 5000;

const CLAIMS = { sub: "user-7", role: "reader", exp: 4_102_444_800 };

/** @returns {Case[]} with secrets drawn anew */
export function allCases() {
  return [...secretCases(), ...privateKeyCases()];
}

/** @returns {Case[]} those whose secret is no private key, which takes its time to be made */
export function secretCases() {
  return [...hmacCases(), ...apiKeyCases()];
}

/** @returns {Case[]} one of each way that a secret takes into the core */
export function coreCases() {
  const core = [
    "HMAC, text",
    "HMAC, large text",
    "HMAC, Buffer",
    "HMAC, large Buffer",
    "HMAC, Uint32Array",
    "HMAC, KeyObject",
    "HMAC, JWK",
    "HMAC, one of several",
    "API key",
    "API key, large",
    "API key, one of 1,000",
    "API key of an entry",
    "API key of an entry, by hash",
    "API key, loaded",
  ];
  return [...secretCases().filter(({ name }) => core.includes(name)), ecPrivateKey()];
}

function hmacCases() {
  const wiped = { canBeWiped: true };
  return [
    hmac("text", "text", text(32)),
    hmac("text of hexadecimal digits", "text", Buffer.from(randomBytes(32).toString("hex"))),
    hmac("text beyond Latin-1", "two-byte text", beyondLatin1()),
    hmac("large text", "text", text(LARGE)),
    hmac("one of several", "secret among others", text(32)),
    hmac("joined text", "rope", text(64), { isJoined: true }),
    hmac("Buffer", "Buffer", randomBytes(32), wiped),
    hmac("Buffer of text", "Buffer", text(32), wiped),
    hmac("pooled Buffer", "pooled Buffer", randomBytes(48), wiped),
    hmac("Buffer of 64 bytes", "Buffer", randomBytes(64), wiped),
    hmac("Buffer of 100 bytes", "Buffer", randomBytes(100), wiped),
    hmac("large Buffer", "Buffer", randomBytes(LARGE), wiped),
    hmac("large Buffer of text", "Buffer", text(LARGE), wiped),
    hmac("Uint8Array", "Uint8Array", randomBytes(32), wiped),
    hmac("Uint32Array", "Uint32Array", randomBytes(32), wiped),
    hmac("ArrayBuffer", "ArrayBuffer", randomBytes(32), wiped),
    hmac("KeyObject", "KeyObject", randomBytes(32)),
    hmac("large KeyObject", "KeyObject", randomBytes(LARGE)),
    hmac("JWK", "JWK", jwkText(32)),
    hmac("large JWK", "JWK", jwkText(LARGE)),
    hmac("JWK for another purpose", "JWK for another purpose", jwkText(32), { isRejected: true }),
  ];
}

function hmac(name, form, secret, more = {}) {
  const key = form.startsWith("JWK") ? Buffer.from(secret.latin1Slice(), "base64url") : utf8(form, secret);
  const token = (signingKey) =>
    bearer("HS256", (input) => createHmac("sha256", signingKey).update(input).digest());
  return {
    name: `HMAC, ${name}`,
    type: "JWTAuthProvider",
    form,
    secret,
    // Of a JWK, both the text and the key that it encodes.
    encodings: { ...encodingsOf(secret), ...prefixed("key ", key.equals(secret) ? {} : encodingsOf(key)) },
    kept: hmacStates(key),
    header: "authorization",
    accepted: token(key),
    rejected: token(randomBytes(32)),
    ...more,
  };
}

function privateKeyCases() {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const ed25519 = generateKeyPairSync("ed25519").privateKey;
  return [
    privateKey("EC private key, text", "text", ec, "ES256", "sec1"),
    ecPrivateKey(),
    privateKey("EC private key, { key }", "{ key: PEM }", ec, "ES256", "pkcs8", { nodeCopies: true }),
    privateKey("RSA private key, text", "text", rsa, "RS256", "pkcs8"),
    privateKey("RSA private key, Buffer", "Buffer", rsa, "RS256", "pkcs1", { canBeWiped: true }),
    privateKey("Ed25519 private key, Buffer", "Buffer", ed25519, "EdDSA", "pkcs8", { canBeWiped: true }),
    privateJwk(ec),
  ];
}

function ecPrivateKey() {
  const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey("EC private key, Buffer", "Buffer", key, "ES256", "pkcs8", { canBeWiped: true });
}

/** The numbers of a private key that are private. RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2. */
const PRIVATE_NUMBERS = ["d", "p", "q", "dp", "dq", "qi"];

function privateKey(name, form, key, algorithm, type, more = {}) {
  const pem = Buffer.from(key.export({ format: "pem", type }));
  const numbers = privateNumbers(key);
  return {
    name,
    type: "JWTAuthProvider",
    form,
    secret: pem,
    encodings: { ...numbers, ...linesOf(pem, numbers) },
    kept: {},
    algorithms: [algorithm],
    ...signedTokens(key, algorithm),
    ...more,
  };
}

function privateJwk(key) {
  const { d, ...jwk } = key.export({ format: "jwk" });
  const { d: number } = privateNumbers(key);
  return {
    name: "EC private key, JWK",
    type: "JWTAuthProvider",
    form: "private JWK",
    companions: { jwk },
    secret: Buffer.from(d),
    encodings: encodingsOf(number),
    kept: {},
    algorithms: ["ES256"],
    ...signedTokens(key, "ES256"),
  };
}

function privateNumbers(key) {
  const jwk = key.export({ format: "jwk" });
  return Object.fromEntries(
    PRIVATE_NUMBERS.filter((name) => jwk[name] !== undefined).flatMap((name) => {
      const number = Buffer.from(jwk[name], "base64url");
      // Big-endian as written, little-endian as crypto libraries compute.
      return [
        [name, number],
        [`${name}, reversed`, Buffer.from(number).reverse()],
      ];
    }),
  );
}

/** The parts of the lines of a PEM text that spell private numbers: what stands before them is known. */
function linesOf(pem, numbers) {
  const der = Buffer.from(pem.latin1Slice().replace(/-----[^-]*-----/g, ""), "base64");
  const text = der.toString("base64");
  const parts = {};
  for (const [name, number] of Object.entries(numbers)) {
    const start = der.indexOf(number);
    if (start !== -1) {
      const spelled = text.slice(Math.ceil((start * 4) / 3), Math.floor(((start + number.length) * 4) / 3));
      parts[`${name} in base64`] = Buffer.from(spelled);
      parts[`${name} in two-byte base64`] = Buffer.from(spelled, "utf16le");
      parts[`${name} in upper case`] = Buffer.from(spelled.replace(/[^A-Za-z0-9]/g, "").toUpperCase());
    }
  }
  return parts;
}

function signedTokens(key, algorithm) {
  const hash = algorithm === "EdDSA" ? null : "sha256";
  const token = (input) => sign(hash, input, { key, dsaEncoding: "ieee-p1363" });
  return {
    header: "authorization",
    accepted: bearer(algorithm, token),
    rejected: bearer(algorithm, (input) => token(Buffer.concat([input, input]))),
  };
}

function apiKeyCases() {
  return [
    apiKey("API key", "keys", text(32)),
    apiKey("API key of hexadecimal digits", "keys", Buffer.from(randomBytes(32).toString("hex"))),
    apiKey("API key beyond Latin-1", "two-byte keys", beyondLatin1(), { presentedForm: "two-byte text" }),
    apiKey("API key, large", "keys", text(LARGE)),
    apiKey("API key, one of 1,000", "keys among others", text(32), { companions: { count: 1000 } }),
    apiKey("API key of an entry", "entries", text(32)),
    apiKey("API key of an entry, large", "entries", text(LARGE)),
    apiKey("API key of an entry, by hash", "entries by hash", text(32)),
    apiKey("API key, loaded", "entries", text(32), { isLoaded: true }),
    apiKey("API key of an entry before a bad one", "entries, the last one bad", text(32), {
      isRejected: true,
    }),
    apiKey("API key before a bad one", "keys, the last one bad", text(32), { isRejected: true }),
  ];
}

function apiKey(name, form, secret, more = {}) {
  const key = utf8(form, secret);
  return {
    name,
    type: "APIKeyAuthProvider",
    form,
    secret,
    encodings: { ...encodingsOf(secret), ...prefixed("UTF-8 ", key.equals(secret) ? {} : encodingsOf(key)) },
    kept: apiKeyDigest(key),
    header: "x-api-key",
    accepted: secret,
    rejected: text(32),
    ...more,
  };
}

/** Base64url has no character that JSON or a header would change. */
function text(length) {
  return Buffer.from(randomBytes(length).toString("base64url").slice(0, Math.max(length, 43)));
}

function jwkText(length) {
  return Buffer.from(randomBytes(length).toString("base64url"));
}

function beyondLatin1() {
  return Buffer.from(`Ω${text(32)}`, "utf16le");
}

/** What the native core makes of a string that V8 holds in two bytes per character. */
function utf8(form, secret) {
  return form.startsWith("two-byte") ? Buffer.from(secret.ucs2Slice()) : secret;
}

function bearer(algorithm, sign) {
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${encoded({ alg: algorithm, typ: "JWT" })}.${encoded(CLAIMS)}`;
  return Buffer.from(`Bearer ${input}.${sign(Buffer.from(input)).toString("base64url")}`);
}

function prefixed(prefix, encodings) {
  return Object.fromEntries(Object.entries(encodings).map(([name, bytes]) => [prefix + name, bytes]));
}
