/** One exchange of JSON with a server that may do anything: a deadline, bounds, no redirects, no secrets in errors. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { getJson, postForm } from "../../lib/oauth/http.js";
import { closedOrigin, rawServer, scriptedServer, sendJson } from "../support/scripted-server.js";
import { selfSigned } from "../support/self-signed.js";
import { failureOf } from "../support/source-error.js";

const MODULE = new URL("../../lib/oauth/http.js", import.meta.url).href;
const BOUNDS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 };
/** For servers that never end: the test waits so long. */
const SOON = { ...BOUNDS, timeoutMs: 150 };

const codeOf = async (promise) => (await failureOf(promise)).code.replace("ERR_MCP_AUTH_HTTP_", "");

describe("getJson", () => {
  it("asks with GET for JSON as it is, and nothing that tells of the caller", async (t) => {
    const { origin, requests } = await scriptedServer(t, (_, res) => sendJson(res, { a: [1] }));
    const { json, text, maxAgeSeconds } = await getJson(`${origin}/x?y=1`, BOUNDS);
    assert.deepEqual(json, { a: [1] });
    assert.equal(text, '{"a":[1]}');
    assert.equal(maxAgeSeconds, undefined);
    const [{ method, url, headers }] = requests;
    assert.equal(method, "GET");
    assert.equal(url, "/x?y=1");
    assert.equal(headers.accept, "application/json");
    assert.equal(headers["accept-encoding"], "identity");
    assert.deepEqual(
      Object.keys(headers).filter(
        (name) => !["host", "connection", "accept", "accept-encoding"].includes(name),
      ),
      [],
    );
  });

  it("accepts JSON of any content type, and tells a web page from other text", async (t) => {
    const { origin } = await scriptedServer(t, (req, res) => {
      const type = decodeURIComponent(req.url.slice(1));
      res.writeHead(200, type === "none" ? {} : { "content-type": type });
      res.end(req.method === "GET" ? "{}" : "<html></html>");
    });
    const get = (type) => getJson(`${origin}/${encodeURIComponent(type)}`, BOUNDS);
    const page = (type) => postForm(`${origin}/${encodeURIComponent(type)}`, {}, BOUNDS);
    for (const type of ["none", "text/plain", "application/jwk-set+json", "application/octet-stream"]) {
      assert.deepEqual((await get(type)).json, {}, type);
      assert.equal(await codeOf(page(type)), "NOT_JSON");
    }
    for (const type of ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"]) {
      assert.deepEqual((await get(type)).json, {}, type);
      assert.equal(await codeOf(page(type)), "CONTENT_TYPE");
    }
  });

  it("accepts status 200 only", async (t) => {
    const { origin, requests } = await scriptedServer(t, (req, res) => {
      sendJson(res, {}, { status: Number(req.url.slice(1)), headers: { location: "/200" } });
    });
    for (const status of [201, 202, 203, 204, 206, 304, 400, 401, 404, 410, 429, 500, 503]) {
      const error = await getJson(`${origin}/${status}`, BOUNDS).catch((reason) => reason);
      assert.equal(error.code, "ERR_MCP_AUTH_HTTP_STATUS", String(status));
      assert.equal(error.status, status);
    }
    for (const status of [301, 302, 303, 307, 308]) {
      assert.equal(await codeOf(getJson(`${origin}/${status}`, BOUNDS)), "REDIRECT");
    }
    assert.equal(requests.filter(({ url }) => url === "/200").length, 0);
  });

  it("rejects bodies that are not JSON, or hide something from a parser of JSON", async (t) => {
    const bodies = {
      empty: "",
      truncated: '{"a":',
      two: "{}{}",
      html: "<html></html>",
      notUtf8: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      twice: '{"active":false,"active":true}',
      twiceEscaped: '{"active":false,"\\u0061ctive":true}',
      deep: "[".repeat(33) + "]".repeat(33),
      veryDeep: "[".repeat(200_000) + "]".repeat(200_000),
    };
    const { origin } = await scriptedServer(t, (req, res) => res.end(bodies[req.url.slice(1)]));
    for (const name of Object.keys(bodies)) {
      assert.equal(await codeOf(getJson(`${origin}/${name}`, BOUNDS)), "NOT_JSON", name);
    }
  });

  it("accepts JSON of every form", async (t) => {
    const bodies = [
      ["null", null],
      ["[]", []],
      [' {"a" : {"b": 1} , "c": {"b": 2} } ', { a: { b: 1 }, c: { b: 2 } }],
      ['{"a":":","b":"\\"a\\":1","c\\\\":"\\\\"}', { a: ":", b: '"a":1', "c\\": "\\" }],
      [`{"a":"\\"${"[".repeat(40)}"}`, { a: `"${"[".repeat(40)}` }],
      ['["a","a",{"x":1},{"x":1}]', ["a", "a", { x: 1 }, { x: 1 }]],
      ["[".repeat(32) + "]".repeat(32), JSON.parse("[".repeat(32) + "]".repeat(32))],
    ];
    const { origin } = await scriptedServer(t, (req, res) => res.end(bodies[Number(req.url.slice(1))][0]));
    for (const [index, [, expected]] of bodies.entries()) {
      assert.deepEqual((await getJson(`${origin}/${index}`, BOUNDS)).json, expected);
    }
  });

  it("reads a byte order mark and gzip that it did not ask for", async (t) => {
    const { origin } = await scriptedServer(t, (req, res) => {
      if (req.url === "/bom") return res.end('\ufeff{"a":1}');
      res.writeHead(200, { "content-encoding": req.url.slice(1) });
      return res.end(gzipSync('{"a":1}'));
    });
    assert.deepEqual((await getJson(`${origin}/bom`, BOUNDS)).json, { a: 1 });
    assert.deepEqual((await getJson(`${origin}/gzip`, BOUNDS)).json, { a: 1 });
    assert.equal(await codeOf(getJson(`${origin}/br`, BOUNDS)), "CONTENT_ENCODING");
    assert.equal(await codeOf(getJson(`${origin}/gzip,gzip`, BOUNDS)), "CONTENT_ENCODING");
  });

  it("stops at the bound, be it stated, streamed or compressed", async (t) => {
    let written = 0;
    const { origin } = await scriptedServer(t, (req, res) => {
      if (req.url === "/stated") {
        res.writeHead(200, { "content-length": 64 * 1024 * 1024 });
        res.write("x");
        return;
      }
      if (req.url === "/gzip") {
        res.writeHead(200, { "content-encoding": "gzip" });
        res.end(gzipSync(Buffer.alloc(64 * 1024 * 1024, " ")));
        return;
      }
      const chunk = Buffer.alloc(64 * 1024, " ");
      const write = () => {
        while (!res.destroyed && written < 64 * 1024 * 1024) {
          written += chunk.length;
          if (!res.write(chunk)) {
            res.once("drain", write);
            return;
          }
        }
        res.end("{}");
      };
      write();
    });
    assert.equal(await codeOf(getJson(`${origin}/stated`, BOUNDS)), "TOO_LARGE");
    assert.equal(await codeOf(getJson(`${origin}/gzip`, BOUNDS)), "TOO_LARGE");
    assert.equal(await codeOf(getJson(`${origin}/streamed`, BOUNDS)), "TOO_LARGE");
    assert.ok(written < 32 * 1024 * 1024, `${written} bytes were read`);
  });

  it("accepts a body of exactly the bound", async (t) => {
    const body = JSON.stringify("x".repeat(98));
    const { origin } = await scriptedServer(t, (_, res) => res.end(body));
    assert.equal((await getJson(origin, { ...BOUNDS, maxBytes: 100 })).text, body);
    assert.equal(await codeOf(getJson(origin, { ...BOUNDS, maxBytes: 99 })), "TOO_LARGE");
  });

  it("ends at the deadline, wherever the server stalls, and closes the connection", async (t) => {
    const stalls = {
      "before the head": () => {},
      "within the head": (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
      "after the head": (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"),
      "within the body": (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":'),
      "in informational answers": (socket) => {
        const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 5);
        socket.on("close", () => clearInterval(timer));
      },
      "byte after byte": (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        const timer = setInterval(() => socket.write(" "), 5);
        socket.on("close", () => clearInterval(timer));
      },
    };
    for (const [where, stall] of Object.entries(stalls)) {
      const { origin, sockets } = await rawServer(t, stall);
      assert.equal(await codeOf(getJson(origin, SOON)), "TIMEOUT", where);
      while (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  it("ends when it is aborted, before or meanwhile", async (t) => {
    const { origin } = await rawServer(t, () => {});
    const controller = new AbortController();
    const got = codeOf(getJson(origin, { ...BOUNDS, signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    assert.equal(await got, "ABORTED");
    assert.equal(await codeOf(getJson(origin, { ...BOUNDS, signal: controller.signal })), "ABORTED");
  });

  it("names what is wrong with a connection", async (t) => {
    const answers = {
      "nothing and closes": "",
      "half a head": "HTTP/1.1 200 OK\r\n",
      "less than it stated": 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":1}',
      "a chunk less": 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n',
      "another protocol": "SSH-2.0-OpenSSH_9.6\r\n",
      "a head without end": `HTTP/1.1 200 OK\r\nx: ${"y".repeat(64 * 1024)}\r\n\r\n{}`,
      "a head that two parsers read differently":
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n{}",
    };
    for (const [what, bytes] of Object.entries(answers)) {
      const { origin } = await rawServer(t, (socket) => socket.once("data", () => socket.end(bytes)));
      assert.equal(await codeOf(getJson(origin, BOUNDS)), "CONNECTION", what);
    }
    const { origin } = await rawServer(t, (socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", () => socket.resetAndDestroy());
      });
    });
    assert.equal(await codeOf(getJson(origin, BOUNDS)), "CONNECTION");
    const error = await getJson(`${await closedOrigin()}/a?key=hunter2`, BOUNDS).catch((reason) => reason);
    assert.match(error.message, /^http:\/\/127\.0\.0\.1:\d+\/a cannot be reached: ECONNREFUSED$/);
  });

  it("does not change protocols", async (t) => {
    const { origin } = await rawServer(t, (socket) =>
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
      ),
    );
    assert.equal(await codeOf(getJson(origin, BOUNDS)), "STATUS");
  });

  it("asks once more when a connection that was kept open had been closed", async (t) => {
    let connections = 0;
    const { origin, sockets } = await rawServer(t, (socket) => {
      connections += 1;
      let requests = 0;
      socket.on("data", () => {
        requests += 1;
        if (requests > 1) {
          socket.resetAndDestroy();
        } else {
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}");
        }
      });
    });
    await getJson(origin, BOUNDS);
    assert.equal(sockets.size, 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual((await getJson(origin, BOUNDS)).json, {});
    assert.equal(connections, 2);
  });

  it("reads how long an answer is fresh, within bounds", async (t) => {
    const cases = [
      [{ "cache-control": "public, max-age=600" }, 600],
      [{ "cache-control": 'Max-Age="60"', age: "50" }, 10],
      [{ "cache-control": "max-age=60", age: "90" }, 0],
      [{ "cache-control": "max-age=60", age: "x" }, 60],
      [{ "cache-control": "no-store" }, 0],
      [{ "cache-control": "max-age=60, no-cache" }, 0],
      [{ "cache-control": "s-maxage=60" }, undefined],
      [{ "cache-control": "x-max-age=60" }, undefined],
      [{ "cache-control": "max-age=-1" }, undefined],
      [{ "cache-control": `max-age=${"9".repeat(400)}` }, 31_536_000],
      [{ expires: "Thu, 01 Jan 2099 00:00:00 GMT" }, undefined],
    ];
    const { origin } = await scriptedServer(t, (req, res) => {
      sendJson(res, {}, { headers: cases[Number(req.url.slice(1))][0] });
    });
    for (const [index, [headers, expected]] of cases.entries()) {
      const { maxAgeSeconds } = await getJson(`${origin}/${index}`, BOUNDS);
      assert.equal(maxAgeSeconds, expected, inspect(headers));
    }
  });

  it("connects over https, and over http to loopback, and nowhere else", async () => {
    const rejected = [
      "http://example.com/",
      "http://localhost.example.com/",
      "http://127.0.0.1.example.com/",
      "http://10.0.0.1/",
      "http://x.localhost/",
      "ftp://127.0.0.1/",
      "file:///etc/passwd",
      "data:application/json,{}",
      "http://user:hunter2@127.0.0.1/",
      "http://127.0.0.1/#fragment",
      "https://exa mple.com/",
      "https://example.com/\n",
      `https://example.com/${"x".repeat(3000)}`,
      "/relative",
      "",
      undefined,
      42,
    ];
    for (const url of rejected) {
      const error = await getJson(url, BOUNDS).catch((reason) => reason);
      assert.equal(error.code, "ERR_MCP_AUTH_OPTION_INVALID", String(url));
      assert.doesNotMatch(error.message, /hunter2/);
    }
  });
});

describe("postForm", () => {
  it("posts a form with credentials, and repeats neither in an error", async (t) => {
    const { origin, requests } = await scriptedServer(t, (req, res) => {
      sendJson(res, { active: false }, { status: req.url === "/ok" ? 200 : 400 });
    });
    const form = { token: "secret token&=+", hint: "ü" };
    const options = { ...BOUNDS, authorization: "Basic aHVudGVyMg==" };
    assert.deepEqual((await postForm(`${origin}/ok`, form, options)).json, { active: false });
    const [{ method, headers, body }] = requests;
    assert.equal(method, "POST");
    assert.equal(body, "token=secret+token%26%3D%2B&hint=%C3%BC");
    assert.equal(headers.authorization, "Basic aHVudGVyMg==");
    assert.equal(headers["content-type"], "application/x-www-form-urlencoded");
    assert.equal(headers["content-length"], String(body.length));
    const error = await postForm(`${origin}/bad?x=secret`, form, options).catch((reason) => reason);
    assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), /secret|aHVudGVyMg/);
  });

  it("hands neither token nor credentials on to where a redirect points", async (t) => {
    const other = await scriptedServer(t, (_, res) => sendJson(res, { active: true }));
    for (const status of [301, 302, 303, 307, 308]) {
      const { origin } = await scriptedServer(t, (_, res) => {
        sendJson(res, {}, { status, headers: { location: `${other.origin}/` } });
      });
      assert.equal(await codeOf(postForm(origin, { token: "t" }, BOUNDS)), "REDIRECT");
    }
    assert.equal(other.requests.length, 0);
  });
});

describe("the process", () => {
  const run = (script, env = {}) =>
    new Promise((resolve) => {
      const args = [
        "--input-type=module",
        "--eval",
        `import { getJson } from ${JSON.stringify(MODULE)}; ${script}`,
      ];
      const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, timeout: 60_000 });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      child.on("close", (status) => resolve({ status, output: output.trim() }));
    });

  it("ends after an answer, with the connection kept open, and with an exchange in the background", async (t) => {
    const { origin } = await scriptedServer(t, (req, res) => req.url === "/ok" && sendJson(res, {}));
    const result = await run(`
      await getJson("${origin}/ok", { timeoutMs: 86400000, maxBytes: 1000 });
      getJson("${origin}/stalls", { timeoutMs: 86400000, maxBytes: 1000, keepAlive: false });
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("ended");
    `);
    assert.deepEqual(result, { status: 0, output: "ended" });
  });

  it("checks the certificate, whatever the environment says", async (t) => {
    const tls = selfSigned();
    const { origin } = await scriptedServer(t, (_, res) => sendJson(res, { a: 1 }), tls);
    const script = `
      const answer = await getJson("${origin}", { timeoutMs: 10000, maxBytes: 1000 }).catch((error) => error);
      console.log(answer.code ?? answer.text, answer.message?.split(" ").at(-1) ?? "");
    `;
    const untrusted = await run(script, { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" });
    assert.equal(untrusted.output, "ERR_MCP_AUTH_HTTP_CONNECTION DEPTH_ZERO_SELF_SIGNED_CERT");
    const folder = mkdtempSync(path.join(tmpdir(), "self-signed-"));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, "cert.pem"), tls.cert);
    const trusted = await run(script, { NODE_EXTRA_CA_CERTS: path.join(folder, "cert.pem") });
    assert.equal(trusted.output, '{"a":1}');
  });
});
