/** Every code that a process warning of this package can have, with what it means. docs/troubleshooting.md lists them. */
export const WARNINGS = Object.freeze({
  MCP_NATIVE_AUTH_UNKNOWN_OPTION: "an option that does not exist",
  MCP_NATIVE_AUTH_UNDEFINED_OPTION: "a restricting option that is undefined",
  MCP_NATIVE_AUTH_WEAK_KEYS: "an API key can be guessed",
  MCP_NATIVE_AUTH_WEAK_SECRET: "an HMAC secret can be guessed",
  MCP_NATIVE_AUTH_DAMAGED_KEYS: "an API key was damaged on its way into the configuration",
  MCP_NATIVE_AUTH_DAMAGED_SECRET: "an HMAC secret was damaged on its way into the configuration",
  MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS: "an algorithm that no configured key can verify",
  MCP_NATIVE_AUTH_UNUSABLE_KEYS: "keys of a JWK Set that cannot verify tokens here",
  MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED: "API keys could not be loaded",
  MCP_NATIVE_AUTH_ISSUER_UNAVAILABLE: "an authorization server cannot be asked",
  MCP_NATIVE_AUTH_OAUTH_OPTION: "an OAuth option that works but is not advisable",
  MCP_NATIVE_AUTH_LIMITER_FAILED: "the store of `throttle.limiter` does not answer",
  MCP_NATIVE_AUTH_OPEN_SERVER: "mcp-framework answers requests and asks no provider",
  MCP_NATIVE_AUTH_OPEN_STREAM: "SSE streams are open to anyone",
  MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED: "a copy of mcp-framework does not recognize the providers",
  MCP_NATIVE_AUTH_REGISTER_BYPASSED: "a module uses a provider of mcp-framework itself",
  MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT: "mcp-native-auth/register has replaced nothing",
});

/**
 * @param {keyof typeof WARNINGS} code
 * @param {string} message names options, positions and formats, never values
 */
export function warn(code, message) {
  if (!Object.hasOwn(WARNINGS, code)) {
    throw new TypeError(`${code} is not in the table of warnings`);
  }
  process.emitWarning(message, { type: "McpNativeAuthWarning", code });
}
