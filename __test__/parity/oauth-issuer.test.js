// OAuthAuthProvider against the framework's own class, on the network: what each does with an issuer that answers
// wrongly, late or not at all, with strangers who ask for keys that do not exist, and with keys that rotate.
//
// Ours answers what it cannot decide with 503. The deadlines of the class are real, so the slow ones run together.

import assert from "node:assert/strict";
import { once } from "node:events";
import { before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { jws, pair, publicJwk } from "../support/keys.js";
import { ask, bearer, OAUTH } from "../support/oracle.js";
import { scriptedServer, sendJson } from "../support/scripted-server.js";
import { withoutFrameworkLog } from "../support/servers.js";

process.removeAllListeners("warning");

const ISSUER = "https://issuer.example";
const RESOURCE = "https://mcp.example.com/mcp";
const CLIENT = { clientId: "resource server", clientSecret: "s%cret+&=" };
const now = Math.floor(Date.now() / 1000);
const CLAIMS = { iss: ISSUER, aud: RESOURCE, sub: "alice", exp: now + 86_400 * 60 };

/** An RSA key is slow to make, so each name is a P-256 key of its own. */
const NAMES = ["p256", "p256Other"];
const jwk = (name, kid = name) => ({ ...publicJwk(name), kid, use: "sig", alg: "ES256" });
const sign = (name = "p256", kid = name, claims = {}) =>
  jws({ header: { alg: "ES256", kid }, payload: { ...CLAIMS, ...claims }, key: pair(name).privateKey });
const SET = { keys: NAMES.map((name) => jwk(name)) };

withoutFrameworkLog();
before(() => {
  // The oracle makes requests wait for minutes, which must not keep this process.
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (...given) => setTimeout(...given).unref();
});

/** Both classes, each with an issuer of its own that behaves alike. */
async function setUp(t, answer, { introspection } = {}) {
  const sides = {};
  for (const side of ["oracle", "ours"]) {
    const issuer = await scriptedServer(t, answer);
    const validation = introspection
      ? {
          type: "introspection",
          introspection: { endpoint: `${issuer.origin}/introspect`, ...CLIENT, ...introspection },
        }
      : { type: "jwt", jwksUri: `${issuer.origin}/jwks` };
    const provider = new OAUTH[side]({
      resource: RESOURCE,
      authorizationServers: [ISSUER],
      validation: { issuer: ISSUER, audience: RESOURCE, ...validation },
    });
    t.after(() => provider.close?.());
    sides[side] = {
      requests: issuer.requests,
      accepts: async (token) => (await provider.authenticate(bearer(token))) !== false,
      /** The status of the answer, as the framework asks for it. */
      status: async (token) => {
        const verdict = await ask(provider, bearer(token));
        return verdict.verdict === false ? provider.getAuthError().status : (verdict.threw ?? 200);
      },
      all: async (tokens) => {
        const verdicts = await Promise.all(tokens.map((token) => provider.authenticate(bearer(token))));
        return verdicts.filter((verdict) => verdict !== false).length;
      },
    };
  }
  return sides;
}

/** Whether a promise is still pending after a turn of the event loop. */
async function isPending(promise) {
  const pending = Symbol("pending");
  const first = await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))]);
  return first === pending;
}

const times = (count, make = () => true) => Array.from({ length: count }, (_, index) => make(index));

describe("§5 the request for keys", () => {
  it("asks for JSON, without compression, and says nothing else", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, SET));
    assert.ok((await oracle.accepts(sign())) && (await ours.accepts(sign())));
    const [{ method, headers }] = ours.requests;
    assert.equal(method, "GET");
    assert.deepEqual(Object.keys(headers).sort(), ["accept", "accept-encoding", "connection", "host"]);
    assert.deepEqual([headers.accept, headers["accept-encoding"]], ["application/json", "identity"]);
    assert.deepEqual(Object.keys(oracle.requests[0].headers).sort(), ["connection", "host"]);
  });
});

