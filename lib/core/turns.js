/** Requests of one client that must be decided one after the other. Holds nothing of clients without one under way. */
export class Turns {
  /** @type {Map<string, Promise<void>>} */
  #last = new Map();

  /**
   * @param {string} client
   * @returns {{ begins: Promise<void> | undefined, end: () => void }} `begins` is `undefined` if no request is before it
   */
  take(client) {
    const begins = this.#last.get(client);
    /** @type {() => void} */
    let resolve = () => {};
    /** @type {Promise<void>} */
    const ended = new Promise((settle) => {
      resolve = settle;
    });
    this.#last.set(client, ended);
    const end = () => {
      if (this.#last.get(client) === ended) {
        this.#last.delete(client);
      }
      resolve();
    };
    return { begins, end };
  }
}
