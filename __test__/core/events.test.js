/** What is published of each decision: why, by whom as far as it was proven, and never a credential. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider } from "mcp-native-auth";
import { REASONS } from "../../lib/core/reasons.js";
import { recordEvents } from "../support/events.js";
import { checkout } from "../support/project.js";
import { HTTP_STREAM, SSE, startServer, withoutFrameworkLog } from "../support/servers.js";

const KEY = `key_${randomBytes(24).toString("hex")}`;
const SECRET = `secret_${randomBytes(24).toString("hex")}`;
const ADDRESS = "192.0.2.7";

const apiKeys = new APIKeyAuthProvider({ keys: [KEY] });
const jwt = new JWTAuthProvider({ secret: SECRET });
const expiring = new JWTAuthProvider({ secret: SECRET, requireExpiration: true });

const ruled = new JWTAuthProvider({
  secret: SECRET,
  typ: "at+jwt",
  maxTokenAge: 60,
  requiredClaims: ["jti"],
  issuer: "a",
  audience: "b",
  subject: "c",
  claims: { azp: "d" },
});
const RULED = { header: '{"alg":"HS256","typ":"at+jwt"}' };
const [yesterday, tomorrow] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000));
const entries = new APIKeyAuthProvider({
  keys: [
    { key: "of-yesterday-4f1d0b7c2a", id: "expired", expiresAt: yesterday },
    { key: "of-tomorrow-93ac5e6d10", id: "early", notBefore: tomorrow },
  ],
});
const unloaded = new APIKeyAuthProvider({
  loadKeys() {
    throw new Error("down");
  },
});
/** What is proven about a rejected request: whose key it is. */
const PROVEN = { KEY_EXPIRED: "expired", KEY_NOT_YET_VALID: "early" };

const b64 = (text) => Buffer.from(text).toString("base64url");

