/**
 * A configuration that can never work. A plain `Error`, as the framework throws, with a stable
 * `code`. Messages name options, positions and formats, never values.
 *
 * @param {string} code the part after `ERR_MCP_AUTH_`
 * @param {string} message
 */
export function configurationError(code, message) {
  return Object.assign(new Error(message), { code: `ERR_MCP_AUTH_${code}` });
}

/**
 * Runs a native constructor and rebuilds what it throws as an error of this realm: under Jest a
 * native error is no `instanceof Error`.
 *
 * @template T
 * @param {() => T} construct
 * @returns {T}
 */
export function constructNative(construct) {
  try {
    return construct();
  } catch (error) {
    throw Object.assign(new Error(error.message), { code: error.code });
  }
}

/** @param {string} code the part after `MCP_NATIVE_AUTH_` */
export function warn(code, message) {
  process.emitWarning(message, { type: "McpNativeAuthWarning", code: `MCP_NATIVE_AUTH_${code}` });
}
