// What `npm run bench:server` prints.

import { STUB } from "./names.js";

const COLUMNS = [
  ["transport", 11, (row) => row.transport],
  ["credential", 10, (row) => row.credential],
  ["verdict", 8, (row) => row.verdict],
  ["auth", 15, (row) => row.provider],
  ["req/s", -6, (row) => row.requestsPerSecond.toFixed(0)],
  ["to no auth", -17, (row) => ratioText(row.ratioToNone)],
  ["to mcp-framework", -17, (row) => ratioText(row.ratioToFramework)],
  ["p50 ms", -6, (row) => row.p50.toFixed(2)],
  ["p99 ms", -6, (row) => row.p99.toFixed(2)],
  ["cpu us/req", -10, (row) => row.serverCpuMicros.toFixed(0)],
  ["server", -6, (row) => percent(row.serverBusy)],
  ["client", -6, (row) => percent(row.clientBusy)],
];

export function printHead() {
  console.log(line(COLUMNS.map(([title, width]) => aligned(title, width))));
}

export function printRows(rows) {
  for (const row of rows) console.log(line(COLUMNS.map(([, width, text]) => aligned(text(row), width))));
  console.log("");
}

export function printTargets(targets) {
  console.log("Targets, HS256:");
  for (const { transport, says, atLeast, measured, reachable, met } of targets) {
    const limit = reachable ? `; ${STUB}: ${ratioText(reachable)}` : "";
    console.log(
      `  ${met ? "met  " : "UNMET"}  ${transport}, ${says}: ${ratioText(measured)}, target ${atLeast}${limit}`,
    );
  }
}

function ratioText(ratio) {
  if (ratio === null) return "-";
  const { median, min, max } = ratio;
  return `${median.toFixed(2)} (${min.toFixed(2)}..${max.toFixed(2)})`;
}

function percent(share) {
  return `${(share * 100).toFixed(0)}%`;
}

function aligned(text, width) {
  return width < 0 ? text.padStart(-width) : text.padEnd(width);
}

function line(cells) {
  return cells.join("  ").trimEnd();
}
