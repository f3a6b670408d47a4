import { digest } from "./auth-info.js";

/**
 * Which principal began which session: MCP 2025-11-25, Security Best Practices, Session Hijacking. The id alone proves
 * nothing; another principal is answered as if there were no such session.
 *
 * Where the sessions are kept is up to the application; by default in memory. Documented in index.d.ts as SessionStore.
 *
 * @typedef {import("../../index.js").SessionStore} SessionStore
 */

/** Longer ids are kept as a digest. */
const MAX_ID_LENGTH = 64;
const MAX_OF_ONE = 1000;
const MAX_SESSIONS = 100_000;

export class Sessions {
  #store;

  /** @param {SessionStore} [store] */
  constructor(store = new MemoryStore()) {
    this.#store = store;
  }

  /** Notes who began a session: the response to this principal's request says its id. Never throws or rejects. */
  async begin(id, principal) {
    try {
      await this.#store.set(keyOf(id), principal);
    } catch {
      // The next request of the session finds none, and asks the store itself.
    }
  }

  /**
   * Whether a principal may use a session. One whose beginning was not seen belongs to the first who uses it.
   *
   * @returns {Promise<boolean | undefined>} `undefined` if the store cannot be asked
   */
  async admits(id, principal) {
    try {
      const key = keyOf(id);
      const owner = (await this.#store.get(key)) ?? undefined;
      if (owner === undefined) {
        await this.#store.set(key, principal);
        return true;
      }
      return owner === principal;
    } catch {
      return undefined;
    }
  }
}

const keyOf = (id) => (id.length > MAX_ID_LENGTH ? digest(["session", id]) : id);

/**
 * In memory: at most 100,000 sessions, each a key of at most 64 and a principal of 43 characters, and at most 1,000 of
 * one principal, so that nobody drives out the sessions of others with a few accounts. The least recently used go.
 *
 * @implements {SessionStore}
 */
export class MemoryStore {
  /** @type {Map<string, string>} */
  #owners = new Map();
  /** @type {Map<string, Set<string>>} */
  #sessions = new Map();

  get size() {
    return this.#owners.size;
  }

  get(key) {
    const owner = this.#owners.get(key);
    if (owner !== undefined) {
      this.set(key, owner);
    }
    return owner;
  }

  set(key, owner) {
    this.#forget(key);
    const own = this.#sessions.get(owner) ?? new Set();
    this.#owners.set(key, owner);
    this.#sessions.set(owner, own.add(key));
    if (own.size > MAX_OF_ONE) {
      const [oldest] = own;
      this.#forget(oldest);
    } else if (this.#owners.size > MAX_SESSIONS) {
      const [oldest] = this.#owners.keys();
      this.#forget(oldest);
    }
  }

  #forget(key) {
    const owner = this.#owners.get(key);
    if (owner !== undefined) {
      const own = /** @type {Set<string>} */ (this.#sessions.get(owner));
      own.delete(key);
      if (own.size === 0) {
        this.#sessions.delete(owner);
      }
      this.#owners.delete(key);
    }
  }
}
