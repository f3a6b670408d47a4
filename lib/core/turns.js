/** Requests of one client that must be decided one after the other. Holds nothing of clients without one under way. */
export class Turns {
  #last = new Map();

  /**
   * @param {string} client
   * @returns {{ begins: Promise<void> | undefined, end: () => void }} `begins` is `undefined` if nobody is before it
   */
  take(client) {
    const begins = this.#last.get(client);
    let end;
    const ended = new Promise((resolve) => {
      end = () => {
        if (this.#last.get(client) === ended) {
          this.#last.delete(client);
        }
        resolve();
      };
    });
    this.#last.set(client, ended);
    return { begins, end };
  }
}
