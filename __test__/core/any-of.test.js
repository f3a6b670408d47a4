/** Several ways in behind one provider: who gets in, what is published and counted, and how the rest is answered. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import jsonwebtoken from "jsonwebtoken";
import * as framework from "mcp-framework";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider } from "mcp-native-auth";
import {
  API_KEY,
  API_KEYS,
  CLAIMS,
  JWT_SECRET,
  TOKEN,
  WRONG_API_KEY,
  WRONG_TOKEN,
} from "../support/credentials.js";
import { eventsOf } from "../support/events.js";
import { INITIALIZE } from "../support/initialize.js";
import {
  HTTP_STREAM,
  SERVERLESS,
  SSE,
  serverlessServer,
  startServer,
  withoutFrameworkLog,
} from "../support/servers.js";

const ADDRESS = "192.0.2.1";
const EXPIRED = jsonwebtoken.sign({ ...CLAIMS, exp: 1_700_000_001 }, JWT_SECRET);
const ENTRY_KEY = "entry-key-8d1f60c2b7a94e35";
const OPAQUE = "opaque-token-31c07ab9";

const apiKeys = () => new APIKeyAuthProvider({ keys: API_KEYS });
const entries = () =>
  new APIKeyAuthProvider({
    keys: [
      { key: ENTRY_KEY, id: "ci" },
      { key: `${ENTRY_KEY}-old`, id: "old", expiresAt: new Date(1_700_000_001_000) },
    ],
  });
const jwt = () => new JWTAuthProvider({ secret: JWT_SECRET });
const giving = (result) => ({ authenticate: async () => result });

/** A token with claims that jsonwebtoken does not sign. */
function signed(claims) {
  const input = [{ alg: "HS256" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${input}.${createHmac("sha256", JWT_SECRET).update(input).digest("base64url")}`;
}

const from = (headers, address = ADDRESS) => ({ headers, url: "/mcp", socket: { remoteAddress: address } });
const withKey = (key) => from({ "x-api-key": key });
const bearer = (token) => from({ authorization: `Bearer ${token}` });

const API_KEY_CHALLENGE = 'ApiKey realm="MCP Server", header="X-API-Key"';
const BEARER_CHALLENGE = 'Bearer realm="MCP Server"';
const RESOURCE = "https://mcp.example";
const OAUTH_CHALLENGE = `Bearer realm="MCP Server", resource="${RESOURCE}"`;
const INVALID = ', error="invalid_token"';
const UNAUTHORIZED = '{"error":"Unauthorized","status":401,"type":"authentication_error"}';

/** The one event of one request. */
async function eventOf(provider, request) {
  const events = await eventsOf(() => provider.authenticate(request));
  assert.equal(events.length, 1);
  return events[0];
}

async function statusesOf(provider, requests) {
  const statuses = [];
  for (const request of requests) {
    statuses.push((await provider.authenticate(request)) === false ? provider.getAuthError().status : 200);
  }
  return statuses;
}

withoutFrameworkLog();
let introspection;
before(async () => {
  // An authorization server that knows one token.
  introspection = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    const active = new URLSearchParams(body).get("token") === OPAQUE;
    const claims = { active, sub: "opaque-user", iss: RESOURCE, aud: RESOURCE, exp: 4_102_444_800 };
    res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(claims));
  });
  await new Promise((resolve) => introspection.listen(0, "127.0.0.1", resolve));
});
after(() => new Promise((resolve) => introspection.close(resolve)));

const oauth = (authorizationServers = ["https://auth.example"]) =>
  new framework.OAuthAuthProvider({
    authorizationServers,
    resource: RESOURCE,
    validation: {
      type: "introspection",
      introspection: {
        endpoint: `http://127.0.0.1:${introspection.address().port}/introspect`,
        clientId: "mcp",
        clientSecret: "introspection-client-5b2e",
      },
    },
  });

