/**
 * The recipes of docs/deploying.md. There is no engine here: the steps that make the server's image run in a folder in
 * place of it, with what the recipe copies and nothing else. Needs the npm registry.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../support/free-port.js";
import { blocks, sections } from "../support/markdown.js";
import { checkout, temporaryFolder } from "../support/project.js";

const page = readFileSync(path.join(checkout, "docs/deploying.md"), "utf8");
const manifest = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8"));
const TARBALL = `${manifest.name}-${manifest.version}.tgz`;
const blocksOf = (heading) => blocks(sections(page, 2).find(([title]) => title === heading)[1]);
const recipes = blocksOf("Docker")
  .filter(({ language }) => language === "dockerfile")
  .map(({ code }) => instructions(code));
const [server] = recipes.splice(-1);

/** The instructions of a Dockerfile, as `[name, arguments]`. */
function instructions(code) {
  return code
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => /^([A-Z]+) +(.+)$/.exec(line).slice(1));
}

const all = (recipe, name) => recipe.filter(([each]) => each === name).map(([, rest]) => rest);

describe("the tarball for an image", () => {
  for (const recipe of recipes) {
    const [from] = all(recipe, "FROM");
    it(`${from}: is built by the page's commands, with the compiler of the same system`, () => {
      const [, system] = /^node:\d+-(bookworm|alpine) AS addon$/.exec(from);
      assert.deepEqual(all(recipe, "FROM"), [from, "scratch"]);
      const toolchain = `rust:1-${{ bookworm: "slim-bookworm", alpine: "alpine" }[system]}`;
      const copied = all(recipe, "COPY");
      for (const folder of ["/usr/local/cargo", "/usr/local/rustup"]) {
        assert.ok(copied.includes(`--from=${toolchain} ${folder} ${folder}`), copied.join("\n"));
      }
      assert.equal(copied.at(-1), `--from=addon /tmp/${TARBALL} /`);
      assert.ok("build" in manifest.scripts);
      assert.equal(all(recipe, "RUN").at(-1), "npm ci && npm run build && npm pack --pack-destination /tmp");
    });
  }

  it("is made for both C libraries", () => assert.equal(recipes.length, 2));
});

describe("the image of the server", () => {
  const context = path.join(temporaryFolder("docker"), "context");
  const image = path.join(path.dirname(context), "image");
  const env = {
    ...process.env,
    NODE_OPTIONS: "",
    NODE_TEST_CONTEXT: "",
    npm_config_update_notifier: "false",
  };
  const workdir = path.join(image, all(server, "WORKDIR")[0]);

  function npm(cwd, args, options = {}) {
    const child = spawnSync("npm", args, { cwd, encoding: "utf8", env: { ...env, ...options }, shell: true });
    assert.equal(child.status, 0, child.stdout + child.stderr);
  }

  before(() => {
    // As the page says: the tarball in vendor/, installed from there.
    mkdirSync(path.join(context, "vendor"), { recursive: true });
    npm(checkout, ["pack", "--ignore-scripts", "--pack-destination", path.join(context, "vendor")]);
    writeFileSync(
      path.join(context, "package.json"),
      '{ "name": "app", "version": "1.0.0", "type": "module" }',
    );
    const [example] = blocksOf("Example server");
    writeFileSync(path.join(context, "server.js"), example.code);
    const { "mcp-framework": framework, "@modelcontextprotocol/sdk": sdk, zod } = manifest.devDependencies;
    const others = [`mcp-framework@${framework}`, `@modelcontextprotocol/sdk@${sdk}`, `zod@${zod}`];
    // The lock file is all that the image needs of it.
    npm(context, ["install", "--package-lock-only", "--no-audit", `./vendor/${TARBALL}`, ...others]);
  });

  it("is built by its steps, and serves by its command, which its health check finds", async () => {
    const variables = {
      ...Object.fromEntries(all(server, "ENV").map((each) => each.split("="))),
      // What this machine has in its cache, the tarball too, an image does not have.
      npm_config_cache: temporaryFolder("cache"),
    };
    mkdirSync(workdir, { recursive: true });
    for (const [name, rest] of server) {
      if (name === "COPY") {
        const [target, ...sources] = rest.split(" ").reverse();
        for (const source of sources) {
          const isFolder = source.endsWith("/");
          cpSync(path.join(context, source), path.join(workdir, target, isFolder ? "" : source), {
            recursive: true,
          });
        }
      } else if (name === "RUN") {
        const [program, ...args] = rest.split(" ");
        assert.equal(program, "npm");
        npm(workdir, args, variables);
      }
    }
    assert.deepEqual(all(server, "USER"), ["node"]);

    const port = String(await freePort());
    const onPort = (text) => text.replaceAll("8080", port);
    writeFileSync(
      path.join(workdir, "server.js"),
      onPort(readFileSync(path.join(workdir, "server.js"), "utf8")),
    );
    const command = (text) => {
      const [program, ...args] = JSON.parse(onPort(text));
      assert.equal(program, "node");
      return args;
    };
    const isHealthy = () => {
      const [check] = all(server, "HEALTHCHECK").map((each) => command(each.replace(/^CMD /, "")));
      return spawnSync(process.execPath, check, { cwd: workdir, env }).status === 0;
    };
    assert.equal(isHealthy(), false);
    const child = spawn(process.execPath, command(all(server, "CMD")[0]), {
      cwd: workdir,
      env: { ...env, ...variables, API_KEY: "9uZ4tXq7LwRk2VbNc8Hd" },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    try {
      while (!isHealthy()) {
        assert.equal(child.exitCode, null, "the server has ended");
        await sleep(50);
      }
      assert.deepEqual(
        await Promise.all(
          [{}, { "X-API-Key": "9uZ4tXq7LwRk2VbNc8Hd" }].map((headers) => initialize(port, headers)),
        ),
        [401, 200],
      );
    } finally {
      child.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    }
  });
});

async function initialize(port, headers) {
  const clientInfo = { name: "test", version: "1.0.0" };
  const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo };
  const { status } = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: "POST",
    headers: {
      Accept: "application/json, text/event-stream",
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
  });
  return status;
}
