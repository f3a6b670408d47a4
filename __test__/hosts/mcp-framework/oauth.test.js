// OAuthAuthProvider behind real mcp-framework servers: metadata, challenges, answers that differ by request, and an
// issuer that cannot be asked.

import assert from "node:assert/strict";
import diagnostics from "node:diagnostics_channel";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { OAuthAuthProvider as FrameworkOAuthAuthProvider } from "mcp-framework";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider, OAuthAuthProvider } from "mcp-native-auth";
import { issuerServer } from "../../support/issuer-server.js";
import { jws, pair, publicJwk } from "../../support/keys.js";
import {
  HTTP_STREAM,
  SERVERLESS,
  SSE,
  serverlessServer,
  startServer,
  withoutFrameworkLog,
} from "../../support/servers.js";

const ISSUER = "https://issuer.example";
const KEY = "9uZ4tXq7LwRk2VbNc8Hd5pTy3JmGs6fA";
const DOWN = "https://down.example";
const OPAQUE = "https://opaque.example";
const RESOURCE = "https://mcp.example.com/mcp";
const CLIENT = { clientId: "resource-server", clientSecret: "client-secret-8d1f0b77" };
const METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource";
const now = Math.floor(Date.now() / 1000);
const CLAIMS = { iss: ISSUER, aud: RESOURCE, sub: "alice", exp: now + 3600, scope: "mcp" };

const TRANSPORTS = [HTTP_STREAM, SSE, SERVERLESS];
const sign = (claims) =>
  jws({
    header: { alg: "ES256", kid: "key" },
    payload: { ...CLAIMS, ...claims },
    key: pair("p256").privateKey,
  });

withoutFrameworkLog();
let issuer;
const warnings = [];
const noteWarning = ({ code, message }) => warnings.push({ code, message });
before(async () => {
  process.on("warning", noteWarning);
  issuer = await issuerServer({ keys: [{ ...publicJwk("p256"), kid: "key" }] });
});
after(async () => {
  await issuer.close();
  process.off("warning", noteWarning);
});

/** Accepts tokens of one issuer, asks another one about opaque tokens; a third one cannot be asked. */
function provider(options) {
  return new OAuthAuthProvider({
    resource: RESOURCE,
    authorizationServers: [ISSUER],
    validation: [
      { issuer: ISSUER, jwksUri: issuer.jwksUri },
      { issuer: DOWN, jwksUri: "http://127.0.0.1:1/jwks" },
      {
        type: "introspection",
        issuer: OPAQUE,
        introspection: { endpoint: issuer.introspectionEndpoint, ...CLIENT },
      },
    ],
    requiredScopes: ["mcp"],
    ...options,
  });
}

async function start(t, transport, given) {
  const gated = { provider: given, endpoints: { sse: true, messages: true } };
  const server =
    transport === SERVERLESS ? serverlessServer(gated) : await startServer({ transport, ...gated });
  t.after(async () => {
    given.close?.();
    await server.stop();
  });
  return server;
}

const LIST = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "whoami", arguments: {} },
});

/** A request that the provider is asked about, on any transport. */
function gated(transport, token, query = "") {
  const headers = token === undefined ? [] : [["Authorization", `Bearer ${token}`]];
  return transport === SSE
    ? { method: "GET", path: `/sse${query}`, headers: [["Accept", "text/event-stream"], ...headers] }
    : {
        method: "POST",
        path: `/mcp${query}`,
        headers: [
          ["Content-Type", "application/json"],
          ["Accept", "application/json, text/event-stream"],
          ...headers,
        ],
        body: LIST,
      };
}

const valuesOf = ({ headers }, name) =>
  headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);

const challenge = (error, scope = ', scope="mcp"') =>
  `Bearer realm="MCP Server", resource="${RESOURCE}"${error}${scope}, resource_metadata="${METADATA}"`;
const INVALID = ', error="invalid_token", error_description="Missing or invalid authentication token"';
const INSUFFICIENT =
  ', error="insufficient_scope", error_description="The access token lacks a required scope"';

