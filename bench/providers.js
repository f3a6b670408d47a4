/**
 * The providers and their peers side by side, in one process: `node bench/providers.js`.
 *
 *   --quick         fewer rounds, and only algorithms and numbers of keys that have targets
 *   --json FILE     where the figures go; bench/results/providers.json unless --only is given
 *   --only PATTERN  only rows whose title matches, without regard to case; "limits", "memory" and
 *                   "start" are the titles of what is not a row
 *
 * Everybody must give the right answers before and while being timed, else the exit code is 1. A target
 * that is not met changes no exit code: it is printed at its row and once more at the end.
 */

import { memoryOfKeys, sizeOfAddon, timeOfImport } from "./support/footprint.js";
import { PACKAGES } from "./support/implementations.js";
import { limitsOfJavaScript, limitsOfOpenssl } from "./support/limits.js";
import { FRAMEWORK } from "./support/names.js";
import { columns, figure } from "./support/print.js";
import { allRows } from "./support/rows.js";
import { beginRun, endRun, measureRows } from "./support/run.js";
import {
  ADDON_LIMIT_MEGABYTES,
  MEMORY_LIMIT_MEGABYTES,
  START_LIMIT_MILLISECONDS,
} from "./support/targets.js";

const benchmark = beginRun({ command: "npm run bench", results: "providers.json", packages: PACKAGES });
const { run, quick, settings, isWanted } = benchmark;
run.limits = [];
run.notes = [];

if (isWanted("limits")) {
  Object.assign(run, await measureLimits());
  printLimits(run);
}
await measureRows(benchmark, allRows({ quick }));
run.footprint = measureFootprint();
endRun(benchmark);

async function measureLimits() {
  const openssl = limitsOfOpenssl({ quick });
  const ofJavaScript = await limitsOfJavaScript(settings);
  return {
    limits: [...ofJavaScript.limits, ...openssl.limits],
    notes: [ofJavaScript.note, openssl.note].filter(Boolean),
  };
}

function measureFootprint() {
  const footprint = [];
  if (isWanted("memory")) {
    const { ours, framework } = memoryOfKeys({ repetitions: quick ? 2 : 5 });
    footprint.push({
      title: "memory of 100,000 keys",
      unit: "MB",
      ours,
      beside: { name: FRAMEWORK, ...framework },
      atMost: MEMORY_LIMIT_MEGABYTES,
      met: ours.median <= MEMORY_LIMIT_MEGABYTES,
    });
  }
  if (isWanted("start")) {
    const { ours, empty } = timeOfImport({ repetitions: quick ? 5 : 11 });
    footprint.push({
      title: "start: import of the package",
      unit: "ms",
      ours,
      beside: { name: "an empty module", ...empty },
      atMost: START_LIMIT_MILLISECONDS,
      met: ours.median <= START_LIMIT_MILLISECONDS,
    });
    const size = sizeOfAddon();
    footprint.push({
      title: "start: addon file",
      unit: "MB",
      ours: size && { median: size, q1: size, q3: size },
      atMost: ADDON_LIMIT_MEGABYTES,
      met: size && size <= ADDON_LIMIT_MEGABYTES,
    });
  }
  return footprint;
}

function printLimits({ limits, notes }) {
  console.log("\nThe limit: the work itself");
  for (const source of new Set(limits.map((limit) => limit.source))) {
    console.log(`  ${source}`);
    const ofSource = limits.filter((limit) => limit.source === source);
    const lines = columns(ofSource.map(({ name, microseconds }) => [name, figure(microseconds.median)]));
    for (const line of lines) {
      console.log(`    ${line}`);
    }
  }
  for (const note of notes) {
    console.log(`  ${note}`);
  }
}
