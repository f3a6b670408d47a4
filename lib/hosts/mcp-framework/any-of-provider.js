import { anyOfMethods } from "../../core/any-of.js";
import { authenticatorOf } from "../../core/authenticator.js";
import { codedError, reportAtCaller } from "../../core/errors.js";
import {
  checkUndefinedOptions,
  checkUnknownOptions,
  readOptions,
  requireObject,
} from "../../core/options.js";
import { attemptOptions, THROTTLE_OPTIONS } from "../../throttle/throttle.js";
import { DEFAULT_AUTH_ERROR } from "./auth-errors.js";
import { FrameworkHost, isUnmodified } from "./framework-host.js";
import { announceUse } from "./link.js";
import { isFrameworkOAuthProvider, thirdPartyMethod } from "./third-party.js";

const NAME = "AnyOfAuthProvider";
const OPTIONS = ["throttle", "trustProxy"];
const RESTRICTING_OPTIONS = ["throttle"];

/** Documented in index.d.ts. */
export function anyOf(providers, options) {
  return reportAtCaller(anyOf, () => {
    const checked = readProviders(providers);
    const provider = new AnyOfAuthProvider(checked, options);
    const oauth = checked.find(isFrameworkOAuthProvider);
    if (oauth !== undefined) {
      inheritOAuthMetadata(provider, oauth);
    }
    return provider;
  });
}

/** One provider that accepts what any of several accepts. */
class AnyOfAuthProvider {
  #host;

  constructor(providers, config) {
    requireObject("anyOf", config);
    const options = readOptions(config, RESTRICTING_OPTIONS);
    checkUndefinedOptions(NAME, options, RESTRICTING_OPTIONS, false);
    // The framework has no such options, so nobody's start is broken by an error.
    checkUnknownOptions(NAME, options, OPTIONS, true, { throttle: THROTTLE_OPTIONS });
    const members = providers.map((provider) => ({
      provider,
      asThirdParty: thirdPartyMethod(provider, NAME),
    }));
    const methods = () => members.map(methodOf);
    const mayWait = methods().some((method) => method.mayWait || method.ready !== undefined);
    this.#host = new FrameworkHost(this, authenticate, {
      method: anyOfMethods(NAME, methods, mayWait),
      ...attemptOptions(NAME, options, { rejectsUnknown: true }),
      authError: DEFAULT_AUTH_ERROR,
      challenge: "replace",
    });
  }

  async authenticate(req) {
    // A method called without its provider rejects, and so does a Proxy of one.
    return #host in Object(this) && this.#host.authenticate(req);
  }

  getAuthError() {
    return #host in Object(this) ? this.#host.getAuthError() : { ...DEFAULT_AUTH_ERROR };
  }
}

announceUse(AnyOfAuthProvider);

/** As it was defined: the prototype may be changed. */
const { authenticate } = AnyOfAuthProvider.prototype;

/** Each time: a method of a provider may have been replaced since. */
function methodOf({ provider, asThirdParty }) {
  const authenticator = isUnmodified(provider) ? authenticatorOf(provider) : undefined;
  return authenticator?.method ?? asThirdParty;
}

function readProviders(providers) {
  if (!Array.isArray(providers) || providers.length === 0) {
    throw invalid("`anyOf` takes a non-empty array of providers");
  }
  return Array.from({ length: providers.length }, (_, index) => {
    const provider = providers[index];
    const path = `\`anyOf\`: providers[${index}]`;
    if (!hasAuthenticate(provider)) {
      throw invalid(`${path} must be a provider, with a method \`authenticate\``);
    }
    const { isThrottled, trustsProxy } = authenticatorOf(provider) ?? {};
    if (isThrottled || trustsProxy) {
      // Each would count what another one accepts, and find addresses of its own for the same request.
      const option = isThrottled ? "throttle" : "trustProxy";
      throw invalid(
        `${path} has a \`${option}\` of its own; pass it to \`anyOf\` instead: anyOf([...], { ${option} })`,
      );
    }
    return provider;
  });
}

function invalid(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}

function hasAuthenticate(provider) {
  try {
    return typeof provider === "object" && typeof provider?.authenticate === "function";
  } catch {
    return false;
  }
}

/**
 * Makes the provider an instance of the member's class too, so that the framework serves the metadata of its
 * authorization servers. RFC 9728.
 */
function inheritOAuthMetadata(provider, oauth) {
  const own = Object.getOwnPropertyDescriptors(AnyOfAuthProvider.prototype);
  const delegates = {
    getAuthorizationServers: () => oauth.getAuthorizationServers(),
    getResource: () => oauth.getResource(),
    // Inherited too, where they would not find their provider.
    ready: async () => oauth.ready?.(),
    close: () => oauth.close?.(),
    // About no particular request, so without an error code, RFC 6750 §3.1.
    getWWWAuthenticateHeader: () => authenticatorOf(provider)?.challenges(false).join(", "),
  };
  const prototype = Object.create(Object.getPrototypeOf(oauth), own);
  for (const [name, value] of Object.entries(delegates)) {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  Object.setPrototypeOf(provider, prototype);
}
