/**
 * What npm runs when this package is installed from a checkout, a git URL or a tarball that `npm pack`
 * made, and what a user runs where install scripts are blocked: builds the addon if none here fits.
 * Published releases have no install script; their addons come in packages of their own.
 */

import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { platformId } from "../lib/native/platform.js";
import { buildAddon, HOST_ADDON } from "./addon.js";

const root = path.dirname(import.meta.dirname);
// npm never packs a lock file. Only in a checkout do sources change under an addon that was built.
const isCheckout = existsSync(path.join(root, "package-lock.json"));
const SOURCES = ["Cargo.toml", "Cargo.lock", "build.rs", ".cargo", "src"];

const fits = !(isCheckout && isOutdated()) && (await loads());
if (!fits) {
  try {
    build();
  } catch (error) {
    console.error(`mcp-native-auth has no native addon for ${platformId()} that fits, and ${error.message}`);
    process.exit(1);
  }
}

function isOutdated() {
  const built = statSync(HOST_ADDON, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
  return SOURCES.some((source) =>
    filesOf(path.join(root, source)).some((file) => statSync(file).mtimeMs > built),
  );
}

function filesOf(entry) {
  return statSync(entry).isDirectory()
    ? readdirSync(entry, { recursive: true }).map((name) => path.join(entry, name))
    : [entry];
}

async function loads() {
  try {
    await import("../lib/native/load.js");
    return true;
  } catch {
    // Missing, or of no use on this machine: building says why if it fails too.
    return false;
  }
}

function build() {
  if (isCheckout || process.env.CARGO_TARGET_DIR) {
    buildAddon();
    return;
  }
  // In node_modules of an application, where hundreds of megabytes of intermediate files have no place.
  const targetDir = path.join(root, "target");
  try {
    buildAddon({ targetDir });
  } finally {
    rmSync(targetDir, { recursive: true, force: true });
  }
}
