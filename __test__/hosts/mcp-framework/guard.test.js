/** The guard on mcp-framework's own transports: what a provider alone cannot reach. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import jwt from "jsonwebtoken";
import { getRequestContext, MCPTool } from "mcp-framework";
import {
  APIKeyAuthProvider,
  currentAuth,
  generateApiKey,
  JWTAuthProvider,
  OAuthAuthProvider,
  requireAuth,
} from "mcp-native-auth";
import { z } from "zod";
import { JWT_SECRET } from "../../support/credentials.js";
import { recordEvents } from "../../support/events.js";
import {
  HTTP_STREAM,
  SSE,
  serverlessServer,
  startServer,
  withoutFrameworkLog,
} from "../../support/servers.js";

const CLIENTS = { [SSE]: SSEClientTransport, [HTTP_STREAM]: StreamableHTTPClientTransport };
const ENDPOINTS = { [SSE]: "/messages", [HTTP_STREAM]: "/mcp" };
const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const METADATA = `https://mcp.example.com${WELL_KNOWN}/mcp`;
const OPTIONS = {
  resource: "https://mcp.example.com/mcp",
  authorizationServers: ["https://login.example.com"],
  toolScopes: { write: ["files:write"] },
};

const sign = (claims, expiresIn = 600) =>
  jwt.sign({ sub: "alice", aud: OPTIONS.resource, ...claims }, JWT_SECRET, { expiresIn });
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const ALICE = bearer(sign());
const BOB = bearer(sign({ sub: "bob" }));

/** What tools were run with. */
let ran;
class Write extends MCPTool {
  name = "write";
  description = "Writes";
  schema = z.object({ path: z.string().describe("Where") });
  useStringify = false;

  async execute(input) {
    ran.push({ input, context: getRequestContext(), auth: currentAuth() });
    return "written";
  }
}

const warnings = [];
process.on("warning", ({ code }) => warnings.push(code));

withoutFrameworkLog();

const events = [];
recordEvents(events, ({ reason = "accepted" }) => reason);
beforeEach(() => {
  ran = [];
});

const message = (method, params, id = 1) => JSON.stringify({ jsonrpc: "2.0", id, method, params });
const CALL = message("tools/call", { name: "write", arguments: { path: "/a" } });
const INITIALIZE = message("initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "raw", version: "1.0.0" },
});

async function start(transport, options = OPTIONS, more = {}) {
  const provider = more.provider ?? new JWTAuthProvider({ secret: JWT_SECRET, audience: OPTIONS.resource });
  return await startServer({
    transport,
    provider,
    tools: [Write],
    prepare: (server) => assert.equal(requireAuth(provider, options).guard(server), server),
    ...more,
  });
}

/** One request; `body: null` announces one and never sends it. */
async function ask({ url }, { method = "POST", path = ENDPOINTS[SSE], headers = {}, body }) {
  const length = body === null ? { "content-length": 100 } : {};
  const request = http.request(new URL(url).origin, {
    method,
    path,
    agent: false,
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      ...length,
      ...headers,
    },
  });
  request.on("error", () => {});
  if (body === null) request.flushHeaders();
  else if (Array.isArray(body)) sendSlowly(request, body);
  else request.end(body);
  const [response] = await once(request, "response");
  let text = "";
  response.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  if (method === "GET" && response.headers["content-type"]?.startsWith("text/event-stream")) {
    return { status: response.statusCode, headers: response.headers, response, request };
  }
  await once(response, "end").catch(() => {});
  request.destroy();
  return { status: response.statusCode, headers: response.headers, text };
}

async function sendSlowly(request, pieces) {
  for (const piece of pieces) {
    request.write(piece);
    await wait(10);
  }
  request.end();
}

const UNAUTHORIZED = { error: "Invalid or expired JWT token", status: 401, type: "authentication_error" };
const CHALLENGE = `Bearer realm="MCP Server", resource_metadata="${METADATA}"`;

