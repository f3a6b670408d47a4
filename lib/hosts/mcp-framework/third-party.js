import { extractApiKey } from "../../api-key/extract.js";
import { authenticatorOf } from "../../core/authenticator.js";
import { apiKeyChallenge, bearerChallenge, isFieldValue, presentedToken } from "../../core/challenge.js";
import { accept, reject } from "../../core/verdict.js";
import { captureVerdict } from "./verdict-capture.js";

/**
 * Providers that mcp-framework or somebody else wrote, and extended ones of this package, as methods of authentication:
 * they are asked as the framework asks them.
 *
 * @typedef {import("../../core/authenticator.js").Method} Method
 */

/**
 * @param {object} provider
 * @param {string} fallbackName where its class has none
 * @returns {Method}
 */
export function thirdPartyMethod(provider, fallbackName) {
  /** @type {Method | undefined} */
  const own = authenticatorOf(provider)?.method;
  const credential = own?.credential ?? ((request) => credentialFor(provider, request));
  return {
    name: classNameOf(provider) ?? fallbackName,
    mayWait: true,
    decide: (request) => ask(provider, classNameOf(provider) ?? fallbackName, credential, request),
    credential,
    challenges: own?.challenges ?? ((isInvalid) => challengesOf(provider, isInvalid).filter(isFieldValue)),
  };
}

/**
 * Only `true` and an object with an object as `data` accept a request: the framework takes every truthy value, also the
 * message of an error.
 */
async function ask(provider, name, credential, request) {
  try {
    const { result, verdict } = await captureVerdict(() => provider.authenticate(request));
    const isAccepted = result === true || isAuthResult(result);
    if (verdict?.accepted === isAccepted) {
      return verdict.accepted
        ? accept(verdict.provider, dataOf(result), verdict.keyId, verdict.credential)
        : verdict;
    }
    if (!isAccepted) {
      return reject(name, reasonOf(provider, credential, request));
    }
    const token = isFrameworkTokenProvider(provider) ? credential(request) : undefined;
    return accept(name, dataOf(result), undefined, token || undefined);
  } catch {
    // A provider that fails rejects; another one may accept.
    return reject(name, "PROVIDER_FAILED");
  }
}

const dataOf = (result) => (result === true ? undefined : result.data);

function isAuthResult(result) {
  return (
    typeof result === "object" && result !== null && typeof result.data === "object" && result.data !== null
  );
}

function reasonOf(provider, credential, request) {
  let presented;
  try {
    presented = credential(request);
  } catch {
    // Not known.
  }
  if (presented === undefined || presented) {
    return "PROVIDER_REJECTED";
  }
  return isFrameworkApiKeyProvider(provider) ? "KEY_MISSING" : "TOKEN_MISSING";
}

function classNameOf(provider) {
  try {
    const { name } = provider.constructor;
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** What a provider of the framework looks at; falsy if there is none, `undefined` for any other provider. */
function credentialFor(provider, request) {
  if (isFrameworkApiKeyProvider(provider)) {
    return extractApiKey(request, provider.getHeaderName().toLowerCase(), true) || false;
  }
  return isFrameworkTokenProvider(provider)
    ? presentedToken(request.headers[provider.config.headerName.toLowerCase()]) || false
    : undefined;
}

/** As the framework challenges, and as ours does for the framework's JWTAuthProvider, which has no challenge. */
function challengesOf(provider, isInvalid) {
  try {
    if (isFrameworkOAuthProvider(provider)) {
      return [provider.getWWWAuthenticateHeader(isInvalid ? "invalid_token" : undefined)];
    }
    if (isFrameworkApiKeyProvider(provider)) {
      return [apiKeyChallenge(provider.getHeaderName())];
    }
    const { headerName, requireBearer } = isFrameworkTokenProvider(provider) ? provider.config : {};
    return requireBearer && headerName.toLowerCase() === "authorization" ? [bearerChallenge(isInvalid)] : [];
  } catch {
    return [];
  }
}

/** The framework's APIKeyAuthProvider, of any copy of the framework. */
function isFrameworkApiKeyProvider(provider) {
  return hasMethods(provider, ["getHeaderName", "getKeyCount"]);
}

/** The framework's JWTAuthProvider or OAuthAuthProvider, of any copy. */
function isFrameworkTokenProvider(provider) {
  const { config } = provider;
  return (
    typeof config?.headerName === "string" &&
    (isFrameworkOAuthProvider(provider) || "requireBearer" in config)
  );
}

/** The framework's OAuthAuthProvider, of any copy. */
export function isFrameworkOAuthProvider(provider) {
  return hasMethods(provider, ["getWWWAuthenticateHeader", "getAuthorizationServers", "getResource"]);
}

function hasMethods(provider, methods) {
  try {
    return methods.every((method) => typeof provider[method] === "function");
  } catch {
    return false;
  }
}
