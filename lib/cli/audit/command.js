import { spawn } from "node:child_process";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, ProbeError } from "./probe.js";

const START_MS = 30_000;
const POLL_MS = 200;
const END_MS = 5000;
const MAX_OUTPUT_LENGTH = 1024 * 1024;

/** A server that the audit starts and ends, with all processes that it starts. */
export class StartedServer {
  #child;
  #output = "";
  #ended;
  /** How it ended by itself. @type {string | undefined} */
  end;

  /**
   * Starts the command and waits until the URL answers.
   *
   * @param {string[]} command
   * @param {URL} url
   * @param {Record<string, string | undefined>} env
   * @param {AbortSignal} signal
   * @throws {ProbeError}
   */
  static async start(command, url, env, signal) {
    if (await isListening(url)) {
      throw new ProbeError("something answers at the URL already; end it, or audit it without a command");
    }
    const server = new StartedServer(command, env);
    try {
      await server.#untilReady(url, signal);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** @param {string[]} command @param {Record<string, string | undefined>} env */
  constructor(command, env) {
    const [program, ...args] = command;
    const isWindows = process.platform === "win32";
    // A group of its own, so that no process is left; on Windows, programs such as npm are scripts of the shell.
    this.#child = spawn(quote(program), args.map(quote), {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: !isWindows,
      shell: isWindows,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        this.#output = (this.#output + text).slice(-MAX_OUTPUT_LENGTH);
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        const { code = "unknown error" } = /** @type {NodeJS.ErrnoException} */ (error);
        this.end = `cannot be started (${code})`;
        resolve(undefined);
      });
      this.#child.once("exit", (code, signal) => {
        this.end ??= `ended with ${signal ?? `exit code ${code}`}`;
        resolve(undefined);
      });
    });
  }

  /** The last of what it printed. */
  get output() {
    return this.#output;
  }

  async #untilReady(url, signal) {
    const client = new Client({ url, timeoutMs: 1000, maxRequests: Number.POSITIVE_INFINITY, signal });
    const deadline = performance.now() + START_MS;
    while (this.end === undefined && !signal.aborted && performance.now() < deadline) {
      try {
        await client.send({ method: "GET" });
        return;
      } catch (error) {
        if (!(error instanceof ProbeError)) {
          throw error;
        }
        await Promise.race([sleep(POLL_MS), this.#ended]);
      }
    }
    throw Object.assign(
      new ProbeError(`the command ${this.end ?? `did not answer at the URL within ${START_MS / 1000} s`}`),
      { output: this.#output },
    );
  }

  /** Ends it, and what it has started. */
  async stop() {
    this.#signal("SIGTERM");
    await Promise.race([this.#ended, sleep(END_MS, undefined, { ref: false })]);
    // Also where the first process has ended: others of its group may be left.
    this.#signal("SIGKILL");
    if (this.end === undefined) {
      await Promise.race([this.#ended, sleep(END_MS)]);
    }
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  #signal(signal) {
    const { pid } = this.#child;
    if (pid === undefined) {
      return;
    }
    if (process.platform === "win32") {
      spawn("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore" }).on("error", () => {});
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch {
      // The group has ended.
    }
  }
}

/** The shell of Windows takes its arguments as one text. @param {string} argument */
function quote(argument) {
  return process.platform === "win32" && /[\s"]/.test(argument)
    ? `"${argument.replaceAll('"', '\\"')}"`
    : argument;
}

/** Whether a connection to the URL's port is accepted. @param {{ hostname: string, port: string, protocol: string }} url */
export function isListening({ hostname, port, protocol }) {
  return new Promise((resolve) => {
    const socket = net.connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || (protocol === "https:" ? 443 : 80),
      timeout: 1000,
    });
    const end = (listens) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
