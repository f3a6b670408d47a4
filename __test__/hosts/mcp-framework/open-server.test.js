/** A server that is open to anyone although a provider was made says so, once, with the line to change; no other does. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { generateApiKey } from "mcp-native-auth";
import { freePort } from "../../support/free-port.js";
import { project, runJson } from "../../support/project.js";

const { key: KEY } = generateApiKey();

/** Clients that do what the protocol says, and what they were answered. */
const CLIENTS = `
  const JSON_RPC = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const MESSAGES = [
    { id: 1, method: "initialize",
      params: { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "c", version: "1" } } },
    { method: "notifications/initialized" },
    { id: 2, method: "tools/list" },
    { id: 3, method: "tools/list" },
  ];
  const body = (message) => JSON.stringify({ jsonrpc: "2.0", ...message });

  export async function up(port) {
    for (;;) {
      try {
        return await fetch("http://127.0.0.1:" + port + "/health");
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  export async function httpStream(port, credential = {}) {
    await up(port);
    const session = {};
    const statuses = [];
    for (const message of MESSAGES) {
      const headers = { ...JSON_RPC, ...credential, ...session };
      const response = await fetch("http://127.0.0.1:" + port + "/mcp", { method: "POST", headers, body: body(message) });
      await response.text();
      statuses.push(response.status);
      const id = response.headers.get("mcp-session-id");
      if (id) session["mcp-session-id"] = id;
    }
    return statuses;
  }

  export async function sse(port, credential = {}) {
    await up(port);
    const stream = await fetch("http://127.0.0.1:" + port + "/sse", { headers: credential });
    const { value } = await stream.body.getReader().read();
    const [, endpoint] = /data: (\\S+)/.exec(Buffer.from(value)) ?? [, "/messages?sessionId=none"];
    const statuses = [stream.status];
    for (const message of MESSAGES) {
      const headers = { "content-type": "application/json", ...credential };
      const response = await fetch("http://127.0.0.1:" + port + endpoint, { method: "POST", headers, body: body(message) });
      statuses.push(response.status);
    }
    return statuses;
  }

  export async function handleRequest(server, credential = {}) {
    const statuses = [];
    for (const message of MESSAGES) {
      const headers = { ...JSON_RPC, ...credential };
      const request = new Request("https://host.example/mcp", { method: "POST", headers, body: body(message) });
      statuses.push((await server.handleRequest(request)).status);
    }
    return statuses;
  }

  export async function lambda(server, credential = {}) {
    const handler = server.createLambdaHandler();
    const statuses = [];
    for (const message of MESSAGES) {
      const http = { method: "POST", path: "/mcp", sourceIp: "192.0.2.1" };
      const event = { version: "2.0", rawPath: "/mcp", rawQueryString: "", requestContext: { http },
        headers: { ...JSON_RPC, ...credential }, body: body(message), isBase64Encoded: false };
      statuses.push((await handler(event, {})).statusCode);
    }
    return statuses;
  }

  export async function plain(port, credential = {}) {
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      const options = { method: "POST", headers: { ...JSON_RPC, ...credential }, body: "{}" };
      statuses.push((await fetch("http://127.0.0.1:" + port + "/messages?sessionId=1", options)).status);
    }
    return statuses;
  }`;

const SERVER = `
  import { MCPServer, MCPTool } from "mcp-framework";
  import { z } from "zod";
  class Greeting extends MCPTool {
    name = "greeting";
    description = "A greeting";
    schema = z.object({});
    async execute() {
      return "Hello";
    }
  }
  export function server(config) {
    const made = new MCPServer({ name: "open", version: "1.0.0", basePath: import.meta.dirname, ...config });
    made.addTool(Greeting);
    return made;
  }
  export function start(config) {
    const made = server(config);
    made.start();
  }`;

const PROVIDER = `
  import { APIKeyAuthProvider } from "mcp-native-auth";
  export const provider = new APIKeyAuthProvider({ keys: ["${KEY}"] });`;

const FILES = {
  "clients.mjs": CLIENTS,
  "server.mjs": SERVER,
  "provider.mjs": PROVIDER,
  "warnings.cjs": `globalThis.warnings = []; process.on("warning", ({ code, message }) => code?.startsWith("MCP_NATIVE_AUTH") && warnings.push([code, message]));`,
};

/** The framework is imported first, as applications mostly do. */
const BEFORE = `import { server, start } from "./server.mjs"; import { provider } from "./provider.mjs";`;
const AFTER = `import { provider } from "./provider.mjs"; import { server, start } from "./server.mjs";`;
const BY_SWITCH = `
  import { server, start } from "./server.mjs";
  import { APIKeyAuthProvider } from "mcp-framework";
  const provider = new APIKeyAuthProvider({ keys: ["${KEY}"] });`;
const LINKED = `
  import * as framework from "mcp-framework";
  import { linkFramework } from "mcp-native-auth";
  linkFramework(framework);
  ${BEFORE}`;
const GOOD_KEY = `{ "x-api-key": "${KEY}" }`;
const HTTP = (auth) => `{ type: "http-stream", options: { port, ${auth} } }`;
const SSE = (auth) => `{ type: "sse", options: { port, ${auth} } }`;