/** What is sent, the status, and what else must be so. */
const REQUESTS = [
  ["metadata in path form", { method: "GET", path: `${WELL_KNOWN}/mcp` }, 200, ofResource],
  ["metadata in root form", { method: "GET", path: WELL_KNOWN }, 200, ofResource],
  [
    "the health endpoint",
    { method: "GET", path: "/health" },
    200,
    ({ text }) => assert.equal(text, '{"ok":true}'),
  ],
  ["another path", { method: "GET", path: "/other" }, 404],
  ["a preflight", preflight({ origin: "http://localhost:6274" }), 204, expose],
  ["no credential", { body: INITIALIZE }, 401, (got) => refused(got, CHALLENGE)],
  ["no credential, the path written otherwise", { prefix: "/x/..", body: INITIALIZE }, 401],
  ["a body that does not come", { body: null }, 401, (got) => refused(got, CHALLENGE)],
  [
    "another's token",
    { headers: bearer("e30.e30.e30") },
    401,
    (got) =>
      assert.match(got.headers["www-authenticate"], /^Bearer realm="MCP Server", error="invalid_token"/),
  ],
  ["a credential of two words", { headers: bearer("a b") }, 400],
  ["a foreign site", { headers: { ...ALICE, origin: "https://evil.example" } }, 403],
  ["a foreign name", { headers: { ...ALICE, host: "evil.example" } }, 403],
  ["a Host that is none", { headers: { ...ALICE, host: "a b" } }, 400],
  ["a page without a credential", { headers: { origin: "http://localhost:6274" } }, 401, expose],
  ["a body that is no JSON", { headers: ALICE, body: "{" }, 400],
  ["no body", { headers: ALICE, body: "" }, 400],
  [
    "a body in another charset",
    { headers: { ...ALICE, "content-type": "application/json; charset=utf-7" }, body: INITIALIZE },
    400,
  ],
  ["a body of 5 MiB", { headers: ALICE, body: JSON.stringify("x".repeat(5 * 1024 * 1024)) }, 413],
  [
    "a body of 5 MiB in chunks",
    {
      headers: { ...ALICE, "transfer-encoding": "chunked" },
      body: JSON.stringify("x".repeat(5 * 1024 * 1024)),
    },
    413,
  ],
  ["a call without its scope", { headers: ALICE, body: CALL }, 403, (got) => insufficient(got)],
  ["a batch with such a call", { headers: ALICE, body: `[${CALL}]` }, 403],
];

function preflight(headers) {
  return { method: "OPTIONS", headers: { ...headers, "access-control-request-method": "POST" } };
}

function ofResource({ text }) {
  const { resource, authorization_servers } = JSON.parse(text);
  assert.deepEqual(
    { resource, authorizationServers: authorization_servers },
    { resource: OPTIONS.resource, authorizationServers: OPTIONS.authorizationServers },
  );
}

function refused({ headers, text }, challenge) {
  assert.equal(headers["www-authenticate"], challenge);
  assert.deepEqual(JSON.parse(text), UNAUTHORIZED);
}

function expose({ headers }) {
  assert.match(headers["access-control-expose-headers"], /\bWWW-Authenticate\b/);
  assert.equal(headers["access-control-allow-origin"], "*");
}

function insufficient({ headers, text }) {
  assert.equal(headers["www-authenticate"].includes('error="insufficient_scope"'), true);
  assert.match(headers["www-authenticate"], /scope="files:write"/);
  assert.deepEqual(JSON.parse(text), {
    error: "Insufficient scope",
    status: 403,
    type: "authentication_error",
  });
  assert.deepEqual(ran, []);
}

