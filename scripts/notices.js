/**
 * Writes THIRD-PARTY-NOTICES, the licenses of everything compiled into the addon: `npm run notices`. Run it after
 * each change of Cargo.lock; `npm test` compares.
 *
 * Procedural macros and build scripts are left out: they run while the addon is built and are not in it.
 */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { TARGETS } from "./targets.js";

const root = path.dirname(import.meta.dirname);
export const NOTICES = path.join(root, "THIRD-PARTY-NOTICES");
/** Of two alternatives the first of these is taken. deny.toml lists the same ones. */
const ACCEPTED = ["MIT", "ISC", "BSD-3-Clause", "Apache-2.0", "Unicode-3.0"];
/** Crates that come without their license: the text that their repositories have. */
const TEXTS = {
  "base64-simd": "nugine-simd.txt",
  vsimd: "nugine-simd.txt",
  napi: "napi-rs.txt",
  "napi-sys": "napi-rs.txt",
};
/** The release workflow's Rust; look at the standard library's notices when it changes. */
const STANDARD_LIBRARY = {
  name: "rust-std",
  version: "1.95.0",
  license: "MIT AND Unicode-3.0",
  repository: "https://github.com/rust-lang/rust",
  texts: [text(path.join(import.meta.dirname, "licenses", "rust-std.txt"))],
};
const RULE = "=".repeat(80);

if (process.argv[1] === import.meta.filename) {
  writeFileSync(NOTICES, notices());
  console.log(`${path.basename(NOTICES)}: ${addonLicense()}`);
}

/** What the file must hold. */
export function notices() {
  const crates = [...compiledCrates(), STANDARD_LIBRARY];
  const byText = new Map();
  for (const crate of crates) {
    const body = crate.texts.join("\n\n");
    byText.set(body, [...(byText.get(body) ?? []), crate]);
  }
  const sections = [...byText].map(([body, all]) => {
    const names = all.map(
      ({ name, version, license, repository }) => `${name} ${version} (${license}) ${repository}`,
    );
    return `${RULE}\n${names.join("\n")}\n${RULE}\n\n${body}\n`;
  });
  const used = new Set(["MIT", ...crates.flatMap(({ license }) => chosen(license))]);
  const expression = ACCEPTED.filter((license) => used.has(license)).join(" AND ");
  return `Third-party notices

The native addon of mcp-native-auth contains the software below in compiled form. The package's own license is in
the file LICENSE. Where a crate offers a choice, the first of ${ACCEPTED.slice(0, -1).join(", ")} is taken.

License of the addon: ${expression}

${sections.join("\n")}`;
}

/** The SPDX expression of the addon, as the committed file has it. */
export function addonLicense() {
  return /^License of the addon: (.+)$/m.exec(readFileSync(NOTICES, "utf8"))[1];
}

/** Of all platforms of a release. */
function compiledCrates() {
  const ids = new Set(
    Object.values(TARGETS).flatMap(({ rust }) =>
      cargo("tree", "--edges=normal,no-proc-macro", "--prefix=none", "--format={p}", `--target=${rust}`)
        .split("\n")
        .map((line) => line.split(" ").slice(0, 2).join(" "))
        .filter((id) => id !== "" && !id.startsWith("mcp-native-auth ")),
    ),
  );
  const { packages } = JSON.parse(cargo("metadata", "--format-version=1"));
  return [...ids].sort().map((id) => {
    const { name, version, license, repository, manifest_path } = packages.find(
      (crate) => `${crate.name} v${crate.version}` === id,
    );
    return { name, version, license, repository, texts: textsOf(name, license, path.dirname(manifest_path)) };
  });
}

/** The crate's own license files, those of what it contains included; of alternatives the one that is taken. */
function textsOf(name, license, folder) {
  if (name in TEXTS) {
    return [text(path.join(import.meta.dirname, "licenses", TEXTS[name]))];
  }
  const all = readdirSync(folder, { recursive: true })
    .filter((file) => /^(licen[cs]e|copying|notice)(?![a-z])/i.test(path.basename(file)))
    .sort();
  const ofChoice = chosen(license).length === 1 ? all.filter((file) => /-mit(\.|$)/i.test(file)) : [];
  const texts = new Set((ofChoice.length > 0 ? ofChoice : all).map((file) => text(path.join(folder, file))));
  if (texts.size === 0) {
    throw new Error(`${name} comes without its license; put the text that its repository has under licenses`);
  }
  return [...texts];
}

/** The licenses of an SPDX expression without exceptions, one of each choice. */
function chosen(expression) {
  return expression.split(" AND ").map((part) => {
    const alternatives = part.replace(/[()]/g, "").split(/ OR |\//);
    const license = ACCEPTED.find((accepted) => alternatives.includes(accepted));
    if (license === undefined) {
      throw new Error(`none of ${ACCEPTED.join(", ")} is in ${expression}`);
    }
    return license;
  });
}

function cargo(command, ...args) {
  return execFileSync("cargo", [command, "--locked", ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function text(file) {
  return readFileSync(file, "utf8")
    .replaceAll("\r\n", "\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/^\n+|\s+$/g, "");
}
