/**
 * How tokens are presented to an implementation, and what must come of it.
 *
 * An implementation has `name`, `open()`, which makes an instance, `carry(bytes)`, which makes what it is given,
 * and `run(instance, carried)`, which asks it about each and returns what came of it. `returnsToken` says
 * that the claims come with the token itself.
 */

import assert from "node:assert/strict";
import { toText } from "./credentials.js";
import { OURS } from "./names.js";

/** Requests in a pass where one credential is presented over and over: few enough to stay near the processor. */
export const REPETITIONS = 2048;

/** Each token once to each instance: a pass goes through a part of the pool with an instance of its own. */
export function presentedOnce(implementation, tokens, accepted, { waits = false } = {}) {
  return presented(implementation, tokens, { accepted, instanceOf: implementation.open, waits });
}

/** The tokens in turn to one instance, which goes on from pass to pass; what it waits for does not count. */
export async function presentedInTurn(implementation, tokens, accepted) {
  const instance = await implementation.open();
  return presented(implementation, tokens, { accepted, instanceOf: () => instance, waits: true });
}

/** The same with all tokens of a pass at a time. */
export function presentedAtOnce(implementation, tokens, accepted) {
  const run = async (instance, carried) => {
    const answers = await Promise.all(carried.map((one) => implementation.run(instance, [one])));
    const total = (name) => answers.reduce((sum, answer) => sum + answer[name], 0);
    return { accepted: total("accepted"), sum: total("sum") };
  };
  return presentedInTurn({ ...implementation, run }, tokens, accepted);
}

/** One token over and over, each time as a string of its own, to one instance; warming up, it learns it. */
export async function presentedAgain(implementation, tokens) {
  const instance = await implementation.open();
  return presented(implementation, tokens, {
    accepted: true,
    instanceOf: () => instance,
    most: REPETITIONS,
    numberOf: () => 1,
  });
}

function presented(
  { name, carry, run },
  tokens,
  { accepted, instanceOf, most = tokens.length, numberOf = (step) => step % tokens.length, waits = false },
) {
  return {
    name,
    most,
    async prepare(from, count) {
      const instance = await instanceOf();
      const carried = [];
      let sum = 0;
      for (let step = 0; step < count; step += 1) {
        const number = numberOf(from + step);
        carried.push(carry(tokens[number]));
        sum += number;
      }
      const expected = accepted ? { accepted: count, sum } : { accepted: 0, sum: 0 };
      return {
        run: () => run(instance, carried),
        check: (result) => assertAnswers(name, result, expected),
        waits,
      };
    },
  };
}

export function assertAnswers(name, { accepted, sum }, expected) {
  assert.deepEqual({ accepted, sum }, expected, `${name} gave wrong answers while it was timed`);
}

/**
 * Accepts with the claims that were signed, rejects what is forged, foreign or expired; tokens for another
 * issuer or audience are rejected with rules, and accepted without, so that nothing else rejects them.
 */
export async function assertRightAboutTokens(implementation, pool, { hasRules, alsoWrong = [] }) {
  const { name } = implementation;
  const instance = await implementation.open();
  for (const number of pool.signed.keys()) {
    const claims = await claimsFrom(implementation, instance, pool.genuine[number]);
    const expected = expectedClaims(implementation, pool, number);
    assert.deepEqual({ ...claims }, expected, `${name}, ${pool.algorithm}: other claims than signed`);
  }
  for (const wrong of ["forged", "expired", "foreign", ...alsoWrong]) {
    const claims = await claimsFrom(implementation, instance, pool[wrong][0]);
    assert.equal(claims, undefined, `${name}, ${pool.algorithm}: accepts a token of ${wrong}`);
  }
  for (const other of ["otherIssuer", "otherAudience"]) {
    const claims = await claimsFrom(implementation, instance, pool[other][0]);
    const verdict = `${name}, ${pool.algorithm}: ${hasRules ? "accepts" : "rejects"} a token of ${other}`;
    assert.equal(claims === undefined, hasRules, verdict);
  }
  if (name === OURS) {
    await assertNeverShared(implementation, pool);
  }
}

/** Whatever one caller does to its claims, the next one gets what was signed: cached or not. */
async function assertNeverShared(implementation, pool) {
  const instance = await implementation.open();
  const expected = expectedClaims(implementation, pool, 0);
  for (let presentation = 1; presentation <= 5; presentation += 1) {
    const claims = await claimsFrom(implementation, instance, pool.genuine[0]);
    assert.deepEqual({ ...claims }, expected, `${implementation.name}, ${pool.algorithm}: claims are shared`);
    claims.tenant.plan = claims.aud[0] = claims.role = "changed by a tool";
  }
}

function expectedClaims({ returnsToken = false }, { signed, genuine }, number) {
  const claims = signed.get(number);
  return returnsToken ? { ...claims, token: toText(genuine[number]) } : claims;
}

/** One answer of an implementation for tokens: the claims, or `undefined` if it rejects. */
async function claimsFrom({ run, carry }, instance, bytes) {
  const { last } = await run(instance, [carry(bytes)]);
  return last;
}

// The loops count and add up what they are told: `accepted` and the sum of a claim are compared with the
// expected afterwards, and nothing can be optimised away.

export async function runProvider(instance, requests) {
  let accepted = 0;
  let sum = 0;
  let last;
  for (const request of requests) {
    const answer = await instance.authenticate(request);
    if (answer !== false) {
      last = answer.data;
      accepted += 1;
      sum += last.number;
    }
  }
  return { accepted, sum, last };
}

export function runSynchronous(verify, tokens) {
  let accepted = 0;
  let sum = 0;
  let last;
  for (const token of tokens) {
    try {
      last = verify(token);
      accepted += 1;
      sum += last.number;
    } catch {
      // Rejected.
    }
  }
  return { accepted, sum, last };
}

export async function runAsynchronous(verify, tokens) {
  let accepted = 0;
  let sum = 0;
  let last;
  for (const token of tokens) {
    try {
      last = await verify(token);
      accepted += 1;
      sum += last.number;
    } catch {
      // Rejected.
    }
  }
  return { accepted, sum, last };
}
