/** Building the native addon with cargo. */

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { addonFileName, platformId } from "../lib/native/platform.js";

const root = path.dirname(import.meta.dirname);

/** Where the loader looks for the addon of this machine first. */
export const HOST_ADDON = path.join(root, "native", addonFileName(platformId()));

/**
 * Builds the addon for this machine. Cargo's own messages go to stderr.
 *
 * @param {{ features?: string, dev?: boolean, output?: string, targetDir?: string }} options `dev` builds
 *   unoptimised, `targetDir` is where cargo keeps what it compiles
 * @throws {Error} whose message is one sentence for the user
 */
export function buildAddon({ features, dev = false, output = HOST_ADDON, targetDir } = {}) {
  const args = ["build", "--lib", "--locked", "--message-format=json-render-diagnostics"];
  if (!dev) {
    args.push("--release");
  }
  if (features) {
    args.push("--features", features);
  }
  if (targetDir) {
    args.push("--target-dir", targetDir);
  }
  const cargo = spawnSync("cargo", args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    // As .cargo/config.toml has it, which does not overrule what is set outside.
    env: { ...process.env, AWS_LC_SYS_USE_SYSTEM: "0" },
  });
  if (cargo.error?.code === "ENOENT") {
    throw new Error(
      "cargo was not found; install Rust 1.88 or later from https://rustup.rs and run this again",
    );
  }
  if (cargo.status !== 0) {
    throw new Error(
      "cargo could not build the addon, which takes Rust 1.88 or later and a C compiler; its messages stand above",
    );
  }
  const library = cargo.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ reason, target }) => reason === "compiler-artifact" && target.kind.includes("cdylib"))
    .flatMap(({ filenames }) => filenames)
    .find((file) => /\.(so|dylib|dll)$/.test(file));
  if (library === undefined) {
    throw new Error("cargo reported no dynamic library");
  }
  mkdirSync(path.dirname(output), { recursive: true });
  // By rename, so that a process that has the old addon mapped keeps it.
  const temporary = `${output}.${process.pid}`;
  copyFileSync(library, temporary);
  renameSync(temporary, output);
}
