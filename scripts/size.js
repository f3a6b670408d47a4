/**
 * How large the package is, packed and installed, and on how many others it depends: `npm run size`. Prints it
 * and writes it into docs/deploying.md.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { platformId } from "../lib/native/platform.js";
import { HOST_ADDON } from "./addon.js";
import { platformPackage } from "./targets.js";

const root = path.dirname(import.meta.dirname);
const PAGE = path.join(root, "docs", "deploying.md");
const BEGIN = "<!-- size:begin -->";
const END = "<!-- size:end -->";

const host = platformId();
const folder = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-size-"));
try {
  cpSync(HOST_ADDON, path.join(folder, path.basename(HOST_ADDON)));
  const release = path.join(folder, "release");
  const layOut = ["scripts/release.js", "--addons", folder, "--output", release, "--platforms", host];
  run(process.execPath, layOut);
  const main = sizesOf(path.join(release, "package"));
  const platform = sizesOf(path.join(release, "platforms", host));
  const checkout = sizesOf(root);
  const { dependencies = {} } = JSON.parse(
    readFileSync(path.join(release, "package", "package.json"), "utf8"),
  );
  const count = Object.keys(dependencies).length;
  const table = [
    "| | packed | installed |",
    "|---|---:|---:|",
    `| a release: \`mcp-native-auth\` | ${kilobytes(main.size)} | ${kilobytes(main.unpackedSize)} |`,
    `| and the addon, \`${platformPackage(host)}\` | ${kilobytes(platform.size)} | ${kilobytes(platform.unpackedSize)} |`,
    `| the tarball of \`npm pack\` here, addon included | ${kilobytes(checkout.size)} | ${kilobytes(checkout.unpackedSize)} |`,
    "",
    `Runtime npm dependencies: ${count === 0 ? "none" : count}, but for the addon's own package. Written by \`npm run size\`.`,
  ].join("\n");
  console.log(table);
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) {
    throw new Error(`docs/deploying.md has no ${BEGIN} … ${END}`);
  }
  writeFileSync(PAGE, `${before}${BEGIN}\n${table}\n${END}${after}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns {{ size: number, unpackedSize: number }} in bytes, of a package's tarball and its files */
function sizesOf(packageFolder) {
  const pack = ["pack", "--dry-run", "--json", "--ignore-scripts", packageFolder];
  return JSON.parse(run("npm", pack, { shell: process.platform === "win32" }))[0];
}

function run(command, args, options) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  }
  return stdout;
}

/** Kilobytes of 1,000 bytes. */
function kilobytes(bytes) {
  return `${Math.round(bytes / 1000).toLocaleString("en")} kB`;
}
