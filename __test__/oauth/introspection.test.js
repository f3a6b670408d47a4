/** Introspection of opaque tokens: what is asked, which answers are accepted, what is remembered. RFC 7662. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { SourceError } from "../../lib/core/refresh.js";
import { createIntrospector, judgeAnswer } from "../../lib/oauth/introspection.js";
import { closedOrigin, rawServer, scriptedServer, sendJson } from "../support/scripted-server.js";
import { failureOf } from "../support/source-error.js";
import { settle, virtualTime } from "../support/virtual-time.js";

const MODULE = new URL("../../lib/oauth/introspection.js", import.meta.url).href;
const ISSUER = "https://issuer.example.com";
const AUDIENCE = "https://mcp.example.com/mcp";
const NOW = 1_800_000_000;
const RULES = { issuers: [ISSUER], audiences: [AUDIENCE] };
const GOOD = { active: true, sub: "alice", iss: ISSUER, aud: AUDIENCE, exp: NOW + 3600 };
const ENDPOINT = "https://issuer.example.com/introspect";
const CLIENT = { clientId: "rs", clientSecret: "hunter2" };

/** An authorization server without a network: `server.answers` by token, else inactive. */
function setUp(t, options = {}) {
  const time = virtualTime(t);
  const server = {
    /** @type {Record<string, any>} */
    answers: { good: GOOD },
    delayMs: 0,
    /** @type {{ url: string, form: Record<string, string>, authorization?: string }[]} */
    calls: [],
    mostInFlight: 0,
  };
  let inFlight = 0;
  const clock = { unixTime: NOW };
  const introspector = createIntrospector({
    endpoint: ENDPOINT,
    ...CLIENT,
    rules: RULES,
    now: time.now,
    unixTime: () => clock.unixTime,
    post: async (url, form, { authorization }) => {
      server.calls.push({ url, form, authorization });
      inFlight += 1;
      server.mostInFlight = Math.max(server.mostInFlight, inFlight);
      const answer = server.answers[form.token] ?? { active: false };
      if (server.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, server.delayMs));
      inFlight -= 1;
      if (answer instanceof Error) throw answer;
      const text = JSON.stringify(answer);
      return { json: JSON.parse(text), text, maxAgeSeconds: undefined };
    },
    ...options,
  });
  t.after(() => introspector.close());
  return { introspector, server, time, clock };
}

