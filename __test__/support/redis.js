/** A real Redis of the machine's own, on a free port of 127.0.0.1, that keeps nothing on disk. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { freePort } from "./free-port.js";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** @returns {{ url: string, start(): Promise<void>, stop(): Promise<void>, freeze(): void, thaw(): void }} */
export async function redisServer() {
  const port = await freePort();
  const args = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(String);
  let child;
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  process.once("exit", () => child?.kill("SIGKILL"));
  return {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      if (isRunning()) return;
      child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
      let log = "";
      for await (const chunk of child.stdout) {
        log += chunk;
        if (log.includes("Ready to accept connections")) return;
      }
      throw new Error(`redis-server did not start:\n${log}`);
    },
    async stop() {
      if (isRunning()) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
    /** Connections stay open, and nothing is answered. */
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
  };
}
