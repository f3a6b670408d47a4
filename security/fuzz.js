/**
 * `npm run fuzz`: random configurations, requests and tokens to the framework's classes and to ours,
 * in child processes. A wrong accept, other data, a rejection that no documented difference explains, a
 * throw, a crash or a hang fails the run.
 *
 *     node security/fuzz.js [--cases 1000000] [--seed <number>] [--workers 2] [--timeout <seconds>]
 *     node security/fuzz.js --seed <number> --case <number>     one case, with all that is known of it
 */

import { parseArgs } from "node:util";
import { wholeNumber } from "../scripts/flags.js";
import { keepResult } from "../scripts/results.js";
import { table, vacuities } from "./fuzz/summary.js";
import { runInWorkers } from "./fuzz/worker-pool.js";

/** As many cases must have passed for a result to be kept. */
const CASES_FOR_A_RESULT = 1_000_000;

/** More are counted and not shown. */
const MAX_SHOWN = 20;

const { values: options } = parseArgs({
  options: {
    cases: { type: "string", default: String(CASES_FOR_A_RESULT) },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    workers: { type: "string", default: "2" },
    timeout: { type: "string", default: "120" },
    case: { type: "string" },
    // A module that exports other CLASSES, by which the tests show that the fuzzer can fail.
    classes: { type: "string" },
  },
});
const seed = wholeNumber("seed", options.seed, 0);
const cases = wholeNumber("cases", options.cases);

if (options.case === undefined) {
  process.exitCode = await fuzz();
} else {
  const { describeCase, describeOutcome } = await import("./fuzz/run.js");
  const classes = options.classes && (await import(options.classes)).CLASSES;
  const number = wholeNumber("case", options.case, 0);
  console.log(describeCase(seed, number));
  console.log(await describeOutcome(seed, number, classes));
}

/** @returns {Promise<number>} the exit code */
async function fuzz() {
  const problems = new Map();
  let failures = 0;
  const report = ({ number, kind, problem, details }) => {
    problems.set(problem, (problems.get(problem) ?? 0) + 1);
    failures += 1;
    if (failures <= MAX_SHOWN) {
      console.log(
        `\nFAILED: ${kind}: ${problem}\n  again: node security/fuzz.js --seed ${seed} --case ${number}\n${details}`,
      );
    }
  };
  const progress = (done) => {
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${done} of ${cases} cases`);
    }
  };
  const start = performance.now();
  console.log(`${cases} cases, seed ${seed}, ${options.workers} workers`);
  const tally = await runInWorkers({
    seed,
    cases,
    workers: wholeNumber("workers", options.workers),
    timeoutSeconds: wholeNumber("timeout", options.timeout),
    classes: options.classes,
    report,
    progress,
  });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`\n${table(tally)}\n\n${seconds} s`);

  const ran = Object.values(tally).reduce((sum, kind) => sum + kind.cases, 0);
  const vacuous = vacuities(tally, ran);
  for (const reason of vacuous) {
    console.log(`PROVES NOTHING: ${reason}`);
  }
  if (failures > 0 || vacuous.length > 0 || ran < cases) {
    const counted = [...problems].map(([problem, count]) => `${count} × ${problem}`);
    console.log(`${ran} cases, seed ${seed}: ${failures} failures. ${counted.join("; ")}`);
    return 1;
  }
  const figure = `${cases.toLocaleString("en")} cases, seed ${seed}: 0 wrong accepts, 0 unexplained differences, 0 crashes`;
  if (cases >= CASES_FOR_A_RESULT && options.classes === undefined) {
    keepResult("fuzz", figure);
  }
  console.log(figure);
  return 0;
}
