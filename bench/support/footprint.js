/** Memory of many keys, time to import, size of the addon: each in processes of its own. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { addonFileName, platformId } from "../../lib/native/platform.js";
import { summary } from "./measure.js";

const ROOT = path.join(import.meta.dirname, "..", "..");
/**
 * A small young generation: else V8 keeps up to 32 MB of it, or not, after the keys were made, and the
 * difference between two processes is luck.
 */
export const STEADY_HEAP = ["--expose-gc", "--max-semi-space-size=1"];
const ADDON = addonFileName(platformId());

/**
 * What a provider with 100,000 keys adds to the resident memory of a process, in megabytes (10^6 bytes):
 * the difference between two processes that make the same array of 100,000 keys and drop it, and of which
 * one gives all of it to its provider, the other one key.
 *
 * @returns {{ ours: object, framework: object }}
 */
export function memoryOfKeys({ repetitions }) {
  const added = { ours: [], framework: [] };
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const whose of Object.keys(added)) {
      const [all, one] = [100_000, 1].map((count) =>
        child([...STEADY_HEAP, path.join(import.meta.dirname, "memory-child.js"), whose, String(count)]),
      );
      added[whose].push((all - one) / 1e6);
    }
  }
  return { ours: summary(added.ours), framework: summary(added.framework) };
}

/**
 * Milliseconds that `import("mcp-native-auth")` takes in a new process, of a release as it is installed,
 * outside any project, so that no framework is found; beside it the same for an empty module.
 *
 * @returns {{ ours: object, empty: object }}
 */
export function timeOfImport({ repetitions }) {
  const folder = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-bench-"));
  try {
    installRelease(folder);
    writeFileSync(path.join(folder, "empty.js"), "export {};\n");
    const entries = { ours: "node_modules/mcp-native-auth/index.js", empty: "empty.js" };
    const taken = { ours: [], empty: [] };
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const [what, file] of Object.entries(entries)) {
        const url = pathToFileURL(path.join(folder, file)).href;
        taken[what].push(child([path.join(import.meta.dirname, "import-child.js"), url], folder));
      }
    }
    return { ours: summary(taken.ours), empty: summary(taken.empty) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As a package manager would put the two packages of a release for this platform. */
function installRelease(folder) {
  const output = path.join(folder, "release");
  const addons = path.join(ROOT, "native");
  const args = [path.join(ROOT, "scripts", "release.js"), "--addons", addons, "--output", output];
  const { status, stderr } = spawnSync(process.execPath, [...args, "--platforms", platformId()], {
    encoding: "utf8",
  });
  if (status !== 0) {
    throw new Error(`no release could be laid out:\n${stderr}`);
  }
  const modules = path.join(folder, "node_modules");
  mkdirSync(path.join(modules, "@mcp-native-auth"), { recursive: true });
  renameSync(path.join(output, "package"), path.join(modules, "mcp-native-auth"));
  const platform = path.join("@mcp-native-auth", platformId());
  renameSync(path.join(output, "platforms", platformId()), path.join(modules, platform));
}

/** Megabytes (10^6 bytes) of the addon as it is shipped: its build profile strips it. */
export function sizeOfAddon() {
  const folder = path.join(ROOT, "native");
  return readdirSync(folder).includes(ADDON) ? statSync(path.join(folder, ADDON)).size / 1e6 : undefined;
}

/** The number that a Node process prints. */
function child(args, cwd = ROOT) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  const number = Number.parseFloat(stdout);
  if (status !== 0 || !Number.isFinite(number)) {
    throw new Error(`node ${args.join(" ")} failed:\n${stderr}`);
  }
  return number;
}
