/** What a flood sends to a provider of each kind, and what its good clients have. */

import { randomBytes } from "node:crypto";
import { postHead } from "../../bench/server/connection.js";
import { API_KEY, SSE } from "../../bench/server/names.js";
import { base64url } from "../support/signing.js";
import { ALGORITHMS } from "./algorithms.js";
import { PAYLOADS } from "./json-payloads.js";
import { forged, genuine } from "./tokens.js";

/** Under Node's limit of 16 KB for all headers of a request. */
const LARGE = 12 * 1024;
const USUAL = 600;
const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}';

/**
 * @typedef {object} Attack
 * @property {string} kind name of the provider's class
 * @property {object} config of the provider
 * @property {Record<string, string>} good header of the good clients
 * @property {object} identity what reaches a tool of theirs
 * @property {string[]} requests the flood, in latin1
 * @property {string} rejection body of each answer to it
 */

/**
 * @param {string} credential `API key` or the name of a algorithm
 * @param {string} transport
 * @returns {Attack}
 */
export function attackOn(credential, transport) {
  const { bad, ...attack } =
    credential === API_KEY ? onKeys() : onTokens(ALGORITHMS.find(({ name }) => name === credential));
  const target = transport === SSE ? "/messages?sessionId=00000000-0000-4000-8000-000000000000" : "/mcp";
  return {
    ...attack,
    requests: bad.map(({ headers = {}, query = "" }) => {
      const path = query === "" ? target : `${target}${target.includes("?") ? "&" : "?"}${query}`;
      return postHead(path, headers, BODY.length) + BODY;
    }),
  };
}

function onKeys() {
  const key = randomBytes(32).toString("base64url");
  const wrong = () => randomBytes(32).toString("base64url");
  return {
    kind: "APIKeyAuthProvider",
    config: { keys: [key, ...Array.from({ length: 100 }, wrong)] },
    good: { "X-API-Key": key },
    identity: {},
    rejection: rejection("Invalid API key"),
    bad: [
      ...Array.from({ length: 16 }, () => ({ headers: { "X-API-Key": wrong() } })),
      { headers: { "X-API-Key": `${key.slice(0, -1)}~` } },
      { headers: { "X-API-Key": "k".repeat(LARGE) } },
      { headers: { "X-API-Key": "\u00e9".repeat(LARGE) } },
      { headers: { Authorization: `Bearer ${wrong()}` } },
      { headers: { Authorization: `Bearer ${" ".repeat(LARGE)}x` } },
      { query: `api_key=${wrong()}` },
      { query: `${"a=1&".repeat(LARGE / 4)}apiKey=${wrong()}` },
      {},
    ],
  };
}

function onTokens(algorithm) {
  const { config } = algorithm;
  const token = genuine(algorithm, USUAL, "a list of groups", 1);
  const { "a signature of something else": forgery, ...malformed } = forged(algorithm, LARGE);
  const strangers = Array.from({ length: 16 }, (_, n) =>
    anotherPayload(genuine(algorithm, USUAL, "one long text", n)),
  );
  const expired = signed(algorithm, '{"sub":"a","exp":1}');
  const bearer = (value) => ({ headers: { Authorization: `Bearer ${value}` } });
  return {
    kind: "JWTAuthProvider",
    config,
    good: { Authorization: `Bearer ${token}` },
    identity: JSON.parse(Buffer.from(token.split(".")[1], "base64url")),
    rejection: rejection("Invalid or expired JWT token"),
    bad: [
      ...strangers.map(bearer),
      bearer(forgery()),
      bearer(malformed["header: many escaped names"]()),
      bearer(malformed["header: nested arrays"]()),
      bearer(malformed["bytes beyond ASCII"]()),
      bearer(malformed["alg none"]()),
      bearer(expired),
      bearer("a.b.c"),
      { headers: { Authorization: "Basic YTpi" } },
      { headers: { "X-API-Key": "k" } },
      {},
    ],
  };
}

/** The signature of one payload over another. */
function anotherPayload(token) {
  const [header, , signature] = token.split(".");
  return `${header}.${base64url(`{${PAYLOADS["a list of groups"](300)}}`)}.${signature}`;
}

function signed({ alg, sign }, text) {
  const input = `${base64url(JSON.stringify({ alg, typ: "JWT" }))}.${base64url(text)}`;
  return `${input}.${sign(input)}`;
}

function rejection(error) {
  return JSON.stringify({ error, status: 401, type: "authentication_error" });
}
