// A process of its own, run with MCP_DEBUG_CONSOLE=true so that its parent can read everything it logs: per transport
// and provider one real server, one right and one wrong credential. Argument: the module that exports the providers.
// Writes the statuses to stdout as JSON.

import { API_KEY, API_KEYS, JWT_SECRET, TOKEN, WRONG_API_KEY, WRONG_TOKEN } from "./credentials.js";
import { HTTP_STREAM, SSE, startServer } from "./servers.js";

const { APIKeyAuthProvider, JWTAuthProvider } = await import(process.argv[2]);

const providers = {
  apiKey: [
    new APIKeyAuthProvider({ keys: API_KEYS }),
    ["X-API-Key", API_KEY],
    ["X-API-Key", WRONG_API_KEY],
    ["Authorization", `Bearer ${WRONG_API_KEY}`],
  ],
  jwt: [
    new JWTAuthProvider({ secret: JWT_SECRET }),
    ["Authorization", `Bearer ${TOKEN}`],
    ["Authorization", `Bearer ${WRONG_TOKEN}`],
    ["Authorization", WRONG_TOKEN],
  ],
};

const statuses = {};
for (const transport of [SSE, HTTP_STREAM]) {
  for (const [kind, [provider, ...headers]] of Object.entries(providers)) {
    const server = await startServer({ transport, provider });
    const path = transport === SSE ? "/messages" : "/mcp";
    const answers = [];
    for (const header of headers)
      answers.push(await server.send({ method: "POST", path, headers: [header] }));
    statuses[`${transport} ${kind}`] = answers.map(({ status }) => status);
    await server.stop();
  }
}
process.stdout.write(JSON.stringify(statuses));