/** Each kind of rejected request: its token, and status, challenge and `Retry-After` of the answer. */
const REJECTIONS = {
  "no token": [undefined, 401, challenge(""), "Unauthorized"],
  "an expired token": [sign({ exp: now - 60 }), 401, challenge(INVALID), "Unauthorized"],
  "a token for another server": [sign({ aud: "x" }), 401, challenge(INVALID), "Unauthorized"],
  "a token of a stranger": [
    sign({ iss: "https://stranger.example" }),
    401,
    challenge(INVALID),
    "Unauthorized",
  ],
  "an opaque token that is inactive": ["opaque", 401, challenge(INVALID), "Unauthorized"],
  "a token without the scope": [sign({ scope: "other" }), 403, challenge(INSUFFICIENT), "Insufficient scope"],
  "an issuer that is down": [
    sign({ iss: DOWN }),
    503,
    undefined,
    "The authorization server cannot be asked at the moment",
  ],
};

function assertRejected(answer, [, status, expected, message], what, transport) {
  assert.equal(answer.status, status, what);
  const serverless = transport === SERVERLESS;
  // Serverless handlers send the header with every status.
  const header = expected ?? (serverless ? challenge("", "") : undefined);
  assert.deepEqual(valuesOf(answer, "www-authenticate"), header === undefined ? [] : [header], what);
  assert.deepEqual(JSON.parse(answer.body), { error: message, status, type: "authentication_error" }, what);
  const retry = valuesOf(answer, "retry-after");
  if (status === 503 && !serverless) {
    assert.match(retry.join(), /^[1-9]\d*$/, what);
  } else {
    assert.deepEqual(retry, [], what);
  }
}

describe("metadata: RFC 9728", () => {
  const WELL_KNOWN = "/.well-known/oauth-protected-resource";
  const REQUESTS = [
    ["GET", WELL_KNOWN],
    ["GET", `${WELL_KNOWN}?a=1`],
    ["GET", `${WELL_KNOWN}/`],
    ["GET", `${WELL_KNOWN}/mcp`],
    ["GET", WELL_KNOWN.toUpperCase()],
    ["HEAD", WELL_KNOWN],
    ["OPTIONS", WELL_KNOWN],
  ];
  const withoutDate = ({ status, headers, body }) => ({
    status,
    headers: headers.filter(([name]) => !["date", "www-authenticate"].includes(name.toLowerCase())),
    body,
  });

  for (const transport of TRANSPORTS) {
    it(`${transport}: as the framework serves it`, async (t) => {
      const config = {
        resource: RESOURCE,
        authorizationServers: [ISSUER, DOWN],
        validation: { type: "jwt", issuer: ISSUER, audience: RESOURCE, jwksUri: issuer.jwksUri },
      };
      const oracle = await start(t, transport, new FrameworkOAuthAuthProvider(config));
      const ours = await start(t, transport, new OAuthAuthProvider(config));
      for (const [method, path] of REQUESTS) {
        const answers = [await oracle.send({ method, path }), await ours.send({ method, path })];
        assert.deepEqual(withoutDate(answers[1]), withoutDate(answers[0]), `${method} ${path}`);
      }
      const served = await ours.send({ method: "GET", path: WELL_KNOWN });
      assert.equal(served.status, 200);
      assert.deepEqual(JSON.parse(served.body), {
        resource: RESOURCE,
        authorization_servers: [ISSUER, DOWN],
      });
    });
  }
});

