/** The rows of the table: what is presented, to whom, and the right answers. */

import assert from "node:assert/strict";
import { ALGORITHMS, apiKeys, RULES, requestWithApiKey, toBytes, tokenPool } from "./credentials.js";
import { apiKeyImplementations, tokenImplementations } from "./implementations.js";
import { bareCheck } from "./limits.js";
import { ACCEPTING, FAST_JWT_CACHED, ONE_KEY, OURS } from "./names.js";
import { once } from "./once.js";
import {
  assertAnswers,
  assertRightAboutTokens,
  presentedAgain,
  presentedOnce,
  REPETITIONS,
} from "./passes.js";
import {
  targetsOfApiKeys,
  targetsOfForgedToken,
  targetsOfNewToken,
  targetsOfRules,
  targetsOfSameToken,
} from "./targets.js";

/** What has targets of its own: of each family one, and all curves. */
const QUICK_ALGORITHMS = ["HS256", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"];
const KEY_COUNTS = [1, 10, 1_000, 100_000];
const QUICK_KEY_COUNTS = [1, 10, 100_000];

/**
 * Rows by `id`, in the order of the table. `implementations()` makes keys and tokens, asserts that everybody
 * gives the right answers, and returns what `measure` takes.
 */
export function* allRows({ quick }) {
  // One group after the other, so that each is garbage before the next one is timed.
  for (const algorithm of quick ? QUICK_ALGORITHMS : ALGORITHMS) {
    yield* rowsOfAlgorithm(algorithm);
  }
  for (const count of quick ? QUICK_KEY_COUNTS : KEY_COUNTS) {
    yield* rowsOfKeyCount(count);
  }
}

function rowsOfAlgorithm(algorithm) {
  const prepared = once(async () => {
    const pool = tokenPool(algorithm);
    const implementations = await tokenImplementations(pool);
    for (const implementation of implementations) {
      await assertRightAboutTokens(implementation, pool, { hasRules: false });
    }
    return { pool, implementations };
  });
  const rows = [
    {
      id: `${algorithm} new`,
      title: `${algorithm}, new token`,
      targets: targetsOfNewToken(algorithm),
      implementations: async () => {
        const { pool, implementations } = await prepared();
        const presented = implementations.map((implementation) =>
          presentedOnce(implementation, pool.genuine, true),
        );
        return [...presented, bareCheck(pool)].filter(Boolean);
      },
    },
    {
      id: `${algorithm} same`,
      title: `${algorithm}, same token again`,
      targets: targetsOfSameToken(),
      implementations: async () => {
        const { pool, implementations } = await prepared();
        return Promise.all(
          implementations.map((implementation) => presentedAgain(implementation, pool.genuine)),
        );
      },
    },
    {
      id: `${algorithm} forged`,
      title: `${algorithm}, forged token`,
      targets: targetsOfForgedToken(algorithm),
      implementations: async () => {
        const { pool, implementations } = await prepared();
        const ours = implementations.find(({ name }) => name === OURS);
        return [
          // Nobody's cache keeps what was rejected: fast-jwt's would only cost it time.
          ...implementations
            .filter(({ name }) => name !== FAST_JWT_CACHED)
            .map((implementation) => presentedOnce(implementation, pool.forged, false)),
          { ...presentedOnce(ours, pool.genuine, true), name: ACCEPTING },
        ];
      },
    },
  ];
  const targets = targetsOfRules(algorithm);
  return targets === undefined ? rows : [...rows, rowWithRules(algorithm, prepared, targets)];
}

/** The same tokens to implementations with `issuer` and `audience` configured. */
function rowWithRules(algorithm, prepared, targets) {
  return {
    id: `${algorithm} rules`,
    title: `${algorithm}, new token, issuer and audience`,
    targets,
    implementations: async () => {
      const { pool } = await prepared();
      const implementations = await tokenImplementations(pool, RULES);
      for (const implementation of implementations) {
        await assertRightAboutTokens(implementation, pool, { hasRules: true });
      }
      return implementations.map((implementation) => presentedOnce(implementation, pool.genuine, true));
    },
  };
}

function rowsOfKeyCount(count) {
  const prepared = once(async () => {
    const keys = apiKeys(count);
    const unknown = apiKeys(1)[0];
    const implementations = apiKeyImplementations(keys).map((implementation) => ({
      ...implementation,
      instance: implementation.open(),
    }));
    for (const implementation of implementations) {
      await assertRightAboutKeys(implementation, keys, unknown);
    }
    const [oneKey] = apiKeyImplementations([keys[0]]);
    return { keys, unknown, implementations, oneKey: { ...oneKey, name: ONE_KEY, instance: oneKey.open() } };
  });
  const cases = count === 1 ? ["hit", "unknown"] : ["first", "last", "unknown"];
  const titles = { hit: "the right one", first: "the first", last: "the last", unknown: "an unknown one" };
  return cases.map((presented) => ({
    id: `key ${count} ${presented}`,
    title: `API key, ${count.toLocaleString("en")} ${count === 1 ? "key" : "keys"}, ${titles[presented]}`,
    targets: targetsOfApiKeys(count, presented),
    implementations: async () => {
      const { keys, unknown, implementations, oneKey } = await prepared();
      const key = presented === "unknown" ? unknown : keys[presented === "last" ? count - 1 : 0];
      const known = presented !== "unknown";
      const rows = implementations.map((implementation) => presentedKey(implementation, key, known));
      return count < KEY_COUNTS.at(-1)
        ? rows
        : [...rows, presentedKey(oneKey, known ? keys[0] : unknown, known)];
    },
  }));
}

function presentedKey({ name, instance, run }, key, known) {
  const bytes = toBytes(key);
  return {
    name,
    most: REPETITIONS,
    prepare(_from, count) {
      const requests = Array.from({ length: count }, () => requestWithApiKey(bytes));
      const expected = { accepted: known ? count : 0, sum: 0 };
      return { run: () => run(instance, requests), check: (result) => assertAnswers(name, result, expected) };
    },
  };
}

async function assertRightAboutKeys({ name, instance, run }, keys, unknown) {
  for (const index of new Set([0, keys.length >> 1, keys.length - 1])) {
    const { accepted } = await run(instance, [requestWithApiKey(toBytes(keys[index]))]);
    assert.equal(accepted, 1, `${name}: rejects key ${index} of ${keys.length}`);
  }
  const shortened = keys[0].slice(0, -1);
  for (const wrong of [unknown, shortened]) {
    const { accepted } = await run(instance, [requestWithApiKey(toBytes(wrong))]);
    assert.equal(accepted, 0, `${name}: accepts a key that is not among its ${keys.length}`);
  }
}
