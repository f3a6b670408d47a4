import { codedError } from "./errors.js";
import { warn } from "./warnings.js";

/** RFC 9110 §5.1, §5.6.2: a field name is a token. */
export const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The options that a configuration gives: its own, as in the framework, and each read exactly once, so that a getter
 * cannot change its mind. `undefined` and `null` give none. What others put on `Object.prototype` is not an option.
 *
 * @param {unknown} config
 * @param {readonly string[]} restricting options without which more is accepted
 * @returns {Record<string, any>}
 */
export function readOptions(config, restricting) {
  let hidden;
  try {
    hidden = findHiddenProperty(config, restricting);
    if (hidden === undefined) {
      return { __proto__: null, .../** @type {object} */ (config) };
    }
  } catch {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", "the options cannot be read; pass a plain object");
  }
  throw codedError(
    "ERR_MCP_AUTH_OPTION_INVALID",
    `\`${hidden}\` is inherited or not enumerable, so it would be ignored; pass a plain object with all options`,
  );
}

/**
 * Whether options can be read from a value. From a list, a Map or a Set none would be, without a word, and what they were
 * to restrict would not be restricted.
 */
export function canHoldOptions(value) {
  try {
    return typeof value === "object" && value !== null && !(Symbol.iterator in value);
  } catch {
    // A Proxy that was revoked.
    return false;
  }
}

