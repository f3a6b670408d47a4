/** A panic in Rust, which must never take Node down. Needs cargo. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { checkout, temporaryFolder } from "../support/project.js";

describe("panics", () => {
  it("a panic in Rust becomes an Error and leaves Node alive", () => {
    const output = path.join(temporaryFolder("panic"), "panic-probe.node");
    const build = ["scripts/build.js", "--dev", "--features", "panic-probe", "--output", output];
    const built = spawnSync(process.execPath, build, { cwd: checkout, encoding: "utf8" });
    assert.equal(built.status, 0, built.stderr);
    const script = `
      const { panicProbe } = require(${JSON.stringify(output)});
      const caught = (run) => {
        try { run(); } catch (error) { return [error instanceof Error, error.message]; }
      };
      console.log(JSON.stringify([caught(() => panicProbe(true)), caught(panicProbe(false))]));`;
    const child = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    assert.equal(child.status, 0, child.stderr);
    assert.deepEqual(JSON.parse(child.stdout), Array(2).fill([true, "panic probe"]));
  });

  it("every export of the binding catches unwinding", () => {
    const folder = path.join(checkout, "src/node");
    const source = readdirSync(folder)
      .map((file) => readFileSync(path.join(folder, file), "utf8"))
      .join("\n");
    const exports = source.match(/#\[napi[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*pub fn \w+/g);
    assert.ok(exports.length >= 7, `${exports.length} exports`);
    assert.deepEqual(
      exports.filter((declaration) => !declaration.includes("catch_unwind")),
      [],
    );
  });
});
