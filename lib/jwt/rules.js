import { codedError } from "../core/errors.js";
import { booleanOption, isArray, readArray, secondsOption } from "../core/options.js";

/** A day. More is a mistake, most likely milliseconds. */
const MAX_TOLERANCE = 86_400;
/** A hundred years, for the same reason. */
const MAX_AGE = 3_155_760_000;

/** The options that `ruleOptions` reads. */
export const RULE_OPTIONS = [
  "issuer",
  "audience",
  "subject",
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
  if (strict && audiences.length === 0) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      "`strict` requires `audience`; set it to the `aud` of your tokens (RFC 8725 §3.9)",
    );
  }
  const requireExpiration = booleanOption("requireExpiration", options.requireExpiration, strict);
  if (strict && !requireExpiration) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      "`strict` requires an expiry; remove `requireExpiration` or set it to true",
    );
  }
  return {
    requireExpiration,
    clockTolerance: secondsOption("clockTolerance", options.clockTolerance, 0, MAX_TOLERANCE) ?? 0,
    maxTokenAge: secondsOption("maxTokenAge", options.maxTokenAge, 1, MAX_AGE),
    issuers: namesOption("issuer", options.issuer),
    audiences,
    subjects: namesOption("subject", options.subject),
    requiredClaims: namesOption("requiredClaims", options.requiredClaims, "array"),
    typ: typOption(options.typ),
  };
}

/** A string or an array of strings; an empty array for an option that is not given. */
function namesOption(name, value, form = "string or array") {
  if (value === undefined || value === null) {
    return [];
  }
  const list = typeof value === "string" && form !== "array" ? [value] : value;
  if (!isArray(list) || list.length === 0) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      `\`${name}\` must be ${form === "array" ? "an array of strings" : "a string or an array of strings"}, not empty`,
    );
  }
  return readArray(list, `\`${name}\``).map((item, index) => {
    if (typeof item !== "string" || item === "" || !item.isWellFormed()) {
      const path = list === value ? `${name}[${index}]` : name;
      throw codedError(
        "ERR_MCP_AUTH_OPTION_INVALID",
        `\`${path}\` must be a non-empty string without lone surrogates`,
      );
    }
    return item;
  });
}

/** RFC 7515 §4.1.9. */
function typOption(value) {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== "string" || !/^[\w!#$&^.+-]+(\/[\w!#$&^.+-]+)?$/.test(value)) {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", '`typ` must be a media type such as "at+jwt"');
  }
  return value;
}
