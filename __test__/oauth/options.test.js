/** Options of OAuthAuthProvider that the framework does not have; the others are in parity/oauth.test.js. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { OAuthAuthProvider } from "mcp-native-auth";
import { readOAuthConfig } from "../../lib/oauth/options.js";

const BASE = { resource: "https://mcp.example.com/mcp", authorizationServers: ["https://a.example"] };
const CLIENT = { clientId: "rs", clientSecret: "hunter2-secret" };
const construct = (options) => new OAuthAuthProvider({ ...BASE, ...options });

/** Warnings of this package while something runs. */
async function warningsOf(run) {
  const seen = [];
  const note = ({ code, message }) => seen.push(`${code} ${message}`);
  process.on("warning", note);
  run();
  await new Promise(setImmediate);
  process.off("warning", note);
  return seen.filter((text) => text.startsWith("MCP_NATIVE_AUTH"));
}

describe("what can never work is rejected, with the option", () => {
  const rows = [
    [{ requiredScopes: [] }, /`requiredScopes` must be an array of scopes, not empty/],
    [{ requiredScopes: "mcp" }, /`requiredScopes`/],
    [{ requiredScopes: ['a"b'] }, /`requiredScopes`/],
    [{ requiredScopes: ["a b"] }, /`requiredScopes`/],
    [{ clockTolerance: 301 }, /`clockTolerance` must be a number of seconds from 0 to 300/],
    [{ clockTolerance: -1 }, /`clockTolerance`/],
    [{ maxTokenAge: 0 }, /`maxTokenAge`/],
    [{ subject: [] }, /`subject`/],
    [{ requiredClaims: "jti" }, /`requiredClaims`/],
    [{ claims: { tenant: undefined } }, /`claims\.tenant`/],
    [{ typ: "no type" }, /`typ`/],
    [{ cacheSize: -1 }, /`cacheSize`/],
    [{ resourceMetadataUrl: "nope" }, /`resourceMetadataUrl`/],
    [{ resourceMetadataUrl: true }, /`resourceMetadataUrl`/],
    [{ requireHttps: "yes" }, /`requireHttps`/],
    [{ validation: [] }, /`validation` is empty/],
    [{ validation: [{ issuer: "https://a.example" }, null] }, /`validation\[1\]` must be an object/],
    [
      { validation: [{ issuer: "https://a.example" }, { issuer: "https://a.example" }] },
      /names an issuer twice/,
    ],
    [
      { validation: { issuer: ["https://a.example", "https://b.example"] } },
      /must be one issuer where its keys are discovered/,
    ],
    [
      {
        validation: { issuer: "https://a.example/{tenantid}/v2.0", jwksUri: "https://a.example/keys" },
      },
      /`validation\.issuer` must not have `\*` or braces/,
    ],
    [{ validation: { issuer: "https://a.example/*" } }, /`validation\.issuer` must not have/],
    [{ validation: { issuer: "urn:issuer" } }, /`validation\.issuer` must be an https URL/],
    [{ validation: { issuer: "https://a.example/?x" } }, /`validation\.issuer` must not have a query/],
    [{ validation: { allowIdTokens: "no" } }, /`validation\.allowIdTokens`/],
    [
      { validation: { type: "introspection", introspection: { ...CLIENT, authMethod: "none" } } },
      /`validation\.introspection\.authMethod`/,
    ],
    [
      {
        validation: [
          { issuer: "https://a.example" },
          {
            type: "introspection",
            issuer: "https://b.example",
            introspection: { ...CLIENT, clientId: "a:b" },
          },
        ],
      },
      /`validation\[1\]\.introspection\.clientId`/,
    ],
    [
      { typ: "at+jwt", validation: { type: "introspection", introspection: CLIENT } },
      /`typ` cannot be checked where tokens are introspected/,
    ],
    [{ validation: Object.create({ rejectBoundTokens: true }) }, /`rejectBoundTokens` is inherited/],
    [{ authorizationServers: ["http://a.example"], strict: true }, /must be an https URL/],
    [{ isuer: "x", strict: true }, /unknown option "isuer" \(did you mean "validation\.issuer"\?\)/],
    [{ aud: "x", strict: true }, /unknown option "aud" \(did you mean "validation\.audience"\?\)/],
    [
      { algorithm: "x", strict: true },
      /unknown option "algorithm" \(did you mean "validation\.algorithms"\?\)/,
    ],
    [
      { validation: { audeince: "x" }, strict: true },
      /unknown option "audeince" \(did you mean "audience"\?\)/,
    ],
  ];
  for (const [options, pattern] of rows) {
    it(inspect(options, { depth: 3 }), () => {
      assert.throws(
        () => construct(options),
        (error) =>
          pattern.test(error.message) &&
          error.code.startsWith("ERR_MCP_AUTH_OPTION_") &&
          !inspect(error, { depth: null, showHidden: true }).includes(CLIENT.clientSecret),
      );
    });
  }
});

describe("what works but is not advisable is warned of, once", () => {
  const rows = [
    [{ resource: "api://mcp" }, /`resource` should be the https URL of this server/],
    [{ authorizationServers: ["http://a.example"] }, /`authorizationServers` should hold https URLs only/],
    [{ validation: { audience: "*" } }, /`validation\.audience` is "\*"/],
    [{ validation: { jwksUri: "http://keys.example/jwks" } }, /`validation\.jwksUri` should be an https URL/],
    [{ validation: { algorithms: ["HS256", "RS256"] } }, /HMAC algorithms are never accepted/],
  ];
  for (const [options, pattern] of rows) {
    it(inspect(options, { depth: 3 }), async () => {
      const warnings = await warningsOf(() => construct(options));
      assert.equal(warnings.length, 1, inspect(warnings));
      assert.match(warnings[0], /^MCP_NATIVE_AUTH_OAUTH_OPTION OAuthAuthProvider: /);
      assert.match(warnings[0], pattern);
    });
  }

  it("nothing else is", async () => {
    assert.deepEqual(await warningsOf(() => construct({})), []);
    const loopback = { authorizationServers: ["http://127.0.0.1:9"], resource: "http://localhost:8080/mcp" };
    assert.deepEqual(await warningsOf(() => construct(loopback)), []);
  });
});

describe("defaults", () => {
  const read = (options) => readOAuthConfig("OAuthAuthProvider", { ...BASE, ...options }, false);

  it("an entry for each authorization server, with the resource as audience", () => {
    const { validations, requireHttps } = read({
      authorizationServers: ["https://a.example", "https://b.example"],
    });
    assert.equal(requireHttps, false);
    assert.deepEqual(
      validations.map(({ type, issuers, audiences, jwksUri, algorithms }) => ({
        type,
        issuers,
        audiences,
        jwksUri,
        algorithms,
      })),
      ["https://a.example", "https://b.example"].map((issuer) => ({
        type: "jwt",
        issuers: [issuer],
        audiences: [BASE.resource],
        jwksUri: undefined,
        algorithms: ["RS256", "ES256"],
      })),
    );
  });

  it("each entry has its own audience and keys", () => {
    const { validations } = read({
      validation: [
        { issuer: "https://a.example", audience: "x" },
        { type: "introspection", issuer: "https://b.example", introspection: CLIENT },
      ],
    });
    assert.deepEqual(
      validations.map(({ type, audiences }) => [type, audiences]),
      [
        ["jwt", ["x"]],
        ["introspection", [BASE.resource]],
      ],
    );
    assert.equal(validations[1].introspection.cacheTtlMs, 300_000);
  });
});
