/**
 * The memory of a process with providers, looked through from outside: no copy of a key or secret beside
 * the caller's own. `npm run memory` does the same for every kind of secret; security/memory/ says how.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coreCases } from "../../security/memory/cases.js";
import { runControls } from "../../security/memory/controls.js";
import { examine } from "../../security/memory/examine.js";
import { faults } from "../../security/memory/judge.js";
import { canSearchMemory, Subject } from "../../security/memory/subject.js";

/** Elsewhere than on Linux, the heap snapshot is all that can be looked through. */
const how = canSearchMemory() ? "memory and heap snapshot" : "heap snapshot";

describe(`secrets in ${how}`, async () => {
  const cases = coreCases();
  const [unused] = coreCases();
  const subject = await Subject.start("ours");
  const outcomes = await examine(subject, cases);
  const outcomesUnused = await examine(subject, [unused], { isUsed: false });
  await subject.end();

  for (const each of cases) {
    it(`${each.name}: the provider leaves no copy, and keeps what it needs only while it lives`, () => {
      assert.deepEqual(faults(each, outcomes.get(each.name)), []);
    });
  }

  it("a provider that was never asked leaves nothing either, on the stack neither", () => {
    assert.deepEqual(faults(unused, outcomesUnused.get(unused.name)), []);
  });

  for (const { title, passed, ...found } of await runControls()) {
    it(`finds ${title}`, () => {
      assert.ok(passed, JSON.stringify(found));
    });
  }
});
