import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";

/**
 * A round is one server and everyone who asks it. A row says who presents what, and what must come of it: `outcome` is
 * the response, `why` the reason, `frameworkStatus` what mcp-framework's provider answers.
 */
export function rounds() {
  return [apiKeys(), sharedSecret(), keyPair()];
}

function apiKeys() {
  const [alice, bob] = [randomSecret(), randomSecret()];
  const nearly = (alice.startsWith("A") ? "B" : "A") + alice.slice(1);
  const inHeader = (key) => ({ headers: { "X-API-Key": key } });

  const rejectedAt = (request, why) =>
    rejected({
      request,
      error: "Invalid API key",
      challenge: 'ApiKey realm="MCP Server", header="X-API-Key"',
      why,
    });
  const missing = rejectedAt("GET /sse", "KEY_MISSING");
  const unknown = rejectedAt("GET /sse", "KEY_UNKNOWN");
  const accepted = acceptedWith({}, "the key is known"); // a key carries no claims

  return {
    title: "API keys over SSE",
    code: "new APIKeyAuthProvider({ keys: [alice, bob] })",
    type: "sse",
    provider: ({ APIKeyAuthProvider }) => new APIKeyAuthProvider({ keys: [alice, bob] }),
    rows: [
      row("A passer-by", "no key", {}, missing),
      row("Mallory", "a key that was never issued", inHeader(randomSecret()), unknown),
      row("Mallory", "the same as a Bearer token", bearer(randomSecret()), unknown),
      row("Mallory", "Alice's key, its first character changed", inHeader(nearly), unknown),
      row("Mallory", "the first half of Alice's key", inHeader(alice.slice(0, alice.length / 2)), unknown),
      row("Alice", "her key in X-API-Key", inHeader(alice), accepted),
      row("Bob", "his key as a Bearer token", bearer(bob), accepted),
      row("Bob", "his key as ?api_key=", { apiKeyQuery: bob }, accepted),
      row(
        "Bob",
        "his key on the stream only",
        { apiKeyQuery: bob, streamOnly: true },
        rejectedAt("POST /messages", "KEY_MISSING"),
      ),
    ],
  };
}

function sharedSecret() {
  const secret = randomSecret();
  const sign = (claims, key = secret) => jwt.sign(claims, key, { algorithm: "HS256" });
  const alice = claimsOf("alice");
  // Signed, but with nothing in it that could expire. RFC 7519 wants claims.
  const text = jwt.sign("alice", secret);
  const critical = jwt.sign(alice, secret, { header: { crit: ["device"], device: "d-42" } });

  return {
    title: "Tokens with a shared secret (HS256) over SSE",
    code: 'new JWTAuthProvider({ secret, algorithms: ["HS256"] })',
    type: "sse",
    provider: ({ JWTAuthProvider }) => new JWTAuthProvider({ secret, algorithms: ["HS256"] }),
    rows: [
      ...rejectedTokens({ claims: alice, sign, strangersKey: randomSecret(), request: "GET /sse" }),
      row("Alice", 'her token, with "crit" in its header', bearer(critical), {
        ...badToken("GET /sse", "TOKEN_CRITICAL_EXTENSION"),
        frameworkStatus: 200,
      }),
      row("Alice", "a token that holds text, not claims", bearer(text), {
        ...badToken("GET /sse", "TOKEN_PAYLOAD_INVALID"),
        frameworkStatus: 200,
      }),
      row("Alice", "her token", bearer(sign(alice)), acceptedWith(alice, "sub is alice")),
      row(
        "Alice",
        "her token on the stream only",
        { ...bearer(sign(alice)), streamOnly: true },
        missingToken("POST /messages"),
      ),
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
    title: "Tokens with a key pair (ES256) over HTTP stream",
    code: 'new JWTAuthProvider({ secret: publicKeyPem, algorithms: ["ES256"] })',
    type: "http-stream",
    provider: ({ JWTAuthProvider }) => new JWTAuthProvider({ secret: publicKey, algorithms: ["ES256"] }),
    rows: [
      ...rejectedTokens({ claims: carol, sign, strangersKey: generateKeyPair().privateKey, request }),
      row(
        "Mallory",
        "a token HMAC-signed with the public key",
        bearer(confused),
        badToken(request, "TOKEN_ALGORITHM_NOT_ALLOWED"),
      ),
      row("Carol", "her token", bearer(sign(carol)), acceptedWith(carol, "sub is carol")),
    ],
  };
}

function rejectedTokens({ claims, sign, strangersKey, request }) {
  const expired = { ...claims, exp: now() - 60 };
  const [header, payload, signature] = sign(claims).split(".");
  const unsigned = `${base64url({ alg: "none", typ: "JWT" })}.${payload}.`;
  const promoted = `${header}.${base64url({ ...claims, role: "admin" })}.${signature}`;
  const bad = (why) => badToken(request, why);
  return [
    row("A passer-by", "no token", {}, missingToken(request)),
    row(
      "Mallory",
      "a token signed with her own key",
      bearer(sign(claims, strangersKey)),
      bad("TOKEN_SIGNATURE_INVALID"),
    ),
    row("Mallory", 'an unsigned token: "alg": "none"', bearer(unsigned), bad("TOKEN_MALFORMED")),
    row(
      "Mallory",
      'a stolen token, edited: "role": "admin"',
      bearer(promoted),
      bad("TOKEN_SIGNATURE_INVALID"),
    ),
    row("A latecomer", "a token that expired a minute ago", bearer(sign(expired)), bad("TOKEN_EXPIRED")),
  ];
}

function row(who, presents, credential, expected) {
  return { who, presents, credential, expected };
}

const INVALID_TOKEN = "Invalid or expired JWT token";

function missingToken(request) {
  return rejected({
    request,
    error: INVALID_TOKEN,
    challenge: 'Bearer realm="MCP Server"',
    why: "TOKEN_MISSING",
  });
}

function badToken(request, why) {
  const challenge = 'Bearer realm="MCP Server", error="invalid_token"';
  return rejected({ request, error: INVALID_TOKEN, challenge, why });
}

/** A rejected `request` gets the framework's body, byte for byte, and a challenge. */
function rejected({ request, error, challenge, why }) {
  const body = JSON.stringify({ error, status: 401, type: "authentication_error" });
  return { outcome: { request, status: 401, body, challenge }, why, frameworkStatus: 401 };
}

function acceptedWith(answer, why) {
  return { outcome: { status: 200, answer }, why, frameworkStatus: 200 };
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
