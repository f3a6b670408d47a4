/** The stacks themselves, from npm, with the official clients in front: who calls arrives, and scopes are enforced. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { StreamableHTTPTransport } from "@hono/mcp";
import { createAdaptorServer } from "@hono/node-server";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { createMcpExpressApp } from "@modelcontextprotocol/express";
import { createMcpFastifyApp } from "@modelcontextprotocol/fastify";
import { createMcpHonoApp } from "@modelcontextprotocol/hono";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, McpServer as McpServerV2, requireScopes } from "@modelcontextprotocol/server";
import { createClient } from "@redis/client";
import { HttpTransport } from "@tmcp/transport-http";
import express from "express";
import fastify from "fastify";
import { streamableHttp } from "fastify-mcp";
import { FastMCP } from "fastmcp";
import { Hono } from "hono";
import jsonwebtoken from "jsonwebtoken";
import { createMcpHandler as createVercelHandler } from "mcp-handler";
import { APIKeyAuthProvider, anyOf, currentAuth, JWTAuthProvider, requireAuth } from "mcp-native-auth";
import { McpServer as McpServerT } from "tmcp";
import { parseChallenges } from "../../support/challenges.js";
import { freePort } from "../../support/free-port.js";
import { INITIALIZE } from "../../support/initialize.js";
import { closing, listen } from "../../support/listen.js";
import { hasRedis, redisServer } from "../../support/redis.js";

const SECRET = "gate-test-secret-7c1f0a9e5b3d4826";
const KEY = "gate-key-0d5f7a61c3e94b28";
const RESOURCE = "https://mcp.example.com/mcp";
const METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
const sign = (claims) =>
  jsonwebtoken.sign({ sub: "alice", client_id: "app", scope: "mcp", aud: RESOURCE, ...claims }, SECRET, {
    expiresIn: 600,
  });
const READER = { authorization: `Bearer ${sign({})}` };
const WRITER = { authorization: `Bearer ${sign({ scope: "mcp files:write" })}` };
const MALLORY = { authorization: `Bearer ${sign({ sub: "mallory", scope: "mcp files:write" })}` };

const TOOLS = { toolScopes: { write_file: ["files:write"] } };
const gate = (options) =>
  requireAuth(
    anyOf([
      new APIKeyAuthProvider({ keys: [{ key: KEY, id: "ci", scopes: ["mcp", "files:write"] }] }),
      new JWTAuthProvider({ secret: SECRET, audience: RESOURCE }),
    ]),
    {
      resource: RESOURCE,
      authorizationServers: ["https://login.example.com"],
      requiredScopes: ["mcp"],
      ...options,
    },
  );

const text = (value) => ({ content: [{ type: "text", text: String(value) }] });

function makeV1() {
  const server = new McpServer({ name: "v1", version: "1.0.0" });
  server.registerTool("whoami", {}, ({ authInfo }) =>
    text(`${authInfo?.clientId} ${authInfo?.extra?.sub} ${currentAuth()?.clientId}`),
  );
  server.registerTool("write_file", {}, () => text("written"));
  return server;
}

/** With scopes of its own, which need nothing but the right identity. */
const makeV2 = (challenge) => () => registerV2(new McpServerV2({ name: "v2", version: "1.0.0" }), challenge);

function registerV2(server, challenge) {
  server.registerTool("whoami", {}, ({ http }) =>
    text(`${http?.authInfo?.clientId} ${http?.authInfo?.extra?.sub} ${currentAuth()?.clientId}`),
  );
  server.registerTool("write_file", challenge ? { scopeChallenge: requireScopes("files:write") } : {}, () =>
    text("written"),
  );
  return server;
}

async function serveV1(req, res) {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  res.on("close", () => transport.close());
  await makeV1().connect(transport);
  await transport.handleRequest(req, res, req.body);
}

const silent = { debug() {}, error() {}, info() {}, log() {}, warn() {} };

