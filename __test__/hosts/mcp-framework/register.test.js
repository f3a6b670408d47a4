/** `node --import mcp-native-auth/register`: our classes in an application that imports the framework's. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import ts from "typescript";
import { MECHANISM_FILES, MECHANISMS } from "../../support/hook-mechanisms.js";
import { copyModule, FRAMEWORK_NEEDS, project, runJson } from "../../support/project.js";

const SWITCH = ["--import", "mcp-native-auth/register"];
const STRICT = ["--import", "mcp-native-auth/register/strict"];
const SECRET = "Zq81-0f8d27c61be94a7350d2c8f1e6a3b975";
const FRAMEWORK = ["mcp-framework"];

const installations = new Map();

/** A folder with these files; tests share one for each way of installing, with what is left of the files of others. */
function application(files, installed = { dependencies: FRAMEWORK }) {
  const key = JSON.stringify(installed);
  if (!installations.has(key)) {
    installations.set(key, project(MECHANISM_FILES, installed));
  }
  const folder = installations.get(key);
  for (const [name, content] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** An application with two copies of the framework. */
function applicationOfTwo(files) {
  const folder = application(files, { dependencies: FRAMEWORK_NEEDS });
  copyModule("mcp-framework", folder);
  copyModule("mcp-framework", path.join(folder, "plugin"));
  return folder;
}

/** What a program under the switch prints as JSON, without what Node says of its own features. */
function run(folder, file, args = SWITCH, env = {}) {
  const { stderr, ...printed } = runJson(folder, file, { args, env });
  return { ...printed, warnings: codes(warningsIn(stderr)) };
}

const codes = (warnings) => warnings.map(({ code }) => code);

function warningsIn(stderr) {
  const lines = stderr.matchAll(/\[(MCP_NATIVE_AUTH_\w+)\] McpNativeAuthWarning: (.*)/g);
  return [...lines].map(([, code, message]) => ({ code, message }));
}

/** How a program ends, of whatever it prints. */
function ending(folder, file, args, { flags = [], env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...args, path.join(folder, file), ...flags],
    {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "", ...env },
      timeout: 60_000,
    },
  );
  return { status, stdout, stderr, warnings: warningsIn(stderr) };
}

/** Modules that import the framework and export what each got as `given`; those with an entry of their own come first. */
const IMPORTERS = {
  "its path": `import * as given from "./node_modules/mcp-framework/dist/index.js"; export { given };`,
  "an import map": `import * as given from "#framework"; export { given };`,
  "the name in its documentation": `import * as given from "@modelcontextprotocol/mcp-framework"; export { given };`,
  "a re-export": `import * as given from "./again.mjs"; export { given };`,
  "import()": `export const given = await import("mcp-framework");`,
  "a namespace": `import * as given from "mcp-framework"; export { given };`,
  "named imports": `import { APIKeyAuthProvider, JWTAuthProvider, MCPServer } from "mcp-framework";
    export const given = { APIKeyAuthProvider, JWTAuthProvider, MCPServer };`,
};
const SEEN = `
  const { createRequire } = process.getBuiltinModule("node:module");
  const seen = (given, ours) => {
    const real = createRequire(process.argv[1])("./node_modules/mcp-framework/dist/index.js");
    const provider = new given.APIKeyAuthProvider({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
    class Audited extends given.JWTAuthProvider {}
    const subclassed = new Audited({ secret: "a7Kq0ZtR4mWx8vCn2LpYd6HsJ3bTfGuE" });
    return {
      ours: [given.APIKeyAuthProvider === ours.APIKeyAuthProvider, given.JWTAuthProvider === ours.JWTAuthProvider],
      rest: given.MCPServer === real.MCPServer,
      instances: [provider instanceof real.APIKeyAuthProvider, subclassed instanceof real.JWTAuthProvider],
      crossed: provider instanceof real.JWTAuthProvider,
      fields: Object.keys(provider),
    };
  };`;
const REPLACED = { ours: [true, true], rest: true, instances: [true, true], crossed: false, fields: [] };
// `SEEN` requires the framework, to compare.
const SEEN_WARNS = ["MCP_NATIVE_AUTH_REGISTER_BYPASSED"];

