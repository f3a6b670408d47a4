// Real mcp-framework servers on loopback, many of them in one process, and requests whose header bytes are ours.

import http from "node:http";
import net from "node:net";
import { after, before } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { getRequestContext, MCPServer, MCPTool } from "mcp-framework";
import { z } from "zod";
import { freePort } from "./free-port.js";

export const SSE = "sse";
export const HTTP_STREAM = "http-stream";
export const SERVERLESS = "serverless";

const HOST = "127.0.0.1";
const DEADLINE_MS = 10_000;

// Where the framework looks for folders of tools, prompts, resources and apps: there are none here.
const BASE_PATH = import.meta.dirname;

/**
 * Answers with what the provider put in the request context, so a test sees what reaches a tool; and a turn of the
 * event loop late, so that the next request on the socket is judged while this one is still unanswered.
 */
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

/** Drops the framework's own log lines from stderr and nothing else. Returns the undo. */
export function silenceFrameworkLog() {
  const { write } = process.stderr;
  process.stderr.write = function silenced(chunk, ...rest) {
    if (/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] \[(?:DEBUG|INFO|WARN|ERROR)\] /.test(String(chunk))) return true;
    return write.call(this, chunk, ...rest);
  };
  return () => {
    process.stderr.write = write;
  };
}

/** Does so for the tests around. */
export function withoutFrameworkLog() {
  let restore;
  before(() => {
    restore = silenceFrameworkLog();
  });
  after(() => restore());
}

function serverWithWhoAmI(config, tools = []) {
  const server = new MCPServer({ name: "wire", version: "1.0.0", basePath: BASE_PATH, ...config });
  for (const tool of [WhoAmI, ...tools]) server.addTool(tool);
  return server;
}

/**
 * One `MCPServer` on a port of its own: `send` one request, `sendPipelined` several on one socket, `stop` it.
 * Start servers one after the other: being ready is told by a listener on `process`.
 */
export async function startServer({
  transport,
  provider: given,
  endpoints,
  options,
  config,
  tools,
  prepare = () => {},
}) {
  const port = await freePort();
  const url = new URL(`http://${HOST}:${port}${transport === SSE ? "/sse" : "/mcp"}`);
  // One that must know where it is: its resource is this URL.
  const provider = typeof given === "function" ? given(url) : given;
  const auth = provider && { provider, endpoints };
  const server = serverWithWhoAmI(
    { transport: { type: transport, options: { port, auth, ...options } }, ...config },
    tools,
  );
  prepare(server, url);
  const { ended } = await untilReady(server);
  const agent = new http.Agent({ keepAlive: true });
  return {
    url,
    provider,
    server,
    send: (request) => send(request, port, agent),
    sendPipelined: (requests) => sendPipelined(requests, port),
    async stop() {
      agent.destroy();
      await server.stop();
      await ended;
    },
  };
}

/** The serverless handler of an `MCPServer` behind the same `send` and `stop`; nothing listens. */
export function serverlessServer({ provider, endpoints, tools, prepare = () => {} }) {
  const server = serverWithWhoAmI({ auth: provider && { provider, endpoints } }, tools);
  prepare(server);
  return {
    server,
    async send({ method, path, headers = [], body }) {
      const request = new Request(`https://serverless.example${path}`, { method, headers, body });
      const response = await server.handleRequest(request);
      return {
        status: response.status,
        headers: [...response.headers],
        body: Buffer.from(await response.arrayBuffer()).toString("latin1"),
      };
    },
    async stop() {},
  };
}

// `start()` settles only after `stop()`. The last thing it does before it waits is to add a SIGINT and a SIGTERM
// listener, which it never removes. So the second one means "ready", and both are taken off again: the servers of one
// process must not pile them up. The promise comes back inside an object because an async function awaits its result.
async function untilReady(server) {
  const added = [];
  const { promise: ready, resolve, reject } = deferred();
  const watch = (event, listener) => {
    if (event === "SIGINT" || event === "SIGTERM") added.push([event, listener]);
    if (event === "SIGTERM") resolve();
  };
  const deadline = setTimeout(reject, DEADLINE_MS, new Error("the server did not start"));
  process.on("newListener", watch);
  const ended = server.start();
  try {
    await Promise.race([ready, ended]);
  } finally {
    clearTimeout(deadline);
    process.off("newListener", watch);
    for (const [event, listener] of added) process.off(event, listener);
  }
  return { ended };
}

function deferred() {
  const handle = {};
  handle.promise = new Promise((resolve, reject) => Object.assign(handle, { resolve, reject }));
  return handle;
}

// Resolves at the end of the response, or, for a stream that stays open, at its first event; `close` then ends it.
function send({ method, path, headers = [], body }, port, agent) {
  const { promise, resolve, reject } = deferred();
  const request = http.request({
    host: HOST,
    port,
    agent,
    method,
    path,
    // A flat list goes out as it stands: our spelling, our order, our duplicates.
    headers: ["Host", `${HOST}:${port}`, ...headers.flat(), ...contentLength(body)],
    timeout: DEADLINE_MS,
  });
  request.on("timeout", () => request.destroy(new Error(`no response to ${method} ${path}`)));
  request.on("error", reject);
  request.on("response", (response) => {
    const answer = {
      status: response.statusCode,
      headers: pairs(response.rawHeaders),
      body: "",
      close: () => response.complete || request.destroy(),
    };
    response.setEncoding("latin1");
    response.on("data", (text) => {
      answer.body += text;
      if (method === "GET" && answer.body.endsWith("\n\n")) resolve(answer);
    });
    response.on("end", () => resolve(answer));
    response.on("error", reject);
  });
  // Bytes, because Node would send a string in one write with the head and so turn the head into UTF-8.
  request.end(body && Buffer.from(body));
  return promise;
}

// All requests in one write, so that the server can take up the second before it has answered the first.
async function sendPipelined(requests, port) {
  const socket = net.connect(port, HOST);
  socket.setEncoding("latin1");
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error("no response to the pipelined requests")));
  const wire = requests.map(({ method, path, headers = [], body }, index) => {
    const connection = index === requests.length - 1 ? "close" : "keep-alive";
    const lines = pairs(["Host", `${HOST}:${port}`, "Connection", connection, ...contentLength(body)]);
    const head = [...lines, ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `${method} ${path} HTTP/1.1\r\n${head}\r\n${body ?? ""}`;
  });
  socket.write(wire.join(""), "latin1");
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text.split(/(?=HTTP\/1\.1 )/).map((response) => {
    const headEnd = response.indexOf("\r\n\r\n");
    const [statusLine, ...lines] = response.slice(0, headEnd).split("\r\n");
    const headers = lines.map((line) => line.split(/: (.*)/s, 2));
    const chunked = headers.some(([name]) => name.toLowerCase() === "transfer-encoding");
    const body = response.slice(headEnd + 4);
    return { status: Number(statusLine.split(" ")[1]), headers, body: chunked ? unchunked(body) : body };
  });
}

function unchunked(body) {
  let text = "";
  let at = 0;
  for (;;) {
    const start = body.indexOf("\r\n", at) + 2;
    const size = Number.parseInt(body.slice(at, start), 16);
    if (!(size > 0)) return text;
    text += body.slice(start, start + size);
    at = start + size + 2;
  }
}

function contentLength(body) {
  return body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
}

function pairs(flat) {
  return flat.flatMap((value, index) => (index % 2 === 0 ? [[value, flat[index + 1]]] : []));
}
