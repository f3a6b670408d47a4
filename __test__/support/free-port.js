import { randomInt } from "node:crypto";
import { once } from "node:events";
import net from "node:net";

// `port: 0` will not do: the HTTP stream transport takes it for "not given" and listens on 8080.
/**
 * A port of 127.0.0.1 that nobody listens on. Below those that the system hands out by itself (32768 on Linux), to
 * connections and to `listen(0)`: until the caller listens, one of them would take it.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const probe = net.createServer();
    try {
      await once(probe.listen(port, "127.0.0.1"), "listening");
    } catch {
      continue;
    }
    probe.close();
    await once(probe, "close");
    return port;
  }
}