/**
 * What instruments modules does this: an import gives a module that re-exports the real one, under the same URL with a
 * query that the loader takes off again. With `?by-name`, only of what is imported by the framework's name.
 */
const WRAPPING_LOADER = {
  "wrapping-hooks.mjs": `
    const isWrapper = (url) => url.startsWith("file:") && new URL(url).searchParams.has("wrapped");
    const withQuery = (url, change) => {
      const changed = new URL(url);
      changed.searchParams[change]("wrapped", "true");
      return changed.href;
    };
    const real = (url) => (isWrapper(url) ? withQuery(url, "delete") : url);
    const isByName = import.meta.url.endsWith("?by-name");
    const isWanted = (specifier, url) => (isByName ? specifier === "mcp-framework" : url.includes("mcp-framework/dist/"));
    const wrap = (specifier, { parentURL = "", conditions }, resolved) =>
      isWrapper(parentURL) || conditions.includes("require") || !isWanted(specifier, resolved.url)
        ? resolved
        : { url: withQuery(resolved.url, "set"), format: "module", shortCircuit: true };
    const wrapper = (url) => {
      const inner = JSON.stringify(real(url));
      return { format: "module", shortCircuit: true, source: "export * from " + inner + "; globalThis.wrapped = true;" };
    };
    export const resolve = async (specifier, context, next) => wrap(specifier, context, await next(real(specifier), context));
    export const load = async (url, context, next) => (isWrapper(url) ? wrapper(url) : next(url, context));
    export const synchronous = {
      resolve: (specifier, context, next) => wrap(specifier, context, next(real(specifier), context)),
      load: (url, context, next) => (isWrapper(url) ? wrapper(url) : next(url, context)),
    };`,
  "wrap-by-register.mjs": `
    import { register } from "node:module";
    register("./wrapping-hooks.mjs" + new URL(import.meta.url).search, import.meta.url);`,
  "wrap-by-register-hooks.mjs": `
    import { registerHooks } from "node:module";
    registerHooks((await import("./wrapping-hooks.mjs" + new URL(import.meta.url).search)).synchronous);`,
};

