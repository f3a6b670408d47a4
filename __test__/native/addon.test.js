/** The native addon: how it is found, what it asks of a machine, how a release brings it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import { addonFileName, platformId } from "../../lib/native/platform.js";
import { HOST_ADDON } from "../../scripts/addon.js";
import { faultsOf, glibcNeeded, madeFor, nodeApiFunctions } from "../../scripts/binary.js";
import { NODE_API_VERSION, platformPackage, TARGETS } from "../../scripts/targets.js";
import { checkout, project, runJson, temporaryFolder } from "../support/project.js";
import { addonsOfAllPlatforms, layOut, standIn } from "../support/release.js";

const HOST = platformId();
const ANOTHER = Object.keys(TARGETS).find((triple) => triple !== HOST);
const TRY = {
  "main.mjs": `
    try {
      const { APIKeyAuthProvider } = await import("mcp-native-auth");
      const provider = new APIKeyAuthProvider({ keys: ["k1"] });
      console.log(JSON.stringify({ accepts: await provider.authenticate({ headers: { "x-api-key": "k1" } }) }));
    } catch ({ code, message, cause }) {
      console.log(JSON.stringify({ code, message, because: cause?.message }));
    }`,
};

const isOneSentence = (message) => /^[^\n]+[^.\n]$/.test(message);

describe("packed from a checkout", () => {
  let folder;
  let own;
  let addon;
  before(() => {
    folder = project(TRY);
    own = path.join(folder, "node_modules", "mcp-native-auth");
    addon = path.join(own, "native", addonFileName(HOST));
  });
  afterEach(() => copyFileSync(HOST_ADDON, addon));
  const outcome = (options) => runJson(folder, "main.mjs", options);

  it("brings the addon of the machine that packed it", () => {
    assert.equal(outcome().accepts, true);
  });

  it("without an addon, the import says in one sentence which command mends that", () => {
    rmSync(addon);
    const { code, message } = outcome();
    assert.equal(code, "ERR_MCP_AUTH_ADDON_MISSING");
    assert.ok(isOneSentence(message), message);
    const [, script] = /build it with `\S.* "(.*)"` \(needs cargo/.exec(message);
    assert.equal(
      path.relative(path.join(folder, "node_modules/mcp-native-auth/scripts"), script),
      "install.js",
    );
  });

  it("with an addon that does not load, the import says so and why", () => {
    writeFileSync(addon, standIn(ANOTHER));
    const { code, message, because } = outcome();
    assert.equal(code, "ERR_MCP_AUTH_ADDON_UNLOADABLE");
    assert.ok(isOneSentence(message), message);
    assert.match(message, /build another with `/);
    assert.ok(because.length > 0);
  });

  it("takes no addon that the environment names", () => {
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: HOST_ADDON, MCP_NATIVE_AUTH_ADDON: HOST_ADDON };
    rmSync(addon);
    const { code } = outcome({ env });
    assert.equal(code, "ERR_MCP_AUTH_ADDON_MISSING");
  });

  it("looks up no platform package that it does not declare", () => {
    const platform = path.join(folder, "node_modules", platformPackage(HOST));
    cpSync(path.join(own, "native"), platform, { recursive: true });
    rmSync(addon);
    assert.equal(outcome().code, "ERR_MCP_AUTH_ADDON_MISSING");
    rmSync(platform, { recursive: true });
  });

  it("the install script leaves an addon that fits alone, and says in one line that there is no cargo", () => {
    const install = () =>
      spawnSync(process.execPath, [path.join(own, "scripts", "install.js")], {
        encoding: "utf8",
        env: { ...process.env, PATH: temporaryFolder("empty-path") },
      });
    const { status, stdout, stderr } = install();
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
    rmSync(addon);
    const failed = install();
    assert.equal(failed.status, 1);
    assert.match(
      failed.stderr,
      /^mcp-native-auth has no native addon for [^\n]*cargo was not found; install Rust[^\n]*\n$/,
    );
  });
});

describe("a release", () => {
  let release;
  before(() => {
    const { status, stderr, output } = layOut(
      addonsOfAllPlatforms(),
      "--repository",
      "https://example.org/a/b",
    );
    assert.equal(status, 0, stderr);
    release = output;
  });
  const manifestIn = (...folder) =>
    JSON.parse(readFileSync(path.join(release, ...folder, "package.json"), "utf8"));
  // A project that has it installed.
  const folder = temporaryFolder("installed");
  const platform = path.join(folder, "node_modules", platformPackage(HOST));
  before(() => {
    writeFileSync(path.join(folder, "main.mjs"), TRY["main.mjs"]);
    cpSync(path.join(release, "package"), path.join(folder, "node_modules", "mcp-native-auth"), {
      recursive: true,
    });
  });
  beforeEach(() => cpSync(path.join(release, "platforms", HOST), platform, { recursive: true }));
  const outcome = () => runJson(folder, "main.mjs");

  it("takes the addon out of the platform's package", () => {
    assert.equal(outcome().accepts, true);
  });

  it("whose platform package was left out says which command adds it", () => {
    rmSync(platform, { recursive: true });
    const { code, message } = outcome();
    const { version } = manifestIn("package");
    assert.equal(code, "ERR_MCP_AUTH_ADDON_MISSING");
    assert.ok(isOneSentence(message), message);
    assert.ok(
      message.includes(`\`npm install --save-optional ${platformPackage(HOST)}@${version}\``),
      message,
    );
  });

  it("does not load the addon of another release", () => {
    const file = path.join(platform, "package.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), version: "0.0.9" }));
    const { code, message } = outcome();
    const { version } = manifestIn("package");
    assert.equal(code, "ERR_MCP_AUTH_ADDON_VERSION");
    assert.ok(isOneSentence(message), message);
    assert.ok(message.includes(`needs ${platformPackage(HOST)} ${version} but found 0.0.9`), message);
  });

  it("alone can be published: a checkout is private", () => {
    const checkedOut = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8"));
    assert.deepEqual([checkedOut.private, manifestIn("package").private], [true, undefined]);
  });

  it("runs nothing when it is installed and depends on nothing but its platform packages, exactly", () => {
    const { scripts, dependencies, devDependencies, optionalDependencies, version, files } =
      manifestIn("package");
    assert.deepEqual([scripts, dependencies, devDependencies], [undefined, undefined, undefined]);
    assert.deepEqual(
      optionalDependencies,
      Object.fromEntries(Object.keys(TARGETS).map((triple) => [platformPackage(triple), version])),
    );
    assert.ok(!files.some((pattern) => pattern.endsWith(".node")));
  });

  for (const [triple, { os, cpu, libc }] of Object.entries(TARGETS)) {
    it(`the package of ${triple} is for it alone`, () => {
      const { name, version, main, scripts, ...manifest } = manifestIn("platforms", triple);
      assert.deepEqual(
        [name, version, main, scripts, manifest.os, manifest.cpu, manifest.libc],
        [
          platformPackage(triple),
          manifestIn("package").version,
          addonFileName(triple),
          undefined,
          [os],
          [cpu],
          libc && [libc],
        ],
      );
      assert.equal(manifest.repository.url, "git+https://example.org/a/b.git");
    });
  }

  it("is not laid out without the addon of each platform", () => {
    const addons = addonsOfAllPlatforms();
    rmSync(path.join(addons, addonFileName(ANOTHER)));
    const { status, stderr } = layOut(addons);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`${ANOTHER}\\.node is missing`));
  });

  it("is not laid out with addons mixed up", () => {
    const addons = addonsOfAllPlatforms();
    writeFileSync(path.join(addons, addonFileName(ANOTHER)), standIn("darwin-x64"));
    const { status, stderr } = layOut(addons);
    assert.equal(status, 1);
    assert.match(stderr, /made for another platform/);
  });
});

describe("the addon of this machine", () => {
  const bytes = readFileSync(HOST_ADDON);

  it("is made for it and calls no function that is not of the declared Node-API version", () => {
    // Built here, it may need the glibc that is here; releases are held to less.
    assert.deepEqual(faultsOf(bytes, HOST, { glibc: "99.0" }), []);
    assert.ok(nodeApiFunctions(bytes).size > 50);
  });

  it("is found at fault for another platform, a newer Node-API, an unknown function or a newer glibc", () => {
    const naming = (name) => Buffer.concat([bytes, Buffer.from(`\0${name}\0`)]);
    const glibc = { glibc: "99.0" };
    assert.match(faultsOf(bytes, ANOTHER, glibc)[0], /it is made for/);
    assert.match(faultsOf(naming("node_api_symbol_for"), HOST, glibc)[0], /node_api_symbol_for/);
    assert.match(faultsOf(naming("napi_of_tomorrow"), HOST, glibc)[0], /napi_of_tomorrow/);
    assert.match(faultsOf(standIn(HOST), HOST, glibc)[0], /no function of Node-API/);
    const greedy = Buffer.concat([
      standIn("linux-x64-gnu"),
      Buffer.from("\0GLIBC_2.9\0GLIBC_2.100\0napi_throw\0"),
    ]);
    assert.equal(glibcNeeded(greedy), "2.100");
    assert.match(faultsOf(greedy, "linux-x64-gnu")[0], /glibc 2\.100, newer than/);
  });

  it("what a file is made for is read in each format", () => {
    for (const [triple, { os, cpu, libc }] of Object.entries(TARGETS)) {
      assert.deepEqual({ libc: undefined, ...madeFor(standIn(triple)) }, { os, cpu, libc });
    }
    assert.deepEqual(madeFor(Buffer.alloc(128)), {});
    assert.deepEqual(madeFor(Buffer.alloc(3)), {});
  });
});

describe("the platform that a process runs on", {
  skip: process.platform !== "linux" && "Linux alone has two",
}, () => {
  /** The smallest program that names a loader. */
  function programWith(loader) {
    const bytes = Buffer.alloc(256);
    bytes.writeUInt32BE(0x7f454c46);
    bytes.writeBigUInt64LE(64n, 32);
    bytes.writeUInt16LE(56, 54);
    bytes.writeUInt16LE(2, 56);
    bytes.writeUInt32LE(1, 64);
    bytes.writeUInt32LE(3, 120);
    bytes.writeBigUInt64LE(180n, 128);
    bytes.writeBigUInt64LE(BigInt(loader.length + 1), 152);
    bytes.write(loader, 180);
    return bytes;
  }
  const PLATFORM_MODULE = path.join(checkout, "lib", "native", "platform.js");
  const tripleIn = (prelude) => {
    const folder = temporaryFolder("platform");
    writeFileSync(
      path.join(folder, "main.mjs"),
      `${prelude} const { platformId } = await import(${JSON.stringify(PLATFORM_MODULE)});
        console.log(JSON.stringify({ triple: platformId(), exclude: process.report.excludeNetwork }));`,
    );
    return runJson(folder, "main.mjs");
  };

  for (const [loader, libc] of [
    ["/lib/ld-musl-x86_64.so.1", "musl"],
    ["/lib64/ld-linux-x86-64.so.2", "gnu"],
    ["/nix/store/somewhere/ld-linux-aarch64.so.1", "gnu"],
  ]) {
    it(`${libc}, where the program's loader is ${loader}; without a report`, () => {
      const program = path.join(temporaryFolder("program"), "node");
      writeFileSync(program, programWith(loader));
      const { triple } = tripleIn(`process.execPath = ${JSON.stringify(program)};
        process.report.getReport = () => { throw new Error("asked for a report"); };`);
      assert.equal(triple, `linux-${process.arch}-${libc}`);
    });
  }

  for (const [header, libc] of [
    ["{ glibcVersionRuntime: '2.36' }", "gnu"],
    ["{}", "musl"],
  ]) {
    it(`${libc}, where the program may not be read and the report says ${header}`, () => {
      const { triple, exclude } = tripleIn(`process.execPath = "/nowhere/node";
        process.report.getReport = () => {
          if (!process.report.excludeNetwork) throw new Error("looks up hosts");
          return { header: ${header} };
        };`);
      assert.equal(triple, `linux-${process.arch}-${libc}`);
      assert.ok(!exclude, "the setting is put back");
    });
  }
});

