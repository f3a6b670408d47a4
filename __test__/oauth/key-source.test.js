/** JWTAuthProvider with keys by URL and from a function: the rules of its own, the key set of OAuthAuthProvider. */

import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { after, before, beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import { anyOf, JWTAuthProvider } from "mcp-native-auth";
import { issuerServer } from "../support/issuer-server.js";
import { base64url, jws, pair, publicJwk, publicPem } from "../support/keys.js";
import { closedOrigin, scriptedServer } from "../support/scripted-server.js";
import { settle, virtualTime } from "../support/virtual-time.js";

const exp = Math.floor(Date.now() / 1000) + 3600;
const SECRET = randomBytes(64);
const OTHER_SECRET = randomBytes(64);
const published = (name, kid = name) => ({ ...publicJwk(name), kid });
const sign = (name, header = {}, claims = {}) =>
  jws({
    header: { alg: "ES256", kid: name, ...header },
    payload: { sub: "a", exp, ...claims },
    ...keyOf(name),
  });
const keyOf = (name) => ({ key: pair(name).privateKey });
const mac = (secret, header = {}, claims = {}) =>
  jws({ header: { alg: "HS256", ...header }, payload: { sub: "a", exp, ...claims }, key: secret });

const events = { rejected: [], failed: [] };
const warnings = [];
const note = {
  rejected: (event) => events.rejected.push(event.reason),
  failed: (event) => events.failed.push(event),
  warning: ({ code, message }) => warnings.push(`${code} ${message}`),
};
before(() => {
  diagnostics.subscribe("mcp-native-auth:rejected", note.rejected);
  diagnostics.subscribe("mcp-native-auth:reload-failed", note.failed);
  process.on("warning", note.warning);
});
after(() => {
  diagnostics.unsubscribe("mcp-native-auth:rejected", note.rejected);
  diagnostics.unsubscribe("mcp-native-auth:reload-failed", note.failed);
  process.off("warning", note.warning);
});
beforeEach(() => {
  for (const notes of [events.rejected, events.failed, warnings]) notes.length = 0;
});

/** "accepted", or the reason and the answer where that is not the usual one. */
async function outcomeOf(provider, value, header = "authorization") {
  events.rejected.length = 0;
  const request = { headers: { [header]: value }, url: "/mcp", socket: {} };
  if ((await provider.authenticate(request)) !== false) {
    return "accepted";
  }
  const { status, headers } = provider.getAuthError();
  const [reason] = events.rejected;
  return status === 401 ? reason : `${status} ${reason}, Retry-After ${headers?.["Retry-After"]}`;
}

const outcome = (provider, token) => outcomeOf(provider, `Bearer ${token}`);

function construct(t, options) {
  const provider = new JWTAuthProvider(options);
  t.after(() => provider.close());
  return provider;
}

async function startIssuer(t, keys) {
  const issuer = await issuerServer({ keys });
  t.after(() => issuer.close());
  return issuer;
}

describe("options", () => {
  const jwksUri = "https://login.example/jwks";
  const loadKeys = () => [];
  const rows = [
    [{ jwksUri, secret: "s" }, /^give either `secret` or `jwksUri`, not both$/],
    [{ jwksUri, keys: [] }, /^give either `keys` or `jwksUri`, not both$/],
    [{ loadKeys, secret: "s" }, /^give either `secret` or `loadKeys`, not both$/],
    [{ jwksUri, loadKeys }, /^give either `loadKeys` or `jwksUri`, not both$/],
    [{}, /^JWT secret is required$/],
    [{ jwksUri: undefined, loadKeys: null }, /^JWT secret is required$/],
    [{ loadKeys: [] }, /^`loadKeys` must be a function that gives the keys, or a promise of them$/],
    [{ jwksUri: "" }, /^`jwksUri` must be/],
    [{ jwksUri: 5 }, /^`jwksUri` must be/],
    [{ jwksUri: "file:///etc/keys" }, /^`jwksUri` must be an https URL$/],
    [{ jwksUri: "https://user:word@login.example/jwks" }, /^`jwksUri` must not contain a user name/],
    [
      { jwksUri: "http://login.example/jwks", requireHttps: true },
      /^`jwksUri` must be an https URL; http is/,
    ],
    [
      { jwksUri: "http://login.example/jwks", strict: true, audience: "a" },
      /^`jwksUri` must be an https URL/,
    ],
    [{ loadKeys, requireHttps: true }, /^`requireHttps` has no effect without `jwksUri`/],
    [{ secret: "s", requireHttps: true }, /^`requireHttps` has no effect without `jwksUri`/],
    [{ jwksUri, algorithms: ["RS256", "HS256"] }, /^`algorithms\[1\]` is HS256, which no public key/],
    [{ jwksUri, algorithms: [] }, /^`algorithms` is empty/],
    [{ jwksUri, algorithms: ["RS255"] }, /^`algorithms` names no supported algorithm/],
    [{ loadKeys, algorithms: ["none"] }, /^`algorithms\[0\]` is none/],
    [{ jwksUri, issuer: "https://*.example/" }, /^`issuer` /],
    [{ jwksUri, strict: true }, /^`strict` requires `audience`/],
    [{ jwksUri, audience: [] }, /^`audience` must be/],
    [{ jwskUri: jwksUri, loadKeys, strict: true, audience: "a" }, /"jwskUri" \(did you mean "jwksUri"\?\)/],
    [Object.create({ requireHttps: true }), /^`requireHttps` is inherited/],
  ];
  for (const [options, pattern] of rows) {
    it(`${inspect(options, { breakLength: Number.POSITIVE_INFINITY })} is rejected`, () => {
      assert.throws(
        () => new JWTAuthProvider(options),
        ({ code, message }) => code.startsWith("ERR_MCP_AUTH_") && pattern.test(message),
      );
    });
  }

  it("what works but is not advisable, or is misspelled, is warned of", async (t) => {
    construct(t, { jwksUri: "http://login.example/jwks", loadKey: 1 });
    construct(t, { jwksUri, requireHttps: undefined });
    construct(t, { jwksUri: "http://127.0.0.1:9/jwks", algorithms: ["PS256", "EdDSA", "ES512"] });
    await settle();
    assert.deepEqual(
      warnings.map((text) => text.replace(/; the known options.*/, "")),
      [
        "MCP_NATIVE_AUTH_OAUTH_OPTION JWTAuthProvider: `jwksUri` should be an https URL: anyone on the way can answer in its place",
        'MCP_NATIVE_AUTH_UNKNOWN_OPTION JWTAuthProvider: unknown option "loadKey" (did you mean "loadKeys"?)',
        "MCP_NATIVE_AUTH_UNDEFINED_OPTION JWTAuthProvider: `requireHttps` is undefined, so nothing is restricted by it; is an environment variable missing? Pass null if that is on purpose",
      ],
    );
  });

  it("keys are replaced at their source, not here", (t) => {
    for (const options of [{ jwksUri }, { loadKeys }]) {
      const provider = construct(t, options);
      for (const replace of [() => provider.setSecret("s"), () => provider.setKeys(["s"])]) {
        assert.throws(replace, { code: "ERR_MCP_AUTH_OPTION_INVALID", message: /where they come from/ });
      }
    }
  });

  it("ready() and close() do nothing where keys are configured", async () => {
    const provider = new JWTAuthProvider({ secret: SECRET });
    await provider.ready();
    provider.close();
    assert.equal(await outcome(provider, mac(SECRET)), "accepted");
  });
});

describe("a token is judged as with the same keys in the configuration", () => {
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const good = sign("p256");
  const tokens = {
    good,
    "good, RS256": sign("rsa", { alg: "RS256" }),
    "of a stranger": jws({ header: { alg: "ES256", kid: "p256" }, payload: { exp }, key: stranger }),
    "under the kid of another": sign("p256", { kid: "rsa" }),
    "an algorithm that is not allowed": sign("p384", { alg: "ES384", kid: "p256" }),
    none: jws({ header: { alg: "none", kid: "p256" }, payload: { exp }, ...keyOf("p256"), alg: "ES256" }),
    "the public key as a secret": mac(publicPem("rsa"), { kid: "rsa" }),
    expired: sign("p256", {}, { exp: 1 }),
    early: sign("p256", {}, { nbf: exp }),
    "without expiry": sign("p256", {}, { exp: undefined }),
    "of another issuer": sign("p256", {}, { iss: "other" }),
    "for another audience": sign("p256", {}, { aud: "other" }),
    "a crit extension": sign("p256", { crit: ["x"] }),
    garbage: "a.b.c",
    "not three parts": "abc",
  };
  const values = {
    ...Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, `Bearer ${token}`])),
    "no value": undefined,
    empty: "",
    "the scheme alone": "Bearer ",
    "the scheme in another case": `bearer ${good}`,
    "two spaces": `Bearer  ${good}`,
    "a tab": `Bearer\t${good}`,
    "something after it": `Bearer ${good} more`,
    "a line feed after it": `Bearer ${good}\n`,
    "no scheme": good,
    "another scheme": `Basic ${good}`,
    "an array": [`Bearer ${good}`],
  };
  const keys = { keys: [published("p256"), published("rsa")] };
  const configurations = {
    plain: {},
    rules: { issuer: "i", audience: "a", requireExpiration: true, clockTolerance: 5 },
    "in any case": { caseInsensitiveScheme: true },
    "another header": { headerName: "X-Token", requireBearer: false },
    "without a cache": { cacheSize: 0 },
  };
  for (const [name, options] of Object.entries(configurations)) {
    it(name, async (t) => {
      const issuer = await startIssuer(t, keys.keys);
      const algorithms = ["RS256", "ES256"];
      const asked = [
        new JWTAuthProvider({ ...options, keys, algorithms }),
        construct(t, { ...options, jwksUri: issuer.jwksUri }),
        construct(t, { ...options, loadKeys: async () => keys }),
        construct(t, { ...options, loadKeys: () => keys.keys }),
      ];
      await Promise.all(asked.map((provider) => provider.ready()));
      const header = options.headerName?.toLowerCase();
      for (const [what, value] of Object.entries(values)) {
        const outcomes = [];
        for (const provider of asked) outcomes.push(await outcomeOf(provider, value, header));
        const [expected, ...others] = outcomes;
        assert.deepEqual(others, [expected, expected, expected], what);
      }
      assert.equal(issuer.requests.length, 1);
    });
  }

  it("but for a kid that is not there, an absent kid with a URL, and claims that are no object", async (t) => {
    const issuer = await startIssuer(t, keys.keys);
    const byUrl = construct(t, { jwksUri: issuer.jwksUri });
    assert.equal(await outcome(byUrl, sign("p256", { kid: undefined })), "TOKEN_KEY_UNKNOWN");
    assert.equal(await outcome(byUrl, sign("p256", { kid: "x" }, { exp: 1 })), "TOKEN_KEY_UNKNOWN");
    assert.equal(issuer.requests.length, 0);
    assert.equal(await outcome(byUrl, good), "accepted");
    const list = jws({ header: { alg: "ES256", kid: "p256" }, payload: "[]", ...keyOf("p256") });
    assert.equal(await outcome(byUrl, list), "TOKEN_PAYLOAD_INVALID");
  });

  it("a token is not valid before the second of its nbf", async (t) => {
    const issuer = await startIssuer(t, keys.keys);
    const byUrl = construct(t, { jwksUri: issuer.jwksUri });
    const nbf = exp - 1800;
    const token = sign("p256", {}, { nbf });
    const now = t.mock.method(Date, "now", () => nbf * 1000 - 1);
    assert.equal(await outcome(byUrl, token), "TOKEN_NOT_YET_VALID");
    now.mock.mockImplementation(() => nbf * 1000);
    assert.equal(await outcome(byUrl, token), "accepted");
  });

  it("a token within clockTolerance asks for keys, however long ago it expired", async (t) => {
    const issuer = await startIssuer(t, keys.keys);
    const expired = { exp: exp - 3600 - 600 };
    const provider = construct(t, { jwksUri: issuer.jwksUri, clockTolerance: 3600 });
    assert.equal(await outcome(provider, sign("p256", {}, expired)), "accepted");
  });
});

