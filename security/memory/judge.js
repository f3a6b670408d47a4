/** What an outcome must be. */

import { canSearchMemory } from "./subject.js";

/**
 * @param {import("./cases.js").Case} case_
 * @param {import("./examine.js").Outcome} outcome
 * @returns {string[]} what is wrong, in words
 */
export function faults(case_, outcome) {
  const { name, kept, canBeWiped, nodeCopies, isJoined, isRejected } = case_;
  const wrong = [];
  const demandNone = (what, traces) => {
    if (traces.length > 0) {
      wrong.push(`${name}: ${what}: ${traces.slice(0, 4).map(inWords).join(", ")}`);
    }
  };
  if (canSearchMemory() && outcome.held.length === 0) {
    wrong.push(`${name}: the caller's own copy was not found: the search is blind`);
  }
  if (!nodeCopies) {
    const joined = isJoined ? outcome.copied.findIndex(isInHeapOfV8) : -1;
    demandNone(
      "copied by the constructor",
      outcome.copied.filter((_, index) => index !== joined),
    );
  }
  demandNone("copied by authenticate", outcome.copiedInUse);
  demandNone("in the heap snapshot", outcome.inSnapshot);
  if (canBeWiped) {
    demandNone("left although the caller has wiped it", outcome.left);
  }
  const needs = isRejected || !canSearchMemory() ? [] : Object.entries(kept);
  for (const [need, bytes] of needs) {
    const isThere = outcome.kept.some(
      ({ encoding, length }) => encoding === `${name}: ${need}` && length === bytes.length,
    );
    if (!isThere) {
      wrong.push(`${name}: the ${need} was not found while the provider lives: the search is blind`);
    }
  }
  demandNone("left of what verification needs when the provider is collected", outcome.stillKept);
  return wrong;
}

/** The allocator's memory and the stack have names in /proc. */
function isInHeapOfV8({ encoding, region }) {
  return encoding.endsWith(": as it is") && region === "anonymous";
}

function inWords({ encoding, length, region }) {
  return `${encoding.replace(/^.*: /, "")} (${length} bytes, ${region})`;
}
