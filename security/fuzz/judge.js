/** One case, put to the framework's class and to ours: what was answered, and what of it is wrong. */

import { isDeepStrictEqual } from "node:util";
import { constructWatched } from "./error-contract.js";
import { expectedOfApiKey, expectedOfToken } from "./expectation.js";
import { meaningOfApiKeyConfig, meaningOfJwtConfig } from "./reference-options.js";
import { accepts, ask, isSame, isWellFormed, mutateResult } from "./verdict.js";

/**
 * @param {Record<string, { framework: Function, ours: Function }>} classes by the case's `provider`
 * @param {object} one a case, see cases.js
 * @param {{ now: number }} clock what Date.now() gives
 * @returns {Promise<{ answers: string[], failures: object[] }>} `answers`: of each question `"accepted"`,
 *   `"rejected"` or the name of the difference that explains it; `failures`: `{ problem, ... }`
 */
export async function judge(classes, one, clock) {
  const { framework, ours } = classes[one.provider];
  const answers = [];
  const failures = [];
  const isApiKey = one.provider === "apiKey";
  const meaning = isApiKey ? meaningOfApiKeyConfig(one.config()) : meaningOfJwtConfig(one.config(), one.made);

  const configs = [one.config(), one.config()];
  const theirs = construct(framework, configs[0]);
  const mine = constructWatched(ours, configs[1]);
  failures.push(...mine.faults.map((problem) => ({ problem })));
  const construction = judgeConstruction(meaning, theirs, mine);
  answers.push(...construction.answers);
  failures.push(
    ...construction.problems.map((problem) => ({ problem, rejections: [theirs, mine].map(said) })),
  );
  if (!theirs.provider || !mine.provider || meaning.rejected || meaning.bothReject) {
    return { answers, failures };
  }
  if (!isDeepStrictEqual(theirs.provider.getAuthError(), mine.provider.getAuthError())) {
    failures.push({ problem: "getAuthError() differs" });
  }

  const plain = isApiKey ? construct(framework, plainApiKeyConfig(meaning)).provider : undefined;
  if (one.mutateConfig) {
    configs.forEach(one.mutateConfig);
    meaning.differences.push("keysChangedLater");
  }
  const asked = new Map();
  for (const [index, now] of one.steps) {
    clock.now = now;
    const request = one.requests[index];
    const question = `${index} at ${now}`;
    if (!asked.has(question)) {
      const expected = isApiKey
        ? await expectedOfApiKey(request, meaning, plain)
        : expectedOfToken(request(), meaning, now);
      asked.set(question, { expected, answer: await ask(theirs.provider, request()) });
    }
    const { expected, answer } = asked.get(question);
    const own = await ask(mine.provider, request());
    const { problem, explanation } = compare(expected, answer, own, one.provider);
    if (problem) {
      failures.push({ problem, request: index, now, framework: answer, ours: own, expected });
    } else {
      mutateResult(own.verdict?.data);
    }
    answers.push(explanation ?? (accepts(own) ? "accepted" : "rejected"));
  }
  for (const name in {}) {
    failures.push({ problem: `Object.prototype has ${name}` });
  }
  return { answers, failures };
}

function construct(Provider, config) {
  try {
    return { provider: new Provider(config) };
  } catch (rejection) {
    return { rejection };
  }
}

const said = ({ rejection }) => (rejection ? String(rejection.message) : "constructed");

function plainApiKeyConfig({ keys, headerName }) {
  return { keys: [...keys], headerName };
}

function judgeConstruction(meaning, theirs, mine) {
  if (meaning.bothReject) {
    const { bothReject, oursSays = bothReject } = meaning;
    const isSaid = said(theirs) === bothReject && said(mine) === oursSays;
    return { answers: ["rejected"], problems: isSaid ? [] : ["the constructors do not both say the same"] };
  }
  const problems = theirs.rejection ? ["the framework's constructor rejects"] : [];
  if (meaning.rejected) {
    return mine.rejection
      ? { answers: [meaning.rejected[0]], problems }
      : { answers: [], problems: [`wrong accept: constructed in spite of ${meaning.rejected[0]}`] };
  }
  if (mine.rejection) {
    return meaning.open
      ? { answers: [meaning.open], problems }
      : { answers: [], problems: ["unexplained rejection by the constructor"] };
  }
  const warned = mine.warnings.some(({ code }) => code === "MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS");
  if (meaning.key && warned !== meaning.unusable.length > 0) {
    problems.push("the warning of unusable algorithms is missing or out of place");
  }
  return { answers: [], problems };
}

/** `{ problem }`, or `{ explanation }` of a difference that is deliberate, or neither. */
function compare(expected, theirs, mine, provider) {
  if (!isWellFormed(mine, provider)) {
    return { problem: mine.threw ? "threw" : "no documented answer" };
  }
  const [accepted, acceptedThere] = [accepts(mine), accepts(theirs)];
  if (expected.ours !== undefined && accepted !== expected.ours) {
    return { problem: accepted ? "wrong accept" : "unexplained rejection" };
  }
  if (expected.theirs !== undefined && acceptedThere !== expected.theirs) {
    return { problem: "the framework's verdict is not the documented one" };
  }
  if (accepted && acceptedThere && !isSame(mine.verdict, theirs.verdict)) {
    return { problem: "data mismatch" };
  }
  if (accepted && !acceptedThere && provider === "jwt" && !isSame(mine.verdict.data, expected.data)) {
    return { problem: "data mismatch" };
  }
  if (accepted === acceptedThere && theirs.threw === undefined) {
    return {};
  }
  // Where the framework throws, the transport answers 500, which is no 401.
  const [explanation] = (accepted ? expected.lenient : expected.stricter).filter(
    (name) => name !== "frameworkThrows" || theirs.threw !== undefined,
  );
  return explanation ? { explanation } : { problem: accepted ? "wrong accept" : "unexplained rejection" };
}
