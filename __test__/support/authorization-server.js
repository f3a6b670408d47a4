// A real authorization server on loopback: oidc-provider, with dynamic registration, PKCE, resource indicators and
// introspection. A user is played by plain requests that carry the cookies of a browser.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import http from "node:http";
import Provider from "oidc-provider";

/** The client of a resource server that asks about tokens. */
export const INTROSPECTION_CLIENT = {
  clientId: "resource-server",
  clientSecret: "introspection-secret-5b2e9c",
};

/** What a client may be granted. */
const SCOPES = "mcp files:write";

function signingKey(kid) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" };
}

/**
 * @param {{ format?: "jwt" | "opaque" }} [options] of access tokens
 * @returns {Promise<{ issuer: string, rotate: (how: { keep: boolean }) => void, stop: () => Promise<void>, jwksFetches: () => number }>}
 */
export async function startAuthorizationServer({ format = "jwt" } = {}) {
  let handler = (_request, response) => response.writeHead(503).end();
  let fetches = 0;
  const server = http.createServer((request, response) => {
    fetches += request.url === "/jwks" ? 1 : 0;
    handler(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let keys = [signingKey("first")];
  const open = () => {
    handler = new Provider(issuer, configuration(keys, format)).callback();
  };
  open();
  return {
    issuer,
    jwksFetches: () => fetches,
    /** New tokens are signed with a new key; the one before is withdrawn unless it is kept. Grants are forgotten. */
    rotate({ keep }) {
      keys = [signingKey(randomUUID()), ...(keep ? keys : [])];
      open();
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(keys, format) {
  const { clientId, clientSecret } = INTROSPECTION_CLIENT;
  return {
    jwks: { keys },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: [],
        response_types: [],
        redirect_uris: [],
      },
    ],
    cookies: { keys: ["cookie-signing-key-of-a-test"] },
    scopes: ["openid", ...SCOPES.split(" ")],
    // RFC 7591 §3.2.1: it may replace what a client registers. The official clients register the scopes of the first
    // challenge alone, and oidc-provider holds them to these: without this, no client could ask for more.
    extraClientMetadata: {
      properties: ["client_name"],
      validator(_context, _name, _value, metadata) {
        metadata.scope &&= SCOPES;
      },
    },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    ttl: {
      AccessToken: 600,
      Grant: 600,
      Session: 600,
      Interaction: 600,
      AuthorizationCode: 60,
      IdToken: 600,
    },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: SCOPES,
          audience: resource,
          accessTokenFormat: format,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  };
}

/** Logs in and consents, as a person with a browser does. Gives the URL that the client gets back, with the code. */
export async function authorize(authorizationUrl, redirectUrl) {
  const cookies = new Map();
  let url = String(authorizationUrl);
  let body;
  for (let step = 0; step < 20; step += 1) {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      body,
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      await response.arrayBuffer();
      url = new URL(location, url).href;
      body = undefined;
      if (url.startsWith(String(redirectUrl))) {
        return new URL(url);
      }
      continue;
    }
    const page = await response.text();
    const [, action] = /<form[^>]*action="([^"]+)"/.exec(page) ?? [];
    const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? [];
    if (action === undefined) {
      throw new Error(`the authorization server answered ${response.status}: ${page.slice(0, 300)}`);
    }
    url = new URL(action, url).href;
    body = new URLSearchParams({ prompt, login: "alice", password: "any" });
  }
  throw new Error("the authorization server redirects in circles");
}
