/** The process under test, seen from outside. */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { memoryInDump, memoryOf } from "./process-memory.js";

const CHILD = path.join(import.meta.dirname, "child.js");

export class Subject {
  #child;
  #lines;
  #folder = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-memory-"));
  #files = 0;
  #mayBeRead;

  /**
   * @param {"ours" | "framework" | "neither"} whose providers it makes
   * @param {string[]} flags of Node
   */
  static async start(whose, flags = []) {
    const subject = new Subject(whose, flags);
    await subject.#next();
    return subject;
  }

  constructor(whose, flags) {
    this.#child = spawn(process.execPath, ["--expose-gc", ...flags, CHILD, whose], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" },
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs a command of child.js and gives its answer. */
  async tell(command, parameters) {
    this.#child.stdin.write(`${JSON.stringify({ command, ...parameters })}\n`);
    const { answer, error } = await this.#next();
    if (error !== undefined) {
      throw new Error(`${command}: ${error}`);
    }
    return answer;
  }

  /**
   * What is left of a secret in the memory of the process. Nothing where it cannot be looked through.
   *
   * @param {import("./traces.js").Traces} traces
   */
  async search(traces, { everything = false, throughChild = false } = {}) {
    if (!canSearchMemory()) {
      return [];
    }
    this.#mayBeRead ??= mayBeRead(this.#child.pid);
    if (this.#mayBeRead && !throughChild) {
      return traces.in(memoryOf(this.#child.pid, { everything }));
    }
    const file = this.#file("dump");
    await this.tell("dump", { file });
    const found = traces.in(memoryInDump(file));
    rmSync(file);
    return found;
  }

  /** What is left of a secret in a heap snapshot of the process. */
  async searchHeapSnapshot(traces) {
    const file = this.#file("heapsnapshot");
    await this.tell("snapshot", { file });
    const found = traces.in([{ address: 0, bytes: readFileSync(file), region: { name: "snapshot" } }]);
    rmSync(file);
    return found;
  }

  async end() {
    this.#child.stdin.end();
    const [code, signal] = this.#child.exitCode === null ? await once(this.#child, "exit") : [0];
    rmSync(this.#folder, { recursive: true, force: true });
    if (code !== 0) {
      throw new Error(`the process under test ended with ${code ?? signal}`);
    }
  }

  async #next() {
    const { value, done } = await this.#lines.next();
    if (done) {
      throw new Error("the process under test ended too early");
    }
    return JSON.parse(value);
  }

  #file(extension) {
    this.#files += 1;
    return path.join(this.#folder, `${this.#files}.${extension}`);
  }
}

/** A secret as child.js takes it. */
export function halves(secret) {
  const mask = randomBytes(secret.length);
  const masked = Buffer.from(secret.map((byte, index) => byte ^ mask[index]));
  return [masked.toString("hex"), mask.toString("hex")];
}

/** Whether this system has memory to be looked through: Linux. */
export function canSearchMemory() {
  return existsSync("/proc/self/maps");
}

function mayBeRead(pid) {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, "r"));
    return true;
  } catch (error) {
    if (error.code === "EACCES" || error.code === "EPERM") {
      return false;
    }
    throw error;
  }
}