for (const transport of Object.keys(CLIENTS)) {
  describe(transport, () => {
    let server;
    before(async () => {
      server = await start(transport);
    });
    after(() => server.stop());

    for (const [name, { prefix = "", path = ENDPOINTS[transport], ...request }, status, check] of REQUESTS) {
      it(`answers ${status} to ${name}`, async () => {
        const got = await ask(server, { ...request, path: prefix + path });
        assert.equal(got.status, status, got.text);
        check?.(got);
      });
    }

    /** The session of a client, as its transport names it. */
    const connect = async (headers, { url } = server) => {
      const sent = [];
      const withHeaders = (to, init) => {
        const all = { ...Object.fromEntries(new Headers(init?.headers)), ...headers };
        sent.push(fetch(to, { ...init, headers: all }));
        return sent.at(-1);
      };
      const client = new Client({ name: "guard", version: "1.0.0" });
      const options = { fetch: withHeaders, eventSourceInit: { fetch: withHeaders } };
      const of = new CLIENTS[transport](url, options);
      await client.connect(of);
      return { client, of, sent };
    };

    it("hands what was judged on to the tool, with the identity, and decides once", async () => {
      const { client, sent } = await connect(bearer(sign({ scope: "files:write" })));
      const path = `ü${"x".repeat(100_000)}`;
      const { content } = await client.callTool({ name: "write", arguments: { path } });
      await Promise.all(sent);
      await client.close();
      assert.equal(content[0].text, "written");
      const [{ input, context, auth }] = ran;
      assert.deepEqual(input, { path });
      assert.equal(context.sub, "alice");
      assert.deepEqual([auth.extra.sub, auth.scopes], ["alice", ["files:write"]]);
      assert.deepEqual(
        events,
        sent.map(() => "accepted"),
      );
    });

    /** Where raw requests of the session go, and with which headers. */
    const sessionOf = ({ _endpoint, sessionId }) =>
      transport === SSE
        ? { path: `${_endpoint.pathname}${_endpoint.search}`, headers: {} }
        : { path: ENDPOINTS[transport], headers: { "mcp-session-id": sessionId } };

    it("hands on a body that comes in pieces", async () => {
      const { client, of } = await connect(ALICE);
      const { path, headers } = sessionOf(of);
      const text = Buffer.from(message("ping", { é: "x".repeat(200_000) }, 98));
      const middle = text.indexOf("é") + 1;
      const body = [text.subarray(0, middle), text.subarray(middle, 100_000), text.subarray(100_000)];
      for (const given of [body, text]) {
        const { status } = await ask(server, { path, headers: { ...headers, ...ALICE }, body: given });
        assert.equal(status, transport === SSE ? 202 : 200);
      }
      await client.close();
    });

    it("keeps a session for the principal that began it", async () => {
      const { client, of } = await connect(ALICE);
      const isSse = transport === SSE;
      const { path, headers } = sessionOf(of);
      const list = message("tools/list", {}, 99);
      for (const method of isSse ? ["POST"] : ["POST", "GET", "DELETE"]) {
        const body = method === "POST" ? list : undefined;
        const got = await ask(server, { method, path, headers: { ...headers, ...BOB }, body });
        assert.equal(got.status, 404, method);
        assert.match(got.text, /Session not found/);
      }
      const { tools } = await client.listTools();
      assert.equal(tools.length, 2);
      await client.close();
    });

    it("ends a stream within 5 s of its token's end", async () => {
      const headers = bearer(sign({}, 2));
      const begun = await ask(server, { path: ENDPOINTS[transport], headers, body: INITIALIZE });
      const id = begun.headers["mcp-session-id"];
      const path = transport === SSE ? "/sse" : "/mcp";
      const session = id === undefined ? {} : { "mcp-session-id": id };
      const { response, request, status } = await ask(server, {
        method: "GET",
        path,
        headers: { ...headers, ...session },
      });
      assert.equal(status, 200);
      const began = Date.now();
      await once(response, "close");
      request.destroy();
      assert.ok(Date.now() - began < 7000);
    });
  });
}

it("gives no warning of what it does, with a class that extends a provider either", async () => {
  class Extended extends JWTAuthProvider {
    async authenticate(request) {
      return super.authenticate(request);
    }
  }
  const provider = new Extended({ secret: JWT_SECRET, audience: OPTIONS.resource });
  const server = await start(HTTP_STREAM, undefined, { provider });
  for (const headers of [ALICE, BOB, ALICE, BOB]) {
    const { status } = await ask(server, { path: "/mcp", headers, body: INITIALIZE });
    assert.equal(status, 200);
  }
  await server.stop();
  assert.deepEqual(warnings, []);
});

