import { configurationError, warn } from "./errors.js";

/** RFC 9110 §5.1, §5.6.2: a field name is a token. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The options that a configuration gives: its own, as in the framework, and each read exactly once, so
 * that a getter cannot change its mind. `undefined` and `null` give none. What others put on
 * `Object.prototype` is no option.
 *
 * @returns {Record<string, unknown>}
 */
export function givenOptions(config) {
  try {
    return { __proto__: null, ...config };
  } catch {
    throw configurationError("OPTION_INVALID", "the options cannot be read; pass a plain object");
  }
}

/** Misspelled security options must not pass silently. */
export function warnOfUnknownOptions(provider, options, known) {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    // What does not look like a name is not printed: it may be something else.
    const names = unknown.map((name) =>
      /^[A-Za-z_]{1,32}$/.test(name) ? `"${name}"` : "one that is no name",
    );
    warn(
      "UNKNOWN_OPTION",
      `${provider} ignores ${unknown.length} unknown option(s): ${names.join(", ")}; known are ${known.join(", ")}`,
    );
  }
}

/** A header name; `undefined` and `null` stand for the default. */
export function headerNameOption(value, fallback) {
  if (value === undefined || value === null) {
    return fallback;
  }
  if (typeof value !== "string" || !FIELD_NAME.test(value)) {
    throw configurationError(
      "HEADER_NAME_INVALID",
      `\`headerName\` must be an HTTP header name such as "${fallback}": letters, digits and hyphens, no spaces`,
    );
  }
  return value;
}

/** A switch; `undefined` and `null` stand for the default. */
export function booleanOption(name, value, fallback) {
  if (value === undefined || value === null) {
    return fallback;
  }
  if (typeof value !== "boolean") {
    throw configurationError("OPTION_INVALID", `\`${name}\` must be true or false, not a ${typeof value}`);
  }
  return value;
}

/** A whole number from `least` to `most`; `undefined` and `null` stand for the default. */
export function countOption(name, value, fallback, most, least = 0) {
  if (value === undefined || value === null) {
    return fallback;
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw configurationError("OPTION_INVALID", `\`${name}\` must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Seconds, whole or not, from `least` to `most`; `undefined` for an option that is not given. */
export function secondsOption(name, value, least, most) {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw configurationError(
      "OPTION_INVALID",
      `\`${name}\` must be a number of seconds from ${least} to ${most}`,
    );
  }
  return value;
}
