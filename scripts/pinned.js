/**
 * Runtimes and package managers at pinned versions, from the npm registry, each in a folder of its own
 * under .runtimes. No install script is run: what is needed lies in the packages themselves.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const FOLDER = path.join(path.dirname(import.meta.dirname), ".runtimes");

/** npm writes `win` where Node says `win32`; Bun and Deno have names of their own. */
const os = process.platform;
const { arch } = process;
const exe = os === "win32" ? ".exe" : "";
const bunArch = arch === "arm64" ? "aarch64" : arch;
const denoLibc = os === "linux" ? "-glibc" : "";

/** What `node@<version>` brings for this platform, and runs a script to choose. */
function node(version) {
  const name = `node-${os === "win32" ? "win" : os}-${arch}`;
  return { install: `${name}@${version}`, file: `${name}/bin/node${exe}` };
}

const PINNED = {
  "node-20": node("20.20.2"),
  "node-22": node("22.23.3"),
  "node-24": node("24.21.0"),
  "node-26": node("26.10.0"),
  bun: {
    install: "bun@1.4.5",
    file: `@oven/bun-${os === "win32" ? "windows" : os}-${bunArch}/bin/bun${exe}`,
  },
  deno: { install: "deno@2.9.6", file: `@deno/${os}-${arch}${denoLibc}/deno${exe}` },
  "npm-11": { install: "npm@11.21.2", file: "npm/bin/npm-cli.js" },
  "npm-12": { install: "npm@12.2.1", file: "npm/bin/npm-cli.js" },
  pnpm: { install: "pnpm@12.21.0", file: `@pnpm/exe.${os}-${arch}/pnpm${exe}` },
  yarn: { install: "@yarnpkg/cli-dist@4.18.1", file: "@yarnpkg/cli-dist/bin/yarn.js" },
  nft: { install: "@vercel/nft@1.11.5", file: "@vercel/nft/out/cli.js" },
  ncc: { install: "@vercel/ncc@0.45.0", file: "@vercel/ncc/dist/ncc/cli.js" },
  rollup: { install: "rollup@4.68.8", file: "rollup/dist/bin/rollup" },
  webpack: { install: "webpack@5.113.0", file: "webpack/lib/index.js" },
  "node-loader": { install: "node-loader@2.1.0", file: "node-loader/dist/cjs.js" },
  publint: { install: "publint@0.3.25", file: "publint/src/cli.js" },
  attw: { install: "@arethetypeswrong/cli@0.18.5", file: "@arethetypeswrong/cli/dist/index.js" },
};

/** The file of a pinned tool, for example `pinned("node-22")`; installed when it is asked for first. */
export function pinned(name) {
  const { install, file } = PINNED[name];
  // The version is part of the folder's name, so that a new pin is a new folder.
  const folder = path.join(FOLDER, `${name}@${install.split("@").at(-1)}`);
  const executable = path.join(folder, "node_modules", file);
  if (!existsSync(executable)) {
    installInto(folder, install);
  }
  if (!existsSync(executable)) {
    throw new Error(`${install} brings no ${file} for this platform`);
  }
  return executable;
}

/** What npm installs for a pinned tool, `name@version`. */
export function specifierOf(name) {
  return PINNED[name].install;
}

function installInto(folder, specifier) {
  // Elsewhere first, so that an installation that broke off, or another at the same time, does no harm.
  const temporary = `${folder}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  writeFileSync(path.join(temporary, "package.json"), '{ "private": true }\n');
  const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", specifier];
  const { status, stderr } = spawnSync("npm", install, {
    cwd: temporary,
    encoding: "utf8",
    shell: os === "win32",
  });
  if (status !== 0) {
    throw new Error(`npm could not install ${specifier}:\n${stderr}`);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
}
