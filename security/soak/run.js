/**
 * The process that is soaked: `node --expose-gc run.js --authentications n --providers n --workers n`.
 * Prints its progress, and as the last line its findings as JSON; then ends by having nothing left to do.
 *
 * `--leak memory|descriptor|handle` leaks on purpose, to show that it is noticed.
 */

import { openSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { makeBatches, makeKeys } from "./credentials.js";
import { added, descriptors, handles, settledMemory } from "./process-metrics.js";
import { lastingProviders, makeAndAsk } from "./providers.js";

const IN_FLIGHT = 64;
const WORKERS_AT_A_TIME = 2;
const ROUNDS = 100;
/**
 * Rounds before memory is measured for the first time. The allocator keeps what it once had, so memory grows
 * until the greatest heap of dead providers that comes between two collections has come, and stays there.
 */
const WARM_UP = 20;
const REPORTED = 10;
/** A lane gives way to timers, workers and finalizers so often, in authentications of all lanes. */
const YIELD_EVERY = 2048;
const ENDINGS = ["return", "exit", "terminate"];

const { values: options } = parseArgs({
  options: {
    authentications: { type: "string" },
    providers: { type: "string" },
    workers: { type: "string" },
    leak: { type: "string" },
  },
});
const total = {
  authentications: Number(options.authentications),
  providers: Number(options.providers),
  workers: Number(options.workers),
};
const done = { authentications: 0, accepted: 0, rejected: 0, providers: 0, workers: 0, byEnding: {} };
const leaked = [];

const keys = makeKeys();
const batches = makeBatches(keys, Math.min(1, total.authentications / 1_000_000));
/** A hundred turns, of which each batch has its share. */
const turns = batches.flatMap((batch) => Array(batch.share).fill(batch));
const lasting = lastingProviders(keys);
/** For workers: a few requests of each batch. */
const batchesForWorkers = batches.map((batch) => ({ ...batch, requests: batch.requests.slice(0, 16) }));

// Whatever is opened once and stays, such as the pipes of the event loop for signals, is opened now.
await worker("return", { loadsFramework: true });
const before = { descriptors: descriptors(), handles: handles() };

let base;
for (let round = 1; round <= ROUNDS; round += 1) {
  await Promise.all([
    authenticateUpTo(share(total.authentications, round)),
    workersUpTo(share(total.workers, round)),
  ]);
  if (round === WARM_UP) {
    base = await settledMemory();
  }
  if (round % REPORTED === 0) {
    report(round);
  }
}
const memory = await settledMemory();
const after = { descriptors: descriptors(), handles: handles() };
console.log(
  JSON.stringify({
    ...done,
    growth: memory - base,
    memory,
    heap: process.memoryUsage(),
    addedDescriptors: added(before.descriptors, after.descriptors),
    addedHandles: added(before.handles, after.handles),
  }),
);

function share(count, round) {
  return Math.round((count * round) / ROUNDS);
}

async function authenticateUpTo(count) {
  const providersPerAuthentication = (total.providers * 0.8) / total.authentications;
  let next = done.authentications;
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));

  async function lane() {
    while (next < count) {
      const number = next;
      next += 1;
      await authenticate(number);
      const wanted = Math.floor((number + 1) * providersPerAuthentication);
      if (wanted > Math.floor(number * providersPerAuthentication)) {
        await makeAndDrop(wanted);
      }
      if (number % YIELD_EVERY === 0) {
        await setImmediate();
      }
    }
  }
}

async function authenticate(number) {
  const { provider, requests, isAccepted } = turns[(number * 37) % turns.length];
  const answer = await lasting[provider].authenticate(requests[Math.floor(number / 100) % requests.length]);
  if (
    Boolean(answer) !== isAccepted ||
    (provider !== "apiKey" && isAccepted && answer.data.sub !== "user-7")
  ) {
    throw new Error(`${provider}: authentication ${number} should be ${isAccepted}`);
  }
  done.authentications += 1;
  done[isAccepted ? "accepted" : "rejected"] += 1;
}

async function makeAndDrop(number) {
  const provider = await makeAndAsk(number, keys, batches);
  done.providers += 1;
  if (options.leak === "memory") {
    leaked.push(provider);
  } else if (options.leak === "descriptor" && number % 100 === 0) {
    openSync(import.meta.filename);
  } else if (options.leak === "handle" && number % 100 === 0) {
    setTimeout(() => {}, 3000);
  }
}

async function workersUpTo(count) {
  const lane = async () => {
    while (done.workers < count) {
      const number = done.workers;
      done.workers += 1;
      await worker(ENDINGS[number % ENDINGS.length], { loadsFramework: number % 20 === 0 });
    }
  };
  await Promise.all(Array.from({ length: WORKERS_AT_A_TIME }, lane));
}

/** Runs one worker thread to its end. Counts what it did. */
async function worker(ending, { loadsFramework }) {
  const thread = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: {
      keys,
      batches: batchesForWorkers,
      ending,
      providers: Math.ceil((total.providers * 0.2) / Math.max(1, total.workers)),
      authentications: 2000,
      loadsFramework,
    },
  });
  await new Promise((resolve, reject) => {
    thread.once("message", ({ providers, authentications }) => {
      done.providers += providers;
      done.inWorkers = (done.inWorkers ?? 0) + authentications;
      if (ending === "terminate") {
        // In the middle of its next requests, not between two turns of its loop.
        globalThis.setTimeout(() => thread.terminate(), 3);
      }
    });
    thread.once("error", reject);
    thread.once("exit", (code) => {
      const expected = ending === "terminate" ? 1 : 0;
      if (code === expected) {
        resolve();
      } else {
        reject(new Error(`a worker that should ${ending} ended with ${code}`));
      }
    });
  });
  done.byEnding[ending] = (done.byEnding[ending] ?? 0) + 1;
}

function report(round) {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    `${round} %: ${done.authentications.toLocaleString("en")} authentications, ` +
      `${done.providers.toLocaleString("en")} providers, ${done.workers} workers; ` +
      `resident ${megabytes(rss)}, V8's heap ${megabytes(heapTotal)}, used ${megabytes(heapUsed)}`,
  );
}