describe("options", () => {
  const notAnArray = /^`anyOf` takes a non-empty array of providers$/;
  const notAProvider = /^`anyOf`: providers\[1\] must be a provider, with a method `authenticate`$/;
  const throttled = /^`anyOf`: providers\[1\] has a `throttle` of its own; pass it to `anyOf` instead/;
  const cases = [
    ["no providers", [], notAnArray],
    ["none", [[]], notAnArray],
    ["null", [null], notAnArray],
    ["one that is not in an array", [apiKeys(), jwt()], notAnArray],
    ["a Set", [new Set([jwt()])], notAnArray],
    ["a text", [[jwt(), "provider"]], notAProvider],
    ["null among them", [[jwt(), null]], notAProvider],
    ["a hole", [Object.assign([jwt()], { length: 2 })], notAProvider],
    ["a class", [[jwt(), JWTAuthProvider]], notAProvider],
    [
      "one that cannot be read",
      [
        [
          jwt(),
          {
            get authenticate() {
              throw new Error(JWT_SECRET);
            },
          },
        ],
      ],
      notAProvider,
    ],
    [
      "an API key provider with a throttle",
      [[jwt(), new APIKeyAuthProvider({ keys: API_KEYS, throttle: {} })]],
      throttled,
    ],
    [
      "an extended JWT provider with a throttle",
      [[jwt(), new (class extends JWTAuthProvider {})({ secret: JWT_SECRET, throttle: {} })]],
      throttled,
    ],
    [
      "an API key provider with a proxy of its own",
      [[jwt(), new APIKeyAuthProvider({ keys: API_KEYS, trustProxy: 1 })]],
      /^`anyOf`: providers\[1\] has a `trustProxy` of its own; pass it to `anyOf` instead: anyOf\(\[...\], \{ trustProxy \}\)$/,
    ],
    ["an anyOf with a throttle", [[jwt(), anyOf([jwt()], { throttle: {} })]], throttled],
    ["a bad throttle", [[jwt()], { throttle: true }], /^`throttle` must be an object/],
    [
      "a bad option of the throttle",
      [[jwt()], { throttle: { failures: 0 } }],
      /^`throttle.failures` must be/,
    ],
  ];
  for (const [name, args, message] of cases) {
    it(`${name} is rejected`, () => {
      assert.throws(() => anyOf(...args), { code: "ERR_MCP_AUTH_OPTION_INVALID", message });
    });
  }

  it("a changed array changes nothing", async () => {
    const providers = [jwt()];
    const provider = anyOf(providers);
    providers[0] = giving(true);
    assert.equal(await provider.authenticate(from({})), false);
  });
});

describe("who gets in", () => {
  const both = () => anyOf([apiKeys(), jwt()]);

  it("each credential by its own provider, in whatever order, alone or nested", async () => {
    for (const provider of [
      both(),
      anyOf([jwt(), apiKeys()]),
      anyOf([anyOf([apiKeys()]), anyOf([jwt(), jwt()])]),
    ]) {
      assert.equal(await provider.authenticate(withKey(API_KEY)), true);
      assert.equal(await provider.authenticate(bearer(API_KEY)), true);
      assert.deepEqual(await provider.authenticate(bearer(TOKEN)), { data: CLAIMS });
      for (const request of [
        withKey(WRONG_API_KEY),
        bearer(WRONG_TOKEN),
        bearer(EXPIRED),
        from({}),
        {},
        null,
        undefined,
      ]) {
        assert.equal(await provider.authenticate(request), false);
      }
      assert.deepEqual(provider.getAuthError(), { status: 401, message: "Unauthorized" });
    }
  });

  it("the first provider that lets in says who it is", async () => {
    const provider = anyOf([giving({ data: { from: "first" } }), giving({ data: { from: "second" } })]);
    assert.deepEqual(await provider.authenticate(from({})), { data: { from: "first" } });
  });

  const odd = [
    1,
    "yes",
    Symbol("yes"),
    {},
    [],
    { success: false },
    { data: null },
    { data: "alice" },
    new Error("no"),
    () => true,
    1n,
  ];
  for (const result of [...odd, undefined, null, 0, "", false]) {
    // What an error shows differs between machines and versions of Node.
    const shown = result instanceof Error ? "an error" : inspect(result);
    it(`a provider of others that gives ${shown} lets nobody in`, async () => {
      const event = await eventOf(anyOf([giving(result)]), from({}));
      assert.equal(event.reason, "PROVIDER_REJECTED");
      assert.equal(await anyOf([giving(result)]).authenticate(from({})), false);
      assert.equal(await anyOf([giving(result), apiKeys()]).authenticate(withKey(API_KEY)), true);
    });
  }

  it("what a provider of others promises is waited for", async () => {
    // biome-ignore lint/suspicious/noThenProperty: what is awaited need not be a Promise.
    const thenable = (value) => ({ then: (resolve) => resolve(value) });
    assert.equal(await anyOf([{ authenticate: () => thenable(false) }]).authenticate(from({})), false);
    assert.equal(await anyOf([{ authenticate: () => thenable(true) }]).authenticate(from({})), true);
    assert.equal(await anyOf([{ authenticate: () => true }]).authenticate(from({})), true);
  });

  it("a provider that fails accepts nothing and keeps no other from accepting", async () => {
    const failing = [
      { authenticate: () => Promise.reject(new Error(JWT_SECRET)) },
      {
        authenticate() {
          throw undefined;
        },
      },
      giving({
        get data() {
          throw new Error(JWT_SECRET);
        },
      }),
      new Proxy(jwt(), {}),
    ];
    const provider = anyOf([...failing, apiKeys()]);
    assert.equal(await provider.authenticate(withKey(API_KEY)), true);
    assert.equal((await eventOf(provider, withKey(WRONG_API_KEY))).reason, "KEY_UNKNOWN");
    assert.equal((await eventOf(anyOf(failing.slice(0, 3)), bearer(TOKEN))).reason, "PROVIDER_FAILED");
    assert.equal((await eventOf(anyOf(failing), bearer(TOKEN))).reason, "PROVIDER_REJECTED");
  });

  it("one that never settles keeps nobody out whom one before it lets in", async () => {
    const hanging = { authenticate: () => new Promise(() => {}) };
    assert.equal(await anyOf([apiKeys(), hanging]).authenticate(withKey(API_KEY)), true);
  });

  it("an authenticate that was replaced is asked, before and after, in a class, an instance and a prototype", async () => {
    const nobody = async () => false;
    class Closed extends APIKeyAuthProvider {
      async authenticate() {
        return false;
      }
    }
    const late = apiKeys();
    const nested = anyOf([apiKeys()]);
    const provider = anyOf([
      new Closed({ keys: API_KEYS }),
      Object.assign(apiKeys(), { authenticate: nobody }),
      late,
      nested,
    ]);
    assert.equal(await provider.authenticate(withKey(API_KEY)), true);
    late.authenticate = nobody;
    nested.authenticate = nobody;
    assert.equal(await provider.authenticate(withKey(API_KEY)), false);

    const { authenticate } = APIKeyAuthProvider.prototype;
    try {
      APIKeyAuthProvider.prototype.authenticate = nobody;
      assert.equal(await anyOf([apiKeys()]).authenticate(withKey(API_KEY)), false);
    } finally {
      APIKeyAuthProvider.prototype.authenticate = authenticate;
    }
  });

  it("a method torn off its provider lets nobody in", async () => {
    const { authenticate, getAuthError } = anyOf([giving(true)]);
    assert.equal(await authenticate(from({})), false);
    assert.deepEqual(getAuthError.call(undefined), { status: 401, message: "Unauthorized" });
  });

  it("keys that are still loading are waited for", async () => {
    const loadKeys = () => new Promise((resolve) => setImmediate(resolve, API_KEYS));
    const provider = anyOf([new APIKeyAuthProvider({ loadKeys }), jwt()]);
    assert.equal(await provider.authenticate(withKey(API_KEY)), true);
  });

  it("keys set later count from the next request on", async () => {
    const keys = apiKeys();
    const provider = anyOf([keys, jwt()]);
    keys.setKeys([]);
    assert.equal(await provider.authenticate(withKey(API_KEY)), false);
  });
});

