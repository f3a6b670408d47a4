/** The memory of introspected tokens, in processes of their own; this one answers them. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { STEADY_HEAP } from "../support/footprint.js";
import { summary } from "../support/measure.js";
import { FRAMEWORK, OURS } from "../support/names.js";

const TOKENS = 10_000;
const CHILD = path.join(import.meta.dirname, "memory-child.js");
const CACHE_TTL = 3_600_000;

/**
 * What remembering 10,000 introspected tokens adds to the memory of a process, in megabytes (10^6 bytes): the
 * difference between two processes that have as many tokens introspected, of which one remembers them, the
 * other has `cacheTTL: 0`. Heap and buffers of JavaScript, where both implementations keep them: the resident
 * memory varies by more, because of what the HTTP client leaves behind.
 *
 * @returns {Promise<{ ours: object, framework: object }>}
 */
export async function measureIntrospectionMemory(issuer, { repetitions }) {
  const added = { [OURS]: [], [FRAMEWORK]: [] };
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const name of Object.keys(added)) {
      const remembering = await bytesHeld(issuer, name, CACHE_TTL);
      const forgetting = await bytesHeld(issuer, name, 0);
      added[name].push((remembering - forgetting) / 1e6);
    }
  }
  return { ours: summary(added[OURS]), framework: summary(added[FRAMEWORK]) };
}

async function bytesHeld(issuer, name, cacheTTL) {
  issuer.takeIntrospections();
  const args = [...STEADY_HEAP, CHILD, name, issuer.introspectionEndpoint, String(TOKENS), String(cacheTTL)];
  // The framework ignores SIGTERM.
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: 300_000,
    killSignal: "SIGKILL",
  });
  // The child presents each token twice: whoever remembers all asks once for each.
  const expected = cacheTTL === 0 ? 2 * TOKENS : TOKENS;
  assert.equal(issuer.takeIntrospections(), expected, `${name}: other introspections than expected`);
  return Number.parseInt(stdout, 10);
}
