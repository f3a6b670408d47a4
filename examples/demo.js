// npm start              asks with every kind of credential; exits 0 when all went as it should, else 1
// npm start -- --serve   keeps two servers up and prints curl lines to try

import { ask } from "./client.js";
import { oauthRound } from "./oauth.js";
import { printOAuth, printRound, printRow, printTotal, silenceFrameworkLog } from "./report.js";
import { rounds } from "./rounds.js";
import { freePort, running } from "./running.js";
import { serve } from "./serve.js";

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== "--serve");

silenceFrameworkLog();
if (unknown !== undefined) {
  console.error(`Unknown argument ${JSON.stringify(unknown)}: the demo takes --serve or nothing.`);
  process.exitCode = 2;
} else {
  try {
    await (args.length > 0 ? serve() : run());
  } catch (error) {
    console.error(`The demo could not go on: ${error.message}`);
    process.exitCode = 1;
  }
}

async function run() {
  let rows = 0;
  let mismatches = 0;
  for (const round of rounds()) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}${round.path}`;
    const server = round.serverOn(port);
    try {
      await running(server, port);
      printRound(round, url);
      for (const [who, presents, credential, expected] of round.rows) {
        const outcome = await ask({ type: round.type, url }, credential);
        rows += 1;
        if (!printRow(who, presents, outcome, expected)) mismatches += 1;
      }
    } finally {
      await server.stop();
    }
  }
  for (const asExpected of printOAuth(await oauthRound())) {
    rows += 1;
    if (!asExpected) mismatches += 1;
  }
  printTotal(rows, mismatches);
  if (mismatches > 0) process.exitCode = 1;
}