describe("events", () => {
  const cases = [
    [
      "an API key",
      () => withKey(ENTRY_KEY),
      { provider: "APIKeyAuthProvider", keyId: "ci", subject: undefined },
    ],
    ["a token", () => bearer(TOKEN), { provider: "JWTAuthProvider", keyId: undefined, subject: CLAIMS.sub }],
    ["nothing", () => from({}), { provider: "APIKeyAuthProvider", reason: "KEY_MISSING" }],
    ["a wrong key", () => withKey(WRONG_API_KEY), { provider: "APIKeyAuthProvider", reason: "KEY_UNKNOWN" }],
    [
      "an expired key",
      () => withKey(`${ENTRY_KEY}-old`),
      { provider: "APIKeyAuthProvider", reason: "KEY_EXPIRED", keyId: "old" },
    ],
    [
      "a wrong key as Bearer",
      () => bearer(WRONG_API_KEY),
      { provider: "APIKeyAuthProvider", reason: "KEY_UNKNOWN" },
    ],
    [
      "a forged token",
      () => bearer(WRONG_TOKEN),
      { provider: "JWTAuthProvider", reason: "TOKEN_SIGNATURE_INVALID" },
    ],
    ["an expired token", () => bearer(EXPIRED), { provider: "JWTAuthProvider", reason: "TOKEN_EXPIRED" }],
    [
      "a guess beside an expired token",
      () => from({ "x-api-key": WRONG_API_KEY, authorization: `Bearer ${EXPIRED}` }),
      { provider: "APIKeyAuthProvider", reason: "KEY_UNKNOWN" },
    ],
  ];
  for (const [name, request, expected] of cases) {
    it(`${name} is published once, in whatever order, frozen`, async () => {
      for (const provider of [
        anyOf([entries(), jwt()]),
        anyOf([anyOf([entries()]), jwt()]),
        anyOf([entries(), jwt()], { throttle: {} }),
      ]) {
        const event = await eventOf(provider, request());
        for (const [field, value] of Object.entries(expected)) assert.equal(event[field], value, field);
        assert.equal(event.remoteAddress, ADDRESS);
        assert.ok(Object.isFrozen(event));
      }
      if (expected.reason !== "KEY_MISSING") {
        const event = await eventOf(anyOf([jwt(), entries()]), request());
        assert.deepEqual([event.provider, event.reason], [expected.provider, expected.reason]);
      }
    });
  }

  it("extended providers are published once, as they would be alone", async () => {
    class Audited extends JWTAuthProvider {
      async authenticate(req) {
        const result = await super.authenticate(req);
        return result && result.data.sub === "blocked" ? false : result;
      }
    }
    const audited = anyOf([new Audited({ secret: JWT_SECRET })]);
    const blocked = jsonwebtoken.sign({ sub: "blocked" }, JWT_SECRET);
    assert.equal((await eventOf(audited, bearer(TOKEN))).subject, CLAIMS.sub);
    assert.equal((await eventOf(audited, bearer(EXPIRED))).reason, "TOKEN_EXPIRED");
    const event = await eventOf(audited, bearer(blocked));
    assert.deepEqual([event.provider, event.reason], ["Audited", "PROVIDER_REJECTED"]);
  });

  it("providers of others are published by the name of their class", async () => {
    class Cookies {
      async authenticate() {
        return { data: { sub: "bob" } };
      }
    }
    const event = await eventOf(anyOf([jwt(), new Cookies()]), from({}));
    assert.deepEqual([event.provider, event.subject, event.keyId], ["Cookies", "bob", undefined]);
    assert.equal(
      (await eventOf(anyOf([{ __proto__: null, authenticate: () => true }]), from({}))).provider,
      "AnyOfAuthProvider",
    );
  });

  it("providers of the framework are published with what was missing", async () => {
    for (const [provider, reason] of [
      [new framework.APIKeyAuthProvider({ keys: API_KEYS }), "KEY_MISSING"],
      [new framework.JWTAuthProvider({ secret: JWT_SECRET }), "TOKEN_MISSING"],
    ]) {
      assert.equal((await eventOf(anyOf([provider]), from({}))).reason, reason);
    }
  });

  it("a plain provider that was a member is published as ever afterwards", async () => {
    const keys = apiKeys();
    const request = withKey(API_KEY);
    await anyOf([giving(false), keys]).authenticate(request);
    assert.equal((await eventOf(keys, request)).provider, "APIKeyAuthProvider");
  });

  it("requests decided at the same time keep their own provider, key and subject", async () => {
    const slow = { authenticate: () => new Promise((resolve) => setImmediate(resolve, false)) };
    for (const options of [{}, { throttle: { failures: 1000 } }]) {
      const provider = anyOf([slow, entries(), slow, jwt()], options);
      const requests = Array.from(
        { length: 90 },
        (_, n) => [withKey(ENTRY_KEY), bearer(TOKEN), withKey(WRONG_API_KEY)][n % 3],
      );
      const addressed = requests.map((request, n) => ({
        ...request,
        socket: { remoteAddress: `198.51.100.${n}` },
      }));
      const events = await eventsOf(() =>
        Promise.all(addressed.map((request) => provider.authenticate(request))),
      );
      const expected = [
        ["APIKeyAuthProvider", "ci", undefined, undefined],
        ["JWTAuthProvider", undefined, CLAIMS.sub, undefined],
        ["APIKeyAuthProvider", undefined, undefined, "KEY_UNKNOWN"],
      ];
      assert.equal(events.length, 90);
      assert.equal(new Set(events.map(({ remoteAddress }) => remoteAddress)).size, 90);
      for (const { provider: name, keyId, subject, reason, remoteAddress } of events) {
        assert.deepEqual(
          [name, keyId, subject, reason],
          expected[Number(remoteAddress.split(".").at(-1)) % 3],
        );
      }
    }
  });

  it("neither events nor the provider itself show a credential", async () => {
    const provider = anyOf([apiKeys(), jwt(), oauth()], { throttle: {} });
    const events = await eventsOf(async () => {
      for (const request of [withKey(API_KEY), withKey(WRONG_API_KEY), bearer(TOKEN), bearer(WRONG_TOKEN)]) {
        await provider.authenticate(request);
      }
    });
    assert.equal(JSON.stringify(provider), "{}");
    const text =
      inspect([provider, events], { depth: 9, showHidden: true, getters: true }) + JSON.stringify(events);
    for (const secret of [
      API_KEY,
      WRONG_API_KEY,
      JWT_SECRET,
      TOKEN,
      WRONG_TOKEN,
      "introspection-client-5b2e",
    ]) {
      assert.ok(!text.includes(secret));
    }
  });
});

