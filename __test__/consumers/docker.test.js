/**
 * The recipes of docs/deploying.md. There is no engine here: the steps that make the server's image run in a folder in
 * place of it, with what the recipe copies and nothing else. Needs the npm registry.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../support/free-port.js";
import { initialize } from "../support/initialize.js";
import { blocks, sections } from "../support/markdown.js";
import { checkout, packedTarball, temporaryFolder } from "../support/project.js";

const page = readFileSync(path.join(checkout, "docs/deploying.md"), "utf8");
const manifest = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8"));
const TARBALL = `${manifest.name}-${manifest.version}.tgz`;
const blocksOf = (heading) => blocks(sections(page, 2).find(([title]) => title === heading)[1]);
const dockerfiles = blocksOf("Docker").filter(({ language }) => language === "dockerfile");
const [server] = dockerfiles.splice(-1);

describe("the tarball for an image", () => {
  // By the page's commands, with the compiler of the same system.
  for (const [index, [system, toolchain]] of [
    ["bookworm", "slim-bookworm"],
    ["alpine", "alpine"],
  ].entries()) {
    it(`of ${system}: is built by the page's commands`, () => {
      const steps = [
        `FROM node:22-${system} AS addon`,
        `COPY --from=rust:1-${toolchain} /usr/local/cargo /usr/local/cargo`,
        `COPY --from=rust:1-${toolchain} /usr/local/rustup /usr/local/rustup`,
        "COPY . .",
        "RUN npm ci && npm run build && npm pack --pack-destination /tmp",
        "FROM scratch",
        `COPY --from=addon /tmp/${TARBALL} /`,
      ];
      const recipe = dockerfiles[index].code.trimEnd().split("\n");
      assert.deepEqual(
        recipe.filter((line) => steps.includes(line) || line.startsWith("FROM")),
        steps,
      );
      assert.equal(recipe.at(-1), steps.at(-1));
      assert.ok("build" in manifest.scripts);
    });
  }

  it("is made for both C libraries", () => assert.equal(dockerfiles.length, 2));
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
  const variables = {
    NODE_ENV: "production",
    // What this machine has in its cache, the tarball too, an image does not have.
    npm_config_cache: temporaryFolder("cache"),
  };
  const check = "fetch('http://127.0.0.1:8080/health').then(({ ok }) => process.exit(ok ? 0 : 1))";
  const copy = (...names) => {
    for (const name of names) {
      cpSync(path.join(context, name), path.join(image, name), { recursive: true });
    }
  };
  /** Each line of the `Dockerfile`, with what it does where there is no engine. */
  const STEPS = [
    ["FROM node:22-bookworm-slim"],
    ["ENV NODE_ENV=production"],
    ["WORKDIR /app", () => mkdirSync(image)],
    ["COPY package.json package-lock.json ./", () => copy("package.json", "package-lock.json")],
    ["COPY vendor/ vendor/", () => copy("vendor")],
    ["RUN npm ci", () => npm(image, ["ci"], variables)],
    ["COPY server.js ./", () => copy("server.js")],
    ["USER node"],
    ["EXPOSE 8080"],
    [`HEALTHCHECK CMD ["node", "-e", "${check}"]`],
    ['CMD ["node", "server.js"]'],
  ];

  function npm(cwd, args, options = {}) {
    const child = spawnSync("npm", args, { cwd, encoding: "utf8", env: { ...env, ...options }, shell: true });
    assert.equal(child.status, 0, child.stdout + child.stderr);
  }

  before(() => {
    // As the page says: the tarball in vendor/, installed from there.
    mkdirSync(path.join(context, "vendor"), { recursive: true });
    copyFileSync(packedTarball(), path.join(context, "vendor", TARBALL));
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
    assert.equal(server.code, `${STEPS.map(([line]) => line).join("\n")}\n`);
    for (const [, act] of STEPS) act?.();

    const port = String(await freePort());
    const onPort = (text) => text.replaceAll("8080", port);
    const file = path.join(image, "server.js");
    writeFileSync(file, onPort(readFileSync(file, "utf8")));
    const isHealthy = () =>
      spawnSync(process.execPath, ["-e", onPort(check)], { cwd: image, env }).status === 0;
    assert.equal(isHealthy(), false);
    const child = spawn(process.execPath, ["server.js"], {
      cwd: image,
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
          [{}, { "X-API-Key": "9uZ4tXq7LwRk2VbNc8Hd" }].map((headers) =>
            initialize(`http://127.0.0.1:${port}`, headers),
          ),
        ),
        [401, 200],
      );
    } finally {
      child.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    }
  });
});
