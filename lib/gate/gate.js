import { AsyncLocalStorage } from "node:async_hooks";
import { carriesBearer, isBearer } from "../core/challenge.js";
import { publishVerdict } from "../core/events.js";
import { isPromise } from "../core/promise.js";
import { reject } from "../core/verdict.js";
import {
  challenge,
  metadataAnswer,
  preflightAnswer,
  refuse,
  refuseBody,
  refuseMismatch,
  refuseOrigin,
  refuseSession,
} from "./answer.js";
import { isKey, keepNames, principalOf, toAuthInfo } from "./auth-info.js";
import { credentialFault, normalize } from "./credential.js";
import { forbiddenHeader } from "./origin.js";
import { MessageError, mismatchedHeader, neededScopes } from "./scopes.js";
import { Sessions } from "./sessions.js";
import { StreamWatch } from "./streams.js";

/**
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {import("../../index.js").AuthInfo} AuthInfo
 * @typedef {import("../core/request.js").RequestView} RequestView
 *
 * What a host gives of a request.
 * @typedef {object} GateRequest
 * @property {string} method
 * @property {string} url path and query, as the client sent them
 * @property {Record<string, any>} headers names in lower case
 * @property {RequestView} view what a provider is asked about: the host's own request where it has the right form
 * @property {string} [localAddress] of the socket
 * @property {boolean} [isRepeated] whether `Authorization` came more than once
 *
 * A request that may go on.
 * @typedef {object} Admitted
 * @property {undefined} answer
 * @property {AuthInfo | undefined} authInfo `undefined` where no credential was sent and none is needed
 * @property {import("../core/verdict.js").Accepted | undefined} verdict
 * @property {RequestView} view
 * @property {GateRequest} request
 *
 * @typedef {Admitted | { answer: Answer, authInfo?: undefined }} Admission
 */

/** Requests without any credential. */
const MISSING = new Set(["KEY_MISSING", "TOKEN_MISSING"]);