const START = [
  "MCP_NATIVE_AUTH_OPEN_SERVER",
  "mcp-framework answers requests and asks no provider of this package, so the server is open to anyone; start() " +
    "ignores `auth` at the top level of MCPServer: set `transport: { options: { auth: { provider } } }` instead",
];
const SERVERLESS = [
  "MCP_NATIVE_AUTH_OPEN_SERVER",
  "mcp-framework answers requests and asks no provider of this package, so the server is open to anyone; " +
    "handleRequest() and createLambdaHandler() ignore `transport.options.auth`: set `auth: { provider }` at the top " +
    "level of MCPServer instead",
];
const STREAM = [
  "MCP_NATIVE_AUTH_OPEN_STREAM",
  "SSE streams are open to anyone, as a provider is asked about messages alone; set `endpoints: { sse: true }` next " +
    "to `provider` in `transport.options.auth`",
];

const [ANSWERED, REJECTED] = [
  [200, 202, 200, 200],
  [401, 401, 401, 401],
];
const OVER_SSE = [200, 202, 202, 202, 202];

/** What the application does, as `statuses`; what clients are answered; what it warns of. */
const CASES = {
  "`auth` at the top level, with start() over HTTP stream, and many clients": [
    `${BEFORE} start({ auth: { provider }, transport: ${HTTP("")} });
    await httpStream(port); await httpStream(port); const statuses = await httpStream(port);`,
    ANSWERED,
    [START],
  ],
  "the same, with a provider that is made before the framework is imported": [
    `${AFTER} start({ auth: { provider }, transport: ${HTTP("")} }); const statuses = await httpStream(port);`,
    ANSWERED,
    [START],
  ],
  "the same, over SSE": [
    `${BEFORE} start({ auth: { provider }, transport: ${SSE("")} }); const statuses = await sse(port);`,
    OVER_SSE,
    [START],
  ],
  "the same, after linkFramework": [
    `${LINKED} start({ auth: { provider }, transport: ${HTTP("")} }); const statuses = await httpStream(port);`,
    ANSWERED,
    [START],
  ],
  "the same, under the switch": [
    `${BY_SWITCH} start({ auth: { provider }, transport: ${HTTP("")} }); const statuses = await httpStream(port);`,
    ANSWERED,
    [START],
    ["--import", "mcp-native-auth/register"],
  ],
  "no `auth` anywhere": [
    `${BEFORE} provider; start({ transport: ${HTTP("")} }); const statuses = await httpStream(port);`,
    ANSWERED,
    [START],
  ],
  "`transport.options.auth`, with handleRequest()": [
    `${BEFORE} const made = server({ transport: ${HTTP("auth: { provider }")} });
    const statuses = await handleRequest(made);`,
    ANSWERED,
    [SERVERLESS],
  ],
  "the same, on a server of Node": [
    `${BEFORE} import http from "node:http";
    const made = server({ transport: ${HTTP("auth: { provider }")} });
    // The first answers are sent when there are two: the server of Node then has three requests, handleRequest() two.
    let handled = 0;
    const two = {};
    two.promise = new Promise((resolve) => Object.assign(two, { resolve }));
    http.createServer(async (request, response) => {
      const chunks = await request.toArray();
      const body = request.method === "POST" ? Buffer.concat(chunks) : undefined;
      const init = { method: request.method, headers: request.headers, body };
      const answer = await made.handleRequest(new Request("http://127.0.0.1" + request.url, init));
      if (body !== undefined && (handled += 1) === 2) two.resolve();
      if (body !== undefined) await two.promise;
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    }).listen(port, "127.0.0.1");
    const [statuses] = await Promise.all([httpStream(port), httpStream(port)]);`,
    ANSWERED,
    [SERVERLESS],
  ],
  "`transport.options.auth`, on Lambda": [
    `${BEFORE} import { anyOf } from "mcp-native-auth";
    const made = server({ transport: ${HTTP("auth: { provider: anyOf([provider]) }")} });
    const statuses = await lambda(made);`,
    ANSWERED,
    [SERVERLESS],
  ],
  "SSE without `endpoints.sse`": [
    `${BEFORE} start({ transport: ${SSE("auth: { provider }")} });
    await sse(port, ${GOOD_KEY}); const statuses = await sse(port, ${GOOD_KEY});`,
    OVER_SSE,
    [STREAM],
  ],
  "the same next to HTTP stream, of which GET requests are asked about": [
    `${BEFORE}
    start({ transports: [${SSE("auth: { provider }")}, { type: "http-stream", options: { port: other, auth: { provider } } }] });
    await httpStream(other, ${GOOD_KEY});
    await fetch("http://127.0.0.1:" + other + "/mcp", { headers: ${GOOD_KEY} });
    const statuses = await sse(port, ${GOOD_KEY});`,
    OVER_SSE,
    [STREAM],
  ],

  "HTTP stream as it should be": [
    `${BEFORE} start({ transport: ${HTTP("auth: { provider }")} });
    const statuses = await httpStream(port, ${GOOD_KEY});`,
    ANSWERED,
    [],
  ],
  "another server behind requireAuth": [
    `${BEFORE} import http from "node:http";
    import { requireAuth } from "mcp-native-auth";
    const auth = requireAuth(provider);
    http.createServer((request, response) => auth.express(request, response, () => response.end())).listen(port, "127.0.0.1");
    const statuses = await httpStream(port, ${GOOD_KEY});`,
    [200, 200, 200, 200],
    [],
  ],
  "HTTP stream as it should be, whose clients have no key": [
    `${BEFORE} start({ transport: ${HTTP("auth: { provider }")} }); const statuses = await httpStream(port);`,
    REJECTED,
    [],
  ],
  "HTTP stream whose initialization is open on purpose": [
    `${BEFORE} start({ transport: ${HTTP("auth: { provider, endpoints: { sse: false } }")} });
    const statuses = await httpStream(port, ${GOOD_KEY});`,
    ANSWERED,
    [],
  ],
  "SSE as it should be": [
    `${BEFORE} start({ transport: ${SSE("auth: { provider, endpoints: { sse: true } }")} });
    const statuses = await sse(port, ${GOOD_KEY});`,
    OVER_SSE,
    [],
  ],
  "SSE whose client comes back with a session of before": [
    `${BEFORE} start({ transport: ${SSE("auth: { provider, endpoints: { sse: true } }")} });
    await up(port); const statuses = await plain(port, ${GOOD_KEY});`,
    [404, 404, 404, 404, 404],
    [],
  ],
  "handleRequest() as it should be": [
    `${BEFORE} const made = server({ auth: { provider } }); const statuses = await handleRequest(made, ${GOOD_KEY});`,
    ANSWERED,
    [],
  ],
  "Lambda as it should be, under the switch": [
    `${BY_SWITCH} const made = server({ auth: { provider } }); const statuses = await lambda(made, ${GOOD_KEY});`,
    ANSWERED,
    [],
    ["--import", "mcp-native-auth/register"],
  ],
  "no provider at all": [
    `import { start } from "./server.mjs"; import "mcp-native-auth";
    start({ transport: ${HTTP("")} }); const statuses = await httpStream(port);`,
    ANSWERED,
    [],
  ],
  "no provider at all, after linkFramework": [
    `import * as framework from "mcp-framework"; import { linkFramework } from "mcp-native-auth"; linkFramework(framework);
    import { server, start } from "./server.mjs";
    start({ transport: ${HTTP("")} }); const statuses = await httpStream(port); await handleRequest(server({}));`,
    ANSWERED,
    [],
  ],
  "another server that asks a provider itself": [
    `${BEFORE} import http from "node:http";
    http.createServer(async (request, response) => {
      response.writeHead((await provider.authenticate(request)) ? 202 : 401).end();
    }).listen(port, "127.0.0.1");
    const statuses = await plain(port, ${GOOD_KEY});`,
    [202, 202, 202, 202, 202],
    [],
  ],
  "another server, of no MCP, in a process with the framework": [
    `${BEFORE} import http from "node:http";
    provider;
    http.createServer((request, response) => response.end()).listen(port, "127.0.0.1");
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push((await fetch("http://127.0.0.1:" + port, { method: n % 2 ? "POST" : "GET" })).status);
    }`,
    [200, 200, 200, 200, 200],
    [],
  ],
};

