import { configurationError } from "./errors.js";
import { announced } from "./events.js";
import { isThrottled, memberOf } from "./members.js";
import { givenOptions, warnOfUnknownOptions } from "./options.js";
import { addHeader, listenForResponses } from "./responses.js";
import { throttleOption } from "./throttle.js";
import { DEFAULT_AUTH_ERROR } from "./words.js";

const NAME = "AnyOfAuthProvider";

/**
 * How much a reason says of a request, of several that did not let it in: something genuine that is out of
 * its time or for somebody else says most, that nothing was presented least.
 */
const RANK = {
  KEY_MISSING: 0,
  TOKEN_MISSING: 0,
  REQUEST_UNREADABLE: 0,
  PROVIDER_REFUSED: 1,
  TOKEN_MALFORMED: 2,
  KEY_UNKNOWN: 3,
};
const RANK_OF_FORGERIES = 4;
const FORGERIES = new Set([
  "TOKEN_HEADER_INVALID",
  "TOKEN_CRITICAL_EXTENSION",
  "TOKEN_ALGORITHM_NOT_ALLOWED",
  "TOKEN_TYPE_NOT_ALLOWED",
  "TOKEN_SIGNATURE_INVALID",
]);
const RANK_OF_GENUINE = 5;

function rankOf(reason) {
  return RANK[reason] ?? (FORGERIES.has(reason) ? RANK_OF_FORGERIES : RANK_OF_GENUINE);
}

/** Documented in index.d.ts. */
export function anyOf(providers, options) {
  const provider = new AnyOfAuthProvider(providers, options);
  const oauth = providers.find(isOAuth);
  if (oauth !== undefined) {
    extendOAuth(provider, oauth);
  }
  return provider;
}

/** Where a request keeps what was proven of it, from its decision on: others may be decided before it is published. */
const DESCRIBED = Symbol("mcp-native-auth: described");

function remember(req, described) {
  if (typeof req === "object" && req !== null) {
    // `false`, and no exception, for an object that takes no property.
    Reflect.set(req, DESCRIBED, described);
  }
}

/** One provider that lets in whom any of several lets in. */
class AnyOfAuthProvider {
  #members;
  #throttle;
  #describe = (_decision, req) => req?.[DESCRIBED] ?? { provider: NAME };

  constructor(providers, config) {
    const options = givenOptions(config);
    this.#members = checkedMembers(providers);
    this.#throttle = throttleOption(NAME, options.throttle, (req) => this.#decide(req), this.#describe);
    listenForResponses();
    warnOfUnknownOptions(NAME, options, ["throttle"]);
  }

  async authenticate(req) {
    try {
      if (this.#throttle !== undefined) {
        return this.#throttle.authenticate(req);
      }
      return announced(req, await this.#decide(req), this.#describe);
    } catch {
      // A method torn off its provider lets nobody in.
      return false;
    }
  }

  getAuthError() {
    const throttled = #throttle in Object(this) ? this.#throttle?.takeAnswer() : undefined;
    return throttled ?? { ...DEFAULT_AUTH_ERROR };
  }

  /** The decision of the first member that lets the request in, or the reason that says most. */
  async #decide(req) {
    let refusal;
    for (const member of this.#members) {
      const ready = member.ready();
      if (ready !== undefined) {
        await ready;
      }
      const decided = member.decide(req);
      // At once where nothing has to be waited for: what is proven is asked for right after.
      const decision = typeof decided?.then === "function" ? await decided : decided;
      const described = member.describe(decision);
      if (typeof decision !== "string") {
        remember(req, described);
        return decision;
      }
      if (refusal === undefined || rankOf(decision) > rankOf(refusal.reason)) {
        refusal = { reason: decision, described };
      }
    }
    remember(req, refusal.described);
    // After those of the members, and so before them: it names all ways in.
    addHeader(req, 401, "WWW-Authenticate", this.#challenge(rankOf(refusal.reason) > 0));
    return refusal.reason;
  }

  #challenge(isWrong) {
    return this.#members
      .map((member) => member.challenge(isWrong))
      .filter(Boolean)
      .join(", ");
  }

  /** What the framework asks of its OAuth provider: the challenge of all ways in. */
  static challengeOf(provider) {
    return provider.#challenge(true);
  }
}

function checkedMembers(providers) {
  if (!Array.isArray(providers) || providers.length === 0) {
    throw configurationError("OPTION_INVALID", "`anyOf` takes an array of providers that is not empty");
  }
  return Array.from({ length: providers.length }, (_, index) => {
    const provider = providers[index];
    if (typeof provider?.authenticate !== "function") {
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
    return memberOf(provider) ?? foreign(provider);
  });
}

/** A provider of somebody else, or one of ours that was extended: asked as the framework asks it. */
function foreign(provider) {
  const className = provider.constructor?.name;
  const name = typeof className === "string" ? className : NAME;
  return {
    async decide(req) {
      try {
        const result = await provider.authenticate(req);
        return result === true || (typeof result === "object" && result !== null)
          ? result
          : "PROVIDER_REFUSED";
      } catch {
        // A member that fails lets nobody in; another one may.
        return "PROVIDER_REFUSED";
      }
    },
    describe: () => ({ provider: name }),
    ready: () => undefined,
    challenge: () => (isOAuth(provider) ? provider.getWWWAuthenticateHeader() : undefined),
  };
}

/** The framework's OAuthAuthProvider, of whatever copy of the framework. */
function isOAuth(provider) {
  return ["getWWWAuthenticateHeader", "getAuthorizationServers", "getResource"].every(
    (method) => typeof provider?.[method] === "function",
  );
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
    getWWWAuthenticateHeader: () => AnyOfAuthProvider.challengeOf(provider),
  };
  const prototype = Object.create(Object.getPrototypeOf(oauth), own);
  for (const [name, value] of Object.entries(delegates)) {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  Object.setPrototypeOf(provider, prototype);
}