describe("§5 answers", () => {
  const send =
    (body, head = {}, status = 200) =>
    (res) =>
      res.writeHead(status, head).end(body);
  const json = JSON.stringify(SET);
  const redirect = (status) => (res) => res.writeHead(status, { location: "/elsewhere" }).end();
  /** What the oracle does, and the status of ours. */
  const ANSWERS = [
    ["text/plain", send(json, { "content-type": "text/plain" }), true, 200],
    ["text/html", send(json, { "content-type": "text/html" }), true, 200],
    ["a byte order mark", send(`\ufeff${json}`), false, 200],
    ["no content type", send(json), true, 200],
    ["gzip", send(gzipSync(json), { "content-encoding": "gzip" }), false, 200],
    ["status 201", send(json, {}, 201), true, 503],
    ["status 206", send(json, {}, 206), true, 503],
    ["status 204", send("", {}, 204), false, 503],
    ["status 304", send("", {}, 304), false, 503],
    ["status 404", send(json, {}, 404), false, 503],
    ["status 500", send(json, {}, 500), false, 503],
    ["status 503", send("", {}, 503), false, 503],
    ...[301, 302, 303, 307, 308].map((status) => [`status ${status}`, redirect(status), false, 503]),
    ...[
      "",
      "{}",
      "null",
      '{"keys":null}',
      '{"keys":{}}',
      '{"keys":"x"}',
      '{"keys":[]}',
      JSON.stringify(SET.keys),
      "text",
    ].map((text) => [text.slice(0, 20) || "an empty body", send(text), false, 503]),
    ["truncated", send(json.slice(0, -2)), false, 503],
    ["2 MiB", send(`${json}${" ".repeat(2 * 1024 * 1024)}`), true, 503],
    ["a member twice", send(json.replace("{", '{"keys":[],')), true, 503],
    [
      "101 keys",
      send(JSON.stringify({ keys: times(101, (n) => jwk("p256", n === 0 ? "p256" : `k${n}`)) })),
      true,
      503,
    ],
    [
      "100 keys",
      send(JSON.stringify({ keys: times(100, (n) => jwk("p256", n === 0 ? "p256" : `k${n}`)) })),
      true,
      200,
    ],
    ["reset before the head", (res) => res.socket.destroy(), false, 503],
  ];
  for (const [name, answer, accepts, status] of ANSWERS) {
    it(`${name}: ${accepts ? "accepted" : "rejected"} by the oracle, ${status} by ours`, async (t) => {
      const { oracle, ours } = await setUp(t, (req, res) => {
        if (req.url === "/elsewhere") sendJson(res, SET);
        else answer(res);
      });
      assert.equal(await oracle.accepts(sign()), accepts);
      assert.equal(await ours.status(sign()), status);
      assert.ok(
        ours.requests.every(({ url }) => url === "/jwks"),
        "a redirect was followed",
      );
    });
  }

  it("64 MiB: the oracle reads it all, ours stops", async (t) => {
    const megabyte = Buffer.alloc(1024 * 1024, " ");
    const sent = [];
    const { oracle, ours } = await setUp(t, async (_req, res) => {
      const state = { megabytes: 0 };
      sent.push(state);
      res.writeHead(200).write(JSON.stringify(SET));
      while (state.megabytes < 64 && !res.destroyed) {
        state.megabytes += 1;
        if (!res.write(megabyte)) {
          await Promise.race([once(res, "drain"), once(res, "close")]);
        }
      }
      res.end();
    });
    assert.equal(await oracle.accepts(sign()), true);
    assert.equal(await ours.status(sign()), 503);
    assert.equal(sent[0].megabytes, 64);
    assert.ok(sent[1].megabytes < 16, `${sent[1].megabytes} MiB were sent`);
  });

  it("an issuer that is not there: both reject, ours with 503", async (t) => {
    const { oracle, ours } = await setUp(t, () => {});
    assert.equal(oracle.requests.length + ours.requests.length, 0);
    const gone = (side) =>
      new OAUTH[side]({
        resource: RESOURCE,
        authorizationServers: [ISSUER],
        validation: { type: "jwt", issuer: ISSUER, audience: RESOURCE, jwksUri: "http://127.0.0.1:1/jwks" },
      });
    assert.equal(await gone("oracle").authenticate(bearer(sign())), false);
    const provider = gone("ours");
    assert.equal(await provider.authenticate(bearer(sign())), false);
    assert.equal(provider.getAuthError().status, 503);
  });
});

