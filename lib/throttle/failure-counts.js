/**
 * How often each address failed, in bounded memory.
 *
 * The window of an address begins with its first failure and ends a fixed time later, whatever comes in
 * between. All windows are equally long, so the order in which they begin is the order in which they
 * end: a ring of entries, of which the eldest leaves when there is no room. Whoever wants a count of his
 * forgotten early must therefore fail from as many other addresses as there is room for, which gives him
 * a multiple of the attempts that he gains by it. Forgetting is always in favour of the forgotten:
 * nobody is kept out because others fill the memory.
 */
export class FailureCounts {
  #failures;
  #windowMs;
  #room;
  #now;
  #byAddress = new Map();
  #ring = [];
  #eldest = 0;
  #length = 0;

  /**
   * @param {number} failures how many a window may have
   * @param {number} windowMs
   * @param {number} room number of addresses to remember
   * @param {() => number} now milliseconds of a clock that never goes back
   */
  constructor(failures, windowMs, room, now) {
    this.#failures = failures;
    this.#windowMs = windowMs;
    this.#room = room;
    this.#now = now;
  }

  /** Milliseconds until an address that has used up its failures may go on; 0 if it has not. */
  lockedFor(address) {
    const now = this.#now();
    const entry = this.#byAddress.get(address);
    return entry !== undefined && entry.end > now && entry.count >= this.#failures ? entry.end - now : 0;
  }

  /** Counts a failure. Milliseconds until the window ends if it is one too many, else 0. */
  add(address) {
    const now = this.#now();
    let entry = this.#byAddress.get(address);
    if (entry === undefined || entry.end <= now) {
      this.#makeRoom(now);
      entry = { address, end: now + this.#windowMs, count: 0 };
      this.#byAddress.set(address, entry);
      this.#ring[(this.#eldest + this.#length) % this.#room] = entry;
      this.#length += 1;
    }
    entry.count = Math.min(entry.count + 1, this.#failures + 1);
    return entry.count > this.#failures ? entry.end - now : 0;
  }

  /** Lets go of two entries at most, for the one that comes: no single failure pays for a whole table. */
  #makeRoom(now) {
    for (let gone = 0; gone < 2 && this.#length > 0; gone += 1) {
      const entry = this.#ring[this.#eldest];
      if (entry.end > now && this.#length < this.#room) {
        return;
      }
      this.#ring[this.#eldest] = undefined;
      this.#eldest = (this.#eldest + 1) % this.#room;
      this.#length -= 1;
      // The address may have begun another window since.
      if (this.#byAddress.get(entry.address) === entry) {
        this.#byAddress.delete(entry.address);
      }
    }
  }
}
