/**
 * MCP servers of real stacks, each with its own authorization, as its users write it. Run with the name of one:
 * `node audited-stacks.js <stack> <port>`, under the environment that the audit gives to its command.
 */

import { randomUUID } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { z } from "zod";

const { MCP_AUDIT_ISSUER: issuer, MCP_AUDIT_JWKS_URI: jwksUri, MCP_AUDIT_RESOURCE: resource } = process.env;
const port = Number(process.argv[3]);
const host = "127.0.0.1";
const keySet = createRemoteJWKSet(new URL(jwksUri));
const oauthMetadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  response_types_supported: ["code"],
};

/** What a user of the official SDK writes, with a well-known library. `reject` makes the error of the SDK. */
const verifierThat = (reject) => ({
  async verifyAccessToken(token) {
    try {
      const { payload } = await jwtVerify(token, keySet, { issuer, audience: resource });
      const scopes = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
      return {
        token,
        clientId: String(payload.client_id),
        scopes,
        expiresAt: payload.exp,
        extra: { sub: payload.sub },
      };
    } catch (error) {
      throw reject(error.message);
    }
  },
});

const GATE_OPTIONS = { requiredScopes: ["mcp"], toolScopes: { write_file: ["files:write"] } };

const STACKS = {
  async "sdk-v1"() {
    const { default: express } = await import("express");
    const { InvalidTokenError } = await import("@modelcontextprotocol/sdk/server/auth/errors.js");
    const { requireBearerAuth } = await import(
      "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js"
    );
    const { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } = await import(
      "@modelcontextprotocol/sdk/server/auth/router.js"
    );
    const resourceServerUrl = new URL(resource);
    const app = express();
    app.use(express.json());
    const scopesSupported = ["mcp"];
    app.use(
      mcpAuthMetadataRouter({ oauthMetadata: { ...oauthMetadata }, resourceServerUrl, scopesSupported }),
    );
    app.use(
      "/mcp",
      requireBearerAuth({
        verifier: verifierThat((message) => new InvalidTokenError(message)),
        requiredScopes: ["mcp"],
        resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl),
      }),
    );
    app.all("/mcp", await sdkSessions());
    app.listen(port, host);
  },

  async "sdk-v2"() {
    const { OAuthError, OAuthErrorCode } = await import("@modelcontextprotocol/server");
    const {
      createMcpExpressApp,
      getOAuthProtectedResourceMetadataUrl,
      mcpAuthMetadataRouter,
      requireBearerAuth,
    } = await import("@modelcontextprotocol/express");
    const resourceServerUrl = new URL(resource);
    const app = createMcpExpressApp();
    app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl, scopesSupported: ["mcp"] }));
    const gate = requireBearerAuth({
      verifier: verifierThat((message) => new OAuthError(OAuthErrorCode.InvalidToken, message)),
      requiredScopes: ["mcp"],
      resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl),
    });
    app.all("/mcp", gate, (await sdkHandler()).express);
    app.listen(port, host);
  },

  async fastmcp() {
    await startFastMcp(async ({ headers: { authorization } }) => {
      const [, token] = /^Bearer (\S+)$/i.exec(authorization ?? "") ?? [];
      const { payload } = await jwtVerify(token ?? "", keySet, { issuer, audience: resource });
      return payload;
    });
  },

  async "mcp-framework"() {
    const { OAuthAuthProvider } = await import("mcp-framework");
    await startFramework(OAuthAuthProvider);
  },

  async "ours-sdk-v1"() {
    const { default: express } = await import("express");
    const auth = await gateOfOurs();
    const app = express();
    app.use(["/mcp", "/.well-known/oauth-protected-resource"], auth.express);
    app.all("/mcp", await sdkSessions());
    app.listen(port, host);
  },

  async "ours-sdk-v2-node"() {
    const { createServer } = await import("node:http");
    const auth = await gateOfOurs();
    const { express } = await sdkHandler();
    createServer((req, res) => auth.express(req, res, () => express(req, res))).listen(port, host);
  },

  async "ours-sdk-v2-web"() {
    const { createServer } = await import("node:http");
    const { toNodeHandler } = await import("@modelcontextprotocol/node");
    const auth = await gateOfOurs();
    const { handler } = await sdkHandler();
    const fetch = auth.wrap((request, { authInfo, parsedBody }) =>
      handler.fetch(request, { authInfo, parsedBody }),
    );
    createServer(toNodeHandler({ fetch: (request) => fetch(request) })).listen(port, host);
  },

  async "ours-hono"() {
    const { Hono } = await import("hono");
    const { serve } = await import("@hono/node-server");
    const auth = await gateOfOurs();
    const { handler } = await sdkHandler();
    const app = new Hono();
    app.use(auth.hono);
    app.all("/mcp", (c) => handler.fetch(c.req.raw, { authInfo: c.get("auth") }));
    serve({ fetch: app.fetch, port, hostname: host });
  },

  async "ours-fastify"() {
    const { default: fastify } = await import("fastify");
    const { toNodeHandler } = await import("@modelcontextprotocol/node");
    const auth = await gateOfOurs();
    const handle = toNodeHandler((await sdkHandler()).handler);
    const app = fastify();
    await app.register(auth.fastify);
    app.all("/mcp", (request, reply) => {
      reply.hijack();
      return handle(request.raw, reply.raw, request.body);
    });
    await app.listen({ port, host });
  },

  async "ours-fastmcp"() {
    const auth = await gateOfOurs();
    await startFastMcp(auth.fastmcp);
  },

  async "ours-mcp-framework"() {
    const { OAuthAuthProvider } = await import("mcp-native-auth");
    await startFramework(OAuthAuthProvider);
  },

  async "ours-mcp-framework-guarded"() {
    const { OAuthAuthProvider } = await import("mcp-native-auth");
    await startFramework(OAuthAuthProvider, true);
  },
};