const STACKS = {
  "SDK v1, Express": async () => {
    const app = express();
    app.use(["/mcp", "/.well-known/oauth-protected-resource"], gate(TOOLS).express);
    app.post("/mcp", serveV1);
    return listen(createServer(app));
  },
  "SDK v1, express.json()": async () => {
    const app = express();
    app.use(express.json());
    app.post("/mcp", gate(TOOLS).express, serveV1);
    return listen(createServer(app));
  },
  "SDK v1, node:http": async () => {
    const auth = gate(TOOLS);
    return listen(createServer((req, res) => auth.express(req, res, () => serveV1(req, res))));
  },
  "SDK v2, Express": async () => {
    const app = createMcpExpressApp();
    const serve = toNodeHandler(createMcpHandler(makeV2(false)));
    app.all("/mcp", gate(TOOLS).express, (req, res) => serve(req, res, req.body));
    return listen(createServer(app));
  },
  "SDK v2, node:http, its own scopes": async () => {
    const auth = gate();
    const serve = toNodeHandler(createMcpHandler(makeV2(true)));
    return listen(createServer((req, res) => auth.express(req, res, () => serve(req, res))));
  },
  "SDK v2, fetch": async () => {
    const handler = createMcpHandler(makeV2(false));
    const fetch = gate(TOOLS).wrap((request, { authInfo, parsedBody }) =>
      handler.fetch(request, { authInfo, parsedBody }),
    );
    return listen(createAdaptorServer({ fetch }));
  },
  "SDK v2, fetch, its own scopes": async () => {
    const handler = createMcpHandler(makeV2(true));
    const fetch = gate().wrap((request, { authInfo }) => handler.fetch(request, { authInfo }));
    return listen(createAdaptorServer({ fetch }));
  },
  "mcp-handler": async () => {
    const handler = createVercelHandler((server) => registerV2(server, false));
    const route = gate(TOOLS).wrap((request) => handler(request));
    return listen(createAdaptorServer({ fetch: route }));
  },
  tmcp: async () => {
    const server = new McpServerT({ name: "t", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.tool({ name: "whoami", description: "Who calls" }, () => {
      const { clientId, extra } = server.ctx.auth;
      return text(`${clientId} ${extra.sub} ${currentAuth()?.clientId}`);
    });
    server.tool({ name: "write_file", description: "Writes a file" }, () => text("written"));
    const oauth = { respond: async () => undefined, verify: async (request) => request.auth ?? null };
    const transport = new HttpTransport(server, { path: "/mcp", oauth });
    return listen(createAdaptorServer({ fetch: gate(TOOLS).wrap((request) => transport.respond(request)) }));
  },
  "SDK v2, Hono": async () => {
    const app = createMcpHonoApp();
    const handler = createMcpHandler(makeV2(false));
    app.use("/mcp", gate(TOOLS).hono);
    app.all("/mcp", (c) =>
      handler.fetch(c.req.raw, { authInfo: c.get("auth"), parsedBody: c.get("parsedBody") }),
    );
    return listen(createAdaptorServer({ fetch: app.fetch }));
  },
  "SDK v2, Fastify": async () => {
    const app = createMcpFastifyApp();
    const serve = toNodeHandler(createMcpHandler(makeV2(false)));
    await app.register(gate(TOOLS).fastify);
    app.all("/mcp", async (request, reply) => {
      reply.hijack();
      await serve(request.raw, reply.raw, request.body);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    closing.push(() => app.close());
    return app.server.address().port;
  },
  "@hono/mcp": async () => {
    const app = new Hono();
    app.use("/mcp", gate(TOOLS).hono);
    app.all("/mcp", async (c) => {
      const transport = new StreamableHTTPTransport();
      await makeV1().connect(transport);
      return transport.handleRequest(c);
    });
    return listen(createAdaptorServer({ fetch: app.fetch }));
  },
  "fastify-mcp": async () => {
    const app = fastify();
    await app.register(gate(TOOLS).fastify);
    await app.register(streamableHttp, {
      stateful: false,
      mcpEndpoint: "/mcp",
      createServer: () => makeV1().server,
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    closing.push(() => app.close());
    return app.server.address().port;
  },
  fastmcp: async () => {
    const server = new FastMCP({ name: "f", version: "1.0.0", authenticate: gate().fastmcp, logger: silent });
    server.addTool({
      name: "whoami",
      execute: async (_args, { session }) => `${session.clientId} ${session.extra.sub} ${session.clientId}`,
    });
    const port = await freePort();
    await server.start({
      transportType: "httpStream",
      httpStream: { port, host: "127.0.0.1", stateless: true },
    });
    closing.push(() => server.stop());
    return port;
  },
};
const SERVES_NEWEST = /^(?:SDK v2|mcp-handler|tmcp)/;

/** The last one asks for 2026-07-28 first, whose requests name the tool in a header. */
const CLIENTS = {
  v1: [Client, StreamableHTTPClientTransport],
  v2: [ClientV2, TransportV2],
  "v2, newest": [ClientV2, TransportV2, { versionNegotiation: { mode: "auto" } }],
};

/** A client that remembers what it was answered. */
async function connect(version, port, headers, answers = []) {
  const [AnyClient, Transport, options] = CLIENTS[version];
  const client = new AnyClient({ name: "test", version: "1.0.0" }, options);
  const recording = async (url, init) => {
    const answer = await fetch(url, init);
    answers.push(Object.assign(answer, { isNewest: new Headers(init.headers).has("mcp-name") }));
    return answer;
  };
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  await client.connect(new Transport(url, { requestInit: { headers }, fetch: recording }));
  return client;
}

for (const [name, start] of Object.entries(STACKS)) {
  describe(name, { timeout: 30_000 }, () => {
    let port;
    for (const version of Object.keys(CLIENTS)) {
      it(`client ${version}: who calls arrives, and a tool without its scope is 403`, async () => {
        port ??= await start();
        await assert.rejects(connect(version, port, {}));
        const answers = [];
        const reader = await connect(version, port, READER, answers);
        const { content } = await reader.callTool({ name: "whoami", arguments: {} });
        assert.equal(content[0].text, "app alice app");
        const byKey = await connect(version, port, { "x-api-key": KEY });
        const { content: ofKey } = await byKey.callTool({ name: "whoami", arguments: {} });
        assert.equal(ofKey[0].text, "ci undefined ci");
        if (name !== "fastmcp") {
          answers.length = 0;
          await assert.rejects(reader.callTool({ name: "write_file", arguments: {} }));
          const refused = answers.find(({ status }) => status === 403);
          const [{ scheme, parameters }] = parseChallenges(refused.headers.get("www-authenticate"));
          assert.equal(scheme, "Bearer");
          assert.equal(refused.isNewest, version === "v2, newest" && SERVES_NEWEST.test(name));
          assert.equal(parameters.error, "insufficient_scope");
          assert.equal(parameters.resource_metadata, METADATA);
          assert.ok(parameters.scope.split(" ").includes("files:write"));
          for (const client of [await connect(version, port, WRITER), byKey]) {
            const { content: written } = await client.callTool({ name: "write_file", arguments: {} });
            assert.equal(written[0].text, "written");
            await client.close();
          }
        }
        await reader.close();
      });
    }
  });
}

/** SDK v1 with sessions, as its own examples have it. */
function stateful(auth) {
  const transports = new Map();
  const app = express();
  app.use(express.json());
  app.all("/mcp", auth.express, async (req, res) => {
    let transport = transports.get(req.headers["mcp-session-id"]);
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => transports.set(id, transport),
      });
      await makeV1().connect(transport);
    }
    await transport.handleRequest(req, res, req.body);
  });
  return listen(createServer(app));
}

async function assertBound(ports) {
  // Nobody but who began it, from its first moment on.
  const accept = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const began = await fetch(`http://127.0.0.1:${ports[0]}/mcp`, {
    method: "POST",
    headers: { ...READER, ...accept },
    body: JSON.stringify(INITIALIZE),
  });
  await began.text();
  const id = began.headers.get("mcp-session-id");
  const early = await fetch(`http://127.0.0.1:${ports[0]}/mcp`, {
    method: "DELETE",
    headers: { ...MALLORY, "mcp-session-id": id },
  });
  assert.equal(early.status, 404);
  const client = await connect("v1", ports[0], READER);
  const session = client.transport.sessionId;
  const call = { jsonrpc: "2.0", id: 9, method: "tools/call", params: { name: "whoami", arguments: {} } };
  const ask = (port, who, method) =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      method,
      headers: { ...who, ...accept, "mcp-session-id": session },
      ...(method === "POST" && { body: JSON.stringify(call) }),
    });
  for (const port of ports) {
    for (const method of ["POST", "GET", "DELETE"]) {
      for (const who of [MALLORY, { "x-api-key": KEY }]) {
        const answer = await ask(port, who, method);
        assert.equal(answer.status, 404);
        assert.equal((await answer.json()).error.code, -32001);
      }
      assert.equal((await ask(port, {}, method)).status, 401);
    }
  }
  // A newer token of the same user and client.
  const newer = { authorization: `Bearer ${sign({ jti: "2" })}` };
  assert.match(await (await ask(ports[0], newer, "POST")).text(), /app alice app/);
  assert.match(JSON.stringify(await client.callTool({ name: "whoami", arguments: {} })), /app alice app/);
  await client.close();
}

describe("sessions of SDK v1", { timeout: 30_000 }, () => {
  it("belong to who began them: POST, GET and DELETE of others are 404", async () => {
    await assertBound([await stateful(gate())]);
  });

  it("over processes that share a Redis", { skip: !hasRedis && "no redis-server" }, async () => {
    const server = await redisServer();
    await server.start();
    const redis = await createClient({ url: server.url, socket: { reconnectStrategy: false } })
      .on("error", () => {})
      .connect();
    const sessionStore = {
      get: (id) => redis.get(`mcp:session:${id}`),
      set: (id, principal) => redis.set(`mcp:session:${id}`, principal, { EX: 86_400 }),
    };
    // The second one never sees a session begin.
    const ports = [await stateful(gate({ sessionStore })), await stateful(gate({ sessionStore }))];
    await assertBound(ports);
    const [name] = await redis.keys("mcp:session:*");
    assert.match(await redis.get(name), /^[\w-]{43}$/);
    redis.destroy();
    await server.stop();
    const headers = { ...READER, "mcp-session-id": "any" };
    const answer = await fetch(`http://127.0.0.1:${ports[0]}/mcp`, { headers });
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
  });

  it("over HTTP with SSE: messages of others are 404", async () => {
    const transports = {};
    const app = express();
    const auth = gate(TOOLS);
    app.get("/sse", auth.express, async (_req, res) => {
      const transport = new SSEServerTransport("/messages", res);
      transports[transport.sessionId] = transport;
      await makeV1().connect(transport);
    });
    app.post("/messages", auth.express, (req, res) => {
      const transport = transports[req.query.sessionId];
      return transport ? transport.handlePostMessage(req, res, req.body) : res.status(404).end("none");
    });
    const port = await listen(createServer(app));
    const ask = (session, headers) =>
      fetch(`http://127.0.0.1:${port}/messages?sessionId=${session}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" }),
      });
    // From the first moment on.
    const left = new AbortController();
    const stream = await fetch(`http://127.0.0.1:${port}/sse`, { headers: READER, signal: left.signal });
    const { value } = await stream.body.getReader().read();
    const [, fresh] = /sessionId=([\w-]+)/.exec(Buffer.from(value).toString());
    const answer = await ask(fresh, MALLORY);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /Session not found/);
    assert.equal((await ask(fresh, READER)).status, 202);
    left.abort();
    const client = new Client({ name: "test", version: "1.0.0" });
    const url = new URL(`http://127.0.0.1:${port}/sse`);
    const withHeaders = (headers) => ({
      requestInit: { headers },
      eventSourceInit: {
        fetch: (to, init) => fetch(to, { ...init, headers: { ...init.headers, ...headers } }),
      },
    });
    await client.connect(new SSEClientTransport(url, withHeaders(READER)));
    const { content } = await client.callTool({ name: "whoami", arguments: {} });
    assert.equal(content[0].text, "app alice app");
    await assert.rejects(client.callTool({ name: "write_file", arguments: {} }), /403|insufficient/);
    await client.close();
  });
});
