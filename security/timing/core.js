import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** The |t| that benches/timing/main.rs goes by. */
export const CORE_LIMIT = 4.5;

/**
 * Asks the core: runs benches/timing/main.rs and gives what it finds about each question as it comes.
 *
 * @param {number} measurements for each question
 * @param {string} only a text that the questions must hold
 */
export async function* coreResults(measurements, only) {
  const flags = ["--json", "--measurements", String(measurements), "--only", only];
  const bench = [
    "bench",
    "--quiet",
    "--locked",
    "--no-default-features",
    "--bench",
    "timing",
    "--",
    ...flags,
  ];
  const cargo = spawn("cargo", bench, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(cargo, "close");
  // Awaited below, where a failed start is reported; not a rejection that nobody handles until then.
  ended.catch(() => {});
  let failures = 0;
  for await (const line of readline.createInterface({ input: cargo.stdout })) {
    const result = JSON.parse(line);
    failures += Number(!result.holds);
    yield result;
  }
  const [status] = await ended;
  if (status !== 0 && failures === 0) {
    throw new Error(`cargo bench --bench timing ended with status ${status}; its messages stand above`);
  }
}
