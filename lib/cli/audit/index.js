import { setMaxListeners } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { InputError, readKeys } from "../stdin.js";
import { StartedServer } from "./command.js";
import { Issuer } from "./issuer.js";
import { Client, ProbeError } from "./probe.js";
import { Redactor } from "./redact.js";
import { Terminal, toHtml } from "./report.js";
import { findObstacle, isLoopback, ROWS } from "./rows.js";
import { LimitedError, Subject } from "./subject.js";

const EXIT_OK = 0;
const EXIT_FINDINGS = 1;
const EXIT_FAILED = 2;
const EXIT_INTERRUPTED = 130;

const MAX_REQUESTS = 90;
const MAX_RUN_MS = 180_000;
const MAX_SILENCES = 3;

const TOKEN = "MCP_AUDIT_TOKEN";
const OTHER_TOKEN = "MCP_AUDIT_OTHER_TOKEN";

/** What a header field can carry: RFC 9110 §5.5. */
const SENDABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** RFC 9110 §5.6.2. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export const HELP = `Usage: mcp-native-auth audit <url> [options] [-- <command> [<argument> …]]

Audits the authorization of the MCP server at a URL, whatever it is written in: sends it about 30
requests without a credential, about 80 with --issuer, and judges each answer by the MCP
specification and its RFCs. Every request is bounded in time and size. No redirect is followed.

A valid credential makes more rows possible. It is read from ${TOKEN} or, with --stdin, from
standard input, never from an argument. It is sent to the origin of the URL only, also
changed, doubled and in the query, which servers may log: use one that was made for this.
No credential is ever printed, not even in part.

Options:
  --only <rows>        rows by id or letter, such as C,B5
  --stdin              read the credential from standard input; a second line is a right
                       credential of another user (or ${OTHER_TOKEN})
  --header <name>      the header that carries the credential, such as X-API-Key;
                       default: Authorization: Bearer
  --origin <origin>    the origin of a web client that the server allows; others must get 403
  --resource <url>     the public URL of the server, if it is not the audited one
  --issuer <url>       start an authorization server at this loopback URL, such as
                       http://127.0.0.1:9797; the server must trust it; port 0: any free port
  --scope <scopes>     what a valid token of that issuer needs; default: what the server names
  --tool <name>        a tool that needs more scopes than others; it is called without
                       arguments, at the end once with the scopes that it asked for
  --timeout <seconds>  for each answer, 1 to 60; default 5
  --json               print the result as JSON
  --html <file>        write a report: one file, to be read or printed
  -- <command>         start the server with this command, audit it, end it; the command finds
                       MCP_AUDIT_ISSUER, MCP_AUDIT_JWKS_URI and MCP_AUDIT_RESOURCE in its
                       environment if there is an --issuer

Examples:
  mcp-native-auth audit https://mcp.example.com/mcp
  mcp-native-auth audit https://mcp.example.com/mcp --only D,C --html report.html
  mcp-native-auth audit http://127.0.0.1:3000/mcp --header X-API-Key --stdin < key.txt
  mcp-native-auth audit http://127.0.0.1:3000/mcp --issuer http://127.0.0.1:9797 -- node server.js

Exit codes: 0 all rows that could be checked pass, 1 at least one fails, 2 the audit could not be done.
`;

