import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { RESOURCE_SERVER, startAuthorizationServer } from "./authorization-server.js";
import { freePort, running } from "./running.js";
import { oauthServer } from "./server.js";

const REDIRECT_URL = "http://127.0.0.1:9/callback";

/** What a client remembers; the SDK does the rest: metadata, registration, PKCE, token. */
class Session {
  redirectUrl = REDIRECT_URL;
  clientMetadata = {
    redirect_uris: [REDIRECT_URL],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    scope: "mcp",
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => {
    this.client = client;
  };
  tokens = () => this.saved;
  saveTokens = (tokens) => {
    this.saved = tokens;
  };
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => {
    this.verifier = verifier;
  };
  redirectToAuthorization = (url) => {
    this.authorizationUrl = url;
  };
}

/**
 * Logs in at a real authorization server and calls a tool, takes the token to another server, rotates the key; then
 * with opaque tokens, which the server asks about, until one is revoked.
 *
 * @returns {Promise<{ url: string, answers: Record<string, object>, statuses: Record<string, number> }>}
 */
export async function oauthRound() {
  const signed = await withServers({ format: "jwt" }, {}, async ({ authorizationServer, start }) => {
    const [here, there] = [await start(), await start()];
    const first = await logInAndCall(here);
    const elsewhere = await statusOf(there, first.token);
    authorizationServer.rotate();
    const second = await logInAndCall(here);
    const withdrawn = await statusOf(here, first.token);
    return {
      url: here,
      answers: { first: first.answer, second: second.answer },
      statuses: { elsewhere, withdrawn },
    };
  });
  // Asks about each request: a revocation is seen at once.
  const validation = { type: "introspection", introspection: { ...RESOURCE_SERVER, cacheTTL: 0 } };
  const opaque = await withServers({ format: "opaque" }, { validation }, async (servers) => {
    const url = await servers.start();
    const { answer, token, client } = await logInAndCall(url);
    await fetch(`${servers.authorizationServer.issuer}/token/revocation`, {
      method: "POST",
      body: new URLSearchParams({ token, client_id: client.client_id }),
    });
    return { answer, revoked: await statusOf(url, token) };
  });
  return {
    url: signed.url,
    answers: { ...signed.answers, opaque: opaque.answer },
    statuses: { ...signed.statuses, revoked: opaque.revoked },
  };
}

async function withServers(tokens, options, run) {
  const authorizationServer = await startAuthorizationServer(tokens);
  const servers = [];
  const start = async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/mcp`;
    const server = oauthServer({ port, resource: url, issuer: authorizationServer.issuer, ...options });
    servers.push(server);
    await running(server, port);
    return url;
  };
  try {
    return await run({ authorizationServer, start });
  } finally {
    for (const server of servers) await server.stop();
    await authorizationServer.stop();
  }
}

async function logInAndCall(url) {
  const session = new Session();
  const open = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: session });
  const first = open();
  // The 401 sends the client to the authorization server.
  await new Client({ name: "demo", version: "1.0.0" }).connect(first).catch(() => {});
  await first.finishAuth(await logIn(session.authorizationUrl));
  const client = new Client({ name: "demo", version: "1.0.0" });
  const transport = open();
  await client.connect(transport);
  const { content } = await client.callTool({ name: "whoami" });
  await transport.terminateSession();
  await client.close();
  return { answer: JSON.parse(content[0].text), token: session.saved.access_token, client: session.client };
}

async function statusOf(url, token) {
  const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  await response.body?.cancel();
  return response.status;
}

/** What a browser does: follows redirects, with cookies, until the client gets its code. */
async function logIn(authorizationUrl) {
  const cookies = new Map();
  let url = authorizationUrl;
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    await response.body?.cancel();
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    url = new URL(response.headers.get("location"), url);
    if (url.href.startsWith(REDIRECT_URL)) return url.searchParams.get("code");
  }
  throw new Error("the authorization server redirects in circles");
}
