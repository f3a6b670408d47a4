/** Bad input of every kind ends in a plain `false`: no exception, no crash, no hang. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";

// Odd options are warned of, hundreds of times here; what is said is tested elsewhere.
process.removeAllListeners("warning");

const SECRET = "robustness-secret-0123456789abcdef";
const jwt = new JWTAuthProvider({ secret: SECRET });
const apiKey = new APIKeyAuthProvider({ keys: ["k1", "\ufffd"] });

const b64 = (text) => Buffer.from(text).toString("base64url");

function sign(header, payload) {
  const input = `${b64(header)}.${b64(payload)}`;
  return `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
}
const HS256 = '{"alg":"HS256","typ":"JWT"}';
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

const throwing = new Proxy({}, { get: () => assert.fail("read"), ownKeys: () => assert.fail("read") });
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

const requests = {
  undefined,
  null: null,
  "a number": 5,
  "a string": "GET / HTTP/1.1",
  "an empty object": {},
  "headers undefined": { headers: undefined },
  "headers null": { headers: null },
  "headers a string": { headers: "x-api-key: k1" },
  "headers an array": { headers: ["x-api-key", "k1"] },
  "headers with a getter that throws": { headers: throwing },
  "a request that throws": throwing,
  "a revoked proxy": revoked,
  "url a symbol": { headers: {}, url: Symbol("url") },
  "host that throws": { headers: { host: throwing }, url: "/?api_key=k1x" },
};

describe("requests that are none", () => {
  for (const [name, request] of Object.entries(requests)) {
    it(name, async () => {
      assert.equal(await apiKey.authenticate(request), false);
      assert.equal(await jwt.authenticate(request), false);
    });
  }

  it("methods torn off their provider reject", async () => {
    assert.equal(await jwt.authenticate.call(undefined, bearer(sign(HS256, "{}"))), false);
    assert.equal(await apiKey.authenticate.call({}, { headers: { "x-api-key": "k1" } }), false);
  });
});

describe("header values that are no credential", () => {
  const values = {
    "a number": 5,
    "an object": { toString: () => "k1" },
    "a String object": new String("k1"),
    "a boolean": true,
    "a symbol": Symbol("k1"),
    "a bigint": 1n,
    "a nested array": [["k1"]],
    "a lone surrogate, which is not U+FFFD": "\ud800",
    "a NUL after a key": "k1\0",
    "16 KB": "x".repeat(16_384),
    "8 MB": "x".repeat(8_388_608),
    "other letters of the same low byte": "\u016b\u0131",
  };
  for (const [name, value] of Object.entries(values)) {
    it(name, async () => {
      assert.equal(await apiKey.authenticate({ headers: { "x-api-key": value } }), false);
      assert.equal(await jwt.authenticate({ headers: { authorization: value } }), false);
    });
  }

  it("the keys themselves are accepted", async () => {
    assert.equal(await apiKey.authenticate({ headers: { "x-api-key": "k1" } }), true);
    assert.equal(await apiKey.authenticate({ headers: { "x-api-key": "\ufffd" } }), true);
  });
});

describe("tokens that are none", () => {
  const good = sign(HS256, "{}");
  const tokens = {
    "1 MB of A": "A".repeat(1_000_000),
    "1 MB of dots": ".".repeat(1_000_000),
    "a header of 1 MB": `${b64(`{"alg":"HS256","x":"${"y".repeat(1_000_000)}"}`)}.e30.AAAA`,
    "a header of 100,000 names": `${b64(`{${Array.from({ length: 100_000 }, (_, n) => `"n${n}":0`)},"alg":"HS256"}`)}.e30.AAAA`,
    "over the limit of 16 MiB": sign(HS256, `"${"x".repeat(13_000_000)}"`),
    "NUL in alg": sign('{"alg":"HS256\\u0000"}', "{}"),
    "a raw NUL in alg": sign('{"alg":"HS256\0"}', "{}"),
    "a lone surrogate in alg": sign('{"alg":"HS256\\ud800"}', "{}"),
    "a lone surrogate in the token": good.replace(".", "\ud800."),
    "letters of the same low byte as a good token's": good.replace("e", "\u0165"),
    "a header nested deeply": sign(
      `{"alg":"HS256","crit":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      "{}",
    ),
    "a payload nested deeply": sign(HS256, `${"[".repeat(500_000)}${"]".repeat(500_000)}`),
    "objects nested deeply": sign(HS256, `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`),
    "nesting never closed": sign(HS256, "[".repeat(1_000_000)),
    "a string never closed": sign(HS256, `{"a":"${"\\".repeat(999_999)}`),
  };
  for (const [name, token] of Object.entries(tokens)) {
    it(name, async () => {
      assert.equal(await jwt.authenticate(bearer(token)), false);
    });
  }

  it("a good token is accepted", async () => {
    assert.deepEqual(await jwt.authenticate(bearer(good)), { data: {} });
  });

  it("wide JSON and long strings are accepted", async () => {
    const wide = `{${Array.from({ length: 200_000 }, (_, n) => `"k${n}":${n}`)}}`;
    const { data } = await jwt.authenticate(bearer(sign(HS256, wide)));
    assert.equal(data.k199999, 199_999);
    const long = await jwt.authenticate(bearer(sign(HS256, `{"s":"${"x".repeat(5_000_000)}"}`)));
    assert.equal(long.data.s.length, 5_000_000);
  });

  it("a header with unknown parameters nested deeply is accepted", async () => {
    const header = `{"alg":"HS256","x":${"[".repeat(6_000)}${"]".repeat(6_000)}}`;
    assert.deepEqual(await jwt.authenticate(bearer(sign(header, "{}"))), { data: {} });
  });
});

describe("constructors given anything", () => {
  const anything = [undefined, null, 0, 1, Number.NaN, "", "x", true, false, 1n, Symbol("s"), {}, [], [[]], () => {}, new Map(),
    new Date(), /x/, new Error("x"), Promise.resolve(), new Proxy({}, {}), Object.create(null), new Uint8Array(0)]; // biome-ignore format: a list
  const options = [
    "keys",
    "headerName",
    "queryFallback",
    "secret",
    "algorithms",
    "requireBearer",
    "caseInsensitiveScheme",
    "requireExpiration",
  ];

  it("either construct or throw a plain Error with a code", () => {
    let rejected = 0;
    let made = 0;
    for (const Provider of [APIKeyAuthProvider, JWTAuthProvider]) {
      const bases = [{}, { keys: ["k1"], secret: "s".repeat(32) }];
      const configs = anything.concat(
        bases.flatMap((base) =>
          options.flatMap((name) => anything.map((value) => ({ ...base, [name]: value }))),
        ),
      );
      for (const config of configs) {
        try {
          assert.ok(new Provider(config));
          made += 1;
        } catch (error) {
          assert.equal(error.constructor, Error, error.stack);
          assert.match(error.code, /^ERR_MCP_AUTH_/, error.stack);
          rejected += 1;
        }
      }
    }
    assert.ok(made > 50 && rejected > 300, `${made} made, ${rejected} rejected`);
  });
});
