import { codedError } from "../core/errors.js";

/**
 * An option that can never work. The message names the option and what to write instead, never its value.
 *
 * @param {string} message
 */
export function optionError(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}
