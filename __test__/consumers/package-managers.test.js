/**
 * Projects that install this package as their developers do: from the tarball of `npm pack` in an empty folder,
 * with several package managers, and from a registry that offers a release. Needs the npm registry.
 */

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { platformId } from "../../lib/native/platform.js";
import { pinned } from "../../scripts/pinned.js";
import { platformPackage, TARGETS } from "../../scripts/targets.js";
import { checkout, packedTarball, temporaryFolder } from "../support/project.js";
import { startRegistry } from "../support/registry.js";
import { addonsOfAllPlatforms, layOut } from "../support/release.js";

const MANIFEST = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8"));
const { devDependencies: VERSIONS } = MANIFEST;
const FRAMEWORK = `mcp-framework@${VERSIONS["mcp-framework"]}`;
/** The framework does not compile with the zod that npm hoists today. */
const ZOD = `zod@${VERSIONS.zod}`;
const COMPILER = [`typescript@${VERSIONS.typescript}`, `@types/node@${VERSIONS["@types/node"]}`];

const MAIN = `
  import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
  const provider = new APIKeyAuthProvider({ keys: ["k1"] });
  const verdicts = [];
  for (const key of ["k1", "k2"]) verdicts.push(await provider.authenticate({ headers: { "x-api-key": key } }));
  verdicts.push(await new JWTAuthProvider({ secret: "s".repeat(32) }).authenticate({ headers: {} }));
  console.log(verdicts.join());
`;
const VERDICTS = "true,false,false";

/** npm 12 needs a newer Node than the one that these tests may run on. */
const NODE = pinned("node-24");
const NPM = (name) => [NODE, pinned(name), "--no-audit", "--no-fund", "--loglevel=notice"];
const MANAGERS = {
  "npm 11": { add: [...NPM("npm-11"), "install"] },
  "npm 12": { add: [...NPM("npm-12"), "install"] },
  // pnpm fails for a script that nobody approved, though here the script has nothing to do.
  pnpm: { add: [pinned("pnpm"), "add"], tarball: ["--ignore-scripts"] },
};

/** The folders of PATH, without those in which there is a cargo. */
const WITHOUT_CARGO = process.env.PATH.split(path.delimiter)
  .filter((folder) => !existsSync(path.join(folder, "cargo")))
  .join(path.delimiter);

/** What cargo has compiled for this checkout need not be compiled again. */
const BUILD = { CARGO_TARGET_DIR: path.join(checkout, "target") };
/** Cargo reads it for the packages below it. The crate itself need not be fast: LTO is most of the time of a build. */
const FAST_BUILD = { ".cargo/config.toml": "[profile.release.package.mcp-native-auth]\nopt-level = 0\n" };

/** The tarball of this checkout, with the addon of this machine and without one. */
const tarball = packedTarball();
let bare;

before(() => {
  const folder = temporaryFolder("consumers");
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  rmSync(path.join(folder, "package", "native"), { recursive: true });
  bare = path.join(folder, "bare.tgz");
  execFileSync("tar", ["-czf", bare, "-C", folder, "package"]);
});

/** An empty folder with a manifest. */
function emptyProject({ name = "app", files = {} } = {}) {
  const folder = path.join(temporaryFolder("consumer"), name);
  write(folder, { "package.json": '{ "name": "app", "version": "1.0.0", "private": true }', ...files });
  return folder;
}

function write(folder, files) {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  }
}

function run([command, ...args], options) {
  const child = spawnSync(command, args, { encoding: "utf8", ...options, env: environment(options.env) });
  return { status: child.status, output: `${child.stdout}${child.stderr}`, stdout: child.stdout };
}

/** Like `run`, while this process goes on: for what talks to the registry in it. */
async function runBeside([command, ...args], options) {
  const child = spawn(command, args, { ...options, env: environment(options.env) });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const [status] = await once(child, "close");
  return { status, output };
}

function environment(env = {}) {
  const { NODE_TEST_CONTEXT, ...outer } = process.env;
  return { ...outer, PATH: pathWithNode(outer.PATH), ...env };
}

/** The scripts that package managers start shall find the Node that runs the package manager. */
function pathWithNode(outer) {
  return [path.dirname(NODE), outer].join(path.delimiter);
}