describe("jwksUri", () => {
  it("one fetch serves all; a key that is rotated in is accepted, one that is out is not", async (t) => {
    const time = virtualTime(t);
    t.mock.method(performance, "now", time.now);
    const issuer = await startIssuer(t, [published("p256")]);
    const provider = construct(t, { jwksUri: issuer.jwksUri });
    assert.equal(issuer.requests.length, 0);
    const both = await Promise.all([1, 2, 3].map(() => provider.authenticate(requestOf(sign("p256")))));
    assert.deepEqual(both.map(Boolean), [true, true, true]);
    assert.equal(issuer.requests.length, 1);
    issuer.replaceKeys(issuer.jwksUri, [published("p256Other")]);
    assert.equal(await outcome(provider, sign("p256")), "accepted");
    // Each waits until a fetch is due again, three seconds after the last one.
    const rotatedIn = outcome(provider, sign("p256Other"));
    await time.advance(3000);
    assert.equal(await rotatedIn, "accepted");
    assert.equal(issuer.requests.length, 2);
    const rotatedOut = outcome(provider, sign("p256"));
    await time.advance(3000);
    assert.equal(await rotatedOut, "TOKEN_KEY_UNKNOWN");
  });

  it("an issuer that is down: 503 with Retry-After, one warning, an event", async (t) => {
    const jwksUri = `${await closedOrigin()}/jwks`;
    const provider = construct(t, { jwksUri, throttle: { failures: 1 } });
    assert.equal(await outcome(provider, sign("p256")), "503 ISSUER_UNAVAILABLE, Retry-After 3");
    await settle();
    assert.equal(events.failed.length, 1);
    assert.deepEqual(
      { ...events.failed[0], message: "" },
      { provider: "JWTAuthProvider", failures: 1, message: "", usingStaleKeys: false },
    );
    assert.match(
      warnings.join(),
      /^MCP_NATIVE_AUTH_ISSUER_UNAVAILABLE JWTAuthProvider: http:\S+ cannot be reached/,
    );
    await assert.rejects(provider.ready(), { code: "ERR_MCP_AUTH_HTTP_CONNECTION" });
    // In anyOf it is undecided too, whatever the others say of a token that is not theirs.
    const other = new JWTAuthProvider({
      keys: { keys: [published("p256Other", "p256")] },
      algorithms: ["ES256"],
    });
    const members = [new JWTAuthProvider({ secret: SECRET }), construct(t, { jwksUri }), other];
    const combined = anyOf(members, { throttle: { failures: 1 } });
    const answers = await Promise.all([1, 2, 3].map(() => combined.authenticate(requestOf(sign("p256")))));
    assert.deepEqual(answers, [false, false, false]);
    assert.match(await outcome(combined, sign("p256")), /^503 ISSUER_UNAVAILABLE/);
    assert.equal(await outcome(combined, sign("p256Other", { kid: "p256" }, { exp: 1 })), "TOKEN_EXPIRED");
  });

  it("an issuer that goes: known keys keep working", async (t) => {
    const issuer = await issuerServer({ keys: [published("p256")] });
    const provider = construct(t, { jwksUri: issuer.jwksUri });
    await provider.ready();
    await issuer.close();
    assert.equal(await outcome(provider, sign("p256")), "accepted");
  });

  it("redirects are not followed, and close() ends what waits", async (t) => {
    const { origin } = await scriptedServer(t, (req, res) => {
      if (req.url === "/moved") res.writeHead(302, { location: "/jwks" }).end();
    });
    const moved = construct(t, { jwksUri: `${origin}/moved` });
    assert.match(await outcome(moved, sign("p256")), /^503 /);
    const stalls = construct(t, { jwksUri: `${origin}/stalls` });
    const waiting = outcome(stalls, sign("p256"));
    setImmediate(() => stalls.close());
    // Its deadline would say when to ask the issuer again: after 3 s.
    assert.match(await waiting, /^503 ISSUER_UNAVAILABLE, Retry-After 5$/);
  });
});

