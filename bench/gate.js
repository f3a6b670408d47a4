/**
 * What `requireAuth` costs a server: `node bench/gate.js`. The same flags as bench/providers.js.
 *
 * Each contender is a server in a process of its own, and answers the same tool call of the same clients. What is
 * compared is its processor time for a request: the inverse of the requests that one core serves, and not disturbed by
 * who else uses the machine. Tokens are signed with RS256. An accepted one belongs to one of 256 clients, which call in
 * turn; rejected ones are all forged. The rows of "a gate's own cost" call the gate itself, without a server.
 */

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import path from "node:path";
import { CONTENDERS, ourGate, PACKAGES } from "./gate/contenders.js";
import { CONTEXT, NONE, PEER } from "./gate/names.js";
import { openConnection, postHead } from "./server/connection.js";
import { requestWithToken, tokenPool, toText } from "./support/credentials.js";
import { OURS } from "./support/names.js";
import { beginRun, endRun, measureRows } from "./support/run.js";

const CLIENTS = 256;
const IN_FLIGHT = 8;
/** A new process compiles for this many requests. */
const WARM_UP = { full: 8000, quick: 2000 };
const MOST = 4096;
/** A sample of a server: some hundred requests, of which few meet a collector. */
const SAMPLE_MILLISECONDS = { full: 400, quick: 150 };
const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "greet", arguments: {} },
});

/** Where a server does less of its own, a gate is a greater part of it: there is no target for the other stacks. */
const TARGETS = {
  "SDK v1, Express": {
    accepting: [
      { against: NONE, atMost: 1.05 },
      { against: PEER, atLeast: 1.05 },
    ],
    rejecting: [{ against: PEER, atLeast: 1.3 }],
  },
};

const benchmark = beginRun({ command: "npm run bench:gate", results: "gate.json", packages: PACKAGES });
const pool = tokenPool("RS256");
const { secret, algorithm } = pool;
const length = benchmark.quick ? "quick" : "full";

for (const [stack, names] of Object.entries(CONTENDERS)) {
  const rows = ["accepting", "rejecting"].map((verdict) => ({ verdict, title: `${stack}, ${verdict}` }));
  if (!rows.some(({ title }) => benchmark.isWanted(title))) {
    continue;
  }
  const servers = await Promise.all(names.map((name) => startServer(stack, name)));
  try {
    await measureRows(
      { ...benchmark, settings: { ...benchmark.settings, milliseconds: SAMPLE_MILLISECONDS[length] } },
      rows.map(({ verdict, title }) => rowOf(stack, title, verdict, servers)),
    );
  } finally {
    for (const { stop } of servers) {
      stop();
    }
  }
}
await measureRows(benchmark, ownCost());
endRun(benchmark);

async function startServer(stack, name) {
  const child = fork(path.join(import.meta.dirname, "gate/serve.js"));
  let answered;
  child.on("message", (answer) => answered.resolve(answer));
  child.on("exit", () => answered.reject(new Error(`the server of ${name} has ended`)));
  const ask = (message) =>
    new Promise((resolve, reject) => {
      answered = { resolve, reject };
      child.send(message);
    });
  const port = await ask({ stack, contender: name, secret, algorithm });
  const connections = await Promise.all(Array.from({ length: IN_FLIGHT }, () => openConnection(port)));
  const stop = () => {
    for (const { close } of connections) {
      close();
    }
    child.disconnect();
  };
  return { name, connections, busy: () => ask("busy"), stop };
}

function rowOf(stack, title, verdict, servers) {
  const isAccepting = verdict === "accepting";
  const tokens = tokensFor(verdict);
  const contenders = servers.filter(({ name }) => isAccepting || ![NONE, CONTEXT].includes(name));
  const requests = tokens.map((token) => {
    const headers = { Authorization: `Bearer ${toText(token)}`, "Mcp-Protocol-Version": "2025-06-18" };
    return postHead("/mcp", headers, CALL.length) + CALL;
  });
  return {
    id: title,
    title,
    targets: TARGETS[stack]?.[verdict] ?? [],
    implementations: () =>
      Promise.all(
        contenders.map(async ({ name, connections, busy }) => {
          const run = (from, count) => runRequests(connections, requests, from, count);
          const check = ({ responses }) => {
            for (const response of responses) {
              assertAnswer(`${title}, ${name}`, response, isAccepting);
            }
          };
          check(await run(0, WARM_UP[length]));
          return {
            name,
            most: MOST,
            prepare: (from, count) => ({ run: () => run(from, count), check, clock: busy }),
          };
        }),
      ),
  };
}

function tokensFor(verdict) {
  return verdict === "accepting" ? pool.genuine.slice(0, CLIENTS) : pool.forged;
}

async function runRequests(connections, requests, from, count) {
  const responses = [];
  let next = from;
  await Promise.all(
    connections.map(async ({ request }) => {
      while (next < from + count) {
        const number = next;
        next += 1;
        responses.push(await request(requests[number % requests.length]));
      }
    }),
  );
  assert.equal(responses.length, count);
  return { responses };
}

function assertAnswer(who, { status, head, body }, isAccepting) {
  assert.equal(status, isAccepting ? 200 : 401, `${who}: answers ${status} ${body}`);
  if (isAccepting) {
    assert.match(body, /"text":"hello"/, `${who}: another result`);
  } else {
    assert.match(head, /\r\nwww-authenticate: Bearer .*error="invalid_token"/i, `${who}: no challenge`);
  }
}

/** Of a request and a response that cost nothing themselves; a request is made before the clock starts. */
function ownCost() {
  const gate = ourGate(pool);
  const hosts = {
    "auth.web": {
      make: (token) =>
        new Request("http://127.0.0.1/mcp", {
          method: "POST",
          headers: { authorization: `Bearer ${toText(token)}`, "content-type": "application/json" },
          body: CALL,
        }),
      ask: async (request) => !((await gate.web(request)) instanceof Response),
    },
    "auth.express": {
      make: (token) => ({ req: outsideOfSessions(requestWithToken(token)), res: stubResponse() }),
      async ask({ req, res }) {
        let isAdmitted = false;
        await gate.express(req, res, () => {
          isAdmitted = true;
        });
        return isAdmitted;
      },
    },
  };
  return Object.entries(hosts).flatMap(([member, { make, ask }]) =>
    ["accepting", "rejecting"].map((verdict) => {
      const tokens = tokensFor(verdict);
      const title = `a gate's own cost: ${member}, ${verdict}`;
      const prepare = (from, count) => {
        const requests = Array.from({ length: count }, (_, step) =>
          make(tokens[(from + step) % tokens.length]),
        );
        return {
          async run() {
            let admitted = 0;
            for (const request of requests) {
              admitted += (await ask(request)) ? 1 : 0;
            }
            return admitted;
          },
          check: (admitted) => assert.equal(admitted, verdict === "accepting" ? count : 0, title),
        };
      };
      return { id: title, title, targets: [], implementations: () => [{ name: OURS, most: MOST, prepare }] };
    }),
  );
}

/** Of many users, and a session belongs to one. */
function outsideOfSessions({ headers: { "mcp-session-id": _, ...headers }, ...request }) {
  return { ...request, headers };
}

function stubResponse() {
  return {
    writeHead() {},
    end() {},
    hasHeader: () => false,
    getHeader: () => undefined,
  };
}
