/** Runs cases one after the other under a frozen clock and counts what came of them. */

import { inspect } from "node:util";
import { APIKeyAuthProvider as FrameworkApiKey, JWTAuthProvider as FrameworkJwt } from "mcp-framework";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { makeCase } from "./cases.js";
import { judge } from "./judge.js";
import { emptyTally } from "./kinds.js";

/** The classes that are compared. */
export const CLASSES = {
  apiKey: { framework: FrameworkApiKey, ours: APIKeyAuthProvider },
  jwt: { framework: FrameworkJwt, ours: JWTAuthProvider },
};

/** Cases between two turns of the event loop, in which providers that were collected are taken down. */
const TURN = 64;

/**
 * Runs the cases `from` to `to` - 1 of a seed.
 *
 * @param {{ seed: number, from: number, to: number, classes?: typeof CLASSES,
 *   announce?: (number: number) => void, report?: (failure: object) => void }} run `announce` is told each
 *   case before it begins
 */
export async function runCases({
  seed,
  from,
  to,
  classes = CLASSES,
  announce = () => {},
  report = () => {},
}) {
  const tally = emptyTally();
  const clock = { now: 0 };
  const { now } = Date;
  Date.now = () => clock.now;
  try {
    for (let number = from; number < to; number += 1) {
      announce(number);
      const one = makeCase(seed, number);
      const { answers, failures } = await judge(classes, one, clock);
      count(tally[one.kind], answers);
      for (const failure of failures) {
        report({ seed, number, kind: one.kind, problem: failure.problem, details: details(one, failure) });
      }
      if (number % TURN === 0) {
        await new Promise(setImmediate);
      }
    }
  } finally {
    Date.now = now;
  }
  return tally;
}

function count(kind, answers) {
  kind.cases += 1;
  for (const name of answers) {
    kind.answers[name] = (kind.answers[name] ?? 0) + 1;
  }
}

const WHOLE = {
  depth: null,
  maxStringLength: 20_000,
  maxArrayLength: null,
  showHidden: false,
  breakLength: 160,
};

function details(one, { request, ...failure }) {
  return inspect(
    {
      config: one.config(),
      ...(request === undefined ? {} : { request: shown(one.requests[request]) }),
      ...failure,
    },
    WHOLE,
  );
}

function shown(request) {
  try {
    return request();
  } catch (error) {
    return error;
  }
}

/** What one case asks, as text. Nothing is run: it may be one that crashes. */
export function describeCase(seed, number) {
  const one = makeCase(seed, number);
  const { kind, steps } = one;
  const requests = one.requests.map(shown);
  return inspect({ seed, number, kind, config: one.config(), requests, steps }, WHOLE);
}

/** What one case comes to, as text. */
export async function describeOutcome(seed, number, classes = CLASSES) {
  const failures = [];
  const report = (failure) => failures.push(failure);
  const tally = await runCases({ seed, from: number, to: number + 1, classes, report });
  const { answers } = tally[makeCase(seed, number).kind];
  return [inspect({ answers }), ...failures.map(({ details }) => details)].join("\n");
}