function succeed(command, options) {
  const { status, output, stdout } = run(command, options);
  assert.equal(status, 0, `${command.join(" ")}\n${output}`);
  return stdout.trim();
}

describe("the tarball of npm pack, on a machine without cargo", () => {
  const env = { PATH: pathWithNode(WITHOUT_CARGO) };
  let installed;
  for (const [manager, { add, tarball: options = [] }] of Object.entries(MANAGERS)) {
    it(`${manager} installs it with the addon in it, into a path with spaces`, () => {
      const cwd = emptyProject({ name: "a path with spaces", files: { "main.mjs": MAIN } });
      succeed([...add, ...options, tarball], { cwd, env });
      assert.equal(succeed([NODE, "main.mjs"], { cwd }), VERDICTS);
      installed ??= cwd;
    });
  }

  it("and runs from a node_modules that it may not write to", () => {
    const cwd = installed;
    // No mode binds root: what belongs to root is run by a user who is nobody.
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? { uid: 65_534, gid: 65_534 } : {};
    chmodSync(path.dirname(cwd), 0o755);
    execFileSync("chmod", ["-R", "a-w", path.join(cwd, "node_modules")]);
    try {
      const attempt =
        "try { require('fs').writeFileSync('node_modules/mcp-native-auth/x', ''); console.log('written') } catch (e) { console.log(e.code) }";
      assert.match(succeed([process.execPath, "-e", attempt], { cwd, ...user }), /^(EACCES|EPERM|EROFS)$/);
      assert.equal(succeed([process.execPath, "main.mjs"], { cwd, ...user }), VERDICTS);
    } finally {
      execFileSync("chmod", ["-R", "u+w", path.join(cwd, "node_modules")]);
    }
  });

  it("without an addon in it: one message, and npm fails", () => {
    const cwd = emptyProject();
    const { status, output } = run([...MANAGERS["npm 11"].add, bare], { cwd, env });
    assert.notEqual(status, 0);
    const said = output.split("\n").filter((line) => line.includes("mcp-native-auth has"));
    assert.equal(said.length, 1, output);
    assert.match(said[0], /no native addon for \S+ that fits, and cargo was not found; install Rust/);
  });
});

describe("a project of mcp-framework with the tarball", () => {
  let folder;
  before(() => {
    folder = emptyProject({
      files: {
        "main.mjs": `import * as framework from "mcp-framework"; ${MAIN}
          console.log(provider instanceof framework.APIKeyAuthProvider);`,
        "main.cjs": `
          const { APIKeyAuthProvider } = require("mcp-native-auth");
          const provider = new APIKeyAuthProvider({ keys: ["k1"] });
          provider.authenticate({ headers: { "x-api-key": "k1" } }).then(console.log);`,
        "src/server.mts": `
          import { type AuthProvider, MCPServer } from "mcp-framework";
          import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
          const providers: AuthProvider[] = [
            new APIKeyAuthProvider({ keys: ["k1"] }),
            new JWTAuthProvider({ secret: "s".repeat(32), algorithms: ["HS256"] }),
          ];
          for (const provider of providers) {
            new MCPServer({
              name: "app",
              version: "1.0.0",
              transport: { type: "http-stream", options: { port: 8080, auth: { provider } } },
            });
          }
          console.log("constructed");`,
      },
    });
    succeed([...MANAGERS["npm 11"].add, tarball, FRAMEWORK, ZOD, ...COMPILER], { cwd: folder });
  });

  it("ESM JavaScript", () => {
    assert.equal(succeed([NODE, "main.mjs"], { cwd: folder }), `${VERDICTS}\ntrue`);
  });

  it("CommonJS", () => {
    assert.equal(succeed([NODE, "main.cjs"], { cwd: folder }), "true");
  });

  const STRICT = ["--strict", "--target", "es2022", "--types", "node", "--skipLibCheck", "src/server.mts"];
  const tsc = () => [NODE, path.join(folder, "node_modules", "typescript", "bin", "tsc"), ...STRICT];

  it("strict TypeScript, NodeNext", () => {
    succeed([...tsc(), "--module", "nodenext", "--outDir", "dist"], { cwd: folder });
    assert.equal(succeed([NODE, "dist/server.mjs"], { cwd: folder }), "constructed");
  });

  it("strict TypeScript, bundler", () => {
    succeed([...tsc(), "--module", "esnext", "--moduleResolution", "bundler", "--noEmit"], { cwd: folder });
  });
});

