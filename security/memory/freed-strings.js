/**
 * How long the caller's own strings lie in V8's heap after they died. Nobody but V8 can overwrite them, and
 * it does so only by using their place again.
 */

import { randomBytes } from "node:crypto";
import { halves, Subject } from "./subject.js";
import { Traces } from "./traces.js";

const COUNT = 20;

/** Flags with which V8 clears what it frees. */
const CLEARING = ["--clear-free-memory", "--compact-on-every-full-gc", "--single-threaded-gc"];

const AFTERWARDS = {
  "nothing else": undefined,
  "a collection": { rounds: 0 },
  "7 collections": { rounds: 6, megabytes: 0 },
  "7 collections and 8 MB of garbage": { rounds: 6, megabytes: 8 },
  "7 collections and 48 MB of garbage": { rounds: 6, megabytes: 48 },
};

/**
 * Rows `[flags, age, what happened afterwards, strings still found of COUNT]`.
 *
 * @returns {AsyncGenerator<[string, string, string, string]>}
 */
export async function* freedStrings() {
  for (const flags of [[], CLEARING.slice(0, 1), CLEARING]) {
    for (const isOld of [false, true]) {
      for (const [title, settle] of Object.entries(AFTERWARDS)) {
        const left = await stringsLeft({ flags, isOld, settle });
        yield [
          flags.join(" ") || "no flags",
          isOld ? "survived collections" : "died young",
          title,
          `${left} of ${COUNT}`,
        ];
      }
    }
  }
}

/** Of so many secrets, each given to a provider and then dropped, how many can be found. */
async function stringsLeft({ flags, isOld, settle }) {
  const secrets = Object.fromEntries(
    Array.from({ length: COUNT }, (_, number) => [
      `secret ${number}`,
      Buffer.from(randomBytes(32).toString("base64url")),
    ]),
  );
  const subject = await Subject.start("ours", flags);
  try {
    for (const [name, secret] of Object.entries(secrets)) {
      await subject.tell("receive", { name, form: "text", halves: halves(secret) });
    }
    if (isOld) {
      await subject.tell("settle", { rounds: 3, megabytes: 0 });
    }
    for (const name of Object.keys(secrets)) {
      await subject.tell("construct", { name, type: "JWTAuthProvider" });
      await subject.tell("forgetValue", { name });
    }
    if (settle) {
      await subject.tell("settle", settle);
    }
    const found = await subject.search(new Traces(secrets));
    return new Set(found.map(({ encoding }) => encoding)).size;
  } finally {
    await subject.end();
  }
}
