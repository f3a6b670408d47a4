import { parseArgs } from "node:util";
import { compare } from "./compare.js";
import { printRound, printTotal, silenceServers } from "./report.js";
import { rounds } from "./rounds.js";
import { serve } from "./serve.js";

const USAGE = `\
npm start [-- options]

Starts MCP servers on 127.0.0.1, asks them with the official clients and every kind of credential, and prints what they
answered and why, next to what the same servers answer with mcp-framework's own providers. Exits with 1 if an answer is
not as it should be.

  --verbose   each request of a row, with the response's challenge and body
  --serve     keeps two servers running instead, and prints curl lines to try
  --help      this text

Colors on a terminal only, and not with NO_COLOR=1. MCP_DEBUG_CONSOLE=true shows the servers' own log.
`;

const options = {
  verbose: { type: "boolean", default: false },
  serve: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};
const flags = read();
if (flags?.help) {
  process.stdout.write(USAGE);
} else if (flags !== undefined) {
  silenceServers();
  try {
    await (flags.serve ? serve() : run(flags));
  } catch (error) {
    console.error(`The demo failed: ${error.message}`);
    process.exitCode = 1;
  }
}

/** @returns {{ verbose: boolean, serve: boolean, help: boolean } | undefined} undefined if there is nothing to do */
function read() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run({ verbose }) {
  const outcomes = [];
  for (const round of rounds()) {
    const rows = await compare(round);
    printRound(round, rows, { verbose });
    outcomes.push(...rows);
  }
  // Not before the log is silenced: the authorization server warns while it is imported.
  const { oauthRound } = await import("./oauth.js");
  const { round, rows } = await oauthRound();
  printRound(round, rows, { verbose });
  outcomes.push(...rows);
  printTotal(outcomes);
  if (!outcomes.every(({ asExpected }) => asExpected)) process.exitCode = 1;
}
