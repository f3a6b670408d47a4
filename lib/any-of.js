import { presentedApiKey, presentedToken } from "./api-key/presented.js";
import { configurationError } from "./errors.js";
import { announced, overheard } from "./events.js";
import { bearerChallenge, carriesBearer } from "./jwt/challenge.js";
import { declaredMember, declareMember, isThrottled, memberOf } from "./members.js";
import { givenOptions, warnOfUnknownOptions } from "./options.js";
import { beforeHead, listenForResponses } from "./responses.js";
import { socketAddress } from "./throttle/client-address.js";
import { isGuess, throttleOption } from "./throttle/throttle.js";
import { DEFAULT_AUTH_ERROR } from "./words.js";

const NAME = "AnyOfAuthProvider";
const UNDECIDED = { provider: NAME };
const CHALLENGE = "WWW-Authenticate";

/** RFC 9110 §5.5, as Node lets it be sent. Not from node:http, which takes longer to load than this package. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/**
 * How much a reason says of a request, of several that did not let it in: something genuine that is out of
 * its time or for somebody else says most, that nothing was presented least. Keys that are not there say
 * less than a token that is known to be forged.
 */
const RANK = {
  KEY_MISSING: 0,
  TOKEN_MISSING: 0,
  REQUEST_UNREADABLE: 0,
  PROVIDER_REFUSED: 1,
  TOKEN_MALFORMED: 2,
  KEY_UNKNOWN: 3,
  KEYS_NOT_LOADED: 3,
  TOKEN_HEADER_INVALID: 4,
  TOKEN_CRITICAL_EXTENSION: 4,
  TOKEN_ALGORITHM_NOT_ALLOWED: 4,
  TOKEN_TYPE_NOT_ALLOWED: 4,
  TOKEN_SIGNATURE_INVALID: 4,
};
const RANK_OF_GENUINE = 5;

/**
 * What a provider made of a request.
 *
 * @typedef {object} Outcome
 * @property {true | { data: object } | string} decision what lets the request in, or the code of why not
 * @property {{ provider: string, keyId?: string }} described what was proven
 * @property {() => unknown} presented the credential that it looked at; `undefined` where that is not known
 */

/** Documented in index.d.ts. */
export function anyOf(providers, options) {
  const checked = checkedProviders(providers);
  const provider = new AnyOfAuthProvider(checked, options);
  const oauth = checked.find(isOAuth);
  if (oauth !== undefined) {
    extendOAuth(provider, oauth);
  }
  return provider;
}

/** One provider that lets in whom any of several lets in. */
class AnyOfAuthProvider {
  #providers;
  #throttle;

  constructor(providers, config) {
    const options = givenOptions(config);
    this.#providers = providers;
    this.#throttle = throttleOption(NAME, options.throttle);
    declareMember(this, {
      ask: (req) => this.#ask(req),
      challenges: (isWrong) => this.#challenges(isWrong),
      isThrottled: this.#throttle !== undefined,
      authenticate,
    });
    listenForResponses();
    warnOfUnknownOptions(NAME, options, ["throttle"]);
  }

  async authenticate(req) {
    try {
      // Of this request, whatever others are decided in between.
      let described = UNDECIDED;
      const describe = () => described;
      const decide = async () => {
        const outcome = await this.#ask(req);
        ({ described } = outcome);
        return outcome.decision;
      };
      // Kept by the socket once it was read: events name who hung up meanwhile, too.
      socketAddress(req);
      const result =
        this.#throttle === undefined
          ? announced(req, await decide(), describe)
          : await this.#throttle.authenticate(req, undefined, decide, describe);
      if (result === false) {
        this.#answerWithChallenge(req);
      }
      return result;
    } catch {
      // A method torn off its provider lets nobody in.
      return false;
    }
  }

  getAuthError() {
    // Not every `this` is one of ours: the framework may hold a Proxy.
    const throttled = #throttle in Object(this) ? this.#throttle?.takeAnswer() : undefined;
    return throttled ?? { ...DEFAULT_AUTH_ERROR };
  }

