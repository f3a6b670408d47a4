/** Tokens in the shapes of well-known identity providers: the right one is accepted, each kind of wrong one is not. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import http from "node:http";
import { after, before, describe, it } from "node:test";
import jsonwebtoken from "jsonwebtoken";
import { OAuthAuthProvider } from "mcp-native-auth";

const RESOURCE = "https://mcp.example.com/mcp";
const TENANT = "8c1f2b7e-5a0d-4f5b-9d55-0e6a2f6f7a11";
const now = Math.floor(Date.now() / 1000);
const LIFE = { iat: now - 10, exp: now + 3600 };

const pairs = Object.fromEntries(
  ["key", "stranger"].map((name) => [name, generateKeyPairSync("rsa", { modulusLength: 2048 })]),
);

/**
 * What each provider writes into access tokens, as its documentation shows it, and how it is configured. Made-up values.
 */
const PROVIDERS = {
  Auth0: {
    issuer: "https://acme.eu.auth0.com/",
    audience: "https://mcp.example.com/mcp",
    header: { typ: "at+jwt" },
    claims: {
      sub: "auth0|6543210",
      aud: ["https://mcp.example.com/mcp", "https://acme.eu.auth0.com/userinfo"],
      azp: "kX9client",
      client_id: "kX9client",
      jti: "a1",
      scope: "openid mcp",
    },
    idToken: { aud: "kX9client", at_hash: "Zm9vYmFy", nonce: "n" },
  },
  Okta: {
    issuer: "https://acme.okta.com/oauth2/default",
    audience: "api://default",
    claims: {
      ver: 1,
      jti: "AT.x",
      sub: "alice@example.com",
      aud: "api://default",
      cid: "0oaclient",
      uid: "00u1",
      scp: ["mcp"],
    },
    idToken: { aud: "0oaclient", at_hash: "Zm9vYmFy" },
  },
  "Entra v1": {
    issuer: `https://sts.windows.net/${TENANT}/`,
    audience: "api://mcp-server",
    header: { typ: "JWT" },
    claims: {
      aud: "api://mcp-server",
      sub: "pairwise",
      tid: TENANT,
      appid: "11",
      ver: "1.0",
      scp: "mcp",
      nbf: now - 10,
    },
    idToken: { aud: "11", at_hash: "Zm9vYmFy", ver: "1.0" },
  },
  "Entra v2": {
    issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    audience: "0a1b2c3d-server",
    header: { typ: "JWT" },
    claims: {
      aud: "0a1b2c3d-server",
      sub: "pairwise",
      tid: TENANT,
      azp: "11",
      ver: "2.0",
      scp: "mcp",
      nbf: now - 10,
    },
    idToken: { aud: "11", c_hash: "Zm9vYmFy", ver: "2.0" },
  },
  Cognito: {
    issuer: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc",
    audience: "3n4b5urk1ft4fl3mg5e62d9ado",
    claims: {
      sub: "aaaa",
      token_use: "access",
      client_id: "3n4b5urk1ft4fl3mg5e62d9ado",
      scope: "mcp",
      username: "alice",
    },
    idToken: { token_use: "id", aud: "3n4b5urk1ft4fl3mg5e62d9ado" },
  },
  Keycloak: {
    issuer: "https://sso.example.com/realms/acme",
    audience: RESOURCE,
    header: { typ: "JWT" },
    claims: {
      typ: "Bearer",
      azp: "client",
      sub: "f1",
      aud: [RESOURCE, "account"],
      scope: "mcp email",
      sid: "s",
    },
    idToken: { typ: "ID", aud: "client", at_hash: "x" },
  },
  WorkOS: {
    issuer: "https://acme.authkit.app",
    audience: RESOURCE,
    claims: { sub: "user_01", aud: RESOURCE, sid: "session_01", org_id: "org_01", scope: "mcp" },
    idToken: { aud: "client_01", at_hash: "x" },
  },
  Clerk: {
    issuer: "https://clerk.example.com",
    audience: RESOURCE,
    header: { typ: "at+jwt" },
    claims: { sub: "user_2", aud: RESOURCE, client_id: "c", jti: "oat_1", scope: "mcp" },
    idToken: { aud: "c", at_hash: "x" },
  },
  Stytch: {
    issuer: "https://stytch.com/project-live-1",
    audience: "project-live-1",
    claims: {
      sub: "user-live-1",
      aud: ["project-live-1"],
      client_id: "connected-app",
      scope: "mcp",
      nbf: now - 10,
    },
    idToken: { aud: ["connected-app"], at_hash: "x" },
  },
};

