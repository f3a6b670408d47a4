import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** In bytes: more than 100,000 keys, and little enough to be held. */
const LARGEST_INPUT = 16 * 1024 * 1024;

/** Input that cannot be used, in words that hold nothing of it. */
export class UnusableInput extends Error {}

/**
 * The keys on standard input, one per line: UTF-8 text with line ends of any system, the last line with
 * or without one. Empty lines are none. Of a terminal, one key is asked for, which is not shown.
 *
 * @param {import("node:stream").Readable} input
 * @param {import("node:stream").Writable} prompts where a person reads, and no key is ever written
 * @returns {Promise<{ line: number, key: string }[]>} with the number of each key's line, from 1
 * @throws {UnusableInput}
 */
export async function readKeys(input, prompts) {
  const text = input.isTTY ? await askedFor(input, prompts) : decoded(await readBytes(input));
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
      if (size > LARGEST_INPUT) {
        break;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw new UnusableInput(`standard input cannot be read (${error.code ?? "unknown error"})`);
  }
  if (size > LARGEST_INPUT) {
    throw new UnusableInput("standard input is longer than 16 MiB; pass fewer keys at a time");
  }
  return Buffer.concat(chunks);
}

function decoded(bytes) {
  try {
    // A byte order mark, which Windows editors and shells put in front, is left out.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UnusableInput("standard input is not UTF-8 text; save the file as UTF-8");
  }
}

/** Asks for one line, which the terminal does not show. Empty if the person ends the input instead. */
function askedFor(input, prompts) {
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
      reject(Object.assign(new UnusableInput("interrupted"), { exitCode: 130 }));
      terminal.close();
    });
    terminal.once("close", () => {
      prompts.write("\n");
      resolve("");
    });
  });
}
