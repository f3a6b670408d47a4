import { readFileSync } from "node:fs";
import { checkApiKey, generateApiKey, hashOfApiKey } from "../api-key/generate.js";
import { API_KEY_PROBLEMS } from "../strength/strength.js";
import { readKeys, UnusableInput } from "./standard-input.js";

/**
 * The commands of `mcp-native-auth`. Only `check` loads the native addon, so that keys can be made where it is not
 * built. Keys are read from standard input alone, and no message repeats an argument: it may be
 * a key that was put in the wrong place.
 */

/** Exit codes. */
const FINE = 0;
const NOT_FINE = 1;
const NOT_DONE = 2;

const MOST_KEYS = 100_000;

const WHITE_SPACE_AT_AN_END = /^[\s\p{Cc}]|[\s\p{Cc}]$/u;

const HELP = `Usage: mcp-native-auth <command> [options]

Makes and checks API keys for the providers of mcp-native-auth.

Commands:
  keygen      make keys: each with its hash, for the configuration, and an id
  hash        print the hashes of keys that are read from standard input
  check       tell whether keys from standard input are intact and strong

Options:
  --help      show this, or the help of a command
  --version   show the version

Exit codes: 0 done and all is well, 1 a key is not, 2 the command could not be carried out.
Keys are never taken from arguments, which other users and the shell's history can see.
`;

const COMMANDS = {
  keygen: {
    options: { "--prefix": "value", "--count": "value", "--json": "switch" },
    run: keygen,
    help: `Usage: mcp-native-auth keygen [--prefix <prefix>] [--count <number>] [--json]

Prints new API keys, each with its hash and an id. A key holds 256 random bits and a checksum.

Options:
  --prefix <prefix>   what keys begin with, 2 to 20 letters and digits, single underscores between
                      them allowed; default mcp
  --count <number>    how many keys, 1 to ${MOST_KEYS}; default 1
  --json              one JSON object per line: {"key", "hash", "id"}

Exit codes: 0 done, 2 not done.
`,
  },
  hash: {
    options: { "--json": "switch" },
    run: hash,
    help: `Usage: mcp-native-auth hash [--json] < file

Reads keys from standard input, one per line, and prints the hash of each: sha256: and 64 hexadecimal
digits. Line ends do not count and empty lines are passed over; other white space is part of the key.
On a terminal one key is asked for and not shown.

Options:
  --json   one JSON object per line: {"line", "hash"}

Exit codes: 0 done, 2 not done.
`,
  },
  check: {
    options: { "--allow-foreign": "switch", "--json": "switch" },
    run: check,
    help: `Usage: mcp-native-auth check [--allow-foreign] [--json] < file

Reads keys from standard input, one per line, and prints a verdict on each:
  ok        as keygen makes them, and intact
  typo      nearly so: a character is wrong, missing or too many
  foreign   of another form, and nothing speaks against it
  weak      easy to guess, short, or with white space at an end
Nothing is looked up: ok does not mean that a server accepts the key.
On a terminal one key is asked for and not shown.

Options:
  --allow-foreign   foreign keys are well, too
  --json            one JSON object per line: {"line", "verdict", "problems"}

Exit codes: 0 all keys are ok, 1 one is not, 2 not done.
`,
  },
};

/** A command that cannot be carried out, in words that may be shown. */
class NotDone extends Error {}

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
      return FINE;
    }
    if (name === "--version") {
      stdout.write(
        `${JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version}\n`,
      );
      return FINE;
    }
    if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
      throw new NotDone(
        `the first argument must be a command: ${Object.keys(COMMANDS).join(", ")}; see mcp-native-auth --help`,
      );
    }
    const { options, run, help } = COMMANDS[name];
    if (rest.includes("--help") || rest.includes("-h")) {
      stdout.write(help);
      return FINE;
    }
    return await run(parsedOptions(name, rest, options), { stdin, stdout, stderr });
  } catch (error) {
    // What is not expected is not shown either: its message is not ours to vouch for.
    const isKnown =
      error instanceof NotDone || error instanceof UnusableInput || error.code?.startsWith?.("ERR_MCP_AUTH_");
    stderr.write(`mcp-native-auth: ${isKnown ? error.message : "an unexpected error"}\n`);
    return error.exitCode ?? NOT_DONE;
  }
}

