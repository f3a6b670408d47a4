/** Requests of every kind, and the verdict on each. Tokens are signed anew for each process. */

import { randomBytes } from "node:crypto";
import { base64url, keyPair, publicPem, signature } from "../support/signing.js";

/** More tokens than a provider remembers, so that each is new to it when its turn comes again. */
const NEW_TOKENS = { HS256: 8192, RS256: 2048, ES256: 2048 };
const EXPIRY = 4_102_444_800;

/** What is configured, as a structured clone can carry it to a worker. */
export function makeKeys() {
  return {
    apiKeys: Array.from({ length: 50 }, () => randomBytes(24).toString("base64url")),
    hmacSecret: randomBytes(32).toString("hex"),
    rsaPublic: publicPem("RS256"),
    rsaPrivate: keyPair("RS256").privateKey.export({ format: "pem", type: "pkcs8" }),
    ecPublic: publicPem("ES256"),
    ecJwk: keyPair("ES256").publicKey.export({ format: "jwk" }),
  };
}

/**
 * Requests by provider, each a list that is gone through round and round. Of a hundred requests, `share`
 * are of the list; slow algorithms have small shares.
 *
 * @typedef {{ provider: "apiKey" | "HS256" | "RS256" | "ES256", share: number, requests: object[], isAccepted: boolean }} Batch
 * @returns {Batch[]}
 */
export function makeBatches(keys, scale = 1) {
  const fresh = (algorithm) =>
    Array.from({ length: Math.ceil(NEW_TOKENS[algorithm] * scale) }, () => token(algorithm, keys));
  const same = (algorithm) => [token(algorithm, keys)];
  const forged = (algorithm) => Array.from({ length: 64 }, () => forge(token(algorithm, keys)));
  const expired = [token("HS256", keys, { exp: 1_700_000_000 })];
  const strangers = Array.from({ length: 256 }, () => randomBytes(24).toString("base64url"));
  const batch = (provider, share, credentials, isAccepted) => ({
    provider,
    share,
    isAccepted,
    requests: credentials.map(provider === "apiKey" ? keyRequest : tokenRequest),
  });
  return [
    batch("apiKey", 30, keys.apiKeys, true),
    batch("apiKey", 20, strangers, false),
    batch("HS256", 18, fresh("HS256"), true),
    batch("HS256", 12, same("HS256"), true),
    batch("HS256", 8, forged("HS256"), false),
    batch("HS256", 6, expired, false),
    batch("RS256", 2, fresh("RS256"), true),
    batch("RS256", 1, same("RS256"), true),
    batch("RS256", 1, forged("RS256"), false),
    batch("ES256", 1, fresh("ES256"), true),
    batch("ES256", 1, same("ES256"), true),
  ];
}

function keyRequest(key) {
  return { headers: { host: "localhost", "x-api-key": key }, url: "/mcp", method: "POST" };
}

function tokenRequest(text) {
  return { headers: { host: "localhost", authorization: `Bearer ${text}` }, url: "/mcp", method: "POST" };
}

function token(algorithm, { hmacSecret }, { exp = EXPIRY } = {}) {
  const claims = { sub: "user-7", jti: randomBytes(9).toString("base64url"), exp, scope: "tools:call" };
  const input = `${encoded({ alg: algorithm, typ: "JWT" })}.${encoded(claims)}`;
  const key = algorithm === "HS256" ? hmacSecret : keyPair(algorithm).privateKey;
  return `${input}.${signature(algorithm, key, input)}`;
}

/** Claims changed after signing. */
function forge(genuine) {
  const [header, , signatureOfTheOriginal] = genuine.split(".");
  return `${header}.${encoded({ sub: "root", exp: EXPIRY })}.${signatureOfTheOriginal}`;
}

function encoded(value) {
  return base64url(JSON.stringify(value));
}