  /** @returns {Promise<Outcome>} of the first provider that lets the request in, or the one that says most */
  async #ask(req) {
    const refusals = [];
    for (const provider of this.#providers) {
      const asked = ask(provider, req);
      const outcome = asked instanceof Promise ? await asked : asked;
      if (typeof outcome.decision !== "string") {
        return outcome;
      }
      refusals.push(outcome);
    }
    return sayingMost(refusals);
  }

  /** In the place of what the framework and single providers say: it names all ways in, and those of this request. */
  #answerWithChallenge(req) {
    beforeHead(req, (response, status) => {
      if (status === 401) {
        const challenges = this.#challenges(carriesBearer(req));
        if (challenges.length > 0) {
          response.setHeader(CHALLENGE, challenges.join(", "));
        }
      } else {
        // 429 says that a credential will not do for now.
        response.removeHeader(CHALLENGE);
      }
    });
  }

  #challenges(isWrong) {
    return [...new Set(this.#providers.flatMap((provider) => challengesOf(provider, isWrong)))];
  }
}

/** As it was defined: the prototype may be changed. */
const { authenticate } = AnyOfAuthProvider.prototype;

function checkedProviders(providers) {
  if (!Array.isArray(providers) || providers.length === 0) {
    throw configurationError("OPTION_INVALID", "`anyOf` takes an array of providers that is not empty");
  }
  return Array.from({ length: providers.length }, (_, index) => {
    const provider = providers[index];
    if (!hasAuthenticate(provider)) {
      throw configurationError(
        "OPTION_INVALID",
        `\`anyOf\`, position ${index}, must be a provider, with a method \`authenticate\``,
      );
    }
    if (isThrottled(provider)) {
      // Each would count what another one lets in.
      throw configurationError(
        "OPTION_INVALID",
        `\`anyOf\`, position ${index}, has a \`throttle\` of its own; give it to \`anyOf\` instead: anyOf([...], { throttle })`,
      );
    }
    return provider;
  });
}

function hasAuthenticate(provider) {
  try {
    return typeof provider === "object" && typeof provider?.authenticate === "function";
  } catch {
    return false;
  }
}

/** @returns {Outcome | Promise<Outcome>} */
function ask(provider, req) {
  // Each time: a method that was replaced since is to be asked too.
  const member = memberOf(provider);
  if (member === undefined) {
    return askForeign(provider, req);
  }
  if (member.ask !== undefined) {
    return member.ask(req);
  }
  const ready = member.ready();
  return ready === undefined ? askOwn(member, req) : ready.then(() => askOwn(member, req));
}

function askOwn(member, req) {
  const decision = member.decide(req);
  // Right after it: a member knows what it decided last.
  return { decision, described: member.describe(decision), presented: () => member.presented(req) };
}

/**
 * A provider of somebody else, or one of ours that was extended, is asked as the framework asks it. Only
 * `true` and an object with an object as `data` let in: the framework takes all that is truthy, a message
 * of an error too.
 */
async function askForeign(provider, req) {
  const presented = () => presentedTo(provider, req);
  const described = { provider: nameOf(provider) };
  try {
    const { result, heard } = await overheard(req, () => provider.authenticate(req));
    const isAccepted = result === true || isAuthResult(result);
    if (heard !== undefined && isAccepted === (typeof heard.decision !== "string")) {
      return {
        decision: isAccepted ? result : heard.decision,
        described: heard.described,
        presented,
      };
    }
    return { decision: isAccepted ? result : reasonOf(provider, presented()), described, presented };
  } catch {
    // A provider that fails lets nobody in; another one may.
    return { decision: "PROVIDER_REFUSED", described, presented };
  }
}

function isAuthResult(result) {
  return (
    typeof result === "object" && result !== null && typeof result.data === "object" && result.data !== null
  );
}

function reasonOf(provider, presented) {
  if (presented === undefined || presented) {
    return "PROVIDER_REFUSED";
  }
  return readsApiKey(provider) ? "KEY_MISSING" : "TOKEN_MISSING";
}

function nameOf(provider) {
  try {
    const { name } = provider.constructor;
    return typeof name === "string" && name !== "" ? name : NAME;
  } catch {
    return NAME;
  }
}

