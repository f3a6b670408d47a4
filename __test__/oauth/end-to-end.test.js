/** A real authorization server, the official SDK's client, a real mcp-framework server: nothing by hand. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { OAuthAuthProvider } from "mcp-native-auth";
import {
  authorize,
  INTROSPECTION_CLIENT,
  startAuthorizationServer,
} from "../support/authorization-server.js";
import { REDIRECT_URL, Session } from "../support/oauth-session.js";
import { HTTP_STREAM, SSE, startServer, withoutFrameworkLog } from "../support/servers.js";

const TRANSPORTS = { [HTTP_STREAM]: StreamableHTTPClientTransport, [SSE]: SSEClientTransport };

/** Connects as an application does: once to find out how, and again with the token. */
async function connect(kind, url) {
  const session = new Session();
  const open = () => new TRANSPORTS[kind](url, { authProvider: session });
  const first = open();
  await assert.rejects(new Client({ name: "client", version: "1.0.0" }).connect(first), /Unauthorized/);
  const callback = await authorize(session.authorizationUrl, REDIRECT_URL);
  await first.finishAuth(callback.searchParams.get("code"));
  const client = new Client({ name: "client", version: "1.0.0" });
  await client.connect(open());
  return { client, session };
}

async function whoAmI(client) {
  const { content } = await client.callTool({ name: "whoami", arguments: {} });
  return JSON.parse(content[0].text);
}

async function statusOf(url, token) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  await response.arrayBuffer();
  return response.status;
}

withoutFrameworkLog();

describe("access tokens that are JWTs", () => {
  for (const kind of [HTTP_STREAM, SSE]) {
    it(`${kind}: from the 401 to the answer of a tool`, async () => {
      const authorizationServer = await startAuthorizationServer();
      const { issuer } = authorizationServer;
      const server = await startServer({
        transport: kind,
        endpoints: { sse: true, messages: true },
        provider: (url) => new OAuthAuthProvider({ resource: url.href, authorizationServers: [issuer] }),
      });
      try {
        const { client, session } = await connect(kind, server.url);
        const context = await whoAmI(client);
        assert.deepEqual([context.iss, context.aud, context.sub], [issuer, server.url.href, "alice"]);
        assert.equal(context.token, session.saved.access_token);
        await client.close();
      } finally {
        server.provider.close();
        await server.stop();
        await authorizationServer.stop();
      }
    });
  }

  it("a token for another resource is rejected, and so is the key that was rotated out", async () => {
    const authorizationServer = await startAuthorizationServer();
    const provider = (url) =>
      new OAuthAuthProvider({ resource: url.href, authorizationServers: [authorizationServer.issuer] });
    const here = await startServer({ transport: HTTP_STREAM, provider });
    const there = await startServer({ transport: HTTP_STREAM, provider });
    try {
      const { client, session } = await connect(HTTP_STREAM, here.url);
      await client.close();
      const old = session.saved.access_token;
      assert.equal(await statusOf(there.url, old), 401);
      assert.notEqual(await statusOf(here.url, old), 401);

      authorizationServer.rotate({ keep: false });
      const again = await connect(HTTP_STREAM, here.url);
      assert.equal((await whoAmI(again.client)).sub, "alice");
      await again.client.close();
      assert.equal(await statusOf(here.url, old), 401, "withdrawn as soon as a newer set was read");
    } finally {
      for (const server of [here, there]) {
        server.provider.close();
        await server.stop();
      }
      await authorizationServer.stop();
    }
  });

  it("when the issuer is down, known keys keep working and others are answered with 503", async () => {
    const authorizationServer = await startAuthorizationServer();
    const provider = (url) =>
      new OAuthAuthProvider({ resource: url.href, authorizationServers: [authorizationServer.issuer] });
    const warm = await startServer({ transport: HTTP_STREAM, provider });
    const cold = await startServer({ transport: HTTP_STREAM, provider: () => provider(warm.url) });
    try {
      const { client, session } = await connect(HTTP_STREAM, warm.url);
      await authorizationServer.stop();
      assert.equal((await whoAmI(client)).sub, "alice");
      await client.close();
      const response = await fetch(cold.url, {
        method: "POST",
        headers: {
          authorization: `Bearer ${session.saved.access_token}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} }),
      });
      assert.equal(response.status, 503);
      assert.match(response.headers.get("retry-after"), /^[1-9]\d*$/);
      assert.equal(response.headers.get("www-authenticate"), null);
    } finally {
      for (const server of [warm, cold]) {
        server.provider.close();
        await server.stop();
      }
    }
  });
});

describe("opaque access tokens", () => {
  it("are introspected, and a revocation is seen", async () => {
    const authorizationServer = await startAuthorizationServer({ format: "opaque" });
    const { issuer } = authorizationServer;
    const validation = { type: "introspection", introspection: { ...INTROSPECTION_CLIENT, cacheTTL: 0 } };
    const server = await startServer({
      transport: HTTP_STREAM,
      provider: (url) =>
        new OAuthAuthProvider({ resource: url.href, authorizationServers: [issuer], validation }),
    });
    try {
      const { client, session } = await connect(HTTP_STREAM, server.url);
      assert.equal((await whoAmI(client)).sub, "alice");
      const token = session.saved.access_token;
      const { revocation_endpoint: endpoint } = await (
        await fetch(`${issuer}/.well-known/openid-configuration`)
      ).json();
      const { client_id } = session.client;
      const revoked = await fetch(endpoint, {
        method: "POST",
        body: new URLSearchParams({ token, client_id }),
      });
      assert.equal(revoked.status, 200);
      // Rejections are remembered, acceptances are not.
      await sleep(1);
      assert.equal(await statusOf(server.url, token), 401);
      await client.close();
    } finally {
      server.provider.close();
      await server.stop();
      await authorizationServer.stop();
    }
  });
});
