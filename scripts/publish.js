/**
 * Publishes what scripts/release.js laid out: `node scripts/publish.js <folder> [--dry-run]`.
 *
 * Platform packages first, so that there is no moment at which the main package names one that does not
 * exist. What is published already is skipped, so that a run that broke off can be repeated.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "dry-run": { type: "boolean", default: false } },
});
const [release] = positionals;
if (release === undefined) {
  console.error("usage: node scripts/publish.js <folder> [--dry-run]");
  process.exit(1);
}
const platforms = path.join(release, "platforms");
const folders = readdirSync(platforms).map((name) => path.join(platforms, name));

for (const folder of [...folders, path.join(release, "package")]) {
  const { name, version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  if (isPublished(name, version)) {
    console.log(`${name}@${version} is published already`);
    continue;
  }
  // Provenance needs the identity that a run of the workflow gets. The first release, by hand, has none.
  const isTrusted = process.env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined;
  const how = values["dry-run"] ? ["--dry-run"] : isTrusted ? ["--provenance"] : [];
  const { status } = npm(["publish", path.resolve(folder), "--access", "public", ...how], "inherit");
  if (status !== 0) {
    console.error(`mcp-native-auth: ${name}@${version} could not be published; npm says why above`);
    process.exit(1);
  }
}

function isPublished(name, version) {
  const { status, stdout } = npm(["view", `${name}@${version}`, "version"], "pipe");
  return status === 0 && stdout.trim() === version;
}

function npm(args, stdio) {
  return spawnSync("npm", args, { stdio, encoding: "utf8", shell: process.platform === "win32" });
}