let server;
let jwksUri;
before(async () => {
  const keys = [{ ...pairs.key.publicKey.export({ format: "jwk" }), kid: "key", use: "sig" }];
  server = http.createServer((_request, response) => response.end(JSON.stringify({ keys })));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;
});
after(() => server.close());

function sign(claims, { header = {}, key = "key", ...options } = {}) {
  return jsonwebtoken.sign(claims, pairs[key].privateKey, {
    algorithm: "RS256",
    keyid: "key",
    header: { typ: undefined, ...header },
    ...options,
  });
}

/** Each kind of wrong token, made of the right claims, and the reason of its rejection. */
const WRONG = {
  "an ID token": ({ idToken }) => [idToken, "TOKEN_TYPE_NOT_ALLOWED"],
  "a refresh token that is a JWT": () => [{ typ: "Refresh" }, "TOKEN_TYPE_NOT_ALLOWED"],
  "a logout token": () => [
    { events: { "http://schemas.openid.net/event/backchannel-logout": {} } },
    "TOKEN_TYPE_NOT_ALLOWED",
  ],
  "a logout token by its type": () => [{}, "TOKEN_TYPE_NOT_ALLOWED", { header: { typ: "logout+jwt" } }],
  "an ID-JAG": () => [{}, "TOKEN_TYPE_NOT_ALLOWED", { header: { typ: "oauth-id-jag+jwt" } }],
  "a DPoP proof": () => [{ htm: "POST", htu: RESOURCE }, "TOKEN_TYPE_NOT_ALLOWED"],
  "a token for another resource": () => [{ aud: "https://other.example.com" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  "a token for another resource, asked for by a client with our name": ({ audience }) => [
    { aud: "https://other.example.com", client_id: audience },
    "TOKEN_AUDIENCE_NOT_ALLOWED",
  ],
  "a token that names us as authorized party only": ({ audience }) => [
    { aud: undefined, client_id: undefined, azp: audience },
    "TOKEN_AUDIENCE_NOT_ALLOWED",
  ],
  "a token of another issuer or tenant": ({ issuer }) => [{ iss: `${issuer}x` }, "TOKEN_ISSUER_NOT_ALLOWED"],
  "an expired token": () => [{ exp: now - 1 }, "TOKEN_EXPIRED"],
  "a token that does not expire": () => [{ exp: undefined }, "TOKEN_EXPIRATION_MISSING"],
  "a token that is not valid yet": () => [{ nbf: now + 600 }, "TOKEN_NOT_YET_VALID"],
  "a token without a subject": () => [{ sub: undefined }, "TOKEN_CLAIM_MISSING"],
  "a token that somebody else signed": () => [{}, "TOKEN_SIGNATURE_INVALID", { key: "stranger" }],
  "a token with a critical extension": () => [
    {},
    "TOKEN_CRITICAL_EXTENSION",
    { header: { crit: ["x"], x: 1 } },
  ],
};

for (const [name, shape] of Object.entries(PROVIDERS)) {
  describe(name, () => {
    const { issuer, audience, claims, header } = shape;
    const right = { iss: issuer, ...LIFE, ...claims };
    const config = () => ({
      resource: RESOURCE,
      authorizationServers: [issuer],
      validation: { type: "jwt", issuer, audience, jwksUri },
    });
    const ask = (provider, token) =>
      provider.authenticate({ headers: { authorization: `Bearer ${token}` }, url: "/mcp", socket: {} });

    it("its access token is accepted, new and again", async () => {
      const provider = new OAuthAuthProvider(config());
      const token = sign(right, { header });
      for (let time = 0; time < 4; time += 1) {
        assert.deepEqual(await ask(provider, token), { data: { ...right, token } });
      }
      provider.close();
    });

    for (const [kind, make] of Object.entries(WRONG)) {
      it(`${kind} is rejected, fresh and after an accepted one`, async () => {
        const provider = new OAuthAuthProvider(config());
        await ask(provider, sign(right, { header }));
        const [changes, reason, options = {}] = make(shape);
        const merged = JSON.parse(JSON.stringify({ ...right, ...changes }));
        const token = sign(merged, { ...options, header: { ...header, ...options.header } });
        const reasons = [];
        const take = (event) => reasons.push(event.reason);
        diagnostics.subscribe("mcp-native-auth:rejected", take);
        try {
          for (let time = 0; time < 3; time += 1) {
            assert.equal(await ask(provider, token), false);
          }
        } finally {
          diagnostics.unsubscribe("mcp-native-auth:rejected", take);
          provider.close();
        }
        assert.deepEqual(reasons, [reason, reason, reason]);
      });
    }
  });
}
