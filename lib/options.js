import { configurationError, warn } from "./errors.js";

/** RFC 9110 §5.1, §5.6.2: a field name is a token. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The options that a configuration gives: its own, as in the framework, and each read exactly once, so
 * that a getter cannot change its mind. `undefined` and `null` give none.
 *
 * @returns {Record<string, unknown>}
 */
export function givenOptions(config) {
  return { ...config };
}

/** Misspelled security options must not pass silently. */
export function warnOfUnknownOptions(provider, config, known) {
  const unknown = Object.keys(config).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    warn(
      "UNKNOWN_OPTION",
      `${provider} ignores ${unknown.length} unknown option(s): ${unknown.map((name) => JSON.stringify(name)).join(", ")}; ` +
        `known are ${known.join(", ")}`,
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