/** @type {Record<string, { type: "string" | "boolean" }>} */
const OPTIONS = {
  only: { type: "string" },
  stdin: { type: "boolean" },
  header: { type: "string" },
  origin: { type: "string" },
  resource: { type: "string" },
  issuer: { type: "string" },
  scope: { type: "string" },
  tool: { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean" },
  html: { type: "string" },
};

/**
 * @param {string[]} args what follows `audit`
 * @param {{ stdin: any, stdout: any, stderr: any, env?: NodeJS.ProcessEnv }} streams
 * @returns {Promise<number>} the exit code
 */
export async function audit(args, { stdin, stdout, stderr, env = process.env }) {
  const given = readArguments(args);
  const redactor = new Redactor();
  const secrets = await readSecrets(given, { stdin, stderr, env });
  for (const secret of secrets) {
    redactor.hide(secret);
  }
  const [token, other] = secrets;
  // What is read by programs is alone on standard output.
  const terminal = new Terminal(given.json ? stderr : stdout, env);
  describePlan(terminal, given, token);

  const cleanup = [];
  const interruption = onInterruption();
  try {
    const { signal } = interruption;
    const result = await runAudit({ ...given, token, other, env, signal }, redactor, terminal, cleanup);
    if (signal.aborted) {
      return EXIT_INTERRUPTED;
    }
    terminal.summary(result);
    if (given.json) {
      stdout.write(`${redactor.redact(JSON.stringify(result, undefined, 2))}\n`);
    }
    if (given.html !== undefined) {
      writeReport(given.html, redactor.redact(toHtml(result)));
      terminal.paragraph(`The report is in ${given.html}.`);
    }
    if (result.problem !== undefined) {
      throw new ProbeError(result.problem);
    }
    return result.summary.fail > 0 ? EXIT_FINDINGS : EXIT_OK;
  } catch (error) {
    if (interruption.signal.aborted) {
      return EXIT_INTERRUPTED;
    }
    if (!(error instanceof ProbeError)) {
      throw error;
    }
    stderr.write(`mcp-native-auth: the audit could not be done: ${redactor.show(error.message, 400)}\n`);
    const { output } = /** @type {{ output?: string }} */ (error);
    for (const line of output?.trimEnd().split("\n").slice(-10) ?? []) {
      stderr.write(`  ${redactor.show(line, 200)}\n`);
    }
    return EXIT_FAILED;
  } finally {
    interruption.stop();
    for (const end of cleanup.reverse()) {
      await end();
    }
  }
}

/** Aborts on the first signal of the system, so that what was started is ended. */
function onInterruption() {
  const controller = new AbortController();
  // Every request and pause listens, and many are open at once: no leak of which to warn.
  setMaxListeners(0, controller.signal);
  const interrupt = () => controller.abort();
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM"]);
  for (const signal of signals) {
    process.on(signal, interrupt);
  }
  return {
    signal: controller.signal,
    stop() {
      for (const signal of signals) {
        process.off(signal, interrupt);
      }
    },
  };
}

async function runAudit(given, redactor, terminal, cleanup) {
  const { url, resource, command, env, signal } = given;
  const startedAt = new Date();
  const start = performance.now();
  const issuer = given.issuer && (await startIssuer(given.issuer, url.port, cleanup));
  if (issuer) {
    issuer.audience = resource;
    terminal.paragraph(`Issuer ${issuer.url}, keys ${issuer.jwksUri}, audience ${resource}.`);
  }
  let server;
  if (command !== undefined) {
    const own = {
      MCP_AUDIT_ISSUER: issuer?.url,
      MCP_AUDIT_JWKS_URI: issuer?.jwksUri,
      MCP_AUDIT_RESOURCE: resource,
    };
    const { [TOKEN]: _token, [OTHER_TOKEN]: _other, ...inherited } = env;
    server = await StartedServer.start(command, url, { ...inherited, ...(issuer && own) }, signal);
    const started = server;
    cleanup.push(() => started.stop());
  }
  const client = new Client({ url, timeoutMs: given.timeoutMs, maxRequests: MAX_REQUESTS, signal });
  const subject = new Subject({
    url,
    resource,
    client,
    redactor,
    signal,
    issuer: issuer || undefined,
    given,
    output: server && (() => server.output),
  });
  await subject.learn();
  const rows = [];
  const problem = await judgeRows(subject, given.rows, { terminal, server, rows, start, signal });
  if (problem === undefined) {
    await subject.leave();
  }
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  const summary = { pass: count("pass"), fail: count("fail"), notChecked: count("not checked") };
  return {
    tool: "mcp-native-auth audit",
    version: readVersion(),
    url: url.href,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - start),
    requests: client.requests,
    generations: [...subject.generations],
    summary,
    rows,
    problem: problem ?? (summary.pass + summary.fail === 0 ? "none of the rows could be checked" : undefined),
  };
}

