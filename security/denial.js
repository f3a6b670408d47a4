// npm run denial                    three to four minutes
// npm run denial -- --only cost     one part: cost, growth or flood; keeps no result
//
// Whether bad credentials can deny good clients the service. Three parts, each of which must hold:
//
// cost    No rejection takes more of the processor than accepting a new token or key of the same size. Forged tokens, as
//         anybody can send them, are measured beside the genuine one that is cheapest to accept; signed ones that are
//         rejected for what they say beside the same without the flaw, and a wrong key beside the right one at the
//         same place in the same request.
// growth  Time is linear in the size of the input, up to 16 MiB.
// flood   On real servers, while others send bad credentials over 64 connections, every good call is answered
//         rightly and every bad one with 401, and nothing is left behind. Beside the framework's own providers under
//         the same flood, as fast as it is answered and at one pace for both. All processes share the machine, so that
//         on two cores the flood takes half of what the server could use: latencies are told as ratios.
//
// Processor time is compared in rounds, all implementations in each, so that whatever else the machine does falls on all of
// them alike. What seems too dear or too steep is measured once more, longer, before it counts.

import { parseArgs } from "node:util";
import { FRAMEWORK, OURS } from "../bench/server/names.js";
import { keepResult } from "../scripts/results.js";
import { compareCosts, TOLERANCE } from "./denial/cost.js";
import { floodServers } from "./denial/flood.js";
import { faultsOf, p50, rowsOf } from "./denial/flood-verdict.js";
import { measureGrowth, STEEPEST } from "./denial/growth.js";

const PARTS = { cost, growth, flood };
const DEAREST_SHOWN = 3;
const STEEPEST_SHOWN = 10;
const FAULTS_SHOWN = 50;

const { values: flags } = parseArgs({ options: { only: { type: "string" } } });
if (flags.only !== undefined && !Object.hasOwn(PARTS, flags.only)) {
  console.error(`--only takes one of ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
// Warnings about the odd configurations of `growth` would be as long as these are.
process.emitWarning = () => {};

const faults = [];
const figures = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (flags.only === undefined || flags.only === name) figures.push(await part());
}
if (faults.length > 0) {
  const shown = faults.slice(0, FAULTS_SHOWN).map((fault) => `  ${fault}`);
  console.error(`\n${faults.length} faults:\n${shown.join("\n")}`);
  process.exitCode = 1;
} else {
  console.log(`\nNo fault. ${figures.join("; ")}`);
  if (flags.only === undefined) keepResult("denial", figures.join("; "));
}

async function cost() {
  console.log("Cost of rejections, beside accepting what is of the same size: the dearest of each row\n");
  const all = [];
  for await (const comparisons of compareCosts()) {
    const dearest = comparisons.toSorted((a, b) => b.ratio - a.ratio);
    const shown = dearest.slice(0, DEAREST_SHOWN).map(({ ratio, kind }) => `${ratio.toFixed(2)} ${kind}`);
    console.log(`${dearest[0].subject.padEnd(22)} ${comparisons.length} kinds: ${shown.join(", ")}`);
    all.push(...comparisons);
    for (const { subject, kind, beside, ratio } of dearest.filter(({ ratio }) => !(ratio <= TOLERANCE))) {
      faults.push(`${subject}: rejecting "${kind}" costs ${ratio.toFixed(2)} times as much as ${beside}`);
    }
  }
  const worst = Math.max(...all.map(({ ratio }) => ratio));
  return `dearest of ${inWords(all.length)} rejections ${worst.toFixed(2)} times an acceptance of its size (noise up to ${TOLERANCE})`;
}

async function growth() {
  console.log("\nGrowth of time with size: the power of the size, and milliseconds at three sizes\n");
  const all = [];
  for await (const growth of measureGrowth()) {
    all.push(growth);
    if (!(growth.power <= STEEPEST)) {
      faults.push(`${growth.shape}: time grows with the power ${growth.power.toFixed(2)} of the size`);
    }
  }
  all.sort((a, b) => b.power - a.power);
  for (const { shape, sizes, milliseconds, power } of all.slice(0, STEEPEST_SHOWN)) {
    const times = milliseconds.map((time, place) => `${time.toFixed(2)} at ${sizes[place]}`);
    console.log(`${power.toFixed(2)}  ${shape}: ${times.join(", ")}`);
  }
  console.log(`and ${all.length - STEEPEST_SHOWN} shapes that are less steep`);
  return `${all.length} shapes up to 16 MiB in linear time (steepest power ${all[0].power.toFixed(2)} of ${STEEPEST})`;
}

async function flood() {
  console.log("\nFlood: calls of good clients, in milliseconds, and bad requests");
  let rejected = 0;
  let served = 0;
  const ratios = [];
  for await (const outcome of floodServers()) {
    const { transport, credential, pace, sides } = outcome;
    console.log(`\n${transport}, ${credential}; paced: ${pace} bad requests per second`);
    for (const row of rowsOf(outcome)) console.log(`  ${row}`);
    faults.push(...faultsOf(outcome));
    const { full, paced } = sides[OURS];
    rejected += full.bad.rejected + paced.bad.rejected;
    served += full.good.latencies.length + paced.good.latencies.length;
    ratios.push(p50(paced) / p50(sides[FRAMEWORK].paced));
  }
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toPrecision(1));
  return (
    `${inWords(rejected)} flooding requests all rejected, ${inWords(served)} good calls beside them all right, ` +
    `median wait ${least} to ${most} of that with mcp-framework's providers under the same flood`
  );
}

function inWords(number) {
  return number.toLocaleString("en");
}
