import { configurationError } from "../errors.js";
import { booleanOption, secondsOption } from "../options.js";

/** A day. More is a mistake, milliseconds most likely. */
const LARGEST_TOLERANCE = 86_400;
/** A hundred years, with the same thought. */
const LARGEST_AGE = 3_155_760_000;

/** The options that are read here. */
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

/**
 * The rules on claims, as the native verifier takes them. Documented in index.d.ts.
 *
 * @param {Record<string, unknown>} options
 * @param {boolean} strict whether RFC 8725 §3.9 and an expiry are demanded of the configuration
 */
export function ruleOptions(options, strict) {
  const audiences = namesOption("audience", options.audience);
  if (strict && audiences.length === 0) {
    throw configurationError(
      "OPTION_INVALID",
      "`strict` demands `audience`; set it to what the `aud` of your tokens says (RFC 8725 §3.9)",
    );
  }
  const requireExpiration = booleanOption("requireExpiration", options.requireExpiration, strict);
  if (strict && !requireExpiration) {
    throw configurationError(
      "OPTION_INVALID",
      "`strict` demands an expiry; leave `requireExpiration` out or set it to true",
    );
  }
  return {
    requireExpiration,
    clockTolerance: secondsOption("clockTolerance", options.clockTolerance, 0, LARGEST_TOLERANCE) ?? 0,
    maxTokenAge: secondsOption("maxTokenAge", options.maxTokenAge, 1, LARGEST_AGE),
    issuers: namesOption("issuer", options.issuer),
    audiences,
    subjects: namesOption("subject", options.subject),
    requiredClaims: namesOption("requiredClaims", options.requiredClaims, "array"),
    typ: typOption(options.typ),
  };
}

/** By index, each read once. What an array throws when it is read holds words that are not ours to pass on. */
function itemsOf(list, name) {
  try {
    return Array.from({ length: list.length }, (_, index) => list[index]);
  } catch {
    throw configurationError("OPTION_INVALID", `\`${name}\` cannot be read; pass a plain array`);
  }
}

/** Some names: a string or an array of strings. None of them for an option that is not given. */
function namesOption(name, value, form = "string or array") {
  if (value === undefined || value === null) {
    return [];
  }
  const list = typeof value === "string" && form !== "array" ? [value] : value;
  if (!Array.isArray(list) || list.length === 0) {
    throw configurationError(
      "OPTION_INVALID",
      `\`${name}\` must be ${form === "array" ? "an array of strings" : "a string or an array of strings"}, not empty`,
    );
  }
  return itemsOf(list, name).map((item, index) => {
    if (typeof item !== "string" || item === "" || !item.isWellFormed()) {
      throw configurationError(
        "OPTION_INVALID",
        `\`${name}\`${list === value ? `, position ${index},` : ""} must be a string that is not empty and holds no lone surrogate`,
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
    throw configurationError("OPTION_INVALID", '`typ` must be a media type such as "at+jwt"');
  }
  return value;
}
