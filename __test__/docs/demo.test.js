/** `npm start`, as the README has it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { checkout } from "../support/project.js";

function demo(...args) {
  return spawnSync(process.execPath, ["examples/demo.js", ...args], { cwd: checkout, encoding: "utf8" });
}

it("asks both providers and prints a table; colors and bodies only when asked for", () => {
  const { status, stdout, stderr } = demo();
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stderr, "");
  assert.equal(stdout.match(/^ok {2}/gm).length, 31);
  assert.match(stdout, /^All 31 are as they should be\. mcp-framework answers 3 of them differently/m);
  for (const unwanted of ["\x1b", "WWW-Authenticate", "!!"]) assert.ok(!stdout.includes(unwanted), unwanted);
});

it("--verbose shows challenges and answers, --help what there is, anything else an error", () => {
  assert.match(
    demo("--verbose").stdout,
    /^ +WWW-Authenticate: Bearer .*\n[\s\S]*^ +whoami: \{"sub":"carol"/m,
  );
  assert.match(demo("--help").stdout, /--verbose[\s\S]*--serve[\s\S]*--help/);
  const { status, stdout, stderr } = demo("--nope");
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(stderr, /'--nope'/);
});