describe("throttle", () => {
  const once = { throttle: { failures: 1 } };
  const five = (make) => Array.from({ length: 5 }, make);
  const four = [401, 429, 429, 429, 429];

  it("counts what none lets in, and lets good credentials in over the limit", async () => {
    const provider = anyOf([apiKeys(), jwt()], once);
    assert.deepEqual(
      await statusesOf(
        provider,
        five(() => withKey(WRONG_API_KEY)),
      ),
      four,
    );
    assert.deepEqual(
      await statusesOf(provider, [bearer(TOKEN), bearer(API_KEY), from({}), bearer(EXPIRED)]),
      [200, 200, 401, 401],
    );
  });

  it("does not count what another one lets in", async () => {
    const provider = anyOf([jwt(), apiKeys()], once);
    await statusesOf(
      provider,
      five(() => bearer(API_KEY)),
    );
    assert.deepEqual(await statusesOf(provider, [bearer(WRONG_API_KEY), bearer(WRONG_TOKEN)]), [401, 429]);
  });

  const genuine = [
    ["nothing", () => from({})],
    ["an expired token", () => bearer(EXPIRED)],
  ];
  for (const [name, request] of genuine) {
    it(`does not count ${name}, not next to providers of the framework either`, async () => {
      const theirs = [
        new framework.APIKeyAuthProvider({ keys: API_KEYS }),
        new framework.JWTAuthProvider({ secret: `${JWT_SECRET}x` }),
        oauth(),
      ];
      for (const providers of [
        [apiKeys(), jwt()],
        [...theirs, jwt()],
        [
          new (class extends JWTAuthProvider {
            async authenticate(req) {
              return super.authenticate(req);
            }
          })({ secret: JWT_SECRET }),
        ],
      ]) {
        assert.deepEqual(await statusesOf(anyOf(providers, once), five(request)), [401, 401, 401, 401, 401]);
      }
    });
  }

  it("counts wrong credentials of providers of others", async () => {
    assert.deepEqual(
      await statusesOf(
        anyOf([oauth()], once),
        five(() => bearer("wrong")),
      ),
      four,
    );
    const presenting = [
      () => from({ "x-password": "guess" }),
      () => ({ ...from({}), url: "/mcp?password=guess" }),
    ];
    for (const guess of presenting) {
      assert.deepEqual(await statusesOf(anyOf([giving(false)], once), five(guess)), four);
    }
    const key = anyOf([new framework.APIKeyAuthProvider({ keys: API_KEYS })], once);
    assert.deepEqual(
      await statusesOf(
        key,
        five(() => withKey("wrong")),
      ),
      four,
    );
  });

  /** Rejects what its class accepts. */
  const administrators = () =>
    new (class extends JWTAuthProvider {
      async authenticate(req) {
        return (await super.authenticate(req)) && false;
      }
    })({ secret: JWT_SECRET });
  const unasking = () =>
    new (class extends JWTAuthProvider {
      async authenticate() {
        return false;
      }
    })({ secret: JWT_SECRET });
  const guesses = [
    ["one wrong credential", [apiKeys, jwt], withKey(WRONG_API_KEY), 1],
    [
      "two different wrong ones",
      [apiKeys, jwt],
      from({ "x-api-key": WRONG_API_KEY, authorization: `Bearer ${WRONG_TOKEN}` }),
      2,
    ],
    ["one that several reject", [apiKeys, entries, jwt], bearer(WRONG_TOKEN), 1],
    [
      "one next to what none of them looks at",
      [apiKeys, jwt],
      from({ cookie: "session=a", authorization: `Bearer ${WRONG_TOKEN}` }),
      1,
    ],
    [
      "what the framework's JWT provider does not look at",
      [() => new framework.JWTAuthProvider({ secret: JWT_SECRET })],
      from({ cookie: "session=a" }),
      0,
    ],
    [
      "two different wrong ones, nested",
      [() => anyOf([apiKeys(), jwt()])],
      from({ "x-api-key": WRONG_API_KEY, authorization: `Bearer ${WRONG_TOKEN}` }),
      2,
    ],
    ["one that several reject, nested", [() => anyOf([apiKeys(), jwt()]), jwt], bearer(WRONG_TOKEN), 1],
    ["one that a provider of others rejects too", [() => giving(false), jwt], bearer(WRONG_TOKEN), 1],
    ["one for a provider of others", [() => giving(false), jwt], from({ "x-password": "guess" }), 1],
    ["one in a cookie", [() => giving(false)], from({ cookie: "session=guess" }), 1],
    ["one in a header that ends as another", [() => giving(false)], from({ "x-password-host": "guess" }), 1],
    [
      "one in a header of a proxy that authenticates",
      [() => giving(false)],
      from({ "cf-access-jwt-assertion": "guess" }),
      1,
    ],
    [
      "one in the protocol of a WebSocket",
      [() => giving(false)],
      from({ "sec-websocket-protocol": "bearer.guess" }),
      1,
    ],
    [
      "one in a configured header of any name",
      [() => anyOf([new APIKeyAuthProvider({ keys: API_KEYS, headerName: "MCP-Key" })])],
      from({ "mcp-key": "guess" }),
      1,
    ],
    [
      "an expired token next to it",
      [() => giving(false), jwt],
      from({ "x-password": "guess", authorization: `Bearer ${EXPIRED}` }),
      1,
    ],
    ["an expired token alone", [() => giving(false), jwt], bearer(EXPIRED), 0],
    [
      "a genuine one that a subclass rejects, which others reject too",
      [administrators, apiKeys],
      bearer(TOKEN),
      0,
    ],
    ["a wrong one that a subclass rejects, too", [administrators, apiKeys], bearer(WRONG_TOKEN), 1],
    [
      "a genuine one that a subclass rejects, next to a wrong one",
      [administrators, apiKeys],
      from({ "x-api-key": WRONG_API_KEY, authorization: `Bearer ${TOKEN}` }),
      1,
    ],
    ["one that a subclass rejects without asking its class", [unasking, apiKeys], bearer(TOKEN), 1],
    ["an expired token alone, nested", [() => anyOf([jwt()]), () => giving(false)], bearer(EXPIRED), 0],
    [
      "addresses that proxies of many kinds write, for a provider of others",
      [() => giving(false)],
      from({
        forwarded: "for=a",
        "cf-connecting-ip": "a",
        "true-client-ip": "a",
        "fly-client-ip": "a",
        "x-real-ip": "a",
      }),
      0,
    ],
    ["a signed token with bad claims", [jwt], bearer(jsonwebtoken.sign("no JSON", JWT_SECRET)), 0],
    ["a signed token with a bad time", [jwt], bearer(signed({ exp: "soon" })), 0],
    [
      "what every client sends",
      [() => giving(false)],
      from({
        host: "a",
        "user-agent": "b",
        accept: "*/*",
        "mcp-session-id": "c",
        "mcp-protocol-version": "d",
        "content-type": "e",
        "x-forwarded-for": "f",
      }),
      0,
    ],
    [
      "anything, for a provider that fails",
      [() => ({ authenticate: () => Promise.reject(new Error("down")) })],
      withKey(WRONG_API_KEY),
      0,
    ],
  ];
  for (const [name, members, request, count] of guesses) {
    it(`${name}: counts as ${count}`, async () => {
      // The limit is reached one failure after the other.
      for (const failures of [1, 2, 3]) {
        const provider = anyOf(
          members.map((make) => make()),
          { throttle: { failures } },
        );
        const statuses = await statusesOf(
          provider,
          five(() => request),
        );
        const expected = [1, 2, 3, 4, 5].map((sent) => (sent * count > failures ? 429 : 401));
        assert.deepEqual(statuses, expected, `${failures} allowed`);
      }
    });
  }

  it("a guess next to something genuine is counted: expired tokens and keys hide none", async () => {
    const beside = () => from({ "x-api-key": WRONG_API_KEY, authorization: `Bearer ${EXPIRED}` });
    assert.deepEqual(await statusesOf(anyOf([apiKeys(), jwt()], once), five(beside)), four);
    const forged = () => from({ "x-api-key": `${ENTRY_KEY}-old`, authorization: `Bearer ${WRONG_TOKEN}` });
    assert.deepEqual(await statusesOf(anyOf([entries(), jwt()], once), five(forged)), four);
  });

  it("forged tokens are counted while keys cannot be loaded", async () => {
    const unloaded = new APIKeyAuthProvider({ loadKeys: () => Promise.reject(new Error("down")) });
    assert.deepEqual(
      await statusesOf(
        anyOf([unloaded, jwt()], once),
        five(() => bearer(WRONG_TOKEN)),
      ),
      four,
    );
  });

  it("requests of one client are decided one after the other under lockout: none gets past the count of another", async () => {
    const slow = { authenticate: () => new Promise((resolve) => setImmediate(resolve, false)) };
    const provider = anyOf([slow, jwt()], { throttle: { failures: 1, lockout: true } });
    const statuses = await Promise.all(
      [bearer(WRONG_TOKEN), bearer(TOKEN)].map((request) => statusesOf(provider, [request])),
    );
    assert.deepEqual(statuses, [[401], [429]]);
    const elsewhere = { ...bearer(TOKEN), socket: { remoteAddress: "192.0.2.2" } };
    assert.deepEqual(await statusesOf(provider, [elsewhere, bearer(TOKEN)]), [200, 429]);

    // Nor one that comes when the first of two that wait has ended.
    const allowsTwo = anyOf([slow, jwt()], { throttle: { failures: 2, lockout: true } });
    const [first, second] = [1, 2].map(() => statusesOf(allowsTwo, [bearer(WRONG_TOKEN)]));
    assert.deepEqual(await first, [401]);
    assert.deepEqual(await statusesOf(allowsTwo, [bearer(TOKEN)]), [429]);
    assert.deepEqual(await second, [401]);
  });

  it("without lockout, nobody waits for a request of the same client", { timeout: 30_000 }, async () => {
    const undecided = {
      authenticate: ({ headers }) => (headers.cookie ? new Promise(() => {}) : Promise.resolve(false)),
    };
    const provider = anyOf([undecided, jwt()], once);
    provider.authenticate(from({ cookie: "session=a" }));
    assert.deepEqual(await statusesOf(provider, [bearer(TOKEN), bearer(WRONG_TOKEN)]), [200, 401]);
  });

  it("counts and names clients that hang up while a provider takes its time", async () => {
    for (const options of [{}, once]) {
      const untilClosed = {
        authenticate: (req) => new Promise((resolve) => req.socket.once("close", () => resolve(false))),
      };
      const provider = anyOf([untilClosed], options);
      const done = [];
      const server = createServer((req) => {
        done.shift()(provider.authenticate(req));
        req.socket.destroy();
      });
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      const hangUp = () =>
        new Promise((resolve) => {
          done.push(resolve);
          request({ port: server.address().port, host: "127.0.0.1", headers: { "x-password": "guess" } })
            .on("error", () => {})
            .end();
        });
      const events = await eventsOf(async () => {
        await hangUp();
        await hangUp();
      });
      await new Promise((resolve) => server.close(resolve));
      assert.deepEqual(
        events.map(({ reason, remoteAddress }) => [reason, remoteAddress]),
        [
          ["PROVIDER_REJECTED", "127.0.0.1"],
          [options === once ? "THROTTLED" : "PROVIDER_REJECTED", "127.0.0.1"],
        ],
      );
    }
  });

  it("lockout refuses good credentials of all ways in, and says so", async () => {
    const provider = anyOf([apiKeys(), jwt()], { throttle: { failures: 1, lockout: true } });
    assert.deepEqual(
      await statusesOf(provider, [bearer(WRONG_TOKEN), withKey(API_KEY), bearer(TOKEN)]),
      [401, 429, 429],
    );
    const { provider: name, reason } = await eventOf(provider, bearer(TOKEN));
    assert.deepEqual([name, reason], ["AnyOfAuthProvider", "LOCKED_OUT"]);
  });
});

