import http from "node:http";
import https from "node:https";
import net from "node:net";

/**
 * A server on loopback that behaves as the test says. Every request is noted.
 *
 * @param {import("node:test").TestContext} t
 * @param {(req: http.IncomingMessage & { body: string }, res: http.ServerResponse) => void} answer
 * @param {{ key: string, cert: string }} [tls]
 */
export async function scriptedServer(t, answer, tls) {
  const requests = [];
  const listener = async (req, res) => {
    const chunks = [];
    try {
      for await (const chunk of req) chunks.push(chunk);
    } catch {
      return;
    }
    req.body = Buffer.concat(chunks).toString();
    const { method, url, headers, body } = req;
    requests.push({ method, url, headers, body, atMs: performance.now() });
    answer(req, res);
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  const origin = await listen(t, server, tls ? "https" : "http");
  return { origin, requests, server };
}

/** A server that writes bytes of its own, whatever it is asked. */
export async function rawServer(t, onConnection) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    onConnection(socket);
    // A socket that is not read does not learn that the other side has closed it.
    socket.resume();
  });
  server.closeAllConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return { origin: await listen(t, server, "http"), server, sockets };
}

/** Answers with JSON. */
export function sendJson(res, value, { status = 200, headers = {} } = {}) {
  res.writeHead(status, { "content-type": "application/json", ...headers });
  res.end(JSON.stringify(value));
}

/** A port of loopback that nothing listens on. */
export async function closedOrigin() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function listen(t, server, scheme) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `${scheme}://127.0.0.1:${server.address().port}`;
}
