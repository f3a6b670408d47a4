/**
 * The one table of reasons for which a request is rejected. The verdict, the throttle, `anyOf`, events and the
 * documentation read from it; the native core's rejections are held against it when the addon is loaded.
 *
 * @typedef {object} Reason
 * @property {number} status of the HTTP response
 * @property {boolean} counted whether it is a failed attempt for `throttle`: a credential was presented that is
 *   not genuine. A genuine credential that is out of its time or for another server is no guess; its owner must
 *   learn from a 401 that another one is due.
 * @property {number} specificity how much the reason says about the request; `anyOf` reports the highest. A genuine
 *   but expired credential ranks highest, a missing one lowest.
 */

const NOTHING_PRESENTED = { status: 401, counted: false, specificity: 0 };
const NOT_DECIDED = { status: 401, counted: false, specificity: 1 };
const GENUINE = { status: 401, counted: false, specificity: 5 };
const TOO_MANY = { status: 429, counted: false, specificity: 5 };

/** A request that the gate in front of a server rejects, whatever a provider says. */
const ofRequest = (status) => ({ status, counted: false, specificity: 0 });

/** A credential that is not genuine. A token that is known to be forged says more than a key that is not there. */
const guess = (specificity) => ({ status: 401, counted: true, specificity });

/** @type {Readonly<Record<string, Readonly<Reason>>>} */
export const REASONS = Object.freeze({
  KEY_MISSING: NOTHING_PRESENTED,
  KEY_UNKNOWN: guess(3),
  KEY_EXPIRED: GENUINE,
  KEY_NOT_YET_VALID: GENUINE,
  KEYS_NOT_LOADED: NOT_DECIDED,
  TOKEN_MISSING: NOTHING_PRESENTED,
  TOKEN_MALFORMED: guess(2),
  TOKEN_HEADER_INVALID: guess(4),
  TOKEN_CRITICAL_EXTENSION: guess(4),
  TOKEN_ALGORITHM_NOT_ALLOWED: guess(4),
  TOKEN_SIGNATURE_INVALID: guess(4),
  TOKEN_TYPE_NOT_ALLOWED: GENUINE,
  TOKEN_PAYLOAD_INVALID: GENUINE,
  TOKEN_TIME_CLAIM_INVALID: GENUINE,
  TOKEN_NOT_YET_VALID: GENUINE,
  TOKEN_EXPIRED: GENUINE,
  TOKEN_EXPIRATION_MISSING: GENUINE,
  TOKEN_TOO_OLD: GENUINE,
  TOKEN_ISSUED_IN_FUTURE: GENUINE,
  TOKEN_CLAIM_MISSING: GENUINE,
  TOKEN_ISSUER_NOT_ALLOWED: GENUINE,
  TOKEN_AUDIENCE_NOT_ALLOWED: GENUINE,
  TOKEN_SUBJECT_NOT_ALLOWED: GENUINE,
  TOKEN_CLAIM_NOT_ALLOWED: GENUINE,
  TOKEN_IN_QUERY: guess(2),
  TOKEN_KEY_UNKNOWN: guess(4),
  TOKEN_INACTIVE: guess(4),
  TOKEN_BOUND: GENUINE,
  SCOPE_INSUFFICIENT: { status: 403, counted: false, specificity: 6 },
  ISSUER_UNAVAILABLE: { status: 503, counted: false, specificity: 2 },
  REQUEST_UNREADABLE: NOTHING_PRESENTED,
  CREDENTIAL_MALFORMED: ofRequest(400),
  ORIGIN_NOT_ALLOWED: ofRequest(403),
  SESSION_OF_ANOTHER: ofRequest(404),
  SESSIONS_UNAVAILABLE: ofRequest(503),
  BODY_UNREADABLE: ofRequest(400),
  BODY_TOO_LARGE: ofRequest(413),
  PROVIDER_REJECTED: guess(1),
  PROVIDER_FAILED: NOT_DECIDED,
  THROTTLED: TOO_MANY,
  LOCKED_OUT: TOO_MANY,
});
