/**
 * Streams that outlive their credential: a token that expires or a key that is revoked ends what was opened with it.
 * MCP 2025-11-25, Authorization, Token Handling: every request is checked, and a stream is one long request.
 *
 * @typedef {object} OpenStream
 * @property {number | undefined} expiresAt seconds since the epoch
 * @property {() => boolean | Promise<boolean>} isAccepted whether the credential would be accepted now
 * @property {() => void} end
 */

/** A stream ends at most this long, and the time of one sweep, after its credential. */
const SWEEP_MS = 2000;
/** Streams between two turns of the loop. */
const SLICE = 500;

export class StreamWatch {
  /** @type {Set<OpenStream>} */
  #streams = new Set();
  /** Those of which an answer is awaited: one issuer that is slow holds up no other stream. */
  #asked = new WeakSet();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {OpenStream} stream
   * @returns {() => void} to be called when the stream has ended: what is kept until a sweep costs more than the request
   */
  add(stream) {
    this.#streams.add(stream);
    this.#schedule();
    return () => this.#streams.delete(stream);
  }

  #schedule() {
    if (this.#timer === undefined && this.#streams.size > 0) {
      this.#timer = setTimeout(() => this.#sweep(), SWEEP_MS).unref();
    }
  }

  async #sweep() {
    let looked = 0;
    for (const stream of this.#streams) {
      if (stream.expiresAt !== undefined && stream.expiresAt * 1000 <= Date.now()) {
        this.#end(stream);
      } else if (!this.#asked.has(stream)) {
        this.#ask(stream);
      }
      looked += 1;
      if (looked % SLICE === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.#timer = undefined;
    this.#schedule();
  }

  /** @param {OpenStream} stream */
  async #ask(stream) {
    this.#asked.add(stream);
    const isAccepted = await Promise.resolve()
      .then(stream.isAccepted)
      .catch(() => false);
    this.#asked.delete(stream);
    if (!isAccepted) {
      this.#end(stream);
    }
  }

  /** @param {OpenStream} stream */
  #end(stream) {
    // Not one that ended while its issuer was asked.
    if (this.#streams.delete(stream)) {
      stream.end();
    }
  }
}