for (const [mechanism, args] of Object.entries(MECHANISMS)) {
  describe(`who imports the framework gets our classes and the rest of it (${mechanism})`, () => {
    it("by any way of importing, and in CommonJS by import()", () => {
      const files = Object.values(IMPORTERS).map((source, index) => [`importer-${index}.mjs`, source]);
      const folder = application(
        {
          ...Object.fromEntries(files),
          "package.json": JSON.stringify({ type: "module", imports: { "#framework": "mcp-framework" } }),
          "again.mjs": `export * from "mcp-framework";`,
          "main.cjs": `${SEEN}
            (async () => {
              const importers = [];
              for (const file of ${JSON.stringify(files.map(([file]) => `./${file}`))}) {
                importers.push((await import(file)).given);
              }
              importers.push(await import("mcp-framework"));
              const ours = await import("mcp-native-auth");
              console.log(JSON.stringify({ each: importers.map((given) => seen(given, ours)) }));
            })();`,
        },
        { dependencies: FRAMEWORK, aliases: { "@modelcontextprotocol/mcp-framework": "mcp-framework" } },
      );
      const { each, warnings } = run(folder, "main.cjs", [...args, ...SWITCH]);
      const names = [...Object.keys(IMPORTERS), "import() in CommonJS"];
      assert.deepEqual(
        Object.fromEntries(names.map((name, index) => [name, each[index]])),
        Object.fromEntries(names.map((name) => [name, REPLACED])),
      );
      assert.deepEqual(warnings, SEEN_WARNS);
    });

    const loaders = ["register", ...(mechanism === "module.register" ? [] : ["register-hooks"])];
    const names = loaders.flatMap((name) => [`./wrap-by-${name}.mjs`, `./wrap-by-${name}.mjs?by-name`]);
    for (const loader of names.map((name) => ["--import", name])) {
      for (const order of [
        [...SWITCH, ...loader],
        [...loader, ...SWITCH],
      ]) {
        it(`next to a loader that wraps modules: ${order.join(" ")}`, () => {
          const folder = application({
            ...WRAPPING_LOADER,
            "main.mjs": `${IMPORTERS["named imports"]} ${SEEN}
              import * as ours from "mcp-native-auth";
              if (!globalThis.wrapped) throw new Error("nothing was wrapped");
              console.log(JSON.stringify(seen(given, ours)));`,
          });
          const printed = run(folder, "main.mjs", [...args, ...order]);
          assert.deepEqual(printed, { ...REPLACED, warnings: SEEN_WARNS });
        });
      }
    }

    it("in a dependency of the application, and in worker threads", () => {
      const folder = application({
        "node_modules/tools/package.json": `{ "name": "tools", "type": "module", "main": "index.js" }`,
        "node_modules/tools/index.js": `export { APIKeyAuthProvider } from "mcp-framework";`,
        "main.mjs": `
          import { once } from "node:events";
          import { isMainThread, parentPort, Worker } from "node:worker_threads";
          import * as ours from "mcp-native-auth";
          import { APIKeyAuthProvider } from "tools";
          const isOurs = APIKeyAuthProvider === ours.APIKeyAuthProvider;
          if (isMainThread) {
            const [inWorker] = await once(new Worker(new URL(import.meta.url)), "message");
            console.log(JSON.stringify({ isOurs, inWorker }));
          } else {
            parentPort.postMessage(isOurs);
          }`,
      });
      const printed = run(folder, "main.mjs", [...args, ...SWITCH]);
      assert.deepEqual(printed, { isOurs: true, inWorker: true, warnings: [] });
    });

    it("in a module that is loaded with require(): ours, or the framework's with a warning", () => {
      const folder = application({
        "server.mjs": `
          import http from "node:http";
          import { JWTAuthProvider } from "mcp-framework";
          import * as ours from "mcp-native-auth";
          const server = http.createServer((_request, response) => response.end()).listen(0, "127.0.0.1", async () => {
            await (await fetch("http://127.0.0.1:" + server.address().port)).text();
            server.close();
            server.closeAllConnections();
            console.log(JSON.stringify({ isOurs: JWTAuthProvider === ours.JWTAuthProvider }));
          });`,
        "main.cjs": `require("./server.mjs");`,
      });
      const { isOurs, warnings } = run(folder, "main.cjs", [...args, ...SWITCH]);
      assert.deepEqual(warnings, isOurs ? [] : ["MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT"]);
      assert.ok(isOurs || mechanism === "module.register");
    });

    it("registered twice, and where its path is asked for", () => {
      const folder = application({
        "main.mjs": `
          import { existsSync } from "node:fs";
          import { fileURLToPath } from "node:url";
          await import("mcp-native-auth/register");
          const given = await import("mcp-framework");
          const ours = await import("mcp-native-auth");
          console.log(JSON.stringify({
            ours: given.JWTAuthProvider === ours.JWTAuthProvider,
            exists: existsSync(fileURLToPath(import.meta.resolve("mcp-framework"))),
          }));`,
      });
      const again = ["--import", "./node_modules/mcp-native-auth/register.js?again"];
      const printed = run(folder, "main.mjs", [...args, ...SWITCH, ...again]);
      assert.deepEqual(printed, { ours: true, exists: true, warnings: [] });
    });

    it("under any query, in any copy, and instances count as each copy's", () => {
      const folder = applicationOfTwo({
        "main.mjs": `
            import { createRequire } from "node:module";
            import * as ours from "mcp-native-auth";
            import * as first from "mcp-framework";
            import * as second from "./plugin/index.mjs";
            const entries = ["./", "./plugin/"].map((at) => at + "node_modules/mcp-framework/dist/index.js");
            const given = [first, second];
            for (const entry of entries) {
              for (const query of ["", "?v=1", "?v=2&w=%20", "?mcp-native-auth", "#part"]) {
                given.push(await import(entry + query));
              }
            }
            const real = entries.map(createRequire(import.meta.url));
            const provider = new first.APIKeyAuthProvider({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
            class Other extends real[1].APIKeyAuthProvider {}
            const theirs = new Other({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
            console.log(JSON.stringify({
              distinct: real[0].APIKeyAuthProvider !== real[1].APIKeyAuthProvider,
              ours: given.map(({ APIKeyAuthProvider }) => APIKeyAuthProvider === ours.APIKeyAuthProvider),
              instances: real.map(({ APIKeyAuthProvider }) => provider instanceof APIKeyAuthProvider),
              crossed: [provider instanceof real[1].JWTAuthProvider, provider instanceof Other],
              theirs: [
                theirs instanceof real[1].APIKeyAuthProvider,
                await theirs.authenticate({ headers: { "x-api-key": "9uZ4tXq7LwRk2VbNc8Hd" }, socket: {} }),
                await theirs.authenticate({ headers: { "x-api-key": "k2" }, socket: {} }),
              ],
            }));`,
        "plugin/index.mjs": `export * from "mcp-framework";`,
      });
      assert.deepEqual(run(folder, "main.mjs", [...args, ...SWITCH]), {
        distinct: true,
        ours: Array(12).fill(true),
        instances: [true, true],
        crossed: [false, false],
        theirs: [true, true, false],
        // Of the two that are required, once each, although one then decides.
        warnings: Array(2).fill("MCP_NATIVE_AUTH_REGISTER_BYPASSED"),
      });
    });
  });
}

