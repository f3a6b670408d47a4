/**
 * Lays out the packages of a release: `node scripts/release.js --addons <folder> --output <folder>`.
 *
 * From a checkout and the addons of all platforms, which lie in one folder by their file names, it makes
 * one package for each platform and the main package, which names them in `optionalDependencies`. The main
 * package has no scripts: nothing runs when it is installed.
 *
 * - `--repository <url>`: where the sources are, if not where package.json says; npm compares with the provenance
 * - `--platforms <list>`: fewer platforms than all, for a trial
 */

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { addonFileName } from "../lib/native/platform.js";
import { madeFor } from "./binary.js";
import { bundle } from "./bundle.js";
import { addonLicense, NOTICES } from "./notices.js";
import { platformPackage, TARGETS } from "./targets.js";

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({
  options: {
    addons: { type: "string" },
    output: { type: "string" },
    repository: { type: "string" },
    platforms: { type: "string", default: Object.keys(TARGETS).join(",") },
  },
});
if (!values.addons || !values.output) {
  fail("usage: node scripts/release.js --addons <folder> --output <folder>");
}
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const source = values.repository ?? manifest.homepage.replace(/#.*/, "");
const origin = {
  homepage: `${source}#readme`,
  bugs: `${source}/issues`,
  repository: { type: "git", url: `git+${source}.git` },
};
const platforms = values.platforms.split(",");
const output = path.resolve(values.output);
rmSync(output, { recursive: true, force: true });
for (const triple of platforms) {
  layOutPlatform(triple);
}
layOutMain();
console.log(
  `${manifest.name} ${manifest.version} and ${platforms.length} platform packages lie in ${output}`,
);

function layOutPlatform(triple) {
  const { os, cpu, libc, needs } = TARGETS[triple] ?? fail(`there is no platform ${triple}`);
  const addon = path.join(values.addons, addonFileName(triple));
  if (!existsSync(addon)) {
    fail(`${addon} is missing; a release needs the addon of each platform`);
  }
  const actual = madeFor(readFileSync(addon));
  if (actual.os !== os || actual.cpu !== cpu || actual.libc !== libc) {
    fail(`${addon} is made for another platform; have artifacts been mixed up?`);
  }
  const folder = path.join(output, "platforms", triple);
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, path.join(folder, addonFileName(triple)));
  for (const file of ["LICENSE", path.basename(NOTICES)]) {
    copyFileSync(path.join(root, file), path.join(folder, file));
  }
  writeFileSync(
    path.join(folder, "README.md"),
    `# ${platformPackage(triple)}\n\nThe native addon of [${manifest.name}](https://www.npmjs.com/package/${manifest.name}) ` +
      `for ${triple} (${needs} or later). It is installed with that package; there is no need to name it.\n`,
  );
  writeManifest(folder, {
    name: platformPackage(triple),
    version: manifest.version,
    description: `The native addon of ${manifest.name} for ${triple}`,
    license: addonLicense(),
    ...origin,
    main: addonFileName(triple),
    files: [addonFileName(triple), path.basename(NOTICES)],
    os: [os],
    cpu: [cpu],
    libc: libc && [libc],
    engines: manifest.engines,
  });
}

function layOutMain() {
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", output];
  const { status, stdout, stderr } = spawnSync("npm", pack, {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    fail(`npm pack: ${stderr}`);
  }
  const tarball = path.join(output, stdout.trim());
  execFileSync("tar", ["-xzf", tarball, "-C", output]);
  rmSync(tarball);
  const folder = path.join(output, "package");
  rmSync(path.join(folder, "native"), { recursive: true, force: true });
  bundle(folder);
  // A checkout is private, so that nobody publishes it as it stands, with an install script and one addon.
  const { private: isPrivate, scripts, devDependencies, overrides, ...kept } = manifest;
  writeManifest(folder, {
    ...kept,
    ...origin,
    files: manifest.files.filter((pattern) => !pattern.startsWith("native/")),
    optionalDependencies: Object.fromEntries(
      platforms.map((triple) => [platformPackage(triple), manifest.version]),
    ),
  });
}

function writeManifest(folder, content) {
  writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(content, undefined, 2)}\n`);
}

function fail(message) {
  console.error(`mcp-native-auth: ${message}`);
  process.exit(1);
}
