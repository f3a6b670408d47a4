/**
 * Prints the bytes that JavaScript holds in a process that had tokens introspected:
 * `node --expose-gc memory-child.js <implementation> <endpoint> <number of tokens> <cacheTTL>`.
 */

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { apiKeys, requestWithToken, toBytes } from "../support/credentials.js";
import { makeProvider } from "./implementations.js";

const [, , name, endpoint, count, cacheTTL] = process.argv;
/** Introspections at a time: fewer than any provider puts off. */
const AT_A_TIME = 16;

const introspection = { endpoint, clientId: "mcp", clientSecret: "secret", cacheTTL: Number(cacheTTL) };
const provider = makeProvider(name, { type: "introspection", introspection }, { cacheSize: Number(count) });
const tokens = apiKeys(Number(count)).map(toBytes);

await presentAll();
for (let collection = 0; collection < 5; collection += 1) {
  globalThis.gc();
  await setTimeout(20);
}
const { heapUsed, external } = process.memoryUsage();
// After the measurement: it tells whether they are remembered, and keeps the provider alive until here.
await presentAll();
console.log(heapUsed + external);

async function presentAll() {
  for (let first = 0; first < tokens.length; first += AT_A_TIME) {
    const answers = await Promise.all(tokens.slice(first, first + AT_A_TIME).map(present));
    assert.ok(!answers.includes(false), `${name}: rejects an active token`);
  }
}

function present(token) {
  return provider.authenticate(requestWithToken(token));
}
