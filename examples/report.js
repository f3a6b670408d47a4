import { styleText } from "node:util";

const paint = process.stdout.isTTY && !process.env.NO_COLOR ? styleText : (_style, text) => text;

const NOISE = [
  // mcp-framework writes several lines per request and has no setting that stops it.
  /^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] \[[A-Z]+\] /,
  // oidc-provider says that it keeps everything in memory, and which Node it prefers.
  /^oidc-provider WARNING: /,
  // The clients here come one after the other, so no answer can reach another one.
  /MCP_NATIVE_AUTH_SHARED_ANSWERS|^\(Use `node --trace-warnings/,
];

/** Keeps the servers' own log out of the table, unless the framework's MCP_DEBUG_CONSOLE=true asks for it. */
export function silenceServers() {
  if (process.env.MCP_DEBUG_CONSOLE === "true") return;
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk, ...rest) =>
    NOISE.some((pattern) => pattern.test(chunk)) || write(chunk, ...rest);
}

const COLUMNS = [
  ["who", 11],
  ["with", 40],
  ["answer", 6],
  ["why", 27],
  ["mcp-framework", 13],
];

export function printRound({ title, code }, rows, { verbose }) {
  console.log(`${paint("bold", title)}\n${paint("dim", code)}\n`);
  const heading = COLUMNS.map(([name, width]) => name.padEnd(width)).join(" ");
  console.log(`    ${paint("underline", heading)}`);
  for (const row of rows) {
    printRow(row);
    if (verbose || !row.asExpected) printDetails(row);
  }
  console.log();
}

function printRow({ who, presents, status, why, frameworkStatus, asExpected }) {
  const mark = asExpected ? paint("green", "ok") : paint("red", "!!");
  const differs = frameworkStatus !== status;
  const cells = [
    [who],
    [presents],
    [String(status ?? "none"), status === 200 ? "green" : "yellow"],
    [why ?? ""],
    [String(frameworkStatus ?? "none"), differs ? "red" : "dim"],
  ];
  const line = cells.map(([text, style], index) => {
    const padded = text.padEnd(COLUMNS[index][1]);
    return style === undefined ? padded : paint(style, padded);
  });
  console.log(`${mark}  ${line.join(" ").trimEnd()}`);
}

function printDetails({ exchanges, body, challenge, answer, asExpected, expected }) {
  for (const { request, status } of exchanges) console.log(`      ${request} ${status ?? "unanswered"}`);
  if (challenge) console.log(`      WWW-Authenticate: ${challenge}`);
  if (body) console.log(`      ${body}`);
  if (answer) console.log(`      whoami: ${JSON.stringify(answer)}`);
  if (!asExpected) console.log(`      expected ${JSON.stringify(expected)}`);
  console.log();
}

export function printTotal(outcomes) {
  const failed = outcomes.filter(({ asExpected }) => !asExpected).length;
  if (failed > 0) {
    console.log(paint("red", `${failed} of ${outcomes.length} are not as they should be: the rows with !!.`));
    return;
  }
  const others = outcomes.filter(({ status, frameworkStatus }) => status !== frameworkStatus).length;
  console.log(
    `All ${outcomes.length} are as they should be. mcp-framework answers ${others} of them differently; ` +
      "docs/migrating.md lists every difference.",
  );
}