/** What the documentation of SDK v1 shows: a transport for each session. */
async function sdkSessions() {
  const { McpServer } = await import("@modelcontextprotocol/sdk/server/mcp.js");
  const { StreamableHTTPServerTransport } = await import(
    "@modelcontextprotocol/sdk/server/streamableHttp.js"
  );
  const transports = new Map();
  return async (req, res) => {
    const known = transports.get(req.headers["mcp-session-id"]);
    if (known !== undefined) {
      await known.handleRequest(req, res, req.body);
      return;
    }
    if (req.headers["mcp-session-id"] !== undefined) {
      res.status(404).end();
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => transports.set(id, transport),
    });
    const server = new McpServer({ name: "sdk-v1", version: "1.0.0" });
    server.registerTool("whoami", { inputSchema: {} }, whoAmI);
    server.registerTool("write_file", { inputSchema: {} }, whoAmI);
    await server.connect(transport);
    await transport.handleRequest(req, res, req.body);
  };
}

async function sdkHandler() {
  const { createMcpHandler, McpServer } = await import("@modelcontextprotocol/server");
  const { toNodeHandler } = await import("@modelcontextprotocol/node");
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "sdk-v2", version: "1.0.0" });
    server.registerTool("whoami", { description: "Who calls" }, whoAmI);
    server.registerTool("write_file", { description: "Needs a scope" }, whoAmI);
    return server;
  });
  return { handler, express: (req, res) => toNodeHandler(handler)(req, res, req.body) };
}

async function gateOfOurs() {
  const { OAuthAuthProvider, requireAuth } = await import("mcp-native-auth");
  const provider = new OAuthAuthProvider({ resource, authorizationServers: [issuer] });
  return requireAuth(provider, GATE_OPTIONS);
}

async function startFastMcp(authenticate) {
  const { FastMCP } = await import("fastmcp");
  const server = new FastMCP({
    name: "fastmcp",
    version: "1.0.0",
    authenticate,
    oauth: {
      enabled: true,
      protectedResource: { resource, authorizationServers: [issuer], scopesSupported: ["mcp"] },
    },
  });
  server.addTool({
    name: "whoami",
    description: "Who calls",
    parameters: z.object({}),
    execute: async () => "hello",
  });
  await server.start({ transportType: "httpStream", httpStream: { port, host, endpoint: "/mcp" } });
}

async function startFramework(Provider, isGuarded = false) {
  const { MCPServer, MCPTool } = await import("mcp-framework");
  class WhoAmI extends MCPTool {
    name = "whoami";
    description = "Who calls";
    schema = z.object({});
    useStringify = false;
    execute = async () => "hello";
  }
  class WriteFile extends WhoAmI {
    name = "write_file";
    description = "Needs a scope";
  }
  const provider = new Provider({
    resource,
    authorizationServers: [issuer],
    validation: { type: "jwt", jwksUri, issuer, audience: resource },
  });
  const basePath = import.meta.dirname;
  const server = new MCPServer({
    basePath,
    transport: { type: "http-stream", options: { port, auth: { provider } } },
  });
  server.addTool(WhoAmI);
  server.addTool(WriteFile);
  if (isGuarded) {
    const { requireAuth } = await import("mcp-native-auth");
    requireAuth(provider, GATE_OPTIONS).guard(server);
  }
  await server.start();
}

async function whoAmI(_args, extra) {
  return { content: [{ type: "text", text: String(extra?.authInfo?.clientId) }] };
}

await STACKS[process.argv[2]]();
