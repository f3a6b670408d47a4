/**
 * The providers and their peers side by side, in one process: `node bench/providers.js`.
 *
 *   --quick         fewer rounds, and only algorithms and numbers of keys that have targets of their own
 *   --json FILE     where the figures go; bench/results/providers.json unless --only is given
 *   --only PATTERN  only rows whose title matches, without regard to case; "limits", "memory" and
 *                   "start" are the titles of what is not a row
 *
 * Everybody must give the right answers before and while being timed, else the exit code is 1. A target
 * that is not met changes no exit code: it is printed at its row and once more at the end.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { FRAMEWORK, OURS, PACKAGES } from "./support/contenders.js";
import { memoryOfKeys, sizeOfAddon, timeOfImport } from "./support/footprint.js";
import { limitsOfJavaScript, limitsOfOpenssl } from "./support/limits.js";
import { measure, summary } from "./support/measure.js";
import { columns, demand, figure, verdict, withSpread } from "./support/print.js";
import { allRows } from "./support/rows.js";
import {
  ADDON_LIMIT_MEGABYTES,
  isMet,
  MEMORY_LIMIT_MEGABYTES,
  START_LIMIT_MILLISECONDS,
} from "./support/targets.js";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    only: { type: "string" },
  },
});
const wanted = new RegExp(flags.only ?? "", "i");
const resultsFile = path.join(import.meta.dirname, "results", "providers.json");
const jsonFile = flags.json ?? (flags.only === undefined ? resultsFile : undefined);

/** A sample lasts 50 milliseconds at least; a calibrated number of operations makes up for the clock. */
const settings = flags.quick
  ? { rounds: 3, milliseconds: 50, warmUpMilliseconds: 25 }
  : { rounds: 15, milliseconds: 50, warmUpMilliseconds: 60 };

const run = {
  ...circumstances(),
  limits: [],
  notes: [],
  rows: [],
  footprint: [],
};

console.log(`${run.machine.cpu}, ${run.machine.cores} cores, ${run.machine.system}; Node ${run.node}`);
console.log(`${settings.rounds} rounds of at least ${settings.milliseconds} ms; microseconds per request`);
console.log("(median, in parentheses the middle half); ratio: how many times as long as ours it takes");

if (wanted.test("limits")) {
  const { limits, notes } = await measureLimits();
  run.limits = limits;
  run.notes = notes;
  printLimits(run);
}
for (const row of allRows(flags)) {
  if (wanted.test(row.title)) {
    const result = await measureRow(row);
    run.rows.push(result);
    printRow(result);
  }
}
run.footprint = measureFootprint();
printFootprint(run.footprint);
printUnmet();

if (jsonFile !== undefined) {
  mkdirSync(path.dirname(path.resolve(jsonFile)), { recursive: true });
  writeFileSync(jsonFile, `${JSON.stringify(run, null, 2)}\n`);
}

function circumstances() {
  const require = createRequire(import.meta.url);
  const lookups = require.resolve.paths("mcp-framework");
  const versions = Object.fromEntries(
    PACKAGES.map((name) => {
      // Some export neither their manifest nor an entry for `require`.
      const manifests = lookups.map((folder) => path.join(folder, name, "package.json"));
      return [name, firstReadable(manifests).version];
    }),
  );
  return {
    command: ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(
      " ",
    ),
    date: new Date().toISOString(),
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? "unknown CPU",
      cores: os.availableParallelism(),
      system: `${os.type()} ${os.arch()}`,
    },
    node: process.versions.node,
    openssl: process.versions.openssl,
    versions,
    ...settings,
    quick: flags.quick,
  };
}

function firstReadable(files) {
  for (const file of files) {
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch {
      // The next folder up may have it.
    }
  }
  return {};
}

async function measureLimits() {
  const openssl = limitsOfOpenssl(flags);
  const ofJavaScript = await limitsOfJavaScript(settings);
  return {
    limits: [...ofJavaScript.limits, ...openssl.limits],
    notes: [ofJavaScript.note, openssl.note].filter(Boolean),
  };
}

async function measureRow({ id, title, targets, contenders }) {
  const measured = await measure(await contenders(), settings);
  const ours = measured.find(({ name }) => name === OURS);
  const results = measured.map(({ name, samples }) => ({
    name,
    microseconds: summary(samples),
    ratio: name === OURS ? undefined : summary(samples.map((sample, round) => sample / ours.samples[round])),
  }));
  return { id, title, contenders: results, targets: targets.map((target) => judged(target, results)) };
}

/** The target with what was measured: times as long as ours, or for `atMost` how many times as long ours. */
function judged(target, results) {
  const median = results.find(({ name }) => name === target.against)?.ratio?.median;
  const measured = median !== undefined && target.atMost !== undefined ? 1 / median : median;
  return { ...target, measured, met: isMet(target, measured) };
}

function measureFootprint() {
  const footprint = [];
  if (wanted.test("memory")) {
    const { ours, framework } = memoryOfKeys({ repetitions: flags.quick ? 2 : 5 });
    footprint.push({
      title: "memory of 100,000 keys",
      unit: "MB",
      ours,
      beside: { name: FRAMEWORK, ...framework },
      atMost: MEMORY_LIMIT_MEGABYTES,
      met: ours.median <= MEMORY_LIMIT_MEGABYTES,
    });
  }
  if (wanted.test("start")) {
    const { ours, empty } = timeOfImport({ repetitions: flags.quick ? 5 : 11 });
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

function printRow({ title, contenders, targets }) {
  console.log(`\n${title}`);
  const lines = columns(
    contenders.map(({ name, microseconds, ratio }) => [
      name,
      withSpread(microseconds),
      ratio ? withSpread(ratio, "×") : "",
    ]),
  );
  for (const line of lines) {
    console.log(`  ${line}`);
  }
  for (const target of targets) {
    console.log(`  target: ${targetLine(target)}`);
  }
}

function targetLine({ against, measured, met, ...target }) {
  const found = measured === undefined ? "" : `, measured ${figure(measured)}×`;
  const subject = target.atMost === undefined ? against : `the cost of ${against}`;
  return `${demand(target)} ${subject}${found}: ${verdict(met)}`;
}

function footprintLine({ title, unit, ours, beside, atMost, met }) {
  const measured = ours ? `${withSpread(ours)} ${unit}` : "not found";
  const other = beside ? `, ${beside.name} ${withSpread(beside)} ${unit}` : "";
  return `${title}: ${measured}${other}; at most ${atMost} ${unit}: ${verdict(met)}`;
}

function printFootprint(footprint) {
  if (footprint.length > 0) {
    console.log("");
  }
  for (const each of footprint) {
    console.log(footprintLine(each));
  }
}

function printUnmet() {
  const lines = [
    ...run.rows.flatMap(({ title, targets }) =>
      targets.filter(({ met }) => !met).map((target) => `${title}: ${targetLine(target)}`),
    ),
    ...run.footprint.filter(({ met }) => !met).map(footprintLine),
  ];
  const targets = run.rows.flatMap((row) => row.targets).length + run.footprint.length;
  if (targets === 0) {
    return;
  }
  console.log(
    lines.length === 0
      ? `\nAll ${targets} targets are met.`
      : `\nOf ${targets} targets, not met or not measured:`,
  );
  for (const line of lines) {
    console.log(`  ${line}`);
  }
}
