/** The package as installed: loading, the link to the framework, threads, copies. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { copyModule, FRAMEWORK_NEEDS, project, runJson, temporaryFolder } from "../support/project.js";

const ASK_BOTH = `
  const apiKey = new ours.APIKeyAuthProvider({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
  const jwt = new ours.JWTAuthProvider({ secret: "a7Kq0ZtR4mWx8vCn2LpYd6HsJ3bTfGuE" });
  console.log(JSON.stringify({
    linked: [apiKey instanceof framework.APIKeyAuthProvider, jwt instanceof framework.JWTAuthProvider],
    crossed: [jwt instanceof framework.APIKeyAuthProvider, apiKey instanceof framework.OAuthAuthProvider],
    own: [apiKey instanceof ours.APIKeyAuthProvider, apiKey.constructor.name, jwt.constructor.name],
    accepts: await apiKey.authenticate({ headers: { "x-api-key": "9uZ4tXq7LwRk2VbNc8Hd" } }),
  }));
`;
const LINKED = {
  linked: [true, true],
  crossed: [false, false],
  own: [true, "APIKeyAuthProvider", "JWTAuthProvider"],
  accepts: true,
  stderr: "",
};

it("the package holds no test, benchmark or development tool", () => {
  const installed = path.join(project({}), "node_modules", "mcp-native-auth");
  const folders = readdirSync(installed, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  assert.deepEqual(folders.sort(), [".cargo", "bin", "docs", "lib", "native", "register", "scripts", "src"]);
  assert.deepEqual(readdirSync(path.join(installed, "scripts")).sort(), [
    "addon.js",
    "build.js",
    "install.js",
  ]);
});

describe("loading", () => {
  it("import and require() give the same single copy", () => {
    const folder = project({
      "main.mjs": `
        import { createRequire } from "node:module";
        import * as imported from "mcp-native-auth";
        const required = createRequire(import.meta.url)("mcp-native-auth");
        console.log(JSON.stringify({
          same: Object.keys(imported).map((name) => imported[name] === required[name]),
          names: Object.keys(required),
        }));`,
    });
    const { same, names } = runJson(folder, "main.mjs");
    assert.deepEqual(names, [
      "APIKeyAuthProvider",
      "DEFAULT_API_KEY_HEADER_NAME",
      "DEFAULT_AUTH_ERROR",
      "JWTAuthProvider",
      "OAuthAuthProvider",
      "anyOf",
      "checkApiKey",
      "currentAuth",
      "generateApiKey",
      "linkFramework",
      "requireAuth",
    ]);
    assert.ok(same.every(Boolean));
  });

  it("works without the framework", () => {
    const folder = project({
      "main.mjs": `
        import * as ours from "mcp-native-auth";
        const framework = { APIKeyAuthProvider: Object, JWTAuthProvider: Object, OAuthAuthProvider: Date };
        framework.APIKeyAuthProvider = class {}; framework.JWTAuthProvider = class {};
        ${ASK_BOTH}`,
    });
    assert.deepEqual(runJson(folder, "main.mjs"), { ...LINKED, linked: [false, false] });
  });
});

describe("instances are instances of the framework's classes", () => {
  const orders = {
    "framework first": `import * as framework from "mcp-framework"; import * as ours from "mcp-native-auth";`,
    "ours first": `import * as ours from "mcp-native-auth"; import * as framework from "mcp-framework";`,
    "framework imported dynamically afterwards": `
      import * as ours from "mcp-native-auth"; const framework = await import("mcp-framework");`,
  };
  for (const [name, imports] of Object.entries(orders)) {
    it(name, () => {
      const folder = project({ "main.mjs": `${imports} ${ASK_BOTH}` }, { dependencies: ["mcp-framework"] });
      assert.deepEqual(runJson(folder, "main.mjs"), LINKED);
    });
  }

  it("under the name by which its documentation imports it", () => {
    const name = "@modelcontextprotocol/mcp-framework";
    const folder = project(
      {
        "main.mjs": `import * as framework from "${name}"; import * as ours from "mcp-native-auth"; ${ASK_BOTH}`,
      },
      { aliases: { [name]: "mcp-framework" } },
    );
    assert.deepEqual(runJson(folder, "main.mjs"), LINKED);
  });

  it("from CommonJS", () => {
    const folder = project(
      {
        "package.json": "{}",
        "main.cjs": `
          const ours = require("mcp-native-auth");
          import("mcp-framework").then(async (framework) => { ${ASK_BOTH} });`,
      },
      { dependencies: ["mcp-framework"] },
    );
    assert.deepEqual(runJson(folder, "main.cjs"), LINKED);
  });

  it("started from another working directory", () => {
    const folder = project(
      { "src/deep/main.mjs": `${orders["ours first"]} ${ASK_BOTH}` },
      { dependencies: ["mcp-framework"] },
    );
    assert.deepEqual(runJson(folder, "src/deep/main.mjs", { cwd: temporaryFolder("elsewhere") }), LINKED);
  });

  it("installed as a folder, whose own copy of the framework is another one", () => {
    const folder = project(
      { "main.mjs": `${orders["ours first"]} ${ASK_BOTH}` },
      { linked: true, dependencies: FRAMEWORK_NEEDS },
    );
    copyModule("mcp-framework", folder);
    const { stderr, ...result } = runJson(folder, "main.mjs");
    assert.deepEqual({ ...result, stderr: "" }, LINKED);
    assert.ok(!stderr.includes("Error"), stderr);
  });

  it("linked by hand, where no copy can be found", () => {
    const folder = project({
      "main.mjs": `
        import * as ours from "mcp-native-auth";
        class APIKeyAuthProvider {} class JWTAuthProvider {} class OAuthAuthProvider {}
        const framework = { APIKeyAuthProvider, JWTAuthProvider, OAuthAuthProvider };
        if (ours.linkFramework({}) || ours.linkFramework(undefined)) throw new Error("linked to nothing");
        if (!ours.linkFramework(framework)) throw new Error("not linked");
        if (!ours.linkFramework(framework)) throw new Error("not linked twice");
        if (!ours.linkFramework(ours)) throw new Error("not linked to itself");
        ${ASK_BOTH}`,
    });
    assert.deepEqual(runJson(folder, "main.mjs"), LINKED);
  });

  it("subclasses keep working", () => {
    const folder = project(
      {
        "main.mjs": `
          import * as framework from "mcp-framework"; import * as ours from "mcp-native-auth";
          class Audited extends ours.APIKeyAuthProvider {
            seen = 0;
            async authenticate(req) { this.seen += 1; return super.authenticate(req); }
          }
          const provider = new Audited({ keys: ["k1"] });
          const verdicts = [];
          for (const key of ["k1", "k2"]) verdicts.push(await provider.authenticate({ headers: { "x-api-key": key } }));
          console.log(JSON.stringify({ verdicts, seen: provider.seen, linked: provider instanceof framework.APIKeyAuthProvider }));`,
      },
      { dependencies: ["mcp-framework"] },
    );
    const { verdicts, seen, linked } = runJson(folder, "main.mjs");
    assert.deepEqual({ verdicts, seen, linked }, { verdicts: [true, false], seen: 2, linked: true });
  });
});

describe("native robustness", () => {
  it("worker threads come, authenticate and go", () => {
    const folder = project({
      "worker.mjs": `
        import { parentPort } from "node:worker_threads";
        import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
        const provider = new APIKeyAuthProvider({ keys: ["k1"] });
        const jwt = new JWTAuthProvider({ secret: "s".repeat(32) });
        const verdicts = [
          await provider.authenticate({ headers: { "x-api-key": "k1" } }),
          await provider.authenticate({ headers: { "x-api-key": "k2" } }),
          await jwt.authenticate({ headers: { authorization: "Bearer a.b.c" } }),
        ];
        parentPort.postMessage(verdicts);`,
      "main.mjs": `
        import { once } from "node:events";
        import { Worker } from "node:worker_threads";
        const answers = [];
        for (let round = 0; round < 5; round += 1) {
          const workers = Array.from({ length: 4 }, () => new Worker(new URL("./worker.mjs", import.meta.url)));
          answers.push(...(await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0]))));
          await Promise.all(workers.map((worker) => worker.terminate()));
        }
        console.log(JSON.stringify({ answers }));`,
    });
    const { answers } = runJson(folder, "main.mjs");
    assert.deepEqual(answers, Array(20).fill([true, false, false]));
  });

  it("two copies of the package live in one process", () => {
    const [first, second] = [project({}), project({})];
    const main = `
      import { pathToFileURL } from "node:url";
      const copies = await Promise.all(${JSON.stringify([first, second])}.map((folder) =>
        import(pathToFileURL(folder + "/node_modules/mcp-native-auth/index.js"))));
      const verdicts = [];
      for (const [index, { APIKeyAuthProvider }] of copies.entries()) {
        const provider = new APIKeyAuthProvider({ keys: ["key of copy " + index] });
        for (const key of ["key of copy 0", "key of copy 1"]) {
          verdicts.push(await provider.authenticate({ headers: { "x-api-key": key } }));
        }
      }
      console.log(JSON.stringify({ verdicts, distinct: copies[0].APIKeyAuthProvider !== copies[1].APIKeyAuthProvider }));`;
    const { verdicts, distinct } = runJson(project({ "main.mjs": main }), "main.mjs");
    assert.deepEqual(verdicts, [true, false, false, true]);
    assert.ok(distinct);
  });
});