const requestOf = (token) => ({ headers: { authorization: `Bearer ${token}` }, url: "/mcp", socket: {} });

describe("loadKeys", () => {
  const algorithms = ["HS256", "ES256"];

  /** A loader of which the test says what it gives: a value, or an error that it throws. */
  function setUp(t, keys, options = {}) {
    const time = virtualTime(t);
    t.mock.method(performance, "now", time.now);
    const source = { keys, loads: 0, signals: [] };
    const provider = construct(t, {
      algorithms,
      loadKeys: async ({ signal }) => {
        source.loads += 1;
        source.signals.push(signal);
        if (source.keys instanceof Error) throw source.keys;
        return source.keys;
      },
      ...options,
    });
    return { provider, source, time };
  }

  it("takes every form that `keys` takes, and secrets without a kid", async (t) => {
    const { provider, source } = setUp(t, [
      SECRET,
      { kid: "named", secret: OTHER_SECRET },
      { kid: "p", issuer: "i", secret: publicPem("p256") },
      published("p256Other"),
    ]);
    for (const [token, expected] of [
      [mac(SECRET), "accepted"],
      [mac(SECRET, { kid: "of nobody" }), "accepted"],
      [mac(OTHER_SECRET, { kid: "named" }), "accepted"],
      [mac(OTHER_SECRET), "accepted"],
      [mac(SECRET, { kid: "named" }), "TOKEN_SIGNATURE_INVALID"],
      [mac(randomBytes(64)), "TOKEN_SIGNATURE_INVALID"],
      [sign("p256", { kid: "p" }, { iss: "i" }), "accepted"],
      [sign("p256", { kid: "p" }), "TOKEN_ISSUER_NOT_ALLOWED"],
      [sign("p256Other"), "accepted"],
    ]) {
      assert.equal(await outcome(provider, token), expected);
    }
    assert.equal(source.loads, 1);
    assert.ok(source.signals[0] instanceof AbortSignal);
  });

  it("an HMAC secret is not used unless `algorithms` says so", async (t) => {
    const { provider } = setUp(t, [SECRET, published("p256")], { algorithms: undefined });
    assert.equal(await outcome(provider, mac(SECRET)), "TOKEN_ALGORITHM_NOT_ALLOWED");
    assert.equal(await outcome(provider, sign("p256")), "accepted");
  });

  it("one call for all, at most one in three seconds, whatever strangers ask for", async (t) => {
    const { provider, source, time } = setUp(t, [{ kid: "old", secret: SECRET }]);
    const asked = Array.from({ length: 50 }, () => provider.authenticate(requestOf(mac(SECRET))));
    assert.deepEqual(new Set((await Promise.all(asked)).map(Boolean)), new Set([true]));
    assert.equal(source.loads, 1);
    const strangers = Array.from({ length: 800 }, (_, count) =>
      provider.authenticate(requestOf(mac(randomBytes(64), { kid: `x${count}` }))),
    );
    source.keys = [{ kid: "new", secret: OTHER_SECRET }];
    const rotated = provider.authenticate(requestOf(mac(OTHER_SECRET, { kid: "new" })));
    assert.equal(await outcome(provider, mac(SECRET, { kid: "old" })), "accepted");
    await time.advance(3000);
    assert.equal(Boolean(await rotated), true);
    assert.deepEqual(new Set((await Promise.all(strangers)).map(Boolean)), new Set([false]));
    assert.equal(source.loads, 2);
    // Withdrawn: tried with what is there, as a kid of nobody is.
    const again = outcome(provider, mac(SECRET, { kid: "old" }));
    await time.advance(3000);
    assert.equal(await again, "TOKEN_SIGNATURE_INVALID");
  });

  it("a secret without a kid that was replaced is found soon", async (t) => {
    const { provider, source, time } = setUp(t, [SECRET]);
    await provider.ready();
    source.keys = [OTHER_SECRET];
    await time.advance(30_000);
    assert.equal(await outcome(provider, mac(OTHER_SECRET)), "TOKEN_SIGNATURE_INVALID");
    await settle();
    assert.equal(await outcome(provider, mac(OTHER_SECRET)), "accepted");
    assert.equal(source.loads, 2);
  });

  const rubbish = {
    "an error": new Error("database of hunter2"),
    "an error with a code": Object.assign(new Error("hunter2"), { code: "ECONNREFUSED" }),
    nothing: undefined,
    null: null,
    text: '{"keys":[{"k":"hunter2"}]}',
    "a number": 5,
    "an object": { hunter2: [] },
    "a revoked proxy": revoked(),
    "an array that throws": new Proxy([1], { get: (_, name) => (name === "then" ? undefined : fail()) }),
  };
  for (const [name, given] of Object.entries(rubbish)) {
    it(`${name}: 503 at first, and never the end of keys that are known`, async (t) => {
      const { provider, source, time } = setUp(t, given);
      assert.match(await outcome(provider, mac(SECRET)), /^503 ISSUER_UNAVAILABLE, Retry-After 3$/);
      await assert.rejects(provider.ready(), (error) => !/hunter2/.test(inspect(error)));
      assert.equal(source.loads, 1);
      source.keys = [SECRET];
      await time.advance(3000);
      assert.equal(await outcome(provider, mac(SECRET)), "accepted");
      source.keys = given;
      await time.advance(780_000, 60_000);
      assert.ok(source.loads >= 3);
      assert.equal(await outcome(provider, mac(SECRET)), "accepted");
      assert.equal(events.failed.at(-1).usingStaleKeys, true);
      // An hour after its age of 15 minutes, it is not good enough any more.
      await time.advance(3_900_000, 60_000);
      assert.match(await outcome(provider, mac(SECRET)), /^503 /);
      assert.ok(!/hunter2/.test(inspect([events, warnings], { depth: 9 })));
    });
  }

  it("never answers in time: 503 after the deadline, and what comes later is not read", async (t) => {
    let reads = 0;
    const late = {
      kty: "oct",
      get k() {
        reads += 1;
        return base64url(SECRET);
      },
    };
    let answer;
    const { provider, source, time } = setUp(t, new Promise((resolve) => (answer = resolve)));
    const waiting = outcome(provider, mac(SECRET));
    await time.advance(5000);
    assert.match(await waiting, /^503 ISSUER_UNAVAILABLE, Retry-After \d+$/);
    assert.equal(source.signals[0].aborted, true);
    answer([late]);
    await settle();
    assert.equal(reads, 0);
  });

  it("keys that cannot be used are left out, with a warning; the others are used", async (t) => {
    const { provider } = setUp(t, [
      5,
      { kid: 7, secret: SECRET },
      published("p384"),
      { kid: "good", secret: SECRET },
    ]);
    assert.equal(await outcome(provider, mac(SECRET, { kid: "good" })), "accepted");
    await settle();
    assert.deepEqual(warnings, [
      "MCP_NATIVE_AUTH_UNUSABLE_KEYS JWTAuthProvider: ignoring `keys[0]`, `keys[1]`, `keys[2]` of `loadKeys`: not usable with the configured `algorithms`",
    ]);
  });

  for (const [name, none, why] of [
    ["an empty array", [], ""],
    ["an empty set", { keys: [] }, ""],
    [
      "no key that can be used",
      [published("p384")],
      ": `keys[0]` is a P-384 key, which cannot verify HS256, ES256",
    ],
  ]) {
    it(`${name} withdraws the keys before, and decides nothing`, async (t) => {
      const { provider, source, time } = setUp(t, [SECRET]);
      await provider.ready();
      source.keys = none;
      await time.advance(720_000);
      const waiting = outcome(provider, mac(SECRET));
      await time.advance(3000);
      assert.match(await waiting, /^503 ISSUER_UNAVAILABLE/);
      await settle();
      assert.ok(
        warnings.some((text) =>
          text.includes(`JWTAuthProvider: \`loadKeys\` holds no key that can be used${why}`),
        ),
        warnings.join("\n"),
      );
    });
  }

  it("a weak secret is warned of, and under strict not used", async (t) => {
    const { provider } = setUp(t, ["your-jwt-secret"]);
    await provider.ready();
    await settle();
    assert.match(warnings.join(), /MCP_NATIVE_AUTH_WEAK_SECRET/);
    const strict = construct(t, {
      loadKeys: () => ["your-jwt-secret"],
      algorithms,
      strict: true,
      audience: "a",
    });
    assert.match(await outcome(strict, mac("your-jwt-secret", {}, { aud: "a" })), /^503 /);
    await assert.rejects(strict.ready(), { code: "ERR_MCP_AUTH_JWKS_UNUSABLE", message: /weak HMAC secret/ });
  });

  it("copies of secrets are wiped, and nothing of them is shown", async (t) => {
    const copies = [];
    const { fill } = Uint8Array.prototype;
    for (const prototype of [Uint8Array.prototype, Buffer.prototype]) {
      t.mock.method(prototype, "fill", function filling(...args) {
        if (args[0] === 0) copies.push(this);
        return fill.apply(this, args);
      });
    }
    const text = SECRET.toString("hex");
    const { provider } = setUp(t, [SECRET, text, { kty: "oct", k: base64url(SECRET) }]);
    assert.equal(await outcome(provider, mac(SECRET)), "accepted");
    assert.ok(copies.filter(({ length }) => length >= 64).length >= 3);
    assert.ok(copies.every((copy) => copy.every((byte) => byte === 0)));
    assert.ok(!inspect(provider, { depth: 9, showHidden: true }).includes(text));
  });
});

function fail() {
  throw new Error("hunter2");
}

/** As an answer, not as a promise. */
function revoked() {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return { keys: proxy };
}
