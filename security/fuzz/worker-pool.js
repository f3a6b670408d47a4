/** Child processes that share the cases, and what becomes of the one that dies or hangs. */

import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { addTally, emptyTally } from "./kinds.js";

const WORKER = path.join(import.meta.dirname, "worker.js");

/** Cases that a worker is given at a time. */
const SHARE = 2000;

/** After so many deaths more would say nothing new. */
const MAX_CRASHES = 10;

/**
 * Runs cases 0 to `cases` - 1 of a seed.
 *
 * @param {{ seed: number, cases: number, workers: number, timeoutSeconds: number, classes?: string,
 *   report: (failure: object) => void, progress?: (done: number) => void }} run `timeoutSeconds`: seconds after
 *   which a case that does not end counts as hanging
 * @returns {Promise<object>} the tally of all ranges that were finished
 */
export async function runInWorkers(run) {
  const folder = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-fuzz-"));
  const shared = { ...run, folder, tally: emptyTally(), ranges: [], deaths: 0, done: 0 };
  for (let from = 0; from < run.cases; from += SHARE) {
    shared.ranges.push({ from, to: Math.min(from + SHARE, run.cases) });
  }
  try {
    await Promise.all(Array.from({ length: run.workers }, (_, place) => keepWorking(shared, place)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return shared.tally;
}

/** One worker after the other, as long as there are cases. */
async function keepWorking(shared, place) {
  let worker;
  for (;;) {
    const range = shared.deaths < MAX_CRASHES ? shared.ranges.shift() : undefined;
    if (range === undefined) {
      await worker?.end();
      return;
    }
    worker ??= await startWorker(shared, place);
    const { tally, death } = await worker.run(range);
    if (death === undefined) {
      addTally(shared.tally, tally);
      shared.done += range.to - range.from;
      shared.progress?.(shared.done);
      continue;
    }
    worker = undefined;
    shared.deaths += 1;
    // Of an earlier range if it died before it began.
    const number = Math.max(death.number, range.from);
    shared.report({ seed: shared.seed, number, kind: "process", problem: death.problem, details: "" });
    // Neither again what came before: it would be reported twice.
    shared.ranges.unshift({ from: number + 1, to: range.to });
  }
}

async function startWorker({ seed, folder, classes, timeoutSeconds, report }, place) {
  const progressFile = path.join(folder, `progress-${place}`);
  writeFileSync(progressFile, Buffer.alloc(8));
  const child = fork(WORKER, [String(seed), progressFile, ...(classes ? [classes] : [])], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, MCP_DEBUG_CONSOLE: "", NODE_TEST_CONTEXT: "" },
  });
  let settle = () => {};
  let problem;
  let isDone = false;
  child.on("message", ({ ready, failure, tally }) => {
    if (failure) {
      report(failure);
    } else if (ready || tally) {
      settle({ tally });
    }
  });
  child.on("exit", (code, signal) => {
    if (isDone) {
      settle({});
      return;
    }
    const number = readFileSync(progressFile).readDoubleLE();
    settle({ death: { number, problem: problem ?? `crash: ${signal ?? `exit code ${code}`}` } });
  });
  const nextMessage = () =>
    new Promise((resolve) => {
      settle = resolve;
    });

  const { death } = await nextMessage();
  if (death) {
    throw new Error(`a worker did not start: ${death.problem}`);
  }
  return {
    end() {
      if (!child.connected) {
        return undefined;
      }
      isDone = true;
      child.disconnect();
      return nextMessage();
    },
    async run(range) {
      const watch = watchProgress(progressFile, timeoutSeconds, () => {
        problem = `hang: no end after ${timeoutSeconds} s`;
        child.kill("SIGKILL");
      });
      child.send(range);
      const outcome = await nextMessage();
      clearInterval(watch);
      return outcome;
    },
  };
}

/** Calls `onStill` once when the number in the file has stayed the same for so many seconds. */
function watchProgress(progressFile, timeoutSeconds, onStill) {
  let [last, since] = [undefined, performance.now()];
  const watch = setInterval(() => {
    const current = readFileSync(progressFile).readDoubleLE();
    if (current !== last) {
      [last, since] = [current, performance.now()];
    } else if (performance.now() - since > timeoutSeconds * 1000) {
      clearInterval(watch);
      onStill();
    }
  }, 250);
  return watch;
}
