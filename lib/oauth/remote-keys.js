import { SourceError } from "../core/refresh.js";
import { readKeyList, readLoadedKeys, wipe } from "../jwt/key-list.js";
import { createTokenVerifier } from "../jwt/token-verifier.js";
import { CACHED_ID_BASE, rejectionCodes } from "../native/load.js";
import { readHeader, readUnverifiedClaims } from "./header.js";
import { ANY_KEY, createKeySet } from "./jwks.js";

const REJECTIONS = rejectionCodes();

/** How long ago a token may have expired for its issuer still to be asked about its key: clocks differ. */
const MAX_SKEW_SECONDS = 300;

/**
 * Verifies tokens with keys that an issuer publishes by URL, or that a function of the configuration gives.
 *
 * @typedef {{ claims: Record<string, any>, keyId: string | undefined } | string} Outcome the claims of a token that is
 *   accepted, or the reason of a rejection
 */
export class RemoteKeys {
  #algorithms;
  #judge;
  #keys;
  #maxSkewSeconds;
  /** Whether keys may be without `kid`, and are then tried as those of `JWTAuthProvider` are. */
  #isLoaded;

  /**
   * @param {object} options
   * @param {string} options.name of the class
   * @param {Parameters<typeof createKeySet>[0]["locate"]} [options.locate] where the keys are
   * @param {(context: { signal: AbortSignal }) => unknown} [options.loadKeys] instead: gives the keys, or a promise
   * @param {string[]} options.algorithms
   * @param {Record<string, any>} options.settings as the native verifier takes them, and `strict`
   * @param {(claims: Record<string, any>, header: import("./header.js").TokenHeader) => string | undefined} options.judge
   *   the reason to reject claims whose signature holds
   * @param {boolean} [options.requireHttps]
   * @param {(failed: import("../core/refresh.js").Failed) => void} options.onFailure told of each fetch that failed
   * @param {import("../core/reporter.js").Reporter} [options.reporter] told what is wrong with keys of `loadKeys`
   */
  constructor({ name, locate, loadKeys, algorithms, settings, judge, requireHttps, onFailure, reporter }) {
    this.#algorithms = algorithms;
    this.#judge = judge;
    this.#maxSkewSeconds = Math.max(MAX_SKEW_SECONDS, settings.clockTolerance);
    this.#isLoaded = loadKeys !== undefined;
    const build = (keyList) => {
      try {
        return createTokenVerifier(name, keyList, { ...settings, algorithms }, reporter);
      } finally {
        wipe(keyList);
      }
    };
    const source =
      loadKeys === undefined
        ? { locate, requireHttps, build: (jwks) => build(readKeyList(name, undefined, jwks)) }
        : { name: "`loadKeys`", load: loader(name, loadKeys, settings.strict), build };
    this.#keys = createKeySet({ ...source, onFailure });
  }

  /**
   * @param {string} token
   * @returns {Outcome | Promise<Outcome>} rejects with a SourceError when that cannot be decided
   */
  verify(token) {
    const header = readHeader(token);
    if (header === undefined) {
      return "TOKEN_MALFORMED";
    }
    const { kid, alg } = header;
    if (kid === undefined && !this.#isLoaded) {
      return "TOKEN_KEY_UNKNOWN";
    }
    if (alg === undefined || !this.#algorithms.includes(alg)) {
      return "TOKEN_ALGORITHM_NOT_ALLOWED";
    }
    const known = this.#keys.peek(kid);
    if (known !== undefined) {
      return this.#verifyWith(known, token, header);
    }
    const others = this.#isLoaded ? this.#keys.peek(ANY_KEY) : undefined;
    if (others !== undefined) {
      const outcome = this.#verifyWith(others, token, header);
      if (kid === undefined || outcome !== "TOKEN_SIGNATURE_INVALID") {
        return outcome;
      }
    }
    // An issuer is only asked about a token that would be accepted if its signature held.
    const claims = readUnverifiedClaims(token);
    if (claims === undefined || this.#isOver(claims) || this.#judge(claims, header) !== undefined) {
      return "TOKEN_KEY_UNKNOWN";
    }
    return this.#verifyNewer(others, token, header);
  }

  /** After a fetch. `tried` are keys that the token was tried with before. */
  async #verifyNewer(tried, token, header) {
    const named = await this.#keys.keysFor(header.kid ?? ANY_KEY);
    const keys = named ?? (this.#isLoaded ? this.#keys.peek(ANY_KEY) : undefined);
    return keys === undefined || keys === tried ? "TOKEN_KEY_UNKNOWN" : this.#verifyWith(keys, token, header);
  }

  /** @param {Record<string, unknown>} claims */
  #isOver({ exp }) {
    const isAhead = typeof exp === "number" && exp + this.#maxSkewSeconds > Date.now() / 1000;
    return exp !== undefined && !isAhead;
  }

  /** @returns {Outcome} */
  #verifyWith({ verify, cache, keyIds }, token, header) {
    const verified = verify(token, Math.floor(Date.now() / 1000));
    if (typeof verified === "number" && verified < CACHED_ID_BASE) {
      const reason = REJECTIONS[verified];
      if (reason === "TOKEN_SIGNATURE_INVALID") {
        // The key may have been replaced under the same `kid`.
        this.#keys.suspect();
      }
      return reason;
    }
    const isNew = typeof verified === "string";
    const cached = isNew ? undefined : cache.get(verified);
    const claims = isNew ? JSON.parse(verified.slice(1)) : cached.clone();
    const keyId = keyIds[isNew ? verified.charCodeAt(0) : cached.keyIndex];
    return this.#judge(claims, header) ?? { claims, keyId };
  }

  /** Fetches the keys now. */
  ready() {
    return this.#keys.ready();
  }

  close() {
    this.#keys.close();
  }
}

/** @returns {import("./jwks.js").Load} */
function loader(name, loadKeys, strict) {
  return async ({ signal }) => {
    const given = await loadKeys({ signal });
    // Too late, they would not be wiped.
    signal.throwIfAborted();
    const keyList = readForm(name, given, strict);
    const ids = keyList.keys.map(({ id }) => id);
    return { answer: keyList, ids: ids.length === 0 ? [] : [ANY_KEY, ...ids] };
  };
}

function readForm(name, given, strict) {
  try {
    return readLoadedKeys(name, given, strict);
  } catch {
    throw new SourceError(
      "ERR_MCP_AUTH_KEYS_RELOAD_FAILED",
      "`loadKeys` must give an array of keys or a JWK Set, or a promise of one",
    );
  }
}
