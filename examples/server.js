// The part to copy: an MCPServer of mcp-framework whose requests are checked by mcp-native-auth.
import { getRequestContext, MCPServer, MCPTool } from "mcp-framework";
import { APIKeyAuthProvider, JWTAuthProvider, OAuthAuthProvider } from "mcp-native-auth";
import { z } from "zod";

class WhoAmI extends MCPTool {
  name = "whoami";
  description = "The claims this request was accepted with";
  schema = z.object({});

  async execute() {
    return getRequestContext();
  }
}

/** Clients present one of `keys`; a key carries no claims. */
export function apiKeyServer({ type, port, keys }) {
  return whoamiServer(type, port, new APIKeyAuthProvider({ keys }));
}

/** Clients present a token signed for `secret`: a shared secret, or the signer's public key as PEM. */
export function jwtServer({ type, port, secret, algorithms }) {
  return whoamiServer(type, port, new JWTAuthProvider({ secret, algorithms }));
}

/** Clients log in at `issuer` for a token that names this server, `resource`. */
export function oauthServer({ port, resource, issuer, validation }) {
  return whoamiServer(
    "http-stream",
    port,
    new OAuthAuthProvider({ resource, authorizationServers: [issuer], validation }),
  );
}

function whoamiServer(type, port, provider) {
  const server = new MCPServer({
    name: "whoami",
    version: "1.0.0",
    basePath: import.meta.dirname, // where the framework looks for tools/, prompts/ and resources/
    transport: {
      type, // "sse" or "http-stream"
      options: {
        host: "127.0.0.1",
        port,
        // start() heeds no `auth` outside a transport; without `sse: true` anyone can open the SSE stream.
        auth: { provider, endpoints: { sse: true, messages: true } },
      },
    },
  });
  server.addTool(WhoAmI);
  return server; // await server.start() serves until SIGINT, SIGTERM or server.stop()
}