async function startIssuer(at, reserved, cleanup) {
  try {
    const issuer = await Issuer.start(at, reserved);
    cleanup.push(() => issuer.stop());
    return issuer;
  } catch (error) {
    throw new ProbeError(`the issuer cannot listen at ${at.origin} (${error.code ?? "unknown error"})`);
  }
}

/** @returns {Promise<string | undefined>} why it ended early */
async function judgeRows(subject, selected, { terminal, server, rows, start, signal }) {
  let silences = 0;
  for (const row of selected) {
    terminal.progress(row);
    /** @type {any} */
    let judgement;
    const obstacle = findObstacle(row, subject);
    const { requests } = subject;
    try {
      judgement = obstacle ? { verdict: "not checked", reason: obstacle } : await row.judge(subject);
      silences = subject.requests === requests ? silences : 0;
    } catch (error) {
      if (error instanceof LimitedError) {
        judgement = { verdict: "not checked", reason: error.message };
      } else if (error instanceof ProbeError) {
        silences++;
        judgement = { verdict: "fail", received: error.message };
      } else {
        throw error;
      }
    }
    if (signal.aborted) {
      return "interrupted";
    }
    const { id, title, source, level, sent, fix } = row;
    const judged = { id, title, source, level, sent, ...judgement, fix };
    rows.push(judged);
    terminal.row(judged);
    if (server?.end !== undefined) {
      return `the server ${server.end} during the audit`;
    }
    if (silences === MAX_SILENCES) {
      return `the server gave no answer ${MAX_SILENCES} times in a row: ${judgement.received}`;
    }
    if (performance.now() - start > MAX_RUN_MS) {
      return `the audit takes no longer than ${MAX_RUN_MS / 60_000} minutes`;
    }
  }
  return undefined;
}

function describePlan(terminal, { url, resource, rows, issuer, tool, command, timeoutMs }, token) {
  terminal.paragraph(
    `Audits ${url.href}: ${rows.length} of ${ROWS.length} rows, at most ${MAX_REQUESTS} requests of at most ` +
      `${timeoutMs / 1000} s each. Follows no redirect.`,
  );
  if (resource !== url.href) {
    terminal.paragraph(`The server is known to clients as ${resource}.`);
  }
  if (issuer) {
    terminal.paragraph("Starts an authorization server on loopback. Its tokens are sent to the URL only.");
    if (tool !== undefined) {
      terminal.paragraph("Calls the tool that --tool names, without arguments.");
    }
  } else if (token !== undefined) {
    terminal.paragraph(
      `Sends the credential to ${url.origin} only, also changed, doubled and in the query, which servers may log. Prints no part of it.`,
    );
  }
  if (command) {
    terminal.paragraph(
      `Starts the server (${command[0].replaceAll(/[^\x20-\x7e]/g, "?")}, ${command.length - 1} arguments) and ends it.`,
    );
  }
}

async function readSecrets({ usesStdin, issuer }, { stdin, stderr, env }) {
  if (issuer !== undefined) {
    if (usesStdin) {
      throw new InputError("--issuer makes its own tokens; leave out --stdin");
    }
    return [];
  }
  const secrets = usesStdin
    ? (await readKeys(stdin, stderr)).map(({ key }) => key)
    : [env[TOKEN] || undefined, env[OTHER_TOKEN] || undefined];
  if (usesStdin && secrets.length === 0) {
    throw new InputError("standard input has no credential");
  }
  const [token, other = env[OTHER_TOKEN] || undefined] = secrets;
  const found = [token, other].filter((secret) => secret !== undefined);
  if (!found.every((secret) => SENDABLE.test(secret))) {
    throw new InputError("the credential has characters that no header can carry");
  }
  return token === undefined ? [] : found;
}

