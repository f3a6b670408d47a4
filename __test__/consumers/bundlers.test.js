/** A release in the hands of a file tracer and of bundlers: what they put out runs elsewhere. Needs the npm registry. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { addonFileName, platformId } from "../../lib/native/platform.js";
import { pinned } from "../../scripts/pinned.js";
import { platformPackage } from "../../scripts/targets.js";
import { runJson, temporaryFolder } from "../support/project.js";
import { addonsOfAllPlatforms, layOut, MAIN } from "../support/release.js";

const HOST = platformId();
const ADDON = `${platformPackage(HOST)}/${addonFileName(HOST)}`;

let release;
before(() => {
  const { status, stderr, output } = layOut(addonsOfAllPlatforms());
  assert.equal(status, 0, stderr);
  release = output;
});

/** An application with the release in `store`, a folder of its `node_modules` to which there are links, or in those. */
function application({ store = "", files = {} } = {}) {
  const folder = path.join(temporaryFolder("application"), "app");
  const modules = path.join(folder, "node_modules");
  cpSync(path.join(release, "package"), path.join(modules, store, "mcp-native-auth"), { recursive: true });
  cpSync(path.join(release, "platforms", HOST), path.join(modules, store, platformPackage(HOST)), {
    recursive: true,
  });
  if (store !== "") {
    const target = isWindows
      ? path.join(modules, store, "mcp-native-auth")
      : path.join(store, "mcp-native-auth");
    symlinkSync(target, path.join(modules, "mcp-native-auth"), "junction");
  }
  const manifest = '{ "name": "app", "type": "module" }';
  for (const [name, content] of Object.entries({ "package.json": manifest, "main.js": MAIN, ...files })) {
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const isWindows = process.platform === "win32";

function run(cwd, [file, ...args]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { cwd, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** Files of an application, elsewhere; the application itself is gone then. */
function deploy(folder, files) {
  const target = path.join(temporaryFolder("deployed"), "server");
  for (const file of files) {
    mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    cpSync(path.join(folder, file), path.join(target, file), { recursive: true, verbatimSymlinks: true });
  }
  rmSync(folder, { recursive: true });
  return target;
}

describe("@vercel/nft, by which Vercel, Next.js, Netlify and Nitro find files", () => {
  const layouts = { npm: "", pnpm: ".pnpm/mcp-native-auth@0.1.0/node_modules" };
  for (const [manager, store] of Object.entries(layouts)) {
    it(`as ${manager} installs: what it finds runs alone, with the one addon`, () => {
      const folder = application({ store });
      const { status, output } = run(folder, [pinned("nft"), "print", "main.js"]);
      assert.equal(status, 0, output);
      const files = output
        .split("\n")
        .filter((line) => lstatSync(path.join(folder, line || "-"), { throwIfNoEntry: false }));
      const addons = files.filter((file) => file.endsWith(".node"));
      assert.deepEqual(addons, [path.join("node_modules", store, ADDON)]);
      assert.equal(runJson(deploy(folder, files), "main.js").accepts, true);
    });
  }
});

/** How to build `main.js` with each, the package external or not. What comes out is `dist`. */
const BUNDLERS = {
  esbuild: {
    command: (isExternal) => ["build.js", ...(isExternal ? ["mcp-native-auth"] : [])],
    files: {
      "build.js": `
        import { buildSync } from ${JSON.stringify(import.meta.resolve("esbuild"))};
        const external = process.argv.slice(2);
        buildSync({ entryPoints: ["main.js"], bundle: true, platform: "node", format: "esm", outdir: "dist", external });`,
    },
    bundle: "dist/main.js",
  },
  rollup: {
    command: (isExternal) => [
      pinned("rollup"),
      ...["main.js", "--config", "rollup.config.js", "--format=es", "--dir=dist"],
      ...(isExternal ? ["--external=mcp-native-auth"] : []),
    ],
    // In place of @rollup/plugin-node-resolve.
    files: {
      "rollup.config.js": `
        const entry = "node_modules/mcp-native-auth/index.js";
        const resolve = { name: "resolve", resolveId: (id) => (id === "mcp-native-auth" ? { id: process.cwd() + "/" + entry } : null) };
        export default { plugins: [resolve] };`,
    },
    bundle: "dist/main.js",
  },
  ncc: {
    command: (isExternal) => [
      ...[pinned("ncc"), "build", "main.js", "--out", "dist"],
      ...(isExternal ? ["--external", "mcp-native-auth"] : []),
    ],
    bundle: "dist/index.js",
  },
};

describe("bundlers", () => {
  for (const [name, { command, files, bundle }] of Object.entries(BUNDLERS)) {
    const built = (isExternal) => {
      const folder = application({ files });
      const { status, output } = run(folder, command(isExternal));
      assert.equal(status, 0, output);
      return folder;
    };

    it(`${name}, external: runs with node_modules`, () => {
      const folder = built(true);
      assert.equal(runJson(deploy(folder, ["dist", "node_modules"]), bundle).accepts, true);
    });

    it(`${name}, in the bundle: runs with the addon's package alone; without says that it must be external`, () => {
      const addon = `node_modules/${platformPackage(HOST)}`;
      const folder = deploy(built(false), ["dist", "package.json", addon]);
      assert.equal(runJson(folder, bundle).accepts, true);
      rmSync(path.join(folder, "node_modules"), { recursive: true });
      const { code, message } = runJson(folder, bundle);
      assert.equal(code, "ERR_MCP_AUTH_ADDON_MISSING");
      assert.match(message, /in a bundle, .*; mark mcp-native-auth as external/);
    });
  }

  const webpack = (options) => {
    const folder = application({
      files: {
        "build.cjs": `
          const output = { path: __dirname + "/dist", filename: "main.cjs" };
          const options = { mode: "production", target: "node", entry: "./main.js", output, ${options} };
          require(${JSON.stringify(pinned("webpack"))})(options, (error, stats) => {
            console.error(error ?? stats.toString("errors-only"));
            process.exitCode = error || stats.hasErrors() ? 1 : 0;
          });`,
      },
    });
    return { folder, ...run(folder, ["build.cjs"]) };
  };

  it("webpack, external: runs with node_modules", () => {
    const { folder, status, output } = webpack(
      'externals: { "mcp-native-auth": "node-commonjs mcp-native-auth" }',
    );
    assert.equal(status, 0, output);
    assert.equal(runJson(deploy(folder, ["dist", "node_modules"]), "dist/main.cjs").accepts, true);
  });

  it("webpack with node-loader: what it puts out runs alone", () => {
    const loader = JSON.stringify(pinned("node-loader"));
    const { folder, status, output } = webpack(
      `module: { rules: [{ test: /\\.node$/, loader: ${loader} }] }`,
    );
    assert.equal(status, 0, output);
    assert.equal(runJson(deploy(folder, ["dist"]), "dist/main.cjs").accepts, true);
  });

  it("webpack without either: does not build, and names the addon", () => {
    // To minify what is not written takes most of the time.
    const { status, output } = webpack('mode: "none"');
    assert.equal(status, 1);
    assert.ok(output.includes(`${ADDON} `), output);
    assert.match(output, /appropriate loader/);
  });
});
