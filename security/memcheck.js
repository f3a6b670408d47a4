/**
 * Looks for memory errors: `npm run memcheck`.
 *
 * 1. The Rust tests under AddressSanitizer. Its runtime comes with stable Rust, the switch is unstable.
 * 2. The addon in Node under valgrind, which also sees reads of what was never written: the binding hands
 *    on a buffer that Node-API fills (src/node/text.rs). Node has reports of its own there; those count
 *    whose stack goes through the addon.
 *
 * About ten minutes.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { keepResult } from "../scripts/results.js";

const ROOT = path.dirname(import.meta.dirname);
/** How frames of the addon look: it is stripped of names, not of its own. */
const ADDON = /mcp-native-auth\.[a-z0-9-]+\.node/;

const tests = addressSanitizer();
const { reports, loaded } = valgrind();
if (!loaded) {
  fail("valgrind did not see the addon");
}
if (reports.length > 0) {
  fail(`valgrind reports ${reports.length} error(s) in the addon:\n${reports.join("\n\n")}`);
}
const figure = `${tests} Rust tests under AddressSanitizer, the addon under valgrind: no error`;
console.log(figure);
keepResult("memcheck", figure);

function addressSanitizer() {
  const host = /^host: (.*)$/m.exec(run("rustc", ["-vV"]).stdout)[1];
  const { status, stdout } = run(
    "cargo",
    ["test", "--locked", "--quiet", "--no-default-features", "--target", host],
    {
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: "-Zsanitizer=address",
      CARGO_TARGET_DIR: path.join(ROOT, "target", "address-sanitizer"),
    },
  );
  process.stdout.write(stdout);
  const passed = [...stdout.matchAll(/^test result: ok\. (\d+) passed/gm)];
  if (status !== 0 || passed.length === 0) {
    fail("the Rust tests fail under AddressSanitizer");
  }
  return passed.reduce((sum, [, count]) => sum + Number(count), 0);
}

function valgrind() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "mcp-native-auth-"));
  const log = path.join(folder, "valgrind.log");
  try {
    const { status, stdout } = run("valgrind", [
      "--smc-check=all-non-file",
      "--error-limit=no",
      "--leak-check=full",
      "--show-leak-kinds=definite",
      "--num-callers=40",
      "--verbose",
      `--log-file=${log}`,
      process.execPath,
      path.join(import.meta.dirname, "memcheck", "subject.js"),
    ]);
    process.stdout.write(stdout);
    if (status !== 0) {
      fail("the addon's exercise fails under valgrind");
    }
    const lines = readFileSync(log, "utf8").split("\n");
    // Errors stand between `==`, what valgrind tells of itself between `--`.
    const errors = lines
      .filter((line) => line.startsWith("=="))
      .map((line) => line.replace(/^==\d+== ?/, ""));
    return {
      loaded: lines.some((line) => /^--\d+-- Reading syms from/.test(line) && ADDON.test(line)),
      reports: errors
        .join("\n")
        .split(/\n\s*\n/)
        .filter((block) => ADDON.test(block)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args, environment = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error) {
    fail(`${command}: ${result.error.message}`);
  }
  return result;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
