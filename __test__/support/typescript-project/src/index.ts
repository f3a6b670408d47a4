// A server as users of mcp-framework write it.
import { getRequestContext, MCPServer, MCPTool } from "mcp-framework";
import { z } from "zod";
import { providerOf } from "./auth.js";

class Whoami extends MCPTool<{ greeting: string }> {
  name = "whoami";
  description = "Tells what the server knows about the caller";
  schema = { greeting: { type: z.string(), description: "How to greet" } };

  async execute({ greeting }: { greeting: string }) {
    return { greeting, context: getRequestContext() ?? null };
  }
}

const [port, kind, secret] = process.argv.slice(2) as [string, "api-key" | "jwt", string];

const server = new MCPServer({
  name: "typescript-project",
  version: "1.0.0",
  transport: {
    type: "sse",
    options: {
      port: Number(port),
      auth: { provider: providerOf(kind, secret), endpoints: { sse: true, messages: true } },
    },
  },
});
server.addTool(Whoami);
await server.start();
