/** Projects in temporary folders that use the package as packed, not this checkout. */

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packInto } from "../../scripts/packed.js";

export const checkout = path.dirname(path.dirname(import.meta.dirname));
const modules = path.join(checkout, "node_modules");

/** What the framework itself needs to load. */
export const FRAMEWORK_NEEDS = [
  "@modelcontextprotocol/sdk",
  "content-type",
  "execa",
  "find-up",
  "jsonwebtoken",
  "jwks-rsa",
  "raw-body",
  "typescript",
  "zod",
];

const folders = [];
process.once("exit", () => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A folder that is gone when the process ends. */
export function temporaryFolder(purpose) {
  const folder = mkdtempSync(path.join(tmpdir(), `mcp-native-auth-${purpose}-`));
  folders.push(folder);
  return folder;
}

let tarball = process.env.PACKED_TARBALL;

/** The path of this package as packed: scripts/test.js packs once for all files, a file that runs alone for itself. */
export function packedTarball() {
  tarball ??= packInto(temporaryFolder("pack"));
  return tarball;
}

/**
 * A project of the given files with this package and others installed.
 *
 * @param {Record<string, string>} files
 * @param {{ dependencies?: string[], aliases?: Record<string, string>, linked?: boolean }} installed
 *   `dependencies` are linked to this checkout's, `aliases` likewise under another name, `linked`
 *   installs this package as a link to the checkout, as `npm install ../folder` does
 */
export function project(files, { dependencies = [], aliases = {}, linked = false } = {}) {
  const folder = temporaryFolder("project");
  const names = { ...Object.fromEntries(dependencies.map((name) => [name, name])), ...aliases };
  for (const [name, target] of Object.entries(names)) {
    const link = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(modules, target), link, "junction");
  }
  const own = path.join(folder, "node_modules", "mcp-native-auth");
  mkdirSync(path.dirname(own), { recursive: true });
  if (linked) {
    symlinkSync(checkout, own, "junction");
  } else {
    mkdirSync(own);
    execFileSync("tar", ["-xzf", packedTarball(), "-C", own, "--strip-components=1"]);
  }
  for (const [name, content] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** A copy of an installed module, so that two copies of it exist. */
export function copyModule(name, folder) {
  const target = path.join(folder, "node_modules", name);
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(path.join(modules, name), target, { recursive: true });
}

/** Runs a file of a project with this Node and gives what it printed as JSON. */
export function runJson(
  folder,
  file,
  { cwd = folder, args = [], env = {}, execPath = process.execPath } = {},
) {
  const child = spawnSync(execPath, [...args, path.join(folder, file)], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "", ...env },
    timeout: 60_000,
  });
  if (child.status !== 0) {
    throw new Error(`exit ${child.status ?? child.signal}\n${child.stdout}\n${child.stderr}`);
  }
  return { ...JSON.parse(child.stdout), stderr: child.stderr };
}
