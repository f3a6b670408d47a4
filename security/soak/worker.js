/**
 * A worker thread of the soak: loads the addon, makes providers, authenticates, and ends in the way that it
 * was told: `return` from its script, `exit` by process.exit(), or `terminate` by its parent in mid-work.
 */

import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { linkFramework } from "mcp-native-auth";
import { lastingProviders, makeAndAsk } from "./providers.js";

const { keys, batches, ending, providers, authentications, loadsFramework } = workerData;
if (!loadsFramework) {
  // The framework takes a second to load, which is not what is measured here.
  linkFramework({ APIKeyAuthProvider: class {}, JWTAuthProvider: class {} });
}
const lasting = lastingProviders(keys);

for (let number = 0; number < providers; number += 1) {
  await makeAndAsk(number, keys, batches);
}
await authenticate(authentications);
parentPort.postMessage({ providers, authentications });

if (ending === "exit") {
  process.exit(0);
} else if (ending === "terminate") {
  for (;;) {
    await authenticate(100);
  }
}

async function authenticate(count) {
  for (let number = 0; number < count; number += 1) {
    const { provider, requests, isAccepted } = batches[number % batches.length];
    const answer = await lasting[provider].authenticate(requests[number % requests.length]);
    if (Boolean(answer) !== isAccepted) {
      throw new Error(`${provider}: a verdict was wrong`);
    }
  }
  await setImmediate();
}
