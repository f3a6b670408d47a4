/**
 * Coverage-guided fuzzing of the Rust core: `npm run fuzz:core`. Needs `cargo install cargo-fuzz`.
 *
 *   --minutes N     how long each target runs; 60, and with less than 5 no result is kept
 *   --targets A,B   which; all four
 *   --jobs N        how many at a time; one a core
 *
 * An interrupt (Ctrl-C) lets the slices that run come to their end, and tells how far it got.
 *
 * Starts from the vectors and from what former runs found worth keeping (fuzz/corpus). What breaks a rule
 * of tests/support/invariants.rs is left in fuzz/artifacts and ends the run with exit code 1; so does an
 * input of 20,000 bytes that takes ten seconds.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { wholeNumber } from "../scripts/flags.js";
import { keepResult } from "../scripts/results.js";
import { writeSeeds } from "./seeds.js";

const TARGETS = ["token", "claims", "key_material", "key_ring"];
const MINUTES_FOR_A_RESULT = 5;
/** Short enough to tell how far a run is, and to lose little when it is stopped. */
const SLICE_SECONDS = 240;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    targets: { type: "string", default: TARGETS.join() },
    jobs: { type: "string", default: String(os.availableParallelism()) },
  },
});
const minutes = wholeNumber("minutes", values.minutes);
const jobs = wholeNumber("jobs", values.jobs);
const targets = values.targets.split(",");
if (targets.some((target) => !TARGETS.includes(target))) {
  console.error(`--targets must be some of ${TARGETS.join()}`);
  process.exit(2);
}

const folder = import.meta.dirname;
const corpus = path.join(folder, "corpus");
writeSeeds(corpus);
// No sanitizer: the core has no unsafe code, and without one this works on stable Rust, twice as fast.
const build = spawnSync("cargo", ["fuzz", "build", "-s", "none"], { cwd: folder, stdio: "inherit" });
if (build.status !== 0) {
  console.error("`cargo fuzz build` failed; is cargo-fuzz there? (`cargo install cargo-fuzz`)");
  process.exit(1);
}
const binaries = path.join(folder, "target", rustHost(), "release");

let interrupted = false;
process.once("SIGINT", () => {
  interrupted = true;
});
const waiting = [...targets];
const done = [];
await Promise.all(Array.from({ length: jobs }, work));
const executions = done.reduce((sum, { runs }) => sum + runs, 0);
const least = (time) => Math.floor(Math.min(...done.map((one) => one[time])) / 60);
const figure =
  `${targets.join(", ")}: ${least("running")} minutes or more each, ${least("used")} of them on a processor, ` +
  `${executions.toLocaleString("en")} inputs in all, no finding`;
console.log(figure);
if (done.length === TARGETS.length && least("running") >= MINUTES_FOR_A_RESULT) {
  keepResult("fuzz-core", figure);
}

async function work() {
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
    const sum = { running: 0, used: 0, runs: 0 };
    while (sum.running < minutes * 60 && !interrupted) {
      const running = Math.min(SLICE_SECONDS, minutes * 60 - sum.running);
      const { used, runs, edges } = await fuzz(target, running);
      sum.running += running;
      sum.used += used;
      sum.runs += runs;
      console.log(
        `${target}: ${Math.round(sum.running / 60)} minutes, ${(sum.used / 60).toFixed(1)} of them on a processor, ` +
          `${sum.runs.toLocaleString("en")} inputs, ${edges} edges`,
      );
    }
    done.push(sum);
  }
}

/** One slice. The shell's `times` tells what processor time it used. */
async function fuzz(target, duration) {
  const artifacts = path.join(folder, "artifacts", target);
  mkdirSync(artifacts, { recursive: true });
  const child = spawn(
    "bash",
    [
      "-c",
      '"$@"; code=$?; times >&2; exit $code',
      "bash",
      path.join(binaries, target),
      path.join(corpus, target),
      `-max_total_time=${duration}`,
      "-max_len=20000",
      "-timeout=10",
      `-dict=${path.join(folder, "dictionary.txt")}`,
      `-artifact_prefix=${artifacts}${path.sep}`,
    ],
    // In a process group of its own, which an interrupt from the terminal does not reach.
    { stdio: ["ignore", "inherit", "pipe"], detached: true },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) {
    console.error(
      `${log.slice(-5000)}\n${target} found something, see ${path.relative(process.cwd(), artifacts)}`,
    );
    process.exit(1);
  }
  const [, minutes, rest] = /(\d+)m([\d.]+)s [^\n]+\n$/.exec(log);
  return {
    used: Number(minutes) * 60 + Number(rest),
    runs: Number(/^Done (\d+) runs/m.exec(log)[1]),
    edges: /DONE\s+cov: (\d+)/.exec(log)[1],
  };
}

function rustHost() {
  return /^host: (.*)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout)[1];
}
