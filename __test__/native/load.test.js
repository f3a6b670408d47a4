/** Which addon of a release is loaded, and from where none is. */

import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { buildSync } from "esbuild";
import { platformId } from "../../lib/native/platform.js";
import { VERSION } from "../../lib/native/version.js";
import { platformPackage, TARGETS } from "../../scripts/targets.js";
import { checkout, runJson, temporaryFolder } from "../support/project.js";
import { addonsOfAllPlatforms, layOut, MAIN } from "../support/release.js";

const NAME = platformPackage(platformId());
const OURS = "app/node_modules/mcp-native-auth";
const isWindows = process.platform === "win32";

let release;
before(() => {
  const { status, stderr, output } = layOut(addonsOfAllPlatforms());
  assert.equal(status, 0, stderr);
  release = output;
  // What no application here loads, so that there is less to copy.
  for (const name of ["docs", "src", "register"]) {
    rmSync(path.join(release, "package", name), { recursive: true, force: true });
  }
});

const bundles = new Map();

/** What esbuild makes of a main script and this package, the same wherever it is then put. */
function bundled(source, format) {
  const key = format + source;
  if (!bundles.has(key)) {
    const folder = temporaryFolder("bundled");
    mkdirSync(path.join(folder, "node_modules"));
    symlinkSync(path.join(release, "package"), path.join(folder, "node_modules/mcp-native-auth"), "junction");
    const { outputFiles } = buildSync({
      stdin: { contents: source, resolveDir: folder },
      bundle: true,
      platform: "node",
      format,
      write: false,
      logLevel: "error",
    });
    bundles.set(key, outputFiles[0].text);
  }
  return bundles.get(key);
}

/**
 * Runs an application of a layout.
 *
 * @param {{ ours?: string, addon?: string, main?: string, bundle?: string, files?: Record<string, string>,
 *   links?: Record<string, string>, arrange?: (base: string) => object | undefined }} layout where this package is, and
 *   `node_modules` with that of its addon; the main script, and its bundle, which runs in its place; where links lead;
 *   `arrange` gives what to run with
 */
function outcomeOf({ ours = OURS, addon, main = "app/main.mjs", bundle, files = {}, links = {}, arrange }) {
  const base = temporaryFolder("layout");
  const written = { "app/package.json": '{ "name": "app", "type": "module" }', [main]: MAIN, ...files };
  if (bundle !== undefined) {
    written[bundle] = bundled(written[main], bundle.endsWith(".cjs") ? "cjs" : "esm");
  }
  for (const [name, content] of Object.entries(written)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), content);
  }
  if (bundle === undefined) {
    cpSync(path.join(release, "package"), path.join(base, ours), { recursive: true });
  }
  if (addon !== undefined) {
    cpSync(path.join(release, "platforms", platformId()), path.join(base, addon, NAME), { recursive: true });
  }
  for (const [link, target] of Object.entries(links)) {
    mkdirSync(path.dirname(path.join(base, link)), { recursive: true });
    symlinkSync(path.join(base, target), path.join(base, link), "junction");
  }
  return runJson(base, bundle ?? main, arrange?.(base));
}

const workspace = {
  files: {
    "package.json": '{ "name": "whole", "private": true, "workspaces": ["app"] }',
    "app/package.json": '{ "name": "app", "type": "module" }',
  },
  addon: "node_modules",
  links: { "node_modules/app": "app" },
};

describe("the addon of a release is loaded from", () => {
  const layouts = {
    "node_modules next to the package": { addon: "app/node_modules" },
    "node_modules of the package": { addon: `${OURS}/node_modules` },
    "node_modules of the application, the package below a dependency": {
      ours: "app/node_modules/dependency/node_modules/mcp-native-auth",
      main: "app/node_modules/dependency/main.mjs",
      addon: "app/node_modules",
    },
    "pnpm's store, next to the package there": {
      ours: "app/node_modules/.pnpm/mcp-native-auth@0.1.0/node_modules/mcp-native-auth",
      addon: "app/node_modules/.pnpm/mcp-native-auth@0.1.0/node_modules",
      links: { [OURS]: "app/node_modules/.pnpm/mcp-native-auth@0.1.0/node_modules/mcp-native-auth" },
    },
    "node_modules of the whole workspace, the package in that of the application": workspace,
    "node_modules of the application, for a bundle as ESM": {
      addon: "app/node_modules",
      bundle: "app/dist/main.mjs",
    },
    "node_modules of the application, for a bundle as CommonJS": {
      addon: "app/node_modules",
      bundle: "app/dist/main.cjs",
    },
    "node_modules of the application, the package a folder in it": {
      ours: "app/vendor/mcp-native-auth",
      addon: "app/node_modules",
      links: { [OURS]: "app/vendor/mcp-native-auth" },
    },
  };
  for (const [name, layout] of Object.entries(layouts)) {
    it(name, () => {
      assert.equal(outcomeOf(layout).accepts, true);
    });
  }
});

