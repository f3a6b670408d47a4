/** A short slice of `npm run soak:oauth`, and proof that it notices what is left. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, it } from "node:test";
import { checkout } from "../support/project.js";

const RUN = path.join(checkout, "security", "soak", "oauth-run.js");

function run(...args) {
  const child = spawnSync(process.execPath, ["--expose-gc", RUN, ...args], {
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  return { status: child.status, stderr: child.stderr, ...JSON.parse(child.stdout || "{}") };
}

describe("OAuth soak", () => {
  it("right verdicts while keys rotate and the issuer comes and goes; nothing left; a clean exit", () => {
    const { status, stderr, accepted, rejected, growth, addedHandles } = run("--requests", "4000");
    assert.deepEqual([status, stderr, addedHandles], [0, "", []]);
    assert.equal(accepted + rejected, 4000);
    assert.equal(accepted, 30 * 67);
    assert.ok(growth < 150e6, `${growth}`);
  });

  it("notices a handle that is left", () => {
    assert.deepEqual(run("--requests", "100", "--leak").addedHandles, ["Timeout"]);
  });
});
