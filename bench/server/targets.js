// What the package must reach on a real server with HS256 tokens, on either transport.

import { HS256, OURS, STUB } from "./names.js";

const TARGETS = [
  { verdict: "accepted", ratio: "ratioToFramework", atLeast: 2.5, says: "accepting, to mcp-framework" },
  { verdict: "accepted", ratio: "ratioToNone", atLeast: 0.93, says: "accepting, to no auth at all" },
  { verdict: "rejected", ratio: "ratioToFramework", atLeast: 6, says: "rejecting, to mcp-framework" },
];

/**
 * Each target on each transport, with what was measured: the median over the rounds. `reachable` is what a provider that
 * accepts everything measured in its place.
 */
export function checkTargets(rows) {
  const ofTokens = rows.filter(({ credential }) => credential === HS256);
  return ofTokens
    .filter(({ provider }) => provider === OURS)
    .flatMap(({ transport, verdict, ...row }) => {
      const limit = ofTokens.find(
        (other) => other.provider === STUB && other.transport === transport && other.verdict === verdict,
      );
      return TARGETS.filter((target) => target.verdict === verdict).map(({ ratio, atLeast, says }) => ({
        transport,
        says,
        atLeast,
        measured: row[ratio],
        reachable: limit?.[ratio],
        met: row[ratio].median >= atLeast,
      }));
    });
}
