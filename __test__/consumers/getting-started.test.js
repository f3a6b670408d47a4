/**
 * The paths of docs/getting-started.md as a reader follows them: each block in its order, in a folder next to a clone that
 * holds nothing but the tarball of `npm pack`. Only versions are named, those of package.json, and a free port.
 * Needs the npm registry.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { freePort } from "../support/free-port.js";
import { blocks, prose, sections } from "../support/markdown.js";
import { checkout, packedTarball, temporaryFolder } from "../support/project.js";

const read = (page) => readFileSync(path.join(checkout, page), "utf8");
const { devDependencies: versions } = JSON.parse(read("package.json"));
const isStep = ({ words: [word, test] }) => word === "in" && test === "getting-started";
const steps = (markdown) => blocks(markdown).filter(isStep);
const paths = sections(read("docs/getting-started.md"), 2).filter(([heading]) => /^\d/.test(heading));

/** What a path leaves behind, beyond the statuses that it names. */
const RESULTS = {
  "1. mcp-framework"(log, folder) {
    assert.match(log, /"protocolVersion":"2025-06-18"/);
    // The project was compiled under strict, by a compiler that does not know `exports`.
    const settings = readFileSync(path.join(folder, "my-server", "tsconfig.json"), "utf8");
    assert.match(settings, /"moduleResolution": "node"[\s\S]*"strict": true/);
  },
  "2. Official SDK": (log) => assert.match(log, /"text":"You are alice"/),
  "3. OAuth": (log) => assert.match(log, /^\d\d pass, 0 fail/m),
  "4. Operator": (log) => assert.match(log, /"text":"pong"[\s\S]*"reason":"KEY_UNKNOWN"/),
};

let clone;
before(() => {
  clone = path.join(temporaryFolder("getting-started"), "mcp-native-auth");
  mkdirSync(clone);
  copyFileSync(packedTarball(), path.join(clone, path.basename(packedTarball())));
});

function pinned(code) {
  return code
    .replace("npx --yes mcp-framework create", `npx --yes mcp-framework@${versions["mcp-framework"]} create`)
    .replace("install zod@3 ", `install zod@${versions.zod} `)
    .replace(
      "install @modelcontextprotocol/sdk ",
      `install @modelcontextprotocol/sdk@${versions["@modelcontextprotocol/sdk"]} `,
    );
}

/** The last folder in which a path has installed, by its first command. */
const installed = new Map();

/**
 * Paths 2 to 4 begin with the same installation. The first makes it in an empty folder; npm finds it done in those of
 * the others, to which it moves.
 */
function emptyFolder(heading, [{ code }]) {
  const next = path.dirname(clone);
  const folder = heading.startsWith("1") ? next : path.join(next, heading[0]);
  mkdirSync(folder, { recursive: true });
  const [install] = code.split("\n");
  if (installed.has(install)) {
    for (const name of ["package.json", "package-lock.json", "node_modules"]) {
      renameSync(path.join(installed.get(install), name), path.join(folder, name));
    }
  }
  installed.set(install, folder);
  return folder;
}

/** One script of the blocks. A server in the background must listen before the next block is pasted. */
function scriptOf(markdown, port) {
  const lines = steps(markdown).flatMap(({ language, words: [, , file], code }) => {
    if (language !== "sh") {
      return [
        `cat > ${file} <<'END OF FILE'`,
        code.replaceAll("8080", String(port)).trimEnd(),
        "END OF FILE",
      ];
    }
    const command = pinned(code).replaceAll("8080", String(port)).trimEnd();
    const wait = `until curl -s -o /dev/null http://127.0.0.1:${port}/; do kill -0 $!; sleep 0.1; done`;
    return command.endsWith("&") ? [command, wait] : [command];
  });
  return [
    ...lines,
    'if [ -n "$!" ]; then kill %1 2>/dev/null || true; wait || true; fi',
    "printf '\\nstopped\\n'",
  ].join("\n");
}

async function follow(markdown, cwd) {
  const child = spawn("bash", ["-e", "-c", scriptOf(markdown, await freePort())], {
    cwd,
    detached: true,
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      NODE_TEST_CONTEXT: "",
      npm_config_audit: "false",
      npm_config_fund: "false",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      output[stream] += text;
    });
  }
  const late = setTimeout(() => process.kill(-child.pid, "SIGKILL"), 170_000);
  const closed = once(child, "close");
  const [status] = await once(child, "exit");
  clearTimeout(late);
  try {
    // What a step that failed has left running.
    process.kill(-child.pid, "SIGKILL");
  } catch ({ code }) {
    assert.equal(code, "ESRCH");
  }
  await closed;
  // One after the other, since the progress of curl cuts into its output.
  const log = `${output.stdout}\n${output.stderr}`;
  assert.equal(status, 0, log);
  return log;
}

describe("docs/getting-started.md", () => {
  for (const [heading, markdown] of paths) {
    it(`${heading}: from an empty folder to the responses that it names`, { timeout: 180_000 }, async () => {
      const folder = emptyFolder(heading, steps(markdown));
      const log = await follow(markdown, folder);
      const named = [...prose(markdown).matchAll(/\b(?:200|401)\b/g)].map(([status]) => status);
      const received = [...log.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
      assert.deepEqual(received, named, log);
      RESULTS[heading](log, folder);
      assert.match(log, /^stopped$/m);
      assert.doesNotMatch(log, /McpNativeAuthWarning/);
    });
  }

  it("has a path for each kind of reader", () => {
    assert.deepEqual(
      paths.map(([heading]) => heading),
      Object.keys(RESULTS),
    );
  });

  it("has the first steps of the README, unchanged", () => {
    const code = (markdown) => steps(markdown).map(({ code, words }) => [words, code]);
    assert.deepEqual(code(read("README.md")), [...code(paths[0][1]), ...code(paths[1][1])]);
  });
});
