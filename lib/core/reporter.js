import { createHmac, randomBytes } from "node:crypto";
import { codedError } from "./errors.js";
import { warn } from "./warnings.js";

/** What one provider remembers to have reported. */
const MAX_REMEMBERED = 1000;

/** Of this process alone: what is remembered of a weak value must not help to guess it. */
const pepper = randomBytes(32);

/**
 * Reports what is wrong with a configuration: under `strict` as an error, else in a process warning, once for each
 * message and value. A provider that loads the same weak key every minute says so once.
 */
export class Reporter {
  #reported = new Set();

  /**
   * @param {object} report
   * @param {import("./errors.js").ErrorCode} report.error
   * @param {keyof typeof import("./warnings.js").WARNINGS} report.warning
   * @param {string} report.message names positions and problems, never values
   * @param {readonly (string | Uint8Array | undefined)[]} report.values that it is about
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
   * @param {readonly (string | Uint8Array | undefined)[]} [values]
   */
  once(warning, message, values = []) {
    const digest = createHmac("sha256", pepper).update(message);
    for (const value of values) {
      digest.update("\0").update(value ?? "");
    }
    const mark = digest.digest("base64");
    if (this.#reported.size < MAX_REMEMBERED && !this.#reported.has(mark)) {
      this.#reported.add(mark);
      warn(warning, message);
    }
  }
}
