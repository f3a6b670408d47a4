/** What must hold in a flood, and how it is told. */

import { API_KEY, FRAMEWORK, OURS } from "../../bench/server/names.js";
import { MAX_GROWTH } from "./flood.js";

const PHASES = ["quiet", "full", "paced", "later"];
/** Share of a pace that is not kept when the flooding process itself has to wait for the machine. */
const HELD_BY_CHANCE = 0.05;

/** @typedef {import("./flood.js").FloodOutcome} FloodOutcome */

/**
 * What our side got wrong; the framework's is only shown.
 *
 * @param {FloodOutcome} outcome
 * @returns {string[]}
 */
export function faultsOf({ transport, credential, sides }) {
  const { [OURS]: ours, [FRAMEWORK]: framework } = sides;
  const faults = PHASES.flatMap((phase) => {
    const { good, bad } = ours[phase];
    return [
      ...good.failures.map((failure) => `a good call failed (${phase}): ${failure}`),
      ...(good.latencies.length === 0 ? [`no good call was answered (${phase})`] : []),
      ...Object.entries(bad?.others ?? {}).map(
        ([what, count]) =>
          `${count} bad requests were answered otherwise than with the 401 (${phase}): ${what}`,
      ),
      ...(bad?.rejected === 0 ? [`no bad request was rejected (${phase})`] : []),
      ...(bad && bad.rejected !== bad.sent
        ? [`${bad.sent - bad.rejected} of ${bad.sent} bad requests were not rejected (${phase})`]
        : []),
    ];
  });
  for (const [name, most] of Object.entries(MAX_GROWTH)) {
    if (!(ours.growth[name] <= most)) faults.push(`${name} grew by ${ours.growth[name]}, over ${most}`);
  }
  if (ours.exitCode !== 0) faults.push(`the server did not close: ${ours.exitCode}`);
  // A pace that ours keeps and the framework's does not; it compares keys about as fast as ours.
  if (credential !== API_KEY) {
    if (!(p50(ours.paced) <= p50(framework.paced))) {
      faults.push(
        "at the same pace of the flood, good clients wait longer than with mcp-framework's provider",
      );
    }
    if (heldShare(ours.paced) > heldShare(framework.paced) + HELD_BY_CHANCE) {
      faults.push(
        "at the same pace of the flood, less is rejected in time than with mcp-framework's provider",
      );
    }
  }
  return faults.map((fault) => `${transport}, ${credential}: ${fault}`);
}

/** @param {FloodOutcome} outcome */
export function rowsOf({ sides }) {
  const rows = ["                                p50     p99   good   rejected   per s   held back"];
  for (const library of [FRAMEWORK, OURS]) {
    for (const phase of PHASES.filter((phase) => phase !== "later")) {
      const { good, bad } = sides[library][phase];
      const cells = [
        library.padEnd(16),
        phase.padEnd(6),
        p50(sides[library][phase]).toFixed(1).padStart(10),
        quantile(good.latencies, 0.99).toFixed(1).padStart(7),
        String(good.latencies.length).padStart(6),
      ];
      if (bad !== undefined) {
        cells.push(
          String(bad.rejected).padStart(9),
          bad.perSecond.toFixed(0).padStart(7),
          `${(heldShare(sides[library][phase]) * 100).toFixed(0)}%`.padStart(11),
        );
      }
      rows.push(cells.join(" "));
    }
  }
  const ratio = (phase, other, of) => (p50(sides[OURS][phase]) / p50(sides[of][other])).toFixed(2);
  const { used, rss, descriptors } = sides[OURS].growth;
  rows.push(
    `ours beside mcp-framework, p50: quiet ${ratio("quiet", "quiet", FRAMEWORK)}, ` +
      `full ${ratio("full", "full", FRAMEWORK)}, paced ${ratio("paced", "paced", FRAMEWORK)}; ` +
      `ours, paced beside quiet: ${ratio("paced", "quiet", OURS)}`,
    `growth of ours: ${kilobytes(used)} used, ${kilobytes(rss)} resident, ${descriptors} descriptors`,
  );
  return rows;
}

/** Median of the good clients' latencies, in milliseconds. */
export function p50({ good }) {
  return quantile(good.latencies, 0.5);
}

/** Of what was due at the pace, what could not be sent for want of answers. */
function heldShare({ bad }) {
  return bad.held / Math.max(1, bad.held + bad.sent);
}

function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1024)} KB`;
}
