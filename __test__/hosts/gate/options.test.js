/** What `requireAuth` takes, what it makes of it, and what it tells whoever watches. */

import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, it } from "node:test";
import jsonwebtoken from "jsonwebtoken";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider, OAuthAuthProvider, requireAuth } from "mcp-native-auth";
import { MemoryStore } from "../../../lib/gate/sessions.js";
import { StreamWatch } from "../../../lib/gate/streams.js";

const SECRET = "gate-test-secret-7c1f0a9e5b3d4826";
const sign = (claims) =>
  jsonwebtoken.sign({ sub: "alice", client_id: "app", ...claims }, SECRET, { expiresIn: 600 });
const jwt = () => new JWTAuthProvider({ secret: SECRET });
const asks = (headers, call) =>
  new Request("http://localhost/mcp", {
    headers: { authorization: `Bearer ${sign({ scope: "mcp files:read" })}`, ...headers },
    ...(call && {
      method: "POST",
      body: typeof call === "string" ? call : JSON.stringify({ method: "tools/call", params: call }),
    }),
  });

describe("options that cannot work are rejected", () => {
  const WRONG = {
    requiredScopes: ["mcp", [""], ["a b"], ['a"'], [5], {}],
    toolScopes: ["write", [["a"]], { write: "a" }, { write: ["a b"] }, 5],
    scopeHierarchy: ["a", { a: "b" }, { a: ["b c"] }],
    scopeClaims: ["scp", [], [""], [5]],
    resource: ["mcp", "api://mcp", "https://mcp.example.com/#x", 5],
    allowedOrigins: ["https://a.example", ["a.example"], ["https://a.example/path"], [5]],
    allowedHosts: ["a.example", ["https://a.example"], ["a b"], [5]],
    bindSessions: ["yes", 1],
    optional: ["yes", 1],
    sessionStore: [{}, { get() {} }, new Map().size],
    trustProxy: ["X-Real-IP", -1],
  };
  for (const [option, values] of Object.entries(WRONG)) {
    it(option, () => {
      for (const value of values) {
        assert.throws(
          () => requireAuth(jwt(), { [option]: value }),
          (error) => error.code === "ERR_MCP_AUTH_OPTION_INVALID" && error.message.includes(option),
          JSON.stringify(value),
        );
      }
    });
  }

  it("one that is misspelled", () => {
    assert.throws(() => requireAuth(jwt(), { requiredScope: ["mcp"] }), {
      code: "ERR_MCP_AUTH_OPTION_UNKNOWN",
      message: /unknown option "requiredScope" \(did you mean "requiredScopes"\?\)/,
    });
  });

  it("options that are no object, as those of anyOf", () => {
    for (const options of [5, "mcp", true, ["mcp"], new Map([["requiredScopes", ["mcp"]]]), () => {}]) {
      for (const make of [() => requireAuth(jwt(), options), () => anyOf([jwt()], options)]) {
        assert.throws(make, { code: "ERR_MCP_AUTH_OPTION_INVALID" });
      }
    }
  });

  it("a provider that is none", () => {
    for (const provider of [undefined, null, {}, "x", { authenticate: true }]) {
      assert.throws(() => requireAuth(provider), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
    }
  });
});

it("hosts that never show the body warn of `toolScopes` when they are used, not when a gate is read", async (t) => {
  const warn = t.mock.method(process, "emitWarning", () => {});
  const auth = requireAuth(jwt(), { toolScopes: { write: ["w"] } });
  JSON.stringify({ ...auth });
  assert.equal(warn.mock.callCount(), 0);
  auth.verifier();
  auth.verifier();
  await auth.fastmcp({ headers: {}, method: "GET", url: "/" }).catch(() => {});
  const codes = warn.mock.calls.map(({ arguments: [, { code }] }) => code);
  assert.deepEqual(codes, Array(2).fill("MCP_NATIVE_AUTH_TOOL_SCOPES_UNENFORCED"));
});

describe("scopes", () => {
  const statusOf = async (options, call, headers) =>
    (await requireAuth(jwt(), options).web(asks(headers, call))).status ?? 200;
  const call = { name: "write", arguments: { path: "/a" } };
  const scope = (text) => ({ authorization: `Bearer ${sign({ scope: text })}` });

  it("a function gets the call; what it throws or gives beside an array or nothing rejects", async () => {
    const seen = [];
    const tell = (given) => {
      seen.push(given);
      return ["files:read"];
    };
    assert.equal(await statusOf({ toolScopes: tell }, call), 200);
    assert.deepEqual(seen, [call]);
    for (const given of [undefined, null, []])
      assert.equal(await statusOf({ toolScopes: () => given }, call), 200);
    for (const given of ["files:read", true, {}, [5], Promise.resolve([])]) {
      assert.equal(await statusOf({ toolScopes: () => given }, call), 403);
    }
    assert.equal(
      await statusOf(
        {
          toolScopes: () => {
            throw new Error("x");
          },
        },
        call,
      ),
      403,
    );
  });

  it("a hierarchy holds through several steps and in circles, and never upwards", async () => {
    const options = {
      toolScopes: { write: ["files:write"] },
      scopeHierarchy: {
        root: ["admin"],
        admin: ["files:write"],
        "files:write": ["files:read", "root"],
        x: ["x"],
      },
    };
    const expected = {
      root: 200,
      admin: 200,
      "files:write": 200,
      "files:read": 403,
      x: 403,
      constructor: 403,
      "": 403,
    };
    for (const [granted, status] of Object.entries(expected)) {
      assert.equal(await statusOf(options, call, scope(granted)), status, granted);
    }
  });

  it("of a function, only `true` grants", async () => {
    const options = (grants) => ({ requiredScopes: ["need"], scopeHierarchy: grants });
    for (const [given, status] of [
      [true, 200],
      [false, 403],
      [1, 403],
      ["yes", 403],
      [Promise.resolve(true), 403],
    ]) {
      assert.equal(await statusOf(options(() => given)), status);
    }
    assert.equal(
      await statusOf(
        options(() => {
          throw new Error("x");
        }),
      ),
      403,
    );
  });

  it("are read where `scopeClaims` says, as text or array, each once, never from a prototype", async () => {
    const read = async (claims, scopeClaims) => {
      const headers = { authorization: `Bearer ${sign(claims)}` };
      return (await requireAuth(jwt(), { scopeClaims }).web(asks(headers))).scopes;
    };
    assert.deepEqual(await read({ scope: "a  b a", scp: ["c", 5, ""] }), ["a", "b", "c"]);
    assert.deepEqual(await read({ scope: "a", roles: ["r"], permissions: ["p"] }), ["a"]);
    assert.deepEqual(await read({ scope: "a", roles: ["r"] }, ["roles"]), ["r"]);
    assert.deepEqual(await read({ realm: { roles: ["r"] } }, ({ realm }) => realm.roles), ["r"]);
    assert.deepEqual(await read({}, ["constructor", "toString"]), []);
  });

  it("come from an OAuthAuthProvider within, as do the resource and the issuers", () => {
    const oauth = new OAuthAuthProvider({
      resource: "https://mcp.example.com/mcp",
      authorizationServers: ["https://login.example.com"],
      requiredScopes: ["mcp"],
    });
    assert.deepEqual(requireAuth(oauth).metadata, requireAuth(oauth, {}).metadata);
    assert.equal(requireAuth(oauth).metadata.resource, "https://mcp.example.com/mcp");
    assert.deepEqual(requireAuth(oauth).metadata.scopes_supported, ["mcp"]);
    assert.equal(requireAuth(jwt()).metadata, undefined);
  });
});

describe("origins and hosts", () => {
  const statusOf = async (options, url, headers) =>
    (
      await requireAuth(jwt(), options).web(
        new Request(url, { headers: { ...Object.fromEntries(asks().headers), ...headers } }),
      )
    ).status ?? 200;
  const ROWS = [
    [{}, "https://mcp.example.com/mcp", { origin: "https://anywhere.example" }, 200],
    [{}, "http://localhost:80/mcp", { origin: "https://anywhere.example" }, 403],
    [{}, "http://[::1]:8080/mcp", { origin: "http://[::1]:3000" }, 200],
    [{}, "http://127.0.0.1/mcp", { host: "127.0.0.1.evil.example" }, 200],
    [{ allowedHosts: ["mcp.example.com"] }, "https://mcp.example.com:8443/mcp", {}, 200],
    [{ allowedHosts: ["mcp.example.com:443"] }, "https://mcp.example.com:8443/mcp", {}, 403],
    [{ allowedHosts: ["MCP.example.com"] }, "https://mcp.EXAMPLE.com/mcp", {}, 200],
    [{ allowedHosts: ["mcp.example.com"] }, "https://evil.example/mcp", {}, 403],
    [{ allowedHosts: ["[::1]"] }, "http://[::1]:8080/mcp", {}, 200],
    [{ allowedHosts: ["mcp.example.com"] }, "http://127.0.0.1/mcp", { host: "evil@mcp.example.com" }, 403],
    [
      { allowedOrigins: ["https://app.example"] },
      "https://mcp.example.com/mcp",
      { origin: "https://app.example" },
      200,
    ],
    [
      { allowedOrigins: ["https://app.example"] },
      "https://mcp.example.com/mcp",
      { origin: "http://app.example" },
      403,
    ],
    [{ allowedOrigins: ["https://app.example"] }, "https://mcp.example.com/mcp", { origin: "null" }, 403],
    [{ allowedOrigins: ["*"] }, "http://localhost/mcp", { origin: "null" }, 200],
  ];
  for (const [options, url, headers, status] of ROWS) {
    it(`${JSON.stringify(options)}: ${url} ${JSON.stringify(headers)} is ${status}`, async () => {
      assert.equal(await statusOf(options, url, headers), status);
    });
  }
});

describe("what the gate itself rejects is published with its reason", () => {
  const CALL = { name: "write" };
  const store = (owner) => ({ get: owner, set() {} });
  const CAUSES = {
    CREDENTIAL_MALFORMED: [{}, asks({ authorization: "Bearer a b" })],
    ORIGIN_NOT_ALLOWED: [{}, asks({ origin: "https://evil.example" })],
    SESSION_OF_ANOTHER: [{ sessionStore: store(() => "another") }, asks({ "mcp-session-id": "s" })],
    SESSIONS_UNAVAILABLE: [
      { sessionStore: store(() => Promise.reject(new Error("down"))) },
      asks({ "mcp-session-id": "s" }),
    ],
    BODY_UNREADABLE: [{ toolScopes: { write: ["w"] } }, asks({}, "{")],
    BODY_TOO_LARGE: [{ toolScopes: { write: ["w"] } }, asks({}, "x".repeat(5e6))],
    SCOPE_INSUFFICIENT: [{ toolScopes: { write: ["w"] } }, asks({}, CALL)],
  };
  for (const [reason, [options, request]] of Object.entries(CAUSES)) {
    it(reason, async () => {
      const published = [];
      const note = (event) => published.push(event);
      subscribe("mcp-native-auth:rejected", note);
      const { status } = await requireAuth(jwt(), options).web(request, { ip: "192.0.2.7" });
      unsubscribe("mcp-native-auth:rejected", note);
      assert.ok(status >= 400);
      assert.deepEqual(
        published.map((event) => [event.reason, event.provider, event.remoteAddress]),
        [[reason, "JWTAuthProvider", "192.0.2.7"]],
      );
    });
  }
});

describe("a member that is called where it is to be passed", () => {
  const auth = requireAuth(jwt());
  const MEMBERS = {
    express: "app.use(auth.express)",
    fastify: "app.register(auth.fastify)",
    hono: 'app.use("*", auth.hono)',
    fastmcp: "authenticate: auth.fastmcp",
  };
  for (const [member, use] of Object.entries(MEMBERS)) {
    it(member, async () => {
      await assert.rejects(async () => auth[member](), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message: `\`auth.${member}\` was called without a request; pass it instead: \`${use}\``,
      });
    });
  }
});

