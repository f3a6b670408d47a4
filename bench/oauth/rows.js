/** The rows of access tokens, each presented to everybody with the right answers. */

import { ACCEPTING, OURS } from "../support/names.js";
import { once } from "../support/once.js";
import { assertRightAboutTokens, presentedAgain, presentedInTurn, presentedOnce } from "../support/passes.js";
import {
  targetsOfNewAccessToken,
  targetsOfRejectedAccessToken,
  targetsOfSameAccessToken,
} from "../support/targets.js";
import { accessTokenContenders } from "./contenders.js";
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
    const contenders = accessTokenContenders(pool, issuer.publish(algorithm, pool.keys));
    for (const contender of contenders) {
      await assertRightAboutTokens(contender, pool, { hasRules: true, alsoWrong: ["unknownKey"] });
    }
    return { pool, contenders };
  });
  const row = (what, title, targets, present) => ({
    id: `OAuth ${algorithm} ${what}`,
    title: `OAuth, ${algorithm}, ${title}`,
    targets,
    contenders: async () => {
      const { pool, contenders } = await prepared();
      return Promise.all(present(contenders, pool));
    },
  });
  /** With our own cost of a new token beside it, which a rejection must not exceed. */
  const rejected = (what, title, present) =>
    row(what, title, targetsOfRejectedAccessToken(), (contenders, pool) => [
      ...contenders.map((contender) => present(contender, pool)),
      { ...presentedOnce(oursAmong(contenders), pool.genuine, true), name: ACCEPTING },
    ]);
  return [
    row("new", "new token", targetsOfNewAccessToken(algorithm), (contenders, pool) =>
      contenders.map((contender) => presentedOnce(contender, pool.genuine, true)),
    ),
    row("same", "same token again", targetsOfSameAccessToken(), (contenders, pool) =>
      contenders.map((contender) => presentedAgain(contender, pool.genuine)),
    ),
    rejected("forged", "bad signature", (contender, pool) => presentedOnce(contender, pool.forged, false)),
    rejected("audience", "wrong audience", (contender, pool) =>
      presentedOnce(contender, pool.otherAudience, false),
    ),
    // To one instance, as in a flood: what it asks of the issuer is shared by all passes.
    rejected("kid", "unknown kid", (contender, pool) => presentedInTurn(contender, pool.unknownKey, false)),
  ];
}

function oursAmong(contenders) {
  return contenders.find(({ name }) => name === OURS);
}