const JSON_HEADERS = [
  ["Content-Type", "application/json"],
  ["Accept", "application/json, text/event-stream"],
];
const REQUEST = {
  [SSE]: (headers = []) => ({ method: "GET", path: "/sse", headers }),
  [HTTP_STREAM]: (headers = []) => initialize(headers),
  [SERVERLESS]: (headers = []) => initialize(headers),
};
const initialize = (headers) => ({
  method: "POST",
  path: "/mcp",
  headers: [...JSON_HEADERS, ...headers],
  body: JSON.stringify(INITIALIZE),
});

const authorization = (token) => [["Authorization", `Bearer ${token}`]];
const key = (value) => [["X-API-Key", value]];
const challengesIn = ({ headers }) =>
  headers.filter(([name]) => name.toLowerCase() === "www-authenticate").map(([, value]) => value);

async function withServer(transport, provider, run) {
  const options = { transport, provider, endpoints: { sse: true, messages: true } };
  const server = transport === SERVERLESS ? serverlessServer(options) : await startServer(options);
  try {
    await run(server, async (headers) => {
      const answer = await server.send(REQUEST[transport](headers));
      answer.close?.();
      return answer;
    });
  } finally {
    await server.stop();
  }
}

const CLIENTS = { [SSE]: SSEClientTransport, [HTTP_STREAM]: StreamableHTTPClientTransport };

