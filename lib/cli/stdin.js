import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** In bytes: more than 100,000 keys, and little enough to be held. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** Input that cannot be used. The message holds nothing of it. */
export class InputError extends Error {}

/**
 * The keys on standard input, one per line: UTF-8 text with line ends of any system, the last line with or without
 * one. Empty lines are skipped. On a terminal, prompts for one key, which is not shown.
 *
 * @param {import("node:stream").Readable & { isTTY?: boolean }} input
 * @param {import("node:stream").Writable} prompts what a person reads; no key is ever written to it
 * @returns {Promise<{ line: number, key: string }[]>} with the number of each key's line, from 1
 * @throws {InputError}
 */
export async function readKeys(input, prompts) {
  const text = input.isTTY ? await promptForKey(input, prompts) : decode(await readBytes(input));
  return text
    .split(/\r?\n/)
    .map((key, index) => ({ line: index + 1, key }))
    .filter(({ key }) => key !== "");
}

async function readBytes(input) {
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of input) {
      size += chunk.length;
      if (size > MAX_INPUT_BYTES) {
        break;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw new InputError(`standard input cannot be read (${error.code ?? "unknown error"})`);
  }
  if (size > MAX_INPUT_BYTES) {
    throw new InputError("standard input is longer than 16 MiB; pass fewer keys at a time");
  }
  return Buffer.concat(chunks);
}

function decode(bytes) {
  try {
    // A byte order mark, which Windows editors and shells put in front, is left out.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError("standard input is not UTF-8 text; save the file as UTF-8");
  }
}

/** Prompts for one line, which the terminal does not show. Empty if the input ends instead. */
function promptForKey(input, prompts) {
  // What readline would echo goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output, terminal: true, historySize: 0 });
  prompts.write("Key (is not shown): ");
  return new Promise((resolve, reject) => {
    terminal.once("line", (line) => {
      resolve(line);
      terminal.close();
    });
    terminal.once("SIGINT", () => {
      reject(Object.assign(new InputError("interrupted"), { exitCode: 130 }));
      terminal.close();
    });
    terminal.once("close", () => {
      prompts.write("\n");
      resolve("");
    });
  });
}
