import { bearerChallenge, presentedToken } from "../core/challenge.js";
import { areRejectionsLogged } from "../core/events.js";
import { isPromise } from "../core/promise.js";
import { REASONS } from "../core/reasons.js";
import { accept, reject, rejectUndecided } from "../core/verdict.js";
import { CACHED_ID_BASE, rejectionCodes } from "../native/load.js";
import { explain } from "./explain.js";

/** What the native verifier's numbers mean. */
const REJECTIONS = rejectionCodes();
const unknown = REJECTIONS.filter((code) => !Object.hasOwn(REASONS, code));
if (unknown.length > 0) {
  throw new TypeError(`${unknown.join(", ")} are not in the table of reasons`);
}

/**
 * @typedef {object} RemoteVerifier
 * @property {(token: string) => Outcome | Promise<Outcome>} verify rejects when that cannot be decided
 * @property {string} scheme as the native verifier takes it
 *
 * @typedef {{ claims: Record<string, any>, keyId: string | undefined } | string} Outcome
 */

/**
 * JSON Web Tokens as a method of authentication.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.headerName
 * @param {boolean} options.requireBearer
 * @param {Record<string, any>} options.rules for the debug log
 * @param {() => import("./token-verifier.js").TokenVerifier} options.verifier the current one: keys may be replaced
 * @param {RemoteVerifier} [options.remote] instead, where the keys are elsewhere
 * @returns {import("../core/authenticator.js").Method}
 */
export function jwtMethod({ name, headerName, requireBearer, rules, verifier, remote }) {
  const header = headerName.toLowerCase();
  // Elsewhere than in `Authorization: Bearer`, the challenge would send clients to the wrong place.
  const hasChallenge = header === "authorization" && requireBearer;
  const [plain, invalid] = [false, true].map((isInvalid) =>
    hasChallenge ? [bearerChallenge(isInvalid)] : [],
  );

  function decide(request) {
    try {
      const value = request.headers[header];
      if (typeof value !== "string") {
        return reject(name, "TOKEN_MISSING");
      }
      if (remote !== undefined) {
        return decideRemotely(value, remote);
      }
      const { verify, cache, keyIds } = verifier();
      // The clock of `Date`, in whole seconds: what the framework compares with.
      const now = Math.floor(Date.now() / 1000);
      const verified = verify(value, now);
      if (typeof verified === "string") {
        return accept(name, JSON.parse(verified.slice(1)), keyIds[verified.charCodeAt(0)], value);
      }
      if (verified >= CACHED_ID_BASE) {
        const { clone, keyIndex } = cache.get(verified);
        return accept(name, clone(), keyIds[keyIndex], value);
      }
      const rejection = reject(name, REJECTIONS[verified]);
      if (areRejectionsLogged()) {
        rejection.detail = explain(rejection.reason, value, rules, now);
      }
      return rejection;
    } catch {
      // A request object that throws when it is read carries no token.
      return reject(name, "REQUEST_UNREADABLE");
    }
  }

  function decideRemotely(value, { verify, scheme }) {
    const token = tokenIn(value, scheme);
    if (token === undefined) {
      return reject(name, "TOKEN_MISSING");
    }
    const conclude = (outcome) => {
      if (typeof outcome !== "string") {
        return accept(name, outcome.claims, outcome.keyId);
      }
      const rejection = reject(name, outcome);
      if (areRejectionsLogged()) {
        rejection.detail = explain(outcome, token, rules, Date.now() / 1000);
      }
      return rejection;
    };
    const outcome = verify(token);
    return isPromise(outcome)
      ? outcome.then(conclude, (error) => rejectUndecided(name, error))
      : conclude(outcome);
  }

  return {
    name,
    mayWait: remote !== undefined,
    answersVary: remote !== undefined,
    decide,
    checksAudience: rules.audiences?.length > 0,
    credential: (request) => presentedToken(request.headers[header]),
    challenges: (isInvalid) => (isInvalid ? invalid : plain),
  };
}

const BEARER = { bearer: /^Bearer ([^ ]+)/, "bearer-any-case": /^bearer ([^ ]+)/i };

/** The token in a header's value, as src/jwt/scheme.rs finds it. */
function tokenIn(value, scheme) {
  return scheme === "raw" ? value || undefined : BEARER[scheme].exec(value)?.[1];
}
