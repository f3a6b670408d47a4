/**
 * Importing this package and making providers changes nothing in the process and loads nothing of mcp-framework, whose
 * logger takes over SIGINT and SIGTERM; and yet providers are instances of the framework's classes when asked.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { copyModule, FRAMEWORK_NEEDS, project, runJson } from "../../support/project.js";

const KEY = "9uZ4tXq7LwRk2VbNc8Hd";

/** Providers of every kind, in `providers`. */
const PROVIDERS = `
  const { APIKeyAuthProvider, anyOf, JWTAuthProvider, OAuthAuthProvider } = await import("mcp-native-auth");
  class Extended extends APIKeyAuthProvider {
    async authenticate(request) {
      return super.authenticate(request);
    }
  }
  const keys = ["${KEY}"];
  const secret = "${KEY}".repeat(2);
  const oauth = {
    resource: "https://mcp.example",
    authorizationServers: ["https://auth.example"],
    validation: { type: "jwt", jwksUri: "https://auth.example/keys", audience: "https://mcp.example", issuer: "https://auth.example" },
  };
  const providers = [{}, { throttle: {} }].flatMap((options) => [
    new APIKeyAuthProvider({ keys, ...options }),
    new APIKeyAuthProvider({ loadKeys: async () => keys, ...options }),
    new JWTAuthProvider({ secret, ...options }),
    new OAuthAuthProvider({ ...oauth, ...options }),
    new Extended({ keys, ...options }),
    anyOf([new APIKeyAuthProvider({ keys }), new JWTAuthProvider({ secret })], options),
  ]);`;

/** What a process has that could be changed, as `state()`. */
const STATE = `
  import diagnostics from "node:diagnostics_channel";
  globalThis.frameworkFiles = [];
  globalThis.subscriptions = [];
  const { subscribe } = diagnostics.Channel.prototype;
  diagnostics.Channel.prototype.subscribe = function (subscriber) {
    subscriptions.push(String(this.name));
    return subscribe.call(this, subscriber);
  };
  const listeners = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  globalThis.state = () => ({
    listeners: listeners(),
    timers: process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate/.test(name)),
    globals: Object.getOwnPropertyNames(globalThis).length,
    subscriptions,
    frameworkFiles,
  });`;

/** What an application does to a provider that says nothing about mcp-framework. */
const HARMLESS = {
  "importing and making them": "",
  "util.inspect": `const { inspect } = await import("node:util"); inspect(providers, { depth: 9, showHidden: true });`,
  "console.log": `console.error(...providers);`,
  "JSON.stringify": "JSON.stringify(providers);",
  "assert.deepEqual": `
    const { default: assert } = await import("node:assert");
    assert.deepEqual(providers[0], providers[0]);
    assert.throws(() => assert.deepStrictEqual(providers[0], {}));`,
  "reading properties": `
    for (const provider of providers) {
      ({ ...provider });
      for (const name in provider) String(name);
      [String(provider), provider.then, provider.toJSON, provider.constructor.name, "config" in provider];
    }`,
  "instanceof of other classes": `
    for (const provider of providers) {
      [provider instanceof Object, provider instanceof Promise, provider instanceof Extended];
      [Object.getPrototypeOf(provider), Object.prototype.isPrototypeOf(provider)];
    }`,
};

/** The application has its own, as servers do. */
const HANDLERS = `for (const name of ["SIGINT", "SIGTERM", "exit"]) process.on(name, () => {});`;

/** A project with a framework that notes each of its files that is evaluated. */
let noting;
before(() => {
  noting = project({}, { dependencies: FRAMEWORK_NEEDS });
  copyModule("mcp-framework", noting);
  const dist = path.join(noting, "node_modules", "mcp-framework", "dist");
  for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith(".js"))) {
    appendFileSync(path.join(dist, file), "\nglobalThis.frameworkFiles?.push(import.meta.url);\n");
  }
  writeFileSync(path.join(noting, "state.mjs"), STATE);
});

