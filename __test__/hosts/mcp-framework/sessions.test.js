/** Keys with a life behind real mcp-framework servers: what reaches a tool, and what ends in the middle of a session. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { APIKeyAuthProvider, generateApiKey } from "mcp-native-auth";
import { HTTP_STREAM, SSE, startServer, withoutFrameworkLog } from "../../support/servers.js";

const CLIENTS = { [SSE]: SSEClientTransport, [HTTP_STREAM]: StreamableHTTPClientTransport };
const GATED = { sse: true, messages: true };
const [KEY, OTHER, NEXT] = Array.from({ length: 3 }, () => generateApiKey().key);
const hashOf = (key) => `sha256:${createHash("sha256").update(key).digest("hex")}`;

withoutFrameworkLog();

/** Runs `use` with a server of this transport, and stops it. */
async function withServer(transport, provider, use) {
  const server = await startServer({ transport, provider, endpoints: GATED });
  const clients = [];
  /** A session of the official client; `headers` may be changed while it goes on. */
  const connect = async (key) => {
    const headers = { "X-API-Key": key };
    const client = new Client({ name: "sessions", version: "1.0.0" });
    const withHeaders = (url, init) => {
      const all = new Headers(init?.headers);
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
      return fetch(url, { ...init, headers: all });
    };
    clients.push(client);
    await client.connect(
      new CLIENTS[transport](server.url, { fetch: withHeaders, eventSourceInit: { fetch: withHeaders } }),
    );
    const whoami = async () => {
      const { content } = await client.callTool({ name: "whoami", arguments: {} });
      return JSON.parse(content[0].text);
    };
    return { headers, whoami };
  };
  try {
    await use(connect);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  }
}

const refused = (error) => {
  assert.match(`${error.code} ${error.message}`, /\b401\b/);
  return true;
};

for (const transport of Object.keys(CLIENTS)) {
  describe(transport, () => {
    it("hands id, scopes, metadata and end of the key of each request to the tool; nothing of a plain one", async () => {
      const expiresAt = "2999-01-31T00:00:00.000Z";
      const entry = {
        hash: hashOf(KEY),
        id: "billing",
        scopes: ["read"],
        metadata: { team: { id: 7 } },
        expiresAt,
      };
      const provider = new APIKeyAuthProvider({ keys: [entry, { key: OTHER, id: "other" }, NEXT] });
      await withServer(transport, provider, async (connect) => {
        const [billing, other, plain] = [await connect(KEY), await connect(OTHER), await connect(NEXT)];
        const { hash, id, ...more } = entry;
        const answers = await Promise.all([billing, other, plain, billing].map(({ whoami }) => whoami()));
        const ofBilling = { keyId: "billing", ...more };
        const ofOther = { keyId: "other", scopes: [], metadata: {} };
        assert.deepEqual(answers, [ofBilling, ofOther, {}, ofBilling]);
      });
    });

    const ends = {
      "expires, by the clock,": {
        entry: (now) => ({ expiresAt: new Date(now + 60_000) }),
        end: (_provider, clock, now) => clock.setTime(now + 60_000),
      },
      "is revoked": { entry: () => ({}), end: (provider) => provider.revokeKey("a") },
      "is replaced": {
        entry: () => ({}),
        end: (provider) => provider.replaceKey("a", { key: NEXT, id: "next" }),
      },
      "is no longer among those that are loaded": {
        entry: () => ({}),
        isLoaded: true,
        end: (provider, _clock, _now, keys) => {
          keys.shift();
          return provider.reload();
        },
      },
    };
    for (const [name, { entry, isLoaded, end }] of Object.entries(ends)) {
      it(`a key that ${name} in a session gets 401 on the very next message; another one's goes on`, async (t) => {
        const now = Date.now();
        t.mock.timers.enable({ apis: ["Date"], now });
        const keys = [
          { key: KEY, id: "a", ...entry(now) },
          { key: OTHER, id: "b" },
        ];
        const provider = new APIKeyAuthProvider(isLoaded ? { loadKeys: () => keys } : { keys });
        await withServer(transport, provider, async (connect) => {
          const [ending, other] = [await connect(KEY), await connect(OTHER)];
          assert.equal((await ending.whoami()).keyId, "a");
          assert.equal((await other.whoami()).keyId, "b");
          await end(provider, t.mock.timers, now, keys);
          await assert.rejects(ending.whoami(), refused);
          assert.equal((await other.whoami()).keyId, "b");
          await assert.rejects(connect(KEY), refused);
        });
      });
    }

    it("a rotation with overlap under load loses no request, and the old key ends with its overlap", async (t) => {
      const now = Date.now();
      t.mock.timers.enable({ apis: ["Date"], now });
      const provider = new APIKeyAuthProvider({ keys: [{ key: KEY, id: "0" }] });
      await withServer(transport, provider, async (connect) => {
        const sessions = await Promise.all(Array.from({ length: 4 }, () => connect(KEY)));
        const rotations = 5;
        let goesOn = true;
        let answered = 0;
        const seen = new Set();
        const load = sessions.map(async ({ whoami }) => {
          while (goesOn) {
            seen.add((await whoami()).keyId);
            answered += 1;
          }
        });
        const served = async (more) => {
          const until = answered + more;
          // A request that fails ends the load, and the wait.
          while (answered < until && goesOn) await new Promise(setImmediate);
        };
        const all = Promise.all(load).finally(() => {
          goesOn = false;
        });
        all.catch(() => {});
        for (let number = 1; number <= rotations; number += 1) {
          await served(10);
          const { key } = generateApiKey();
          provider.replaceKey(String(number - 1), { key, id: String(number) }, { overlapSeconds: 60 });
          // Clients get the new key one by one.
          for (const { headers } of sessions) {
            await served(3);
            headers["X-API-Key"] = key;
          }
        }
        await served(10);
        goesOn = false;
        await all;
        assert.deepEqual([...seen].sort(), ["0", "1", "2", "3", "4", "5"]);
        assert.ok(answered >= rotations * 22);

        t.mock.timers.setTime(now + 60_000);
        assert.equal((await sessions[0].whoami()).keyId, "5");
        sessions[1].headers["X-API-Key"] = KEY;
        await assert.rejects(sessions[1].whoami(), refused);
      });
    });
  });
}
