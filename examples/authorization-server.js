import { generateKeyPairSync, randomUUID } from "node:crypto";
import http from "node:http";
import Provider from "oidc-provider";

/** The client of a resource server that asks about tokens. */
export const RESOURCE_SERVER = { clientId: "whoami", clientSecret: "secret-of-the-demo" };

/**
 * An authorization server on loopback where everybody is Alice and agrees to everything.
 *
 * @param {{ format?: "jwt" | "opaque" }} [options] of access tokens
 */
export async function startAuthorizationServer({ format = "jwt" } = {}) {
  let handle;
  const server = http.createServer((request, response) => handle(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const open = () => {
    handle = handlerOf(issuer, format);
  };
  open();
  return {
    issuer,
    /** Signs with a new key from now on; the one before is withdrawn. Clients and grants are forgotten. */
    rotate: open,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function handlerOf(issuer, format) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
  const { clientId, clientSecret } = RESOURCE_SERVER;
  const withoutGrants = { grant_types: [], response_types: [], redirect_uris: [] };
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [{ client_id: clientId, client_secret: clientSecret, ...withoutGrants }],
    cookies: { keys: ["cookie-key-of-the-demo"] },
    scopes: ["mcp"],
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 300, IdToken: 300, Interaction: 60, Session: 300 },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: () => "/login" },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("mcp");
      grant.addResourceScope(oidc.params.resource, "mcp");
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: "mcp",
          audience: resource,
          accessTokenFormat: format,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
  const callback = provider.callback();
  return (request, response) =>
    request.url === "/login"
      ? provider.interactionFinished(request, response, { login: { accountId: "alice" } })
      : callback(request, response);
}
