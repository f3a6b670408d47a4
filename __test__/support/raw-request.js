/** Requests byte for byte, and responses as they come over the wire. */

import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";

/**
 * @param {number} port
 * @param {{ method?: string, path?: string, headers?: [string, string][], body?: string | Buffer }} request
 * @returns {Promise<{ status: number, headers: [string, string][], body: string }>}
 */
export function send(port, { method = "GET", path = "/mcp", headers = [], body }) {
  const hasHost = headers.some(([name]) => name.toLowerCase() === "host");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(hasHost ? [] : [`Host: 127.0.0.1:${port}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    "Connection: close",
  ];
  return new Promise((resolve, reject) => {
    const chunks = [];
    let isDone = false;
    const done = () => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      const received = Buffer.concat(chunks)
        .toString("latin1")
        .replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
      if (received === "") reject(new Error("no answer"));
      else resolve(parse(received, method));
    };
    const socket = net.connect(port, "127.0.0.1");
    const timer = setTimeout(() => socket.destroy(new Error("no answer in time")), 10_000);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", done);
    // A server that does not read the body to its end resets the connection after its answer.
    socket.on("error", () => {});
    socket.on("close", done);
    socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
    if (body !== undefined) socket.write(body);
  });
}

/**
 * The same over HTTP/2, on a connection of its own. Resolves when the stream has closed on both sides.
 *
 * @type {typeof send}
 */
export async function sendHttp2(port, { method = "GET", path = "/mcp", headers = [], body }) {
  const { host = `127.0.0.1:${port}`, ...fields } = Object.fromEntries(
    headers.map(([name, value]) => [name.toLowerCase(), value]),
  );
  // What is written counts against the memory of a session, 10 MB unless told.
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    maxSessionMemory: 100,
  });
  const timer = setTimeout(() => session.destroy(new Error("no answer in time")), 10_000);
  const stream = session.request({ ":method": method, ":path": path, ":authority": host, ...fields });
  try {
    const failed = once(session, "error").then(([error]) => Promise.reject(error));
    const answered = Promise.all([once(stream, "response"), once(stream, "close")]);
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.end(body);
    const [[{ ":status": status, ...received }]] = await Promise.race([answered, failed]);
    const values = Object.entries(received).flatMap(([name, value]) =>
      [value].flat().map((one) => [name, one]),
    );
    return { status, headers: values, body: Buffer.concat(chunks).toString("latin1") };
  } catch (error) {
    if (stream.rstCode === http2.constants.NGHTTP2_PROTOCOL_ERROR) {
      // How HTTP/2 answers a malformed request, RFC 9113 §8.1.1.
      return { status: 400, headers: [], body: "" };
    }
    throw error;
  } finally {
    clearTimeout(timer);
    session.destroy();
  }
}

function parse(text) {
  const end = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const headers = lines.map((line) => {
    const [, name, value] = /^([^:]+):[ \t]*(.*)$/s.exec(line);
    return [name.toLowerCase(), value];
  });
  const isChunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  const rest = text.slice(end + 4);
  return { status: Number(first.split(" ")[1]), headers, body: isChunked ? unchunk(rest) : rest };
}

function unchunk(text) {
  let body = "";
  for (let at = 0; ; ) {
    const end = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return body;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
