/** The servers of docs/stacks.md, each run as a reader pastes it, and called with and without what it asks for. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { generateApiKey } from "mcp-native-auth";
import { freePort } from "../support/free-port.js";
import { blocks } from "../support/markdown.js";
import { checkout, project } from "../support/project.js";
import { hasRedis, redisServer } from "../support/redis.js";

const page = readFileSync(path.join(checkout, "docs/stacks.md"), "utf8");
const RESOURCE = "https://mcp.example.com/mcp";
const FOREIGN_SECRET = generateApiKey().key;

let folder;
let redis;
const env = { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" };

const marked = blocks(page).filter(({ words }) => words[0] === "in" && words[1] === "stacks");
const [exporting, calling] = marked.filter(({ language }) => language === "sh").map(({ code }) => code);
const run = marked.filter(({ language }) => language !== "sh");

/** Blocks that a platform calls, with what calls them as it does. */
const CALLED = {
  // Next: the export of a route's module that is named as the method, with a Request and what is in the path.
  "app/mcp/route.js": `
    import { serve } from "@hono/node-server";
    const names = ["mcp", ".well-known/oauth-protected-resource/mcp"];
    const modules = await Promise.all(names.map((name) => import(\`./app/\${name}/route.js\`)));
    const call = ({ url, method, headers, body }) => {
      const route = modules[names.indexOf(new URL(url).pathname.slice(1))];
      const request = new Request(url, { method, headers, body, duplex: "half" });
      return route[method](request, { params: Promise.resolve({}) });
    };
    serve({ fetch: call, overrideGlobalObjects: false, port: 8080, hostname: "127.0.0.1" });`,
  // Lambda: events of the format 2.0, with bodies as text and in base64.
  "lambda.js": `
    import { createServer } from "node:http";
    import { text } from "node:stream/consumers";
    import { handler } from "./lambda.js";
    let count = 0;
    createServer(async (req, res) => {
      const [rawPath, rawQueryString = ""] = req.url.split("?");
      const body = (await text(req)) || undefined;
      const isBase64Encoded = body !== undefined && (count += 1) % 2 === 0;
      const answer = await handler({
        version: "2.0",
        rawPath,
        rawQueryString,
        headers: req.headers,
        body: isBase64Encoded ? Buffer.from(body).toString("base64") : body,
        isBase64Encoded,
        requestContext: {
          domainName: "mcp.example.com",
          http: { method: req.method, path: rawPath, sourceIp: "192.0.2.1" },
        },
      });
      res.writeHead(answer.statusCode, answer.headers).end(answer.body);
    }).listen(8080, "127.0.0.1");`,
};
const servers = run.flatMap(({ line, words: [, , file], code }) => {
  const start = file === undefined ? code : CALLED[file];
  return start === undefined ? [] : [{ line, code, start }];
});

before(async () => {
  const dependencies = new Set(
    [...run.map(({ code }) => code), ...Object.values(CALLED)]
      .flatMap((code) => [...code.matchAll(/ from "((?:@[\w-]+\/)?[\w-]+)[^"]*"/g)].map(([, name]) => name))
      .filter((name) => name !== "mcp-native-auth" && name !== "node"),
  );
  folder = project({}, { dependencies: [...dependencies] });
  for (const { words, code } of run) {
    if (words[2] !== undefined) {
      mkdirSync(path.dirname(path.join(folder, words[2])), { recursive: true });
      writeFileSync(path.join(folder, words[2]), code);
    }
  }
  mkdirSync(path.join(folder, "node_modules", ".bin"), { recursive: true });
  symlinkSync(
    path.join("..", "mcp-native-auth", "bin", "mcp-native-auth.js"),
    path.join(folder, "node_modules", ".bin", "mcp-native-auth"),
  );
  const [key, secret] = shell(`${exporting}echo "$API_KEY $JWT_SECRET"`).trim().split(" ");
  Object.assign(env, { API_KEY: key, JWT_SECRET: secret });
  if (hasRedis) {
    redis = await redisServer();
    await redis.start();
    env.REDIS_URL = redis.url;
  }
});
after(() => redis?.stop());

function shell(commands) {
  return execFileSync("bash", ["-ec", commands], { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
}

const tokens = new Map();

/** What the page's `token.js` prints for scopes. */
function token(scope, secret = env.JWT_SECRET) {
  const key = `${scope} ${secret}`;
  if (!tokens.has(key)) {
    const printed = execFileSync(process.execPath, ["token.js", scope], {
      cwd: folder,
      env: { ...env, JWT_SECRET: secret },
      encoding: "utf8",
    });
    tokens.set(key, printed.trim());
  }
  return tokens.get(key);
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
  for (const [number, { line, code, start }] of servers.entries()) {
    const skip = code.includes("REDIS_URL") && !hasRedis && "no redis-server";
    it(`line ${line}: serves, rejects and asks for scopes`, { skip }, async () => {
      const port = await freePort();
      writeFileSync(path.join(folder, `server-${number}.js`), start.replaceAll("8080", String(port)));
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
        for (const forged of ["a.b.c", token("mcp", FOREIGN_SECRET)]) {
          assert.equal((await call(port, "whoami", { authorization: `Bearer ${forged}` })).status, 401);
        }
        assert.equal((await call(port, "whoami", bearer("other"))).status, 403);
        assert.match(await (await call(port, "whoami", bearer("mcp"))).text(), /"text":"app"/);
        const written = await call(port, "write_file", bearer("mcp files:write"));
        assert.equal(written.status, 200);
        assert.match(await written.text(), /written/);
        // The same call as a reader types it, once.
        if (number === 0) {
          assert.match(shell(calling.replace("8080", String(port))), /^HTTP\/1\.1 200 [\s\S]*written/);
        }
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
        if (
          code.includes("./auth.js") &&
          /auth\.(?:wrap|web|fastify)|=> auth\.express|\.well-known/.test(code)
        ) {
          const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;
          assert.equal((await (await fetch(metadata)).json()).resource, RESOURCE);
          const headers = { origin: "http://localhost:5173", "access-control-request-method": "POST" };
          for (const url of [metadata, `http://127.0.0.1:${port}/mcp`]) {
            assert.equal((await fetch(url, { method: "OPTIONS", headers })).status, 204);
          }
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
});
