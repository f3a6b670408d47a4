import { codedError } from "../../../core/errors.js";
import { isGuarded } from "../guard.js";

/** What `mcp-native-auth/register/guard` adds: each server of the framework is guarded before its first request. */

let isOn = false;

export function guardAll() {
  isOn = true;
}

/**
 * @param {any} framework the real module
 * @param {any} ours what this package exports to applications
 */
export function guardServersOf({ MCPServer }, { requireAuth }) {
  if (!isOn) {
    return;
  }
  const { start, handleRequest } = MCPServer?.prototype ?? {};
  if (typeof start !== "function" || typeof handleRequest !== "function") {
    throw codedError(
      "ERR_MCP_AUTH_GUARD_UNSUPPORTED",
      "mcp-native-auth/register/guard does not fit this version of mcp-framework, whose MCPServer has no `start()` or " +
        "no `handleRequest()`; use one that docs/mcp-framework.md names",
    );
  }
  const guard = (server) => {
    if (!isGuarded(server)) {
      requireAuth(providerOf(server)).guard(server);
    }
  };
  MCPServer.prototype.start = async function startGuarded(...args) {
    if (this.transportConfigs?.some(({ type }) => type !== "stdio")) {
      guard(this);
    }
    return start.apply(this, args);
  };
  MCPServer.prototype.handleRequest = async function handleGuarded(...args) {
    if (isGuarded(this)) {
      // What the guard calls for a request that it admitted.
      return handleRequest.apply(this, args);
    }
    guard(this);
    return this.handleRequest(...args);
  };
}

function providerOf({ transportConfigs = [], _authConfig }) {
  const configs = [...transportConfigs.map((config) => config.auth ?? config.options?.auth), _authConfig];
  const providers = new Set(configs.map((config) => config?.provider).filter(Boolean));
  if (providers.size !== 1) {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      `mcp-native-auth/register/guard needs one provider in the configuration of MCPServer, which has ${providers.size}; ` +
        "call `requireAuth(provider).guard(server)` in the source instead",
    );
  }
  const [provider] = providers;
  return provider;
}