/** Messages give the position of an argument, never what it says: it may be a credential. */
function readArguments(args) {
  const help = "see mcp-native-auth audit --help";
  const end = args.indexOf("--");
  const command = end === -1 ? undefined : args.slice(end + 1);
  if (command?.length === 0) {
    throw new InputError(`a command must follow --; ${help}`);
  }
  const { tokens } = parseArgs({
    args: end === -1 ? args : args.slice(0, end),
    options: OPTIONS,
    strict: false,
    tokens: /** @type {const} */ (true),
  });
  /** @type {Record<string, any>} */
  const values = { __proto__: null };
  let text;
  for (const token of tokens) {
    const argument = `argument ${token.index + 2}`;
    if (token.kind === "positional") {
      if (text !== undefined) {
        throw new InputError(
          `${argument} is a second URL; a credential is read from ${TOKEN} or --stdin only; ${help}`,
        );
      }
      text = token.value;
      continue;
    }
    if (
      token.kind !== "option" ||
      !Object.hasOwn(OPTIONS, token.name) ||
      token.rawName !== `--${token.name}`
    ) {
      throw new InputError(`${argument} is not an option of audit; ${help}`);
    }
    const isSwitch = OPTIONS[token.name].type === "boolean";
    if (isSwitch !== (token.value === undefined)) {
      throw new InputError(`--${token.name} ${isSwitch ? "takes no" : "needs a"} value; ${help}`);
    }
    values[token.name] = isSwitch || token.value;
  }
  const url = readUrl(text, "the first argument");
  return {
    url,
    resource:
      values.resource === undefined ? url.href : readUrl(values.resource, "--resource") && values.resource,
    rows: readRows(values.only),
    usesStdin: values.stdin === true,
    header: readHeader(values.header),
    origin: readOrigin(values.origin),
    issuer: readIssuer(values.issuer),
    scopes: values.scope?.split(" ").filter((scope) => scope !== ""),
    tool: readTool(values.tool, values.issuer),
    timeoutMs: readTimeout(values.timeout),
    json: values.json === true,
    html: values.html,
    command,
  };
}

function readUrl(text, name) {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InputError(`${name} must be an http or https URL, such as https://mcp.example.com/mcp`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new InputError(`${name} must have no user, password, query and fragment`);
  }
  return url;
}

function readRows(only) {
  if (only === undefined) {
    return ROWS;
  }
  const names = only.split(",").map((name) => name.trim().toUpperCase());
  const isKnown = (name) => ROWS.some(({ id }) => id === name || id[0] === name);
  if (!names.every(isKnown)) {
    throw new InputError(`--only takes letters and ids of rows: ${ROWS.map(({ id }) => id).join(" ")}`);
  }
  return ROWS.filter(({ id }) => names.includes(id) || names.includes(id[0]));
}

function readHeader(name = "authorization") {
  if (!FIELD_NAME.test(name)) {
    throw new InputError("--header must be the name of a header field, such as X-API-Key");
  }
  return name.toLowerCase();
}

function readOrigin(origin) {
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw new InputError("--origin must be an origin, such as https://app.example.com");
  }
  return origin;
}

function readIssuer(text) {
  if (text === undefined) {
    return undefined;
  }
  const url = readUrl(text, "--issuer");
  if (url.protocol !== "http:" || !isLoopback(url.hostname)) {
    throw new InputError("--issuer must be an http URL on loopback, such as http://127.0.0.1:9797");
  }
  return url;
}

function readTool(tool, issuer) {
  if (tool !== undefined && issuer === undefined) {
    throw new InputError("--tool needs --issuer, which makes tokens without its scopes");
  }
  if (tool !== undefined && !SENDABLE.test(tool)) {
    throw new InputError("--tool must be the name of a tool");
  }
  return tool;
}

function readTimeout(seconds = "5") {
  if (!/^[1-9][0-9]?$/.test(seconds) || Number(seconds) > 60) {
    throw new InputError("--timeout must be a whole number from 1 to 60");
  }
  return Number(seconds) * 1000;
}

function writeReport(file, html) {
  try {
    writeFileSync(file, html);
  } catch ({ code }) {
    throw new ProbeError(`the report cannot be written (${code ?? "unknown error"})`);
  }
}

function readVersion() {
  return JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version;
}
