// npm run bench:server                     eight to fifteen minutes
// npm run bench:server -- --project zod-3  the same in another of bench/server/projects; default "plain"
// npm run bench:server -- --log off        the same without the framework's lines of log at level INFO, for everybody
// npm run bench:server -- --quick          one to two minutes, on servers that have not quite settled: for a first look
// npm run bench:server -- --json FILE      where the numbers go; default bench/results/server.json, with -PROJECT and
//                                          -log-off added to its name for what is not the default
//
// Real mcp-framework servers over HTTP stream and SSE, without auth, with the framework's providers and with ours, answer
// pings of the same clients. Every server gets the same bytes, credentials included, also the one that does not look at
// them. Of the two that reject tokens, ours answers with a header more, WWW-Authenticate. Beside them a provider that
// accepts everything shows how close to no auth any provider can come: the framework writes three lines of log for each
// request that one has let in, which no provider can keep it from.
//
// Servers run in a project of their own, with what npm gives a user: what the SDK validates messages with, and so how long
// it takes, depends on the zod that npm puts beside it.
//
// The clients must not be the limit, so "server" and "client" show how much of one core each side used: the server
// should be near 100% (more, where V8 compiles or collects garbage beside) and the client well below. "cpu us/req" is
// the server's processor time for one request, which suffers least from what else runs on the machine. Latencies are
// those of a busy server: of clients that each ask again at once.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { makeCredentials } from "./server/credentials.js";
import { IN_FLIGHT, measure } from "./server/measure.js";
import { API_KEY, FRAMEWORK, HS256, HTTP_STREAM, NONE, OURS, SSE, STUB } from "./server/names.js";
import { summarize } from "./server/rows.js";
import { startServers, stopServers } from "./server/servers.js";
import { printHead, printRows, printTargets } from "./server/table.js";
import { checkTargets } from "./server/targets.js";

// Each round begins with new servers, because processes of the same code differ: V8 either finds a stable form of the
// functions in which the SDK validates messages or goes on compiling them in vain, which costs a request a third more
// processor time. Only many processes average that out. They take thousands of requests to settle, hence the warm-up.
const FULL = { rounds: 9, turns: 6, warmUpRequests: { accepted: 16_000, rejected: 6000 } };
const QUICK = { rounds: 2, turns: 2, warmUpRequests: { accepted: 2000, rejected: 1500 } };
const DEFAULT_PROJECT = "plain";
const PROJECT_NAMES = readdirSync(path.join(import.meta.dirname, "server", "projects"));
const TIME_LIMIT_MS = 30 * 60_000;

const flags = parseFlags();
const { project, log } = flags;
const { rounds, turns, warmUpRequests } = flags.quick ? QUICK : FULL;
const providers = [NONE, FRAMEWORK, OURS, STUB];
const machine = {
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.availableParallelism(),
  node: process.version,
  date: new Date().toISOString(),
};

setTimeout(() => {
  console.error(`The benchmark did not end within ${TIME_LIMIT_MS / 60_000} minutes.`);
  process.exit(1);
}, TIME_LIMIT_MS).unref();

try {
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; project ${project}, log ${log}`);
  console.log(
    `${rounds} rounds, ${IN_FLIGHT} requests in flight; ratios: median over the rounds (least..greatest)\n`,
  );
  printHead();
  const rows = await measureAll();
  const targets = checkTargets(rows);
  printTargets(targets);
  mkdirSync(path.dirname(flags.json), { recursive: true });
  writeFileSync(flags.json, `${JSON.stringify({ machine, project, log, rounds, rows, targets }, null, 2)}\n`);
  console.log(`\nWritten to ${path.relative("", flags.json)}`);
} catch (error) {
  console.error(`The benchmark could not go on: ${error.message}`);
  process.exitCode = 1;
} finally {
  await stopServers();
}

function parseFlags() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        project: { type: "string", default: DEFAULT_PROJECT },
        log: { type: "string", default: "on" },
        json: { type: "string" },
      },
    });
    if (!PROJECT_NAMES.includes(values.project)) {
      throw new Error(`--project is one of ${PROJECT_NAMES.join(", ")}`);
    }
    if (!["on", "off"].includes(values.log)) {
      throw new Error("--log is on or off");
    }
    return { json: resultsOf(values), ...values };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

function resultsOf({ project, log }) {
  const parts = ["server", project !== DEFAULT_PROJECT && project, log === "off" && "log-off"];
  return path.join(import.meta.dirname, "results", `${parts.filter(Boolean).join("-")}.json`);
}

async function measureAll() {
  const credentials = makeCredentials();
  const rows = [];
  for (const transport of [HTTP_STREAM, SSE]) {
    for (const credential of [HS256, API_KEY]) {
      for (const group of await measureServers(transport, credential, credentials[credential])) {
        printRows(group);
        rows.push(...group);
      }
    }
  }
  return rows;
}

/** Rows for accepted and for rejected requests with one kind of credential over one transport. */
async function measureServers(transport, credential, credentials) {
  const results = { accepted: [], rejected: [] };
  for (let round = 0; round < rounds; round++) {
    const { config } = credentials;
    const started = await startServers({ project, log, providers, transport, credential, config });
    const servers = started.map((_, place) => started[(place + round) % started.length]);
    for (const verdict of ["accepted", "rejected"]) {
      const measured = await measure({
        transport,
        verdict,
        servers: verdict === "accepted" ? servers : servers.filter(rejects),
        credentials,
        turns,
        warmUpRequests: warmUpRequests[verdict],
      });
      results[verdict].push(measured);
    }
    await stopServers();
  }
  return ["accepted", "rejected"].map((verdict) =>
    summarize({ transport, credential, verdict }, results[verdict]),
  );
}

function rejects({ provider }) {
  return provider === FRAMEWORK || provider === OURS;
}
