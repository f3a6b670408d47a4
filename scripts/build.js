/**
 * Builds the native addon for this machine: `node scripts/build.js`. Needs cargo and a C compiler.
 *
 * Options, for the tests: `--features <list>`, `--dev` (unoptimised), `--output <file>`.
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({
  options: {
    features: { type: "string" },
    dev: { type: "boolean", default: false },
    output: {
      type: "string",
      default: path.join(root, "native", `mcp-native-auth.${process.platform}-${process.arch}.node`),
    },
  },
});

const args = ["build", "--lib", "--locked", "--message-format=json-render-diagnostics"];
if (!values.dev) {
  args.push("--release");
}
if (values.features) {
  args.push("--features", values.features);
}
const cargo = spawnSync("cargo", args, {
  cwd: root,
  stdio: ["ignore", "pipe", "inherit"],
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
if (cargo.error?.code === "ENOENT") {
  fail("cargo was not found; install Rust 1.88 or later from https://rustup.rs and run this again");
}
if (cargo.status !== 0) {
  fail("cargo could not build the addon; its messages stand above");
}

const library = cargo.stdout
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line))
  .filter(({ reason, target }) => reason === "compiler-artifact" && target.kind.includes("cdylib"))
  .flatMap(({ filenames }) => filenames)
  .find((file) => /\.(so|dylib|dll)$/.test(file));
if (library === undefined) {
  fail("cargo reported no dynamic library");
}
mkdirSync(path.dirname(values.output), { recursive: true });
// By rename, so that a process that has the old addon mapped keeps it.
const temporary = `${values.output}.${process.pid}`;
copyFileSync(library, temporary);
renameSync(temporary, values.output);

function fail(message) {
  console.error(`mcp-native-auth: ${message}`);
  process.exit(1);
}
