// The differential fuzzer of security/fuzz.js: a slice of it, and that it can fail. Each mutant is a fault that a
// provider might have; the fuzzer must find it among a few hundred cases.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { makeCase } from "../../security/fuzz/cases.js";
import { DIFFERENCES } from "../../security/fuzz/differences.js";
import { emptyTally } from "../../security/fuzz/kinds.js";
import { MUTANTS } from "../../security/fuzz/mutants.js";
import { describeCase, describeOutcome, runCases } from "../../security/fuzz/run.js";
import { vacuities } from "../../security/fuzz/summary.js";
import { checkout, temporaryFolder } from "../support/project.js";

/** One of those with which every mutant is found early. */
const SEED = 20_260_111;
/** Within so many cases a mutant must be found. */
const MAX_CASES = 1000;

const FUZZER = path.join(checkout, "security", "fuzz.js");

/** Runs the fuzzer as `npm run fuzz` does. */
function fuzz(...args) {
  const child = spawnSync(process.execPath, [FUZZER, "--seed", String(SEED), ...args], {
    cwd: checkout,
    encoding: "utf8",
    timeout: 300_000,
  });
  return { status: child.status, output: `${child.stdout}${child.stderr}` };
}

/** The first failure with this problem that the fuzzer sees in these classes, and the other problems before it. */
async function firstFailure(classes, problem) {
  const failures = [];
  for (let from = 0; from < MAX_CASES && failures.at(-1)?.problem !== problem; from += 50) {
    const report = (failure) => {
      if (failures.at(-1)?.problem !== problem) {
        failures.push(failure);
      }
    };
    await runCases({ seed: SEED, from, to: from + 50, classes, report });
  }
  return failures;
}

describe("the differential fuzzer", () => {
  it("finds nothing in 4,000 cases", () => {
    const { status, output } = fuzz("--cases", "4000");
    assert.equal(status, 0, output);
    assert.match(output, /^4,000 cases, seed \d+: 0 wrong accepts, 0 unexplained differences, 0 crashes$/m);
  });

  it("makes the same case of the same number", async () => {
    const numbers = Array.from({ length: 60 }, (_, index) => index * 1_000_003);
    for (const number of numbers) {
      assert.equal(describeCase(SEED, number), describeCase(SEED, number));
      assert.equal(await describeOutcome(SEED, number), await describeOutcome(SEED, number));
    }
    const kinds = numbers.map((number) => makeCase(SEED, number).kind);
    assert.ok(new Set(kinds).size > 5, kinds.join());
    assert.notEqual(describeCase(SEED, 1), describeCase(SEED + 1, 1));
  });

  it("makes the same case in another process", async () => {
    // Without a KeyObject: inspect() shows more of one that was used before.
    for (const number of [1, 12]) {
      const { output } = fuzz("--case", String(number));
      assert.equal(output, `${describeCase(SEED, number)}\n${await describeOutcome(SEED, number)}\n`);
    }
  });

  it("is not content with cases that everybody rejects, or that miss a difference", () => {
    const tally = emptyTally();
    for (const kind of Object.values(tally)) {
      kind.cases = 200_000;
      kind.answers = { accepted: 99, rejected: 1 };
    }
    const unmet = Object.keys(DIFFERENCES).map((name) => `${name}: never met`);
    assert.deepEqual(vacuities(tally, 200_000), unmet);
    assert.deepEqual(vacuities(tally, 100_000), []);
    tally["key formats"].answers = { rejected: 100, "a row of no table": 1 };
    assert.deepEqual(vacuities(tally, 100_000), [
      "key formats: both sides accept only 0.0 %",
      "a row of no table: not documented",
    ]);
    tally["API keys"].cases = 0;
    assert.equal(vacuities(tally, 100_000)[1], "API keys: no case at all");
  });

  for (const { name, classes, problem } of MUTANTS) {
    it(`sees it when ${name}`, async () => {
      const failures = await firstFailure(classes, problem);
      const problems = failures.map((failure) => failure.problem);
      assert.equal(problems.at(-1), problem, `found instead: ${[...new Set(problems)]}`);
      const again = await describeOutcome(SEED, failures.at(-1).number, classes);
      assert.ok(again.includes(`problem: '${problem}'`), again);
    });
  }

  it("sees it when a process aborts, exits or hangs, and in which case", async () => {
    const faults = [
      ["process.abort()", /^crash: SIG/],
      ["process.exit(7)", /^crash: exit code 7$/],
      ["Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", /^hang: no end after 3 s$/],
    ];
    const classes = classesThat(faults.map(([body]) => body));
    const { output, status } = fuzz(
      "--cases",
      "150",
      "--workers",
      "1",
      "--timeout",
      "3",
      "--classes",
      classes,
    );
    assert.equal(status, 1, output);
    const found = [...output.matchAll(/^FAILED: process: (.+)\n.+ --case (\d+)$/gm)];
    assert.equal(found.length, faults.length, output);
    for (const [index, [, problem, number]] of found.entries()) {
      assert.match(problem, faults[index][1]);
      assert.equal(makeCase(SEED, Number(number)).provider, "jwt");
    }
    assert.ok(Number(/^all +(\d+)/m.exec(output)[1]) > 100, "the cases after them were run all the same");
  });
});

/** A module whose JWTAuthProvider does one of these at the third token of each process, as long as some are left. */
function classesThat(bodies) {
  const folder = temporaryFolder("fuzz");
  const file = path.join(folder, "classes.mjs");
  const ours = pathToFileURL(path.join(checkout, "security", "fuzz", "run.js"));
  writeFileSync(
    file,
    `import { existsSync, writeFileSync } from "node:fs";
    import { CLASSES as honest } from ${JSON.stringify(ours)};
    const bodies = [${bodies.map((body) => `() => ${body}`)}];
    const traces = ${JSON.stringify(path.join(folder, "done"))};
    let tokens = 0;
    class JWTAuthProvider extends honest.jwt.ours {
      async authenticate(request) {
        tokens += 1;
        const index = bodies.findIndex((_, index) => !existsSync(traces + index));
        if (tokens === 3 && index !== -1) {
          writeFileSync(traces + index, "");
          bodies[index]();
        }
        return super.authenticate(request);
      }
    }
    export const CLASSES = { ...honest, jwt: { ...honest.jwt, ours: JWTAuthProvider } };`,
  );
  return pathToFileURL(file).href;
}
