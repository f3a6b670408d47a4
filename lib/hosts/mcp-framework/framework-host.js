import { Authenticator, registerAuthenticator } from "../../core/authenticator.js";
import { carriesBearer } from "../../core/challenge.js";
import { areRejectionsObserved } from "../../core/events.js";
import { isPromise } from "../../core/promise.js";
import { accept, reject } from "../../core/verdict.js";
import { challengesInContext, consumeAuthError, openSlot, requestOfContext } from "./auth-error-context.js";
import { authErrorFor } from "./auth-errors.js";
import { noteAsked, noteProviderMade } from "./open-server.js";
import { addHeaderOnStatus, needTracking, onWriteHead, startTracking } from "./request-tracking.js";
import { notePrincipal } from "./shared-answers.js";
import { captureVerdict, isCapturing, publishUnlessCaptured } from "./verdict-capture.js";

/**
 * @typedef {import("../../core/verdict.js").Verdict} Verdict
 * @typedef {import("../../core/verdict.js").Rejected} Rejected
 */

const CHALLENGE = "WWW-Authenticate";

/** How far the framework's own check for an API key is, which is one synchronous run. */
const IDLE = 0;
const NAME_READ = 1;
const ANSWERED = 2;

/** The method that a provider's class of this package has, which the provider may have replaced. */
const originals = new WeakMap();
/** The methods that `#watchExtension` puts in front of it. */
const watching = new WeakSet();

/** Whether a provider is one of this package that decides as its class does. */
export function isUnmodified(provider) {
  const original = originals.get(provider);
  if (original === undefined) {
    return false;
  }
  const current = provider.authenticate;
  return (
    current === original ||
    (watching.has(current) && Object.getPrototypeOf(provider).authenticate === original)
  );
}

/**
 * mcp-framework as a host: a verdict becomes what `authenticate` resolves to, what `getAuthError` says and what is
 * added to the response.
 */