/** Options by name, without the hyphens. Arguments are told by their place, never by what they say. */
function parsedOptions(command, args, known) {
  const given = { __proto__: null };
  for (let index = 0; index < args.length; index += 1) {
    const place = `argument ${index + 2}`;
    const help = `see mcp-native-auth ${command} --help`;
    const equals = args[index].indexOf("=");
    const name = equals === -1 ? args[index] : args[index].slice(0, equals);
    if (!name.startsWith("-")) {
      throw new NotDone(
        `${place} is not an option; keys are read from standard input only, because arguments show in lists of ` +
          `processes and in the shell's history (if it is a key in use, replace it); ${help}`,
      );
    }
    if (!Object.hasOwn(known, name)) {
      throw new NotDone(`${place} is not an option of ${command}; ${help}`);
    }
    if (known[name] === "switch") {
      if (equals !== -1) {
        throw new NotDone(`${name} takes no value; ${help}`);
      }
      given[name.slice(2)] = true;
      continue;
    }
    const value = equals === -1 ? args[index + 1] : args[index].slice(equals + 1);
    if (value === undefined) {
      throw new NotDone(`${name} needs a value; ${help}`);
    }
    index += equals === -1 ? 1 : 0;
    given[name.slice(2)] = value;
  }
  return given;
}

function keygen({ prefix, count = "1", json }, { stdout, stderr }) {
  if (!/^[1-9][0-9]{0,5}$/.test(count) || Number(count) > MOST_KEYS) {
    throw new NotDone(`--count must be a whole number from 1 to ${MOST_KEYS}`);
  }
  const generated = Array.from({ length: Number(count) }, () => generateApiKey({ prefix }));
  const texts = generated.map((one) =>
    json ? `${JSON.stringify(one)}\n` : `key:  ${one.key}\nhash: ${one.hash}\nid:   ${one.id}\n`,
  );
  stdout.write(texts.join(json ? "" : "\n"));
  stderr.write(
    "mcp-native-auth: keys are shown this once and cannot be had from their hashes; " +
      "give each to its client alone and keep the hash and id\n",
  );
  return FINE;
}

async function hash({ json }, { stdin, stdout, stderr }) {
  const given = await givenKeys(stdin, stderr);
  for (const { line } of given.filter(({ key }) => WHITE_SPACE_AT_AN_END.test(key))) {
    stderr.write(`mcp-native-auth: line ${line}: ${API_KEY_PROBLEMS["white-space"]}\n`);
  }
  const texts = given.map(({ line, key }) => {
    const text = hashOfApiKey(key);
    return json ? `${JSON.stringify({ line, hash: text })}\n` : `${text}\n`;
  });
  stdout.write(texts.join(""));
  return FINE;
}

async function check({ json, "allow-foreign": allowForeign }, { stdin, stdout, stderr }) {
  const given = await givenKeys(stdin, stderr);
  const { weaknessesOfApiKeys } = await import("../strength/judge.js");
  const problems = given.map(() => []);
  for (const { index, problem } of weaknessesOfApiKeys(given.map(({ key }) => key))) {
    problems[index].push(problem);
  }
  const verdicts = given.map(({ key }, index) => verdictOn(key, problems[index]));
  const texts = given.map(({ line }, index) => {
    const verdict = verdicts[index];
    const told = [verdict, ...problems[index].map((problem) => API_KEY_PROBLEMS[problem])].join("; ");
    return json
      ? `${JSON.stringify({ line, verdict, problems: problems[index] })}\n`
      : `line ${line}: ${told}\n`;
  });
  stdout.write(texts.join(""));
  const isWell = (verdict) => verdict === "ok" || (verdict === "foreign" && allowForeign);
  return verdicts.every(isWell) ? FINE : NOT_FINE;
}

function verdictOn(key, problems) {
  const form = checkApiKey(key);
  return form !== "typo" && problems.length > 0 ? "weak" : form;
}

async function givenKeys(stdin, stderr) {
  const given = await readKeys(stdin, stderr);
  if (given.length === 0) {
    throw new NotDone("there is no key on standard input; pass one per line, such as from a file with <");
  }
  return given;
}
