/** What a process holds: memory, descriptors, handles. */

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const SAMPLES = 9;
const OWN_DESCRIPTORS = "/proc/self/fd";

/**
 * Resident memory in bytes after garbage was collected: the median of samples, as the allocator and V8's
 * threads give memory back when they please.
 */
export async function settledMemory() {
  const samples = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    globalThis.gc();
    await setTimeout(50);
    samples.push(process.memoryUsage.rss());
  }
  return samples.sort((a, b) => a - b)[SAMPLES >> 1];
}

/** What is open, sorted; nothing where the system does not tell. */
export function descriptors() {
  if (!existsSync(OWN_DESCRIPTORS)) {
    return [];
  }
  return readdirSync(OWN_DESCRIPTORS).flatMap(targetOf).sort();
}

function targetOf(descriptor) {
  try {
    const target = readlinkSync(`${OWN_DESCRIPTORS}/${descriptor}`);
    // The folder itself is open while it is read; numbers of pipes and the like change.
    return target.endsWith("/fd") ? [] : [target.replace(/\d+/g, "")];
  } catch {
    return [];
  }
}

/** What keeps the process running, sorted. */
export function handles() {
  return process.getActiveResourcesInfo().sort();
}

/** Members of the second list that the first one has not, each as often as it is more. */
export function added(before, after) {
  const rest = [...before];
  return after.filter((item) => {
    const index = rest.indexOf(item);
    if (index !== -1) {
      rest.splice(index, 1);
    }
    return index === -1;
  });
}
