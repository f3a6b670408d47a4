import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as framework from "mcp-framework";
import * as ours from "mcp-native-auth";
import { startAuthorizationServer } from "./authorization-server.js";
import { start, withReason } from "./compare.js";

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
 * Alice logs in at a real authorization server and calls a tool; then her token is taken to another server. Once with
 * our provider, once with the framework's, which has to be told what ours reads from the issuer's metadata.
 */
export async function oauthRound() {
  const authorizationServer = await startAuthorizationServer();
  const { issuer } = authorizationServer;
  const config = (resource) => ({ resource, authorizationServers: [issuer] });
  const validation = (audience) => ({ type: "jwt", audience, issuer, jwksUri: `${issuer}/jwks` });
  try {
    const { login, elsewhere } = await visit((url) => new ours.OAuthAuthProvider(config(url)));
    const theirs = await visit(
      (url) => new framework.OAuthAuthProvider({ ...config(url), validation: validation(url) }),
    );
    const { token, ...claims } = login.answer;
    return {
      round: {
        title: "OAuth with a real authorization server, over HTTP stream",
        code: "new OAuthAuthProvider({ resource, authorizationServers: [issuer] })",
      },
      rows: [
        {
          who: "Alice",
          presents: "the token that she gets by logging in",
          exchanges: [
            { request: "POST /mcp", status: 401 },
            { request: "POST /mcp", status: login.status },
          ],
          status: login.status,
          answer: claims,
          why: login.why,
          frameworkStatus: theirs.login.status,
          asExpected:
            claims.sub === "alice" &&
            claims.aud === login.url &&
            typeof token === "string" &&
            login.why === "sub is alice" &&
            theirs.login.status === 200,
        },
        {
          who: "Alice",
          presents: "the same token at another server",
          exchanges: [{ request: "POST /mcp", status: elsewhere.status }],
          status: elsewhere.status,
          challenge: elsewhere.challenge,
          why: elsewhere.why,
          frameworkStatus: theirs.elsewhere.status,
          asExpected:
            elsewhere.status === 401 &&
            elsewhere.why === "TOKEN_AUDIENCE_NOT_ALLOWED" &&
            theirs.elsewhere.status === 401,
        },
      ],
    };
  } finally {
    await authorizationServer.stop();
  }
}

/** What comes of the login at one server, and of the same token at a second one. */
async function visit(providerAt) {
  const servers = [];
  try {
    for (let count = 0; count < 2; count += 1) servers.push(await start("http-stream", providerAt));
    const [here, there] = servers.map(({ url }) => url);
    const session = new Session();
    // Somebody uses the other server, so that it knows the issuer's keys and can tell what is wrong with a token.
    await callWhoAmI(there, new Session());
    const login = await withReason(() => callWhoAmI(here, session));
    const elsewhere = await withReason(() =>
      fetch(there, { method: "POST", headers: { authorization: `Bearer ${session.saved.access_token}` } }),
    );
    await elsewhere.result.body?.cancel();
    return {
      login: { url: here, status: 200, answer: login.result, why: login.why },
      elsewhere: {
        status: elsewhere.result.status,
        challenge: elsewhere.result.headers.get("www-authenticate"),
        why: elsewhere.why,
      },
    };
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** As a client does that has never been there: a 401 sends it to the authorization server. */
async function callWhoAmI(url, session) {
  const open = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: session });
  const first = open();
  await new Client({ name: "demo", version: "1.0.0" }).connect(first).catch(() => {});
  await first.finishAuth(await logIn(session.authorizationUrl));
  const client = new Client({ name: "demo", version: "1.0.0" });
  const transport = open();
  await client.connect(transport);
  const { content } = await client.callTool({ name: "whoami" });
  await transport.terminateSession();
  await client.close();
  return JSON.parse(content[0].text);
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
