/**
 * The process whose memory is looked through: `node --expose-gc child.js ours|framework|neither`.
 *
 * It takes one command per line of stdin and answers each with a line of stdout. Secrets come in two
 * halves that are random each for itself and whose exclusive or is the secret, so that they lie in this
 * process in the clear only where the caller of a provider, or the provider, puts them.
 */

import { createInterface } from "node:readline";
import { setImmediate, setTimeout } from "node:timers/promises";
import { setFlagsFromString, writeHeapSnapshot } from "node:v8";
import { callerCopy, wipe } from "./caller-copies.js";
import { dumpOwnMemory } from "./process-memory.js";

const [, , whose] = process.argv;
const NO_PROVIDERS = {
  APIKeyAuthProvider: class {},
  JWTAuthProvider: class {},
};
const classes =
  whose === "neither" ? NO_PROVIDERS : await import(whose === "ours" ? "mcp-native-auth" : "mcp-framework");

/** What the caller of a provider holds, what it presents, and the provider, each by the name of its case. */
const values = new Map();
const requests = new Map();
const providers = new Map();

const commands = {
  receive({ name, form, halves, companions }) {
    values.set(name, callerCopy(form, halves, companions));
  },

  async construct({ name, type, algorithms, isLoaded }) {
    const value = values.get(name);
    if (isLoaded) {
      const provider = new classes[type]({ loadKeys: async () => values.get(name) });
      await provider.ready();
      providers.set(name, provider);
      return;
    }
    const options =
      type === "APIKeyAuthProvider"
        ? { keys: value }
        : { [Array.isArray(value) ? "keys" : "secret"]: value, algorithms };
    providers.set(name, new classes[type](options));
  },

  /** Fails as a constructor does that rejects its options. */
  async constructInVain({ name, type, algorithms }) {
    try {
      await commands.construct({ name, type, algorithms });
    } catch (error) {
      return error.code;
    }
    throw new Error("the constructor took it");
  },

  present({ name, header, halves, form = "text" }) {
    const value = callerCopy(form, halves);
    requests.set(name, { headers: { [header]: value }, url: "/mcp", method: "POST" });
  },

  async authenticate({ name }) {
    const provider = providers.get(name);
    return provider.authenticate ? Boolean(await provider.authenticate(requests.get(name))) : undefined;
  },

  forgetRequest({ name }) {
    requests.delete(name);
  },

  /** Bytes are filled with zeros; of strings and objects, the last reference goes. */
  forgetValue({ name }) {
    wipe(values.get(name));
    values.delete(name);
  },

  collect({ name }) {
    providers.delete(name);
  },

  settle,

  snapshot({ file }) {
    writeHeapSnapshot(file);
  },

  dump({ file }) {
    dumpOwnMemory(file);
  },

  flags({ flags }) {
    setFlagsFromString(flags);
  },
};

/** Lets garbage be found, finalizers run, and what is free be used again. */
async function settle({ rounds = 6, megabytes = 48 } = {}) {
  for (let round = 0; round < rounds; round += 1) {
    globalThis.gc();
    await setImmediate();
    churn((megabytes * 1024 * 1024) / rounds);
    await setTimeout(2);
  }
  globalThis.gc();
  await setImmediate();
}

/** Strings and objects of many sizes, dead at once: what a server does all day. */
function churn(bytes) {
  let made = 0;
  let text = "";
  for (let size = 16; made < bytes; size = size > 8192 ? 16 : Math.ceil(size * 1.3)) {
    text = Buffer.alloc(size, "churn ").latin1Slice();
    made += text.length + 64;
  }
  return text.length;
}

// What is loaded late is loaded now: the first provider looks for the framework.
if (whose !== "neither") {
  new classes.JWTAuthProvider({ secret: "a first provider, to load what is loaded late" });
}
await settle();

const lines = createInterface({ input: process.stdin });
console.log(JSON.stringify({ ready: true }));
for await (const line of lines) {
  const { command, ...parameters } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: await commands[command](parameters) }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${error.code}: ${error.message}` }));
  }
}
