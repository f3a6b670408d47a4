import { apiKeyChallenge } from "../core/challenge.js";
import { accept, reject } from "../core/verdict.js";
import { extractApiKey } from "./extract.js";

/**
 * API keys as a method of authentication.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {import("./key-set.js").ApiKeySet} options.keys
 * @param {{ initialLoad: Promise<void> | undefined, hasLoaded: boolean } | undefined} options.loader
 * @param {string} options.headerName
 * @param {boolean} options.queryFallback
 * @returns {import("../core/authenticator.js").Method}
 */
export function apiKeyMethod({ name, keys, loader, headerName, queryFallback }) {
  const header = headerName.toLowerCase();
  // One for all plain keys, of which nothing is known.
  const accepted = Object.freeze(accept(name));
  const challenges = [apiKeyChallenge(headerName)];

  function decide(request) {
    try {
      const presented = extractApiKey(request, header, queryFallback);
      if (!presented) {
        return reject(name, "KEY_MISSING");
      }
      // The native side sees UTF-8, in which all lone surrogates would look alike.
      if (typeof presented !== "string" || !presented.isWellFormed()) {
        return reject(name, "KEY_UNKNOWN");
      }
      if (keys.contains !== undefined) {
        if (keys.contains(presented)) {
          return accepted;
        }
        return rejectUnknown();
      }
      return decideByRecord(keys.find(presented));
    } catch {
      // A request object that throws when it is read carries no key.
      return reject(name, "REQUEST_UNREADABLE");
    }
  }

  function rejectUnknown() {
    // Keys that were added by hand meanwhile are good, and can be guessed at.
    const hasNone = loader?.hasLoaded === false && keys.count === 0;
    return reject(name, hasNone ? "KEYS_NOT_LOADED" : "KEY_UNKNOWN");
  }

  function decideByRecord(record) {
    if (record === undefined) {
      return rejectUnknown();
    }
    if (record === null) {
      return reject(name, "KEYS_NOT_LOADED");
    }
    if (record === true) {
      return accepted;
    }
    const now = Date.now();
    if (now < record.notBefore) {
      return reject(name, "KEY_NOT_YET_VALID", record.id);
    }
    return now < record.expiresAt
      ? accept(name, record.data(), record.id)
      : reject(name, "KEY_EXPIRED", record.id);
  }

  return {
    name,
    decide,
    ready: loader && (() => loader.initialLoad),
    credential: (request) => extractApiKey(request, header, queryFallback) || false,
    challenges: () => challenges,
  };
}
