/**
 * Writes the table of what is claimed and how it is shown into the README: `npm run security:report`. The
 * figures are those that the last run of each command kept in security/results; none is typed by hand.
 */

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.dirname(import.meta.dirname);
const README = path.join(ROOT, "README.md");
const BEGIN = "<!-- security:begin -->";
const END = "<!-- security:end -->";

/** Claim, how it is tested, command, and the name under which its figure is kept. */
const CLAIMS = [
  [
    "Decides as the framework does, but for the differences above",
    "a live oracle: every row of the parity table, the wire, then made-up requests, tokens and keys",
    "npm run fuzz",
    "fuzz",
  ],
  [
    "No token, header, claims, key or ring of keys makes the core panic, hang or contradict a second reading of the RFCs",
    "coverage-guided fuzzing (libFuzzer) and property tests against an independent model",
    "npm run fuzz:core",
    "fuzz-core",
  ],
  [
    "Signatures are right, for every algorithm",
    "Project Wycheproof's 5,036 cases, published tokens, every bit of a token flipped",
    "npm test",
    "tests",
  ],
  [
    "Neither which key matched nor how much of a guess was right shows in the time",
    "Welch's t (dudect), random order, with leaky comparisons that must be caught",
    "npm run timing",
    "timing",
  ],
  [
    "No copy that this package makes of a key or secret outlives construction; what verification needs is wiped with the provider",
    "the process's memory and a heap snapshot searched from outside, with leaks that must be found",
    "npm run memory",
    "memory",
  ],
  ["Nothing is leaked under load", "the soak", "npm run soak", "soak"],
  [
    "No memory errors",
    "Rust tests under AddressSanitizer, the addon in Node under valgrind",
    "npm run memcheck",
    "memcheck",
  ],
  [
    "A rejection costs no more than an acceptance of the same size, time grows with the size, and a flood leaves good clients served",
    "cost of every kind of rejection, growth up to 16 MB, a flood on real servers",
    "npm run denial",
    "denial",
  ],
  [
    "What is compiled in is pinned, licensed and needed",
    "`cargo deny`, all lock files, purposes of dependencies",
    "npm run supply-chain",
    "supply-chain",
  ],
];

const readme = readFileSync(README, "utf8");
const [before, rest] = readme.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) {
  console.error(`README.md has no ${BEGIN} … ${END}`);
  process.exit(1);
}
const rows = CLAIMS.map(
  ([claim, test, command, name]) => `| ${claim} | ${test} | \`${command}\` | ${lastRun(name)} |`,
);
const table = ["| claim | how it is tested | command | last run |", "|---|---|---|---|", ...rows].join("\n");
writeFileSync(README, `${before}${BEGIN}\n${table}\n${END}${after}`);

function lastRun(name) {
  try {
    const { date, figure } = JSON.parse(
      readFileSync(path.join(import.meta.dirname, "results", `${name}.json`), "utf8"),
    );
    return `${figure.replaceAll("|", "\\|")} (${date})`;
  } catch {
    return "not run";
  }
}