describe("§5 and §8 waiting, together", { concurrency: true }, () => {
  it("an introspection endpoint that never answers: the oracle waits, ours answers 503", async (t) => {
    const { oracle, ours } = await setUp(t, () => {}, { introspection: {} });
    const waiting = oracle.accepts("opaque");
    waiting.catch(() => {});
    assert.equal(await ours.status("opaque"), 503);
    assert.ok(await isPending(waiting));
  });

  const drip = (res) => {
    res.writeHead(200).write("{");
    const timer = setInterval(() => res.write(" "), 300);
    res.on("close", () => clearInterval(timer));
  };
  for (const [name, answer] of [
    ["an issuer that never answers", () => {}],
    ["a head and then nothing", (res) => res.writeHead(200).write("{")],
    ["a byte now and then", drip],
    [
      "a reset in the middle of the body",
      (res) => res.writeHead(200, { "content-length": 100 }).write("{", () => res.destroy()),
    ],
  ]) {
    it(`${name}: the oracle waits, ours answers 503`, async (t) => {
      const { oracle, ours } = await setUp(t, (_req, res) => answer(res));
      const waiting = oracle.accepts(sign());
      waiting.catch(() => {});
      assert.equal(await ours.status(sign()), 503);
      assert.ok(await isPending(waiting));
    });
  }

  it("a slow set: the oracle asks again and again, ours once", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => setTimeout(sendJson, 2500, res, SET));
    const verdicts = [];
    for (const _ of times(4)) {
      verdicts.push(oracle.accepts(sign()), ours.accepts(sign()));
      await new Promise((resolve) => setTimeout(resolve, 550));
    }
    assert.deepEqual(await Promise.all(verdicts), times(8));
    assert.ok(oracle.requests.length > 1);
    assert.equal(ours.requests.length, 1);
  });

  it("an issuer that was down is asked again as soon as the rate permits", async (t) => {
    let isUp = false;
    const { oracle, ours } = await setUp(t, (_req, res) =>
      isUp ? sendJson(res, SET) : res.writeHead(500).end(),
    );
    for (const _ of times(10)) await oracle.accepts(sign());
    assert.equal(await ours.all(times(10, () => sign())), 0);
    isUp = true;
    assert.equal(await oracle.accepts(sign()), false, "its budget of a minute is gone");
    assert.equal(await ours.accepts(sign()), true);
    assert.equal(ours.requests.length, 2);
  });

  it("a key that is withdrawn: accepted by the oracle, out as soon as ours has read a newer set", async (t) => {
    let keys = [jwk("p256")];
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, { keys }));
    assert.ok((await oracle.accepts(sign())) && (await ours.accepts(sign())));
    keys = [jwk("p256Other")];
    const next = sign("p256Other");
    assert.ok((await oracle.accepts(next)) && (await ours.accepts(next)));
    assert.equal(await oracle.accepts(sign()), true);
    assert.equal(await ours.accepts(sign()), false);
  });

  it("an issuer that goes down: known keys keep working for both, others are 503", async (t) => {
    let isUp = true;
    const { oracle, ours } = await setUp(t, (_req, res) => (isUp ? sendJson(res, SET) : res.destroy()));
    assert.ok((await oracle.accepts(sign())) && (await ours.accepts(sign())));
    isUp = false;
    assert.equal(await ours.status(sign("p256", "stranger")), 503);
    assert.equal(await oracle.accepts(sign("p256", "stranger")), false);
    assert.ok((await oracle.accepts(sign())) && (await ours.accepts(sign())));
  });
});

