/** `node --import mcp-native-auth/register/guard`: the guard without a change of the source. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import jwt from "jsonwebtoken";
import { project, runJson } from "../../support/project.js";

const GUARD = ["--import", "mcp-native-auth/register/guard"];
const STRICT = ["--import", "mcp-native-auth/register/strict"];
const PLAIN = ["--import", "mcp-native-auth/register"];
const INSTALLED = { dependencies: ["mcp-framework", "zod"] };
const SECRET = "Zq81-0f8d27c61be94a7350d2c8f1e6a3b975";
const TOKEN = jwt.sign({ sub: "alice" }, SECRET, { expiresIn: 600 });

/** A server as its author wrote it. Prints what it answers over HTTP and to a serverless request. */
const SERVER = `
  import { once } from "node:events";
  import net from "node:net";
  import { JWTAuthProvider, MCPServer, MCPTool } from "mcp-framework";
  import { z } from "zod";
  class Any extends MCPTool {
    name = "any";
    description = "Any";
    schema = z.object({});
  }
  const free = net.createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  free.close();
  const provider = new JWTAuthProvider({ secret: ${JSON.stringify(SECRET)} });
  const transport = { type: "http-stream", options: { port, auth: { provider } } };
  const server = new MCPServer({ name: "any", version: "1.0.0", basePath: process.cwd(), transport, auth: { provider } });
  server.addTool(Any);
  server.start();
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    authorization: process.env.AUTHORIZATION,
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  const url = \`http://127.0.0.1:\${port}/mcp\`;
  let overHttp;
  while (overHttp === undefined) {
    overHttp = await fetch(url, { method: "POST", headers, body: "{" }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const serverless = await server.handleRequest(new Request("https://mcp.example.com/mcp", { method: "POST", headers, body }));
  console.log(JSON.stringify({ overHttp: overHttp.status, serverless: serverless.status }));
  process.exit();
`;

/** A body that is no JSON: 500 by the framework alone, whoever asks. Two words: 401 by it, 400 by a gate. */
const CASES = [
  ["without it", PLAIN, `Bearer ${TOKEN}`, { overHttp: 500, serverless: 200 }],
  ["with it", GUARD, `Bearer ${TOKEN}`, { overHttp: 400, serverless: 200 }],
  ["with it, without a token", GUARD, "Bearer a b", { overHttp: 400, serverless: 400 }],
  [
    "with the strict switch as well",
    [...GUARD, ...STRICT],
    "Bearer a.b.c",
    { overHttp: 401, serverless: 401 },
  ],
  ["the strict switch first", [...STRICT, ...GUARD], `Bearer ${TOKEN}`, { overHttp: 400, serverless: 200 }],
];

const PARENT = `
  import { fork } from "node:child_process";
  fork("./server.js", { execArgv: [] });
`;

describe("register/guard", () => {
  const folder = project({ "server.js": SERVER, "parent.js": PARENT }, INSTALLED);
  for (const [name, args, authorization, expected] of CASES) {
    it(`guards a server as it stands: ${name}`, () => {
      const { stderr, ...printed } = runJson(folder, "server.js", {
        args,
        env: { AUTHORIZATION: authorization },
      });
      assert.deepEqual(printed, expected);
    });
  }

  it("is inherited", () => {
    const env = { AUTHORIZATION: `Bearer ${TOKEN}` };
    const { stderr, ...printed } = runJson(folder, "parent.js", { args: GUARD, env });
    assert.deepEqual(printed, { overHttp: 400, serverless: 200 });
  });

  it("throws for a server with no provider or two, and leaves alone one with only the console", () => {
    const source = `
      import { JWTAuthProvider, MCPServer } from "mcp-framework";
      const sse = (port, secret) =>
        ({ type: "sse", options: { port, auth: { provider: new JWTAuthProvider({ secret }) } } });
      const printed = [];
      for (const transports of [
        [{ type: "sse" }],
        [sse(8081, process.env.OTHER), sse(8082, process.env.OTHER)],
        [{ type: "stdio" }],
      ]) {
        const server = new MCPServer({ name: "any", version: "1.0.0", basePath: process.cwd(), transports });
        server.ensureInitialized = async () => { throw new Error("started"); };
        const { code, message } = await server.start().catch((reason) => reason);
        printed.push([code, message]);
      }
      console.log(JSON.stringify({ printed }));
      process.exit();
    `;
    const unfit = project({ "server.js": source }, INSTALLED);
    const { printed } = runJson(unfit, "server.js", { args: GUARD, env: { OTHER: SECRET } });
    const [none, two, onlyConsole] = printed;
    assert.equal(none[0], "ERR_MCP_AUTH_OPTION_INVALID");
    assert.match(none[1], /which has 0/);
    assert.equal(two[0], "ERR_MCP_AUTH_OPTION_INVALID");
    assert.match(two[1], /which has 2/);
    // By `undefined`, which JSON writes so.
    assert.deepEqual(onlyConsole, [null, "started"]);
  });
});
