/** Every code that a process warning of this package can have, with what it means. docs/troubleshooting.md lists them. */
export const WARNINGS = Object.freeze({
  MCP_NATIVE_AUTH_UNKNOWN_OPTION: "an option that does not exist",
  MCP_NATIVE_AUTH_UNDEFINED_OPTION: "a restricting option that is undefined",
  MCP_NATIVE_AUTH_WEAK_KEYS: "an API key can be guessed",
  MCP_NATIVE_AUTH_WEAK_SECRET: "an HMAC secret can be guessed",
  MCP_NATIVE_AUTH_DAMAGED_KEYS: "an API key was damaged on its way into the configuration",
  MCP_NATIVE_AUTH_DAMAGED_SECRET: "an HMAC secret was damaged on its way into the configuration",
  MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS: "an algorithm that no configured key can verify",
  MCP_NATIVE_AUTH_UNBOUND_KEYS: "keys that can sign for each of several issuers",
  MCP_NATIVE_AUTH_UNUSABLE_KEYS: "keys of a JWK Set that cannot verify tokens here",
  MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED: "API keys could not be loaded",
  MCP_NATIVE_AUTH_ISSUER_UNAVAILABLE: "an authorization server cannot be asked",
  MCP_NATIVE_AUTH_OAUTH_OPTION: "an OAuth option that works but is not advisable",
  MCP_NATIVE_AUTH_AUDIENCE_UNCHECKED: "tokens for any audience are accepted at a resource that has a name",
  MCP_NATIVE_AUTH_TOOL_SCOPES_UNENFORCED: "a host that cannot ask for the scopes of a tool",
  MCP_NATIVE_AUTH_KEYS_LEFT_OUT: "API keys that were loaded cannot be used",
  MCP_NATIVE_AUTH_LIMITER_FAILED: "the store of `throttle.limiter` does not answer",
  MCP_NATIVE_AUTH_OPEN_SERVER: "mcp-framework answers requests and asks no provider",
  MCP_NATIVE_AUTH_OPEN_STREAM: "SSE streams are open to anyone",
  MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED: "a copy of mcp-framework does not recognize the providers",
  MCP_NATIVE_AUTH_REGISTER_BYPASSED: "a module uses a provider of mcp-framework itself",
  MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT: "mcp-native-auth/register has replaced nothing",
  MCP_NATIVE_AUTH_REGISTER_NOT_INHERITED: "a child process is started without the switch",
});

/**
 * Those after which a request may be accepted that the configuration was meant to reject. All others cost function
 * alone.
 */
const OF_SECURITY = new Set([
  "MCP_NATIVE_AUTH_UNKNOWN_OPTION",
  "MCP_NATIVE_AUTH_UNDEFINED_OPTION",
  "MCP_NATIVE_AUTH_DAMAGED_KEYS",
  "MCP_NATIVE_AUTH_DAMAGED_SECRET",
  "MCP_NATIVE_AUTH_UNBOUND_KEYS",
  "MCP_NATIVE_AUTH_AUDIENCE_UNCHECKED",
  "MCP_NATIVE_AUTH_TOOL_SCOPES_UNENFORCED",
  "MCP_NATIVE_AUTH_OPEN_SERVER",
  "MCP_NATIVE_AUTH_OPEN_STREAM",
  "MCP_NATIVE_AUTH_WEAK_KEYS",
  "MCP_NATIVE_AUTH_WEAK_SECRET",
  "MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED",
  "MCP_NATIVE_AUTH_LIMITER_FAILED",
  "MCP_NATIVE_AUTH_REGISTER_BYPASSED",
  "MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT",
  "MCP_NATIVE_AUTH_REGISTER_NOT_INHERITED",
]);

/**
 * @param {keyof typeof WARNINGS} code
 * @param {string} message names options, positions and formats, never values
 */
export function warn(code, message) {
  if (!Object.hasOwn(WARNINGS, code)) {
    throw new TypeError(`${code} is not in the table of warnings`);
  }
  if (OF_SECURITY.has(code) && isSilenced(code)) {
    process.stderr.write(`(mcp-native-auth:${process.pid}) [${code}] McpNativeAuthWarning: ${message}\n`);
  }
  process.emitWarning(message, { type: "McpNativeAuthWarning", code });
}

/**
 * Whether all process warnings are off, as many images have it for the sake of others. `--disable-warning` with a code
 * of ours is a decision about that code, and holds.
 */
function isSilenced(code) {
  const { NODE_NO_WARNINGS, NODE_OPTIONS = "" } = process.env;
  const flags = [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)];
  const isOff = NODE_NO_WARNINGS === "1" || flags.includes("--no-warnings");
  return isOff && !flags.includes(`--disable-warning=${code}`);
}
