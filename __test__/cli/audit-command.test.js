/** The command around the rows: arguments, credentials that never show, a server that it starts and ends, reports. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generateApiKey } from "mcp-native-auth";
import { ROWS } from "../../lib/cli/audit/rows.js";
import { auditedServer } from "../support/audited-server.js";
import { freePort } from "../support/free-port.js";
import { blocks } from "../support/markdown.js";
import { checkout, temporaryFolder } from "../support/project.js";
import { runAudit } from "../support/run-audit.js";
import { scriptedServer } from "../support/scripted-server.js";

const program = path.join(checkout, "bin/mcp-native-auth.js");
const support = path.join(checkout, "__test__/support");
const folder = temporaryFolder("audit");
const token = `eyJhbGciOiJSUzI1NiJ9.${"QmFzZTY0VGV4dA".repeat(6)}.${"c2lnbmF0dXJl".repeat(9)}`;
const { key } = generateApiKey();

/** Neither whole, nor a part of eight characters, as it is or as a URL has it. */
function assertHides(text, secret) {
  for (let start = 0; start + 8 <= secret.length; start++) {
    assert.ok(
      !text.includes(secret.slice(start, start + 8)),
      `the output shows the credential from ${start} on`,
    );
  }
}

/** Sends back what it is sent, whole, in parts and as a URL has it. */
function echo(req, res) {
  const { authorization = "", "x-api-key": apiKey = authorization.replace("Bearer ", "") } = req.headers;
  const parts = [apiKey.slice(0, 12), apiKey.slice(-12), encodeURIComponent(apiKey).slice(0, 12), apiKey];
  res.writeHead(401, {
    "www-authenticate": `Bearer error="${parts.join(" ")}", resource_metadata="http://${req.headers.host}/${apiKey}"`,
    location: `/${apiKey}`,
  });
  res.end(apiKey);
}

async function serve(t, options) {
  const server = await auditedServer(options);
  t.after(() => server.close());
  return server;
}

