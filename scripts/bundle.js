/**
 * Makes one file of what the entry of a laid out package imports: to load some forty takes Node twice as
 * long. The files that others than the entry need stay beside it; not minified, so that it can be read.
 */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";

const ENTRY = "index.js";
const BUNDLE = path.join("lib", "native", "bundle.js");
/** Who imports files of lib/ beside the entry. */
const OTHERS = [
  "register.js",
  "lib/hosts/mcp-framework/register/replacement.js",
  "bin/mcp-native-auth.js",
  "scripts/install.js",
];
const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  logLevel: "silent",
  metafile: true,
};

/** @param {string} folder the package as packed */
export function bundle(folder) {
  const options = { ...OPTIONS, absWorkingDir: folder };
  // Where the loader is: the way to the addon and to package.json must be the same.
  const { metafile } = buildSync({ ...options, entryPoints: [ENTRY], outfile: BUNDLE });
  const [{ exports }] = Object.values(metafile.outputs);
  const ofOthers = buildSync({
    ...options,
    entryPoints: OTHERS,
    external: ["*/index.js", "*/lib/native/load.js"],
    outdir: "unwritten",
    write: false,
  });
  // `scripts/install.js` tries the loader by itself, with what that imports.
  const kept = new Set([
    ...Object.keys(ofOthers.metafile.inputs),
    BUNDLE,
    "lib/native/load.js",
    "lib/native/platform.js",
  ]);
  for (const file of readdirSync(path.join(folder, "lib"), { recursive: true })) {
    const name = path.join("lib", file);
    if (name.endsWith(".js") && !kept.has(name.replaceAll(path.sep, "/")) && name !== BUNDLE) {
      rmSync(path.join(folder, name));
    }
  }
  writeFileSync(
    path.join(folder, ENTRY),
    `export {\n  ${exports.sort().join(",\n  ")},\n} from "./lib/native/bundle.js";\n`,
  );
}
