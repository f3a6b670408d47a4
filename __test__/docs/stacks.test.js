/** The servers of docs/stacks.md, each run as a reader pastes it, and called with and without what it asks for. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { generateApiKey } from "mcp-native-auth";
import ts from "typescript";
import { freePort } from "../support/free-port.js";
import { blocks, sections } from "../support/markdown.js";
import { checkout, project } from "../support/project.js";
import { hasRedis, redisServer } from "../support/redis.js";

const page = readFileSync(path.join(checkout, "docs/stacks.md"), "utf8");
let folder;
let redis;
const env = {
  ...process.env,
  NODE_OPTIONS: "",
  NODE_TEST_CONTEXT: "",
  JWT_SECRET: generateApiKey().key,
  API_KEY: generateApiKey().key,
};

const run = blocks(page).filter(({ words }) => words[0] === "in" && words[1] === "stacks");
const servers = run.filter(({ words }) => words[2] === undefined);

before(async () => {
  const dependencies = new Set(
    run
      .flatMap(({ code }) =>
        [...code.matchAll(/ from "((?:@[\w-]+\/)?[\w-]+)[^"]*"/g)].map(([, name]) => name),
      )
      .filter((name) => name !== "mcp-native-auth" && name !== "node"),
  );
  folder = project({}, { dependencies: [...dependencies] });
  for (const { words, code } of run) {
    if (words[2] !== undefined) writeFileSync(path.join(folder, words[2]), code);
  }
  if (hasRedis) {
    redis = await redisServer();
    await redis.start();
    env.REDIS_URL = redis.url;
  }
});
after(() => redis?.stop());

const tokens = new Map();

/** What the page's `token.js` prints for scopes. */
function token(scope) {
  if (!tokens.has(scope)) {
    const printed = execFileSync(process.execPath, ["token.js", scope], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    tokens.set(scope, printed.trim());
  }
  return tokens.get(scope);
}

function call(port, name, headers) {
  return fetch(`http://127.0.0.1:${port}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } }),
  });
}

async function started(port, child) {
  for (let time = 0; time < 400; time += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/mcp`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return;
    assert.equal(child.exitCode, null, "it ended");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail("it did not start");
}

describe("docs/stacks.md", { timeout: 200_000 }, () => {
  assert.ok(servers.length >= 10);
  for (const [number, { line, code }] of servers.entries()) {
    const skip = code.includes("REDIS_URL") && !hasRedis && "no redis-server";
    it(`line ${line}: serves, rejects and asks for scopes`, { skip }, async () => {
      const port = await freePort();
      writeFileSync(path.join(folder, `server-${number}.js`), code.replaceAll("8080", String(port)));
      const child = spawn(process.execPath, [`server-${number}.js`], {
        cwd: folder,
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let log = "";
      child.stderr.on("data", (chunk) => {
        log += chunk;
      });
      try {
        await started(port, child);
        const bearer = (scope) => ({ authorization: `Bearer ${token(scope)}` });
        const rejected = await call(port, "whoami", {});
        assert.equal(rejected.status, 401);
        assert.match(rejected.headers.get("www-authenticate"), /^Bearer \w+=/);
        assert.equal((await call(port, "whoami", { authorization: "Bearer a.b.c" })).status, 401);
        assert.equal((await call(port, "whoami", bearer("other"))).status, 403);
        assert.match(await (await call(port, "whoami", bearer("mcp"))).text(), /"text":"app"/);
        assert.match(await (await call(port, "write_file", bearer("mcp files:write"))).text(), /written/);
        if (!code.includes("fastmcp") && !code.includes("verifier")) {
          assert.equal((await call(port, "write_file", bearer("mcp"))).status, 403);
        } else if (code.includes("fastmcp")) {
          assert.match(await (await call(port, "write_file", bearer("mcp"))).text(), /needs files:write/);
        }
        if (code.includes("./auth.js")) {
          assert.match(
            await (await call(port, "whoami", { "x-api-key": env.API_KEY })).text(),
            /"text":"ci"/,
          );
        }
        assert.doesNotMatch(log, /McpNativeAuthWarning/);
      } catch (error) {
        error.message += `\n${log}`;
        throw error;
      } finally {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }
    });
  }

  it("has every option and every member", () => {
    const source = ts.createSourceFile(
      "index.d.ts",
      readFileSync(path.join(checkout, "index.d.ts"), "utf8"),
      ts.ScriptTarget.ES2022,
      true,
    );
    const declared = (name) =>
      source.statements.find((each) => each.name?.text === name).members.map((member) => member.name.text);
    const [, options] = sections(page, 2).find(([heading]) => heading === "Options");
    assert.deepEqual(
      [...options.matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option),
      declared("RequireAuthOptions"),
    );
    for (const member of declared("RequiredAuth")) assert.match(page, new RegExp(`\`auth\\.${member}\``));
  });
});