/** A server that answers two requests. */
const ANSWERED = `
  import { once } from "node:events";
  import http from "node:http";
  const server = http.createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  for (const _ of [1, 2]) await (await fetch("http://127.0.0.1:" + server.address().port)).text();
  server.close();
  server.closeAllConnections();
  console.log("{}");`;

describe("where the switch does not take effect it says so", () => {
  it("a module that got the framework's own class by require() before an import, once that decides", () => {
    const folder = application({
      "main.mjs": `
        import { createRequire } from "node:module";
        import * as ours from "mcp-native-auth";
        const required = createRequire(import.meta.url)("./node_modules/mcp-framework/dist/index.js");
        const given = await import("mcp-framework");
        const verdicts = [];
        for (const { APIKeyAuthProvider } of [given, required]) {
          const provider = new APIKeyAuthProvider({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
          for (const key of ["9uZ4tXq7LwRk2VbNc8Hd", "k2"]) {
            verdicts.push(await provider.authenticate({ headers: { "x-api-key": key }, socket: {} }));
          }
        }
        const isOurs = [given, required].map((each) => each.APIKeyAuthProvider === ours.APIKeyAuthProvider);
        console.log(JSON.stringify({ verdicts, isOurs }));`,
    });
    assert.deepEqual(run(folder, "main.mjs"), {
      verdicts: [true, false, true, false],
      isOurs: [true, false],
      warnings: ["MCP_NATIVE_AUTH_REGISTER_BYPASSED"],
    });
  });

  it("loaded by an import in the application, next to one of the framework", () => {
    const folder = application({
      // Our own look-up of the framework, when a provider is made, counts for nothing.
      "main.mjs": `
        import "mcp-native-auth/register";
        import "mcp-framework";
        import { JWTAuthProvider } from "mcp-native-auth";
        new JWTAuthProvider({ secret: "${SECRET}" });
        ${ANSWERED}`,
    });
    const { warnings } = ending(folder, "main.mjs", []);
    assert.deepEqual(codes(warnings), ["MCP_NATIVE_AUTH_REGISTER_BYPASSED"]);
    assert.match(
      warnings[0].message,
      /^mcp-framework at \S+mcp-framework was loaded before mcp-native-auth\/register/,
    );
  });

  it("with the framework in a bundle, which imports nothing", () => {
    const folder = application({ "main.mjs": ANSWERED }, {});
    assert.deepEqual(run(folder, "main.mjs").warnings, ["MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT"]);
  });

  it("a framework without the classes", () => {
    const folder = project({
      "node_modules/mcp-framework/package.json": `{ "name": "mcp-framework", "type": "module", "exports": "./index.js" }`,
      "node_modules/mcp-framework/index.js": "export class MCPServer {}",
      "main.mjs": `import * as given from "mcp-framework"; console.log(JSON.stringify({ names: Object.keys(given) }));`,
    });
    assert.deepEqual(run(folder, "main.mjs"), {
      names: ["APIKeyAuthProvider", "JWTAuthProvider", "MCPServer", "OAuthAuthProvider"],
      warnings: ["MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED"],
    });
  });

  it("a runtime whose hooks do nothing does not start the application", () => {
    const folder = application({
      "hooks-do-nothing.cjs": `
        const loaders = require("node:module");
        loaders.register = () => {};
        loaders.registerHooks = () => {};
        loaders.syncBuiltinESMExports();`,
      "main.mjs": `console.log("started");`,
    });
    const child = spawnSync(
      process.execPath,
      ["--require", "./hooks-do-nothing.cjs", ...SWITCH, path.join(folder, "main.mjs")],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(child.status, 1);
    assert.equal(child.stdout, "");
    assert.match(child.stderr, /ERR_MCP_AUTH_REGISTER_UNSUPPORTED/);
  });

  it("a folder without the package does not start it either", () => {
    const folder = application({ "main.mjs": `console.log("started");` });
    const child = spawnSync(process.execPath, [...SWITCH, path.join(folder, "main.mjs")], {
      cwd: path.dirname(folder),
      encoding: "utf8",
    });
    assert.equal(child.status, 1);
    assert.equal(child.stdout, "");
    assert.match(child.stderr, /ERR_MODULE_NOT_FOUND/);
  });
});

/** How a module gets a file of the framework past the switch, and what the report names. */
const INNER = "node_modules/mcp-framework/dist/auth";
const BYPASSES = {
  "an inner file": ["imports", `await import("./${INNER}/index.js");`, "auth/index.js"],
  "an inner file, under a query": [
    "imports",
    `await import("./${INNER}/providers/jwt.js?v=${SECRET}");`,
    "auth/providers/jwt.js",
  ],
  "an inner file, in a second copy": [
    "imports",
    `await import("./plugin/${INNER}/index.js");`,
    "auth/index.js",
  ],
  "require() of the entry": [
    "requires",
    `createRequire(import.meta.url)("./node_modules/mcp-framework/dist/index.js");`,
    "index.js",
  ],
  "require() of an inner file": [
    "requires",
    `createRequire(import.meta.url)("./${INNER}/index.js");`,
    "auth/index.js",
  ],
  "a data: URL": [
    "imports",
    `const inner = JSON.stringify(new URL("./${INNER}/index.js", import.meta.url).href);
    await import("data:text/javascript," + encodeURIComponent("/* ${SECRET} */ import " + inner));`,
    "auth/index.js",
  ],
};

for (const [mechanism, args] of Object.entries(MECHANISMS)) {
  describe(`what passes the switch is reported (${mechanism})`, () => {
    const files = Object.values(BYPASSES).map(([, source], index) => [
      `bypass-${index}.mjs`,
      `import { createRequire } from "node:module"; ${source} console.log("went on");`,
    ]);
    let folder;
    before(() => {
      folder = applicationOfTwo({
        ...Object.fromEntries(files),
        "main.mjs": `import "mcp-framework"; ${files.map(([file]) => `await import("./${file}");`).join("\n")}`,
      });
    });

    it("by one warning for each module that does it, which NODE_NO_WARNINGS does not silence", () => {
      const { status, stdout, warnings } = ending(folder, "main.mjs", [...args, ...SWITCH]);
      assert.deepEqual([status, stdout], [0, "went on\n".repeat(files.length)]);
      const messages = warnings.map(({ message }) => message);
      const expected = Object.entries(BYPASSES).map(([name, [verb, , file]], index) => {
        const importer = path.join(realpathSync(folder), `bypass-${index}.mjs`);
        const copy = name.endsWith("second copy")
          ? path.join(realpathSync(folder), "plugin")
          : realpathSync(folder);
        const imported = path.join(copy, "node_modules", "mcp-framework", "dist", file);
        return `${name === "a data: URL" ? "a module with a data: URL" : importer} ${verb} ${imported}, which`;
      });
      // Told by two threads, so in any order.
      const starts = messages.map((message) => /^.*?, which/.exec(message)?.[0]);
      assert.deepEqual(starts.sort(), expected.sort());
      assert.deepEqual([...new Set(codes(warnings))], ["MCP_NATIVE_AUTH_REGISTER_BYPASSED"]);
      assert.ok(!messages.join().includes(SECRET));

      const env = { NODE_NO_WARNINGS: "1" };
      const silenced = ending(folder, "main.mjs", [...args, ...SWITCH], { env }).warnings;
      assert.deepEqual(silenced.map(({ message }) => message).sort(), messages.sort());
    });

    for (const [index, name] of Object.keys(BYPASSES).entries()) {
      it(`${name}: register/strict does not go on`, () => {
        const { status, stdout, stderr } = ending(folder, files[index][0], [...args, ...STRICT]);
        assert.deepEqual([status, stdout], [1, ""]);
        assert.match(stderr, /ERR_MCP_AUTH_REGISTER_BYPASSED/);
        assert.ok(!stderr.includes(SECRET) || name === "a data: URL");
      });
    }

    it("but not what this package looks up itself", () => {
      application(
        {
          "look-up.mjs": `import { createRequire } from "node:module"; import * as ours from "mcp-native-auth";
            const real = createRequire(import.meta.url)("./node_modules/mcp-framework/dist/index.js");
            const provider = new ours.APIKeyAuthProvider({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
            console.log(JSON.stringify({ isInstance: provider instanceof real.APIKeyAuthProvider }));`,
        },
        { dependencies: FRAMEWORK_NEEDS },
      );
      const { isInstance, warnings } = run(folder, "look-up.mjs", [...args, ...SWITCH]);
      assert.deepEqual([isInstance, warnings], [true, ["MCP_NATIVE_AUTH_REGISTER_BYPASSED"]]);
    });

    it("but not what the framework imports itself, its own command, its package.json, or a server with an effect", () => {
      const linked = application({
        "main.mjs": `
          import { createRequire } from "node:module"; import "mcp-framework";
          createRequire(import.meta.url)("./node_modules/mcp-framework/package.json");
          ${ANSWERED}`,
      });
      const command = path.join("node_modules", "mcp-framework", "dist", "cli", "index.js");
      for (const [file, flags] of [
        ["main.mjs", []],
        [command, ["--version"]],
      ]) {
        const { status, stderr, warnings } = ending(linked, file, [...args, ...STRICT], { flags });
        assert.equal(status, 0, stderr);
        assert.deepEqual(warnings, []);
      }
    });
  });
}

describe("register/strict does not go on", () => {
  /** What could keep the process. */
  const CATCHING = `process.on("uncaughtException", () => {});`;
  const REJECTED = {
    "loaded by an import in the application, next to one of the framework": [
      [],
      `import "mcp-native-auth/register/strict"; import "mcp-framework";`,
      "BYPASSED",
    ],
    "where a server has no framework": [STRICT, `${CATCHING} ${ANSWERED}`, "WITHOUT_EFFECT"],
    "when the framework's own class is asked, which no hook saw": [
      ["--import", "./early.mjs", ...STRICT],
      `import "mcp-framework";
      ${CATCHING}
      const provider = new globalThis.Early({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
      try {
        await provider.authenticate({ headers: { "x-api-key": "9uZ4tXq7LwRk2VbNc8Hd" }, socket: {} });
      } catch {}`,
      "BYPASSED",
    ],
  };
  for (const [name, [args, source, code]] of Object.entries(REJECTED)) {
    it(name, () => {
      const folder = application({
        // Without the inspector, the switch does not see what is loaded.
        "early.mjs": `
          import inspector from "node:inspector";
          inspector.Session = undefined;
          globalThis.Early = (await import("mcp-framework")).APIKeyAuthProvider;`,
        "main.mjs": `${source}\nconsole.log("went on");`,
      });
      const { status, stdout, stderr } = ending(folder, "main.mjs", args);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, new RegExp(`ERR_MCP_AUTH_REGISTER_${code}`));
    });
  }

  it("after mcp-native-auth/register too", () => {
    const folder = application({
      "main.mjs": `import "mcp-framework"; ${BYPASSES["an inner file"][1]} console.log("went on");`,
    });
    const { status, stderr } = ending(folder, "main.mjs", [...SWITCH, ...STRICT]);
    assert.equal(status, 1);
    assert.match(stderr, /ERR_MCP_AUTH_REGISTER_BYPASSED/);
  });
});