for (const transport of TRANSPORTS) {
  describe(`answers: ${transport}`, () => {
    for (const [what, expected] of Object.entries(REJECTIONS)) {
      it(`${what}: ${expected[1]}`, async (t) => {
        const server = await start(t, transport, provider());
        assertRejected(await server.send(gated(transport, expected[0])), expected, what, transport);
      });
    }

    it("a good token: accepted, with its claims in the context of the tool", async (t) => {
      const server = await start(t, transport, provider());
      for (const token of [sign(), issuer.answer({ active: true, ...CLAIMS, iss: OPAQUE })]) {
        const answer = await server.send(gated(transport, token));
        assert.ok(answer.status < 300 || answer.status === 400, `${answer.status} ${answer.body}`);
        assert.deepEqual(valuesOf(answer, "www-authenticate"), []);
        answer.close?.();
      }
    });

    it("a token in the query: 401, even next to a good one", async (t) => {
      const server = await start(t, transport, provider());
      for (const token of [undefined, sign()]) {
        const answer = await server.send(gated(transport, token, `?access_token=${sign()}`));
        assert.equal(answer.status, 401);
      }
    });

    it("100 interleaved requests: each gets its own answer", async (t) => {
      const server = await start(t, transport, provider());
      const kinds = Object.entries(REJECTIONS);
      const sent = Array.from({ length: 100 }, async (_, index) => {
        const [what, expected] = kinds[(index * 3) % kinds.length];
        await sleep(index % 5);
        assertRejected(await server.send(gated(transport, expected[0])), expected, what, transport);
      });
      await Promise.all(sent);
    });
  });
}

describe("the parameters of a challenge", () => {
  const challengeOf = async (t, options) => {
    const server = await start(t, HTTP_STREAM, provider({ requiredScopes: null, ...options }));
    const answer = await server.send(gated(HTTP_STREAM));
    return valuesOf(answer, "www-authenticate").join();
  };

  it("resource_metadata is at the root of the resource, the one that the framework serves", async (t) => {
    assert.match(await challengeOf(t), new RegExp(`, resource_metadata="${METADATA}"$`));
  });

  it("resource_metadata can be another URL, and none", async (t) => {
    const other = "https://meta.example/resource";
    assert.match(
      await challengeOf(t, { resourceMetadataUrl: other }),
      /resource_metadata="https:\/\/meta\.example\/resource"$/,
    );
    assert.doesNotMatch(await challengeOf(t, { resourceMetadataUrl: false }), /resource_metadata/);
  });

  it("a resource that is no URL has no metadata of its own", async (t) => {
    const value = await challengeOf(t, { resource: "api://mcp" });
    assert.equal(value, 'Bearer realm="MCP Server", resource="api://mcp"');
  });

  for (const what of ["a token without the scope", "an issuer that is down"]) {
    it(`anyOf answers as OAuth alone: ${what}`, async (t) => {
      const others = [new APIKeyAuthProvider({ keys: [KEY] }), new JWTAuthProvider({ secret: KEY })];
      const server = await start(t, HTTP_STREAM, anyOf([...others, provider()]));
      assertRejected(
        await server.send(gated(HTTP_STREAM, REJECTIONS[what][0])),
        REJECTIONS[what],
        what,
        HTTP_STREAM,
      );
    });
  }

  it("anyOf sends it next to the challenges of others, and its metadata is served", async (t) => {
    const combined = anyOf([new APIKeyAuthProvider({ keys: [KEY] }), provider()]);
    assert.ok(combined instanceof FrameworkOAuthAuthProvider);
    const server = await start(t, HTTP_STREAM, combined);
    const answer = await server.send(gated(HTTP_STREAM, sign({ exp: 1 })));
    assert.equal(answer.status, 401);
    assert.ok(valuesOf(answer, "www-authenticate").join().includes(challenge(INVALID)));
    const metadata = await server.send({ method: "GET", path: "/.well-known/oauth-protected-resource" });
    assert.equal(JSON.parse(metadata.body).resource, RESOURCE);
  });
});