// Not with the others: the clock is that of all.
describe("§5 a key that is replaced", () => {
  it("a key that is replaced under its kid: the oracle keeps the old one, ours asks once more", async (t) => {
    let keys = [jwk("p256", "kid")];
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, { keys }));
    const [before, replaced] = [sign("p256", "kid"), sign("p256Other", "kid")];
    assert.ok((await oracle.accepts(before)) && (await ours.accepts(before)));
    keys = [jwk("p256Other", "kid")];
    // A set that was read a moment ago is believed.
    assert.equal(await ours.accepts(replaced), false);
    assert.equal(ours.requests.length, 1);
    const { performance } = globalThis;
    const start = performance.now();
    const clock = t.mock.method(performance, "now", () => start + 31_000);
    assert.deepEqual([await oracle.accepts(replaced), await ours.accepts(replaced)], [false, false]);
    while (ours.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    while (!(await ours.accepts(replaced))) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await ours.accepts(before), false);
    assert.deepEqual([await oracle.accepts(replaced), await oracle.accepts(before)], [false, true]);
    assert.deepEqual([oracle.requests.length, ours.requests.length], [1, 2]);
    clock.mock.restore();
  });
});

describe("§5 many at a time", { concurrency: true }, () => {
  it("100 good tokens at first: one fetch", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, SET));
    const tokens = times(100, () => sign());
    assert.deepEqual([await oracle.all(tokens), await ours.all(tokens)], [100, 100]);
    assert.deepEqual([oracle.requests.length, ours.requests.length], [1, 1]);
  });

  it("100 unknown kids in one turn: the oracle keeps 90 waiting, ours rejects all after a fetch or two", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, SET));
    const tokens = times(100, (n) => sign("p256", `stranger-${n}`));
    let answered = 0;
    for (const token of tokens) oracle.accepts(token).then(() => (answered += 1));
    assert.equal(await ours.all(tokens), 0);
    // Those who came while the first set was on its way may be asking for a key that it was too early for.
    assert.equal(ours.requests.length, 2);
    assert.ok(answered <= 10, `the oracle has answered ${answered}`);
  });

  it("100 tokens with one unknown kid: neither asks more than twice, and both reject all", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => setTimeout(sendJson, 30, res, SET));
    const tokens = times(100, () => sign("p256", "stranger"));
    assert.deepEqual([await oracle.all(tokens), await ours.all(tokens)], [0, 0]);
    assert.ok(oracle.requests.length <= 3 && ours.requests.length <= 2);
  });

  it("ten tokens with invented kids: the oracle then rejects good tokens, ours never", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, SET));
    const strangers = times(10, (n) => sign("p256", `stranger-${n}`).replace(/[^.]*$/, "AAAA"));
    for (const token of strangers) await oracle.accepts(token);
    assert.equal(await oracle.accepts(sign()), false);
    assert.equal(await ours.all(strangers), 0);
    assert.equal(await ours.accepts(sign()), true);
    assert.equal(ours.requests.length, 2);
  });

  it("six keys in turn: the oracle holds five, ours the set", async (t) => {
    const kids = times(6, (n) => `key-${n}`);
    const { oracle, ours } = await setUp(t, (_req, res) =>
      sendJson(res, { keys: kids.map((kid) => jwk("p256", kid)) }),
    );
    const tokens = times(30, (n) => sign("p256", kids[n % 6]));
    let accepted = 0;
    for (const token of tokens) accepted += (await oracle.accepts(token)) ? 1 : 0;
    assert.ok(accepted < 30, `the oracle accepted ${accepted}`);
    for (const token of tokens) assert.equal(await ours.accepts(token), true);
    assert.equal(ours.requests.length, 1);
  });

  it("nothing is asked about a token that would be rejected anyway", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, SET));
    for (const claims of [
      { exp: now - 3600 },
      { aud: "x" },
      { iss: "x" },
      { sub: undefined },
      { token_use: "id" },
    ]) {
      const token = sign("p256", "p256", claims);
      await oracle.accepts(token);
      assert.equal(await ours.status(token), 401);
    }
    assert.ok(oracle.requests.length > 0);
    assert.equal(ours.requests.length, 0);
  });
});

const ACTIVE = { active: true, ...CLAIMS, roles: ["user"] };

