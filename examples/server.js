// An MCPServer of mcp-framework. Which provider checks its requests is the caller's choice.
import { getRequestContext, MCPServer, MCPTool } from "mcp-framework";
import { z } from "zod";

class WhoAmI extends MCPTool {
  name = "whoami";
  description = "The claims that this request was accepted with";
  schema = z.object({});

  async execute() {
    return getRequestContext();
  }
}

/** A server with one tool. `provider` is an APIKeyAuthProvider, for example. */
export function whoamiServer({ type, port, provider }) {
  const server = new MCPServer({
    name: "whoami",
    version: "1.0.0",
    basePath: import.meta.dirname, // where the framework looks for tools/, prompts/ and resources/
    transport: {
      type, // "sse" or "http-stream"
      options: {
        host: "127.0.0.1",
        port,
        // `auth` belongs into the transport's options. Without `sse: true` the SSE stream is open to anyone.
        auth: { provider, endpoints: { sse: true, messages: true } },
      },
    },
  });
  server.addTool(WhoAmI);
  return server; // await server.start() serves until SIGINT, SIGTERM or server.stop()
}