describe("an issuer that cannot be asked", () => {
  const rejected = [];
  const failed = [];
  const noteRejected = (event) => rejected.push(event);
  const noteFailed = (event) => failed.push(event);
  before(() => {
    diagnostics.subscribe("mcp-native-auth:rejected", noteRejected);
    diagnostics.subscribe("mcp-native-auth:reload-failed", noteFailed);
  });
  after(() => {
    diagnostics.unsubscribe("mcp-native-auth:rejected", noteRejected);
    diagnostics.unsubscribe("mcp-native-auth:reload-failed", noteFailed);
  });

  for (const [kind, validation] of [
    ["keys", () => ({ issuer: ISSUER, jwksUri: "http://127.0.0.1:1/jwks" })],
    ["metadata", () => ({ issuer: "http://127.0.0.1:1" })],
    [
      "introspection",
      () => ({
        type: "introspection",
        issuer: ISSUER,
        introspection: { endpoint: "http://127.0.0.1:1/introspect", ...CLIENT },
      }),
    ],
  ]) {
    it(`${kind}: 503, an event for each request, one warning and an event for the failure, nothing for the throttle`, async (t) => {
      const server = await start(
        t,
        HTTP_STREAM,
        provider({ validation: validation(), throttle: { failures: 1 } }),
      );
      for (const notes of [rejected, failed, warnings]) notes.length = 0;
      const token = sign({ iss: validation().issuer });
      for (const answer of await Promise.all([1, 2, 3].map(() => server.send(gated(HTTP_STREAM, token))))) {
        assertRejected(answer, REJECTIONS["an issuer that is down"], kind, HTTP_STREAM);
      }
      assert.deepEqual(
        rejected.map(({ provider: name, reason }) => [name, reason]),
        [1, 2, 3].map(() => ["OAuthAuthProvider", "ISSUER_UNAVAILABLE"]),
      );
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ["MCP_NATIVE_AUTH_ISSUER_UNAVAILABLE"],
      );
      assert.match(
        warnings[0].message,
        /^OAuthAuthProvider: http:\/\/127\.0\.0\.1:1\/\S* cannot be reached: ECONNREFUSED\./,
      );
      assert.deepEqual(
        { ...failed[0], message: undefined },
        { provider: "OAuthAuthProvider", failures: 1, message: undefined, usingStaleKeys: false },
      );
    });
  }

  for (const transport of TRANSPORTS) {
    it(`JWTAuthProvider with keys by URL, ${transport}: 503 too, and a good token is accepted`, async (t) => {
      const down = await start(t, transport, new JWTAuthProvider({ jwksUri: "http://127.0.0.1:1/jwks" }));
      const answer = await down.send(gated(transport, sign()));
      const [, status, , message] = REJECTIONS["an issuer that is down"];
      assert.equal(answer.status, status);
      assert.equal(JSON.parse(answer.body).error, message);
      assert.deepEqual(valuesOf(answer, "www-authenticate"), []);
      assert.match(valuesOf(answer, "retry-after").join(), transport === SERVERLESS ? /^$/ : /^[1-9]\d*$/);
      const up = await start(t, transport, new JWTAuthProvider({ jwksUri: issuer.jwksUri }));
      const good = await up.send(gated(transport, sign()));
      assert.ok(good.status < 300 || good.status === 400, `${good.status} ${good.body}`);
      good.close?.();
    });
  }
});

describe("secrets", () => {
  it("are in no event, warning or answer, and in nothing that is printed of a provider", async (t) => {
    const seen = [];
    const channels = ["accepted", "rejected", "reload-failed"].map((name) => `mcp-native-auth:${name}`);
    const note = (event) => seen.push(inspect(event, { depth: null, showHidden: true }));
    for (const channel of channels) diagnostics.subscribe(channel, note);
    t.after(() => {
      for (const channel of channels) diagnostics.unsubscribe(channel, note);
    });
    warnings.length = 0;
    const given = provider();
    const server = await start(t, HTTP_STREAM, given);
    const opaque = issuer.answer({ active: true, ...CLAIMS, iss: OPAQUE }, "opaque-credential-71f0aa");
    const tokens = [sign(), opaque, ...Object.values(REJECTIONS).map(([token]) => token)].filter(Boolean);
    for (const token of tokens) {
      const { body, headers } = await server.send(gated(HTTP_STREAM, token));
      // The tool prints its context, which has the token on purpose.
      seen.push(body.includes("whoami") || body.includes(token) ? "" : body, inspect(headers));
    }
    seen.push(inspect(given, { depth: null, showHidden: true }), JSON.stringify(given), inspect(warnings));
    const text = seen.join("\n");
    assert.ok(text.includes("OAuthAuthProvider") && text.includes("alice"));
    for (const secret of [CLIENT.clientSecret, ...tokens.filter((token) => token !== "opaque")]) {
      assert.ok(!text.includes(secret), secret);
      assert.ok(!text.includes(secret.split(".").at(-1)), secret);
    }
  });
});
