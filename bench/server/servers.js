// The servers: each in a process of its own, so that none shares a heap, compiled code or a core's worth of time with
// another or with the clients.

import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 2_000;

const PROJECTS = path.join(import.meta.dirname, "projects");
const children = new Set();

process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

/** A server in `project` for each of `providers`, started and idle: `{ provider, port, cpuMs }`. */
export async function startServers({ project, log, providers, transport, credential, config }) {
  // One after the other: a free port is found by asking for one and giving it back.
  const servers = [];
  for (const provider of providers) {
    servers.push(await start(project, { log, transport, provider, credential, config }));
  }
  return servers;
}

export async function stopServers() {
  await Promise.all([...children].map(stop));
}

async function start(project, description) {
  const { provider, transport } = description;
  const child = fork(path.join(PROJECTS, project, "server.js"), {
    // The framework writes lines to stderr for each request. Nobody reads them here, for no server.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, MCP_ENABLE_FILE_LOGGING: undefined, MCP_DEBUG_CONSOLE: undefined },
  });
  children.add(child);
  child.on("exit", () => children.delete(child));
  child.send(description);
  const { port, failure } = await answerOf(child, START_LIMIT_MS);
  if (port === undefined) {
    throw new Error(`the ${transport} server with ${provider} did not start: ${failure ?? "no answer"}`);
  }
  return {
    provider,
    port,
    async cpuMs() {
      child.send("cpu");
      const { user, system } = await answerOf(child, START_LIMIT_MS);
      return (user + system) / 1000;
    },
  };
}

async function answerOf(child, limit) {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const [answer] = await Promise.race([
      once(child, "message", { signal }),
      once(child, "exit", { signal }).then(() => [{}]),
      sleep(limit, [{}], { signal }),
    ]);
    return answer;
  } finally {
    settled.abort();
  }
}

async function stop(child) {
  if (child.exitCode !== null) return;
  const exit = once(child, "exit");
  if (child.connected) child.disconnect();
  await Promise.race([exit, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  child.kill("SIGKILL");
}

function killAll() {
  for (const child of children) child.kill("SIGKILL");
}
