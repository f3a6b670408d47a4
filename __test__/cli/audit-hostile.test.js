/** Whatever a server does, the audit ends in time, with a line that says why, and without a stack. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runAudit } from "../support/run-audit.js";
import { rawServer, scriptedServer } from "../support/scripted-server.js";

const MAX_MS = 60_000;
const OK = "HTTP/1.1 200 OK\r\n";
const UNAUTHORIZED = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="a"\r\n';

const write = (text) => (socket) => socket.write(text);
let mostWritten = 0;

function flood(head, chunk) {
  return (socket) => {
    socket.on("close", () => {
      mostWritten = Math.max(mostWritten, socket.bytesWritten);
    });
    socket.write(head);
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on("drain", more);
    more();
  };
}
const trickle = (head, piece) => (socket) => {
  socket.write(head);
  const timer = setInterval(() => socket.write(piece), 50);
  socket.on("close", () => clearInterval(timer));
};

/** What it does with a connection, the exit code, and what must be said. */
const RAW = {
  "says nothing": [() => {}, 2, /no answer within 1 s/],
  "closes at once": [(socket) => socket.destroy(), 2, /the connection was closed before an answer/],
  "is not HTTP": [write("SSH-2.0-OpenSSH_9.6\r\n"), 2, /the answer is not HTTP \(HPE_/],
  "has a header of 64 KiB": [
    write(`${OK}A: ${"a".repeat(65_536)}\r\n\r\n`),
    2,
    /header of the answer is longer than 16 KiB/,
  ],
  "has a header that never ends": [trickle(OK, "A: a\r\n"), 2, /no answer within 1 s/],
  "has endless interim answers": [trickle("", "HTTP/1.1 102 Processing\r\n\r\n"), 2, /no answer within 1 s/],
  "switches protocols": [
    write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
    2,
    /101/,
  ],
  "has a body that never ends": [trickle(`${UNAUTHORIZED}\r\n`, "a"), 1, /FAIL +D1/],
  "cuts the body": [(socket) => socket.end(`${UNAUTHORIZED}Content-Length: 100\r\n\r\n{`), 1, /FAIL +D1/],
};

/** The same, of those that send as fast as this process can. */
const FLOODS = {
  "has endless header fields": [
    flood(OK, "A: a\r\n".repeat(1000)),
    2,
    /header of the answer is longer than 16 KiB/,
  ],
  "has an endless body": [flood(`${UNAUTHORIZED}\r\n`, "a".repeat(65_536)), 1, /FAIL +D1/],
  "has an endless body of chunks": [
    flood(`${UNAUTHORIZED}Transfer-Encoding: chunked\r\n\r\n`, "1\r\na\r\n".repeat(10_000)),
    1,
    /FAIL +D1/,
  ],
  "has endless events": [
    flood(`${OK}Content-Type: text/event-stream\r\n\r\n`, 'data: {"id":1,\n'.repeat(99)),
    1,
    /FAIL +C1/,
  ],
};

const everything = { "www-authenticate": `${'Bearer a="b", '.repeat(300)}Bearer` };

/** How it answers each request. */
const SCRIPTED = {
  "redirects to itself": [
    (req, res) => res.writeHead(302, { location: req.url }).end(),
    2,
    /redirects \(302\) to \/mcp; audit that URL/,
  ],
  "is not there": [(_req, res) => res.writeHead(404).end(), 2, /answers 404 to POST/],
  "is open": [(_req, res) => res.end("{}"), 1, /FAIL +C1/],
  "is a page": [(_req, res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>"), 1, /FAIL +C1/],
  "is broken": [(_req, res) => res.writeHead(500).end(), 1, /without a credential: 500/],
  "limits attempts": [limited(), 1, /not checked: the server limits attempts \(429\)/],
  "has deep JSON": [(_req, res) => res.writeHead(401, everything).end("[".repeat(200_000)), 1, /FAIL +D1/],
  "names metadata that looks like another host": [
    ({ headers: { host } }, res) =>
      res
        .writeHead(401, {
          "www-authenticate": `Bearer resource_metadata="http://${host}//audit.invalid/a?b"`,
        })
        .end(),
    1,
    /FAIL +D1/,
  ],
  "has metadata of wrong types": [
    (_req, res) =>
      res
        .writeHead(req401(_req), {
          "content-type": "application/json",
          "www-authenticate": "Bearer resource_metadata=/",
        })
        .end(
          JSON.stringify({
            resource: 5,
            authorization_servers: [null, {}],
            scopes_supported: { length: 1e9 },
          }),
        ),
    1,
    /FAIL +D6/,
  ],
  "would write on the terminal": [
    (req, res) =>
      res.writeHead(req401(req), { "www-authenticate": 'Bearer scope="a"' }).end(
        JSON.stringify({
          resource: "https://a.example/\u001b[2J\u0007\u202eevil",
          authorization_servers: [],
        }),
      ),
    1,
    /FAIL +D6/,
  ],
};

function req401(req) {
  return req.url.startsWith("/.well-known/") ? 200 : 401;
}

function limited() {
  let count = 0;
  return (_req, res) =>
    res.writeHead(count++ > 5 ? 429 : 401, { "www-authenticate": 'Bearer realm="a"' }).end();
}

function audited(cases) {
  for (const [name, start, behavior, exitCode, message] of cases) {
    it(name, async (t) => {
      const { origin } = await start(t, behavior);
      const startedAt = performance.now();
      // Has the form of a JWT, and is none.
      const env = { MCP_AUDIT_TOKEN: "eyJhbGci.eyJhbGci.eyJhbGci" };
      const { code, stdout, stderr } = await runAudit([`${origin}/mcp`, "--timeout", "1"], { env });
      const all = stdout + stderr;
      assert.match(all, message);
      assert.equal(code, exitCode, all);
      assert.ok(performance.now() - startedAt < MAX_MS, "ends in time");
      assert.ok(!/[^\P{Cc}\n]|\u202e|\n +at .*:\d+:\d+/u.test(all), "a control character or a stack");
    });
  }
}

const casesOf = (table, start) => Object.entries(table).map(([name, one]) => [name, start, ...one]);

// Most wait for what does not come.
describe("a server that", { concurrency: 4 }, () => {
  audited([...casesOf(RAW, rawServer), ...casesOf(SCRIPTED, scriptedServer)]);

  it("falls silent in the midst of the audit is told", async (t) => {
    let count = 0;
    const { origin } = await scriptedServer(t, (_req, res) => {
      if (count++ < 8) res.writeHead(401, { "www-authenticate": 'Bearer realm="a"' }).end();
    });
    const { code, stderr } = await runAudit([`${origin}/mcp`, "--timeout", "1"]);
    assert.equal(code, 2);
    assert.match(stderr, /the server gave no answer 3 times in a row: no answer within 1 s/);
  });
});

// One after the other: a flood from this process would make the others late.
describe("a server that", () => {
  audited(casesOf(FLOODS, rawServer));

  it("sends without end is read to a bound only", () => {
    // What is on its way when the connection is cut belongs to the system.
    assert.ok(mostWritten > 0 && mostWritten < 16 * 1024 * 1024, `${mostWritten} bytes`);
  });
});
