/** One run of a benchmark: its flags, its rows measured and judged, what is printed and what is written. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { measure, summary } from "./measure.js";
import { OURS } from "./names.js";
import { columns, demand, figure, verdict, withSpread } from "./print.js";
import { isMet } from "./targets.js";

/** A sample lasts 50 milliseconds at least; a calibrated number of operations makes up for the clock. */
const FULL = { rounds: 15, milliseconds: 50, warmUpMilliseconds: 60 };
const QUICK = { rounds: 3, milliseconds: 50, warmUpMilliseconds: 25 };

/**
 * Reads the flags and prints the head of the run.
 *
 * @param {{ command: string, results: string, packages: string[] }} benchmark the npm command, the name of
 *   the file with the results, the packages whose versions the run states
 */
export function beginRun({ command, results, packages }) {
  const { values: flags } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string" },
    },
  });
  const settings = flags.quick ? QUICK : FULL;
  const resultsFile = path.join(import.meta.dirname, "..", "results", results);
  const wanted = new RegExp(flags.only ?? "", "i");
  const run = {
    ...circumstances(command, packages),
    ...settings,
    quick: flags.quick,
    rows: [],
    footprint: [],
  };
  console.log(
    `${run.machine.cpu}, ${run.machine.cores} cores, ${run.machine.system}; Node ${run.node}\n` +
      `${settings.rounds} rounds of at least ${settings.milliseconds} ms; microseconds per request\n` +
      "(median, in parentheses the middle half); ratio: how many times as long as ours it takes",
  );
  return {
    run,
    quick: flags.quick,
    settings,
    isWanted: (title) => wanted.test(title),
    jsonFile: flags.json ?? (flags.only === undefined ? resultsFile : undefined),
  };
}

/** Measures the rows that are wanted, one after the other. */
export async function measureRows({ run, settings, isWanted }, rows) {
  for (const row of rows) {
    if (isWanted(row.title)) {
      const result = await measureRow(row, settings);
      run.rows.push(result);
      printRow(result);
    }
  }
}

/** Prints what is not a row and the targets that are missed, and writes the results. */
export function endRun({ run, jsonFile }) {
  printFootprint(run.footprint);
  printUnmet(run);
  if (jsonFile !== undefined) {
    mkdirSync(path.dirname(path.resolve(jsonFile)), { recursive: true });
    writeFileSync(jsonFile, `${JSON.stringify(run, null, 2)}\n`);
  }
}

function circumstances(command, packages) {
  const require = createRequire(import.meta.url);
  const lookups = require.resolve.paths("mcp-framework");
  const versions = Object.fromEntries(
    packages.map((name) => {
      // Some export neither their manifest nor an entry for `require`.
      const manifests = lookups.map((folder) => path.join(folder, name, "package.json"));
      return [name, firstReadable(manifests).version];
    }),
  );
  return {
    command: [command, ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
    date: new Date().toISOString(),
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? "unknown CPU",
      cores: os.availableParallelism(),
      system: `${os.type()} ${os.arch()}`,
    },
    node: process.versions.node,
    openssl: process.versions.openssl,
    versions,
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

async function measureRow({ id, title, targets, implementations }, settings) {
  const measured = await measure(await implementations(), settings);
  const ours = measured.find(({ name }) => name === OURS);
  const results = measured.map(({ name, samples }) => ({
    name,
    microseconds: summary(samples),
    ratio: name === OURS ? undefined : summary(samples.map((sample, round) => sample / ours.samples[round])),
  }));
  return { id, title, implementations: results, targets: targets.map((target) => judged(target, results)) };
}

/** The target with what was measured: times as long as ours, or for `atMost` how many times as long ours. */
function judged(target, results) {
  const median = results.find(({ name }) => name === target.against)?.ratio?.median;
  const measured = median !== undefined && target.atMost !== undefined ? 1 / median : median;
  return { ...target, measured, met: isMet(target, measured) };
}

function printRow({ title, implementations, targets }) {
  console.log(`\n${title}`);
  const lines = columns(
    implementations.map(({ name, microseconds, ratio }) => [
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
  const target = atMost === undefined ? "" : `; at most ${atMost} ${unit}: ${verdict(met)}`;
  return `${title}: ${measured}${other}${target}`;
}

function printFootprint(footprint) {
  if (footprint.length > 0) {
    console.log("");
  }
  for (const each of footprint) {
    console.log(footprintLine(each));
  }
}

function printUnmet(run) {
  const limited = run.footprint.filter(({ atMost }) => atMost !== undefined);
  const lines = [
    ...run.rows.flatMap(({ title, targets }) =>
      targets.filter(({ met }) => !met).map((target) => `${title}: ${targetLine(target)}`),
    ),
    ...limited.filter(({ met }) => !met).map(footprintLine),
  ];
  const targets = run.rows.flatMap((row) => row.targets).length + limited.length;
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
