/** Two users of one mcp-framework server: each gets what is its own. Without the guard the framework mixes them up. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import jwt from "jsonwebtoken";
import { getRequestContext, MCPTool } from "mcp-framework";
import { currentAuth, JWTAuthProvider, requireAuth } from "mcp-native-auth";
import { z } from "zod";
import { JWT_SECRET } from "../../support/credentials.js";
import { HTTP_STREAM, SSE, startServer, withoutFrameworkLog } from "../../support/servers.js";

const CLIENTS = { [SSE]: SSEClientTransport, [HTTP_STREAM]: StreamableHTTPClientTransport };
const USERS = ["alice", "bob"];
const CALLS = 500;
const WAVE = 20;

const warnings = [];
process.on("warning", ({ code }) => warnings.push(code));

withoutFrameworkLog();

/** Says whose request it serves, after a while in which others begin. */
class Mine extends MCPTool {
  name = "mine";
  description = "Whose request this is";
  schema = z.object({ round: z.number().describe("Number of the round") });
  useStringify = false;

  async execute({ round }) {
    await this.reportProgress(round, 1, getRequestContext().sub);
    await wait(round % 3);
    await this.reportProgress(round, 1, getRequestContext().sub);
    return JSON.stringify({ round, context: getRequestContext().sub, auth: currentAuth()?.extra.sub });
  }
}

const provider = new JWTAuthProvider({ secret: JWT_SECRET });
const tokenOf = (sub) => jwt.sign({ sub }, JWT_SECRET, { expiresIn: 600 });

/** A server and a client of each user. */
async function withUsers({ transport, isGuarded, config, users = USERS }, use) {
  const server = await startServer({
    transport,
    provider,
    endpoints: { sse: true, messages: true },
    tools: [Mine],
    config,
    prepare: isGuarded ? requireAuth(provider).guard : undefined,
  });
  const clients = [];
  try {
    for (const user of users) {
      const client = new Client({ name: user, version: "1.0.0" });
      const headers = { authorization: `Bearer ${tokenOf(user)}` };
      const withToken = (url, init) =>
        fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers } });
      clients.push(client);
      await client.connect(
        new CLIENTS[transport](server.url, { fetch: withToken, eventSourceInit: { fetch: withToken } }),
      );
    }
    await use(clients, server);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  }
}

/** Calls with equal ids at the same time. Gives how many answers, and how much progress, were of somebody else. */
async function interleave(clients, calls, timeout = 20_000) {
  const crossed = { answers: 0, progress: 0, seen: 0 };
  const call = async (client, user, round) => {
    const onprogress = ({ message }) => {
      crossed.seen += 1;
      crossed.progress += message === user ? 0 : 1;
    };
    const request = { name: "mine", arguments: { round } };
    const options = { onprogress, timeout };
    const answer = await client.callTool(request, undefined, options).catch(() => undefined);
    const expected = JSON.stringify({ round, context: user, auth: user });
    const got = answer?.content[0].text;
    const isOwn = got === expected || JSON.parse(got ?? "{}").context === user;
    crossed.answers += isOwn ? 0 : 1;
    return got === expected;
  };
  const whole = [];
  for (let first = 0; first < calls; first += WAVE) {
    const rounds = Array.from({ length: Math.min(WAVE, calls - first) }, (_, index) => first + index);
    const wave = rounds.flatMap((round) => clients.map((client, index) => call(client, USERS[index], round)));
    whole.push(...(await Promise.all(wave)));
  }
  return { ...crossed, whole: whole.filter(Boolean).length };
}

for (const transport of Object.keys(CLIENTS)) {
  describe(transport, () => {
    it("keeps answers and progress of two users apart under the guard", async () => {
      await withUsers({ transport, isGuarded: true }, async (clients) => {
        const { seen, ...crossed } = await interleave(clients, CALLS);
        assert.deepEqual(crossed, { answers: 0, progress: 0, whole: USERS.length * CALLS });
        assert.ok(seen > 0);
      });
    });
  });
}

it("keeps tasks for the user that began them", async () => {
  const config = { tasks: { enabled: true } };
  await withUsers({ transport: HTTP_STREAM, isGuarded: true, config }, async (_clients, { server }) => {
    const request = (user, method, params) =>
      fetch(`http://127.0.0.1:${server.transportConfigs[0].options.port}/mcp`, {
        method: "POST",
        headers: {
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          authorization: `Bearer ${tokenOf(user)}`,
          ...sessions[user],
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
    const sessions = {};
    const ask = async (user, method, params) => {
      const text = await (await request(user, method, params)).text();
      return JSON.parse(/^data: (.*)$/m.exec(text)[1]);
    };
    for (const user of USERS) {
      const clientInfo = { name: user, version: "1.0.0" };
      const begun = await request(user, "initialize", {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo,
      });
      await begun.text();
      sessions[user] = { "mcp-session-id": begun.headers.get("mcp-session-id") };
    }
    const params = { name: "mine", arguments: { round: 1 } };
    const { taskId } = server._taskManager.createTask();
    const began = await ask("alice", "tasks/list", {});
    assert.deepEqual(began.result.tasks, [], `${taskId} is of the server itself`);
    server.toolsMap.get("mine").toolCall = async () => ({ content: [{ type: "text", text: "of alice" }] });
    Object.defineProperty(server.toolsMap.get("mine"), "toolDefinition", {
      value: { name: "mine", execution: { taskSupport: "optional" } },
    });
    const { result } = await ask("alice", "tools/call", { ...params, task: {} });
    const own = { taskId: result.task.taskId };
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      assert.match((await ask("bob", method, own)).error.message, /not found/, method);
    }
    assert.deepEqual((await ask("bob", "tasks/list", {})).result.tasks, []);
    assert.equal((await ask("alice", "tasks/list", {})).result.tasks.length, 1);
    assert.equal((await ask("alice", "tasks/result", own)).result.content[0].text, "of alice");
  });
});

it("mixes them up without it, and warns once of two principals on one HTTP stream", async () => {
  const code = "MCP_NATIVE_AUTH_SHARED_ANSWERS";
  const given = () => warnings.filter((one) => one === code).length;
  await withUsers({ transport: HTTP_STREAM, isGuarded: false, users: ["alice", "alice"] }, () => {});
  await withUsers({ transport: SSE, isGuarded: false }, () => {});
  assert.equal(given(), 0);
  await withUsers({ transport: HTTP_STREAM, isGuarded: false }, async (clients) => {
    const { answers } = await interleave(clients, 5, 1000);
    assert.ok(answers > 0);
    assert.equal(given(), 1);
  });
  await withUsers({ transport: SSE, isGuarded: false }, async (clients) => {
    const { progress } = await interleave(clients, 5, 1000);
    assert.ok(progress > 0);
  });
});
