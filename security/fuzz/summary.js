/** What a run came to: a table, and whether it could have found anything. */

import { DIFFERENCES } from "./differences.js";
import { KINDS } from "./kinds.js";

/** From so many cases on, every difference must have been met. */
const CASES_FOR_EVERY_DIFFERENCE = 200_000;

/** From so many cases of a kind on, its share of accepted requests says something. */
const CASES_FOR_A_SHARE = 100;

const questions = ({ answers }) => Object.values(answers).reduce((sum, count) => sum + count, 0);

const explained = ({ answers }) =>
  Object.keys(answers).filter((name) => name !== "accepted" && name !== "rejected");

/** The table of kinds and the list of differences, as text. */
export function table(tally) {
  const rows = Object.entries(tally).map(([kind, counted]) => [
    kind,
    counted.cases,
    questions(counted),
    counted.answers.accepted ?? 0,
    counted.answers.rejected ?? 0,
    explained(counted).reduce((sum, name) => sum + counted.answers[name], 0),
  ]);
  const all = ["all", ...[1, 2, 3, 4, 5].map((column) => rows.reduce((sum, row) => sum + row[column], 0))];
  const head = ["kind", "cases", "questions", "both accept", "both reject", "explained"];
  const lines = [head, ...rows, all].map(([kind, ...cells]) =>
    [String(kind).padEnd(27), ...cells.map((cell) => String(cell).padStart(11))].join(" "),
  );
  const differences = Object.entries(countedDifferences(tally)).map(
    ([name, count]) => `${String(count).padStart(10)}  ${name}: ${DIFFERENCES[name] ?? "NOT DOCUMENTED"}`,
  );
  return `${lines.join("\n")}\n\nDeliberate differences met:\n${differences.join("\n")}`;
}

function countedDifferences(tally) {
  const counts = Object.fromEntries(Object.keys(DIFFERENCES).map((name) => [name, 0]));
  for (const counted of Object.values(tally)) {
    for (const name of explained(counted)) {
      counts[name] = (counts[name] ?? 0) + counted.answers[name];
    }
  }
  return counts;
}

/** Why a run without failures would still prove nothing: sentences, none if it proves something. */
export function vacuities(tally, cases) {
  const rubbish = KINDS.filter(({ name }) => tally[name].cases >= CASES_FOR_A_SHARE).flatMap(
    ({ name, accepted }) => {
      const share = (tally[name].answers.accepted ?? 0) / questions(tally[name]);
      return share >= accepted ? [] : [`${name}: both sides accept only ${(share * 100).toFixed(1)} %`];
    },
  );
  const absent = KINDS.filter(({ name }) => cases >= 1000 && tally[name].cases === 0).map(
    ({ name }) => `${name}: no case at all`,
  );
  const counts = Object.entries(countedDifferences(tally));
  const unknown = counts
    .filter(([name]) => !(name in DIFFERENCES))
    .map(([name]) => `${name}: not documented`);
  const unmet = counts
    .filter(([, count]) => cases >= CASES_FOR_EVERY_DIFFERENCE && count === 0)
    .map(([name]) => `${name}: never met`);
  return [...rubbish, ...absent, ...unknown, ...unmet];
}
