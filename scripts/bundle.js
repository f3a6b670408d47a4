/**
 * Makes one file of what the entry of a laid out package imports: to load some forty takes Node twice as
 * long. The files that others than the entry need stay beside it; not minified, so that it can be read.
 */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";

const ENTRY = "index.js";
const BUNDLE = path.join("lib", "native", "bundle.js");
/** Stays a file of its own: file tracers find the addon by what it requires, under the names that it has there. */
const LOADER = "lib/native/load.js";
/** Who imports files of lib/ beside the entry. */
const OTHERS = [
  "register.js",
  "register/guard.js",
  "register/strict.js",
  "lib/hosts/mcp-framework/register/inherited.js",
  "lib/hosts/mcp-framework/register/replacement.js",
  "bin/mcp-native-auth.js",
  "scripts/install.js",
  LOADER,
];
const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  // A class that names itself would otherwise be called _APIKeyAuthProvider.
  keepNames: true,
  logLevel: "silent",
  metafile: true,
};

/** @param {string} folder the package as packed */
export function bundle(folder) {
  const options = { ...OPTIONS, absWorkingDir: folder };
  const { metafile } = buildSync({
    ...options,
    entryPoints: [ENTRY],
    external: ["*/native/load.js"],
    outfile: BUNDLE,
  });
  const [{ exports }] = Object.values(metafile.outputs);
  const ofOthers = buildSync({
    ...options,
    entryPoints: OTHERS,
    external: ["*/index.js"],
    outdir: "unwritten",
    write: false,
  });
  const kept = new Set([...Object.keys(ofOthers.metafile.inputs), BUNDLE]);
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
