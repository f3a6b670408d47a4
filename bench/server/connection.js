// HTTP/1.1 over one keep-alive socket: one request at a time, its bytes made by the caller. `http.request` takes
// twice as much of the processor, and a client must take much less than the server.

import { once } from "node:events";
import net from "node:net";

const HOST = "127.0.0.1";
const ANSWER_LIMIT_MS = 10_000;
// A stream is silent while the other servers have their turns and while its own rejects.
const SILENCE_LIMIT_MS = 60_000;

/** The bytes of a POST whose JSON body the caller appends; `bodyLength` in bytes. */
export function postHead(path, headers, bodyLength) {
  const all = {
    Host: HOST,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    ...headers,
    "Content-Length": bodyLength,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The bytes of a GET for a stream of server-sent events. */
export function getHead(path, headers) {
  const lines = Object.entries({ Host: HOST, Accept: "text/event-stream", ...headers });
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** Resolves to `request`, which takes a request's bytes and resolves to `{ status, head, body }`, and `close`. */
export async function openConnection(port) {
  let answered;
  const socket = await connect(port, ANSWER_LIMIT_MS, (error) => answered?.reject(error));
  let received = "";
  socket.on("data", (text) => {
    received += text;
    const response = completeResponse(received);
    if (response === undefined) return;
    if (response.end !== received.length) return socket.destroy(new Error("more bytes than one response"));
    received = "";
    answered.resolve(response);
  });
  return {
    request(bytes) {
      return new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error("the server has closed a connection"));
        answered = { resolve, reject };
        socket.write(bytes, "latin1");
      });
    },
    close: () => socket.destroy(),
  };
}

/** Sends `bytes`, the head of a GET, and calls `onEvent` with the data of each server-sent event. */
export async function openEventStream(port, bytes, onEvent, onFailure) {
  const socket = await connect(port, SILENCE_LIMIT_MS, onFailure);
  let received = "";
  socket.once("data", (text) => {
    if (!text.startsWith("HTTP/1.1 200 ")) socket.destroy(new Error(`no stream, but ${text}`));
  });
  socket.on("data", (text) => {
    received += text;
    // The server writes each event as one chunk, so the framing of chunks never falls inside an event.
    for (let end = received.indexOf("\n\n"); end !== -1; end = received.indexOf("\n\n")) {
      const start = received.lastIndexOf("data: ", end);
      onEvent(received.slice(start + "data: ".length, end));
      received = received.slice(end + 2);
    }
  });
  socket.write(bytes, "latin1");
  return { close: () => socket.destroy() };
}

async function connect(port, silenceLimit, onFailure) {
  const socket = net.connect({ port, host: HOST, noDelay: true });
  await once(socket, "connect");
  socket.setEncoding("latin1");
  socket.setTimeout(silenceLimit, () => socket.destroy(new Error("the server did not answer in time")));
  socket.on("error", onFailure);
  socket.on("end", () => onFailure(new Error("the server has closed a connection")));
  return socket;
}

function completeResponse(text) {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd);
  const bodyStart = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length === null) return completeChunks(text, bodyStart, head);
  const end = bodyStart + Number(length[1]);
  return text.length < end
    ? undefined
    : { status: statusOf(head), head, body: text.slice(bodyStart, end), end };
}

function completeChunks(text, bodyStart, head) {
  let body = "";
  let at = bodyStart;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (text.length < at) return undefined;
    if (size === 0) return { status: statusOf(head), head, body, end: at };
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
  }
}

function statusOf(head) {
  return Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
}
