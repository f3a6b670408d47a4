// HTTP/1.1 over one keep-alive socket: one request at a time, its bytes made by the caller. `http.request` costs the
// client several times as much, which on two cores would make the client, not the server, the limit.

import { once } from "node:events";
import net from "node:net";

const HOST = "127.0.0.1";
const ANSWER_LIMIT_MS = 10_000;

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

/** A stream of server-sent events needs the head of a GET. */
export function getHead(path, headers) {
  const lines = Object.entries({ Host: HOST, Accept: "text/event-stream", ...headers });
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** Resolves to a function that takes a request's bytes and resolves to `{ status, head, body }`, and to its `close`. */
export async function openConnection(port) {
  const { socket, fail } = await connect(port);
  let received = "";
  let answered;
  fail.handler = (error) => answered?.reject(error);
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

/** Sends `bytes`, the head of a GET, and calls `onEvent(data)` for each server-sent event; resolves to its `close`. */
export async function openEventStream(port, bytes, onEvent, onFailure) {
  const { socket, fail } = await connect(port);
  socket.setTimeout(0); // a stream may be silent while it is another server's turn
  fail.handler = onFailure;
  let received = "";
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

async function connect(port) {
  const socket = net.connect({ port, host: HOST, noDelay: true });
  await once(socket, "connect");
  const fail = { handler: () => {} };
  socket.setEncoding("latin1");
  socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error("the server did not answer in time")));
  socket.on("error", (error) => fail.handler(error));
  socket.on("end", () => fail.handler(new Error("the server has closed a connection")));
  return { socket, fail };
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
