/**
 * Writes docs/evidence.md, what is claimed and how it is shown: `npm run security:report`. The figures are those that
 * the last run of each command kept in security/results, or that the page has already; none is typed by hand.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.dirname(import.meta.dirname);
const PAGE = path.join(ROOT, "docs", "evidence.md");
const INTRODUCTION = `# Evidence

How each claim of [SECURITY.md](../SECURITY.md) is tested, by commands that fail if it does not hold, with the figure of
the last run. \`npm run security:report\` writes this page.

\`npm run fuzz:core\` needs \`cargo install cargo-fuzz\`, \`npm run supply-chain\` needs \`cargo install cargo-deny\`,
\`npm run memcheck\` needs valgrind, \`npm run test:platforms\` needs root and mmdebstrap.`;

/** Claim, how it is tested, command, and the name under which its figure is kept. */
const CLAIMS = [
  [
    "Decides as the framework does, but for the documented differences",
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
    "Whatever an authorization server answers, only its tokens for this server are accepted",
    "damaged key sets, metadata and introspection answers, judged by what the fuzzer signed",
    "npm run fuzz:oauth",
    "fuzz-oauth",
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
    "Decides the same on other platforms",
    "built and tested in a chroot: arm64 under qemu, musl natively",
    "npm run test:platforms",
    "platforms",
  ],
  [
    "What is compiled in is pinned, licensed and needed",
    "`cargo deny`, all lock files, purposes of dependencies",
    "npm run supply-chain",
    "supply-chain",
  ],
];

const former = existsSync(PAGE) ? readFileSync(PAGE, "utf8").split("\n") : [];
const rows = CLAIMS.map(
  ([claim, test, command, name]) => `| ${claim} | ${test} | \`${command}\` | ${lastRun(name, command)} |`,
);
const table = ["| claim | how it is tested | command | last run |", "|---|---|---|---|", ...rows].join("\n");
writeFileSync(PAGE, `${INTRODUCTION}\n\n${table}\n`);

function lastRun(name, command) {
  try {
    const { date, figure } = JSON.parse(
      readFileSync(path.join(import.meta.dirname, "results", `${name}.json`), "utf8"),
    );
    return `${figure.replaceAll("|", "\\|")} (${date})`;
  } catch {
    const row = former.find((line) => line.includes(`| \`${command}\` | `));
    return row?.slice(row.indexOf(`\`${command}\` | `) + command.length + 5, -2) ?? "not run";
  }
}
