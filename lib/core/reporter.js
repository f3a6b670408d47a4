import { randomInt } from "node:crypto";
import { codedError } from "./errors.js";
import { warn } from "./warnings.js";

/** What one provider remembers to have reported. */
const MAX_REMEMBERED = 100;

/** Differs in each process. */
const SEED = randomInt(2 ** 32 - 1);

/**
 * Reports what is wrong with a configuration: under `strict` as an error, else in a process warning, once for each
 * message and value. A provider that loads the same weak key every minute says so once.
 */
export class Reporter {
  /** @type {Set<string>} */
  #reported = new Set();

  /**
   * @param {object} report
   * @param {import("./errors.js").ErrorCode} report.error
   * @param {keyof typeof import("./warnings.js").WARNINGS} report.warning
   * @param {string} report.message names positions and problems, never values
   * @param {readonly (string | Uint8Array)[]} report.values that it is about
   * @param {boolean} report.strict
   */
  report({ error, warning, message, values, strict }) {
    if (strict) {
      throw codedError(error, message);
    }
    this.once(warning, message, values);
  }

  /**
   * @param {keyof typeof import("./warnings.js").WARNINGS} warning
   * @param {string} message
   * @param {readonly (string | Uint8Array)[]} [values]
   */
  once(warning, message, values = []) {
    const mark = [message, ...values].reduce((hash, value) => mix(value, hash), SEED);
    const key = `${warning} ${mark} ${message.length}`;
    if (this.#reported.size < MAX_REMEMBERED && !this.#reported.has(key)) {
      this.#reported.add(key);
      warn(warning, message);
    }
  }
}

/**
 * 32 bits that tell values apart, no more: a collision suppresses a warning. Not a digest of node:crypto, which keeps a
 * copy of its input until it is collected.
 *
 * @param {string | Uint8Array} value
 * @param {number} seed
 */
function mix(value, seed) {
  let hash = seed ^ value.length;
  for (let index = 0; index < value.length; index += 1) {
    const code = typeof value === "string" ? value.charCodeAt(index) : value[index];
    hash = Math.imul(hash ^ code, 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}
