/** Modules that are run one after another in one process, each as if it were alone. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";

const MARK = "== begins ==\n";
// Each until nothing keeps the process alive.
const RUNNER = `
  import { once } from "node:events";
  import { writeSync } from "node:fs";
  for (const name of process.argv.slice(2)) {
    for (const stream of [1, 2]) writeSync(stream, ${JSON.stringify(MARK)});
    try {
      await import("./" + name);
    } catch (error) {
      console.error("throws", error);
    }
    await once(process, "beforeExit");
  }`;

/**
 * Runs modules of a folder. One that ends the process does not keep the next from running.
 *
 * @returns {Map<string, { stdout: string, stderr: string }>} what each wrote; what it threw and another exit code than 0
 *   are in `stderr`
 */
export function runModules(folder, names, env) {
  writeFileSync(path.join(folder, "runner.mjs"), RUNNER);
  const outcomes = new Map();
  for (let left = names; left.length > 0; ) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["runner.mjs", ...left], {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: 60_000,
    });
    const [outputs, logs] = [stdout, stderr].map((text) => text.split(MARK).slice(1));
    if (logs.length === 0) {
      throw new Error(`no module was run: ${stderr}`);
    }
    if (status !== 0) {
      logs.push(`${logs.pop()}exit code ${status}`);
    }
    for (const [index, log] of logs.entries()) {
      outcomes.set(left[index], { stdout: outputs[index], stderr: log });
    }
    left = left.slice(logs.length);
  }
  return outcomes;
}
