import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkApiKey, generateApiKey, hashOfApiKey } from "../api-key/generate.js";
import { findDamage } from "../core/damage.js";
import { PROBLEMS } from "../core/weakness.js";
import { InputError, readKeys } from "./stdin.js";

/**
 * The commands of `mcp-native-auth`. Only `check` loads the native addon, so that the others work where it is not
 * built. Keys are read from standard input only, and no message repeats an argument: it may
 * be a key in the wrong place.
 */

const EXIT_OK = 0;
const EXIT_FINDINGS = 1;
const EXIT_USAGE = 2;

const MAX_KEYS = 100_000;

const WHITE_SPACE_AT_AN_END = /^[\s\p{Cc}]|[\s\p{Cc}]$/u;

const HELP = `Usage: mcp-native-auth <command> [options]

Generates and checks API keys, and audits MCP servers.

Commands:
  keygen      generate keys, each with an id and its hash for the configuration
  hash        print the hashes of keys from standard input
  check       check whether keys from standard input are intact and strong
  audit       audit the authorization of any MCP server by its URL

Options:
  --help      show this, or the help of a command
  --version   show the version

Exit codes: 0 success, 1 at least one key or row failed the check, 2 usage or input error.
Keys are never read from arguments, which other users and the shell's history can see.
`;

const COMMANDS = {
  keygen: {
    options: { prefix: "value", count: "value", json: "switch" },
    run: keygen,
    help: `Usage: mcp-native-auth keygen [--prefix <prefix>] [--count <number>] [--json]

Prints new API keys, each with its hash and an id. A key holds 256 random bits and a checksum.

Options:
  --prefix <prefix>   prefix of the keys: 2 to 20 letters and digits, with single underscores
                      between them; default mcp
  --count <number>    how many keys, 1 to ${MAX_KEYS}; default 1
  --json              one JSON object per line: {"key", "hash", "id"}

Exit codes: 0 success, 2 usage or input error.
`,
  },
  hash: {
    options: { json: "switch" },
    run: hash,
    help: `Usage: mcp-native-auth hash [--json] < file

Reads keys from standard input, one per line, and prints the hash of each: sha256: and 64 hexadecimal
digits. Line ends are removed and empty lines skipped; other white space is part of the key.
On a terminal, prompts for one key, which is not shown.

Options:
  --json   one JSON object per line: {"line", "hash"}

Exit codes: 0 success, 2 usage or input error.
`,
  },
  check: {
    options: { "allow-unrecognized": "switch", json: "switch" },
    run: check,
    help: `Usage: mcp-native-auth check [--allow-unrecognized] [--json] < file

Reads keys from standard input, one per line, and prints a verdict on each:
  ok             a key from keygen, intact
  typo           nearly a key from keygen: a character is wrong, missing or doubled
  unrecognized   a key of another form, not weak
  weak           easy to guess, short, or with white space at an end
  damaged        in quotes, a whole NAME=value line, or the like
Nothing is looked up: ok does not mean that a server accepts the key.
On a terminal, prompts for one key, which is not shown.

Options:
  --allow-unrecognized   accept keys of another form
  --json                 one JSON object per line: {"line", "verdict", "problems"}

Exit codes: 0 all keys are ok, 1 at least one is not, 2 usage or input error.
`,
  },
};

/** A command that cannot run. The message may be shown. */
class UsageError extends Error {}

/**
 * @param {string[]} args what follows the name of the program
 * @param {{ stdin: import("node:stream").Readable, stdout: import("node:stream").Writable, stderr: import("node:stream").Writable }} streams
 * @returns {Promise<number>} the exit code
 */
export async function runCommandLine(args, { stdin, stdout, stderr }) {
  const [name, ...rest] = args;
  try {
    if (name === "--help" || name === "-h") {
      stdout.write(HELP);
      return EXIT_OK;
    }
    if (name === "--version") {
      stdout.write(
        `${JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version}\n`,
      );
      return EXIT_OK;
    }
    if (name === undefined || (name !== "audit" && !Object.hasOwn(COMMANDS, name))) {
      throw new UsageError(
        `the first argument must be a command: ${Object.keys(COMMANDS).join(", ")}, audit; see mcp-native-auth --help`,
      );
    }
    if (name === "audit") {
      // Loaded when it is needed. Arguments after -- are not its own.
      const { audit, HELP: help } = await import("./audit/index.js");
      const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
      if (own.includes("--help") || own.includes("-h")) {
        stdout.write(help);
        return EXIT_OK;
      }
      return await audit(rest, { stdin, stdout, stderr });
    }
    const { options, run, help } = COMMANDS[name];
    if (rest.includes("--help") || rest.includes("-h")) {
      stdout.write(help);
      return EXIT_OK;
    }
    return await run(readArguments(name, rest, options), { stdin, stdout, stderr });
  } catch (error) {
    // An unexpected message may hold a key.
    const isKnown =
      error instanceof UsageError || error instanceof InputError || error.code?.startsWith?.("ERR_MCP_AUTH_");
    stderr.write(`mcp-native-auth: ${isKnown ? error.message : "an unexpected error"}\n`);
    return error.exitCode ?? EXIT_USAGE;
  }
}

