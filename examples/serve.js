import { randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { freePort, running } from "./running.js";
import { whoamiServer } from "./server.js";

/** Serves both providers until Ctrl-C, which the framework turns into a shutdown. */
export async function serve() {
  const key = randomBytes(24).toString("base64url");
  const secret = randomBytes(32).toString("base64url");
  const token = jwt.sign({ sub: "alice", role: "reader" }, secret, { expiresIn: "1h" });

  const ssePort = await freePort(8787);
  const httpPort = await freePort(8788);
  const sse = whoamiServer({
    type: "sse",
    port: ssePort,
    provider: new APIKeyAuthProvider({ keys: [key] }),
  });
  const http = whoamiServer({
    type: "http-stream",
    port: httpPort,
    provider: new JWTAuthProvider({ secret, algorithms: ["HS256"] }),
  });

  try {
    const { ended: sseEnded } = await running(sse, ssePort);
    const { ended: httpEnded } = await running(http, httpPort);
    console.log(instructions({ key, token, ssePort, httpPort }));
    await Promise.all([sseEnded, httpEnded]);
    console.log("\nStopped.");
  } finally {
    await Promise.all([sse.stop(), http.stop()]); // for when only one of them could start
  }
}

// For bash and zsh, as a whole or in pieces. The token is cut at its dots, so that no line is too wide;
// the shell joins it again.
function instructions({ key, token, ssePort, httpPort }) {
  return `\
Two servers are running; Ctrl-C stops them. Paste the lines below into another terminal. The key and the
token are good for this run only.

KEY=${key}
TOKEN=${token.replaceAll(".", ".\\\n")}
SSE=http://127.0.0.1:${ssePort}
HTTP=http://127.0.0.1:${httpPort}

# API key over SSE: 401 without a key, 401 with a wrong one.
curl -i $SSE/sse
curl -i $SSE/sse -H "X-API-Key: x$KEY"

# With the key the stream opens and stays open: curl leaves after a second, with its error 28.
curl -i $SSE/sse -H "X-API-Key: $KEY" --max-time 1

# Token over HTTP stream: 401 without a token, 401 with a damaged one.
curl -i $HTTP/mcp
curl -i $HTTP/mcp -H "Authorization: Bearer x$TOKEN"

# With the token: open a session, then ask the server who you are.
ASK=(-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"
  -H "Accept: application/json, text/event-stream")
SESSION=$(curl -s -o /dev/null -D - $HTTP/mcp "\${ASK[@]}" -d '{"jsonrpc":"2.0","id":1,
  "method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},
  "clientInfo":{"name":"curl","version":"1"}}}' |
  awk 'tolower($1) == "mcp-session-id:" { print $2 }' | tr -d '\\r')
curl -i $HTTP/mcp "\${ASK[@]}" -H "Mcp-Session-Id: $SESSION" \\
  -d '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"whoami"}}'
`;
}
