/**
 * Writes docs/benchmarks.md from the results of the last runs and draws the chart: `node bench/report.js`. No
 * figure is typed by hand.
 *
 *   --results FOLDER  where providers.json, oauth.json, gate.json, server.json, server-log-off.json and
 *                     server-zod-3.json are; bench/results
 *   --page FILE       what is written; docs/benchmarks.md
 *   --chart FILE      the SVG; docs/bench.svg
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { CONTEXT, NONE as NO_AUTH, PEER } from "./gate/names.js";
import { HS256, NONE, OURS as OUR_PACKAGE, STUB } from "./server/names.js";
import { chart } from "./support/chart.js";
import { BACKEND, FAST_JWT, FAST_JWT_CACHED, FRAMEWORK, JOSE, OURS } from "./support/names.js";
import { figure, withSpread } from "./support/print.js";

const ROOT = path.dirname(import.meta.dirname);
const INTRODUCTION = `# Benchmarks

Written by \`npm run bench:report\` from the last results of \`npm run bench\`, \`npm run bench:oauth\`,
\`npm run bench:gate\` and \`npm run bench:server\`. [Performance](performance.md) says what each measures, and what separates the figures from the
possible minimum.

All contenders are measured in one run: each gives the right answer before it is timed, rounds are interleaved, and
ratios are taken within rounds.`;

/** Rows by `id`. The run measures more; these stand for the rest. */
const TOKEN_ROWS = [
  "HS256 new",
  "RS256 new",
  "PS256 new",
  "ES256 new",
  "ES384 new",
  "ES512 new",
  "EdDSA new",
  "HS256 rules",
  "RS256 rules",
  "HS256 same",
  "RS256 same",
  "ES256 same",
  "HS256 forged",
  "RS256 forged",
  "ES256 forged",
];
const TOKEN_COLUMNS = [
  [FRAMEWORK, "mcp-framework"],
  [FAST_JWT, "fast-jwt"],
  [FAST_JWT_CACHED, "fast-jwt, cache"],
  ["jsonwebtoken", "jsonwebtoken"],
  [JOSE, "jose"],
  ["@node-rs/jsonwebtoken", "@node-rs"],
];
const ACCESS_TOKEN_COLUMNS = TOKEN_COLUMNS.filter(([name]) => [FRAMEWORK, JOSE].includes(name));
const GATE_COLUMNS = [NO_AUTH, CONTEXT, PEER];
const KEY_ROWS = [
  "key 1 hit",
  "key 10 last",
  "key 1000 last",
  "key 100000 first",
  "key 100000 last",
  "key 100000 unknown",
];
const LIMIT_COLUMNS = ["HS256", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"];
const CHART_ROWS = ["HS256 new", "HS256 same", "RS256 new", "ES256 new", "key 1 hit", "key 100000 last"];

const CHART_IMPLEMENTATIONS = [OURS, ...TOKEN_COLUMNS.map(([name]) => name)];

const { values: files } = parseArgs({
  options: {
    results: { type: "string", default: path.join(import.meta.dirname, "results") },
    page: { type: "string", default: path.join(ROOT, "docs", "benchmarks.md") },
    chart: { type: "string", default: path.join(ROOT, "docs", "bench.svg") },
  },
});

const providers = read("providers.json");
const oauth = read("oauth.json");
const gate = read("gate.json");
const server = read("server.json");
const serverWithoutLog = read("server-log-off.json");
const serverWithZod3 = read("server-zod-3.json");
if ([providers, oauth, gate, server].every((results) => results === undefined)) {
  fail(`there are no results in ${files.results}; run \`npm run bench\` and \`npm run bench:server\` first`);
}
const parts = [];
if (providers !== undefined) {
  drawChart(providers);
  parts.push(providersReport(providers));
}
if (oauth !== undefined) {
  parts.push(oauthReport(oauth));
}
if (gate !== undefined) {
  parts.push(gateReport(gate));
}
if (server !== undefined) {
  parts.push(serverReport(server));
}
if (serverWithoutLog !== undefined) {
  parts.push(logOffReport(serverWithoutLog));
}
if (serverWithZod3 !== undefined) {
  parts.push(zod3Report(serverWithZod3));
}
writeFileSync(files.page, `${[INTRODUCTION, ...parts].join("\n\n")}\n`);

function read(name) {
  const file = path.join(files.results, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

function drawChart({ rows }) {
  const drawn = CHART_ROWS.flatMap((id) => rows.filter((row) => row.id === id)).map((row) => ({
    ...row,
    implementations: row.implementations.filter(({ name }) => CHART_IMPLEMENTATIONS.includes(name)),
  }));
  if (drawn.length > 0) {
    mkdirSync(path.dirname(path.resolve(files.chart)), { recursive: true });
    writeFileSync(files.chart, chart(drawn));
  }
}

function providersReport(run) {
  const { machine, node, date, command, rounds, milliseconds, versions } = run;
  const chosen = (ids) => ids.flatMap((id) => run.rows.filter((row) => row.id === id));
  const image = path.relative(path.dirname(path.resolve(files.page)), path.resolve(files.chart));
  return [
    "## Tokens and API keys",
    `![Microseconds per request of each library, and how many times as long as ours it takes](${image.replaceAll(path.sep, "/")})`,
    paragraph(
      `Measured on ${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${node}, on ${date.slice(0, 10)} ` +
        `by \`${command}\`: ${rounds} rounds, samples of at least ${milliseconds} ms, implementations in random order. ` +
        "Medians; in parentheses the middle half of the rounds. Ratios are taken within a round: how many times as " +
        `long as ours it takes. ${peers(versions)}.`,
    ),
    tokenTable(chosen(TOKEN_ROWS), TOKEN_COLUMNS),
    keyTable(chosen(KEY_ROWS)),
    limitTable(run),
    limitLine(run),
    footprintList(run),
    targetLine(run),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function peers(versions) {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

/** Rows of bench/oauth.js, all of them. */
function oauthReport(run) {
  const { date, command, rounds, rows, versions } = run;
  return [
    "## OAuth access tokens",
    paragraph(
      `Access tokens with keys by URL, on ${date.slice(0, 10)} by \`${command}\`: ${rounds} rounds. ${peers(versions)}.`,
    ),
    tokenTable(rows, ACCESS_TOKEN_COLUMNS),
    footprintList(run),
    targetLine(run),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Rows of bench/gate.js: whole servers, and the gate alone. */
function gateReport(run) {
  const { date, command, node, rounds, rows, versions } = run;
  return [
    "## `requireAuth` in front of a server",
    paragraph(
      "Processor time of a server for one tool call, with RS256 tokens of 256 clients in turn, or with forged ones, on " +
        `${date.slice(0, 10)} by \`${command}\`, Node ${node}: ${rounds} rounds. ${peers(versions)}.`,
    ),
    table(
      ["server", "ours, µs", ...GATE_COLUMNS],
      rows.map((row) => [
        row.title,
        withSpread(implementation(row, OURS).microseconds),
        ...GATE_COLUMNS.map((name) => ratioCell(implementation(row, name))),
      ]),
    ),
    targetLine(run),
  ].join("\n\n");
}

function tokenTable(rows, tokenColumns) {
  if (rows.length === 0) {
    return undefined;
  }
  return table(
    ["token", "ours, µs", ...tokenColumns.map(([, head]) => head)],
    rows.map((row) => [
      row.title,
      withSpread(implementation(row, OURS).microseconds),
      ...tokenColumns.map(([name]) => ratioCell(implementation(row, name))),
    ]),
  );
}

function keyTable(rows) {
  if (rows.length === 0) {
    return undefined;
  }
  return table(
    ["API key", "ours, µs", "mcp-framework, µs", "ratio"],
    rows.map((row) => {
      const framework = implementation(row, FRAMEWORK);
      const title = row.title.replace(/^API key, /, "");
      return [
        title,
        withSpread(implementation(row, OURS).microseconds),
        withSpread(framework.microseconds),
        ratioCell(framework),
      ];
    }),
  );
}

/** The bare signature checks beside what a whole request costs. */
function limitTable({ rows, limits }) {
  const ofRows = (name) =>
    LIMIT_COLUMNS.map((algorithm) => {
      const row = rows.find(({ id }) => id === `${algorithm} new`);
      return row && implementation(row, name)?.microseconds.median;
    });
  const of = (tool) =>
    LIMIT_COLUMNS.map(
      (algorithm) =>
        limits.find((limit) => limit.tool === tool && limit.name === algorithm)?.microseconds.median,
    );
  const [ours, bare] = [OURS, BACKEND].map(ofRows);
  const lines = [
    ["ours, new token", ours],
    ["the backend's bare check, in Rust", bare],
    ["what is left", ours.map((median, column) => bare[column] && median - bare[column])],
    [limits.find(({ tool }) => tool === "openssl")?.source ?? "openssl speed", of("openssl")],
  ].filter(([, medians]) => medians.some((median) => median !== undefined));
  if (lines.length < 2) {
    return undefined;
  }
  return table(
    ["the limit, µs", ...LIMIT_COLUMNS],
    lines.map(([title, medians]) => [
      title,
      ...medians.map((median) => (median === undefined ? "–" : figure(median))),
    ]),
  );
}

function limitLine({ limits }) {
  const own = limits.filter(({ tool }) => tool === "node");
  const figures = own.map(({ name, microseconds }) => `${name} ${figure(microseconds.median)} µs`);
  return figures.length > 0 ? paragraph(`Next to the signature: ${figures.join(", ")}.`) : undefined;
}

function footprintList({ footprint }) {
  return footprint.map((each) => `- ${footprintLine(each)}`).join("\n");
}

function footprintLine({ title, unit, ours, beside }) {
  const measured = ours ? `${withSpread(ours)} ${unit}` : "not measured";
  return `${title}: ${measured}${beside ? `; ${beside.name}: ${withSpread(beside)} ${unit}` : ""}`;
}

function targetLine({ rows, footprint }) {
  const targets = [
    ...rows.flatMap(({ title, targets: ofRow }) =>
      ofRow.map(({ met, against }) => ({ met, title: `${title} (${against})` })),
    ),
    ...footprint.filter(({ atMost }) => atMost !== undefined),
  ];
  const unmet = targets.filter(({ met }) => !met);
  const names = unmet.length > 0 ? ` Not met: ${unmet.map(({ title }) => title).join("; ")}.` : "";
  return paragraph(
    `Targets that the run checks: ${targets.length}; met: ${targets.length - unmet.length}.${names}`,
  );
}

/** Rows of bench/server.js, one for each provider. */
function serverReport({ machine, rounds, rows, targets }) {
  return [
    "## Servers",
    paragraph(
      `A real \`MCPServer\` with what \`npm install mcp-framework\` gives, requests per second on ` +
        `${machine.date.slice(0, 10)} by \`npm run bench:server\`: ${rounds} rounds, each with new processes; in ` +
        "parentheses the least and the greatest of the rounds. What *accepts all* loses, any provider does: the " +
        "framework logs three lines for each request that one accepts.",
    ),
    serverTable(rows),
    serverTargetLine(targets),
  ].join("\n\n");
}

function logOffReport({ machine, rounds, rows, targets }) {
  return [
    paragraph(
      "The same without these lines, which a server can leave out (`logger.info = () => {}`, with the `logger` of " +
        `mcp-framework), on ${machine.date.slice(0, 10)} by \`npm run bench:server -- --log off\`: ${rounds} rounds.`,
    ),
    serverTable(rows.filter(({ credential }) => credential === HS256)),
    serverTargetLine(targets),
  ].join("\n\n");
}

function zod3Report({ machine, rounds, rows, targets }) {
  return [
    paragraph(
      "With them, and with zod 3 next to the framework, as projects in TypeScript need today (`npm install mcp-framework " +
        `zod@3\`), on ${machine.date.slice(0, 10)} by \`npm run bench:server -- --project zod-3\`: ${rounds} rounds. ` +
        "The SDK takes longer over each message, whichever provider authenticates, so there is less to gain:",
    ),
    serverTable(rows.filter(({ credential }) => credential === HS256)),
    serverTargetLine(targets),
  ].join("\n\n");
}

function serverTable(rows) {
  return table(
    [
      "request",
      "no auth",
      "ours",
      "mcp-framework",
      "ours to mcp-framework",
      "ours to no auth",
      "accepts all to no auth",
    ],
    [...groupedBy(rows, nameOfRequest)].map(([request, group]) => {
      const [none, ours, framework, stub] = [NONE, OUR_PACKAGE, FRAMEWORK, STUB].map((wanted) =>
        group.find(({ provider }) => provider === wanted),
      );
      return [
        request,
        ...[none, ours, framework].map(rate),
        serverRatio(ours.ratioToFramework),
        serverRatio(ours.ratioToNone),
        serverRatio(stub?.ratioToNone),
      ];
    }),
  );
}

function serverTargetLine(targets) {
  const unmet = targets.filter(({ met }) => !met);
  const names = unmet.map(({ transport, says, atLeast, measured, reachable }) => {
    const limit = reachable ? `, ${figure(reachable.median)} by the provider that accepts all` : "";
    return `${transport}, ${says}: ${figure(measured.median)} of ${atLeast}${limit}`;
  });
  const rest = names.length > 0 ? ` Not met: ${names.join("; ")}.` : "";
  return paragraph(
    `Targets that the run checks: ${targets.length}; met: ${targets.length - unmet.length}.${rest}`,
  );
}

function nameOfRequest({ transport, credential, verdict }) {
  return [transport, credential, verdict].filter(Boolean).join(", ");
}

function groupedBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

function rate(row) {
  return Number.isFinite(row?.requestsPerSecond) ? figure(row.requestsPerSecond) : "–";
}

function serverRatio(ratio) {
  return ratio ? withSpread({ median: ratio.median, q1: ratio.min, q3: ratio.max }, "×") : "–";
}

function implementation({ implementations }, wanted) {
  return implementations.find(({ name }) => name === wanted);
}

function ratioCell(entry) {
  return entry?.ratio ? withSpread(entry.ratio, "×") : "–";
}

/** Lines as long as those of the other pages. */
function paragraph(text) {
  return text.replaceAll(/(.{1,118})(?: |$)/g, "$1\n").trimEnd();
}

/** The first column is text, the others are figures. */
function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(["---", ...head.slice(1).map(() => "---:")]), ...rows.map(line)].join("\n");
}

function fail(message) {
  console.error(`bench/report.js: ${message}`);
  process.exit(1);
}
