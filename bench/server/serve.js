// One mcp-framework server in a process of its own. The first message says which; every later one asks for the
// processor time so far. Ends when the parent lets go of it, or dies.

import { once } from "node:events";
import path from "node:path";
import { API_KEY, NONE, OURS, STUB } from "./names.js";
import { freePort, HOST, untilListening } from "./ports.js";

/** `framework` is what the project of the process has for `mcp-framework`. */
export async function serve(framework) {
  process.on("disconnect", () => process.exit());
  try {
    const [description] = await once(process, "message");
    if (description.log === "off") {
      // What a user can do: the framework exports its logger, which has no levels to choose from.
      framework.logger.info = () => {};
    }
    const port = await freePort();
    const server = new framework.MCPServer({
      name: "bench",
      version: "1.0.0",
      basePath: path.dirname(process.argv[1]), // where the framework looks for tools, prompts and resources, and finds none
      transport: {
        type: description.transport,
        // The default response mode. "batch" would make the SDK keep something of every request for as long as it runs.
        options: { host: HOST, port, auth: await authOf(description, framework) },
      },
    });
    server.addTool(idleTool(framework));
    // Settles at shutdown only, or when it fails.
    server.start().catch(giveUp);
    // The parent bounds the wait.
    await untilListening(port);
    process.on("message", () => process.send(process.cpuUsage()));
    process.send({ port });
  } catch (error) {
    giveUp(error);
  }
}

// The framework does not start without a tool. Pings do not reach it.
function idleTool({ MCPTool }) {
  return class Idle extends MCPTool {
    name = "idle";
    description = "Does nothing";
    schema = {};

    async execute() {
      return "";
    }
  };
}

async function authOf({ provider, credential, config }, framework) {
  if (provider === NONE) return undefined;
  if (provider === STUB) return { provider: { authenticate: async () => true } };
  const { APIKeyAuthProvider, JWTAuthProvider } = provider === OURS ? await import(OURS) : framework;
  const Provider = credential === API_KEY ? APIKeyAuthProvider : JWTAuthProvider;
  const made = new Provider(config);
  // The framework treats its own classes differently, so ours must have been linked to those of this project.
  if (!(made instanceof framework[Provider.name])) {
    throw new Error(`${provider} was not linked to the framework that runs the server`);
  }
  return { provider: made, endpoints: { sse: true, messages: true } };
}

function giveUp(error) {
  process.send({ failure: error.message }, () => process.exit(1));
}