describe("the rules", () => {
  const judge = (changes, rules = {}) => {
    const answer = JSON.parse(JSON.stringify({ ...GOOD, ...changes }));
    return judgeAnswer(answer, { ...RULES, ...rules }, NOW);
  };
  const rows = [
    ["nothing wrong", {}, undefined],
    ["active: false", { active: false }, "TOKEN_INACTIVE"],
    ["active: false, else unusable", { active: false, exp: 1, aud: "x" }, "TOKEN_INACTIVE"],
    ["no sub", { sub: undefined }, "TOKEN_CLAIM_MISSING"],
    ["sub empty", { sub: "" }, "TOKEN_CLAIM_MISSING"],
    ["sub 0", { sub: 0 }, "TOKEN_CLAIM_MISSING"],
    ["sub null", { sub: null }, "TOKEN_CLAIM_MISSING"],
    ["sub true", { sub: true }, "TOKEN_CLAIM_MISSING"],
    ["sub an object", { sub: {} }, "TOKEN_CLAIM_MISSING"],
    ["sub an array", { sub: ["alice"] }, "TOKEN_CLAIM_MISSING"],
    ["sub a number", { sub: 42 }, undefined],
    ["no iss", { iss: undefined }, "TOKEN_ISSUER_NOT_ALLOWED"],
    ["iss of another", { iss: "https://other.example.com" }, "TOKEN_ISSUER_NOT_ALLOWED"],
    ["iss with a slash more", { iss: `${ISSUER}/` }, "TOKEN_ISSUER_NOT_ALLOWED"],
    ["iss in another case", { iss: ISSUER.toUpperCase() }, "TOKEN_ISSUER_NOT_ALLOWED"],
    ["iss an array", { iss: [ISSUER] }, "TOKEN_ISSUER_NOT_ALLOWED"],
    ["no aud", { aud: undefined }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["no aud, client_id equal", { aud: undefined, client_id: AUDIENCE }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud of another resource", { aud: "https://other.example.com" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    [
      "aud of another resource, client_id equal",
      { aud: "https://other.example.com", client_id: AUDIENCE },
      "TOKEN_AUDIENCE_NOT_ALLOWED",
    ],
    ["aud with a slash more", { aud: `${AUDIENCE}/` }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud that begins alike", { aud: `${AUDIENCE}x` }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud empty", { aud: "" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud an empty array", { aud: [] }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud nested", { aud: [[AUDIENCE]] }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud an object", { aud: { 0: AUDIENCE } }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud true", { aud: true }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
    ["aud an array with it", { aud: ["x", AUDIENCE] }, undefined],
    ["no exp", { exp: undefined }, "TOKEN_EXPIRATION_MISSING"],
    ["exp null", { exp: null }, "TOKEN_EXPIRATION_MISSING"],
    ["exp empty", { exp: "" }, "TOKEN_TIME_CLAIM_INVALID"],
    ["exp never", { exp: "never" }, "TOKEN_TIME_CLAIM_INVALID"],
    ["exp a date", { exp: "2099-01-01T00:00:00Z" }, "TOKEN_TIME_CLAIM_INVALID"],
    ["exp an object", { exp: {} }, "TOKEN_TIME_CLAIM_INVALID"],
    ["exp true", { exp: true }, "TOKEN_TIME_CLAIM_INVALID"],
    ["exp in hexadecimal", { exp: "0xffffffffff" }, "TOKEN_TIME_CLAIM_INVALID"],
    ["exp as a text of a number", { exp: String(NOW + 10) }, undefined],
    ["exp as a text, past", { exp: String(NOW - 10) }, "TOKEN_EXPIRED"],
    ["exp now", { exp: NOW }, "TOKEN_EXPIRED"],
    ["exp half a second from now", { exp: NOW + 0.5 }, undefined],
    ["exp past", { exp: NOW - 1 }, "TOKEN_EXPIRED"],
    ["exp 0", { exp: 0 }, "TOKEN_EXPIRED"],
    ["exp negative", { exp: -1 }, "TOKEN_EXPIRED"],
    ["exp in milliseconds", { exp: NOW * 1000 }, undefined],
    ["nbf null", { nbf: null }, undefined],
    ["nbf now", { nbf: NOW }, undefined],
    ["nbf to come", { nbf: NOW + 1 }, "TOKEN_NOT_YET_VALID"],
    ["nbf to come as a text", { nbf: String(NOW + 1) }, "TOKEN_NOT_YET_VALID"],
    ["nbf a word", { nbf: "x" }, "TOKEN_TIME_CLAIM_INVALID"],
    ["nbf an object", { nbf: {} }, "TOKEN_TIME_CLAIM_INVALID"],
    ["iat to come", { iat: NOW + 1000 }, undefined],
    ["token_type Bearer", { token_type: "Bearer" }, undefined],
    ["token_type bearer", { token_type: "bearer" }, undefined],
    ["token_type access_token", { token_type: "access_token" }, undefined],
    ["token_type of RFC 8693", { token_type: "urn:ietf:params:oauth:token-type:access_token" }, undefined],
    ["token_type null", { token_type: null }, undefined],
    ["token_type refresh_token", { token_type: "refresh_token" }, "TOKEN_TYPE_NOT_ALLOWED"],
    ["token_type mac", { token_type: "mac" }, "TOKEN_TYPE_NOT_ALLOWED"],
    ["token_type an array", { token_type: ["Bearer"] }, "TOKEN_TYPE_NOT_ALLOWED"],
    ["token_type DPoP", { token_type: "DPoP" }, undefined],
    ["cnf", { cnf: { jkt: "x" } }, undefined],
    ["token_use access", { token_use: "access" }, undefined],
    ["token_use access_token", { token_use: "access_token" }, undefined],
    ["token_use refresh_token", { token_use: "refresh_token" }, "TOKEN_TYPE_NOT_ALLOWED"],
    ["token_use id", { token_use: "id" }, "TOKEN_TYPE_NOT_ALLOWED"],
    ["typ Bearer", { typ: "Bearer" }, undefined],
    ["typ Refresh", { typ: "Refresh" }, "TOKEN_TYPE_NOT_ALLOWED"],
    ["at_hash", { at_hash: "x" }, "TOKEN_TYPE_NOT_ALLOWED"],
  ];
  for (const [what, changes, expected] of rows) {
    it(`${what}: ${expected ?? "accepted"}`, () => {
      assert.equal(judge(changes), expected);
    });
  }

  it("1e400 as exp or nbf is not a time", () => {
    for (const name of ["exp", "nbf"]) {
      const answer = JSON.parse(
        JSON.stringify(GOOD).replace(/}$/, `,"x":0}`).replace('"x":0', `"${name}":1e400`),
      );
      assert.equal(judgeAnswer(answer, RULES, NOW), "TOKEN_TIME_CLAIM_INVALID");
    }
  });

  it("several issuers, several audiences, any audience", () => {
    const rules = { issuers: ["https://x", ISSUER], audiences: ["y", AUDIENCE] };
    assert.equal(judge({}, rules), undefined);
    assert.equal(judge({ aud: "z" }, { audiences: null }), undefined);
    assert.equal(judge({ aud: undefined }, { audiences: null }), "TOKEN_AUDIENCE_NOT_ALLOWED");
    assert.equal(judge({ iss: "https://z" }, { audiences: null }), "TOKEN_ISSUER_NOT_ALLOWED");
  });

  it("skew is allowed on exp and nbf where it is configured", () => {
    const rules = { clockTolerance: 5 };
    assert.equal(judge({ exp: NOW - 4, nbf: NOW + 5 }, rules), undefined);
    assert.equal(judge({ exp: NOW - 5 }, rules), "TOKEN_EXPIRED");
    assert.equal(judge({ nbf: NOW + 6 }, rules), "TOKEN_NOT_YET_VALID");
  });

  it("the age is by iat, which must then be there, and as long as configured", () => {
    const rules = { maxTokenAge: 60, clockTolerance: 2 };
    const ages = { 62: undefined, 63: "TOKEN_TOO_OLD", "-2": undefined, "-3": "TOKEN_ISSUED_IN_FUTURE" };
    for (const [age, expected] of Object.entries(ages)) {
      assert.equal(judge({ iat: NOW - Number(age) }, rules), expected, age);
    }
    assert.equal(judge({ iat: undefined }, rules), "TOKEN_TOO_OLD");
    assert.equal(judge({ iat: "x" }, rules), "TOKEN_TIME_CLAIM_INVALID");
  });

  it("claims that are required must be there", () => {
    const rules = { requiredClaims: ["tenant", "jti"] };
    assert.equal(judge({ tenant: null, jti: 1 }, rules), undefined);
    assert.equal(judge({ tenant: 1 }, rules), "TOKEN_CLAIM_MISSING");
    assert.equal(judge({ tenant: 1 }, { requiredClaims: ["tenant", "toString"] }), "TOKEN_CLAIM_MISSING");
  });

  it("claims that are restricted must have an accepted value, or be an array with one", () => {
    const claims = [{ name: "tenant", texts: ["a", "b"], numbers: [7], booleans: [true] }];
    for (const tenant of ["a", "b", 7, true, ["x", "b"]]) {
      assert.equal(judge({ tenant }, { claims }), undefined, inspect(tenant));
    }
    for (const tenant of [undefined, null, "", "A", "7", false, [], [["a"]], { a: 1 }]) {
      assert.equal(judge({ tenant }, { claims }), "TOKEN_CLAIM_NOT_ALLOWED", inspect(tenant));
    }
  });

  it("subjects are to the letter, but for `*`", () => {
    const accepts = (sub, ...subjects) => judge({ sub }, { subjects }) === undefined;
    const table = [
      ["alice", "alice", true],
      ["alice", "bob", false],
      ["alice", "*", true],
      ["alice", "al*", true],
      ["alice", "*ice", true],
      ["alice", "a*c*e", true],
      ["alice", "alice*alice", false],
      ["aba", "ab*ba", false],
      ["xabc", "a*c", false],
      ["xab", "z*a*b", false],
      ["abcx", "a*c", false],
      ["a.c", "a.c", true],
      ["abc", "a.c", false],
      ["abc", "a*x*c", false],
      ["Alice", "alice", false],
      [42, "42", true],
    ];
    for (const [sub, pattern, expected] of table) {
      assert.equal(accepts(sub, pattern), expected, `${sub} by ${pattern}`);
      assert.equal(accepts(sub, "nobody", pattern), expected);
    }
  });

  it("tokens that are bound to a key are rejected by option", () => {
    const rules = { rejectBound: true };
    assert.equal(judge({ cnf: { jkt: "x" } }, rules), "TOKEN_BOUND");
    assert.equal(judge({ cnf: { "x5t#S256": "x" } }, rules), "TOKEN_BOUND");
    assert.equal(judge({ token_type: "dpop" }, rules), "TOKEN_BOUND");
    assert.equal(judge({}, rules), undefined);
  });

  it("what is no answer by RFC 7662 decides nothing", () => {
    for (const answer of [
      null,
      [],
      "x",
      42,
      {},
      { active: "true" },
      { active: 1 },
      { active: null },
      { error: "x" },
    ]) {
      assert.throws(() => judgeAnswer(answer, RULES, NOW), { code: "ERR_MCP_AUTH_INTROSPECTION_INVALID" });
    }
    assert.throws(() => judgeAnswer(Object.create(GOOD), RULES, NOW), {
      code: "ERR_MCP_AUTH_INTROSPECTION_INVALID",
    });
    const inherited = JSON.parse(`{"active":true,"__proto__":${JSON.stringify(GOOD)}}`);
    assert.notEqual(judgeAnswer(inherited, RULES, NOW), undefined);
  });
});

describe("introspect", () => {
  it("gives the claims of an active token, with all their members", async (t) => {
    const { introspector, server } = setUp(t);
    server.answers.good = { ...GOOD, scope: "a b", roles: ["user"] };
    assert.deepEqual(await introspector.introspect("good"), { claims: server.answers.good });
    assert.deepEqual(await introspector.introspect("other"), { rejected: "TOKEN_INACTIVE" });
  });

  it("rejects what is not a Bearer token before any network", async (t) => {
    const { introspector, server } = setUp(t);
    for (const token of [
      "",
      "a b",
      "a,b",
      "a\n",
      "é",
      "a=b",
      "=",
      '"a"',
      undefined,
      ["a"],
      "x".repeat(16_385),
    ]) {
      assert.deepEqual(await introspector.introspect(token), { rejected: "TOKEN_MALFORMED" });
    }
    assert.equal(server.calls.length, 0);
    for (const token of ["a", "A-z.0_~+/==", "x".repeat(16_384)]) {
      assert.deepEqual(await introspector.introspect(token), { rejected: "TOKEN_INACTIVE" });
    }
  });

  it("remembers an active token until cacheTtlMs is over", async (t) => {
    const { introspector, server, time } = setUp(t);
    await introspector.introspect("good");
    await time.advance(299_999);
    server.answers.good = { active: false };
    assert.deepEqual(await introspector.introspect("good"), { claims: GOOD });
    await time.advance(1);
    assert.deepEqual(await introspector.introspect("good"), { rejected: "TOKEN_INACTIVE" });
    assert.equal(server.calls.length, 2);
  });

  it("takes rules with nothing but what must be there, and later changes to them have no effect", async (t) => {
    const rules = {
      issuers: [ISSUER],
      audiences: [AUDIENCE],
      clockTolerance: undefined,
      rejectBound: undefined,
    };
    const { introspector, server } = setUp(t, { rules });
    rules.audiences[0] = "x";
    rules.issuers.length = 0;
    await introspector.introspect("good");
    assert.deepEqual(await introspector.introspect("good"), { claims: GOOD });
    assert.equal(server.calls.length, 1);
  });

  it("takes rules for any audience", async (t) => {
    const { introspector } = setUp(t, { rules: { ...RULES, audiences: null } });
    assert.deepEqual(await introspector.introspect("good"), { claims: GOOD });
  });

  it("but never beyond its age", async (t) => {
    const { introspector, server, clock } = setUp(t, { rules: { ...RULES, maxTokenAge: 60 } });
    server.answers.token = { ...GOOD, iat: NOW };
    assert.ok((await introspector.introspect("token")).claims);
    clock.unixTime = NOW + 61;
    assert.deepEqual(await introspector.introspect("token"), { rejected: "TOKEN_TOO_OLD" });
  });

  it("but never beyond its exp, when it asks again", async (t) => {
    const { introspector, server, clock } = setUp(t);
    server.answers.good = { ...GOOD, exp: NOW + 10 };
    await introspector.introspect("good");
    clock.unixTime = NOW + 9.9;
    assert.equal((await introspector.introspect("good")).claims.sub, "alice");
    assert.equal(server.calls.length, 1);
    clock.unixTime = NOW + 10;
    assert.deepEqual(await introspector.introspect("good"), { rejected: "TOKEN_EXPIRED" });
    assert.equal(server.calls.length, 2);
  });

  it("remembers rejections of every kind briefly", async (t) => {
    const { introspector, server, time } = setUp(t);
    server.answers.foreign = { ...GOOD, aud: "x" };
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(await introspector.introspect("revoked"), { rejected: "TOKEN_INACTIVE" });
      assert.deepEqual(await introspector.introspect("foreign"), { rejected: "TOKEN_AUDIENCE_NOT_ALLOWED" });
    }
    assert.equal(server.calls.length, 2);
    await time.advance(5000);
    await introspector.introspect("revoked");
    assert.equal(server.calls.length, 3);
  });

  it("remembers nothing of a call that failed", async (t) => {
    const { introspector, server } = setUp(t);
    server.answers.good = new SourceError("ERR_MCP_AUTH_HTTP_CONNECTION", "down");
    assert.equal((await failureOf(introspector.introspect("good"))).code, "ERR_MCP_AUTH_HTTP_CONNECTION");
    server.answers.good = { active: "true" };
    assert.equal(
      (await failureOf(introspector.introspect("good"))).code,
      "ERR_MCP_AUTH_INTROSPECTION_INVALID",
    );
    server.answers.good = GOOD;
    assert.deepEqual(await introspector.introspect("good"), { claims: GOOD });
    assert.deepEqual(introspector.counts, { active: 1, rejected: 0, inFlight: 0 });
  });

  it("asks once for equal tokens at a time, and gives each caller objects of its own", async (t) => {
    const { introspector, server, time } = setUp(t);
    server.answers.good = { ...GOOD, roles: ["user"] };
    server.delayMs = 100;
    const waiting = Array.from({ length: 100 }, () => introspector.introspect("good"));
    await time.advance(100);
    const results = await Promise.all(waiting);
    assert.equal(server.calls.length, 1);
    results[0].claims.roles.push("admin");
    results[0].claims.sub = "mallory";
    assert.deepEqual(results[1].claims, server.answers.good);
    assert.deepEqual((await introspector.introspect("good")).claims, server.answers.good);
    assert.equal(new Set(results.map(({ claims }) => claims)).size, 100);
    assert.equal(server.calls.length, 1);
  });

  it("bounds the calls in flight; equal and remembered tokens need none", async (t) => {
    const { introspector, server, time } = setUp(t);
    await introspector.introspect("good");
    server.delayMs = 1000;
    const waiting = Array.from({ length: 64 }, (_, index) => introspector.introspect(`x${index}`));
    const error = await failureOf(introspector.introspect("y"));
    assert.equal(error.code, "ERR_MCP_AUTH_INTROSPECTION_BUSY");
    assert.equal(error.retryAfterMs, 1000);
    waiting.push(introspector.introspect("x0"));
    assert.deepEqual(await introspector.introspect("good"), { claims: GOOD });
    await time.advance(1000);
    await Promise.all(waiting);
    assert.equal(server.mostInFlight, 64);
    assert.equal(introspector.counts.inFlight, 0);
    const again = introspector.introspect("y");
    await time.advance(1000);
    assert.deepEqual(await again, { rejected: "TOKEN_INACTIVE" });
  });

  it("bounds what is remembered, in entries and in bytes; the least recently used is evicted", async (t) => {
    const { introspector, server } = setUp(t, { maxEntries: 3 });
    for (const token of ["a", "b", "c", "d"]) server.answers[token] = GOOD;
    for (const token of ["a", "b", "c", "a", "d", "a"]) await introspector.introspect(token);
    assert.equal(server.calls.length, 4);
    await introspector.introspect("b");
    assert.equal(server.calls.length, 5);
    for (let index = 0; index < 10; index += 1) await introspector.introspect(`x${index}`);
    assert.deepEqual(introspector.counts, { active: 3, rejected: 3, inFlight: 0 });
    // Strangers do not evict what is active.
    await introspector.introspect("a");
    assert.equal(server.calls.length, 15);
    t.mock.timers.reset();
    const large = setUp(t, { maxCacheBytes: 1000 });
    large.server.answers.large = { ...GOOD, more: "x".repeat(1000) };
    await large.introspector.introspect("large");
    assert.equal(large.introspector.counts.active, 0);
    for (const token of ["good", "b"]) {
      large.server.answers[token] = { ...GOOD, more: "x".repeat(150) };
      await large.introspector.introspect(token);
    }
    assert.equal(large.introspector.counts.active, 1);
  });

  describe("with cacheTtlMs 0", () => {
    it("asks for each request", async (t) => {
      const { introspector, server } = setUp(t, { cacheTtlMs: 0 });
      for (let round = 0; round < 3; round += 1) await introspector.introspect("good");
      assert.equal(server.calls.length, 3);
      assert.equal(introspector.counts.active, 0);
      server.answers.good = { active: false };
      assert.deepEqual(await introspector.introspect("good"), { rejected: "TOKEN_INACTIVE" });
    });

    it("a call that began before a request does not answer it; one that begins after it answers all who came", async (t) => {
      const { introspector, server, time } = setUp(t, { cacheTtlMs: 0 });
      server.delayMs = 100;
      const first = introspector.introspect("good");
      await settle();
      server.answers.good = { active: false };
      const later = Array.from({ length: 50 }, () => introspector.introspect("good"));
      await time.advance(200, 100);
      assert.deepEqual(await first, { claims: GOOD });
      for (const result of await Promise.all(later)) assert.deepEqual(result, { rejected: "TOKEN_INACTIVE" });
      assert.equal(server.calls.length, 2);
    });

    it("the next call is made although the one before failed", async (t) => {
      const { introspector, server, time } = setUp(t, { cacheTtlMs: 0 });
      server.delayMs = 100;
      server.answers.good = new SourceError("ERR_MCP_AUTH_HTTP_CONNECTION", "down");
      const first = failureOf(introspector.introspect("good"));
      await settle();
      server.answers.good = GOOD;
      const second = introspector.introspect("good");
      await time.advance(200, 100);
      await first;
      assert.deepEqual(await second, { claims: GOOD });
    });
  });

  it("ends at the deadline, the look-up of the endpoint included", async (t) => {
    const { introspector, time } = setUp(t, { endpoint: () => new Promise(() => {}) });
    const got = failureOf(introspector.introspect("good"));
    await time.advance(5000);
    assert.equal((await got).code, "ERR_MCP_AUTH_SOURCE_TIMEOUT");
    assert.equal(introspector.counts.inFlight, 0);
  });

  it("asks the endpoint that is found for each call, and passes on why none was", async (t) => {
    let endpoint = Promise.resolve(`${ENDPOINT}/2`);
    const { introspector, server } = setUp(t, { endpoint: () => endpoint });
    await introspector.introspect("good");
    assert.equal(server.calls[0].url, `${ENDPOINT}/2`);
    endpoint = Promise.reject(new SourceError("ERR_MCP_AUTH_METADATA_NOT_FOUND", "x"));
    assert.equal((await failureOf(introspector.introspect("other"))).code, "ERR_MCP_AUTH_METADATA_NOT_FOUND");
  });

  it("ends with close: who waits is rejected, nothing is remembered or asked", async (t) => {
    const { introspector, server } = setUp(t);
    await introspector.introspect("good");
    server.delayMs = 1000;
    const got = failureOf(introspector.introspect("x"));
    introspector.close();
    assert.equal((await got).code, "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.equal((await failureOf(introspector.introspect("good"))).code, "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.deepEqual(introspector.counts, { active: 0, rejected: 0, inFlight: 0 });
  });
});

describe("over HTTP", () => {
  const introspectorAt = (t, endpoint, options) => {
    const introspector = createIntrospector({
      endpoint,
      ...CLIENT,
      rules: RULES,
      unixTime: () => NOW,
      ...options,
    });
    t.after(() => introspector.close());
    return introspector;
  };

  it("posts the token and nothing else, with form-encoded credentials", async (t) => {
    const { origin, requests } = await scriptedServer(t, (_, res) => sendJson(res, GOOD));
    const client = { clientId: "a client/1", clientSecret: "p:ä%+&=~" };
    assert.throws(() => introspectorAt(t, origin, client), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
    client.clientSecret = "p:%+&=~ *";
    await introspectorAt(t, `${origin}/introspect`, client).introspect("to+ken==");
    const [{ method, url, body, headers }] = requests;
    assert.equal(`${method} ${url}`, "POST /introspect");
    assert.equal(body, "token=to%2Bken%3D%3D");
    const decoded = Buffer.from(headers.authorization.replace("Basic ", ""), "base64").toString();
    assert.equal(decoded, "a+client%2F1:p%3A%25%2B%26%3D%7E+*");
  });

  it("sends the credentials in the body, and a hint, by option", async (t) => {
    const { origin, requests } = await scriptedServer(t, (_, res) => sendJson(res, GOOD));
    const options = { authMethod: "client_secret_post", tokenTypeHint: "access_token" };
    await introspectorAt(t, origin, options).introspect("t");
    assert.equal(requests[0].body, "token=t&token_type_hint=access_token&client_id=rs&client_secret=hunter2");
    assert.equal(requests[0].headers.authorization, undefined);
  });

  it("whatever a server does instead of answering decides nothing, in time and in bounds", async (t) => {
    const answers = {
      "/400": (res) => sendJson(res, { active: true, ...GOOD }, { status: 400 }),
      "/401": (res) => sendJson(res, {}, { status: 401 }),
      "/201": (res) => sendJson(res, GOOD, { status: 201 }),
      "/307": (res) => sendJson(res, {}, { status: 307, headers: { location: "/ok" } }),
      "/large": (res) => sendJson(res, { ...GOOD, x: "x".repeat(256 * 1024) }),
      "/twice": (res) => res.end('{"active":false,"active":true}'),
      "/deep": (res) => res.end(`{"active":true,"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
      "/null": (res) => res.end("null"),
      "/empty": (res) => res.end(),
      "/jwt": (res) =>
        res.writeHead(200, { "content-type": "application/token-introspection+jwt" }).end("e30.e30.x"),
      "/reset": (res) => res.writeHead(200, { "content-length": 100 }).write("{", () => res.destroy()),
    };
    const { origin, requests } = await scriptedServer(t, (req, res) => answers[req.url](res));
    const codes = {};
    for (const path of Object.keys(answers)) {
      const error = await failureOf(introspectorAt(t, origin + path).introspect("secret-token"));
      assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), /secret-token|hunter2|cnM6/);
      codes[path] = error.code.replace("ERR_MCP_AUTH_", "");
    }
    assert.deepEqual(codes, {
      "/400": "HTTP_STATUS",
      "/401": "INTROSPECTION_UNAUTHORIZED",
      "/201": "HTTP_STATUS",
      "/307": "HTTP_REDIRECT",
      "/large": "HTTP_TOO_LARGE",
      "/twice": "HTTP_NOT_JSON",
      "/deep": "HTTP_NOT_JSON",
      "/null": "INTROSPECTION_INVALID",
      "/empty": "HTTP_NOT_JSON",
      "/jwt": "HTTP_NOT_JSON",
      "/reset": "HTTP_CONNECTION",
    });
    assert.ok(requests.every(({ url }) => url !== "/ok"));
    const closed = introspectorAt(t, await closedOrigin());
    assert.equal((await failureOf(closed.introspect("t"))).code, "ERR_MCP_AUTH_HTTP_CONNECTION");
    const stalling = await rawServer(t, (socket) => socket.write("HTTP/1.1 200 OK\r\n"));
    const error = await failureOf(introspectorAt(t, stalling.origin, { timeoutMs: 100 }).introspect("t"));
    assert.match(error.code, /_TIMEOUT$/);
  });
});

describe("the heap", () => {
  /** Whether a token is in a heap snapshot that is taken after it was introspected. */
  async function isTokenHeld(t, { isKept }) {
    const { origin } = await scriptedServer(t, (_, res) => sendJson(res, GOOD));
    const folder = mkdtempSync(path.join(tmpdir(), "heap-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "heap.heapsnapshot");
    const script = `
      import { text } from "node:stream/consumers";
      import { writeHeapSnapshot } from "node:v8";
      import { createIntrospector } from ${JSON.stringify(MODULE)};
      const rules = ${JSON.stringify(RULES)};
      const introspector = createIntrospector({ endpoint: "${origin}", clientId: "rs", clientSecret: "x", rules, unixTime: () => ${NOW} });
      await (async () => {
        const token = await text(process.stdin);
        if (${isKept}) globalThis.kept = token;
        if ((await introspector.introspect(token)).claims.sub !== "alice") process.exit(1);
      })();
      await new Promise((resolve) => setTimeout(resolve, 10));
      writeHeapSnapshot(${JSON.stringify(file)});
      if (introspector.counts.active !== 1) process.exit(2);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["pipe", "inherit", "inherit"],
      timeout: 60_000,
    });
    const token = `secret-${randomBytes(16).toString("hex")}`;
    child.stdin.end(token);
    assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0);
    return readFileSync(file, "utf8").includes(token);
  }

  it("holds no token whose claims are remembered", async (t) => {
    assert.equal(await isTokenHeld(t, { isKept: false }), false);
    assert.equal(await isTokenHeld(t, { isKept: true }), true);
  });
});

describe("the options", () => {
  it("are rejected when they can never work, without their values", () => {
    const cases = [
      { endpoint: undefined },
      { endpoint: "nope" },
      { endpoint: "data:application/json,{}" },
      { endpoint: "http://issuer.example.com/introspect" },
      { endpoint: "https://u:hunter2@issuer.example.com/introspect" },
      { clientId: undefined },
      { clientId: "" },
      { clientId: "a:hunter2" },
      { clientId: "hunter2\n" },
      { clientSecret: undefined },
      { clientSecret: "" },
      { clientSecret: "hunter2\u0000" },
      { authMethod: "hunter2" },
    ];
    for (const options of cases) {
      assert.throws(
        () => createIntrospector({ endpoint: ENDPOINT, ...CLIENT, rules: RULES, ...options }),
        (error) => error.code === "ERR_MCP_AUTH_OPTION_INVALID" && !/hunter2/.test(inspect(error)),
        inspect(options),
      );
    }
  });
});