const SESSION_HEADER = "mcp-session-id";
/** Of an SSE transport's messages. */
const SESSION_PARAMETER = /^\[?sessionId(?:[[\]]|$)/;

const WELL_KNOWN = "/.well-known/";

const RETRY_SECONDS = 5;

/** @type {AsyncLocalStorage<AuthInfo | undefined>} */
const identities = new AsyncLocalStorage();

/** Documented in index.d.ts. */
export function currentAuth() {
  return identities.getStore();
}

/**
 * What stands in front of a server: decides about each request and says what to answer. Knows no framework and touches
 * no response.
 */
export class Gate {
  #authenticator;
  #settings;
  #providerScopes;
  #noteAsked;
  #sessions;
  #streams = new StreamWatch();
  /** Whether tool calls need scopes, so that bodies have to be read. */
  judgesBodies;
  /** The document of RFC 9728, and the paths where it lies. */
  metadata;
  metadataPaths;

  /**
   * @param {import("../core/authenticator.js").Authenticator} authenticator
   * @param {import("./options.js").GateSettings} settings
   * @param {string[]} providerScopes that the provider asks of each token
   * @param {() => void} noteAsked told of each request that the provider is asked about
   */
  constructor(authenticator, settings, providerScopes, noteAsked) {
    this.#noteAsked = noteAsked;
    this.#authenticator = authenticator;
    this.#settings = settings;
    this.#providerScopes = providerScopes;
    this.#sessions = settings.bindSessions ? new Sessions(settings.sessionStore) : undefined;
    this.judgesBodies = settings.scopesOfTool !== undefined;
    this.metadata = settings.metadata;
    this.metadataPaths = settings.metadataPaths;
  }

  /**
   * All that can be said before the body is read. Never throws or rejects. Gives a promise only where something has to
   * be waited for: on Node 20, an `await` here costs each request as much as the verdict.
   *
   * @param {GateRequest} request
   * @returns {Admission | Promise<Admission>}
   */
  admit(request) {
    return this.#settle(request, () => {
      const [path] = request.url.split("?", 1);
      const answer = this.#answerAnyone(request, path);
      return answer === undefined ? this.#authenticate(request) : { answer: this.#shared(answer, request) };
    });
  }

  /**
   * The same of a credential alone, where the stack keeps the rest of the request to itself.
   *
   * @param {GateRequest} request
   * @returns {Admission | Promise<Admission>}
   */
  admitCredential(request) {
    return this.#settle(request, () => this.#authenticate(request));
  }

  #settle(request, decide) {
    // A request object that throws when it is read.
    const unreadable = () => ({
      answer: this.#shared(this.#unauthorized(request, "REQUEST_UNREADABLE"), request),
    });
    try {
      const admission = decide();
      return isPromise(admission) ? admission.then(undefined, unreadable) : admission;
    } catch {
      return unreadable();
    }
  }

  /** The answer that needs no credential, or that no credential changes. */
  #answerAnyone(request, path) {
    const { method, headers, localAddress } = request;
    const { metadata, metadataPaths, originRules } = this.#settings;
    const isPreflight = method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
    if (path.startsWith(WELL_KNOWN) && metadataPaths.includes(path)) {
      if (method === "GET" || method === "HEAD") {
        return metadataAnswer(metadata);
      }
      if (method === "OPTIONS") {
        return { ...preflightAnswer(headers), isPublic: true };
      }
    }
    const forbidden = forbiddenHeader(headers, localAddress, originRules);
    if (forbidden !== undefined) {
      this.#publish("ORIGIN_NOT_ALLOWED", request);
      return refuseOrigin(forbidden);
    }
    if (isPreflight) {
      return preflightAnswer(headers);
    }
    if (credentialFault(request)) {
      this.#publish("CREDENTIAL_MALFORMED", request);
      return refuse(400, this.#challenge("invalid_request"));
    }
    return undefined;
  }

  #authenticate(request) {
    this.#noteAsked();
    const view = normalize(request, this.#settings.addressOf);
    const verdict = this.#authenticator.authenticate(view);
    return isPromise(verdict)
      ? verdict.then((decided) => this.#conclude(decided, view, request))
      : this.#conclude(verdict, view, request);
  }

  #conclude(verdict, view, request) {
    const isAnonymous =
      !verdict.accepted &&
      this.#settings.optional &&
      MISSING.has(verdict.reason) &&
      request.headers.authorization === undefined;
    if (!verdict.accepted && !isAnonymous) {
      return { answer: this.#shared(this.#answerRejected(verdict, request), request) };
    }
    /** @type {Admitted} */
    const admitted = isAnonymous
      ? { answer: undefined, authInfo: undefined, verdict: undefined, view, request }
      : {
          answer: undefined,
          authInfo: toAuthInfo(verdict, this.#settings),
          verdict: keepNames(verdict),
          view,
          request,
        };
    const refused = isAnonymous ? undefined : this.#checkScopes(admitted, this.#settings.requiredScopes);
    if (refused !== undefined) {
      return { answer: this.#shared(refused, request) };
    }
    const ids = this.#sessions === undefined ? [] : sessionIds(request);
    return ids.length === 0 ? admitted : this.#admitToSessions(admitted, ids, this.#sessions);
  }

  async #admitToSessions(admitted, ids, sessions) {
    const { request } = admitted;
    const principal = this.principalOf(admitted);
    for (const id of ids) {
      const isAdmitted = await sessions.admits(id, principal);
      if (isAdmitted !== true) {
        return { answer: this.#shared(this.#refuseSession(request, isAdmitted), request) };
      }
    }
    return admitted;
  }

  /**
   * What the message in the body still stands against; `undefined` if nothing does.
   *
   * @param {Admitted} admitted
   * @param {unknown} message as parsed, and as it will be handed on
   * @returns {Answer | undefined}
   */
  judge(admitted, message) {
    const { request } = admitted;
    const { scopesOfTool } = this.#settings;
    if (scopesOfTool === undefined) {
      return undefined;
    }
    const mismatch = mismatchedHeader(request.headers, message);
    if (mismatch !== undefined) {
      return this.refuseBody(admitted, "BODY_UNREADABLE", refuseMismatch(mismatch));
    }
    try {
      const answer = this.#checkScopes(admitted, neededScopes(message, scopesOfTool));
      return answer && this.#shared(answer, request);
    } catch (error) {
      if (error instanceof MessageError) {
        return this.refuseBody(admitted, "BODY_UNREADABLE", refuseBody(error.message));
      }
      // The application's function threw: what a call needs is not known, so nothing is enough.
      this.#publish("SCOPE_INSUFFICIENT", request);
      return this.#shared(refuse(403), request);
    }
  }

  /** @param {Admitted} admitted @param {string} reason @param {Answer} answer */
  refuseBody({ request }, reason, answer) {
    this.#publish(reason, request);
    return this.#shared(answer, request);
  }

  /** Runs what the request is for, where `currentAuth` knows whose it is. */
  run({ authInfo }, handle) {
    return identities.run(authInfo, handle);
  }

  /**
   * A response says the id of a session that it begins.
   *
   * @param {Admitted} admitted
   * @param {string} id
   */
  beginSession(admitted, id) {
    return this.#sessions?.begin(id, this.principalOf(admitted));
  }

  get bindsSessions() {
    return this.#sessions !== undefined;
  }

  /**
   * Ends a stream when its credential is no longer accepted.
   *
   * @param {Admitted} admitted
   * @param {() => void} end
   * @returns {() => void} to be called when the stream has ended
   */
  watchStream({ authInfo, view }, end) {
    if (authInfo === undefined) {
      return () => {};
    }
    return this.#streams.add({
      end,
      expiresAt: authInfo.expiresAt,
      isAccepted: () => this.#authenticator.wouldAccept(view),
    });
  }

  /** Who a request is of. @param {Admitted} admitted */
  principalOf({ verdict, view }) {
    return verdict === undefined
      ? "anonymous"
      : principalOf(verdict, () => this.#authenticator.presented(view).map((one) => one || ordinary(view)));
  }

  /** All scopes of the operation at once, so that a client asks for them once: SEP-2350. */
  #checkScopes({ authInfo, verdict, request }, needed) {
    const granted = authInfo?.scopes ?? [];
    if (needed.every((scope) => this.#grants(granted, scope))) {
      return undefined;
    }
    this.#publish("SCOPE_INSUFFICIENT", request);
    const scopes = this.#scopesOf(needed);
    if (verdict === undefined) {
      return refuse(401, this.#challenge(undefined, scopes));
    }
    // A key cannot ask for more: the challenge would make its client begin a login.
    return refuse(403, isKey(verdict) ? {} : this.#challenge("insufficient_scope", scopes));
  }

  #grants(granted, scope) {
    try {
      return this.#settings.grants(granted, scope);
    } catch {
      return false;
    }
  }

  /** @param {GateRequest} request @param {boolean | undefined} isAdmitted `undefined` if the store cannot be asked */
  #refuseSession(request, isAdmitted) {
    if (isAdmitted === undefined) {
      this.#publish("SESSIONS_UNAVAILABLE", request);
      return refuse(503, { "Retry-After": String(RETRY_SECONDS) }, [
        "temporarily_unavailable",
        "Sessions cannot be looked up at the moment",
      ]);
    }
    this.#publish("SESSION_OF_ANOTHER", request);
    return refuseSession();
  }

  /** @param {import("../core/verdict.js").Rejected} verdict @returns {Answer} */
  #answerRejected({ status, reason, retryAfter }, request) {
    switch (status) {
      case 401:
        return reason === "TOKEN_IN_QUERY"
          ? refuse(400, this.#challenge("invalid_request"))
          : this.#unauthorized(request, reason);
      case 403:
        return refuse(403, this.#challenge("insufficient_scope"));
      default:
        return refuse(status, retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) });
    }
  }

  /** Without a credential there is no error: RFC 6750 §3.1. */
  #unauthorized(request, reason) {
    const isInvalid = !MISSING.has(reason) && carriesBearer(request);
    return refuse(401, this.#challenge(isInvalid ? "invalid_token" : undefined));
  }

  #challenge(error, scopes = this.#scopesOf([])) {
    const challenges = this.#authenticator.challenges(false);
    const isBearerChallenge = (one) => isBearer(one) || one === "Bearer";
    return {
      "WWW-Authenticate": challenge({
        error,
        scopes,
        resourceMetadataUrl: this.#settings.resourceMetadataUrl,
        hasBearer: challenges.some(isBearerChallenge),
        others: challenges.filter((one) => !isBearerChallenge(one)),
      }),
    };
  }

  /** What each request needs comes first. */
  #scopesOf(needed) {
    return [...new Set([...this.#settings.requiredScopes, ...this.#providerScopes, ...needed])];
  }

  /**
   * An answer as scripts of other sites can read it: without it, a browser shows them neither the challenge nor the
   * wait. Fetch standard, CORS protocol.
   */
  /** @param {Answer & { isPublic?: boolean }} answer @param {GateRequest} request @returns {Answer} */
  #shared({ isPublic, ...answer }, { headers: { origin } }) {
    if (origin === undefined) {
      return answer;
    }
    const { origins } = this.#settings.originRules;
    const isListed = origins !== undefined && !origins.has("*");
    const shared = {
      "Access-Control-Allow-Origin": isListed && !isPublic ? origin : "*",
      "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
      ...(isListed && { Vary: "Origin" }),
    };
    return { ...answer, headers: { ...answer.headers, ...shared } };
  }

  #publish(reason, request) {
    const { method } = this.#authenticator;
    publishVerdict(reject(method.name, reason), request.view);
  }
}

/** Where credentials usually are: what a provider of somebody else looks at is not known. */
function ordinary({ headers }) {
  return [headers.authorization ?? null, headers["x-api-key"] ?? null];
}

/** Each that a server could read. Parsers of queries make arrays of `sessionId[]`, which print as what they hold. */
function sessionIds({ headers, url }) {
  const header = headers[SESSION_HEADER];
  const start = url.indexOf("?");
  if (header === undefined && start === -1) {
    return [];
  }
  const parameters = start === -1 ? [] : [...new URLSearchParams(url.slice(start))];
  return [
    ...[header].flat(),
    ...parameters.filter(([name]) => SESSION_PARAMETER.test(name)).map(([, value]) => value),
  ].filter((id) => typeof id === "string");
}