describe("no addon is loaded from", () => {
  const layouts = {
    NODE_PATH: {
      addon: "elsewhere",
      arrange: (base) => ({ env: { NODE_PATH: path.join(base, "elsewhere") } }),
    },
    ...Object.fromEntries(
      [".node_modules", ".node_libraries"].map((folder) => [
        `${folder} of the home folder`,
        { addon: `home/${folder}`, arrange: (base) => homeIn(path.join(base, "home")) },
      ]),
    ),
    "lib/node of the folder that Node is installed in": {
      addon: "prefix/lib/node",
      arrange(base) {
        const execPath = path.join(base, "prefix", isWindows ? "node.exe" : "bin/node");
        mkdirSync(path.dirname(execPath), { recursive: true });
        copyFileSync(process.execPath, execPath);
        return { execPath };
      },
    },
    "node_modules above the application": { addon: "node_modules" },
    "node_modules above the application, in which a package of its name is another": {
      addon: "node_modules",
      files: { "node_modules/app/package.json": '{ "name": "app" }' },
    },
    "node_modules above the application, for a bundle": {
      addon: "node_modules",
      bundle: "app/dist/main.mjs",
    },
    "NODE_PATH, for a bundle": {
      addon: "elsewhere",
      bundle: "app/dist/main.cjs",
      arrange: (base) => ({ env: { NODE_PATH: path.join(base, "elsewhere") } }),
    },
    // Modes mean nothing there.
    ...(!isWindows && {
      "node_modules of a workspace that everybody may write to": {
        ...workspace,
        arrange: (base) => chmodSync(base, 0o777),
      },
      "node_modules that everybody may write to, in a workspace": {
        ...workspace,
        arrange: (base) => chmodSync(path.join(base, "node_modules"), 0o777),
      },
    }),
  };
  for (const [name, layout] of Object.entries(layouts)) {
    it(name, () => {
      const { code, accepts } = outcomeOf(layout);
      assert.deepEqual([code, accepts], ["ERR_MCP_AUTH_ADDON_MISSING", undefined]);
    });
  }
});

function homeIn(folder) {
  return { env: { HOME: folder, USERPROFILE: folder } };
}

describe("without its addon, a bundle says that the package must be external", () => {
  for (const bundle of [
    "app/bundle.mjs",
    "app/dist/main.mjs",
    "app/dist/main.cjs",
    "app/dist/lib/native/main.mjs",
  ]) {
    it(bundle, () => {
      const { code, message } = outcomeOf({ bundle });
      assert.equal(code, "ERR_MCP_AUTH_ADDON_MISSING");
      assert.match(message, /in a bundle, .*; mark mcp-native-auth as external/);
    });
  }
});

describe("instances are instances of the framework's classes, of the same names", () => {
  const main = `
    import("mcp-native-auth").then(({ APIKeyAuthProvider, JWTAuthProvider, linkFramework }) => {
      const framework = { APIKeyAuthProvider: class {}, JWTAuthProvider: class {}, OAuthAuthProvider: class {} };
      const providers = [new APIKeyAuthProvider({ keys: ["k1"] }), new JWTAuthProvider({ secret: "s".repeat(32) })];
      const isComplete = linkFramework(framework);
      const linked = providers.map((one, index) => one instanceof Object.values(framework)[index]);
      const names = providers.map((provider) => provider.constructor.name);
      console.log(JSON.stringify({ isComplete, linked, names }));
    });`;
  const layout = { addon: "app/node_modules", files: { "app/main.mjs": main } };

  it("in a release", () => {
    const { isComplete, linked, names } = outcomeOf(layout);
    assert.deepEqual([isComplete, linked], [true, [true, true]]);
    assert.deepEqual(names, ["APIKeyAuthProvider", "JWTAuthProvider"]);
  });

  it("in a bundle, whose classes may have other names", () => {
    const { isComplete, linked } = outcomeOf({ ...layout, bundle: "app/dist/main.mjs" });
    assert.deepEqual([isComplete, linked], [true, [true, true]]);
  });
});

it("the version that an addon must have is that of the package", () => {
  const read = (file) => readFileSync(path.join(checkout, file), "utf8");
  assert.equal(VERSION, JSON.parse(read("package.json")).version);
  assert.ok(read("Cargo.toml").includes(`\nversion = "${VERSION}"\n`));
});

it("each platform's addon is named whole, where tracers and bundlers read", () => {
  const source = readFileSync(path.join(checkout, "lib/native/load.js"), "utf8");
  const cases = [...source.matchAll(/case "([\w-]+)":\s+addon = require\("([^"]+)"\);/g)];
  assert.deepEqual(
    cases.map(([, triple, specifier]) => [triple, specifier]),
    Object.keys(TARGETS).map((triple) => [
      triple,
      `${platformPackage(triple)}/mcp-native-auth.${triple}.node`,
    ]),
  );
});
