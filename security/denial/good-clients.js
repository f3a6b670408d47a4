/** Clients with a good credential that ask at a steady pace, whatever else goes on: the SDK's and a raw one. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { openClients } from "../../bench/server/clients.js";
import { SSE } from "../../bench/server/names.js";

const CALLS_PER_SECOND = 20;

/**
 * Connects both to the server at `url`. `callFor(milliseconds)` resolves to what they saw; `close()` ends
 * them.
 */
export async function connectGoodClients({ transport, url, good, identity }) {
  const sdk = new Client({ name: "good", version: "1.0.0" });
  const Transport = transport === SSE ? SSEClientTransport : StreamableHTTPClientTransport;
  await sdk.connect(new Transport(new URL(url), { requestInit: { headers: good } }));
  const raw = await openClients({
    transport,
    port: Number(new URL(url).port),
    count: 1,
    admission: good,
    credentials: [good],
  });
  const callTool = async () => {
    const { content } = await sdk.callTool({ name: "whoami", arguments: {} });
    assert.deepEqual(JSON.parse(content[0].text), identity);
  };
  return {
    async callFor(milliseconds) {
      const seen = await Promise.all([paced(callTool, milliseconds), paced(raw.clients[0], milliseconds)]);
      return {
        latencies: seen.flatMap(({ latencies }) => latencies),
        failures: seen.flatMap(({ failures }) => failures),
      };
    },
    async close() {
      raw.close();
      await sdk.close();
    },
  };
}

/**
 * Calls one after the other, each when it is due or, if the one before took that long, as soon as it can:
 * latencies count from when it was due, so that waiting does not go unseen.
 */
async function paced(call, milliseconds) {
  const latencies = [];
  const failures = [];
  const start = performance.now();
  for (let n = 0; performance.now() < start + milliseconds; n += 1) {
    const due = start + (n * 1000) / CALLS_PER_SECOND;
    await sleep(Math.max(0, due - performance.now()));
    try {
      await call(n);
      latencies.push(performance.now() - due);
    } catch (error) {
      failures.push(error.message);
    }
  }
  return { latencies, failures };
}
