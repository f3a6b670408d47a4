// Each stack takes what `requireAuth` gives, under `strict`: uses that must compile.

import { createServer } from "node:http";
import { StreamableHTTPTransport } from "@hono/mcp";
import { createMcpExpressApp } from "@modelcontextprotocol/express";
import { createMcpFastifyApp } from "@modelcontextprotocol/fastify";
import { createMcpHonoApp } from "@modelcontextprotocol/hono";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import type { AuthInfo as AuthInfoV1 } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  type AuthInfo as AuthInfoV2,
  createMcpHandler,
  McpServer as McpServerV2,
} from "@modelcontextprotocol/server";
import { createClient } from "@redis/client";
import fastify from "fastify";
import { FastMCP } from "fastmcp";
import { Hono } from "hono";
import {
  type AuthInfo,
  currentAuth,
  JWTAuthProvider,
  type RequireAuthOptions,
  requireAuth,
  type SessionStore,
} from "mcp-native-auth";

const provider = new JWTAuthProvider({ secret: "s", audience: "https://mcp.example.com/mcp" });
const redis = createClient();
const sessionStore: SessionStore = {
  get: (id) => redis.get(`mcp:session:${id}`),
  set: (id, principal) => redis.set(`mcp:session:${id}`, principal, { EX: 86_400 }),
};
const options: RequireAuthOptions = {
  requiredScopes: ["mcp"],
  toolScopes: ({ name, arguments: given }) => (name === "write_file" && given ? ["files:write"] : undefined),
  scopeHierarchy: { admin: ["files:write"] },
  scopeClaims: (claims) => String(claims.scope),
  resource: new URL("https://mcp.example.com/mcp"),
  sessionStore,
  trustProxy: 1,
};
const auth = requireAuth(provider, { ...options, optional: false });

// The identity goes both ways.
declare const info: AuthInfo;
const v1: AuthInfoV1 = info;
const v2: AuthInfoV2 = info;
const back: AuthInfo[] = [v1, v2];

// SDK v1, node:http
const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "id" });
new McpServer({ name: "x", version: "1" }).registerTool("whoami", {}, ({ authInfo }) => ({
  content: [{ type: "text", text: `${authInfo?.clientId} ${currentAuth()?.clientId}` }],
}));
createServer((req, res) => auth.express(req, res, () => transport.handleRequest(req, res)));
requireBearerAuth({ verifier: auth.verifier({ invalidToken: (m) => new InvalidTokenError(m) }) });
requireBearerAuth({ verifier: auth.verifier() });

// SDK v2: fetch, Express, Hono, Fastify
const handler = createMcpHandler(() => new McpServerV2({ name: "x", version: "1" }));
const serve = toNodeHandler(handler);
const route = auth.wrap((request, { authInfo, parsedBody }) =>
  handler.fetch(request, { authInfo, parsedBody }),
);
const answered: Promise<Response> = route(new Request("https://mcp.example.com/mcp"));
const nextRoute: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> =
  auth.wrap(async (_request, { authInfo }, context: { params: Promise<{ id: string }> }) =>
    Response.json([authInfo.clientId, (await context.params).id]),
  );
const decided: AuthInfo | Response = await auth.web(new Request("https://mcp.example.com/mcp"), {
  ip: "192.0.2.1",
});
const expressApp = createMcpExpressApp();
expressApp.all("/mcp", auth.express, (req, res) => serve(req, res, req.body));
const honoApp = createMcpHonoApp();
honoApp.use("/mcp", auth.hono);
const fastifyApp = createMcpFastifyApp();
await fastifyApp.register(auth.fastify);

// @hono/mcp, Fastify, fastmcp
const app = new Hono<{ Variables: { auth: AuthInfo } }>();
app.use("/mcp", auth.hono);
app.get("/mcp", (c) => c.text(c.get("auth").clientId));
app.all("/mcp", (c) => new StreamableHTTPTransport().handleRequest(c));
await fastify().register(auth.fastify);
const fastmcp = new FastMCP({ name: "x", version: "1.0.0", authenticate: auth.fastmcp });
fastmcp.addTool({
  name: "write_file",
  canAccess: (who) => who?.scopes.includes("files:write") ?? false,
  execute: async (_args, { session }) => session?.clientId ?? "",
});

// `optional`: there may be no identity.
const open = requireAuth(provider, { optional: true });
open.wrap((_request, { authInfo }) => new Response(authInfo?.clientId));
const maybe: AuthInfo | Response | undefined = await open.web(new Request("https://mcp.example.com/mcp"));
requireAuth(provider);
requireAuth(provider, null);
requireAuth(provider, { optional: null, requiredScopes: undefined, toolScopes: null });
const document: Readonly<Record<string, unknown>> | undefined = auth.metadata;

export { answered, back, decided, document, maybe, nextRoute };
