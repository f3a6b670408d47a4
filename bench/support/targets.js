/**
 * What the project demands of itself, row by row. A target compares medians of ratios taken within rounds:
 * `atLeast` is how many times as long the other takes, `atMost` how many times as long ours does.
 */

import { ACCEPTING, BACKEND, FAST_JWT, FAST_JWT_CACHED, FRAMEWORK, JOSE, ONE_KEY } from "./names.js";

const OF_NEW_TOKENS = {
  HS256: { [FRAMEWORK]: 100, [FAST_JWT]: 2 },
  RS256: { [FRAMEWORK]: 8, [FAST_JWT]: 1.25 },
  PS256: { [FRAMEWORK]: 8, [FAST_JWT]: 1.25 },
  ES256: { [FRAMEWORK]: 4, [FAST_JWT]: 1.2 },
  ES384: { [FRAMEWORK]: 2.5, [FAST_JWT]: 2 },
  ES512: { [FRAMEWORK]: 2.5, [FAST_JWT]: 2 },
  EdDSA: { [FAST_JWT]: 2 },
};

const NEAR_THE_BACKEND = { RS256: 1.25, PS256: 1.25 };

export function targetsOfNewToken(algorithm) {
  const targets = atLeastEach(OF_NEW_TOKENS[algorithm] ?? {});
  const atMost = NEAR_THE_BACKEND[algorithm];
  return atMost ? [...targets, { against: BACKEND, atMost }] : targets;
}

/** With `issuer` and `audience` configured, as in production. */
const OF_NEW_TOKENS_WITH_RULES = {
  HS256: { [FAST_JWT]: 1.8 },
  RS256: { [FAST_JWT]: 1.25 },
};

/** `undefined` for algorithms that have no such row. */
export function targetsOfRules(algorithm) {
  const targets = OF_NEW_TOKENS_WITH_RULES[algorithm];
  return targets && atLeastEach(targets);
}

/** Although fast-jwt hands out one shared object, and ours is never shared. */
export function targetsOfSameToken() {
  return [{ against: FAST_JWT_CACHED, atLeast: 1.3 }];
}

export function targetsOfForgedToken(algorithm) {
  const atLeast = OF_NEW_TOKENS[algorithm]?.[FRAMEWORK];
  const accepting = { against: ACCEPTING, atMost: 1 };
  return atLeast ? [{ against: FRAMEWORK, atLeast }, accepting] : [accepting];
}

const OF_NEW_ACCESS_TOKENS = {
  RS256: { [FRAMEWORK]: 6, [JOSE]: 4 },
  ES256: { [FRAMEWORK]: 3, [JOSE]: 2 },
};

export function targetsOfNewAccessToken(algorithm) {
  return atLeastEach(OF_NEW_ACCESS_TOKENS[algorithm]);
}

export function targetsOfSameAccessToken() {
  return [{ against: FRAMEWORK, atLeast: 60 }];
}

/** Whatever the reason: else an attacker pays less than the server. */
export function targetsOfRejectedAccessToken() {
  return [{ against: ACCEPTING, atMost: 1 }];
}

/**
 * The framework searches from the first key on. With 100,000 keys it is asked to be 300 times slower
 * where it has to search all of them: for the last key, and for an unknown one.
 */
export function targetsOfApiKeys(count, presented) {
  if (count <= 10) {
    return [{ against: FRAMEWORK, atLeast: 4 }];
  }
  if (count < 100_000) {
    return [];
  }
  const asWithOne = { against: ONE_KEY, atMost: 1.3 };
  return presented === "first" ? [asWithOne] : [{ against: FRAMEWORK, atLeast: 300 }, asWithOne];
}

function atLeastEach(targets) {
  return Object.entries(targets).map(([against, atLeast]) => ({ against, atLeast }));
}

export const MEMORY_LIMIT_MEGABYTES = 16;
export const START_LIMIT_MILLISECONDS = 15;
export const ADDON_LIMIT_MEGABYTES = 4;

/** Whether a target is met, to the two decimals that are printed; `undefined` if nothing was measured. */
export function isMet({ atLeast, atMost }, measured) {
  if (measured === undefined) {
    return undefined;
  }
  const rounded = Math.round(measured * 100) / 100;
  return atLeast === undefined ? rounded <= atMost : rounded >= atLeast;
}