describe("one list of platforms", () => {
  const read = (file) => readFileSync(path.join(checkout, file), "utf8");
  const platforms = Object.keys(TARGETS).sort();
  const manifest = JSON.parse(read("package.json"));

  it("in package.json, as napi-rs has it", () => {
    assert.deepEqual(
      [...manifest.napi.targets].sort(),
      Object.values(TARGETS)
        .map(({ rust }) => rust)
        .sort(),
    );
    assert.deepEqual(manifest.binary.napi_versions, [NODE_API_VERSION]);
    assert.match(read("Cargo.toml"), new RegExp(`^napi = .*"napi${NODE_API_VERSION}"`, "m"));
  });

  it("in the workflow: each is built, and tested on a runner of its kind", () => {
    const jobs = read(".github/workflows/release.yml").split(/^ {2}(?=\w+:$)/m);
    const job = (name) => jobs.find((text) => text.startsWith(`${name}:\n`));
    const pairs = (text) =>
      [...text.matchAll(/- target: (\S+)\n +runner: (\S+)/g)].map(([, ...pair]) => pair);
    const built = pairs(job("build"));
    assert.deepEqual(built.map(([target]) => target).sort(), platforms);
    assert.deepEqual(pairs(job("test")), built);
    const [, listed] = /target:\n((?: +- \S+\n)+)/.exec(job("test"));
    assert.deepEqual(listed.match(/[\w-]*\w/g).sort(), platforms);
    for (const [target, runner] of built) {
      assert.match(runner, { linux: /^ubuntu/, darwin: /^macos/, win32: /^windows/ }[TARGETS[target].os]);
      assert.equal(/arm|macos-\d+$/.test(runner), TARGETS[target].cpu === "arm64", `${target} on ${runner}`);
    }
  });

  it("in the guide to deploying", () => {
    const [, table] = /<!-- platforms:begin -->([\s\S]*)<!-- platforms:end -->/.exec(
      read("docs/deploying.md"),
    );
    assert.deepEqual([...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, triple]) => triple).sort(), platforms);
  });

  it("in the compiler settings: musl's C library and Windows' runtime are linked as Node needs them", () => {
    const settings = read(".cargo/config.toml");
    assert.match(settings, /target_env = "musl"\)\)'\]\nrustflags = \["-C", "target-feature=-crt-static"\]/);
    assert.match(settings, /target_env = "msvc"\)\)'\]\nrustflags = \["-C", "target-feature=\+crt-static"\]/);
  });
});
