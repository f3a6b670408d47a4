import { codedError } from "../core/errors.js";
import { booleanOption, isArray, readArray, readPlainObject, secondsOption } from "../core/options.js";

/** A day. More is a mistake, most likely milliseconds. */
const MAX_TOLERANCE = 86_400;
/** A hundred years, for the same reason. */
const MAX_AGE = 3_155_760_000;
/** Ten years. Under `strict`, a token that expires later has its `exp` in milliseconds, most likely. */
const MAX_TIME_TO_EXPIRATION = 315_576_000;

/** The options that `ruleOptions` reads. */
export const RULE_OPTIONS = [
  "issuer",
  "audience",
  "subject",
  "claims",
  "clockTolerance",
  "maxTokenAge",
  "requiredClaims",
  "requireExpiration",
  "typ",
];

/** Those without which more tokens are accepted. */
export const RESTRICTING_RULES = RULE_OPTIONS.filter((name) => name !== "clockTolerance");

/**
 * The rules on claims, as the native verifier takes them. Documented in index.d.ts.
 *
 * @param {Record<string, unknown>} options
 * @param {boolean} strict whether the configuration must name an audience (RFC 8725 §3.9) and tokens must expire
 */
export function ruleOptions(options, strict) {
  const audiences = namesOption("audience", options.audience);
  const claims = claimsOption(options.claims);
  const namesClient = claims.some(({ name }) => CLIENT_CLAIMS.includes(name));
  if (strict && audiences.length === 0 && !(options.audience === null && namesClient)) {
    throw optionError(
      "`strict` requires `audience`; set it to the `aud` of your tokens (RFC 8725 §3.9), or, if they have none, to null " +
        "and require `client_id` or `azp` in `claims`",
    );
  }
  const requireExpiration = booleanOption("requireExpiration", options.requireExpiration, strict);
  if (strict && !requireExpiration) {
    throw optionError("`strict` requires an expiry; remove `requireExpiration` or set it to true");
  }
  return {
    requireExpiration,
    clockTolerance: secondsOption("clockTolerance", options.clockTolerance, 0, MAX_TOLERANCE) ?? 0,
    maxTimeToExpiration: strict ? MAX_TIME_TO_EXPIRATION : undefined,
    maxTokenAge: secondsOption("maxTokenAge", options.maxTokenAge, 1, MAX_AGE),
    issuers: namesOption("issuer", options.issuer),
    audiences,
    subjects: namesOption("subject", options.subject),
    requiredClaims: namesOption("requiredClaims", options.requiredClaims, "array"),
    claims,
    types: typesOption(options.typ),
  };
}

/** Claims that say to whom a token was issued. */
const CLIENT_CLAIMS = ["client_id", "azp"];

/** A string or an array of strings; an empty array for an option that is not given. */
export function namesOption(name, value, form = "string or array") {
  if (value === undefined || value === null) {
    return [];
  }
  const list = typeof value === "string" && form !== "array" ? [value] : value;
  if (!isArray(list) || list.length === 0) {
    throw optionError(
      `\`${name}\` must be ${form === "array" ? "an array of strings" : "a string or an array of strings"}, not empty`,
    );
  }
  return readArray(list, `\`${name}\``).map((item, index) => {
    if (!isName(item)) {
      const path = list === value ? `${name}[${index}]` : name;
      throw optionError(`\`${path}\` must be a non-empty string without lone surrogates`);
    }
    return item;
  });
}

function isName(value) {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

/** Claims that are not compared, and what checks them instead. */
const OTHER_OPTIONS = {
  iss: "`issuer`",
  aud: "`audience`",
  sub: "`subject`",
  exp: "`requireExpiration`",
  nbf: "`clockTolerance`",
  iat: "`maxTokenAge`",
};

/**
 * Names of claims, each with the values that are accepted. A value that is missing is an error: a rule that vanishes
 * would accept more.
 *
 * @returns {{ name: string, texts: string[], numbers: number[], booleans: boolean[] }[]}
 */
function claimsOption(value) {
  if (value === undefined || value === null) {
    return [];
  }
  const claims = readPlainObject(value);
  if (claims === undefined || claims.length === 0) {
    throw optionError(
      "`claims` must be a plain object of names of claims and values that they may have, not empty",
    );
  }
  return claims.map(([name, accepted], index) => {
    // What does not look like a name is not printed: it may be something else.
    const path = /^[A-Za-z_]{1,32}$/.test(name) ? `claims.${name}` : `claims, property ${index + 1}`;
    if (Object.hasOwn(OTHER_OPTIONS, name)) {
      throw optionError(`\`${path}\` cannot be required here; use ${OTHER_OPTIONS[name]}`);
    }
    const values = isArray(accepted) ? readArray(accepted, `\`${path}\``) : [accepted];
    if (!name.isWellFormed() || values.length === 0 || !values.every(isClaimValue)) {
      throw optionError(
        `\`${path}\` must be a non-empty string, a number that JavaScript represents exactly, a boolean, or a ` +
          "non-empty array of these; is an environment variable missing?",
      );
    }
    const ofType = (type) => values.filter((value) => typeof value === type);
    return { name, texts: ofType("string"), numbers: ofType("number"), booleans: ofType("boolean") };
  });
}

function isClaimValue(value) {
  return typeof value === "number"
    ? Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER
    : typeof value === "boolean" || isName(value);
}

/** RFC 7515 §4.1.9. */
function typesOption(value) {
  const types = namesOption("typ", value);
  if (!types.every((type) => /^[\w!#$&^.+-]+(\/[\w!#$&^.+-]+)?$/.test(type))) {
    throw optionError('`typ` must be a media type such as "at+jwt", or an array of them');
  }
  return types;
}

function optionError(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}