/** What the process is like 500 ms after `main`, which may `note` it before. */
function statesAfter(main) {
  const source = `${HANDLERS}
    const states = {};
    const note = async (name, ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      // A copy: what is noted later is of later.
      states[name] = structuredClone(state());
    };
    ${main}
    await note("at last", 500);
    console.log(JSON.stringify(states));
    process.exit();`;
  writeFileSync(path.join(noting, "main.mjs"), source);
  const { stderr, ...states } = runJson(noting, "main.mjs", { args: ["--import", "./state.mjs"] });
  return states;
}

describe("nothing is loaded, listened to or left running", () => {
  let untouched;
  before(() => {
    untouched = statesAfter("")["at last"];
    assert.deepEqual([untouched.subscriptions, untouched.frameworkFiles], [[], []]);
  });

  it("by anything that says nothing about mcp-framework", () => {
    const steps = Object.entries(HARMLESS).map(
      ([name, source]) => `{ ${source} }\nawait note(${JSON.stringify(name)}, 20);`,
    );
    const names = [...Object.keys(HARMLESS), "at last"];
    assert.deepEqual(
      statesAfter(PROVIDERS + steps.join("\n")),
      Object.fromEntries(names.map((name) => [name, untouched])),
    );
  });

  it("and the check can tell: the framework is loaded when the application imports it", () => {
    const state = statesAfter(`await import("mcp-framework");`)["at last"];
    assert.ok(state.frameworkFiles.length > 10);
    assert.notDeepEqual(state.listeners, untouched.listeners);
  });
});