/**
 * Starts what prints or posts whether it is switched: `imported.mjs` by what it gets, one for each kind, and for the rest
 * `asked.mjs` by where it would get it from. `env` is one of its own, without NODE_OPTIONS.
 */
const DESCENDANTS = {
  "a thread": `inThread({}, "./imported.mjs")`,
  "a thread with an environment of its own": `inThread({ env: {} })`,
  "a thread with flags of its own": `inThread({ execArgv: [] })`,
  "a thread with both of its own": `inThread({ env: { NODE_OPTIONS: "" }, execArgv: [] })`,
  "a thread that shares the environment": `inThread({ env: SHARE_ENV, execArgv: [] })`,
  "a thread that runs text": `inThread({ eval: true }, "'use strict'; const require = 0; import('./asked.mjs')")`,
  "a thread that runs text with an environment of its own": `inThread({ eval: true, env: {} }, "import('./asked.mjs')")`,
  "fork()": `inChild(fork("imported.mjs", { silent: true }))`,
  "fork() with flags of its own": `inChild(fork("asked.mjs", { silent: true, execArgv: [] }))`,
  "fork() with an environment of its own": `inChild(fork("asked.mjs", { silent: true, env }))`,
  "spawn()": `inChild(spawn(process.execPath, ["imported.mjs"]))`,
  "spawn() with a copy of the environment": `inChild(spawn(process.execPath, ["asked.mjs"], { env: { ...process.env } }))`,
  "spawnSync()": `String(spawnSync(process.execPath, ["asked.mjs"]).stdout)`,
  "a shell": `String(execSync(JSON.stringify(process.execPath) + " asked.mjs"))`,
  "spawn() with an environment of its own": `inChild(spawn(process.execPath, ["asked.mjs"], { env }))`,
};
const NOT_INHERITED = {
  "--import": ["spawn() with an environment of its own"],
  NODE_OPTIONS: ["fork() with an environment of its own", "spawn() with an environment of its own"],
};
const HOW = { "--import": [SWITCH, {}], NODE_OPTIONS: [[], { NODE_OPTIONS: SWITCH.join(" ") }] };

