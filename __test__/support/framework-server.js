// A server that knows nothing of mcp-native-auth, for the documentation's switch that needs no change of source.
import { APIKeyAuthProvider, MCPServer } from "mcp-framework";

const provider = new APIKeyAuthProvider({ keys: [process.env.API_KEY] });
if ("config" in provider) {
  throw new Error("the framework's own class");
}
const server = new MCPServer({
  transport: { type: "http-stream", options: { port: 8080, auth: { provider } } },
});
await server.start();
