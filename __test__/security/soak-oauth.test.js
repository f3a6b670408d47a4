/** A short slice of `npm run soak:oauth`, and proof that it notices what is left. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { soakOAuth } from "../../security/soak/soak.js";

/** Too short to be warm. */
const MOST_GROWTH = 150e6;

describe("OAuth soak", () => {
  it("right verdicts while keys rotate and the issuer comes and goes; nothing left; a clean exit", async () => {
    const { findings, wrong } = await soakOAuth({ requests: 4800 }, { mostGrowth: MOST_GROWTH });
    assert.deepEqual(wrong, []);
    // Sixteen rounds of each kind, a quarter of them without the issuer: two in three are right, seven in ten of those
    // whose issuer is asked about each; of known keys all are accepted without it.
    assert.equal(findings.accepted, 12 * 67 + 12 * 67 + 4 * 99 + 12 * 70);
    assert.equal(findings.accepted + findings.rejected, 4800);
  });

  it("notices a handle that is left", async () => {
    const { wrong } = await soakOAuth({ requests: 300, leak: true }, { mostGrowth: MOST_GROWTH });
    assert.ok(wrong.includes("handles left: Timeout, Timeout, Timeout"), wrong.join("\n"));
  });
});
