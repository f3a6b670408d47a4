/**
 * What must hold: `npm test`. Stops at the first step that fails; the behaviour tests come last, so that the run closes
 * with their summary. Those that install from the npm registry are `npm run test:consumers`.
 *
 * Each test runner must report at least as many tests as stand below, and each file of tests some: a glob
 * that matches nothing, or a suite that defines nothing, must not pass for success.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import { packInto } from "./packed.js";
import { keepResult } from "./results.js";

/**
 * 95 % of a clone with nothing beside it: the vectors that may not be copied into the project make some 700 behaviour
 * tests more.
 */
const MINIMUM = { core: 127, binding: 80, behaviour: 9_600 };

const root = path.dirname(import.meta.dirname);
process.chdir(root);
const vectors = path.join(root, "..", "shared", "vectors");
if (process.env.VECTORS_DIR === undefined && existsSync(vectors)) {
  process.env.VECTORS_DIR = vectors;
}

step("Rust format", "cargo", ["fmt", "--check"]);
const clippy = ["clippy", "--locked", "--all-targets", "--quiet"];
step("Rust lint, pure core", "cargo", [...clippy, "--no-default-features", "--", "-D", "warnings"]);
step("Rust lint, with the binding", "cargo", [
  ...clippy,
  "--features",
  "panic-probe",
  "--",
  "-D",
  "warnings",
]);
const rustPassed = rustTests("Rust tests, pure core", MINIMUM.core, ["--no-default-features"]);
// The tests in `tests` know nothing of the binding.
rustTests("Rust tests, with the binding", MINIMUM.binding, ["--lib", "--features", "panic-probe"]);
step("JavaScript lint and format", "node", [
  bin("@biomejs/biome", "biome"),
  "ci",
  "--error-on-warnings",
  "--colors=off",
]);
step("Imports", "node", [bin("dependency-cruiser", "dependency-cruise.mjs"), "."]);
step("Types of lib", "node", [bin("typescript", "tsc"), "--project", "."]);
step("Workflows", "node", ["scripts/lint-workflows.js"]);
step("Native addon", "node", ["scripts/build.js"]);
if (process.platform === "linux") {
  await behaviourTests();
} else {
  // The other tests start a Redis or read the memory of a process as Linux shows it.
  step("Behaviour that does not need Linux", "node", ["scripts/test-runtimes.js", "here"]);
}

function step(title, command, args, { capture = false } = {}) {
  console.log(`\n# ${title}: ${[command, ...args].join(" ")}`);
  const { status, stdout, error } = spawnSync(command, args, {
    stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (capture) {
    process.stdout.write(stdout ?? "");
  }
  if (error || status !== 0) {
    console.error(`\n${title}: ${error ? error.message : `exit code ${status}`}`);
    process.exit(1);
  }
  return stdout;
}

function rustTests(title, minimum, args) {
  const output = step(title, "cargo", ["test", "--locked", "--quiet", ...args], { capture: true });
  const passed = [...output.matchAll(/^test result: ok\. (\d+) passed/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  if (passed < minimum) {
    console.error(`\n${title}: only ${passed} tests ran, at least ${minimum} must`);
    process.exit(1);
  }
  return passed;
}

/** The script of a development dependency, which may have no executable link (npm's `bin-links`). */
function bin(name, command) {
  return path.join("node_modules", name, "bin", command);
}

async function behaviourTests() {
  console.log("\n# Behaviour: node:test, __test__/**/*.test.js");
  const folder = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-packed-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  process.env.PACKED_TARBALL = packInto(folder);
  const files = readdirSync("__test__", { recursive: true })
    .filter((name) => name.endsWith(".test.js") && !name.startsWith("consumers"))
    .sort()
    .map((name) => path.join(root, "__test__", name));
  // One more than there are processors: many files wait for a clock or a child most of the time.
  const concurrency = availableParallelism() + 1;
  const passed = new Map(files.map((file) => [file, 0]));
  let failed = 0;
  const summary = [];
  for await (const { type, data } of run({ files, concurrency })) {
    if (type === "test:pass" && data.details.type !== "suite") {
      passed.set(data.file, (passed.get(data.file) ?? 0) + 1);
    } else if (type === "test:fail" && data.details.error?.failureType !== "subtestsFailed") {
      failed += 1;
      console.error(`\n✖ ${data.name} (${path.relative(root, data.file ?? "")}:${data.line})`);
      console.error(inspect(data.details.error?.cause ?? data.details.error));
    } else if (type === "test:stderr" || type === "test:stdout") {
      process.stderr.write(data.message);
    } else if (type === "test:diagnostic" && data.nesting === 0) {
      summary.push(data.message);
    }
  }
  for (const [file, count] of passed) {
    console.log(`${failed === 0 ? "✔" : "-"} ${path.relative(root, file)}: ${count} passed`);
  }
  const empty = [...passed].filter(([, count]) => count === 0).map(([file]) => path.relative(root, file));
  const total = [...passed.values()].reduce((sum, count) => sum + count, 0);
  if (failed > 0 || total < MINIMUM.behaviour || empty.length > 0) {
    console.error(
      `\nBehaviour: ${total} passed, ${failed} failed; at least ${MINIMUM.behaviour} must pass, none fail` +
        `${empty.length > 0 ? `; no test passed in ${empty.join(", ")}` : ""}`,
    );
    process.exitCode = 1;
  } else {
    keepResult("tests", `${total.toLocaleString("en")} behaviour tests and ${rustPassed} Rust tests, 0 fail`);
  }
  // The runner's own closing lines, as its reporters show them.
  console.log(summary.map((line) => `ℹ ${line}`).join("\n"));
}
