// One mcp-framework server in a process of its own. The first message says which; every later one asks for the
// processor time so far. Ends when the parent lets go of it, or dies.

import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { MCPServer, MCPTool } from "mcp-framework";
import { z } from "zod";
import { freePort } from "../../__test__/support/servers.js";
import { API_KEY, NONE, STUB } from "./names.js";

const HOST = "127.0.0.1";

// The framework does not start without a tool. Pings do not reach it.
class Idle extends MCPTool {
  name = "idle";
  description = "Does nothing";
  schema = z.object({});

  async execute() {
    return "";
  }
}

process.on("disconnect", () => process.exit());

try {
  const [description] = await once(process, "message");
  const port = await freePort();
  const server = new MCPServer({
    name: "bench",
    version: "1.0.0",
    basePath: import.meta.dirname, // where the framework looks for tools, prompts and resources, and finds none
    transport: {
      type: description.transport,
      // The default response mode. "batch" would make the SDK keep something of every request for as long as it runs.
      options: { host: HOST, port, auth: await authOf(description) },
    },
  });
  server.addTool(Idle);
  // Settles at shutdown only, or when it fails.
  server.start().catch(giveUp);
  await untilListening(port);
  process.on("message", () => process.send(process.cpuUsage()));
  process.send({ port });
} catch (error) {
  giveUp(error);
}

async function authOf({ provider, credential, config }) {
  if (provider === NONE) return undefined;
  if (provider === STUB) return { provider: { authenticate: async () => true } };
  const { APIKeyAuthProvider, JWTAuthProvider } = await import(provider);
  const Provider = credential === API_KEY ? APIKeyAuthProvider : JWTAuthProvider;
  return { provider: new Provider(config), endpoints: { sse: true, messages: true } };
}

// The parent bounds the wait.
async function untilListening(port) {
  for (;;) {
    const socket = net.connect(port, HOST);
    try {
      await once(socket, "connect");
      return;
    } catch {
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
}

function giveUp(error) {
  process.send({ failure: error.message }, () => process.exit(1));
}
