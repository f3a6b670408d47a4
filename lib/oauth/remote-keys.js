import { readKeyList, wipe } from "../jwt/key-list.js";
import { createTokenVerifier } from "../jwt/token-verifier.js";
import { CACHED_ID_BASE, rejectionCodes } from "../native/load.js";
import { readHeader, readUnverifiedClaims } from "./header.js";
import { createKeySet } from "./jwks.js";

const REJECTIONS = rejectionCodes();

/** How long ago a token may have expired for its issuer still to be asked about its key: clocks differ. */
const MAX_SKEW_SECONDS = 300;

/**
 * Verifies tokens with keys that an issuer publishes by URL.
 *
 * @typedef {{ claims: Record<string, any>, keyId: string | undefined } | string} Outcome the claims of a token that is
 *   accepted, or the reason of a rejection
 */
export class RemoteKeys {
  #algorithms;
  #judge;
  #keys;

  /**
   * @param {object} options
   * @param {string} options.name of the class
   * @param {Parameters<typeof createKeySet>[0]["locate"]} options.locate
   * @param {string[]} options.algorithms
   * @param {Record<string, any>} options.settings as the native verifier takes them, and `strict`
   * @param {(claims: Record<string, any>, header: import("./header.js").TokenHeader) => string | undefined} options.judge
   *   the reason to reject claims whose signature holds
   * @param {boolean} options.requireHttps
   * @param {(message: string) => void} options.onFailure told when the issuer begins to fail
   */
  constructor({ name, locate, algorithms, settings, judge, requireHttps, onFailure }) {
    this.#algorithms = algorithms;
    this.#judge = judge;
    this.#keys = createKeySet({
      locate,
      requireHttps,
      build: (jwks) => {
        const keyList = readKeyList(name, undefined, jwks);
        try {
          return createTokenVerifier(name, keyList, { ...settings, algorithms });
        } finally {
          wipe(keyList);
        }
      },
      onFailure: ({ error, failures }) => {
        if (failures === 1) {
          onFailure(error.message);
        }
      },
    });
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
    if (kid === undefined) {
      return "TOKEN_KEY_UNKNOWN";
    }
    if (alg === undefined || !this.#algorithms.includes(alg)) {
      return "TOKEN_ALGORITHM_NOT_ALLOWED";
    }
    const known = this.#keys.peek(kid);
    if (known !== undefined) {
      return this.#verifyWith(known, token, header);
    }
    // An issuer is only asked about a token that would be accepted if its signature held.
    const claims = readUnverifiedClaims(token);
    if (claims === undefined || isOver(claims) || this.#judge(claims, header) !== undefined) {
      return "TOKEN_KEY_UNKNOWN";
    }
    return this.#keys
      .keysFor(kid)
      .then((keys) => (keys === undefined ? "TOKEN_KEY_UNKNOWN" : this.#verifyWith(keys, token, header)));
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

/** @param {Record<string, unknown>} claims */
function isOver({ exp }) {
  return exp !== undefined && !(typeof exp === "number" && exp + MAX_SKEW_SECONDS > Date.now() / 1000);
}
