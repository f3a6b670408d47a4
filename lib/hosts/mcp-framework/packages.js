import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Packages as Node finds them: by the `package.json` of a folder or of the nearest one above it. */

/** The file that `import` of the package in this folder loads; `undefined` if there is no package. */
export function entryOf(folder) {
  const manifest = path.join(folder, "package.json");
  if (!existsSync(manifest)) {
    return undefined;
  }
  const { exports, main } = JSON.parse(readFileSync(manifest, "utf8"));
  return realpathSync(path.resolve(folder, importTarget(exports?.["."] ?? exports) ?? main ?? "index.js"));
}

/** The file of the first condition under which `import` finds one, as Node's resolver picks it. */
function importTarget(target) {
  if (typeof target !== "object" || target === null) {
    return target;
  }
  const conditions = ["node", "import", "module-sync", "default"];
  const [, matched] = Object.entries(target).find(([condition]) => conditions.includes(condition)) ?? [];
  return importTarget(matched);
}

const known = new Map();

/**
 * The package that a module belongs to: the nearest folder above it whose `package.json` has a name.
 * Manifests that only set `type`, as builds write them, are skipped.
 *
 * @param {string | undefined} url of the module; anything but a `file:` URL belongs to no package
 * @returns {{ folder: string, name: string } | undefined}
 */
export function packageOf(url) {
  if (!url?.startsWith("file:")) {
    return undefined;
  }
  try {
    return packageAbove(path.dirname(fileURLToPath(url)));
  } catch {
    // A URL that names no file of this system.
    return undefined;
  }
}

function packageAbove(folder) {
  if (!known.has(folder)) {
    const name = nameIn(folder);
    const parent = path.dirname(folder);
    const above = parent === folder ? undefined : () => packageAbove(parent);
    known.set(folder, typeof name === "string" ? { folder, name } : above?.());
  }
  return known.get(folder);
}

function nameIn(folder) {
  try {
    return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")).name;
  } catch {
    // No manifest, or none that may be read (Node's permission model).
    return undefined;
  }
}

/** What the framework's logger listens to these events with. */
const CLOSES_LOG = /^\(\)\s*=>\s*this\.close\(\)$/;

/** Whether mcp-framework was evaluated in this process, in a bundle or not. */
export function isFrameworkLoaded() {
  const isHeard = (event) =>
    process.listeners(event).some((listener) => CLOSES_LOG.test(Function.prototype.toString.call(listener)));
  return ["exit", "SIGINT", "SIGTERM"].every(isHeard);
}
