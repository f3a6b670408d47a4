import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as framework from "mcp-framework";
import * as ours from "mcp-native-auth";
import { RESOURCE_SERVER, startAuthorizationServer } from "./authorization-server.js";
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
 * Alice logs in at a real authorization server and calls a tool; her token is taken to another server; the key is
 * rotated; then with tokens that the server asks about, of which one is revoked. Once with our provider, once with the
 * framework's, which has to be told what ours reads from the issuer's metadata.
 */
export async function oauthRound() {
  const signed = await withIssuer("jwt", async ({ issuer, rotate }) => {
    const config = (resource) => ({ resource, authorizationServers: [issuer] });
    const validation = (audience) => ({ type: "jwt", audience, issuer, jwksUri: `${issuer}/jwks` });
    return [
      await visit((url) => new ours.OAuthAuthProvider(config(url)), rotate),
      await visit(
        (url) => new framework.OAuthAuthProvider({ ...config(url), validation: validation(url) }),
        rotate,
      ),
    ];
  });
  const opaque = await withIssuer("opaque", async ({ issuer }) => {
    // Asks about each request: a revocation is seen at once.
    const introspection = { ...RESOURCE_SERVER, endpoint: `${issuer}/token/introspection`, cacheTTL: 0 };
    const config = (resource) => ({ resource, authorizationServers: [issuer] });
    const validation = (audience) => ({ type: "introspection", audience, issuer, introspection });
    const providerOf = (classes) => (url) =>
      new classes.OAuthAuthProvider({ ...config(url), validation: validation(url) });
    return [await revoke(providerOf(ours), issuer), await revoke(providerOf(framework), issuer)];
  });
  const [{ login, elsewhere, again, withdrawn }, theirs] = signed;
  const [{ active, revoked }, theirOpaque] = opaque;
  const { token, ...claims } = login.answer;
  const accepted = (presents, one, their) => ({
    who: "Alice",
    presents,
    exchanges: [{ request: "POST /mcp", status: one.status }],
    status: one.status,
    answer: one.claims,
    why: one.why,
    frameworkStatus: their.status,
    asExpected: one.status === 200 && one.claims.sub === "alice",
  });
  const rejected = (presents, one, their, why) => ({
    who: "Alice",
    presents,
    exchanges: [{ request: "POST /mcp", status: one.status }],
    status: one.status,
    challenge: one.challenge,
    why: one.why,
    frameworkStatus: their.status,
    asExpected: one.status === 401 && one.why === why,
  });
  return {
    round: {
      title: "OAuth with a real authorization server, over HTTP stream",
      code: "new OAuthAuthProvider({ resource, authorizationServers: [issuer] })",
    },
    rows: [
      {
        ...accepted("the token that she gets by logging in", { ...login, claims }, theirs.login),
        exchanges: [
          { request: "POST /mcp", status: 401 },
          { request: "POST /mcp", status: login.status },
        ],
        asExpected:
          claims.sub === "alice" &&
          claims.aud === login.url &&
          typeof token === "string" &&
          login.why === "sub is alice" &&
          theirs.login.status === 200,
      },
      rejected("the same token at another server", elsewhere, theirs.elsewhere, "TOKEN_AUDIENCE_NOT_ALLOWED"),
      accepted("a token of the key that was rotated in", again, theirs.again),
      rejected("the token of the withdrawn key", withdrawn, theirs.withdrawn, "TOKEN_KEY_UNKNOWN"),
      accepted("an opaque token, which is asked about", active, theirOpaque.active),
      rejected("the same after it was revoked", revoked, theirOpaque.revoked, "TOKEN_INACTIVE"),
    ],
  };
}

async function withIssuer(format, run) {
  const authorizationServer = await startAuthorizationServer({ format });
  try {
    return await run(authorizationServer);
  } finally {
    await authorizationServer.stop();
  }
}

/** What comes of the login at one server, of the same token at a second one, and of both after a new key. */
async function visit(providerAt, rotate) {
  return withServers(providerAt, 2, async ([here, there]) => {
    const session = new Session();
    // Somebody uses the other server, so that it knows the issuer's keys and can tell what is wrong with a token.
    await callWhoAmI(there, new Session());
    const login = await withReason(() => callWhoAmI(here, session));
    const first = session.saved.access_token;
    const elsewhere = await answerTo(there, first);
    rotate();
    const again = await withReason(() => callWhoAmI(here, new Session()));
    return {
      login: { url: here, status: 200, answer: login.result, why: login.why },
      elsewhere,
      again: { status: 200, claims: withoutToken(again.result), why: again.why },
      withdrawn: await answerTo(here, first),
    };
  });
}

/** What comes of a token that the server asks about, before and after it is revoked. */
async function revoke(providerAt, issuer) {
  return withServers(providerAt, 1, async ([url]) => {
    const session = new Session();
    const login = await withReason(() => callWhoAmI(url, session));
    const token = session.saved.access_token;
    await fetch(`${issuer}/token/revocation`, {
      method: "POST",
      body: new URLSearchParams({ token, client_id: session.client.client_id }),
    });
    return {
      active: { status: 200, claims: withoutToken(login.result), why: login.why },
      revoked: await answerTo(url, token),
    };
  });
}

const withoutToken = ({ token, ...claims }) => claims;

async function withServers(providerAt, count, run) {
  const servers = [];
  try {
    while (servers.length < count) servers.push(await start("http-stream", providerAt));
    return await run(servers.map(({ url }) => url));
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function answerTo(url, token) {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
  };
  const clientInfo = { name: "demo", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  const { result, why } = await withReason(() => fetch(url, { method: "POST", headers, body }));
  await result.body?.cancel();
  return { status: result.status, challenge: result.headers.get("www-authenticate"), why };
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
