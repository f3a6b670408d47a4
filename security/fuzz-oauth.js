/**
 * `npm run fuzz:oauth`: OAuthAuthProvider against damaged JWK Sets, metadata and introspection answers. A token that
 * is accepted without a right signature, issuer and audience, a right one that is rejected, a throw or a hang fails
 * the run.
 *
 *     node security/fuzz-oauth.js [--cases 20000] [--seed <number>] [--from <number of the first case>]
 */

import { parseArgs } from "node:util";
import { wholeNumber } from "../scripts/flags.js";
import { keepResult } from "../scripts/results.js";
import { runOAuthCases } from "./fuzz/oauth-run.js";

/** As many cases must have passed for a result to be kept. */
const CASES_FOR_A_RESULT = 20_000;

const { values: options } = parseArgs({
  options: {
    cases: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    from: { type: "string", default: "0" },
  },
});
const seed = wholeNumber("seed", options.seed, 0);
const from = wholeNumber("from", options.from, 0);
const cases = wholeNumber("cases", options.cases);
let failures = 0;
const tally = await runOAuthCases({
  seed,
  from,
  to: from + cases,
  report({ number, kind, problem, details }) {
    failures += 1;
    const again = `node security/fuzz-oauth.js --seed ${seed} --from ${number} --cases 1`;
    console.log(`FAILED: ${kind}: ${problem}\n  again: ${again}\n${details}`);
  },
});
console.table(tally);
console.log(`${cases} cases, seed ${seed}: ${failures} failures`);
const isVacuous =
  cases >= 1000 && Object.values(tally).some(({ accepted, rejected }) => !accepted || !rejected);
if (isVacuous) {
  console.log("PROVES NOTHING: a kind of case was never accepted, or never rejected");
}
if (failures > 0 || isVacuous) {
  process.exitCode = 1;
} else if (cases >= CASES_FOR_A_RESULT) {
  keepResult("fuzz-oauth", `${cases.toLocaleString("en")} cases, seed ${seed}: 0 failures`);
}