describe("§8 the request", () => {
  it("posts the token alone; ours with credentials that are form-encoded", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, ACTIVE), { introspection: {} });
    assert.ok((await oracle.accepts("opaque")) && (await ours.accepts("opaque")));
    const credentials = ({ requests: [{ headers }] }) =>
      Buffer.from(headers.authorization.replace("Basic ", ""), "base64").toString();
    for (const { requests } of [oracle, ours]) {
      const [{ method, body, headers }] = requests;
      assert.deepEqual([method, body], ["POST", "token=opaque"]);
      assert.match(headers["content-type"], /^application\/x-www-form-urlencoded/);
    }
    assert.equal(credentials(oracle), `${CLIENT.clientId}:${CLIENT.clientSecret}`);
    assert.deepEqual(
      credentials(ours)
        .split(":")
        .map((text) => new URLSearchParams(`v=${text}`).get("v")),
      [CLIENT.clientId, CLIENT.clientSecret],
    );
  });
});

describe("§8 answers", () => {
  const body = JSON.stringify(ACTIVE);
  for (const [name, answer, accepts, status] of [
    ["status 201", (res) => res.writeHead(201).end(body), true, 503],
    ["status 400", (res) => res.writeHead(400).end(body), false, 503],
    ["status 401", (res) => res.writeHead(401).end(body), false, 503],
    ["status 500", (res) => res.writeHead(500).end(body), false, 503],
    ["text/plain", (res) => res.writeHead(200, { "content-type": "text/plain" }).end(body), true, 200],
    ["a byte order mark", (res) => res.end(`\ufeff${body}`), true, 200],
    ["active twice", (res) => res.end(body.replace("{", '{"active":false,')), true, 503],
    ["active with status 500", (res) => res.writeHead(500).end(body), false, 503],
    ["active with status 206", (res) => res.writeHead(206).end(body), true, 503],
    ["gzip", (res) => res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(body)), true, 200],
    ["not JSON", (res) => res.end("active"), false, 503],
    ["an empty body", (res) => res.end(), false, 503],
    ["null", (res) => res.end("null"), false, 503],
    ["no member active", (res) => res.end("{}"), false, 503],
    ["inactive", (res) => res.end('{"active":false}'), false, 401],
    ["reset before the head", (res) => res.socket.destroy(), false, 503],
    [
      "reset in the body",
      (res) => res.writeHead(200, { "content-length": 999 }).write("{", () => res.destroy()),
      false,
      503,
    ],
  ]) {
    it(`${name}: ${accepts ? "accepted" : "rejected"} by the oracle, ${status} by ours`, async (t) => {
      const { oracle, ours } = await setUp(t, (_req, res) => answer(res), { introspection: {} });
      assert.equal(await oracle.accepts("opaque"), accepts);
      assert.equal(await ours.status("opaque"), status);
    });
  }

  for (const code of [302, 307, 308]) {
    it(`status ${code} to another origin: ours never hands the token on`, async (t) => {
      const stranger = await scriptedServer(t, (_req, res) => sendJson(res, ACTIVE));
      const redirect = (_req, res) => res.writeHead(code, { location: `${stranger.origin}/` }).end();
      const { oracle, ours } = await setUp(t, redirect, { introspection: {} });
      assert.equal(await ours.status("opaque"), 503);
      assert.equal(stranger.requests.length, 0);
      assert.equal(await oracle.accepts("opaque"), true);
      assert.equal(stranger.requests[0].body, code === 302 ? "" : "token=opaque");
    });
  }

  it("32 MiB: accepted by the oracle, 503 by ours", async (t) => {
    const filler = Buffer.alloc(32 * 1024 * 1024, " ");
    const answer = (_req, res) => res.writeHead(200).end(Buffer.concat([Buffer.from(body), filler]));
    const { oracle, ours } = await setUp(t, answer, { introspection: {} });
    assert.equal(await oracle.accepts("opaque"), true);
    assert.equal(await ours.status("opaque"), 503);
  });
});

