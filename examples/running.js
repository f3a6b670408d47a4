import { subscribe } from "node:diagnostics_channel";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_LIMIT_MS = 5_000;
const FIRST_BYTE_LIMIT_MS = 1_000;

// When a client aborts a stream, its fetch() opens a spare connection and asks nothing on it. The server's
// close() waits until the client drops it, 4 s later, and the framework gives no access to its http.Server.
subscribe("net.server.socket", ({ socket }) => {
  setTimeout(() => socket.bytesRead === 0 && socket.destroy(), FIRST_BYTE_LIMIT_MS).unref();
});

// Each MCPServer listens to SIGINT and SIGTERM and never stops; here there are nine of them.
process.setMaxListeners(20);

/** `preferred` if nobody listens there, else a port the system picks (the framework reads port 0 as 8080). */
export function freePort(preferred = 0) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => (preferred === 0 ? reject(error) : resolve(freePort())));
    probe.listen(preferred, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Starts `server` and resolves, once it answers, to the promise of its end. `start()` itself settles only at
 * shutdown, and never when an SSE port is taken, so the framework's /health tells when it is ready.
 */
export async function running(server, port) {
  let failure;
  const ended = server.start().catch((error) => {
    failure = error;
  });
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isHealthy(port))) {
    if (failure) throw failure;
    if (Date.now() > deadline) throw new Error(`The server on port ${port} did not start.`);
    await sleep(20);
  }
  return { ended };
}

async function isHealthy(port) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
}
