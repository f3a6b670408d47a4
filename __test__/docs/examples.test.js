/**
 * Examples of the documentation that print what they show: the line that each `console.log` prints is the comment beside
 * it. And a tool that asks for the scopes of a key, called by a real client.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { generateApiKey } from "mcp-native-auth";
import { freePort } from "../support/free-port.js";
import { blocks, sections } from "../support/markdown.js";
import { checkout, project } from "../support/project.js";
import { runModules } from "../support/run-modules.js";

const PAGES = ["docs/keys.md", "docs/tokens.md"];
const read = (page) => readFileSync(path.join(checkout, page), "utf8");
const API_KEY = generateApiKey().key;
const SECOND_API_KEY = generateApiKey().key;
const env = {
  ...process.env,
  NODE_OPTIONS: "",
  NODE_TEST_CONTEXT: "",
  API_KEY,
  SECOND_API_KEY,
  JWT_SECRET: generateApiKey().key,
};
const examples = PAGES.flatMap((page) =>
  blocks(read(page))
    .filter(({ language, words }) => language === "js" && words.join(" ") === "in examples")
    .map(({ line, code }) => ({ page, line, code, name: `${path.basename(page)}-${line}.mjs` })),
);
let folder;
let outcomes;

before(() => {
  folder = project(Object.fromEntries(examples.map(({ name, code }) => [name, code])), {
    dependencies: ["mcp-framework", "@modelcontextprotocol/sdk", "jsonwebtoken", "zod"],
  });
  outcomes = runModules(
    folder,
    examples.map(({ name }) => name),
    env,
  );
});

for (const { page, line, code, name } of examples) {
  it(`${page}, line ${line}: prints what stands beside it`, () => {
    const expected = [...code.matchAll(/\bconsole\.log\(.*\); \/\/ (.+)$/gm)].map(([, comment]) => comment);
    assert.ok(expected.length > 0 && expected.length === code.split("console.log(").length - 1);
    const { stdout, stderr } = outcomes.get(name);
    assert.doesNotMatch(stderr, /^throws |exit code/m);
    assert.deepEqual(stdout.trimEnd().split("\n"), expected);
  });
}

describe("the tool that asks for scopes", () => {
  it("does for a key that has them what it does not for another one", async () => {
    const [, text] = sections(read("docs/keys.md"), 2).find(([heading]) => heading === "Scopes in a tool");
    const port = await freePort();
    writeFileSync(path.join(folder, "scopes.mjs"), blocks(text)[0].code.replaceAll("8080", String(port)));
    const server = spawn(process.execPath, ["scopes.mjs"], { cwd: folder, env, stdio: "ignore" });
    try {
      const url = new URL(`http://127.0.0.1:${port}/mcp`);
      await untilHealthy(server, url);
      assert.deepEqual(await deletedBy(url, API_KEY), [false, '"alice deleted plans"']);
      const [isRefused, words] = await deletedBy(url, SECOND_API_KEY);
      assert.ok(isRefused);
      assert.match(words, /the key bob may not delete notes/);
    } finally {
      if (server.exitCode === null) {
        server.kill("SIGKILL");
        await once(server, "exit");
      }
    }
  });
});

async function untilHealthy(server, url) {
  while (!(await isHealthy(url))) {
    assert.equal(server.exitCode, null, "the server did not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function isHealthy(url) {
  try {
    return (await fetch(new URL("/health", url))).ok;
  } catch {
    return false;
  }
}

/** Whether the tool said no, and its words. */
async function deletedBy(url, key) {
  const client = new Client({ name: "examples", version: "1.0.0" });
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { "X-API-Key": key } } }),
  );
  const { isError = false, content } = await client.callTool({
    name: "delete_note",
    arguments: { note: "plans" },
  });
  await client.close();
  return [isError, content[0].text];
}