for (const [how, [args, env]] of Object.entries(HOW)) {
  it(`threads and child processes of a process that has the switch by ${how} have it`, () => {
    const folder = application({
      "tell.mjs": `
        import { parentPort } from "node:worker_threads"; import { writeSync } from "node:fs";
        export function tell(isOurs) {
          parentPort ? parentPort.postMessage(isOurs) : writeSync(1, String(isOurs));
          process.exit();
        }`,
      "imported.mjs": `
        import { JWTAuthProvider } from "mcp-framework"; import * as ours from "mcp-native-auth";
        import { tell } from "./tell.mjs";
        tell(JWTAuthProvider === ours.JWTAuthProvider);`,
      "asked.mjs": `
        import { realpathSync } from "node:fs"; import { pathToFileURL } from "node:url";
        import { tell } from "./tell.mjs";
        const real = realpathSync("node_modules/mcp-framework/dist/index.js");
        tell(import.meta.resolve("mcp-framework") !== pathToFileURL(real).href);`,
      "main.mjs": `
        import { execSync, fork, spawn, spawnSync } from "node:child_process";
        import { once } from "node:events"; import { text } from "node:stream/consumers";
        import { SHARE_ENV, Worker } from "node:worker_threads";
        const { NODE_OPTIONS, ...env } = process.env;
        const inThread = async (options, run = "./asked.mjs") => (await once(new Worker(run, options), "message"))[0];
        const inChild = ({ stdout }) => text(stdout);
        const answers = {};
        ${Object.entries(DESCENDANTS)
          .map(([name, source]) => `answers[${JSON.stringify(name)}] = String(await ${source});`)
          .join("\n")}
        console.log(JSON.stringify({ answers }));`,
    });
    const { answers, warnings } = run(folder, "main.mjs", args, env);
    const expected = Object.keys(DESCENDANTS).map((name) => [
      name,
      String(!NOT_INHERITED[how].includes(name)),
    ]);
    assert.deepEqual(answers, Object.fromEntries(expected));
    assert.deepEqual(warnings, ["MCP_NATIVE_AUTH_REGISTER_NOT_INHERITED"]);
  });
}

