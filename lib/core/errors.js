/**
 * Every code that an error of this package can have, with what it means. `ConfigurationError` in index.d.ts and
 * docs/troubleshooting.md list the same.
 */
export const ERRORS = Object.freeze({
  ERR_MCP_AUTH_KEYS_REQUIRED: "no API key is configured",
  ERR_MCP_AUTH_KEYS_INVALID: "an API key or its record cannot work",
  ERR_MCP_AUTH_KEYS_WEAK: "an API key can be guessed, under `strict`",
  ERR_MCP_AUTH_KEYS_DAMAGED: "an API key was damaged on its way into the configuration, under `strict`",
  ERR_MCP_AUTH_KEYS_RELOAD_FAILED: "API keys could not be loaded",
  ERR_MCP_AUTH_SECRET_REQUIRED: "no key for tokens is configured",
  ERR_MCP_AUTH_SECRET_INVALID: "the key for tokens has a wrong type",
  ERR_MCP_AUTH_SECRET_EMPTY: "the HMAC secret has no bytes",
  ERR_MCP_AUTH_SECRET_UNREADABLE: "key material cannot be read",
  ERR_MCP_AUTH_SECRET_UNSUITABLE: "key material of a kind that cannot verify tokens",
  ERR_MCP_AUTH_SECRET_WEAK_RSA: "an RSA key outside of the accepted range",
  ERR_MCP_AUTH_SECRET_JWK_USE: "a JWK that its own members exclude from verification",
  ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS: "more keys than are ever tried",
  ERR_MCP_AUTH_SECRET_WEAK: "an HMAC secret can be guessed, under `strict`",
  ERR_MCP_AUTH_SECRET_DAMAGED: "an HMAC secret was damaged on its way into the configuration, under `strict`",
  ERR_MCP_AUTH_ALGORITHMS_INVALID: "`algorithms` is not a list of supported algorithms",
  ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE: "the key fits none of `algorithms`",
  ERR_MCP_AUTH_HEADER_NAME_INVALID: "`headerName` is not an HTTP field name",
  ERR_MCP_AUTH_OPTION_INVALID: "an option has a value that cannot work",
  ERR_MCP_AUTH_OPTION_UNKNOWN: "an option that does not exist, under `strict`",
  ERR_MCP_AUTH_GUARD_UNSUPPORTED: "`guard` does not fit this version of mcp-framework",
  ERR_MCP_AUTH_REGISTER_UNSUPPORTED: "mcp-native-auth/register cannot work in this runtime",
  ERR_MCP_AUTH_REGISTER_BYPASSED: "a module uses a provider of mcp-framework itself, under register/strict",
  ERR_MCP_AUTH_REGISTER_WITHOUT_EFFECT: "mcp-native-auth/register/strict has replaced nothing",
  ERR_MCP_AUTH_REGISTER_NOT_INHERITED: "a child process is started without the switch, under register/strict",
  ERR_MCP_AUTH_ADDON_MISSING: "there is no native addon for this platform",
  ERR_MCP_AUTH_ADDON_UNLOADABLE: "this machine cannot load the native addon",
  ERR_MCP_AUTH_ADDON_VERSION: "the native addon is of another release",
  ERR_MCP_AUTH_INTERNAL: "a fault of this package",
});

/** @typedef {keyof typeof ERRORS} ErrorCode */

/**
 * A configuration that can never work. A plain `Error`, as the framework throws, with a stable `code`. Messages name
 * options, positions and formats, never values.
 *
 * @param {ErrorCode} code
 * @param {string} message
 * @param {unknown} [cause]
 */
export function codedError(code, message, cause) {
  if (!Object.hasOwn(ERRORS, code)) {
    throw new TypeError(`${code} is not in the table of errors`);
  }
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}

/** Whether an error is one of ours, whose message may be shown. */
export function isCoded(error) {
  try {
    return typeof error?.code === "string" && Object.hasOwn(ERRORS, error.code);
  } catch {
    return false;
  }
}

/**
 * Runs what a public function does. The stack of a configuration error then begins at the line that called the
 * function: V8 keeps ten frames, which ours would fill.
 *
 * @template T
 * @param {Function} publicFunction
 * @param {() => T} run
 * @returns {T}
 */
export function reportAtCaller(publicFunction, run) {
  try {
    return run();
  } catch (error) {
    if (isCoded(error)) {
      const { stack } = error;
      Error.captureStackTrace?.(error, publicFunction);
      // Empty where the function is not on the stack, such as one that was replaced.
      if (!error.stack?.includes("\n")) {
        error.stack = stack;
      }
    }
    throw error;
  }
}

/**
 * Runs a native constructor and rebuilds what it throws as an error of this realm: under Jest a native error is not an
 * `instanceof Error`.
 *
 * @template T
 * @param {() => T} construct
 * @returns {T}
 */
export function constructNative(construct) {
  try {
    return construct();
  } catch (error) {
    throw codedError(error.code, error.message);
  }
}