describe("arguments", () => {
  it("are rejected without being repeated", async () => {
    const url = "http://127.0.0.1:1/mcp";
    for (const args of [
      [],
      [token],
      [url, token],
      [url, "--token", token],
      [url, `--${token}`],
      [url, `--stdin=${token}`],
      [url, "--only", token],
      [url, "--only", ""],
      [url, "--header", `${token} x`],
      [url, "--origin", token],
      [url, "--origin", "https://app.example.com/"],
      [url, "--resource", token],
      [url, "--issuer", token],
      [url, "--issuer", "http://login.example.com"],
      [url, "--issuer", "https://127.0.0.1"],
      [url, "--timeout", token],
      [url, "--timeout", "0"],
      [url, "--tool", "write_file"],
      [url, "--html"],
      [url, "--"],
      [`http://user:${token}@127.0.0.1/mcp`],
      [`${url}?token=${token}`],
      [`${url}#${token}`],
      ["file:///etc/passwd"],
      [url, "--issuer", "http://127.0.0.1:0", "--stdin"],
    ]) {
      const { code, stdout, stderr } = await runAudit(args, { throughMain: true });
      assert.deepEqual([code, stdout], [2, ""], String(args.length));
      assert.match(stderr, /^mcp-native-auth: [^\n]+\n$/);
      assertHides(stderr, token);
    }
  });

  it("--help has examples, and every row is in the documentation", async () => {
    const { code, stdout } = await runAudit(["--help"], { throughMain: true });
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: mcp-native-auth audit <url>/);
    assert.match(stdout, /^Examples:\n {2}mcp-native-auth audit https/m);
    const page = readFileSync(path.join(checkout, "docs/audit.md"), "utf8");
    for (const { id, title, source, level, fix } of ROWS) {
      const row = `| ${[id, title, `${source} (${level})`, fix].map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
      assert.ok(page.includes(row), `docs/audit.md has not: ${row}`);
    }
  });

  it("the step for GitHub Actions has arguments that are accepted", async () => {
    const [step] = blocks(readFileSync(path.join(checkout, "docs/audit.md"), "utf8")).filter(
      ({ language }) => language === "yaml",
    );
    const [, line] = /^ +run: npx mcp-native-auth audit (.*)$/m.exec(step.code);
    const args = line.replace("node server.js", path.join(folder, "no-such-program")).split(" ");
    const { code, stderr } = await runAudit(args);
    assert.equal(code, 2);
    assert.match(stderr, /the command cannot be started/);
  });

  it("--only audits the rows that it names, and nothing checked is no success", async (t) => {
    const server = await serve(t, { issuer: "http://127.0.0.1:1" });
    const { code, stdout } = await runAudit([server.url, "--only", "c5,D", "--json"]);
    const { rows } = JSON.parse(stdout);
    assert.deepEqual(
      [code, new Set(rows.map(({ id }) => id))],
      [0, new Set([...ROWS.map(({ id }) => id).filter((id) => id[0] === "D"), "C5"])],
    );
    const nothing = await runAudit([server.url, "--only", "T2"]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /none of the rows could be checked/);
  });
});

describe("a credential", () => {
  it("is never printed, whatever the server sends back", async (t) => {
    const { origin } = await scriptedServer(t, echo);
    const html = path.join(folder, "echo.html");
    for (const [secret, more, given] of [
      [token, [], { env: { MCP_AUDIT_TOKEN: token } }],
      [token, [], { input: `${token}\n` }],
      [key, ["--header", "X-API-Key"], { input: `${key}\n${token}\n` }],
      ["a+b/c=d/e+f+g==", [], { env: { MCP_AUDIT_TOKEN: "a+b/c=d/e+f+g==" } }],
    ]) {
      for (const format of [[], ["--json"], ["--html", html]]) {
        const stdin = given.input ? ["--stdin"] : [];
        const { stdout, stderr } = await runAudit([`${origin}/mcp`, ...more, ...stdin, ...format], given);
        const report = format[0] === "--html" ? readFileSync(html, "utf8") : "";
        const all = stdout + stderr + report;
        assert.match(all, /\[credential\]/);
        for (const form of [secret, encodeURIComponent(secret)]) assertHides(all, form);
      }
    }
  });

  it("goes to the origin of the URL alone, and along no redirect", async (t) => {
    const other = await scriptedServer(t, (_req, res) => res.end("{}"));
    const { origin, requests } = await scriptedServer(t, (req, res) => {
      const isRight = req.headers.authorization === `Bearer ${token}`;
      res.writeHead(isRight ? 307 : 401, {
        location: `${other.origin}/mcp`,
        "www-authenticate": `Bearer resource_metadata="${other.origin}/metadata"`,
      });
      res.end();
    });
    const { stdout } = await runAudit([`${origin}/mcp`], { env: { MCP_AUDIT_TOKEN: token } });
    assert.ok(requests.some(({ headers }) => headers.authorization === `Bearer ${token}`));
    assert.deepEqual(other.requests, []);
    assert.match(stdout, /^FAIL +D3/m);
    assert.match(stdout, /is on another origin/);
  });

  it("of a key makes the rows of keys possible, and is taken from standard input", async (t) => {
    const server = await serve(t, {
      issuer: "http://127.0.0.1:1",
      keys: { [key]: "alice", [token]: "bob" },
    });
    const args = [server.url, "--header", "X-API-Key", "--stdin", "--json"];
    const { code, stdout, stderr } = await runAudit(args, { input: `${key}\n${token}\n` });
    const verdicts = Object.fromEntries(JSON.parse(stdout).rows.map(({ id, verdict }) => [id, verdict]));
    for (const id of ["B2", "B3", "H1", "H3", "H4", "H5", "H7", "H8", "T13"])
      assert.equal(verdicts[id], "pass", id);
    assert.equal(code, 1, "the server has challenges for tokens, and does not read them");
    assertHides(stdout + stderr, key);
  });

  it("that no header can carry is rejected", async () => {
    const { code, stderr } = await runAudit(["http://127.0.0.1:1/mcp", "--stdin"], {
      input: "größer-als-nichts\n",
    });
    assert.equal(code, 2);
    assert.ok(!stderr.includes("nichts"));
  });
});

describe("a command after --", () => {
  const start = async (script, options = [], env = {}) => {
    const port = await freePort();
    const file = path.join(folder, `${port}.js`);
    writeFileSync(
      file,
      `const port = ${port}, pids = ${JSON.stringify(`${file}.pids`)}, support = ${JSON.stringify(support)};\n${script}`,
    );
    const args = [
      `http://127.0.0.1:${port}/mcp`,
      "--issuer",
      "http://127.0.0.1:0",
      ...options,
      "--",
      process.execPath,
      file,
    ];
    const result = await runAudit(args, { env: { ...process.env, ...env } });
    const pids = existsSync(`${file}.pids`)
      ? readFileSync(`${file}.pids`, "utf8").trim().split("\n").map(Number)
      : [];
    return { ...result, pids };
  };
  const RIGHT = `
    const { auditedServer } = await import(support + "/audited-server.js");
    const issuer = process.env.MCP_AUDIT_ISSUER;
  `;
  const isRunning = (pid) => {
    try {
      process.kill(pid, 0);
      // One that has ended, and waits for the system to notice.
      const status = `/proc/${pid}/stat`;
      return !existsSync(status) || !/\) Z /.test(readFileSync(status, "utf8"));
    } catch {
      return false;
    }
  };

  it("is started, awaited, audited and ended, with all that it started", async () => {
    const { code, stdout, pids } = await start(
      `${RIGHT}
      const { spawn } = await import("node:child_process");
      const { appendFileSync } = await import("node:fs");
      const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]);
      appendFileSync(pids, process.pid + "\\n" + child.pid + "\\n");
      if (process.env.MCP_AUDIT_TOKEN || !process.env.MCP_AUDIT_RESOURCE.endsWith("/mcp")) process.exit(1);
      process.on("SIGTERM", () => {});
      setTimeout(() => auditedServer({ issuer, port }), 500);`,
      ["--json", "--only", "B,T"],
      { MCP_AUDIT_TOKEN: token },
    );
    assert.equal(code, 0);
    const { rows } = JSON.parse(stdout);
    assert.equal(rows.find(({ id }) => id === "T17").verdict, "pass");
    assert.equal(rows.find(({ id }) => id === "T2").verdict, "pass");
    assert.equal(pids.length, 2);
    await sleep(200);
    assert.deepEqual(pids.filter(isRunning), []);
  });

  it("that prints a credential fails T17, and it is not shown", async () => {
    const { code, stdout } = await start(
      `${RIGHT} await auditedServer({ issuer, port, defect: { log: (line) => console.log(line.slice(-120, -20)) } });`,
      ["--only", "B1,T"],
    );
    assert.equal(code, 1);
    assert.match(stdout, /^FAIL +T17/m);
    assert.equal(stdout.match(/^FAIL/gm).length, 1);
  });

  it("that ends, cannot start or is not alone at the URL is told", async (t) => {
    const ended = await start('console.error("no configuration"); process.exit(3);');
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /the command ended with exit code 3\n {2}no configuration\n$/);
    const during = await start(
      `${RIGHT}
      const { subscribe } = await import("node:diagnostics_channel");
      subscribe("http.server.request.start", ({ request }) => {
        const [header] = String(request.headers.authorization).replace("Bearer ", "").split(".");
        // The first of many tokens that come at once, each with a random key id.
        if (/"kid":"[0-9a-f-]{36}"/.test(Buffer.from(header, "base64url"))) process.exit(4);
      });
      await auditedServer({ issuer, port });`,
      ["--only", "B1,K"],
    );
    assert.equal(during.code, 2);
    const missing = await runAudit(["http://127.0.0.1:1/mcp", "--", path.join(folder, "no-such-program")]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /the command cannot be started \(ENOENT\)/);
    const server = await serve(t, { issuer: "http://127.0.0.1:1" });
    const taken = await runAudit([server.url, "--", process.execPath, "-e", "0"]);
    assert.equal(taken.code, 2);
    assert.match(taken.stderr, /something answers at the URL already/);
  });

  it("is ended when the audit is interrupted", {
    skip: process.platform === "win32" && "no signals",
  }, async () => {
    const port = await freePort();
    const file = path.join(folder, "interrupted.js");
    writeFileSync(
      file,
      `require("node:fs").writeFileSync(${JSON.stringify(`${file}.pid`)}, String(process.pid)); require("node:http").createServer(() => {}).listen(${port}, "127.0.0.1");`,
    );
    const child = spawn(
      process.execPath,
      [program, "audit", `http://127.0.0.1:${port}/mcp`, "--", process.execPath, file],
      { stdio: "ignore" },
    );
    for (let tries = 0; !existsSync(`${file}.pid`) && tries < 100; tries++) await sleep(100);
    await sleep(300);
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    assert.equal(code, 130);
    assert.equal(isRunning(Number(readFileSync(`${file}.pid`, "utf8"))), false);
  });
});

