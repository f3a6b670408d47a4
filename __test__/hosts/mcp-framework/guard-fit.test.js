/** The guard throws where it does not fit, instead of guarding less than it says. */

import assert from "node:assert/strict";
import http from "node:http";
import { describe, it } from "node:test";
import { MCPServer, MCPTool } from "mcp-framework";
import { APIKeyAuthProvider, generateApiKey, requireAuth } from "mcp-native-auth";
import { z } from "zod";
import { freePort } from "../../support/free-port.js";
import { withoutFrameworkLog } from "../../support/servers.js";

const provider = new APIKeyAuthProvider({ keys: [generateApiKey().key] });
const { guard } = requireAuth(provider);
const basePath = import.meta.dirname;

withoutFrameworkLog();

class Any extends MCPTool {
  name = "any";
  description = "Any";
  schema = z.object({});
}

function serverOf(type, port = 8080, auth = undefined) {
  const transport = { type, options: { port, auth } };
  const server = new MCPServer({ name: "fit", version: "1.0.0", basePath, transport });
  server.addTool(Any);
  return server;
}

describe("guard(server)", () => {
  const code = "ERR_MCP_AUTH_GUARD_UNSUPPORTED";
  const other = new APIKeyAuthProvider({ keys: [generateApiKey().key] });
  const WRONG = [
    ["no server", () => ({}), "ERR_MCP_AUTH_OPTION_INVALID", /an MCPServer/],
    ["undefined", () => undefined, "ERR_MCP_AUTH_OPTION_INVALID", /an MCPServer/],
    [
      "another provider in the configuration",
      () => serverOf("sse", 8080, { provider: other }),
      "ERR_MCP_AUTH_OPTION_INVALID",
      /another provider/,
    ],
    ["a server that is guarded", () => guard(serverOf("sse")), "ERR_MCP_AUTH_OPTION_INVALID", /already/],
    [
      "a server that runs",
      () => Object.assign(serverOf("sse"), { isRunning: true }),
      "ERR_MCP_AUTH_OPTION_INVALID",
      /before `start/,
    ],
    ...["createTransportFromConfig", "createSDKServerForSession", "handleRequest", "start", "toolsMap"].map(
      (name) => [
        `a version without ${name}`,
        () => Object.assign(serverOf("sse"), { [name]: undefined }),
        code,
        new RegExp(name),
      ],
    ),
    [
      "a version without _authConfig",
      () => {
        const server = serverOf("sse");
        delete server._authConfig;
        return server;
      },
      code,
      /_authConfig/,
    ],
  ];
  for (const [name, make, expected, message] of WRONG) {
    it(`throws for ${name}`, () => {
      const given = make();
      assert.throws(
        () => guard(given),
        (error) => {
          assert.equal(error.code, expected);
          assert.match(error.message, message);
          assert.match(error.stack.split("\n")[1], /guard-fit\.test\.js/);
          return true;
        },
      );
    });
  }

  it("leaves the framework nothing that it could accept itself", async () => {
    const server = guard(serverOf("sse", 8080, { provider }));
    await server.ensureInitialized();
    const transport = server.createTransportFromConfig(server.transportConfigs[0]);
    for (const { auth } of [{ auth: server._authConfig }, transport._config]) {
      assert.notEqual(auth.provider, provider);
      assert.equal(await auth.provider.authenticate({ headers: {} }), false);
    }
  });

  it("takes a server of the same provider, and one of the console", () => {
    for (const server of [serverOf("http-stream", 8080, { provider }), serverOf("stdio")]) {
      assert.equal(guard(server), server);
    }
  });
});

describe("start()", () => {
  /** What a version to come could have otherwise, in the transport that it makes. */
  const CHANGES = [
    [
      "http-stream",
      "_endpoint",
      (transport) => {
        transport._endpoint = undefined;
      },
    ],
    [
      "http-stream",
      "_healthPath",
      (transport) => {
        delete transport._healthPath;
      },
    ],
    [
      "http-stream",
      "_transports",
      (transport) => {
        transport._transports = new Map();
      },
    ],
    [
      "http-stream",
      "send",
      (transport) => {
        transport.send = undefined;
      },
    ],
    [
      "http-stream",
      "start",
      (transport) => {
        transport.start = undefined;
      },
    ],
    [
      "http-stream",
      "the type",
      (transport) => {
        transport.type = "http-3";
      },
    ],
    ["http-stream", "_server", noServer],
    ["sse", "_server", noServer],
    [
      "sse",
      "_config.messageEndpoint",
      (transport) => {
        transport._config.messageEndpoint = undefined;
      },
    ],
  ];

  const SERVER_CHANGES = [
    ["BaseTool._progressToken", (server) => delete server.toolsMap.get("any")._progressToken],
    ["TaskManager.listTasks", (server) => Object.assign(server, { _taskManager: { createTask() {} } })],
  ];
  for (const [name, change] of SERVER_CHANGES) {
    it(`rejects with ${name} changed`, async () => {
      const server = guard(serverOf("http-stream", await freePort()));
      await server.ensureInitialized();
      change(server);
      await assert.rejects(server.start(), { code: "ERR_MCP_AUTH_GUARD_UNSUPPORTED" });
    });
  }

  it("gives no answer that is for nobody in particular", async () => {
    const server = guard(serverOf("http-stream", await freePort()));
    await server.ensureInitialized();
    const transport = server.createTransportFromConfig(server.transportConfigs[0]);
    for (const message of [
      { id: 1, result: {} },
      { id: 1, error: {} },
      { id: 1, method: "roots/list" },
    ]) {
      await assert.rejects(transport.send({ jsonrpc: "2.0", ...message }), {
        code: "ERR_MCP_AUTH_GUARD_UNSUPPORTED",
      });
    }
    await transport.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    assert.throws(() => Object.assign(transport._transports, { id: {} }), {
      code: "ERR_MCP_AUTH_GUARD_UNSUPPORTED",
    });
  });

  function noServer(transport) {
    const { start } = transport;
    transport.start = () => {
      const started = start.call(transport);
      transport._listening = transport._server;
      transport._server = undefined;
      transport.close = async () => transport._listening.close();
      return started;
    };
  }

  for (const [type, name, change] of CHANGES) {
    it(`rejects with ${name} of a ${type} changed, and does not listen`, async () => {
      const port = await freePort();
      const server = serverOf(type, port);
      const { createTransportFromConfig } = server;
      server.createTransportFromConfig = (config) => {
        const transport = createTransportFromConfig.call(server, config);
        change(transport);
        return transport;
      };
      await assert.rejects(guard(server).start(), { code: "ERR_MCP_AUTH_GUARD_UNSUPPORTED" });
      await assert.rejects(
        new Promise((resolve, reject) => http.get({ port, path: "/health" }, resolve).on("error", reject)),
        { code: "ECONNREFUSED" },
      );
    });
  }
});
