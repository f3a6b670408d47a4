/** From the 401 to a tool, and from the 403 to another one: oidc-provider, the official clients, real servers. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { beforeEach, describe, it } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, McpServer as McpServerV2 } from "@modelcontextprotocol/server";
import express from "express";
import { MCPTool } from "mcp-framework";
import { currentAuth, OAuthAuthProvider, requireAuth } from "mcp-native-auth";
import { z } from "zod";
import { authorize, startAuthorizationServer } from "../../support/authorization-server.js";
import { parseChallenges } from "../../support/challenges.js";
import { REDIRECT_URL, Session } from "../../support/oauth-session.js";
import { HTTP_STREAM, startServer, withoutFrameworkLog } from "../../support/servers.js";

/** How often the tool ran that needs more. */
let written;
const whoAmI = () => ({ content: [{ type: "text", text: JSON.stringify(currentAuth().extra) }] });
const write = () => {
  written += 1;
  return { content: [{ type: "text", text: "written" }] };
};

class WriteFile extends MCPTool {
  name = "write_file";
  description = "Writes";
  schema = z.object({});
  execute = async () => write().content[0].text;
}

function make(Server) {
  const server = new Server({ name: "flow", version: "1.0.0" });
  server.registerTool("whoami", {}, whoAmI);
  server.registerTool("write_file", {}, write);
  return server;
}

const guarded = (provider) =>
  requireAuth(provider, { requiredScopes: ["mcp"], toolScopes: { write_file: ["files:write"] } });

/** A server whose resource is where it listens, so it listens before it has its gate. */
async function listening(makeListener, issuer) {
  const server = createServer((req, res) => listener(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(`http://127.0.0.1:${server.address().port}/mcp`);
  const provider = new OAuthAuthProvider({ resource: url.href, authorizationServers: [issuer] });
  const listener = makeListener(guarded(provider));
  return {
    url,
    stop() {
      provider.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

const SERVERS = {
  "SDK v1, Express": (issuer) =>
    listening((auth) => {
      const transports = new Map();
      const app = express();
      app.use(["/mcp", "/.well-known/oauth-protected-resource"], auth.express);
      app.all("/mcp", async (req, res) => {
        let transport = transports.get(req.headers["mcp-session-id"]);
        if (transport === undefined) {
          transport = new StreamableHTTPServerTransport({
            sessionIdGenerator: randomUUID,
            onsessioninitialized: (id) => transports.set(id, transport),
          });
          await make(McpServer).connect(transport);
        }
        await transport.handleRequest(req, res, req.body);
      });
      return app;
    }, issuer),
  "SDK v2, fetch": (issuer) =>
    listening((auth) => {
      const handler = createMcpHandler(() => make(McpServerV2));
      const fetch = auth.wrap((request, given) => handler.fetch(request, given));
      return createAdaptorServer({ fetch }).listeners("request")[0];
    }, issuer),
  "mcp-framework, guarded": async (issuer) => {
    let provider;
    const server = await startServer({
      transport: HTTP_STREAM,
      tools: [WriteFile],
      prepare(one, { href: resource }) {
        provider = new OAuthAuthProvider({ resource, authorizationServers: [issuer] });
        guarded(provider).guard(one);
      },
    });
    const stop = () => {
      provider.close();
      return server.stop();
    };
    return { url: server.url, stop };
  },
};

/** The second one gets all of the callback, and checks the issuer in it. */
const CLIENTS = {
  v1: [Client, StreamableHTTPClientTransport, (callback) => callback.get("code")],
  v2: [ClientV2, TransportV2, (callback) => callback],
};

withoutFrameworkLog();
beforeEach(() => {
  written = 0;
});

for (const [name, start] of Object.entries(SERVERS)) {
  describe(name, { timeout: 60_000 }, () => {
    for (const [version, [AnyClient, Transport, resultOf]] of Object.entries(CLIENTS)) {
      it(`client ${version}: authorizes, and again for a tool that needs more`, async () => {
        const authorizationServer = await startAuthorizationServer();
        const server = await start(authorizationServer.issuer);
        try {
          const session = new Session();
          const answers = [];
          const recording = async (url, init) => {
            const answer = await fetch(url, init);
            const step = `${init?.method ?? "GET"} ${new URL(url).pathname} ${answer.status}`;
            answers.push({ step, challenge: answer.headers.get("www-authenticate") });
            return answer;
          };
          const open = () => new Transport(server.url, { authProvider: session, fetch: recording });
          const asksFor = (scope) => {
            const asked = Object.fromEntries(session.authorizationUrl.searchParams);
            assert.deepEqual(
              [asked.scope, asked.code_challenge_method, asked.resource],
              [scope, "S256", server.url.href],
            );
          };
          const consent = async (transport) =>
            transport.finishAuth(
              resultOf((await authorize(session.authorizationUrl, REDIRECT_URL)).searchParams),
            );
          const challengeOf = (status) => {
            const { challenge } = answers.find(({ step }) => step === `POST /mcp ${status}`);
            const [{ scheme, parameters }] = parseChallenges(challenge);
            assert.equal(scheme, "Bearer");
            assert.equal(
              parameters.resource_metadata,
              `${server.url.origin}/.well-known/oauth-protected-resource/mcp`,
            );
            return parameters;
          };

          const first = open();
          await assert.rejects(new AnyClient({ name: "flow", version: "1.0.0" }).connect(first));
          assert.equal(challengeOf(401).error, undefined);
          asksFor("mcp");
          await consent(first);
          const steps = answers.map(({ step }) => step);
          const expected = [
            "POST /mcp 401",
            "GET /.well-known/oauth-protected-resource/mcp 200",
            "POST /reg 201",
            "POST /token 200",
          ];
          assert.deepEqual(
            expected.filter((step) => steps.includes(step)),
            expected,
            steps.join("\n"),
          );

          const client = new AnyClient({ name: "flow", version: "1.0.0" });
          const transport = open();
          await client.connect(transport);
          const { content } = await client.callTool({ name: "whoami", arguments: {} });
          assert.equal(JSON.parse(content[0].text).sub, "alice");

          const call = () => client.callTool({ name: "write_file", arguments: {} });
          await assert.rejects(call(), /Unauthorized/);
          const { error, scope } = challengeOf(403);
          assert.deepEqual([error, scope, written], ["insufficient_scope", "mcp files:write", 0]);
          asksFor("mcp files:write");
          await consent(transport);
          assert.match((await call()).content[0].text, /written/);
          assert.equal(written, 1);
          await client.close();
        } finally {
          await server.stop();
          await authorizationServer.stop();
        }
      });
    }
  });
}