/**
 * The credential that a provider of the framework or an extended one of ours looks at; falsy if there is
 * none, `undefined` where nobody knows.
 */
function presentedTo(provider, req) {
  try {
    const member = declaredMember(provider);
    if (member !== undefined) {
      return member.presented?.(req);
    }
    if (readsApiKey(provider)) {
      return presentedApiKey(req, provider.getHeaderName().toLowerCase(), true) || false;
    }
    return readsToken(provider)
      ? presentedToken(req.headers[provider.config.headerName.toLowerCase()]) || false
      : undefined;
  } catch {
    return undefined;
  }
}

/** The framework's APIKeyAuthProvider, of whatever copy of the framework. */
function readsApiKey(provider) {
  return hasMethods(provider, ["getHeaderName", "getKeyCount"]);
}

/** The framework's JWTAuthProvider or OAuthAuthProvider, of whatever copy. */
function readsToken(provider) {
  const { config } = provider;
  return typeof config?.headerName === "string" && (isOAuth(provider) || "requireBearer" in config);
}

/** The framework's OAuthAuthProvider, of whatever copy. */
function isOAuth(provider) {
  return hasMethods(provider, ["getWWWAuthenticateHeader", "getAuthorizationServers", "getResource"]);
}

function hasMethods(provider, methods) {
  try {
    return methods.every((method) => typeof provider[method] === "function");
  } catch {
    return false;
  }
}

/** The refusal that says most. Who presents something genuine beside a guess guesses no less. */
function sayingMost(refusals) {
  const [most, ...others] = refusals.toSorted((a, b) => rankOf(b) - rankOf(a));
  if (isGuess(most.decision) || rankOf(most) === 0) {
    return most;
  }
  return others.find((other) => isGuess(other.decision) && isOfAnother(other, most)) ?? most;
}

function rankOf({ decision }) {
  return RANK[decision] ?? RANK_OF_GENUINE;
}

/** Whether two refusals are known to be of different credentials. */
function isOfAnother(refusal, other) {
  const [one, another] = [refusal.presented(), other.presented()];
  return one !== undefined && another !== undefined && one !== another;
}

/** Those of RFC 9110 §11.6.1: none for a way in that has none, or none that can be a header. */
function challengesOf(provider, isWrong) {
  try {
    const member = declaredMember(provider);
    if (member?.challenges !== undefined) {
      return member.challenges(isWrong);
    }
    const challenge = member === undefined ? foreignChallenge(provider, isWrong) : member.challenge(isWrong);
    return typeof challenge === "string" && FIELD_VALUE.test(challenge) ? [challenge] : [];
  } catch {
    return [];
  }
}

/** As the framework challenges, and as ours do for the framework's JWTAuthProvider, which has none. */
function foreignChallenge(provider, isWrong) {
  if (isOAuth(provider)) {
    return provider.getWWWAuthenticateHeader(isWrong ? "invalid_token" : undefined);
  }
  if (readsApiKey(provider)) {
    return `ApiKey realm="MCP Server", header="${provider.getHeaderName()}"`;
  }
  const { headerName, requireBearer } = readsToken(provider) ? provider.config : {};
  return requireBearer && headerName.toLowerCase() === "authorization" ? bearerChallenge(isWrong) : undefined;
}

/**
 * Makes the provider an instance of the member's class too, so that the framework serves the metadata of
 * its authorization servers, RFC 9728.
 */
function extendOAuth(provider, oauth) {
  const own = Object.getOwnPropertyDescriptors(AnyOfAuthProvider.prototype);
  const delegates = {
    getAuthorizationServers: () => oauth.getAuthorizationServers(),
    getResource: () => oauth.getResource(),
    // Of no request that is known here, so without an error code, RFC 6750 §3.1.
    getWWWAuthenticateHeader: () => challengesOf(provider, false).join(", "),
  };
  const prototype = Object.create(Object.getPrototypeOf(oauth), own);
  for (const [name, value] of Object.entries(delegates)) {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  Object.setPrototypeOf(provider, prototype);
}
