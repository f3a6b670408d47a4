import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export const HOST = "127.0.0.1";

/** A port of HOST that is free. The framework reads port 0 as its default. */
export async function freePort() {
  const probe = net.createServer().listen(0, HOST);
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Resolves once a server accepts connections on `port`. The caller bounds the wait. */
export async function untilListening(port) {
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