/** The properties of a plain object, each read once; `undefined` for other values, of which some would be lost. */
export function readPlainObject(value) {
  try {
    const prototype = Object.getPrototypeOf(value);
    const isPlain = prototype === null || Object.hasOwn(prototype, "isPrototypeOf");
    const entries = Object.entries(value);
    return typeof value === "object" && isPlain && entries.length === Reflect.ownKeys(value).length
      ? entries
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Rejects options that hold none, where the framework has no say. `undefined` and `null` are no options.
 *
 * @param {string} owner
 * @param {unknown} config
 */
export function requireObject(owner, config) {
  if (config !== undefined && config !== null && !canHoldOptions(config)) {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", `the options of \`${owner}\` must be an object`);
  }
}

/**
 * The first of some properties that an object has and spreading would not copy, as in database rows and instances of
 * configuration classes: a restriction that is not read does not restrict.
 *
 * @param {any} object
 * @param {readonly string[]} names
 */
export function findHiddenProperty(object, names) {
  if ((typeof object !== "object" && typeof object !== "function") || object === null) {
    return undefined;
  }
  const inherited = [];
  // Stops at `Object.prototype`, of any realm, and at what every function has.
  for (
    let prototype = Object.getPrototypeOf(object);
    prototype !== null && !Object.hasOwn(prototype, "isPrototypeOf") && prototype !== Function.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    inherited.push(prototype);
  }
  return names.find((name) => {
    const own = Object.getOwnPropertyDescriptor(object, name);
    return own === undefined
      ? inherited.some((prototype) => Object.hasOwn(prototype, name))
      : own.enumerable === false;
  });
}

/**
 * Reports restricting options that are present but `undefined`, as with a misspelled variable: in a warning, or under
 * `strict` as an error. `null` means none on purpose.
 *
 * @param {string} owner
 * @param {Record<string, unknown>} options
 * @param {readonly string[]} restricting
 * @param {boolean} strict
 */
export function checkUndefinedOptions(owner, options, restricting, strict) {
  const names = restricting.filter((name) => Object.hasOwn(options, name) && options[name] === undefined);
  if (names.length === 0) {
    return;
  }
  const listed = names.map((name) => `\`${name}\``).join(", ");
  const message =
    `${owner}: ${listed} ${names.length === 1 ? "is" : "are"} undefined, so nothing is restricted by ` +
    `${names.length === 1 ? "it" : "them"}; is an environment variable missing? Pass null if that is on purpose`;
  if (strict) {
    throw codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
  }
  warn("MCP_NATIVE_AUTH_UNDEFINED_OPTION", message);
}

/**
 * An array's items by index, each read once: an array may bring an iterator of its own.
 *
 * @param {any} array
 * @param {string} path
 * @param {import("./errors.js").ErrorCode} [code]
 */
export function readArray(array, path, code = "ERR_MCP_AUTH_OPTION_INVALID") {
  try {
    return Array.from({ length: array.length }, (_, index) => array[index]);
  } catch {
    // What an array throws when it is read may hold values.
    throw codedError(code, `${path} cannot be read; pass a plain array`);
  }
}

/** Not of a Proxy that was revoked, of which `Array.isArray` throws. */
export function isArray(value) {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/**
 * Reports misspelled options: in a warning, or under `strict` as an error.
 *
 * @param {string} owner of the options: the class, and the option that holds them
 * @param {Record<string, unknown>} options
 * @param {readonly string[]} known
 * @param {boolean} [strict]
 * @param {Readonly<Record<string, readonly string[]>>} [nested] known options of an option, where the name may belong
 */
export function checkUnknownOptions(owner, options, known, strict = false, nested = {}) {
  const unknown = describeUnknownOptions(options, known, nested);
  if (unknown === undefined) {
    return;
  }
  const message = `${owner}: ${unknown}; the known options are ${known.join(", ")}`;
  if (strict) {
    throw codedError("ERR_MCP_AUTH_OPTION_UNKNOWN", message);
  }
  warn("MCP_NATIVE_AUTH_UNKNOWN_OPTION", `${message}. It is ignored`);
}

/**
 * The framework's sentence about an option that is missing, with the names that were given instead of it.
 *
 * @param {string} sentence
 * @param {Record<string, unknown>} options
 * @param {readonly string[]} known
 */
export function missingOption(sentence, options, known) {
  const named = Object.keys(options).some((name) => OPTION_NAME.test(name) && !known.includes(name));
  return named ? `${sentence}; ${describeUnknownOptions(options, known)}` : sentence;
}

const OPTION_NAME = /^[A-Za-z_]{1,32}$/;

/** Names of options that do not exist; `undefined` if there are none. */
function describeUnknownOptions(options, known, nested = {}) {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length === 0) {
    return undefined;
  }
  const names = unknown.map((name) => {
    // What does not look like a name is not printed: it may be something else.
    if (!OPTION_NAME.test(name)) {
      return "one whose name is withheld";
    }
    const meant = nearest(name, known) ?? nearestWithin(name, nested);
    return meant === undefined ? `"${name}"` : `"${name}" (did you mean "${meant}"?)`;
  });
  const option = unknown.length === 1 ? "unknown option" : `${unknown.length} unknown options`;
  return `${option} ${names.join(", ")}`;
}

/** Names that other libraries give to options of ours. */
const SYNONYMS = {
  alg: "algorithms",
  algorithm: "algorithms",
  apikey: "keys",
  apikeys: "keys",
  aud: "audience",
  clockskew: "clockTolerance",
  key: "keys",
  header: "headerName",
  iss: "issuer",
  jwks: "keys",
  jwt: "secret",
  leeway: "clockTolerance",
  max: "failures",
  maxage: "maxTokenAge",
  points: "failures",
  privatekey: "secret",
  publickey: "secret",
  ratelimit: "throttle",
  sub: "subject",
  trust: "trustProxy",
  window: "windowSeconds",
  windowms: "windowSeconds",
};

/** The known option that a misspelled name was most likely meant to be. */
function nearest(name, known) {
  const lowerCase = name.toLowerCase();
  const synonym = Object.hasOwn(SYNONYMS, lowerCase) ? SYNONYMS[lowerCase] : undefined;
  if (known.includes(synonym)) {
    return synonym;
  }
  const [best] = known
    .map((option) => ({ option, distance: editDistance(lowerCase, option.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.option.length / 3))
    ? best.option
    : undefined;
}

function nearestWithin(name, nested) {
  for (const [option, known] of Object.entries(nested)) {
    const meant = nearest(name, known);
    if (meant !== undefined) {
      return `${option}.${meant}`;
    }
  }
  return undefined;
}

/** Characters to insert, remove, replace or swap (optimal string alignment). */
function editDistance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array(b.length).fill(0)]);
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}

/** A header name; `undefined` and `null` mean the default. */
export function headerNameOption(value, fallback) {
  if (value === undefined || value === null) {
    return fallback;
  }
  if (typeof value !== "string" || !FIELD_NAME.test(value)) {
    throw codedError(
      "ERR_MCP_AUTH_HEADER_NAME_INVALID",
      `\`headerName\` must be an HTTP header name such as "${fallback}": letters, digits and hyphens, no spaces`,
    );
  }
  return value;
}

/** A switch; `undefined` and `null` mean the default. */
export function booleanOption(path, value, fallback) {
  if (value === undefined || value === null) {
    return fallback;
  }
  if (typeof value !== "boolean") {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      `\`${path}\` must be true or false, not a ${typeof value}`,
    );
  }
  return value;
}

/** A whole number from `min` to `max`; `undefined` and `null` mean the default. */
export function integerOption(path, value, fallback, max, min = 0) {
  if (value === undefined || value === null) {
    return fallback;
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      `\`${path}\` must be a whole number from ${min} to ${max}`,
    );
  }
  return value;
}

/** Seconds, whole or not, from `min` to `max`; `undefined` for an option that is not given. */
export function secondsOption(path, value, min, max) {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== "number" || !(value >= min && value <= max)) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      `\`${path}\` must be a number of seconds from ${min} to ${max}`,
    );
  }
  return value;
}