it("fork() with an environment of its own has the switch by a preloaded module of the application", () => {
  const folder = application({
    "preload.mjs": `import "mcp-native-auth/register";`,
    "child.mjs": `import { JWTAuthProvider } from "mcp-framework"; import * as ours from "mcp-native-auth";
      process.send(JWTAuthProvider === ours.JWTAuthProvider, () => process.exit());`,
    "main.mjs": `import { fork } from "node:child_process"; import { once } from "node:events";
      const [isOurs] = await once(fork("child.mjs", { env: {} }), "message");
      console.log(JSON.stringify({ isOurs }));`,
  });
  assert.deepEqual(run(folder, "main.mjs", ["--import", "./preload.mjs"]), { isOurs: true, warnings: [] });
});

it("a child process that inherits the switch need not import the framework", () => {
  const folder = application({
    "child.mjs": ANSWERED,
    "main.mjs": `import { spawnSync } from "node:child_process";
      spawnSync(process.execPath, ["child.mjs"], { stdio: "inherit" });`,
  });
  for (const args of [SWITCH, STRICT]) {
    const { status, stdout, warnings } = ending(folder, "main.mjs", args);
    assert.deepEqual([status, stdout, warnings], [0, "{}\n", []]);
  }
});

it("register/strict is inherited, and starts no child process without the switch", () => {
  const folder = application({
    "child.mjs": `${BYPASSES["an inner file"][1]} console.log("went on");`,
    "main.mjs": `import { spawn, spawnSync } from "node:child_process";
      console.log(spawnSync(process.execPath, ["child.mjs"]).status);
      spawn(process.execPath, ["child.mjs"], { env: {} });`,
  });
  const { status, stdout, stderr } = ending(folder, "main.mjs", STRICT);
  assert.deepEqual([status, stdout], [1, "1\n"]);
  assert.match(stderr, /ERR_MCP_AUTH_REGISTER_NOT_INHERITED/);
});

