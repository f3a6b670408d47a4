/**
 * Prints the resident memory in bytes of a process with one API key provider:
 * `node --expose-gc memory-child.js ours|framework <number of keys>`. The process makes 100,000 keys in any
 * case, gives that many of them to the provider, and forgets them.
 */

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { apiKeys, requestWithApiKey, toBytes } from "./credentials.js";

const [, , whose, count] = process.argv;
const { APIKeyAuthProvider } = await import(whose === "ours" ? "mcp-native-auth" : "mcp-framework");

const { provider, known } = construct();
for (let collection = 0; collection < 5; collection += 1) {
  globalThis.gc();
  await setTimeout(20);
}
const bytes = process.memoryUsage.rss();
assert.equal(await provider.authenticate(requestWithApiKey(known)), true);
console.log(bytes);

/** In a function of its own, so that nothing on the stack keeps the keys. */
function construct() {
  let keys = apiKeys(100_000);
  const known = toBytes(keys[Number(count) - 1]);
  if (Number(count) < keys.length) {
    keys = keys.slice(0, Number(count));
  }
  return { provider: new APIKeyAuthProvider({ keys }), known };
}