describe("a plain HTTP server that uses every provider", () => {
  const SERVER = `${PROVIDERS}
    import http from "node:http";
    import { inspect } from "node:util";
    const server = http.createServer(async (request, response) => {
      const results = await Promise.all(providers.map((provider) => provider.authenticate(request)));
      response.end(JSON.stringify(results.map((result, index) => (result ? 200 : providers[index].getAuthError().status))));
    });
    server.listen(0, "127.0.0.1", async () => {
      const { port } = server.address();
      const headers = { "x-api-key": "${KEY}" };
      const answer = await (await fetch("http://127.0.0.1:" + port, { headers })).json();
      inspect(providers);
      console.log(JSON.stringify({ answer, frameworkFiles }));
    });`;

  for (const signal of ["SIGTERM", "SIGINT"]) {
    it(`ends on ${signal}`, async () => {
      const folder = noting;
      writeFileSync(path.join(folder, "server.mjs"), SERVER);
      const child = spawn(process.execPath, ["--import", "./state.mjs", "server.mjs"], {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      const deadline = setTimeout(() => child.kill("SIGKILL"), 30_000);
      try {
        const [line] = await Promise.race([once(child.stdout.setEncoding("utf8"), "data"), ended]);
        // The request has a key, which the two providers of tokens do not read.
        const answer = [200, 200, 401, 401, 200, 200];
        assert.deepEqual(JSON.parse(line), { answer: [...answer, ...answer], frameworkFiles: [] });
        child.kill(signal);
        assert.deepEqual(await ended, [null, signal]);
      } finally {
        clearTimeout(deadline);
        child.kill("SIGKILL");
      }
    });
  }
});

describe("instanceof, right after a provider is made", () => {
  const MAKE = `const provider = new APIKeyAuthProvider({ keys: ["${KEY}"] });
    const token = new JWTAuthProvider({ secret: "${KEY}".repeat(2) });`;
  const ASK = `console.log(JSON.stringify({
    answers: [provider instanceof framework.APIKeyAuthProvider, token instanceof framework.JWTAuthProvider],
    others: [provider instanceof framework.JWTAuthProvider, token instanceof framework.OAuthAuthProvider],
  }));
  process.kill(process.pid, "SIGKILL");`;
  const OURS = `import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";`;
  const THEIRS = `import * as framework from "mcp-framework";`;
  const THEIRS_LATER = `const framework = await import("mcp-framework");`;

  const sources = {
    "the framework is imported first": { "main.mjs": `${THEIRS}${OURS}${MAKE}${ASK}` },
    "the framework is imported second": { "main.mjs": `${OURS}${THEIRS}${MAKE}${ASK}` },
    "the framework is imported after that, dynamically": {
      "main.mjs": `${OURS}${MAKE}${THEIRS_LATER}${ASK}`,
    },
    "both are imported dynamically": {
      "main.mjs": `const { APIKeyAuthProvider, JWTAuthProvider } = await import("mcp-native-auth");
        ${MAKE}${THEIRS_LATER}${ASK}`,
    },
    "this package is required and the framework imported": {
      "main.cjs": `const { APIKeyAuthProvider, JWTAuthProvider } = require("mcp-native-auth");
        ${MAKE} import("mcp-framework").then((framework) => { ${ASK} });`,
    },
    "another module imports the framework": {
      "main.mjs": `import { framework } from "./other/module.mjs"; ${OURS}${MAKE}${ASK}`,
      "other/module.mjs": `export * as framework from "mcp-framework";`,
    },
    "it has been asked before the framework was loaded": {
      "main.mjs": `${OURS}${MAKE}
        if (provider instanceof Map || token instanceof Map) throw new Error("a Map");
        ${THEIRS_LATER}${ASK}`,
    },
    "an extended class is asked": {
      "main.mjs": `${THEIRS}
        import * as ours from "mcp-native-auth";
        const { APIKeyAuthProvider, JWTAuthProvider } = {
          APIKeyAuthProvider: class extends ours.APIKeyAuthProvider {},
          JWTAuthProvider: class extends ours.JWTAuthProvider {},
        };
        ${MAKE}${ASK}`,
    },
  };

  /** Where the two packages and the main script are. */
  const layouts = {
    installed: { install: () => project({}, { dependencies: ["mcp-framework"] }) },
    "linked to a checkout": { install: () => project({}, { dependencies: ["mcp-framework"], linked: true }) },
    "in a workspace that hoists both": { install: () => workspace(), app: "packages/app/" },
    "in a workspace that hoists the framework alone": {
      install: () => workspace("mcp-native-auth"),
      app: "packages/app/",
    },
    "in a workspace that hoists this package alone": {
      install: () => workspace("mcp-framework"),
      app: "packages/app/",
    },
  };

  /** One in which these packages are installed for the application alone. */
  function workspace(...notHoisted) {
    const files = {
      "package.json": '{ "name": "root", "private": true, "workspaces": ["packages/*"] }',
      "packages/app/package.json": '{ "name": "app", "type": "module" }',
    };
    const folder = project(files, { dependencies: ["mcp-framework"] });
    const modules = path.join(folder, "packages", "app", "node_modules");
    mkdirSync(modules, { recursive: true });
    for (const name of notHoisted) {
      renameSync(path.join(folder, "node_modules", name), path.join(modules, name));
    }
    return folder;
  }

  async function run(folder, script) {
    const child = spawn(process.execPath, [script], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        output[name] += text;
      });
    }
    await once(child, "close");
    return output;
  }

  for (const [layout, { install, app = "" }] of Object.entries(layouts)) {
    describe(layout, () => {
      let folder;
      before(() => {
        folder = install();
      });

      // What the application imports when does not depend on where it is: there it is first or last.
      const names =
        layout === "installed"
          ? Object.keys(sources)
          : ["the framework is imported first", "the framework is imported after that, dynamically"];
      for (const name of names) {
        it(name, async () => {
          for (const [file, source] of Object.entries(sources[name])) {
            mkdirSync(path.dirname(path.join(folder, app, file)), { recursive: true });
            writeFileSync(path.join(folder, app, file), source);
          }
          const { stdout, stderr } = await run(folder, app + Object.keys(sources[name])[0]);
          assert.deepEqual(
            JSON.parse(stdout || "null"),
            { answers: [true, true], others: [false, false] },
            stderr,
          );
          assert.doesNotMatch(stderr, /MCP_NATIVE_AUTH_/);
        });
      }
    });
  }
});
