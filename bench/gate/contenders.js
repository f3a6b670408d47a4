/** Servers with one tool, behind no gate, behind ours, and behind what a peer offers for the same stack. */

import { AsyncLocalStorage } from "node:async_hooks";
import { createPublicKey } from "node:crypto";
import { createServer } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { createMcpExpressApp, requireBearerAuth as expressAuth } from "@modelcontextprotocol/express";
import { createMcpFastifyApp } from "@modelcontextprotocol/fastify";
import { createMcpHonoApp } from "@modelcontextprotocol/hono";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { McpServer as McpServer1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  createMcpHandler,
  requireBearerAuth as fetchAuth,
  McpServer,
  OAuthError,
} from "@modelcontextprotocol/server";
import express from "express";
import { jwtVerify } from "jose";
import { JWTAuthProvider, requireAuth } from "mcp-native-auth";
import { RULES } from "../support/credentials.js";
import { OURS } from "../support/names.js";
import { CONTEXT, NONE, PEER } from "./names.js";

/** The npm packages whose versions a run states. */
export const PACKAGES = [
  "@modelcontextprotocol/sdk",
  "@modelcontextprotocol/server",
  "@modelcontextprotocol/express",
  "@modelcontextprotocol/hono",
  "@modelcontextprotocol/fastify",
  "express",
  "hono",
  "fastify",
  "jose",
];

export function ourGate({ secret, algorithm }) {
  return requireAuth(new JWTAuthProvider({ secret, algorithms: [algorithm], ...RULES }));
}

/** As the SDK's documentation shows it: the same rules, the claims as `AuthInfo`. */
function joseVerifier({ secret, algorithm }, invalid) {
  const keyObject = createPublicKey(secret);
  const rules = { ...RULES, algorithms: [algorithm] };
  return {
    async verifyAccessToken(token) {
      try {
        const { payload } = await jwtVerify(token, keyObject, rules);
        const scopes = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
        return { token, clientId: payload.sub, scopes, expiresAt: payload.exp, extra: payload };
      } catch (error) {
        throw invalid(error.message);
      }
    },
  };
}

function addTool(server) {
  server.registerTool("greet", {}, async () => ({ content: [{ type: "text", text: "hello" }] }));
  return server;
}

async function handleOfSdk1(req, res) {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  res.on("close", () => transport.close());
  await addTool(new McpServer1({ name: "bench", version: "1.0.0" })).connect(transport);
  await transport.handleRequest(req, res, req.body);
}

function handlerOfSdk2() {
  return createMcpHandler(() => addTool(new McpServer({ name: "bench", version: "1.0.0" })));
}

/** By stack: who stands in front, and the server behind. */
const STACKS = {
  "SDK v1, Express": {
    gates: {
      [NONE]: () => [],
      [CONTEXT]: () => [inContext(new AsyncLocalStorage())],
      [OURS]: (pool) => [ourGate(pool).express],
      [PEER]: (pool) => [
        requireBearerAuth({ verifier: joseVerifier(pool, (why) => new InvalidTokenError(why)) }),
      ],
    },
    start: (gates) => createServer(express().post("/mcp", ...gates, handleOfSdk1)),
  },
  "SDK v2, Express": {
    gates: {
      [NONE]: () => [],
      [OURS]: (pool) => [ourGate(pool).express],
      [PEER]: (pool) => [expressAuth({ verifier: joseVerifier(pool, invalidOfSdk2) })],
    },
    start(gates) {
      const handle = toNodeHandler(handlerOfSdk2());
      const app = createMcpExpressApp();
      return createServer(app.post("/mcp", ...gates, (req, res) => handle(req, res, req.body)));
    },
  },
  "SDK v2, Hono": {
    gates: {
      [NONE]: () => [],
      [OURS]: (pool) => [ourGate(pool).hono],
      [PEER]: (pool) => [honoPeer(pool)],
    },
    start(gates) {
      const handler = handlerOfSdk2();
      const app = createMcpHonoApp();
      app.post("/mcp", ...gates, (c) =>
        handler.fetch(c.req.raw, { authInfo: c.get("auth"), parsedBody: c.get("parsedBody") }),
      );
      return createAdaptorServer({ fetch: app.fetch });
    },
  },
  // The SDK has nothing for Fastify.
  "SDK v2, Fastify": {
    gates: { [NONE]: () => [], [OURS]: (pool) => [ourGate(pool).fastify] },
    async start(gates) {
      const handle = toNodeHandler(handlerOfSdk2());
      const app = createMcpFastifyApp();
      for (const gate of gates) {
        await app.register(gate);
      }
      app.post("/mcp", async (request, reply) => {
        reply.hijack();
        await handle(request.raw, reply.raw, request.body);
      });
      await app.ready();
      return app.server;
    },
  },
};

const inContext = (storage) => (_req, _res, next) => storage.run({}, next);

const invalidOfSdk2 = (why) => new OAuthError("invalid_token", why);

/** Of SDK v2 for fetch handlers: an `AuthInfo`, or the answer. */
function honoPeer(pool) {
  const authenticate = fetchAuth({ verifier: joseVerifier(pool, invalidOfSdk2) });
  return async (c, next) => {
    const found = await authenticate(c.req.raw);
    if (found instanceof Response) {
      return found;
    }
    c.set("auth", found);
    return next();
  };
}

/** By stack, the names of who is measured. */
export const CONTENDERS = Object.fromEntries(
  Object.entries(STACKS).map(([stack, { gates }]) => [stack, Object.keys(gates)]),
);

/** @returns {Promise<import("node:http").Server>} */
export function serverOf({ stack, contender, ...keys }) {
  const { gates, start } = STACKS[stack];
  return start(gates[contender](keys));
}
