/**
 * Streams that outlive their credential: a token that expires or a key that is revoked ends what was opened with it.
 * MCP 2025-11-25, Authorization, Token Handling: every request is checked, and a stream is one long request.
 *
 * @typedef {object} OpenStream
 * @property {number | undefined} expiresAt seconds since the epoch
 * @property {() => boolean | Promise<boolean>} isAccepted whether the credential would be accepted now
 * @property {() => boolean} isOpen
 * @property {() => void} end
 */

/** A stream ends at most this long, and the time of one sweep, after its credential. */
const SWEEP_MS = 2000;
/** Streams between two turns of the loop. */
const SLICE = 500;

export class StreamWatch {
  /** @type {Set<OpenStream>} */
  #streams = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {OpenStream} stream */
  add(stream) {
    this.#streams.add(stream);
    this.#schedule();
  }

  #schedule() {
    if (this.#timer === undefined && this.#streams.size > 0) {
      this.#timer = setTimeout(() => this.#sweep(), SWEEP_MS).unref();
    }
  }

  async #sweep() {
    let looked = 0;
    for (const stream of this.#streams) {
      if (!stream.isOpen()) {
        this.#streams.delete(stream);
      } else if (!(await mayGoOn(stream))) {
        this.#streams.delete(stream);
        stream.end();
      }
      looked += 1;
      if (looked % SLICE === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.#timer = undefined;
    this.#schedule();
  }
}

async function mayGoOn({ expiresAt, isAccepted }) {
  if (expiresAt !== undefined && expiresAt * 1000 <= Date.now()) {
    return false;
  }
  try {
    return await isAccepted();
  } catch {
    return false;
  }
}
