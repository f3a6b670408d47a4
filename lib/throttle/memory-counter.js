/**
 * Failed attempts of each client, in bounded memory.
 *
 * The window of a client begins with its first failure and ends a fixed time later; retries do not extend it. All
 * windows are equally long, so they end in the order in which they begin: a ring of entries, of which the oldest is
 * evicted when there is no room. Evicting an entry early takes failures from as many other addresses as there is room
 * for, more attempts than eviction would gain. Eviction never blocks a client.
 */
export class MemoryCounter {
  #failures;
  #windowMs;
  #capacity;
  #now;
  #byClient = new Map();
  #ring = [];
  #oldest = 0;
  #length = 0;

  /**
   * @param {number} failures allowed within a window
   * @param {number} windowMs
   * @param {number} capacity number of clients to remember
   * @param {() => number} now milliseconds of a clock that never goes back
   */
  constructor(failures, windowMs, capacity, now) {
    this.#failures = failures;
    this.#windowMs = windowMs;
    this.#capacity = capacity;
    this.#now = now;
  }

  /** Milliseconds until a client that has used up its failures may try again; 0 if it has not. */
  lockedFor(client) {
    const now = this.#now();
    const entry = this.#byClient.get(client);
    return entry !== undefined && entry.end > now && entry.count >= this.#failures ? entry.end - now : 0;
  }

  /** Counts failures. Gives the milliseconds until the window ends if they are too many, else 0. */
  add(client, failures = 1) {
    const now = this.#now();
    let entry = this.#byClient.get(client);
    if (entry === undefined || entry.end <= now) {
      this.#evict(now);
      entry = { client, end: now + this.#windowMs, count: 0 };
      this.#byClient.set(client, entry);
      this.#ring[(this.#oldest + this.#length) % this.#capacity] = entry;
      this.#length += 1;
    }
    entry.count = Math.min(entry.count + failures, this.#failures + 1);
    return entry.count > this.#failures ? entry.end - now : 0;
  }

  /** Evicts at most two entries for the one that comes: no single failure pays for a whole table. */
  #evict(now) {
    for (let evicted = 0; evicted < 2 && this.#length > 0; evicted += 1) {
      const entry = this.#ring[this.#oldest];
      if (entry.end > now && this.#length < this.#capacity) {
        return;
      }
      this.#ring[this.#oldest] = undefined;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
      this.#length -= 1;
      // The client may have begun another window since.
      if (this.#byClient.get(entry.client) === entry) {
        this.#byClient.delete(entry.client);
      }
    }
  }
}