async function whoami(transport, url, headers) {
  const client = new Client({ name: "wire", version: "1.0.0" });
  await client.connect(
    new CLIENTS[transport](url, { requestInit: { headers: Object.fromEntries(headers) } }),
  );
  try {
    const { content } = await client.callTool({ name: "whoami", arguments: {} });
    return JSON.parse(content[0].text);
  } finally {
    await client.close();
  }
}

for (const transport of [SSE, HTTP_STREAM]) {
  describe(`over ${transport}`, () => {
    it("official clients get in with each credential, with a wrong one or none they do not", async () => {
      await withServer(transport, anyOf([apiKeys(), jwt(), oauth()]), async ({ url }) => {
        assert.deepEqual(await whoami(transport, url, key(API_KEY)), {});
        assert.deepEqual(await whoami(transport, url, authorization(API_KEY)), {});
        assert.deepEqual(await whoami(transport, url, authorization(TOKEN)), CLAIMS);
        assert.equal((await whoami(transport, url, authorization(OPAQUE))).sub, "opaque-user");
        for (const wrong of [[], key(WRONG_API_KEY), authorization(WRONG_TOKEN)]) {
          await assert.rejects(whoami(transport, url, wrong), { code: 401 });
        }
      });
    });

    const ways = [
      ["ours", () => [apiKeys(), jwt()], [BEARER_CHALLENGE, API_KEY_CHALLENGE]],
      [
        "the same twice, and nested",
        () => [jwt(), anyOf([apiKeys(), jwt()])],
        [BEARER_CHALLENGE, API_KEY_CHALLENGE],
      ],
      [
        "the framework's",
        () => [
          new framework.APIKeyAuthProvider({ keys: API_KEYS }),
          new framework.JWTAuthProvider({ secret: JWT_SECRET }),
        ],
        [BEARER_CHALLENGE, API_KEY_CHALLENGE],
      ],
      [
        "extended ones of ours",
        () => [
          new (class extends APIKeyAuthProvider {
            async authenticate(req) {
              return super.authenticate(req);
            }
          })({ keys: API_KEYS, headerName: "X-My-Key" }),
          jwt(),
        ],
        [BEARER_CHALLENGE, 'ApiKey realm="MCP Server", header="X-My-Key"'],
      ],
      ["OAuth next to them", () => [apiKeys(), oauth()], [OAUTH_CHALLENGE, API_KEY_CHALLENGE]],
      [
        "tokens elsewhere than in a Bearer credential",
        () => [
          apiKeys(),
          new JWTAuthProvider({ secret: JWT_SECRET, requireBearer: false }),
          new JWTAuthProvider({ secret: JWT_SECRET, headerName: "X-Token" }),
        ],
        [API_KEY_CHALLENGE],
      ],
      [
        "a header that cannot be sent",
        () => [new framework.APIKeyAuthProvider({ keys: API_KEYS, headerName: "X-Key\n" }), jwt()],
        [BEARER_CHALLENGE],
      ],
    ];
    for (const [name, providers, challenges] of ways) {
      it(`one challenge with all ways in, Bearer first, ${name}: an error code for wrong Bearer credentials only`, async () => {
        const withError = challenges.map((text) => (text.includes("Bearer") ? text + INVALID : text));
        await withServer(transport, anyOf(providers()), async (_, send) => {
          for (const headers of [[], key(WRONG_API_KEY), [["Authorization", "Basic eDp5"]]]) {
            const refused = await send(headers);
            assert.deepEqual([refused.status, refused.body], [401, UNAUTHORIZED]);
            assert.deepEqual(challengesIn(refused), [challenges.join(", ")]);
          }
          const wrong = await send(authorization(WRONG_TOKEN));
          assert.deepEqual([wrong.status, challengesIn(wrong)], [401, [withError.join(", ")]]);
        });
      });
    }

    it("no challenge with 200 and with 429, the right request gets its 429", async () => {
      for (const lockout of [false, true]) {
        const provider = anyOf([apiKeys(), jwt(), oauth()], { throttle: { failures: 1, lockout } });
        await withServer(transport, provider, async (_, send) => {
          const through = await send(authorization(OPAQUE));
          assert.deepEqual([through.status, challengesIn(through)], [200, []]);
          assert.equal((await send(key(WRONG_API_KEY))).status, 401);
          const [none, wrong, right] = await Promise.all([
            send([]),
            send(authorization(WRONG_TOKEN)),
            send(key(API_KEY)),
          ]);
          assert.deepEqual(
            [none.status, wrong.status, right.status],
            lockout ? [429, 429, 429] : [401, 429, 200],
          );
          assert.deepEqual(challengesIn(wrong), []);
          assert.ok(wrong.headers.some(([name]) => name.toLowerCase() === "retry-after"));
        });
      }
    });

    it("OAuth metadata is served if an OAuth provider is among them, and only then", async () => {
      const metadata = { method: "GET", path: "/.well-known/oauth-protected-resource" };
      const provider = anyOf([apiKeys(), anyOf([oauth(), oauth(["https://second.example"])])]);
      await withServer(transport, provider, async (server) => {
        const { status, body } = await server.send({ ...metadata, headers: [["Connection", "close"]] });
        assert.equal(status, 200);
        const served = JSON.parse(body);
        assert.deepEqual(
          [served.resource, served.authorization_servers],
          [RESOURCE, ["https://auth.example"]],
        );
      });
      await withServer(transport, anyOf([apiKeys(), jwt()]), async (server) => {
        const { status } = await server.send({ ...metadata, headers: [["Connection", "close"]] });
        assert.notEqual(status, 200);
      });
    });
  });
}

