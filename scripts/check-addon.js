/**
 * Whether an addon is fit for a release: `node scripts/check-addon.js <file> <platform>`. It must be made
 * for that platform, ask for no newer glibc than a release promises, and for no function that is not of the
 * declared Node-API version.
 */

import { readFileSync } from "node:fs";
import { faultsOf, glibcNeeded, nodeApiFunctions } from "./binary.js";
import { NODE_API_VERSION, TARGETS } from "./targets.js";

const [file, triple] = process.argv.slice(2);
if (!(triple in TARGETS)) {
  console.error(`usage: node scripts/check-addon.js <file> <platform: ${Object.keys(TARGETS).join(", ")}>`);
  process.exit(1);
}
const bytes = readFileSync(file);
const faults = faultsOf(bytes, triple);
for (const fault of faults) {
  console.error(`✖ ${file}: ${fault}`);
}
if (faults.length > 0) {
  process.exit(1);
}
const glibc = glibcNeeded(bytes);
console.log(
  `${file}: for ${triple}, ${glibc ? `glibc ${glibc}, ` : ""}` +
    `${nodeApiFunctions(bytes).size} functions of Node-API ${NODE_API_VERSION}`,
);
