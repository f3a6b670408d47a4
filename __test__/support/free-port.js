import { once } from "node:events";
import net from "node:net";

// `port: 0` will not do: the HTTP stream transport takes it for "not given" and listens on 8080.
/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