describe("serverless", () => {
  it("lets in with each credential, with no challenge but an OAuth provider's", async () => {
    await withServer(SERVERLESS, anyOf([apiKeys(), jwt()]), async (_, send) => {
      for (const headers of [key(API_KEY), authorization(API_KEY), authorization(TOKEN)]) {
        assert.equal((await send(headers)).status, 200);
      }
      for (const headers of [[], key(WRONG_API_KEY), authorization(WRONG_TOKEN)]) {
        const refused = await send(headers);
        assert.deepEqual([refused.status, refused.body, challengesIn(refused)], [401, UNAUTHORIZED, []]);
      }
    });
    await withServer(SERVERLESS, anyOf([apiKeys(), oauth()]), async (_, send) => {
      assert.equal((await send(authorization(OPAQUE))).status, 200);
      const refused = await send([]);
      assert.deepEqual(
        [refused.status, challengesIn(refused)],
        [401, [`${OAUTH_CHALLENGE}, ${API_KEY_CHALLENGE}`]],
      );
    });
  });

  it("answers one too many with 429", async () => {
    await withServer(
      SERVERLESS,
      anyOf([apiKeys(), jwt()], { throttle: { failures: 1 } }),
      async (_, send) => {
        assert.equal((await send(key(WRONG_API_KEY))).status, 401);
        const answers = await Promise.all([send([]), send(key(WRONG_API_KEY)), send(key(API_KEY))]);
        assert.deepEqual(
          answers.map(({ status }) => status),
          [401, 429, 200],
        );
      },
    );
  });
});

describe("classes", () => {
  const {
    APIKeyAuthProvider: TheirApiKey,
    JWTAuthProvider: TheirJwt,
    OAuthAuthProvider: TheirOAuth,
  } = framework;
  const classesOf = (provider) =>
    [APIKeyAuthProvider, JWTAuthProvider, TheirApiKey, TheirJwt, TheirOAuth].filter(
      (one) => provider instanceof one,
    );

  it("an instance of the framework's OAuthAuthProvider with one among them, and of no other class", () => {
    assert.deepEqual(classesOf(anyOf([apiKeys(), jwt()])), []);
    assert.deepEqual(classesOf(anyOf([apiKeys(), oauth()])), [TheirOAuth]);
    assert.deepEqual(classesOf(anyOf([anyOf([oauth()])])), [TheirOAuth]);
    // One with OAuth makes no other one so.
    assert.deepEqual(classesOf(anyOf([jwt()])), []);
  });

  it("the framework's log names its class", () => {
    for (const provider of [anyOf([jwt()]), anyOf([oauth()])]) {
      assert.equal(provider.constructor.name, "AnyOfAuthProvider");
    }
  });
});
