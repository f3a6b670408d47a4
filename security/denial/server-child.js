// A real mcp-framework server in a process of its own. The first message says which, each further one asks how it is.
// Closes and ends when the parent lets go of it: with 0 if nothing keeps it alive.

import { readdirSync } from "node:fs";
import { startServer } from "../../__test__/support/servers.js";

const DESCRIPTORS = "/proc/self/fd";

let server;
// Neither may be the last thing that anybody hears of an error.
process.on("uncaughtException", giveUp);
process.on("unhandledRejection", giveUp);
process.on("disconnect", () => server?.stop().then(() => process.channel?.unref()));
process.on("message", (question) => answer(question).then((text) => process.send(text), giveUp));

async function answer(question) {
  if (question === "vitals") return vitals();
  const { transport, library, kind, config } = question;
  const { [kind]: Provider } = await import(library);
  server = await startServer({
    transport,
    provider: new Provider(config),
    endpoints: { sse: true, messages: true },
  });
  return { url: server.url.href };
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
