import { Server } from "node:http";
import { codedError } from "../../core/errors.js";

/**
 * What the guard relies on in mcp-framework, each checked before it is used: a version that is built otherwise must not
 * run without what the guard promises.
 */

/** @param {object} server */
export function checkServer(server) {
  const isServer = Array.isArray(server?.transportConfigs) && "isRunning" in server;
  if (!isServer) {
    throw invalid("`guard` takes an MCPServer of mcp-framework");
  }
  needMethods("MCPServer", server, [
    "createTransportFromConfig",
    "createSDKServerForSession",
    "handleRequest",
    "start",
  ]);
  need("MCPServer.toolsMap", server.toolsMap instanceof Map);
  need("MCPServer._authConfig", "_authConfig" in server);
  if (server.isRunning) {
    throw invalid("`guard` must be called before `start()`");
  }
}

/** Another provider would be put out of action without a word. */
export function checkProviders(server, provider) {
  const configs = server.transportConfigs.map((config) => config.auth ?? config.options?.auth);
  for (const configured of [...configs, server._authConfig]) {
    if (configured?.provider && configured.provider !== provider) {
      throw invalid(
        "`guard`: the server is configured with another provider than the one of `requireAuth`; pass that one to " +
          "`requireAuth`, or leave `auth` out of the configuration of the server",
      );
    }
  }
}

/** @returns {Set<string>} the paths where a transport takes messages or opens streams */
export function endpointsOf(transport) {
  const { type, _endpoint, _healthPath, _config } = transport;
  need("the transport's _healthPath", _healthPath === null || typeof _healthPath === "string");
  needMethods("the transport", transport, ["start", "send"]);
  switch (type) {
    case "http-stream":
      need("HttpStreamTransport._endpoint", typeof _endpoint === "string");
      return new Set([_endpoint]);
    case "sse": {
      const paths = [_config?.endpoint, _config?.messageEndpoint];
      need(
        "SSEServerTransport._config.endpoint and messageEndpoint",
        paths.every((path) => typeof path === "string"),
      );
      return new Set(paths);
    }
    default:
      throw unsupported(`a transport of the type \`${type}\``);
  }
}

/** The server of node:http that a transport has made, which does not listen yet. */
export function httpServerOf(transport) {
  const { _server } = transport;
  need(
    "the transport's _server, of node:http",
    _server instanceof Server && _server.listenerCount("request") > 0,
  );
  return _server;
}

/** @param {string} name @param {boolean} isThere */
export function need(name, isThere) {
  if (!isThere) {
    throw unsupported(`no ${name}`);
  }
}

function needMethods(name, object, methods) {
  for (const method of methods) {
    need(`${name}.${method}()`, typeof object[method] === "function");
  }
}

function unsupported(what) {
  return codedError(
    "ERR_MCP_AUTH_GUARD_UNSUPPORTED",
    `\`guard\` does not fit this version of mcp-framework, which has ${what}; use one that docs/mcp-framework.md names`,
  );
}

export function invalid(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}
