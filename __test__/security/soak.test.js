/** A short slice of `npm run soak`, and proof that its checks can fail. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { soak } from "../../security/soak/soak.js";

/** Too short to be warm: V8's young generation alone grows by some 30 MB in this time. */
const MAX_GROWTH = 150e6;

describe("soak", { concurrency: 2 }, () => {
  it("right verdicts, clean exit, nothing left open, with workers that end in every way", async () => {
    const { findings, wrong } = await soak(
      { authentications: 200_000, providers: 2000, workers: 6 },
      { mostGrowth: MAX_GROWTH },
    );
    assert.deepEqual(wrong, []);
    // One that returns comes before the measuring begins.
    assert.deepEqual(findings.byEnding, { return: 3, exit: 2, terminate: 2 });
  });

  for (const [leak, complaint] of [
    ["descriptor", /^left open: .*run\.js/],
    ["handle", /^handles left: Timeout/],
  ]) {
    it(`complains of a ${leak} that is left`, async () => {
      const { wrong } = await soak(
        { authentications: 5000, providers: 500, workers: 0, leak },
        { mostGrowth: MAX_GROWTH },
      );
      assert.equal(wrong.length, 1, wrong.join("\n"));
      assert.match(wrong[0], complaint);
    });
  }
});
