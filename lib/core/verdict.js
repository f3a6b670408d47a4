import { REASONS } from "./reasons.js";

/**
 * What was decided about one request. A value: nothing has to be asked after it, and two of them never share state.
 *
 * @typedef {object} Accepted
 * @property {true} accepted
 * @property {string} provider name of the class that decided
 * @property {object | undefined} data what the caller's identity is known by: claims, or the record of an API key.
 *   A fresh object for each request; `undefined` for a plain API key, of which nothing is known
 * @property {string | undefined} keyId id of the configured key that matched
 * @property {string | undefined} credential value of the header whose token was accepted; never an API key
 *
 * @typedef {object} Rejected
 * @property {false} accepted
 * @property {string} provider
 * @property {string} reason a name in the table of reasons
 * @property {string | undefined} keyId id of the configured key that matched and is out of its time
 * @property {number} status of the HTTP response
 * @property {number} guesses failed attempts that `throttle` counts for this request
 * @property {string[]} challenges values of `WWW-Authenticate` (RFC 9110 §11.6.1), one for each way in
 * @property {string | undefined} credentialReason with `THROTTLED`: what was wrong with the credential
 * @property {number | undefined} retryAfter seconds, with status 429 and 503 where the wait is known
 * @property {string | undefined} detail for the debug log, if it is on: what a genuine token should have said, and what
 *   it says
 *
 * @typedef {Accepted | Rejected} Verdict
 */

/** @type {string[]} */
const NO_CHALLENGES = [];
Object.freeze(NO_CHALLENGES);

/** @returns {Accepted} */
export function accept(provider, data, keyId, credential) {
  return { accepted: true, provider, data, keyId, credential };
}

/** @returns {Rejected} without challenges, which the authenticator that was asked first adds */
export function reject(provider, reason, keyId) {
  if (!Object.hasOwn(REASONS, reason)) {
    throw new TypeError(`${reason} is not in the table of reasons`);
  }
  const known = REASONS[reason];
  return {
    accepted: false,
    provider,
    reason,
    keyId,
    status: known.status,
    guesses: known.counted ? 1 : 0,
    challenges: NO_CHALLENGES,
    credentialReason: undefined,
    retryAfter: undefined,
    detail: undefined,
  };
}

/** How much a rejection says about the request. */
export function specificityOf({ reason }) {
  return REASONS[reason].specificity;
}