let folder;
before(() => {
  folder = project(FILES, { dependencies: ["mcp-framework", "zod"] });
});

it("watching ends, and leaves nothing behind, with the first question to a provider", () => {
  const main = `
    import diagnostics from "node:diagnostics_channel";
    import * as framework from "mcp-framework";
    import { linkFramework } from "mcp-native-auth";
    import { provider } from "./provider.mjs";
    const { handleRequest } = framework.MCPServer.prototype;
    const state = () => [
      diagnostics.channel("http.server.response.finish").hasSubscribers,
      framework.MCPServer.prototype.handleRequest === handleRequest,
    ];
    const before = state();
    linkFramework(framework);
    const watching = state();
    await provider.authenticate({ headers: {} });
    console.log(JSON.stringify({ before, watching, after: state() }));
    process.exit();`;
  writeFileSync(path.join(folder, "main.mjs"), main);
  const { stderr, ...states } = runJson(folder, "main.mjs");
  assert.deepEqual(states, { before: [false, true], watching: [true, false], after: [false, true] });
});

describe("the process warnings of", () => {
  for (const [name, [source, statuses, warnings, args = []]] of Object.entries(CASES)) {
    it(name, async () => {
      const main = `
        import { handleRequest, httpStream, lambda, plain, sse, up } from "./clients.mjs";
        const [port, other] = ${JSON.stringify([await freePort(), await freePort()])};
        ${source}
        await new Promise((resolve) => setTimeout(resolve, 20));
        console.log(JSON.stringify({ statuses, warnings }));
        process.exit();`;
      writeFileSync(path.join(folder, "main.mjs"), main);
      const { stderr, ...printed } = runJson(folder, "main.mjs", {
        args: ["--require", "./warnings.cjs", ...args],
      });
      assert.deepEqual(printed, { statuses, warnings });
    });
  }
});
