/**
 * Where everything comes from: `npm run supply-chain`. Needs `cargo install cargo-deny`.
 *
 * - `cargo deny`: licences, sources, banned crates; advisories too, unless their database cannot be fetched,
 *   which is said;
 * - the lock files pin every package by its hash, from the registries alone;
 * - no runtime dependency on npm; no package runs a script when it is installed, one development tool aside,
 *   and ours only to build the addon where it does not come from a release;
 * - each direct dependency of Cargo.toml says what it is for;
 * - `npm audit`, unless the registry in use does not answer it, which is said.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { keepResult } from "../scripts/results.js";

const ROOT = path.dirname(import.meta.dirname);
/** In which servers are measured. */
const PROJECTS = "bench/server/projects";
/** A development tool, in no release: its script puts its own program where a launcher was. */
const MAY_RUN_SCRIPT = ["node_modules/esbuild"];
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];

const problems = [];
const unanswered = [];

cargoDeny();
const crates = cargoLock("Cargo.lock");
cargoLock("fuzz/Cargo.lock");
const packages = npmLock("package-lock.json");
for (const project of readdirSync(path.join(ROOT, PROJECTS))) {
  npmLock(`${PROJECTS}/${project}/package-lock.json`);
}
manifest();
purposes();
npmAudit();

for (const problem of problems) {
  console.error(`✖ ${problem}`);
}
for (const question of unanswered) {
  console.log(`not answered here: ${question}`);
}
if (problems.length > 0) {
  process.exit(1);
}
const open =
  unanswered.length > 0 ? `; not answered on the machine of the run: ${unanswered.join(", ")}` : "";
const figure = `${crates} crates and ${packages} npm packages, all pinned by hash; 0 runtime npm dependencies${open}`;
console.log(figure);
keepResult("supply-chain", figure);

function cargoDeny() {
  const { status, error } = run(
    "cargo",
    ["deny", "--locked", "check", "bans", "licenses", "sources"],
    "inherit",
  );
  if (error || status !== 0) {
    problems.push(
      "`cargo deny check bans licenses sources` fails; is cargo-deny there? (`cargo install cargo-deny`)",
    );
  }
  const advisories = run("cargo", ["deny", "--locked", "check", "advisories"]);
  if (/failed to fetch|failed to (load|open) advisory database|error fetching/i.test(advisories.stderr)) {
    unanswered.push("crate advisories (their database cannot be fetched)");
  } else if (advisories.status !== 0) {
    problems.push(`cargo deny check advisories:\n${advisories.stderr}`);
  }
}

/** @returns {number} of crates, our own aside */
function cargoLock(file) {
  const entries = read(file).split("[[package]]\n").slice(1);
  const foreign = entries.filter((entry) => /^source = /m.test(entry));
  for (const entry of foreign) {
    const [, name] = /^name = "(.*)"$/m.exec(entry);
    if (!/^source = "registry\+/m.test(entry) || !/^checksum = "[0-9a-f]{64}"$/m.test(entry)) {
      problems.push(`${file}: ${name} is not pinned by the hash of a registry`);
    }
  }
  if (foreign.length === 0) {
    problems.push(`${file}: names no crate`);
  }
  return foreign.length;
}

/** @returns {number} of packages, our own aside */
function npmLock(file) {
  const { packages: entries } = JSON.parse(read(file));
  const foreign = Object.entries(entries).filter(([folder]) => folder !== "");
  for (const [folder, { integrity, hasInstallScript, link }] of foreign) {
    if (link || !/^sha512-/.test(integrity ?? "")) {
      problems.push(`${file}: ${folder} is not pinned by a SHA-512`);
    }
    if (hasInstallScript && !MAY_RUN_SCRIPT.includes(folder)) {
      problems.push(`${file}: ${folder} runs a script when it is installed`);
    }
  }
  return foreign.length;
}

function manifest() {
  const { dependencies = {}, optionalDependencies = {}, scripts } = JSON.parse(read("package.json"));
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    // The addon's own platform packages come with releases.
    if (!name.startsWith("@mcp-native-auth/")) {
      problems.push(`package.json: ${name} is a runtime dependency`);
    }
  }
  for (const name of INSTALL_SCRIPTS.filter((name) => name in scripts)) {
    // Left out of releases by scripts/release.js.
    if (name === "install" && scripts[name] === "node scripts/install.js") {
      continue;
    }
    problems.push(`package.json: the script ${name} runs at installation`);
  }
}

function purposes() {
  const [, sections] = /^(\[dependencies\][\s\S]*?)^\[\[/m.exec(read("Cargo.toml"));
  const lines = sections.split("\n");
  for (const [position, line] of lines.entries()) {
    if (/^[a-z][a-z0-9_-]* = /.test(line) && !lines[position - 1].startsWith("#")) {
      problems.push(`Cargo.toml: no comment says what ${line.split(" ")[0]} is for`);
    }
  }
}

function npmAudit() {
  const { status, stdout } = run("npm", ["audit", "--json"]);
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = {};
  }
  if (report.metadata === undefined) {
    unanswered.push("npm audit (the registry in use has no audit)");
  } else if (status !== 0) {
    problems.push(`npm audit: ${JSON.stringify(report.metadata.vulnerabilities)}`);
  }
}

function run(command, args, stderr = "pipe") {
  return spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", stderr], encoding: "utf8" });
}

function read(file) {
  return readFileSync(path.join(ROOT, file), "utf8");
}
