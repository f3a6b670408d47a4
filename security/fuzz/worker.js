/**
 * A child process that runs ranges of cases, so that an abort of the addon is seen and not suffered.
 * Arguments: the seed, the file in which the number of the current case stands, and for tests the
 * module that exports other `CLASSES`.
 */

import { openSync, writeSync } from "node:fs";
import { CLASSES, runCases } from "./run.js";

const [seed, progressFile, classesModule] = process.argv.slice(2);
const { CLASSES: classes } = classesModule ? await import(classesModule) : { CLASSES };
const progress = openSync(progressFile, "r+");
const current = Buffer.alloc(8);

/** Written before each case: what is in the page cache outlives the process. */
function announce(number) {
  current.writeDoubleLE(number);
  writeSync(progress, current, 0, current.length, 0);
}

process.on("message", async ({ from, to }) => {
  const report = (failure) => process.send({ failure });
  process.send({ tally: await runCases({ seed: Number(seed), from, to, classes, announce, report }) });
});
// Nobody would hear what it finds.
process.on("disconnect", () => process.exit());
process.send({ ready: true });
