/** Processes of their own, which are asked one thing at a time. */

import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ANSWER_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const children = new Set();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/**
 * Starts a script of this folder. `ask(question)` resolves to what it answers; `stop()` lets go of it and
 * resolves to its exit code, `null` if it had to be killed.
 *
 * @param {string} script
 * @param {string[]} flags of Node
 */
export function startChild(script, flags = []) {
  const child = fork(path.join(import.meta.dirname, script), {
    execArgv: [...process.execArgv, ...flags],
    // The framework writes lines to stderr for each request, which nobody reads here.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, MCP_ENABLE_FILE_LOGGING: undefined, MCP_DEBUG_CONSOLE: undefined },
  });
  children.add(child);
  child.on("exit", () => children.delete(child));
  return {
    async ask(question) {
      const settled = new AbortController();
      const { signal } = settled;
      try {
        child.send(question);
        const [answer] = await Promise.race([
          once(child, "message", { signal }),
          once(child, "exit", { signal }).then(() => [{ failure: "it ended" }]),
          sleep(ANSWER_LIMIT_MS, [{ failure: "it does not answer" }], { signal }),
        ]);
        if (answer.failure !== undefined) throw new Error(`${script}: ${answer.failure}`);
        return answer;
      } finally {
        settled.abort();
      }
    },
    async stop() {
      if (child.exitCode !== null) return child.exitCode;
      const exit = once(child, "exit").then(([code]) => code);
      if (child.connected) child.disconnect();
      const code = await Promise.race([exit, sleep(STOP_LIMIT_MS, null, { ref: false })]);
      child.kill("SIGKILL");
      return code;
    },
  };
}