describe("sessions in memory", () => {
  it("are bounded, of each principal and in all, and the least used go first", () => {
    const store = new MemoryStore();
    store.set("victim", "alice");
    for (let n = 0; n < 5000; n += 1) store.set(`m${n}`, "mallory");
    assert.equal(store.size, 1001);
    assert.equal(store.get("victim"), "alice");
    assert.equal(store.get("m0"), undefined);
    assert.equal(store.get("m4999"), "mallory");
    for (let n = 0; n < 100_500; n += 1) store.set(`p${n}`, `principal-${n}`);
    assert.equal(store.size, 100_000);
  });

  it("the same `sub` of two issuers, or of two clients, is not the same principal", async () => {
    const auth = requireAuth(jwt());
    const use = async (claims) =>
      (await auth.web(asks({ authorization: `Bearer ${sign(claims)}`, "mcp-session-id": "s" }))).status ??
      200;
    assert.equal(await use({ iss: "a" }), 200);
    assert.equal(await use({ iss: "b" }), 404);
    assert.equal(await use({ iss: "a", client_id: "other" }), 404);
    assert.equal(await use({ iss: "a", jti: "2", scope: "more" }), 200);
  });

  it("a key cannot pass for a token, nor a token for a key", async () => {
    const auth = requireAuth(
      anyOf([new APIKeyAuthProvider({ keys: [{ key: "gate-key-0d5f7a61c3e94b28", id: "alice" }] }), jwt()]),
    );
    const use = async (headers) =>
      (
        await auth.web(
          new Request("http://localhost/mcp", { headers: { ...headers, "mcp-session-id": "s" } }),
        )
      ).status ?? 200;
    assert.equal(await use({ "x-api-key": "gate-key-0d5f7a61c3e94b28" }), 200);
    assert.equal(await use({ authorization: `Bearer ${sign({ keyId: "alice", client_id: "alice" })}` }), 404);
  });
});

it("a stream whose issuer does not answer holds up no other one", { timeout: 10_000 }, async () => {
  const watch = new StreamWatch();
  const stream = (isAccepted) => {
    return new Promise((resolve) => {
      watch.add({ expiresAt: undefined, isAccepted, end: () => resolve(performance.now()) });
    });
  };
  stream(() => new Promise(() => {}));
  const forget = watch.add({
    expiresAt: 0,
    isAccepted: () => false,
    end: () => assert.fail("has ended itself"),
  });
  forget();
  // Until the sweep, nothing keeps the process.
  const alive = setInterval(() => {}, 1000);
  for (let time = 0; time < 2; time += 1) {
    const began = performance.now();
    assert.ok((await stream(() => false)) - began < 5000);
  }
  clearInterval(alive);
});
