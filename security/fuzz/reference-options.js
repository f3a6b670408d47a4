/**
 * What a configuration means by the documentation: `{ bothReject: message }`, with `oursSays` if ours says
 * something else; `{ rejected: names }` of the deliberate differences for which our constructor must throw;
 * or what the provider then goes by, with the names of the `differences` that the framework makes of it.
 */

import { meaningOfSecret } from "./reference-key.js";

const FIELD_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const NAMES = /^(?:[HRPE]S(?:256|384|512)|Ed(?:DSA|25519))$/;

const isGiven = (value) => value !== undefined && value !== null;
const isBadHeaderName = (name) => isGiven(name) && !(typeof name === "string" && FIELD_NAME.test(name));
const isBadSwitch = (value) => isGiven(value) && typeof value !== "boolean";
const named = (found) => Object.keys(found).filter((name) => found[name]);

/** The options that count: those of the object itself, as spreading takes them. */
const ownOptions = (config) => ({ __proto__: null, ...config });

/** @param {unknown} config of an APIKeyAuthProvider */
export function meaningOfApiKeyConfig(config) {
  const { keys, headerName, queryFallback, keyes } = ownOptions(config);
  if (!keys?.length) {
    const bothReject = "At least one API key is required";
    // Names what was given instead, but prints no name that does not look like one.
    const given = '2 unknown options "keyes" (did you mean "keys"?), one whose name is withheld';
    return { bothReject, ...(keyes !== undefined && { oursSays: `${bothReject}; ${given}` }) };
  }
  const isArray = Array.isArray(keys);
  const rejected = named({
    keysNotArray: !isArray,
    keyUnusable: isArray && Array.from(keys).some((key) => !isUsableKey(key, queryFallback)),
    headerNameInvalid: isBadHeaderName(headerName),
    optionInvalid: isBadSwitch(queryFallback),
  });
  if (rejected.length > 0) {
    return { rejected };
  }
  return {
    keys: [...keys],
    headerName: headerName ?? "X-API-Key",
    queryFallback: queryFallback ?? true,
    differences: named({
      headerNameNotGiven: !isGiven(headerName) && Object.hasOwn(config, "headerName"),
      queryFallbackOff: queryFallback === false,
    }),
  };
}

/** Without the query, a key must be one that a header can carry: RFC 9110 §5.5. */
function isUsableKey(key, queryFallback) {
  const isText = typeof key === "string" && key !== "" && key.isWellFormed();
  return isText && (queryFallback !== false || /^[\t\x20-\x7e\x80-\xff]*$/.test(key.trim()));
}

/**
 * @param {unknown} config of a JWTAuthProvider
 * @param {object} made see {@link meaningOfSecret}
 */
export function meaningOfJwtConfig(config, made) {
  const options = ownOptions(config);
  const { algorithms, headerName, requireBearer, caseInsensitiveScheme, requireExpiration, cacheSize } =
    options;
  const secret = meaningOfSecret(options.secret, made);
  if (secret.missing) {
    const bothReject = "JWT secret is required";
    return { bothReject, oursSays: inheritedRestriction(config) ?? bothReject + given(options) };
  }
  const areGiven = isGiven(algorithms) && algorithms !== "";
  const allowed = areGiven ? algorithms : ["HS256"];
  const isList = Array.isArray(allowed) && allowed.length > 0;
  const list = isList ? Array.from(allowed) : [];
  const keys = secret.open ? secret.keys : [secret.key].filter(isGiven);
  const rejected = named({
    [secret.rejected ?? "secretIsNoKey"]: secret.rejected !== undefined,
    algorithmsInvalid:
      !isList || list.some((name) => typeof name !== "string") || !list.some((name) => NAMES.test(name)),
    noneListed: list.some((name) => /^none$/i.test(name)),
    algorithmsUnfit:
      isList && keys.length > 0 && keys.every(({ serves }) => !serves.some((name) => list.includes(name))),
    headerNameInvalid: isBadHeaderName(headerName),
    optionInvalid:
      [requireBearer, caseInsensitiveScheme, requireExpiration].some(isBadSwitch) || isBadCount(cacheSize),
  });
  if (rejected.length > 0) {
    return { rejected };
  }
  return {
    open: secret.open,
    keys,
    key: secret.open && !secret.isDefinite ? undefined : keys[0],
    algorithms: list,
    unusable: list.filter((name) => !keys[0]?.serves.includes(name)),
    headerName: (headerName ?? "Authorization").toLowerCase(),
    requireBearer: requireBearer ?? true,
    caseInsensitiveScheme: caseInsensitiveScheme ?? false,
    requireExpiration: requireExpiration ?? false,
    differences: [
      ...(secret.differences ?? []),
      ...(secret.open ? [secret.open] : []),
      ...named({
        algorithmsNotGiven: !areGiven && Object.hasOwn(config, "algorithms"),
        headerNameNotGiven: !isGiven(headerName) && Object.hasOwn(config, "headerName"),
        requireBearerNotGiven: !isGiven(requireBearer) && Object.hasOwn(config, "requireBearer"),
      }),
    ],
  };
}

/** What ours adds where the secret is missing: options that are none, if at least one of them looks like a name. */
function given(options) {
  const named = '"requiresBearer" (did you mean "requireBearer"?)';
  if (!("requiresBearer" in options)) {
    return "";
  }
  return "not a name" in options
    ? `; 2 unknown options ${named}, one whose name is withheld`
    : `; unknown option ${named}`;
}

/** What ours says of an option that restricts and would be ignored, before it looks for the secret. */
function inheritedRestriction(config) {
  const isInherited =
    typeof config === "object" && config !== null && !Object.hasOwn(config, "requireExpiration");
  return isInherited && "requireExpiration" in config
    ? "`requireExpiration` is inherited or not enumerable, so it would be ignored; pass a plain object with all options"
    : undefined;
}

function isBadCount(count) {
  return isGiven(count) && !(Number.isInteger(count) && count >= 0 && count <= 1_000_000);
}

/**
 * The token that a request presents: `{ token }` by our documentation, `{ unreadable: true }` if the
 * request throws when it is read. `anyCase` tells that only the scheme's case keeps the framework from it.
 */
export function presentedToken(request, { headerName, requireBearer, caseInsensitiveScheme }) {
  let value;
  try {
    value = request.headers[headerName];
  } catch {
    return { unreadable: true };
  }
  if (typeof value !== "string" || !requireBearer) {
    return { token: value };
  }
  const [scheme, token] = value.split(" ");
  const isExact = scheme === "Bearer" && token !== undefined;
  const isBearer = isExact || (caseInsensitiveScheme && /^bearer$/i.test(scheme) && token !== undefined);
  return { token: isBearer ? token : undefined, anyCase: isBearer && !isExact };
}
