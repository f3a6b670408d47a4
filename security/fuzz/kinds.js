/**
 * The kinds of cases: how often each comes and, as `accepted`, the least share of its questions that
 * both sides must accept. Below it the cases are rubbish, of which anybody rejects all.
 */
export const KINDS = [
  { name: "API keys", weight: 22, accepted: 0.2 },
  { name: "API key options", weight: 4, accepted: 0.2 },
  { name: "HMAC tokens", weight: 38, accepted: 0.3 },
  { name: "tokens under a text secret", weight: 6, accepted: 0.3 },
  { name: "tokens that come again", weight: 8, accepted: 0.2 },
  { name: "tokens under a public key", weight: 8, accepted: 0.25 },
  { name: "requests with a token", weight: 6, accepted: 0.08 },
  { name: "key formats", weight: 5, accepted: 0.1 },
  { name: "JWT options", weight: 3, accepted: 0.08 },
];

/** What was counted of no case yet: by kind, the cases and the answers by name. */
export function emptyTally() {
  return Object.fromEntries(KINDS.map(({ name }) => [name, { cases: 0, answers: {} }]));
}

/** Adds the second tally to the first. */
export function addTally(sum, tally) {
  for (const [kind, { cases, answers }] of Object.entries(tally)) {
    sum[kind].cases += cases;
    for (const [name, count] of Object.entries(answers)) {
      sum[kind].answers[name] = (sum[kind].answers[name] ?? 0) + count;
    }
  }
}
