/** What our constructors throw and warn of: plain Errors with a stable code, and never a secret. */

import { inspect, types } from "node:util";

const CODES = [
  "KEYS_REQUIRED",
  "KEYS_INVALID",
  "SECRET_REQUIRED",
  "SECRET_INVALID",
  "SECRET_EMPTY",
  "SECRET_UNREADABLE",
  "SECRET_UNSUITABLE",
  "SECRET_WEAK_RSA",
  "SECRET_JWK_USE",
  "ALGORITHMS_INVALID",
  "ALGORITHMS_INCOMPATIBLE",
  "HEADER_NAME_INVALID",
  "OPTION_INVALID",
].map((name) => `ERR_MCP_AUTH_${name}`);

/**
 * Builds our provider: `{ provider }` or `{ rejection }`, and `faults`, what was wrong in how it rejected
 * or warned.
 */
export function constructWatched(Provider, config) {
  const warnings = [];
  const { emitWarning } = process;
  process.emitWarning = (message, options) => warnings.push({ message: String(message), ...options });
  try {
    return { provider: new Provider(config), warnings, faults: leaks(warnings, config) };
  } catch (rejection) {
    const shown = types.isNativeError(rejection) ? [rejection] : [];
    return {
      rejection,
      warnings,
      faults: [...misbehaviour(rejection), ...leaks([...shown, ...warnings], config)],
    };
  } finally {
    process.emitWarning = emitWarning;
  }
}

function misbehaviour(rejection) {
  if (!types.isNativeError(rejection) || Object.getPrototypeOf(rejection) !== Error.prototype) {
    return ["the constructor threw something that is no plain Error"];
  }
  return CODES.includes(rejection.code) ? [] : [`the constructor threw an Error of code ${rejection.code}`];
}

function leaks(shown, config) {
  if (shown.length === 0) {
    return [];
  }
  const text = shown
    .map((one) => `${one.message} ${inspect(one, { depth: 4, showHidden: true, maxStringLength: null })}`)
    .join("\n");
  const leaked = keyTexts(config).some((secret) => text.includes(secret));
  return leaked ? ["the constructor told key material"] : [];
}

/** Long enough not to be in a message by chance. */
const TELLING = 12;

/** The texts that nobody may be told: secrets as a whole, of PEM and JWK each long word. */
function keyTexts(config) {
  const { secret, keys } = typeof config === "object" && config !== null ? config : {};
  return [keys, secret].flatMap((value) => texts(value, 0)).filter((text) => text.length >= TELLING);
}

function texts(value, depth) {
  if (typeof value === "string") {
    return [value, ...(value.match(/[\w+/-]{16,}/g) ?? [])];
  }
  if (value instanceof Uint8Array) {
    return texts(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"), depth);
  }
  if (
    depth > 2 ||
    typeof value !== "object" ||
    value === null ||
    types.isKeyObject(value) ||
    types.isProxy(value)
  ) {
    return [];
  }
  return Object.values(value).flatMap((member) => texts(member, depth + 1));
}
