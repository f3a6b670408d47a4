/** The rows of access tokens, each presented to everybody with the right answers. */

import { ACCEPTING, OURS } from "../support/names.js";
import { once } from "../support/once.js";
import {
  assertRightAboutTokens,
  presentedAgain,
  presentedAtOnce,
  presentedInTurn,
  presentedOnce,
} from "../support/passes.js";
import {
  targetsOfNewAccessToken,
  targetsOfRejectedAccessToken,
  targetsOfSameAccessToken,
} from "../support/targets.js";
import { accessTokenImplementations } from "./implementations.js";
import { accessTokenPool } from "./tokens.js";

const ALGORITHMS = ["RS256", "ES256"];

/** Rows by `id`, in the order of the table, as `allRows` makes them. */
export function* accessTokenRows(issuer) {
  for (const algorithm of ALGORITHMS) {
    yield* rowsOfAlgorithm(algorithm, issuer);
  }
}

function rowsOfAlgorithm(algorithm, issuer) {
  const prepared = once(async () => {
    const pool = accessTokenPool(algorithm);
    const implementations = accessTokenImplementations(pool, issuer.publish(algorithm, pool.keys));
    for (const implementation of implementations) {
      await assertRightAboutTokens(implementation, pool, { hasRules: true, alsoWrong: ["unknownKey"] });
    }
    return { pool, implementations };
  });
  const row = (what, title, targets, present) => ({
    id: `OAuth ${algorithm} ${what}`,
    title: `OAuth, ${algorithm}, ${title}`,
    targets,
    implementations: async () => {
      const { pool, implementations } = await prepared();
      return Promise.all(present(implementations, pool));
    },
  });
  /** With our own cost of a new token beside it, which a rejection must not exceed. */
  const rejected = (what, title, present, how) =>
    row(what, title, targetsOfRejectedAccessToken(), (implementations, pool) => [
      ...implementations.map((implementation) => present(implementation, pool)),
      { ...presentedOnce(oursAmong(implementations), pool.genuine, true, how), name: ACCEPTING },
    ]);
  return [
    row("new", "new token", targetsOfNewAccessToken(algorithm), (implementations, pool) =>
      implementations.map((implementation) => presentedOnce(implementation, pool.genuine, true)),
    ),
    row("same", "same token again", targetsOfSameAccessToken(), (implementations, pool) =>
      implementations.map((implementation) => presentedAgain(implementation, pool.genuine)),
    ),
    rejected("forged", "bad signature", (implementation, pool) =>
      presentedOnce(implementation, pool.forged, false),
    ),
    rejected("audience", "wrong audience", (implementation, pool) =>
      presentedOnce(implementation, pool.otherAudience, false),
    ),
    // To one instance, as in a flood: what it asks of the issuer is shared by all passes. Ours waits for the next key
    // set, one for all; the others give up at once, or, asked at once, keep their callers for minutes.
    rejected(
      "kid",
      "unknown kid, processor time",
      (implementation, pool) =>
        implementation.name === OURS
          ? presentedAtOnce(implementation, pool.unknownKey, false)
          : presentedInTurn(implementation, pool.unknownKey, false),
      { waits: true },
    ),
  ];
}

function oursAmong(implementations) {
  return implementations.find(({ name }) => name === OURS);
}
