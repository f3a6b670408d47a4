// What the clients present. Each server takes CLIENTS different credentials and each request carries the next one,
// so no provider profits from seeing the same one twice in a row.

import { randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { API_KEY, HS256 } from "./names.js";

const CLIENTS = 64;
const LIFETIME_S = 3600;

/**
 * By kind: `config` is what every provider of that kind is made with, `accepted` and `rejected` are headers, `rejection`
 * is the whole body of a 401.
 */
export function makeCredentials() {
  return { [HS256]: tokens(), [API_KEY]: apiKeys() };
}

function tokens() {
  const [secret, strangersSecret] = [randomText(32), randomText(32)];
  const clients = Array.from({ length: CLIENTS }, (_, index) => claimsOf(index));
  const signedWith = (key) =>
    clients.map((claims) => ({ Authorization: `Bearer ${jwt.sign(claims, key, { algorithm: "HS256" })}` }));
  return {
    config: { secret, algorithms: ["HS256"] },
    accepted: signedWith(secret),
    rejected: signedWith(strangersSecret),
    rejection: rejection("Invalid or expired JWT token"),
  };
}

// With the header and the signature, a token of some 450 characters.
function claimsOf(index) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: "https://login.example.com/",
    sub: `auth0|${String(index).padStart(24, "0")}`,
    aud: "https://mcp.example.com/api",
    iat: now,
    exp: now + LIFETIME_S,
    scope: "tools:read tools:call resources:read",
    role: "reader",
    org: "org_example",
    email: `client${String(index).padStart(3, "0")}@example.com`,
    jti: randomText(12),
  };
}

function apiKeys() {
  const keys = Array.from({ length: CLIENTS }, () => randomText(32));
  const presenting = (list) => list.map((key) => ({ "X-API-Key": key }));
  return {
    config: { keys },
    accepted: presenting(keys),
    rejected: presenting(Array.from({ length: CLIENTS }, () => randomText(32))),
    rejection: rejection("Invalid API key"),
  };
}

function rejection(error) {
  return JSON.stringify({ error, status: 401, type: "authentication_error" });
}

function randomText(bytes) {
  return randomBytes(bytes).toString("base64url");
}
