import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { apiKeyServer, jwtServer } from "./server.js";

/** A round is one server and everybody who asks it; a row is who, presenting what, how, and what is due. */
export function rounds() {
  return [apiKeys(), sharedSecret(), keyPair()];
}

function apiKeys() {
  const [alice, bob] = [randomSecret(), randomSecret()];
  const nearly = (alice.startsWith("A") ? "B" : "A") + alice.slice(1);
  const inHeader = (key) => ({ headers: { "X-API-Key": key } });

  const rejectedAt = rejection("Invalid API key", 'ApiKey realm="MCP Server", header="X-API-Key"');
  const rejected = rejectedAt("GET /sse");
  const welcome = { answer: {} }; // a key opens the door; it carries no claims

  return {
    title: "API keys, over SSE",
    provider: "new APIKeyAuthProvider({ keys: [alice, bob] })",
    type: "sse",
    path: "/sse",
    serverOn: (port) => apiKeyServer({ type: "sse", port, keys: [alice, bob] }),
    rows: [
      ["A passer-by", "no key", {}, rejected],
      ["Mallory", "a key nobody issued", inHeader(randomSecret()), rejected],
      ["Mallory", "a key nobody issued, as a Bearer token", bearer(randomSecret()), rejected],
      ["Mallory", "Alice's key but for its first character", inHeader(nearly), rejected],
      ["Mallory", "the first half of Alice's key", inHeader(alice.slice(0, alice.length / 2)), rejected],
      ["Alice", "her key in X-API-Key", inHeader(alice), welcome],
      ["Bob", "his key as a Bearer token", bearer(bob), welcome],
      ["Bob", "his key as ?api_key= on every request", { apiKeyQuery: bob }, welcome],
      [
        "Bob",
        "his key as ?api_key= on the stream, and no key on the message he then posts",
        { apiKeyQuery: bob, streamOnly: true },
        rejectedAt("POST /messages"),
      ],
    ],
  };
}

function sharedSecret() {
  const secret = randomSecret();
  const sign = (claims, key = secret) => jwt.sign(claims, key, { algorithm: "HS256" });
  const alice = claimsOf("alice");

  return {
    title: "Tokens signed with a shared secret (HS256), over SSE",
    provider: 'new JWTAuthProvider({ secret, algorithms: ["HS256"] })',
    type: "sse",
    path: "/sse",
    serverOn: (port) => jwtServer({ type: "sse", port, secret, algorithms: ["HS256"] }),
    rows: [
      ...rejectedTokens({ claims: alice, sign, strangersKey: randomSecret(), request: "GET /sse" }),
      ["Alice", "her token", bearer(sign(alice)), { answer: alice }],
      [
        "Alice",
        "her token on the stream, and none on the message she then posts",
        { ...bearer(sign(alice)), streamOnly: true },
        missingToken("POST /messages"),
      ],
    ],
  };
}

function keyPair() {
  const { publicKey, privateKey } = generateKeyPair();
  const sign = (claims, key = privateKey) => jwt.sign(claims, key, { algorithm: "ES256" });
  const carol = claimsOf("carol");
  const request = "POST /mcp";

  // The server's public key is not secret. A server that takes it for an HMAC secret accepts this token.
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(carol)}`;
  const confused = `${signed}.${createHmac("sha256", publicKey).update(signed).digest("base64url")}`;

  return {
    title: "Tokens signed with a private key (ES256), over HTTP stream",
    provider: 'new JWTAuthProvider({ secret: publicKeyPem, algorithms: ["ES256"] })',
    type: "http-stream",
    path: "/mcp",
    serverOn: (port) => jwtServer({ type: "http-stream", port, secret: publicKey, algorithms: ["ES256"] }),
    rows: [
      ...rejectedTokens({ claims: carol, sign, strangersKey: generateKeyPair().privateKey, request }),
      ["Mallory", "a token HMAC-signed with the server's public key", bearer(confused), badToken(request)],
      ["Carol", "her token", bearer(sign(carol)), { answer: carol }],
    ],
  };
}

function rejectedTokens({ claims, sign, strangersKey, request }) {
  const expired = { ...claims, exp: now() - 60 };
  const [header, payload, signature] = sign(claims).split(".");
  const unsigned = `${base64url({ alg: "none", typ: "JWT" })}.${payload}.`;
  const promoted = `${header}.${base64url({ ...claims, role: "admin" })}.${signature}`;
  return [
    ["A passer-by", "no token", {}, missingToken(request)],
    [
      "Mallory",
      "a token she signed with a key of her own",
      bearer(sign(claims, strangersKey)),
      badToken(request),
    ],
    ["Mallory", 'an unsigned token that says "alg": "none"', bearer(unsigned), badToken(request)],
    ["Mallory", 'a stolen token edited to say "role": "admin"', bearer(promoted), badToken(request)],
    ["A latecomer", "a token that expired a minute ago", bearer(sign(expired)), badToken(request)],
  ];
}

const TOKEN_REJECTED = "Invalid or expired JWT token";

const missingToken = rejection(TOKEN_REJECTED, 'Bearer realm="MCP Server"');
const badToken = rejection(TOKEN_REJECTED, 'Bearer realm="MCP Server", error="invalid_token"');

/** What a rejected `request` should get: the framework's body, word for word, and a challenge. */
function rejection(error, challenge) {
  const body = JSON.stringify({ error, status: 401, type: "authentication_error" });
  return (request) => ({ request, status: 401, body, challenge });
}

function claimsOf(sub) {
  return { sub, role: "reader", iat: now(), exp: now() + 300 };
}

function bearer(token) {
  return { headers: { Authorization: `Bearer ${token}` } };
}

function generateKeyPair() {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

function randomSecret() {
  return randomBytes(24).toString("base64url");
}

function base64url(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function now() {
  return Math.floor(Date.now() / 1000);
}