export class FrameworkHost {
  #authenticator;
  #authError;
  #challenge;
  #isTracked;
  /** Whether a rejection may get another answer than `authError`. */
  #answersVary;
  /** This host's state in the context of a request, which may outlive the host. */
  #slotKey = Symbol("slot");
  #preCheck = IDLE;
  #isRunNoted = false;
  #endRun = () => {
    this.#isRunNoted = false;
    this.#preCheck = IDLE;
  };

  /**
   * @param {object} provider
   * @param {Function} original `authenticate` as the class of this package defines it
   * @param {object} options
   * @param {import("../../core/authenticator.js").Method} options.method
   * @param {import("../../core/authenticator.js").AttemptLimit} [options.limit]
   * @param {(request: any) => string | undefined} [options.addressOf]
   * @param {{ status: number, message: string }} options.authError of the usual rejection
   * @param {"framework" | "add" | "replace"} options.challenge who writes `WWW-Authenticate` on a 401: the framework
   *   alone, this host where the framework does not, or this host instead of the framework
   * @param {() => object} [options.preCheckAnswer] `getAuthError` as the class defines it, where the framework rejects
   *   requests without a credential itself
   */
  constructor(provider, original, { method, limit, addressOf, authError, challenge, preCheckAnswer }) {
    this.#authenticator = new Authenticator(method, limit, publishUnlessCaptured, addressOf);
    this.#authError = authError;
    this.#challenge = challenge;
    this.#answersVary = method.answersVary === true || limit !== undefined;
    this.#isTracked = challenge !== "framework" || this.#answersVary;
    needTracking({
      responses: this.#isTracked,
      contexts: this.#answersVary,
      addresses: preCheckAnswer !== undefined,
    });
    noteProviderMade();
    registerAuthenticator(provider, this.#authenticator);
    originals.set(provider, original);
    const prototype = Object.getPrototypeOf(provider);
    if (!Object.hasOwn(prototype, "authenticate") || prototype.authenticate !== original) {
      this.#watchExtension(provider, original);
    }
    if (preCheckAnswer !== undefined && provider.getAuthError !== preCheckAnswer) {
      this.#watchAnswer(provider);
    }
  }

  /** What the framework gets: `true` or `{ data }` to accept a request, `false` to reject it. Never throws. */
  authenticate(request) {
    const slot = this.#begin(request);
    const verdict = this.#authenticator.authenticate(request);
    return isPromise(verdict)
      ? verdict.then((decided) => this.#answer(decided, request, slot))
      : this.#answer(verdict, request, slot);
  }

  /**
   * The framework rejects a request without an API key itself: it reads the name of the header, then the answer, then
   * the name for the challenge, in one synchronous run and without `authenticate`.
   */
  noteHeaderNameRead() {
    if (this.#preCheck === ANSWERED) {
      this.#preCheck = IDLE;
    } else if (areRejectionsObserved() && !isCapturing()) {
      this.#enterPreCheck(NAME_READ);
    }
  }

  noteAnswerRead() {
    if (this.#preCheck === NAME_READ) {
      startTracking();
      const request = requestOfContext();
      noteAsked(request);
      const rejection = reject(this.#authenticator.method.name, "KEY_MISSING");
      publishUnlessCaptured(rejection, request, this.#authenticator.attempt(request));
    }
    if (this.#preCheck === NAME_READ || areRejectionsObserved()) {
      this.#enterPreCheck(ANSWERED);
    }
  }

  #enterPreCheck(phase) {
    this.#preCheck = phase;
    if (!this.#isRunNoted) {
      this.#isRunNoted = true;
      queueMicrotask(this.#endRun);
    }
  }

  /** What the framework answers to the rejected request of the current context. */
  getAuthError() {
    this.noteAnswerRead();
    const special = this.#answersVary ? consumeAuthError(this.#slotKey) : undefined;
    return special ?? { ...this.#authError };
  }

  /** The challenges for the rejected request of the current context, `""` for none; `undefined` if it is not known. */
  challengeOfContext() {
    return challengesInContext(this.#slotKey)?.join(", ");
  }

  #begin(request) {
    noteAsked(request);
    if (this.#isTracked) {
      startTracking();
    }
    return this.#answersVary ? openSlot(request, this.#slotKey) : undefined;
  }

  #answer(verdict, request, slot) {
    if (verdict.accepted) {
      this.#notePrincipal(verdict, request);
      return verdict.data === undefined ? true : { data: verdict.data };
    }
    if (slot !== undefined) {
      slot.answer = verdict.status === this.#authError.status ? undefined : authErrorFor(verdict);
      slot.challenges = verdict.challenges;
    }
    if (verdict.retryAfter !== undefined) {
      addHeaderOnStatus(request, verdict.status, "Retry-After", String(verdict.retryAfter));
    }
    this.#writeChallenge(verdict, request);
    return false;
  }

  /** Not where a gate or an extension asks, which serve what they accept. */
  #notePrincipal(verdict, request) {
    if (!isCapturing()) {
      notePrincipal(verdict, request, this.#authenticator);
    }
  }

  #writeChallenge({ status: expected, challenges }, request) {
    const value = challenges.join(", ");
    if (this.#challenge === "add" && value !== "") {
      addHeaderOnStatus(request, 401, CHALLENGE, value);
    } else if (this.#challenge === "replace") {
      onWriteHead(request, (response, status) => {
        if (status !== expected || value === "") {
          response.removeHeader(CHALLENGE);
        } else {
          response.setHeader(CHALLENGE, value);
        }
      });
    }
  }

  /**
   * Puts a method in front of the one of a class that extends ours: what that class rejects must not be published as
   * accepted, and it may await before it asks ours, when the caller's context is out of reach.
   */
  #watchExtension(provider, original) {
    const host = this;
    /** @this {object} */
    function authenticate(request, ...rest) {
      if (this !== provider) {
        // Called without its provider, or with a Proxy of it: rejects.
        return original.call(this, request);
      }
      // Looked up each time: the prototype may be changed.
      const extended = Object.getPrototypeOf(provider).authenticate;
      return extended === original
        ? original.call(provider, request)
        : host.#authenticateExtended(provider, () => extended.call(provider, request, ...rest), request);
    }
    watching.add(authenticate);
    Object.defineProperty(provider, "authenticate", {
      configurable: true,
      writable: true,
      value: authenticate,
    });
  }

  /** Puts a method in front of an answer of an extended class, which the framework's own check reads too. */
  #watchAnswer(provider) {
    const host = this;
    /** @this {object} */
    function getAuthError(...args) {
      host.noteAnswerRead();
      return Object.getPrototypeOf(provider).getAuthError.apply(this, args);
    }
    Object.defineProperty(provider, "getAuthError", {
      configurable: true,
      writable: true,
      value: getAuthError,
    });
  }

  async #authenticateExtended(provider, ask, request) {
    // What the extension reads is for itself.
    this.#preCheck = IDLE;
    const slot = this.#begin(request);
    const { name } = provider.constructor;
    const own = this.#authenticator.attempt(request).readAddress();
    let asked;
    try {
      asked = await captureVerdict(ask);
    } catch (error) {
      publishUnlessCaptured(reject(name, "PROVIDER_FAILED"), request, own);
      throw error;
    }
    const { result, verdict, attempt = own } = asked;
    if (Boolean(result) === verdict?.accepted) {
      publishUnlessCaptured(verdict, request, attempt);
      if (verdict.accepted) {
        this.#notePrincipal(verdict, request);
      }
    } else if (result) {
      const data = typeof result === "object" ? result.data : undefined;
      const accepted = accept(name, data);
      publishUnlessCaptured(accepted, request, attempt);
      this.#notePrincipal(accepted, request);
    } else {
      const rejection = this.#rejectionOf(name, verdict, request);
      publishUnlessCaptured(rejection, request, attempt);
      this.#answer(rejection, request, slot);
    }
    return result;
  }

  /** For an extension that rejects what our class accepted or did not see. Not a guess: it may be genuine. */
  #rejectionOf(name, verdict, request) {
    const isGenuine = verdict?.accepted === true;
    const rejection = { ...reject(name, "PROVIDER_REJECTED", verdict?.keyId), guesses: 0, isGenuine };
    rejection.challenges = this.#authenticator.challenges(carriesBearer(request));
    return rejection;
  }
}
