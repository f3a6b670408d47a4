/** Metadata, keys and introspection of one issuer together, as a provider wires them. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { createIntrospector } from "../../lib/oauth/introspection.js";
import { createKeySet } from "../../lib/oauth/jwks.js";
import { createIssuerMetadata } from "../../lib/oauth/metadata.js";
import { scriptedServer, sendJson } from "../support/scripted-server.js";

const METADATA = "/.well-known/openid-configuration";

/** An issuer with one key and one active token. */
async function startIssuer(t) {
  const issuer = { keysPath: "/keys" };
  const server = await scriptedServer(t, (req, res) => {
    const { origin } = server;
    const answers = {
      [METADATA]: {
        issuer: origin,
        jwks_uri: origin + issuer.keysPath,
        introspection_endpoint: `${origin}/introspect`,
      },
      [issuer.keysPath]: { keys: [{ kty: "RSA", kid: "a", n: "AQAB", e: "AQAB" }] },
      "/introspect": { active: true, sub: "alice", iss: origin, aud: "mcp", exp: 9_000_000_000 },
    };
    const answer = answers[req.url];
    sendJson(res, answer ?? {}, { status: answer === undefined ? 404 : 200 });
  });
  return Object.assign(issuer, server);
}

it("keys and the introspection endpoint are found by the issuer alone, in one discovery", async (t) => {
  const { origin, requests } = await startIssuer(t);
  const metadata = createIssuerMetadata({ issuer: origin });
  const keys = createKeySet({
    locate: async () => (await metadata.get()).jwksUri,
    build: (jwks) => jwks.keys.length,
  });
  const introspector = createIntrospector({
    endpoint: async () => (await metadata.get()).introspectionEndpoint,
    clientId: "rs",
    clientSecret: "x",
    rules: { issuers: [origin], audiences: ["mcp"] },
  });
  t.after(() => {
    keys.close();
    introspector.close();
    metadata.close();
  });
  const [value, { claims }] = await Promise.all([keys.keysFor("a"), introspector.introspect("token")]);
  assert.equal(value, 1);
  assert.equal(claims.sub, "alice");
  assert.deepEqual(requests.map(({ url }) => url).sort(), [
    "/.well-known/oauth-authorization-server",
    METADATA,
    "/introspect",
    "/keys",
  ]);
});

it("keys that move are found again: a set that is not where it was asks for the metadata", async (t) => {
  const issuer = await startIssuer(t);
  const metadata = createIssuerMetadata({ issuer: issuer.origin, minIntervalMs: 0 });
  const keys = createKeySet({
    locate: async () => (await metadata.get()).jwksUri,
    build: (jwks) => jwks.keys.length,
    minIntervalMs: 20,
    onFailure: ({ error }) => {
      if (error.code === "ERR_MCP_AUTH_HTTP_STATUS") metadata.refresh({ background: true });
    },
  });
  t.after(() => {
    keys.close();
    metadata.close();
  });
  await keys.ready();
  issuer.keysPath = "/moved";
  assert.equal(await keys.keysFor("b").catch(({ code }) => code), "ERR_MCP_AUTH_HTTP_STATUS");
  // The metadata may take longer than the next fetch of the set.
  while ((await keys.keysFor("b").catch(({ code }) => code)) !== undefined);
  assert.ok(issuer.requests.some(({ url }) => url === "/moved"));
});
