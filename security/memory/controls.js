/**
 * Secrets that must be found. If one of these is not, the search is blind and what it does not find means
 * nothing.
 */

import { secretCases } from "./cases.js";
import { canSearchMemory, halves, Subject } from "./subject.js";
import { Traces } from "./traces.js";

/** What is held when the caller lets go, and what is then found where. */
const CONTROLS = [
  {
    title: "a string that the caller keeps",
    whose: "ours",
    of: "HMAC, text",
    makesProvider: true,
    keepsValue: true,
    isInSnapshot: true,
  },
  {
    title: "the secret in mcp-framework's provider",
    whose: "framework",
    of: "HMAC, text",
    makesProvider: true,
    isInSnapshot: true,
  },
  {
    title: "the key in mcp-framework's provider",
    whose: "framework",
    of: "API key",
    makesProvider: true,
    isInSnapshot: true,
  },
  {
    title: "Buffers that were freed without being wiped",
    whose: "neither",
    of: "HMAC, Buffer of 100 bytes",
    form: "a thousand Buffers",
    // Collected, and no more: Buffers that are made afterwards would take their places.
    settle: { rounds: 3, megabytes: 0 },
  },
];

/**
 * @param {object} [search] as for `Subject.search`
 * @returns {Promise<{ title: string, found: number, inSnapshot: number, passed: boolean }[]>}
 */
export async function runControls(search) {
  const outcomes = [];
  for (const whose of new Set(CONTROLS.map((control) => control.whose))) {
    const controls = CONTROLS.filter((control) => control.whose === whose);
    outcomes.push(...(await run(whose, controls, search)));
  }
  return outcomes;
}

/** All of one process. */
async function run(whose, controls, search) {
  const subject = await Subject.start(whose);
  const encodings = {};
  try {
    for (const { title: name, of, form, makesProvider, keepsValue } of controls) {
      const example = secretCases().find((each) => each.name === of);
      const { type, secret } = example;
      encodings[name] = secret;
      await subject.tell("receive", { name, form: form ?? example.form, halves: halves(secret) });
      if (makesProvider) {
        await subject.tell("construct", { name, type });
      }
      if (!keepsValue) {
        await subject.tell("forgetValue", { name });
      }
    }
    await subject.tell("settle", controls[0].settle);
    const traces = new Traces(encodings);
    const found = await subject.search(traces, search);
    const inSnapshot = await subject.searchHeapSnapshot(traces);
    return controls.map(({ title, isInSnapshot = false }) => {
      const ofTitle = (all) => all.filter(({ encoding }) => encoding === title).length;
      const outcome = { title, found: ofTitle(found), inSnapshot: ofTitle(inSnapshot) };
      const passed = outcome.found > 0 === canSearchMemory() && outcome.inSnapshot > 0 === isInSnapshot;
      return { ...outcome, passed };
    });
  } finally {
    await subject.end();
  }
}
