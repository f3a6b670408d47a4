/**
 * Whether a secret shows in the time of an answer: `node security/timing.js`, with the method that
 * benches/timing/main.rs describes. First that bench asks the core in Rust, then the providers are asked as
 * the framework asks them, with `await provider.authenticate(req)`.
 *
 *   --core N      measurements for each question to the core, 1,000,000 by default; 0 for none
 *   --provider N  the same for the providers, 200,000 by default
 *   --only TEXT   only questions that hold the text
 *
 * |t| tells by how many standard errors the mean times of two classes of inputs differ. Ours must stay
 * under 4.5 in the core and under 10 at the provider, where garbage collection and the optimizing
 * compiler take part. Leaky comparisons must go over it, and mcp-framework's for which of its keys
 * matched; else the run is blind. Beside |t| stands by how many nanoseconds the second class takes
 * longer, and how many would have been over the limit, over the shortest 95 % of the times. Where one class
 * is accepted and the other is not, a provider may take some nanoseconds longer for one of them, which the
 * answer tells anyway; the core may not. The exit code is 1 unless all is as it must be.
 */

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { wholeNumber } from "../scripts/flags.js";
import { keepResult } from "../scripts/results.js";
import { CORE_LIMIT, coreResults } from "./timing/core.js";
import { measure } from "./timing/measure.js";
import { allQuestions } from "./timing/questions.js";
import { Random } from "./timing/random.js";
import { printHeading, printResult } from "./timing/table.js";
import { answered, FRAMEWORK, LIMIT, OURS } from "./timing/verdict.js";

/** What a result must rest on to be kept. */
const ENOUGH = { core: 1_000_000, provider: 100_000 };

const { values: flags } = parseArgs({
  options: {
    core: { type: "string", default: "1000000" },
    provider: { type: "string", default: "200000" },
    only: { type: "string", default: "" },
  },
});
const measurements = {
  core: wholeNumber("core", flags.core, 0),
  provider: wholeNumber("provider", flags.provider, 0),
};
const results = { core: [], provider: [] };

if (measurements.core > 0) {
  printHeading(`Core in Rust: ${inWords(measurements.core)} for each question, |t| under ${CORE_LIMIT}`);
  for await (const result of coreResults(measurements.core, flags.only)) {
    printResult(result);
    results.core.push(result);
  }
}
if (measurements.provider > 0) {
  printHeading(`Providers: ${inWords(measurements.provider)} for each question, |t| under ${LIMIT}`);
  for await (const result of providerResults()) {
    printResult(result);
    results.provider.push(result);
  }
}
conclude();

async function* providerResults() {
  const random = new Random(randomInt(2 ** 32));
  for (const question of allQuestions(random)) {
    const { role, name, answersDiffer } = question;
    if (name.includes(flags.only)) {
      const ask = async (factor) => {
        const comparison = await measure(question, factor * measurements.provider, random);
        return { ...comparison, resolution: comparison.standardError * LIMIT };
      };
      yield { role, name, answersDiffer, ...(await answered(question, ask)) };
    }
  }
}

function conclude() {
  const all = [...results.core, ...results.provider];
  const failed = all.filter(({ holds }) => !holds);
  for (const { role, name } of failed) {
    console.log(`\nFAILED: ${role}, ${name}`);
  }
  if (failed.length > 0 || all.length === 0) {
    process.exitCode = 1;
    return;
  }
  const ours = ({ role }) => role === OURS;
  const framework = ({ role }) => role === FRAMEWORK;
  const ofProviders = results.provider.filter(ours);
  const ofLikeAnswers = ofProviders.filter(({ answersDiffer }) => !answersDiffer);
  const figure =
    `core |t| ≤ ${greatest(results.core.filter(ours))} over ${measurements.core.toLocaleString("en")}, ` +
    `provider ≤ ${greatest(ofLikeAnswers)} over ${measurements.provider.toLocaleString("en")}, ` +
    `an acceptance and a rejection ${farthest(ofProviders)}; ` +
    `mcp-framework ${greatest(results.provider.filter(framework))}`;
  console.log(`\n${figure}`);
  const isWhole = Object.keys(ENOUGH).every((part) => measurements[part] >= ENOUGH[part]);
  if (isWhole && flags.only === "") {
    keepResult("timing", figure);
  }
}

/** The greatest |t|; to one decimal as long as that tells something. */
function greatest(some) {
  if (some.length === 0) {
    return "not measured";
  }
  const most = Math.max(...some.map(({ outcome }) => Math.abs(outcome.t)));
  return most.toLocaleString("en", { maximumFractionDigits: most < 100 ? 1 : 0 });
}

/** What lies between answers that differ. */
function farthest(some) {
  const shifts = some
    .filter(({ answersDiffer }) => answersDiffer)
    .map(({ outcome }) => Math.abs(outcome.shift));
  return shifts.length === 0 ? "not measured" : `${Math.max(...shifts).toFixed(1)} ns apart at most`;
}

function inWords(number) {
  return `${number.toLocaleString("en")} measurements`;
}
