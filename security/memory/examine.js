/** Takes cases through the life of a provider, and looks through memory after each step. */

import { halves } from "./subject.js";
import { Traces } from "./traces.js";

/**
 * @typedef {import("./traces.js").Trace} Trace
 * @typedef {Record<
 *   "held" | "copied" | "copiedInUse" | "left" | "kept" | "inSnapshot" | "stillKept", Trace[]
 * >} Outcome
 *   `held` by the caller before a provider is made; `copied` by the constructor, and `copiedInUse` by
 *   `authenticate`, to places where it was not before; `left` when the caller has let go and garbage was
 *   collected; `kept` of what verification needs, and `inSnapshot` of the secret, then; `stillKept` of what
 *   verification needed when the provider is collected too
 */

/**
 * @param {import("./subject.js").Subject} subject
 * @param {import("./cases.js").Case[]} cases
 * @param {{ search?: object, settle?: object, isUsed?: boolean }} [options] `search` is passed to
 *   `Subject.search`, `settle` to child.js
 * @returns {Promise<Map<string, Outcome>>} by the name of the case
 */
export async function examine(subject, cases, { search, settle, isUsed = true } = {}) {
  const secrets = new Traces(named(cases, "encodings"));
  const needs = new Traces(named(cases, "kept"));
  const outcomes = new Map(cases.map(({ name }) => [name, { copied: [], copiedInUse: [] }]));
  const note = (member, traces) => {
    for (const trace of traces) {
      const [name] = trace.encoding.split(": ");
      outcomes.get(name)[member].push(trace);
    }
  };
  const noteAll = (member, traces) => {
    for (const outcome of outcomes.values()) {
      outcome[member] = [];
    }
    note(member, traces);
  };
  const look = (traces) => subject.search(traces, search);

  for (const { name, form, secret, companions } of cases) {
    await subject.tell("receive", { name, form, halves: halves(secret), companions });
  }
  // V8 moves the caller's strings once more.
  await subject.tell("settle", settle);
  let known = await look(secrets);
  noteAll("held", known);

  for (const each of cases) {
    await subject.tell(each.isRejected ? "constructInVain" : "construct", each);
    const found = await look(secrets);
    note("copied", newOnes(found, known));
    known = found;
  }

  for (const each of isUsed ? cases.filter(({ isRejected }) => !isRejected) : []) {
    // The request of an API key is a copy of it, and not ours.
    await present(subject, each, each.accepted, each.presentedForm);
    known = each.type === "APIKeyAuthProvider" ? await look(secrets) : known;
    await authenticate(subject, each, true);
    const found = await look(secrets);
    note("copiedInUse", newOnes(found, known));
    known = found;
    await present(subject, each, each.rejected);
    await authenticate(subject, each, false);
  }

  for (const { name } of cases) {
    await subject.tell("forgetValue", { name });
  }
  await subject.tell("settle", settle);
  noteAll("left", await look(secrets));
  noteAll("kept", await look(needs));
  noteAll("inSnapshot", await subject.searchHeapSnapshot(secrets));
  for (const { name } of cases) {
    await subject.tell("collect", { name });
  }
  await subject.tell("settle", settle);
  noteAll("stillKept", await look(needs));
  return outcomes;
}

async function present(subject, { name, header }, credential, form) {
  await subject.tell("present", { name, header, halves: halves(credential), form });
}

/** Three times, as the second and the third time take other ways through the core. Forgets the request. */
async function authenticate(subject, { name }, verdict) {
  for (let time = 0; time < 3; time += 1) {
    const answer = await subject.tell("authenticate", { name });
    if (answer !== undefined && answer !== verdict) {
      throw new Error(`${name}: the answer to a credential was ${answer} instead of ${verdict}`);
    }
  }
  await subject.tell("forgetRequest", { name });
}

function newOnes(found, known) {
  const places = new Set(known.map(({ encoding, address }) => `${encoding} ${address}`));
  return found.filter(({ encoding, address }) => !places.has(`${encoding} ${address}`));
}

function named(cases, member) {
  return Object.fromEntries(
    cases.flatMap((each) =>
      Object.entries(each[member]).map(([encoding, bytes]) => [`${each.name}: ${encoding}`, bytes]),
    ),
  );
}
