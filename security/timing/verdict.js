/** What must be found out about a question, and whether it was. */

/** Comparisons that leak on purpose, which must be caught: else the harness sees nothing. */
export const LEAKY = "leaky";
/** mcp-framework, which is shown, and of which the order of its keys must be caught. */
export const FRAMEWORK = "mcp-framework";
/** The same class on both sides, which cannot be told apart. */
export const SAME_CLASS = "same class";
/** This package, of which it is promised that it does not tell. */
export const OURS = "ours";

/** The |t| at the provider that no promise may exceed and every leak must. */
export const LIMIT = 10;

/**
 * How many nanoseconds may lie between an acceptance and a rejection. Whoever asks is told which of them it
 * is, and JavaScript branches on it: the compiler puts one of the two branches closer by. Less than what
 * mcp-framework takes longer for a key than for a stranger if it has a single key.
 */
export const BRANCH = 3;

/** How many times as many measurements decide a question that was not answered as it must be. */
const CONFIRMATION = 4;

/**
 * Measures a question; if the answer is not as it must be, once more, with four times as many
 * measurements and nothing carried over. The t of a real difference doubles, that of chance does not:
 * what is over the limit only once, or with another sign, is no finding.
 *
 * @template {{ t: number, shift: number }} Comparison
 * @param {{ role: string, isShownOnly?: boolean, answersDiffer?: boolean }} question
 * @param {(factor: number) => Promise<Comparison>} measure with so many times the usual number
 * @returns {Promise<{ first?: Comparison, outcome: Comparison, holds: boolean }>}
 */
export async function answered({ role, isShownOnly = false, answersDiffer = false }, measure) {
  const mustTell = role === LEAKY || role === FRAMEWORK;
  const tells = ({ t, shift }) => Math.abs(t) > LIMIT && !(answersDiffer && Math.abs(shift) <= BRANCH);
  const isAsItMust = (comparison) => isShownOnly || tells(comparison) === mustTell;
  const first = await measure(1);
  if (isAsItMust(first)) {
    return { outcome: first, holds: true };
  }
  const outcome = await measure(CONFIRMATION);
  const isContradicted = !mustTell && Math.sign(outcome.t) !== Math.sign(first.t);
  return { first, outcome, holds: isContradicted || isAsItMust(outcome) };
}