describe("§8 what is remembered", () => {
  it("an active token for five minutes; undefined as cacheTTL is for ever with the oracle, the default with ours", async (t) => {
    let isActive = true;
    const answer = (_req, res) => sendJson(res, isActive ? ACTIVE : { active: false });
    const { oracle, ours } = await setUp(t, answer, { introspection: { cacheTTL: undefined } });
    assert.ok((await oracle.accepts("opaque")) && (await ours.accepts("opaque")));
    isActive = false;
    assert.ok(await ours.accepts("opaque"));
    const { performance } = globalThis;
    const start = performance.now();
    t.mock.method(performance, "now", () => start + 299_000);
    assert.equal(await ours.accepts("opaque"), true);
    performance.now.mock.mockImplementation(() => start + 301_000);
    assert.equal(await ours.accepts("opaque"), false);
    t.mock.timers.enable({ apis: ["Date"], now: (now + 86_400 * 30) * 1000 });
    assert.equal(await oracle.accepts("opaque"), true);
  });

  it("nothing with cacheTTL 0", async (t) => {
    const { ours } = await setUp(t, (_req, res) => sendJson(res, ACTIVE), { introspection: { cacheTTL: 0 } });
    for (const _ of times(3)) assert.ok(await ours.accepts("opaque"));
    assert.equal(ours.requests.length, 3);
  });

  it("not beyond `exp`", async (t) => {
    const answer = (_req, res) => sendJson(res, { ...ACTIVE, exp: now + 60 });
    const { oracle, ours } = await setUp(t, answer, { introspection: {} });
    assert.ok((await oracle.accepts("opaque")) && (await ours.accepts("opaque")));
    t.mock.timers.enable({ apis: ["Date"], now: (now + 61) * 1000 });
    assert.deepEqual([await oracle.accepts("opaque"), await ours.accepts("opaque")], [false, false]);
    assert.deepEqual([oracle.requests.length, ours.requests.length], [2, 2]);
  });

  for (const [name, answer] of [
    ["inactive", { active: false }],
    ["active without a subject", { ...ACTIVE, sub: undefined }],
  ]) {
    it(`${name}: rejected, remembered briefly by ours`, async (t) => {
      const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, answer), { introspection: {} });
      for (const _ of times(3)) {
        assert.deepEqual([await oracle.accepts("opaque"), await ours.accepts("opaque")], [false, false]);
      }
      assert.equal(ours.requests.length, 1);
    });
  }

  it("100 requests with one token: 100 calls by the oracle, one by ours", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, ACTIVE), { introspection: {} });
    const tokens = times(100, () => "opaque");
    assert.deepEqual([await oracle.all(tokens), await ours.all(tokens)], [100, 100]);
    assert.deepEqual([oracle.requests.length, ours.requests.length], [100, 1]);
  });

  it("100 tokens at a time: 64 calls, the others are told to come back", async (t) => {
    const { oracle, ours } = await setUp(t, (_req, res) => sendJson(res, { active: false }), {
      introspection: {},
    });
    const tokens = times(100, (n) => `garbage-${n}`);
    assert.deepEqual([await oracle.all(tokens), await ours.all(tokens)], [0, 0]);
    assert.deepEqual([oracle.requests.length, ours.requests.length], [100, 64]);
  });

  it("what a tool changes reaches the next request with the oracle, never with ours", async (t) => {
    const issuer = await scriptedServer(t, (_req, res) => sendJson(res, ACTIVE));
    const endpoint = `${issuer.origin}/introspect`;
    const roles = async (Provider) => {
      const provider = new Provider({
        resource: RESOURCE,
        authorizationServers: [ISSUER],
        validation: {
          type: "introspection",
          issuer: ISSUER,
          audience: RESOURCE,
          introspection: { endpoint, ...CLIENT },
        },
      });
      const first = await provider.authenticate(bearer("opaque"));
      first.data.roles.push("admin");
      return (await provider.authenticate(bearer("opaque"))).data.roles;
    };
    assert.deepEqual(await roles(OAUTH.oracle), ["user", "admin"]);
    assert.deepEqual(await roles(OAUTH.ours), ["user"]);
  });
});
