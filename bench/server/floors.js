// What the package must reach on a real server with HS256 tokens, on either transport.

import { HS256, OURS } from "./names.js";

const FLOORS = [
  { verdict: "accepted", ratio: "ratioToFramework", atLeast: 2.5, says: "accepting, to mcp-framework" },
  { verdict: "accepted", ratio: "ratioToNone", atLeast: 0.93, says: "accepting, to no auth at all" },
  { verdict: "refused", ratio: "ratioToFramework", atLeast: 6, says: "refusing, to mcp-framework" },
];

/** Each floor on each transport, with what was measured: the median over the rounds. */
export function checkFloors(rows) {
  const ours = rows.filter(({ provider, credential }) => provider === OURS && credential === HS256);
  return ours.flatMap((row) =>
    FLOORS.filter(({ verdict }) => verdict === row.verdict).map(({ ratio, atLeast, says }) => {
      const measured = row[ratio];
      return { transport: row.transport, says, atLeast, measured, met: measured.median >= atLeast };
    }),
  );
}