function signed(payload, { header = '{"alg":"HS256","typ":"JWT"}', secret = SECRET } = {}) {
  const input = `${b64(header)}.${b64(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const from = (headers) => ({ headers, url: "/mcp", socket: { remoteAddress: ADDRESS } });
const withKey = (key) => from({ "x-api-key": key });
const bearer = (token) => from({ authorization: `Bearer ${token}` });
const unreadable = {
  get headers() {
    throw new Error("no");
  },
  socket: { remoteAddress: ADDRESS },
};

const events = [];
const subscribed = () => recordEvents(events, (message, name) => ({ name, ...message }));

/** Uses up the one failure that is allowed, then asks once more. */
async function afterOneFailure(throttle, key) {
  const provider = new APIKeyAuthProvider({ keys: [KEY], throttle: { failures: 1, ...throttle } });
  await provider.authenticate(withKey("wrong"));
  events.length = 0;
  return provider.authenticate(withKey(key));
}

const now = Math.floor(Date.now() / 1000);
const REJECTIONS = {
  KEY_MISSING: () => apiKeys.authenticate(from({})),
  KEY_EXPIRED: () => entries.authenticate(withKey("of-yesterday-4f1d0b7c2a")),
  KEY_NOT_YET_VALID: () => entries.authenticate(withKey("of-tomorrow-93ac5e6d10")),
  KEYS_NOT_LOADED: () => unloaded.authenticate(withKey(KEY)),
  KEY_UNKNOWN: () => apiKeys.authenticate(withKey(`${KEY}x`)),
  TOKEN_MISSING: () => jwt.authenticate(from({ authorization: `Basic ${b64("user:password")}` })),
  TOKEN_MALFORMED: () => jwt.authenticate(bearer("no token")),
  TOKEN_HEADER_INVALID: () => jwt.authenticate(bearer(signed("{}", { header: "[]" }))),
  TOKEN_CRITICAL_EXTENSION: () =>
    jwt.authenticate(bearer(signed("{}", { header: '{"alg":"HS256","crit":["exp"]}' }))),
  TOKEN_ALGORITHM_NOT_ALLOWED: () => jwt.authenticate(bearer(signed("{}", { header: '{"alg":"none"}' }))),
  TOKEN_SIGNATURE_INVALID: () =>
    jwt.authenticate(bearer(signed(`{"sub":"mallory","exp":${now - 60}}`, { secret: "another" }))),
  TOKEN_PAYLOAD_INVALID: () => jwt.authenticate(bearer(signed("no JSON"))),
  TOKEN_TIME_CLAIM_INVALID: () => jwt.authenticate(bearer(signed('{"exp":"tomorrow"}'))),
  TOKEN_NOT_YET_VALID: () => jwt.authenticate(bearer(signed(`{"sub":"alice","nbf":${now + 3600}}`))),
  TOKEN_EXPIRED: () => jwt.authenticate(bearer(signed(`{"sub":"alice","exp":${now - 60}}`))),
  TOKEN_TYPE_NOT_ALLOWED: () => ruled.authenticate(bearer(signed("{}"))),
  TOKEN_TOO_OLD: () => ruled.authenticate(bearer(signed("{}", RULED))),
  TOKEN_ISSUED_IN_FUTURE: () => ruled.authenticate(bearer(signed(`{"iat":${now + 60}}`, RULED))),
  TOKEN_CLAIM_MISSING: () => ruled.authenticate(bearer(signed(`{"iat":${now}}`, RULED))),
  TOKEN_ISSUER_NOT_ALLOWED: () => ruled.authenticate(bearer(signed(`{"iat":${now},"jti":"1"}`, RULED))),
  TOKEN_AUDIENCE_NOT_ALLOWED: () =>
    ruled.authenticate(bearer(signed(`{"iat":${now},"jti":"1","iss":"a"}`, RULED))),
  TOKEN_SUBJECT_NOT_ALLOWED: () =>
    ruled.authenticate(bearer(signed(`{"iat":${now},"jti":"1","iss":"a","aud":["b"]}`, RULED))),
  TOKEN_CLAIM_NOT_ALLOWED: () =>
    ruled.authenticate(bearer(signed(`{"iat":${now},"jti":"1","iss":"a","aud":"b","sub":"c"}`, RULED))),
  TOKEN_EXPIRATION_MISSING: () => expiring.authenticate(bearer(signed('{"sub":"alice"}'))),
  REQUEST_UNREADABLE: () => jwt.authenticate(unreadable),
  PROVIDER_REJECTED: () => anyOf([{ authenticate: async () => false }]).authenticate(from({})),
  PROVIDER_FAILED: () =>
    anyOf([{ authenticate: () => Promise.reject(new Error("down")) }]).authenticate(from({})),
  THROTTLED: () => afterOneFailure({}, "wrong again"),
  LOCKED_OUT: () => afterOneFailure({ lockout: true }, KEY),
};

describe("reasons", () => {
  subscribed();

  for (const [reason, cause] of Object.entries(REJECTIONS)) {
    it(reason, async () => {
      assert.equal(await cause(), false);
      const isOther = reason.startsWith("PROVIDER_");
      const provider = isOther
        ? "Object"
        : /^TOKEN|^REQUEST/.test(reason)
          ? "JWTAuthProvider"
          : "APIKeyAuthProvider";
      assert.deepEqual(events, [
        {
          name: "mcp-native-auth:rejected",
          provider,
          reason,
          credentialReason: reason === "THROTTLED" ? "KEY_UNKNOWN" : undefined,
          keyId: PROVEN[reason],
          remoteAddress: ADDRESS,
          limiterError: false,
        },
      ]);
    });
  }

  it("are all that there are, next to those of OAuth and of gates alone", () => {
    const ofOAuth = [
      "ISSUER_UNAVAILABLE",
      "SCOPE_INSUFFICIENT",
      "TOKEN_BOUND",
      "TOKEN_INACTIVE",
      "TOKEN_IN_QUERY",
      "TOKEN_KEY_UNKNOWN",
    ];
    // Rejected by `requireAuth` before or after a provider decides: __test__/hosts.
    const ofGates = [
      "BODY_TOO_LARGE",
      "BODY_UNREADABLE",
      "CREDENTIAL_MALFORMED",
      "ORIGIN_NOT_ALLOWED",
      "SESSIONS_UNAVAILABLE",
      "SESSION_OF_ANOTHER",
    ];
    assert.deepEqual(
      [...Object.keys(REJECTIONS), ...ofOAuth, ...ofGates].sort(),
      Object.keys(REASONS).sort(),
    );
  });
});

describe("accepted requests", () => {
  subscribed();
  const accepted = { name: "mcp-native-auth:accepted", keyId: undefined, remoteAddress: ADDRESS };

  it("an API key", async () => {
    assert.equal(await apiKeys.authenticate(withKey(KEY)), true);
    const expected = { ...accepted, provider: "APIKeyAuthProvider", subject: undefined, limiterError: false };
    assert.deepEqual(events, [expected]);
  });

  const subjects = {
    "a string": ['{"sub":"alice"}', "alice"],
    "the empty string": ['{"sub":""}', ""],
    "a number": ['{"sub":7}', undefined],
    none: ["{}", undefined],
    "an array as payload": ["[]", undefined],
    "one of a member named __proto__": ['{"__proto__":{"sub":"mallory"}}', undefined],
  };
  for (const [name, [payload, subject]] of Object.entries(subjects)) {
    it(`a token whose subject is ${name}, new and remembered`, async () => {
      const token = signed(payload, { header: '{"alg":"HS256","n":"subjects"}' });
      for (let time = 0; time < 3; time += 1) {
        await jwt.authenticate(bearer(token));
      }
      const expected = { ...accepted, provider: "JWTAuthProvider", subject, limiterError: false };
      assert.deepEqual(events, [expected, expected, expected]);
    });
  }
});

describe("what no message holds", () => {
  subscribed();

  it("a credential, a secret, a header or a URL, whole or in part", async () => {
    const good = signed('{"sub":"alice"}');
    const forged = signed('{"sub":"mallory-the-subject"}', { secret: "another" });
    const wrong = randomBytes(24).toString("hex");
    const url = `/mcp?api_key=${wrong}&path-of-the-request`;
    await apiKeys.authenticate(withKey(KEY));
    await apiKeys.authenticate(withKey(wrong));
    await apiKeys.authenticate(from({ authorization: `Bearer ${wrong}` }));
    await apiKeys.authenticate({ ...from({ host: "localhost" }), url });
    await jwt.authenticate(bearer(good));
    await jwt.authenticate(bearer(forged));
    await jwt.authenticate(bearer(wrong));
    assert.equal(events.length, 7);
    const shown = inspect(events, { showHidden: true, depth: Number.POSITIVE_INFINITY });
    for (const secret of [KEY, SECRET, wrong, good, forged, "mallory-the-subject", url]) {
      for (let start = 0; start + 8 <= secret.length; start += 1) {
        const part = secret.slice(start, start + 8);
        assert.ok(!shown.includes(part), `shows ${start}..${start + 8} of ${secret}`);
      }
    }
  });
});

describe("subscribers", () => {
  const REJECTED = "mcp-native-auth:rejected";

  it("cannot change what the next one reads", async () => {
    const seen = [];
    const meddle = (message) => {
      assert.ok(Object.isFrozen(message));
      assert.equal(Reflect.set(message, "reason", "NONE"), false);
    };
    const read = ({ reason }) => seen.push(reason);
    diagnostics.subscribe(REJECTED, meddle);
    diagnostics.subscribe(REJECTED, read);
    await apiKeys.authenticate(withKey("wrong"));
    diagnostics.unsubscribe(REJECTED, meddle);
    diagnostics.unsubscribe(REJECTED, read);
    assert.deepEqual(seen, ["KEY_UNKNOWN"]);
  });

  it("that throw change no decision; Node throws it again outside, as it does for every channel", () => {
    const script = `
      import diagnostics from "node:diagnostics_channel";
      import { APIKeyAuthProvider } from "mcp-native-auth";
      const thrown = [];
      process.on("uncaughtException", ({ message }) => thrown.push(message));
      for (const name of ["accepted", "rejected"]) {
        diagnostics.subscribe("mcp-native-auth:" + name, () => { throw new Error(name); });
      }
      const provider = new APIKeyAuthProvider({ keys: ["k1"] });
      const verdicts = [];
      for (const key of ["k1", "k2"]) verdicts.push(await provider.authenticate({ headers: { "x-api-key": key } }));
      setImmediate(() => console.log(JSON.stringify({ verdicts, thrown })));`;
    const args = ["--input-type=module", "--eval", script];
    const child = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
    assert.equal(child.status, 0, child.stderr);
    assert.deepEqual(JSON.parse(child.stdout), { verdicts: [true, false], thrown: ["accepted", "rejected"] });
  });

  it("where there is none, nothing is read or built for them", async () => {
    let reads = 0;
    const request = (key) => ({
      headers: { "x-api-key": key },
      get socket() {
        reads += 1;
        return { remoteAddress: ADDRESS };
      },
    });
    const ignore = () => {};
    assert.equal(await apiKeys.authenticate(request(KEY)), true);
    assert.equal(await apiKeys.authenticate(request("wrong")), false);
    assert.equal(reads, 0);
    diagnostics.subscribe(REJECTED, ignore);
    assert.equal(await apiKeys.authenticate(request(KEY)), true);
    assert.equal(reads, 0);
    assert.equal(await apiKeys.authenticate(request("wrong")), false);
    assert.equal(reads, 1);
    diagnostics.unsubscribe(REJECTED, ignore);
  });

  it("are told of requests without an address, and of those that throw when asked for it", async () => {
    const seen = [];
    const read = ({ reason, remoteAddress }) => seen.push([reason, remoteAddress]);
    diagnostics.subscribe(REJECTED, read);
    const headers = { "x-api-key": "wrong" };
    const hostile = { get: () => assert.fail("read") };
    for (const socket of [undefined, null, {}, { remoteAddress: 7 }, new Proxy({}, hostile)]) {
      assert.equal(await apiKeys.authenticate({ headers, socket }), false);
    }
    assert.equal(await apiKeys.authenticate(undefined), false);
    diagnostics.unsubscribe(REJECTED, read);
    assert.deepEqual(seen, [...Array(5).fill(["KEY_UNKNOWN", undefined]), ["REQUEST_UNREADABLE", undefined]]);
  });
});

describe("behind the framework's transports", () => {
  subscribed();
  withoutFrameworkLog();

  for (const [transport, path] of [
    [SSE, "/messages?sessionId=unknown"],
    [HTTP_STREAM, "/mcp"],
  ]) {
    it(`${transport}: each request has one event, with the socket's address, those that the framework rejects itself too`, async () => {
      const server = await startServer({ transport, provider: apiKeys });
      const post = (headers) => server.send({ method: "POST", path, headers, body: "{}" });
      try {
        await post([["X-API-Key", KEY]]);
        await post([["X-API-Key", "wrong"]]);
        assert.equal((await post([])).status, 401);
      } finally {
        await server.stop();
      }
      assert.deepEqual(
        events.map(({ name, reason, remoteAddress }) => [name, reason, remoteAddress]),
        [
          ["mcp-native-auth:accepted", undefined, "127.0.0.1"],
          ["mcp-native-auth:rejected", "KEY_UNKNOWN", "127.0.0.1"],
          ["mcp-native-auth:rejected", "KEY_MISSING", "127.0.0.1"],
        ],
      );
    });
  }
});
