/** What npm would publish of this checkout, as an installed package holds it. */

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

/**
 * Packs this checkout and unpacks the tarball.
 *
 * @param {string} folder an empty one, for both
 * @returns {string} the folder with the package's files
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
  execFileSync("tar", ["-xzf", path.join(folder, tarball), "-C", folder]);
  return path.join(folder, "package");
}
