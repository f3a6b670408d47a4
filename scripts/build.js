/**
 * Builds the native addon for this machine: `node scripts/build.js`. Needs cargo and a C compiler.
 *
 * Options, for the tests: `--features <list>`, `--dev` (unoptimised), `--output <file>`.
 */

import { parseArgs } from "node:util";
import { buildAddon } from "./addon.js";

const { values } = parseArgs({
  options: { features: { type: "string" }, dev: { type: "boolean" }, output: { type: "string" } },
});
try {
  buildAddon(values);
} catch (error) {
  console.error(`mcp-native-auth: ${error.message}`);
  process.exit(1);
}
