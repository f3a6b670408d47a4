import { isDeepStrictEqual, styleText } from "node:util";

const paint = process.stdout.isTTY && !process.env.NO_COLOR ? styleText : (_style, text) => text;

// "[2025-01-31T12:00:00.000Z] [INFO] ..."
const FRAMEWORK_LOG_LINE = /^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] \[[A-Z]+\] /;

/**
 * The framework writes several log lines per request to stderr and has no setting that stops it: they would
 * bury the report. MCP_DEBUG_CONSOLE=true, the framework's own switch, lets them all through.
 */
export function silenceFrameworkLog() {
  if (process.env.MCP_DEBUG_CONSOLE === "true") return;
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk, ...rest) => FRAMEWORK_LOG_LINE.test(chunk) || write(chunk, ...rest);
}

export function printRound({ title, provider }, url) {
  console.log(`${paint("bold", title)}\n${provider} at ${url}\n`);
}

/** Prints one row and tells whether it went as it should. */
export function printRow(who, presents, { exchanges, answer, error }, expected) {
  const seen = outcome(exchanges, answer);
  const asExpected = isDeepStrictEqual(seen, expected);
  const verdict = asExpected ? paint("green", "ok") : paint("red", "NOT AS EXPECTED");

  console.log(`  ${verdict}  ${who}, with ${presents}`);
  printExchanges(exchanges);
  printOutcome(seen);
  if (!asExpected) {
    if (error) console.log(`      the client says: ${error.message}`);
    console.log("    should have been");
    if (expected.request) printExchanges([expected]);
    printOutcome(expected);
  }
  console.log();
  return asExpected;
}

// A client stops at the first rejection, so the last exchange is the one that counts.
function outcome(exchanges, answer) {
  if (answer !== undefined) return { answer: JSON.parse(answer) };
  const { request, status, body, challenge } = exchanges.at(-1) ?? {};
  return { request, status, body, challenge };
}

function printExchanges(exchanges) {
  const steps = exchanges.map(({ request, status }) => `${request} ${status ?? "unanswered"}`);
  console.log(`      ${steps.join(", ")}`);
}

function printOutcome({ body, challenge, answer }) {
  if (body) console.log(`      ${body}`);
  if (challenge) console.log(`      WWW-Authenticate: ${challenge}`);
  if (answer) console.log(`      whoami answered ${JSON.stringify(answer)}`);
}

/** Prints the round of OAuth and tells for each of its two rows whether it went as it should. */
export function printOAuth({ url, answers, statuses }) {
  console.log(`${paint("bold", "OAuth with a real authorization server, over HTTP stream")}`);
  console.log(`new OAuthAuthProvider({ resource, authorizationServers: [issuer] }) at ${url}\n`);
  const answered = (who, { token, ...claims }, audience = claims.aud) => [
    who,
    `whoami answered ${JSON.stringify(claims)}`,
    claims.sub === "alice" && claims.aud === audience && typeof token === "string",
  ];
  const rejected = (who, status) => [who, `POST /mcp ${status}`, status === 401];
  const rows = [
    answered("Alice, who registers, logs in and calls a tool", answers.first, url),
    rejected("Alice, with the same token at another server", statuses.elsewhere),
    answered("Alice, who logs in again after the key was rotated", answers.second, url),
    rejected("Alice, with her token of the key that was withdrawn", statuses.withdrawn),
    answered("Alice, with an opaque token that the server asks about", answers.opaque),
    rejected("Alice, with that token after it was revoked", statuses.revoked),
  ];
  for (const [who, seen, asExpected] of rows) {
    console.log(`  ${asExpected ? paint("green", "ok") : paint("red", "NOT AS EXPECTED")}  ${who}`);
    console.log(`      ${seen}\n`);
  }
  return rows.map(([, , asExpected]) => asExpected);
}

export function printTotal(rows, mismatches) {
  if (mismatches === 0) {
    console.log(`All ${rows} went as they should.`);
    return;
  }
  console.log(
    `${mismatches} of ${rows} NOT AS EXPECTED. MCP_DEBUG_CONSOLE=true npm start shows the servers' log.`,
  );
}
