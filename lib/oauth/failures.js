import { publishReloadFailed } from "../core/events.js";
import { warn } from "../core/warnings.js";

/**
 * Reports an issuer that cannot be asked: in an event each time, and in a warning when it begins to fail.
 *
 * @param {string} provider name of the class
 * @param {{ error: Error, failures: number, usingStaleValue: boolean }} failed
 */
export function reportFailure(provider, { error, failures, usingStaleValue }) {
  publishReloadFailed({ provider, failures, message: error.message, usingStaleKeys: usingStaleValue });
  if (failures === 1) {
    warn(
      "MCP_NATIVE_AUTH_ISSUER_UNAVAILABLE",
      `${provider}: ${error.message}. Tokens of known keys are still accepted; what cannot be decided is answered with 503`,
    );
  }
}