/** Options by name, without the hyphens. Messages give the position of an argument, never what it says. */
function readArguments(command, args, known) {
  const help = `see mcp-native-auth ${command} --help`;
  /** @type {NonNullable<import("node:util").ParseArgsConfig["options"]>} */
  const options = Object.fromEntries(
    Object.entries(known).map(([name, kind]) => [name, { type: kind === "switch" ? "boolean" : "string" }]),
  );
  const { tokens } = parseArgs({ args, options, strict: false, tokens: /** @type {const} */ (true) });
  const given = { __proto__: null };
  for (const token of tokens) {
    const argument = `argument ${token.index + 2}`;
    if (token.kind !== "option") {
      throw new UsageError(
        `${argument} is not an option; keys are read from standard input only, because arguments show in process ` +
          `lists and in the shell's history (if it is a key in use, replace it); ${help}`,
      );
    }
    const { name, value } = token;
    if (!Object.hasOwn(known, name) || token.rawName !== `--${name}`) {
      throw new UsageError(`${argument} is not an option of ${command}; ${help}`);
    }
    const isSwitch = known[name] === "switch";
    if (isSwitch && value !== undefined) {
      throw new UsageError(`--${name} takes no value; ${help}`);
    }
    if (!isSwitch && value === undefined) {
      throw new UsageError(`--${name} needs a value; ${help}`);
    }
    given[name] = isSwitch || value;
  }
  return given;
}

function keygen({ prefix, count = "1", json }, { stdout, stderr }) {
  if (!/^[1-9][0-9]{0,5}$/.test(count) || Number(count) > MAX_KEYS) {
    throw new UsageError(`--count must be a whole number from 1 to ${MAX_KEYS}`);
  }
  const generated = Array.from({ length: Number(count) }, () => generateApiKey({ prefix }));
  const texts = generated.map((one) =>
    json ? `${JSON.stringify(one)}\n` : `key:  ${one.key}\nhash: ${one.hash}\nid:   ${one.id}\n`,
  );
  stdout.write(texts.join(json ? "" : "\n"));
  stderr.write(
    "mcp-native-auth: keys are shown only once and cannot be recovered from their hashes; " +
      "give each to its client only and keep the hash and id\n",
  );
  return EXIT_OK;
}

async function hash({ json }, { stdin, stdout, stderr }) {
  const given = await requireKeys(stdin, stderr);
  for (const { line } of given.filter(({ key }) => WHITE_SPACE_AT_AN_END.test(key))) {
    stderr.write(`mcp-native-auth: line ${line}: ${PROBLEMS["white-space"]}\n`);
  }
  for (const { line, key } of given) {
    const damage = findDamage(key);
    if (damage !== undefined) {
      stderr.write(`mcp-native-auth: line ${line} ${damage}\n`);
    }
  }
  const texts = given.map(({ line, key }) => {
    const text = hashOfApiKey(key);
    return json ? `${JSON.stringify({ line, hash: text })}\n` : `${text}\n`;
  });
  stdout.write(texts.join(""));
  return EXIT_OK;
}

async function check({ json, "allow-unrecognized": allowUnrecognized }, { stdin, stdout, stderr }) {
  const given = await requireKeys(stdin, stderr);
  const { weaknessesOfApiKeys } = await import("../api-key/strength.js");
  /** @type {import("../core/weakness.js").Problem[][]} */
  const problems = given.map(() => []);
  for (const { index, problem } of weaknessesOfApiKeys(given.map(({ key }) => key))) {
    problems[index].push(problem);
  }
  const verdicts = given.map(({ key }, index) => verdictOn(key, problems[index]));
  const texts = given.map(({ line }, index) => {
    const verdict = verdicts[index];
    const damage = verdict === "damaged" ? [findDamage(given[index].key)] : [];
    const told = [verdict, ...damage, ...problems[index].map((problem) => PROBLEMS[problem])].join("; ");
    return json
      ? `${JSON.stringify({ line, verdict, problems: problems[index] })}\n`
      : `line ${line}: ${told}\n`;
  });
  stdout.write(texts.join(""));
  const passes = (verdict) => verdict === "ok" || (verdict === "unrecognized" && allowUnrecognized);
  return verdicts.every(passes) ? EXIT_OK : EXIT_FINDINGS;
}

function verdictOn(key, problems) {
  const form = checkApiKey(key);
  if (form === "typo") {
    return form;
  }
  if (findDamage(key) !== undefined) {
    return "damaged";
  }
  return problems.length > 0 ? "weak" : form;
}

async function requireKeys(stdin, stderr) {
  const given = await readKeys(stdin, stderr);
  if (given.length === 0) {
    throw new UsageError("standard input has no key; pass one per line, such as from a file with <");
  }
  return given;
}