describe("the tarball without an addon in it", () => {
  const blocked = {
    "npm 11 with --ignore-scripts": [...MANAGERS["npm 11"].add, "--ignore-scripts"],
    "npm 12, which blocks install scripts": MANAGERS["npm 12"].add,
    "pnpm, which blocks install scripts": MANAGERS.pnpm.add,
    "Bun, which blocks install scripts": [pinned("bun"), "add"],
  };
  for (const [name, add] of Object.entries(blocked)) {
    it(`${name}: the import names the command that mends it`, () => {
      const cwd = emptyProject({ files: { "main.mjs": MAIN } });
      run([...add, bare], { cwd });
      const { status, output } = run([NODE, "main.mjs"], { cwd });
      assert.equal(status, 1);
      const [, script] = /has no native addon for \S+; build it with `node "(.*)"` \(needs cargo/.exec(
        output,
      );
      assert.match(output, /ERR_MCP_AUTH_ADDON_MISSING/);
      assert.ok(existsSync(script), script);
    });
  }

  it("is built while npm installs it, where there is cargo", () => {
    const cwd = emptyProject({ files: { "main.mjs": MAIN, ...FAST_BUILD } });
    succeed([...MANAGERS["npm 11"].add, bare], { cwd, env: BUILD });
    assert.equal(succeed([NODE, "main.mjs"], { cwd }), VERDICTS);
    assert.ok(!existsSync(path.join(cwd, "node_modules", "mcp-native-auth", "target")));
  });
});

it("a git URL: npm builds what it clones, where there is cargo", () => {
  const repository = path.join(temporaryFolder("repository"), "mcp-native-auth");
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.org", ...args]);
  // What stands in this folder, committed or not.
  const list = git("-C", checkout, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  for (const file of list
    .toString()
    .split("\0")
    .filter((name) => name !== "" && existsSync(path.join(checkout, name)))) {
    cpSync(path.join(checkout, file), path.join(repository, file));
  }
  // npm installs these in its clone too. No script that it runs there needs one; `npm ci` shows that they install.
  const { devDependencies, ...manifest } = MANIFEST;
  write(repository, {
    "package.json": JSON.stringify(manifest),
    "package-lock.json": '{ "lockfileVersion": 3, "packages": {} }',
  });
  git("init", "--quiet", repository);
  git("-C", repository, "add", "--all");
  git("-C", repository, "commit", "--quiet", "--message", "all");

  const cwd = emptyProject({ files: { "main.mjs": MAIN, ...FAST_BUILD } });
  // npm clones into its cache, here below the settings of cargo.
  const add = [...MANAGERS["npm 11"].add, `--cache=${path.join(cwd, "cache")}`];
  succeed([...add, `git+${pathToFileURL(repository)}`], { cwd, env: BUILD });
  assert.equal(succeed([NODE, "main.mjs"], { cwd }), VERDICTS);
});

describe("what package checkers say of the tarball", () => {
  it("publint", () => {
    assert.match(
      succeed([NODE, pinned("publint"), "run", "--strict", tarball], { cwd: checkout }),
      /All good/,
    );
  });

  it("attw, for every resolution", () => {
    assert.match(
      succeed([NODE, pinned("attw"), "--no-color", "--no-emoji", tarball], { cwd: checkout }),
      /No problems found/,
    );
  });
});

describe("a release, from a registry", () => {
  let release;
  let registry;
  before(async () => {
    const { status, stderr, output } = layOut(addonsOfAllPlatforms());
    assert.equal(status, 0, stderr);
    release = output;
    registry = await startRegistry(release);
  });
  after(() => registry.stop());

  const env = { PATH: pathWithNode(WITHOUT_CARGO) };
  for (const [manager, { add }] of Object.entries(MANAGERS)) {
    it(`${manager} fetches the addon of this platform alone and runs no script`, async () => {
      const cwd = emptyProject({ files: { "main.mjs": MAIN } });
      registry.fetched.clear();
      const store = temporaryFolder("store");
      const where = manager === "pnpm" ? `--store-dir=${store}` : `--cache=${store}`;
      const { status, output } = await runBeside(
        [...add, `--registry=${registry.url}`, where, "mcp-native-auth"],
        { cwd, env },
      );
      assert.equal(status, 0, output);
      assert.doesNotMatch(output, /script|blocked|ignored build/i);
      assert.deepEqual([...registry.fetched].sort(), [platformPackage(platformId()), "mcp-native-auth"]);
      assert.equal(succeed([NODE, "main.mjs"], { cwd }), VERDICTS);
    });
  }

  it("Yarn with Plug'n'Play, which has no node_modules: ESM and CommonJS", async () => {
    const common =
      'const { APIKeyAuthProvider } = require("mcp-native-auth"); console.log(APIKeyAuthProvider.name);';
    const settings = [
      `npmRegistryServer: ${JSON.stringify(registry.url)}`,
      'unsafeHttpWhitelist: ["127.0.0.1"]',
      "globalFolder: ./global",
      "enableTelemetry: false",
      "npmMinimalAgeGate: 0",
    ];
    const manifest = { name: "app", type: "module", dependencies: { "mcp-native-auth": "*" } };
    const cwd = emptyProject({
      files: {
        "package.json": JSON.stringify(manifest),
        ".yarnrc.yml": settings.join("\n"),
        "yarn.lock": "",
        "main.mjs": MAIN,
        "main.cjs": common,
      },
    });
    const yarn = [NODE, pinned("yarn")];
    const { status, output } = await runBeside([...yarn, "install", "--no-immutable"], { cwd, env });
    assert.equal(status, 0, output);
    assert.equal(succeed([...yarn, "node", "main.mjs"], { cwd }), VERDICTS);
    assert.equal(succeed([...yarn, "node", "main.cjs"], { cwd }), "APIKeyAuthProvider");
  });

  it("installed with --omit=optional, the import names the command that mends it, and that mends it", async () => {
    const cwd = emptyProject({ files: { "main.mjs": MAIN } });
    const npm = [
      ...MANAGERS["npm 11"].add,
      `--registry=${registry.url}`,
      `--cache=${temporaryFolder("store")}`,
    ];
    assert.equal((await runBeside([...npm, "--omit=optional", "mcp-native-auth"], { cwd, env })).status, 0);
    const { output } = run([NODE, "main.mjs"], { cwd });
    const [, specifier] = /add it with `npm install --save-optional (\S+)`/.exec(output);
    assert.equal((await runBeside([...npm, "--save-optional", specifier], { cwd, env })).status, 0);
    assert.equal(succeed([NODE, "main.mjs"], { cwd }), VERDICTS);
  });

  it("is published where it is not yet, the main package last, in a rehearsal", async () => {
    const platforms = Object.keys(TARGETS).map(platformPackage).sort();
    const missing = [...platforms.slice(-2), "mcp-native-auth"];
    // As a run leaves it that broke off.
    const rest = await startRegistry(release, (name) => !missing.includes(name));
    try {
      const publish = [process.execPath, path.join(checkout, "scripts", "publish.js"), release, "--dry-run"];
      const { status, output } = await runBeside(publish, {
        cwd: checkout,
        env: { npm_config_registry: rest.url },
      });
      assert.equal(status, 0, output);
      const passedOver = [...output.matchAll(/^(.*)@[\d.]+ is published already$/gm)].map(([, name]) => name);
      assert.deepEqual(passedOver.sort(), platforms.slice(0, -2));
      const published = [...output.matchAll(/^\+ (.*)@[\d.]+$/gm)].map(([, name]) => name);
      assert.equal(published.at(-1), "mcp-native-auth");
      assert.deepEqual(published.sort(), missing.sort());
      // npm lists the content of each package.
      assert.equal(output.match(/\bTHIRD-PARTY-NOTICES$/gm).length, published.length);
    } finally {
      rest.stop();
    }
  });
});
