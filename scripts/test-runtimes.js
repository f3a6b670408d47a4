/**
 * The same binary and the same behaviour suite on each runtime: `npm run test:runtimes [-- node-22 bun ...]`.
 *
 * The runtimes come from the npm registry at pinned versions (scripts/pinned.js). Each runs the files below
 * with its own test runner. A test that a runtime does not pass must stand in
 * scripts/runtime-differences.js with the reason, and whatever stands there must still fail; a test that
 * the first Node runs and another runtime passes over counts as failed. Nothing is skipped in silence.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { outcomesOf } from "./junit.js";
import { pinned } from "./pinned.js";
import { DIFFERENCES, NOT_OF_THE_SUITE, ON_NODE_ALONE } from "./runtime-differences.js";

const root = path.dirname(import.meta.dirname);
/** `here` is the Node that runs this script, for machines on which no other is wanted. */
const HERE = "here";
const RUNTIMES = ["node-20", "node-22", "node-24", "node-26", "bun", "deno"];
const SUITE = [
  "hosts/mcp-framework/wire",
  "parity/jwt",
  "types/types",
  "package/installed",
  "parity/api-key",
  "jwt/vectors",
  "security/hardening",
  "jwt/claims-cache",
  "security/robustness",
  "security/secrecy",
];
/** Files that run on each Node, and not on Bun and Deno: see {@link ON_NODE_ALONE}. */
const ON_NODE = [
  "api-key/generate",
  "api-key/key-set",
  "api-key/records",
  "api-key/strength",
  "cli/main",
  "core/any-of",
  "core/events",
  "hosts/mcp-framework/register",
  "hosts/mcp-framework/sessions",
  "jwt/key-list",
  "jwt/rules",
  "throttle/throttle",
];
const REPORTER = pathToFileURL(path.join(import.meta.dirname, "outcome-reporter.js")).href;
/** A suite that has lost its tests must not pass for one that has none to fail. */
const MINIMUM = 5300;

const chosen = process.argv.slice(2);
for (const name of chosen.filter((name) => ![...RUNTIMES, HERE].includes(name))) {
  console.error(`there is no runtime ${name}; choose from ${[...RUNTIMES, HERE].join(", ")}`);
  process.exit(1);
}
const reports = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-runtimes-"));
try {
  // What the suite consists of is what Node makes of it.
  const first = chosen.includes(HERE) ? HERE : "node-20";
  const reference = await outcomes(first);
  for (const name of chosen.length > 0 ? chosen : RUNTIMES) {
    judge(name, name === first ? reference : await outcomes(name), reference);
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
console.log(`\nNot part of this suite: ${NOT_OF_THE_SUITE}`);

/** `file: name of the test` → outcome, of all files. */
async function outcomes(runtime) {
  console.error(`# ${runtime}`);
  const executable = runtime === HERE ? process.execPath : pinned(runtime);
  const found = new Map();
  const queue = filesFor(runtime);
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      for (const [name, outcome] of await outcomesOfFile(runtime, executable, file)) {
        found.set(`${file}: ${name}`, outcome);
      }
    }
  };
  await Promise.all([work(), work()]);
  return found;
}

function filesFor(runtime) {
  return isNode(runtime) ? [...SUITE, ...ON_NODE] : [...SUITE];
}

function isNode(runtime) {
  return runtime === HERE || runtime.startsWith("node-");
}

async function outcomesOfFile(runtime, executable, file) {
  const report = path.join(reports, `${runtime}-${file.replaceAll("/", "-")}`);
  const test = `./__test__/${file}.test.js`;
  const args = {
    bun: ["test", "--timeout=120000", "--reporter=junit", `--reporter-outfile=${report}`, test],
    deno: ["test", "--allow-all", "--no-check", `--junit-path=${report}`, test],
  }[runtime] ?? ["--test", `--test-reporter=${REPORTER}`, `--test-reporter-destination=${report}`, test];
  const log = await run(executable, args);
  let text;
  try {
    text = readFileSync(report, "utf8");
  } catch {
    throw new Error(`${runtime} gave no report on ${test}:\n${log}`);
  }
  const isFile = (name) => /^(\.\/|ext:)|\.test\.js$/.test(name);
  const all = worst(
    text.startsWith("[") ? text.trim().split("\n").map(JSON.parse) : outcomesOf(text, { isFile }),
  );
  // Deno lists a suite beside the tests in it.
  const suites = new Set([...all.keys()].flatMap(ancestors));
  return [...all].filter(([name]) => !suites.has(name));
}

/** By name; of tests of one name, the worst outcome counts. */
function worst(pairs) {
  const all = new Map();
  for (const [name, outcome] of pairs) {
    if (!all.has(name) || all.get(name) === "passed") {
      all.set(name, outcome);
    }
  }
  return all;
}

/** Runs to the end, whatever that is: the report says what failed. Gives what was printed. */
function run(executable, args) {
  return new Promise((resolve, reject) => {
    const { NODE_TEST_CONTEXT, ...env } = process.env;
    const child = spawn(executable, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        log += text;
      });
    }
    child.on("error", reject).on("close", () => resolve(log));
  });
}

function judge(runtime, found, reference) {
  const expected = DIFFERENCES.filter(({ runtimes }) => runtimes.includes(runtime)).map((difference) => ({
    ...difference,
    met: 0,
  }));
  const excused = (test) => {
    const difference = expected.find(({ file, tests }) => test.startsWith(`${file}: `) && tests.test(test));
    if (difference) {
      difference.met += 1;
    }
    return difference !== undefined;
  };
  const faults = [];
  let passed = 0;
  for (const [test, outcome] of found) {
    if (outcome === "passed") {
      passed += 1;
    } else if (!excused(test)) {
      faults.push(`${test}: ${outcome}`);
    }
  }
  let within = 0;
  const files = filesFor(runtime);
  for (const test of reference.keys()) {
    if (found.has(test) || !files.some((file) => test.startsWith(`${file}: `))) {
      continue;
    }
    // Bun reports the tests within a test as one with it; it fails if one of them does.
    if (ancestors(test).some((name) => found.has(name))) {
      within += 1;
    } else if (!excused(test)) {
      faults.push(`${test}: did not run`);
    }
  }
  for (const { file, tests } of expected.filter(({ met }) => met === 0)) {
    faults.push(`${file}: ${tests} is listed as a difference, but all is well; take it off the list`);
  }
  if (found.size < (runtime === "bun" ? MINIMUM / 4 : MINIMUM)) {
    faults.push(`only ${found.size} tests ran`);
  }
  for (const { file, met, why } of expected.filter(({ met }) => met > 0)) {
    console.log(`  not on ${runtime}: ${met} of ${file}: ${why}`);
  }
  if (!isNode(runtime)) {
    console.log(`  not on ${runtime}: the files ${ON_NODE.join(", ")}: ${ON_NODE_ALONE}`);
  }
  for (const fault of faults) {
    console.log(`✖ ${fault}`);
  }
  const different = expected.reduce((sum, { met }) => sum + met, 0);
  const subtests = within > 0 ? `, ${within} more ran as part of a test around them` : "";
  console.log(
    `${faults.length === 0 ? "✔" : "✖"} ${runtime}: ${passed} passed${subtests}, ` +
      `${different} differ as listed, ${faults.length} failed`,
  );
  if (faults.length > 0) {
    process.exitCode = 1;
  }
}

/** `a > b > c` gives `a` and `a > b`. */
function ancestors(test) {
  const parts = test.split(" > ");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(" > "));
}
