// MCP clients, one for each transport. A client asks one question at a time and checks the whole answer, its status and
// its body, while it is being timed as well.

import { getHead, openConnection, openEventStream, postHead } from "./connection.js";
import { SSE } from "./names.js";

// The framework hands each HTTP-stream answer to every session, wherever a request with that id waits: so ids are
// unique in this process. They are nine digits long, which gives all requests the same length.
const ids = { next: 100_000_000 };
const PING_LENGTH = ping(ids.next).length;

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "bench", version: "1.0.0" },
  },
});
const INITIALIZED = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });

/**
 * `count` clients of the server on `port`. Each is a function that presents the credential in `headers` with a ping and
 * resolves when all of the answer has come and was the due one: a result if `rejection` is undefined, else a 401 with
 * that body. `admission` is the header that opens sessions.
 */
export function openClients({ transport, port, count, admission, credentials, rejection }) {
  const open = transport === SSE ? openSseClients : openHttpStreamClients;
  return open({ port, count, admission, credentials, rejection });
}

// All connections share one session. Were there one for each, the framework would offer each answer to all of them in
// turn, and throw, catch and log an error for every one that does not wait for it: with 16 that halves the speed of a
// server without auth and hides what a provider costs.
async function openHttpStreamClients({ port, count, admission, credentials, rejection }) {
  const connections = await openConnections(port, count);
  const session = await openSession(connections[0], admission);
  const heads = credentials.map((header) => postHead("/mcp", { ...session, ...header }, PING_LENGTH));
  const clients = connections.map(({ request }) => async (turn) => {
    const id = ids.next++;
    const response = await request(heads[turn % heads.length] + ping(id));
    if (rejection !== undefined) return checkRejection(response, rejection);
    checkStatus(response, 200);
    checkResult(/^data: (.*)$/m.exec(response.body)[1], id);
  });
  return { clients, close: () => closeAll(connections) };
}

async function openSession({ request }, admission) {
  const opened = await request(postHead("/mcp", admission, INITIALIZE.length) + INITIALIZE);
  checkStatus(opened, 200);
  const session = {
    "Mcp-Session-Id": /\r\nmcp-session-id: *([^\r]+)/i.exec(opened.head)[1],
    "Mcp-Protocol-Version": "2025-06-18",
  };
  const confirmed = await request(
    postHead("/mcp", { ...session, ...admission }, INITIALIZED.length) + INITIALIZED,
  );
  checkStatus(confirmed, 202);
  return session;
}

// One stream, one session and one connection for posts each. An answer is the 202 and then the event on the stream.
async function openSseClients({ port, count, admission, credentials, rejection }) {
  const connections = await openConnections(port, count);
  const streams = await Promise.all(connections.map(() => openSseSession(port, admission)));
  const clients = connections.map(({ request }, index) => {
    const { path, nextEvent } = streams[index];
    const heads = credentials.map((header) => postHead(path, header, PING_LENGTH));
    return async (turn) => {
      const id = ids.next++;
      const bytes = heads[turn % heads.length] + ping(id);
      if (rejection !== undefined) return checkRejection(await request(bytes), rejection);
      const [event, response] = await Promise.all([nextEvent(), request(bytes)]);
      checkStatus(response, 202);
      checkResult(event, id);
    };
  });
  await Promise.all(
    connections.map(async ({ request }, index) => {
      const { path, nextEvent } = streams[index];
      const initialize = postHead(path, admission, INITIALIZE.length) + INITIALIZE;
      const [event, response] = await Promise.all([nextEvent(), request(initialize)]);
      checkStatus(response, 202);
      checkResult(event, 0);
      checkStatus(await request(postHead(path, admission, INITIALIZED.length) + INITIALIZED), 202);
    }),
  );
  return { clients, close: () => closeAll([...connections, ...streams]) };
}

async function openSseSession(port, admission) {
  let waiting;
  const nextEvent = () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  const [path, { close }] = await Promise.all([
    nextEvent(),
    openEventStream(
      port,
      getHead("/sse", admission),
      (data) => waiting.resolve(data),
      (error) => waiting.reject(error),
    ),
  ]);
  return { path, nextEvent, close };
}

function openConnections(port, count) {
  return Promise.all(Array.from({ length: count }, () => openConnection(port)));
}

function closeAll(connections) {
  for (const { close } of connections) close();
}

function ping(id) {
  return `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
}

function checkStatus({ status, body }, due) {
  if (status !== due) throw new Error(`answered with ${status} instead of ${due}: ${body}`);
}

function checkRejection(response, due) {
  checkStatus(response, 401);
  if (response.body !== due) throw new Error(`rejected with ${response.body} instead of ${due}`);
}

function checkResult(text, due) {
  const { jsonrpc, id, result } = JSON.parse(text);
  if (jsonrpc !== "2.0" || id !== due || typeof result !== "object" || result === null) {
    throw new Error(`answered request ${due} with ${text}`);
  }
}
