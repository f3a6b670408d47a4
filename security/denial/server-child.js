// A real mcp-framework server in a process of its own. The first message says which, each further one asks how it is.
// Closes and ends when the parent lets go of it: with 0 if nothing keeps it alive.

import { readdirSync } from "node:fs";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { getRequestContext, MCPServer, MCPTool } from "mcp-framework";
import { z } from "zod";
import { SSE } from "../../bench/server/names.js";
import { freePort, HOST, untilListening } from "../../bench/server/ports.js";

const DESCRIPTORS = "/proc/self/fd";

/** Answers, a turn of the event loop late, with what the provider put in the request context. */
class WhoAmI extends MCPTool {
  name = "whoami";
  description = "The authentication data of this request";
  schema = z.object({});
  useStringify = false;

  async execute() {
    await turnOfTheLoop();
    return JSON.stringify(getRequestContext() ?? null);
  }
}

let server;
// Neither may be the last thing that anybody hears of an error.
process.on("uncaughtException", giveUp);
process.on("unhandledRejection", giveUp);
process.on("disconnect", () => server?.stop());
process.on("message", (question) => answer(question).then((text) => process.send(text), giveUp));

async function answer(question) {
  if (question === "vitals") return vitals();
  const { transport, library, kind, config } = question;
  const { [kind]: Provider } = await import(library);
  const port = await freePort();
  const auth = { provider: new Provider(config), endpoints: { sse: true, messages: true } };
  server = new MCPServer({
    name: "denial",
    version: "1.0.0",
    // Where the framework looks for tools, prompts and resources, and finds none.
    basePath: import.meta.dirname,
    transport: { type: transport, options: { port, auth } },
  });
  server.addTool(WhoAmI);
  // Settles at shutdown only, or when it fails.
  server.start().catch(giveUp);
  await untilListening(port);
  return { url: `http://${HOST}:${port}${transport === SSE ? "/sse" : "/mcp"}` };
}

/** Memory after collecting garbage, in bytes, and open descriptors where the system lists them. */
function vitals() {
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rss, used: heapUsed + external, descriptors: descriptors(), cpuMs: (user + system) / 1000 };
}

function descriptors() {
  try {
    return readdirSync(DESCRIPTORS).length;
  } catch {
    return process.getActiveResourcesInfo().length;
  }
}

function giveUp(error) {
  process.send({ failure: error.stack }, () => process.exit(1));
}
