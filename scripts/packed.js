/** What npm would publish of this checkout. */

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

/**
 * Packs this checkout with the addon of this machine.
 *
 * @param {string} folder an empty one
 * @returns {string} the path of the tarball in it
 */
export function packInto(folder) {
  const pack = spawnSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], {
    cwd: path.dirname(import.meta.dirname),
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const [tarball] = readdirSync(folder);
  if (pack.status !== 0 || tarball === undefined) {
    throw new Error(`npm pack failed: ${pack.stderr}`);
  }
  return path.join(folder, tarball);
}