describe("reports", () => {
  it("--json and --html say the same; the page needs nothing else", async (t) => {
    const server = await serve(t, {
      issuer: "http://127.0.0.1:1",
      defect: {
        metadata: (document) => ({
          ...document,
          scopes_supported: ["offline_access", "<script>alert(1)</script>"],
        }),
      },
    });
    const file = path.join(folder, "report.html");
    const { code, stdout, stderr } = await runAudit([server.url, "--json", "--html", file]);
    assert.equal(code, 1);
    const result = JSON.parse(stdout);
    assert.match(stderr, /^FAIL +D9/m, "rows as they are judged go to standard error");
    const html = readFileSync(file, "utf8");
    assert.doesNotMatch(html, /<script|<link|<img|@import|url\(|src=/i);
    assert.match(html, /default-src 'none'/);
    for (const { id, verdict, received, reason } of result.rows) {
      assert.ok(html.includes(`>${id}</th>`));
      assert.ok((received ?? reason).length > 0, id);
      assert.ok(["pass", "fail", "not checked"].includes(verdict));
    }
    const total = result.summary.pass + result.summary.fail + result.summary.notChecked;
    assert.equal(total, ROWS.length);
  });

  it("a terminal gets color and progress; NO_COLOR, a pipe and a narrow window are respected", async (t) => {
    const server = await serve(t, { issuer: "http://127.0.0.1:1" });
    const colorful = await runAudit([server.url, "--only", "C"], { isTTY: true });
    assert.ok(colorful.stdout.includes("\x1b[32mpass"));
    assert.ok(colorful.stdout.includes("\r\x1b[K"));
    const plain = await runAudit([server.url, "--only", "C"], { isTTY: true, env: { NO_COLOR: "1" } });
    assert.ok(!plain.stdout.includes("\x1b[32m"));
    const narrow = await runAudit([server.url, "--only", "C"], { columns: 44 });
    assert.ok(!narrow.stdout.includes("\x1b"));
    for (const line of narrow.stdout.split("\n")) assert.ok(line.length <= 44, line);
  });

  it("neither the audit nor the other commands load the addon", () => {
    const script = `
      import { runCommandLine } from ${JSON.stringify(path.join(checkout, "lib/cli/main.js"))};
      const { dlopen } = process;
      process.dlopen = (...args) => { console.log("LOADED"); return dlopen.call(process, ...args); };
      await runCommandLine(process.argv.slice(1), process);
      console.log("DONE");`;
    for (const args of [["audit", "http://127.0.0.1:1/mcp"], ["keygen"]]) {
      const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script, ...args], {
        encoding: "utf8",
      });
      assert.match(stdout, /DONE/);
      assert.doesNotMatch(stdout, /LOADED/);
    }
  });
});