it("works as --require too, and NODE_DEBUG=mcp-native-auth tells what was replaced", () => {
  const folder = application({
    "main.mjs": `
      import { JWTAuthProvider } from "mcp-framework"; import * as ours from "mcp-native-auth";
      console.log(JSON.stringify({ ours: JWTAuthProvider === ours.JWTAuthProvider }));`,
  });
  const { ours, stderr } = runJson(folder, "main.mjs", {
    args: ["--require", "mcp-native-auth/register"],
    env: { NODE_DEBUG: "mcp-native-auth" },
  });
  assert.ok(ours);
  assert.match(
    stderr,
    /APIKeyAuthProvider and JWTAuthProvider and OAuthAuthProvider are ours for all that import file:\S+mcp-framework\/dist\/index\.js/,
  );
});

it("is declared for TypeScript", () => {
  const main = path.join(application({ "main.mts": "" }), "main.mts");
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  for (const [mode, file] of [
    [ts.ModuleKind.ESNext, "register.d.ts"],
    [ts.ModuleKind.CommonJS, "register.d.cts"],
    [ts.ModuleKind.ESNext, "strict.d.ts"],
    [ts.ModuleKind.CommonJS, "strict.d.cts"],
  ]) {
    const name = `mcp-native-auth/register${file.startsWith("strict") ? "/strict" : ""}`;
    const { resolvedModule } = ts.resolveModuleName(name, main, options, ts.sys, undefined, undefined, mode);
    assert.equal(path.basename(resolvedModule?.resolvedFileName ?? "nothing"), file);
  }
});