it("ends a stream within 5 s of its key's revocation, and no other one", async () => {
  const [mine, other] = [generateApiKey().key, generateApiKey().key];
  const keys = [
    { key: mine, id: "mine" },
    { key: other, id: "other" },
  ];
  const provider = new APIKeyAuthProvider({ keys });
  const server = await start(SSE, undefined, { provider });
  const open = (key) => ask(server, { method: "GET", path: "/sse", headers: { "x-api-key": key } });
  const [ending, staying] = [await open(mine), await open(other)];
  provider.revokeKey("mine");
  const began = Date.now();
  await once(ending.response, "close");
  assert.ok(Date.now() - began < 5000);
  assert.equal(staying.response.closed, false);
  staying.request.destroy();
  await server.stop();
});

it("counts a guess once", async () => {
  const provider = new APIKeyAuthProvider({ keys: [generateApiKey().key], throttle: { failures: 2 } });
  const server = await startServer({
    transport: HTTP_STREAM,
    provider,
    prepare: (one) => requireAuth(provider).guard(one),
  });
  const statuses = [];
  for (let guess = 0; guess < 3; guess += 1) {
    const { status } = await ask(server, { path: "/mcp", headers: { "x-api-key": `wrong-${guess}` } });
    statuses.push(status);
  }
  await server.stop();
  assert.deepEqual(statuses, [401, 401, 429]);
  assert.deepEqual(events, ["KEY_UNKNOWN", "KEY_UNKNOWN", "THROTTLED"]);
});

describe("serverless", () => {
  const provider = new JWTAuthProvider({ secret: JWT_SECRET, audience: OPTIONS.resource });
  const guarded = () =>
    serverlessServer({
      provider,
      tools: [Write],
      prepare: (server) => requireAuth(provider, OPTIONS).guard(server),
    });
  const send = async (server, { method = "POST", path = "/mcp", headers = {}, body }) => {
    const request = new Request(`https://mcp.example.com${path}`, {
      method,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...headers,
      },
      body,
    });
    const response = await server.handleRequest(request);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
    };
  };

  const CASES = [
    ["metadata in path form", { method: "GET", path: `${WELL_KNOWN}/mcp` }, 200, ofResource],
    ["metadata in root form", { method: "GET", path: WELL_KNOWN }, 200, ofResource],
    ["a preflight", preflight({ origin: "https://app.example" }), 204, expose],
    ["no credential", { body: INITIALIZE }, 401, (got) => refused(got, CHALLENGE)],
    ["a call without its scope", { headers: ALICE, body: CALL }, 403, insufficient],
    [
      "a call with it",
      { headers: bearer(sign({ scope: "files:write" })), body: CALL },
      200,
      () => assert.equal(ran[0].auth.extra.sub, "alice"),
    ],
    ["a body that is no JSON", { headers: ALICE, body: "{" }, 400],
  ];
  for (const [name, request, status, check] of CASES) {
    it(`answers ${status} to ${name}`, async () => {
      const got = await send(guarded().server, request);
      assert.equal(got.status, status, got.text);
      check?.(got);
    });
  }

  it("guards a Lambda handler, and decides once", async () => {
    const handler = guarded().server.createLambdaHandler();
    const event = {
      httpMethod: "POST",
      path: "/mcp",
      headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
      body: CALL,
    };
    const ok = { ...event, headers: { ...event.headers, ...bearer(sign({ scope: "files:write" })) } };
    const statuses = [(await handler(event)).statusCode, (await handler(ok)).statusCode];
    assert.deepEqual(statuses, [401, 200]);
    assert.deepEqual(events, ["TOKEN_MISSING", "accepted"]);
  });
});

it("answers with its own challenge where a class extends a provider", async () => {
  class Extended extends OAuthAuthProvider {
    async authenticate(request) {
      return super.authenticate(request);
    }
  }
  const { resource, authorizationServers } = OPTIONS;
  const jwksUri = "https://login.example.com/jwks";
  const validation = { type: "jwt", jwksUri, audience: resource, issuer: authorizationServers[0] };
  const provider = new Extended({ resource, authorizationServers, validation });
  const server = await start(HTTP_STREAM, { requiredScopes: ["mcp"] }, { provider });
  const { status, headers } = await ask(server, { path: "/mcp" });
  await server.stop();
  provider.close?.();
  assert.equal(status, 401);
  assert.equal(
    headers["www-authenticate"],
    `Bearer realm="MCP Server", scope="mcp", resource_metadata="${METADATA}"`,
  );
});
