/** Too many failures of one address are answered by 429, the right request gets the right status, and good credentials go on working. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { after, before, describe, it } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider } from "mcp-native-auth";
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterUnion } from "rate-limiter-flexible";
import { Turns } from "../../lib/core/turns.js";
import { addressOption, clientKey } from "../../lib/throttle/client-address.js";
import { LimiterCounter } from "../../lib/throttle/limiter-counter.js";
import { MemoryCounter } from "../../lib/throttle/memory-counter.js";
import { API_KEY, API_KEYS, JWT_SECRET, TOKEN, WRONG_API_KEY, WRONG_TOKEN } from "../support/credentials.js";
import { eventsOf } from "../support/events.js";
import { checkout } from "../support/project.js";
import {
  HTTP_STREAM,
  SERVERLESS,
  SSE,
  serverlessServer,
  startServer,
  withoutFrameworkLog,
} from "../support/servers.js";

const TOO_MANY =
  '{"error":"Too many failed authentication attempts","status":429,"type":"authentication_error"}';
const UNAUTHORIZED = {
  APIKeyAuthProvider: '{"error":"Invalid API key","status":401,"type":"authentication_error"}',
  JWTAuthProvider: '{"error":"Invalid or expired JWT token","status":401,"type":"authentication_error"}',
};

withoutFrameworkLog();

/** Requests as Node makes them, for providers that are asked without a server. */
const from = (address, headers) => ({ headers, socket: { remoteAddress: address } });
const withKey = (key, address = "192.0.2.1") => from(address, { "x-api-key": key });
const guess = (address) => withKey(WRONG_API_KEY, address);
const rightKey = (address) => withKey(API_KEY, address);
const apiKeys = (throttle) => new APIKeyAuthProvider({ keys: API_KEYS, throttle });
const jwt = (throttle) => new JWTAuthProvider({ secret: JWT_SECRET, throttle });
const bearer = (token, address = "192.0.2.1") => from(address, { authorization: `Bearer ${token}` });

/** What the framework would answer: 200 stands for a request that is let in. */
async function statusOf(provider, request) {
  return (await provider.authenticate(request)) ? 200 : provider.getAuthError().status;
}

async function statusesOf(provider, requests) {
  const statuses = [];
  for (const request of requests) {
    statuses.push(await statusOf(provider, request));
  }
  return statuses;
}

describe("counting in memory", () => {
  const counts = ({ failures = 2, windowMs = 1000, room = 100 } = {}) => {
    const clock = { now: 0 };
    return { clock, counts: new MemoryCounter(failures, windowMs, room, () => clock.now) };
  };

  it("as many as allowed are within the limit, the next one waits for the end of the window", () => {
    const { clock, counts: counted } = counts();
    assert.equal(counted.add("a"), 0);
    clock.now = 400;
    assert.equal(counted.add("a"), 0);
    assert.equal(counted.add("a"), 600);
    clock.now = 999;
    assert.equal(counted.add("a"), 1);
    assert.equal(counted.add("b"), 0);
  });

  it("the window begins with the first failure and is not prolonged by others", () => {
    const { clock, counts: counted } = counts();
    for (let n = 0; n < 50; n += 1) {
      clock.now = n * 20;
      counted.add("a");
    }
    clock.now = 1000;
    assert.equal(counted.add("a"), 0);
    assert.equal(counted.add("a"), 0);
    assert.equal(counted.add("a"), 1000);
  });

  it("tells who has used up his failures without counting", () => {
    const { clock, counts: counted } = counts();
    assert.equal(counted.lockedFor("a"), 0);
    counted.add("a");
    assert.equal(counted.lockedFor("a"), 0);
    counted.add("a");
    clock.now = 250;
    assert.equal(counted.lockedFor("a"), 750);
    assert.equal(counted.lockedFor("a"), 750);
    clock.now = 1000;
    assert.equal(counted.lockedFor("a"), 0);
  });

  it("forgets the one whose window began first, and nobody else, when there is no room", () => {
    const { clock, counts: counted } = counts({ failures: 1, room: 3 });
    for (const address of ["a", "b", "c"]) {
      clock.now += 1;
      counted.add(address);
    }
    // A later failure of the eldest does not make it younger.
    assert.ok(counted.add("a") > 0);
    counted.add("d");
    assert.deepEqual(
      ["a", "b", "c", "d"].map((address) => counted.lockedFor(address) > 0),
      [false, true, true, true],
    );
  });

  it("a newcomer is counted although everybody in memory is over the limit", () => {
    const { counts: counted } = counts({ failures: 2, room: 3 });
    for (const address of ["a", "b", "c"]) {
      for (let n = 0; n < 5; n += 1) counted.add(address);
    }
    assert.deepEqual(
      ["new", "other", "new", "other", "new"].map((address) => counted.add(address) > 0),
      [false, false, false, false, true],
    );
  });

  it("an address that comes back after its window is not forgotten with its former one", () => {
    const { clock, counts: counted } = counts({ failures: 1, windowMs: 10, room: 3 });
    counted.add("a");
    counted.add("b");
    clock.now = 10;
    counted.add("b");
    counted.add("c");
    counted.add("d");
    assert.deepEqual(
      ["a", "b", "c", "d"].map((address) => counted.lockedFor(address) > 0),
      [false, true, true, true],
    );
  });

  it("a million addresses leave as many in memory as there is room for", () => {
    const room = 10_000;
    const { counts: counted } = counts({ failures: 1, windowMs: 1e9, room });
    for (let n = 0; n < 1_000_000; n += 1) {
      counted.add(`2001:db8:${n >> 16}:${n & 0xffff}::/64`);
    }
    let known = 0;
    let lastKnown = true;
    for (let n = 0; n < 1_000_000; n += 1) {
      lastKnown = counted.lockedFor(`2001:db8:${n >> 16}:${n & 0xffff}::/64`) > 0;
      known += lastKnown ? 1 : 0;
      assert.equal(lastKnown, n >= 1_000_000 - room);
    }
    assert.equal(known, room);
  });

  it("room comes back when windows end, whoever fails then", () => {
    const { clock, counts: counted } = counts({ failures: 1, windowMs: 10, room: 1000 });
    for (let round = 0; round < 20; round += 1) {
      for (let n = 0; n < 1500; n += 1) {
        counted.add(`${round} ${n}`);
      }
      assert.ok(counted.lockedFor(`${round} 1499`) > 0 && counted.lockedFor(`${round} 500`) > 0);
      assert.equal(counted.lockedFor(`${round} 499`), 0);
      clock.now += 10;
    }
  });
});

describe("whose failure it is", () => {
  const addressIn = (headers, trustProxy) => addressOption(trustProxy)(from("10.0.0.1", headers));
  const forwarded = (value, hops) => addressIn({ "x-forwarded-for": value }, hops);

  it("nobody is trusted by default", () => {
    assert.equal(forwarded("203.0.113.9", 0), "10.0.0.1");
  });

  it("trusted proxies are counted from the right; what a client invents is never read", () => {
    assert.equal(forwarded("203.0.113.9", 1), "203.0.113.9");
    assert.equal(forwarded("192.0.2.66, 203.0.113.9", 1), "203.0.113.9");
    assert.equal(forwarded("192.0.2.66, 203.0.113.9,198.51.100.3", 2), "203.0.113.9");
    assert.equal(forwarded(`${"192.0.2.66,".repeat(500)} 203.0.113.9`, 1), "203.0.113.9");
    assert.equal(forwarded(' "x, 192.0.2.66", 203.0.113.9', 1), "203.0.113.9");
  });

  it("ports and brackets that proxies write are left out", () => {
    assert.equal(forwarded("203.0.113.9:4711", 1), "203.0.113.9");
    assert.equal(forwarded("[2001:db8::7]:4711", 1), "2001:db8::7");
    assert.equal(forwarded("[2001:db8::7]", 1), "2001:db8::7");
    assert.equal(forwarded("2001:db8::7", 1), "2001:db8::7");
  });

  for (const value of [
    undefined,
    "",
    ",",
    "203.0.113.9,",
    "unknown",
    "_hidden",
    "203.0.113.256",
    "203.0.113.9 192.0.2.1",
    "203.0.113.9:port",
    "[203.0.113.9]",
    "[2001:db8::7",
    "2001:db8::7::1",
    "localhost",
    ["203.0.113.9"],
    7,
    `203.0.113.9${"9".repeat(10_000)}`,
  ]) {
    it(`the socket's address stands in for ${String(JSON.stringify(value)).slice(0, 40)}`, () => {
      assert.equal(forwarded(value, 1), "10.0.0.1");
    });
  }

  it("so it does where there are fewer entries than proxies", () => {
    assert.equal(forwarded("203.0.113.9", 2), "10.0.0.1");
  });

  const OVERWRITTEN = [
    ["CF-Connecting-IP", "203.0.113.9", "203.0.113.9"],
    ["x-real-ip", "2001:db8::7", "2001:db8::7"],
    ["Fly-Client-IP", " [2001:db8::7]:4711 ", "2001:db8::7"],
    ["X-Real-IP", undefined, "10.0.0.1"],
    ["X-Real-IP", "unknown", "10.0.0.1"],
    // Sent twice: the proxy has not overwritten it.
    ["X-Real-IP", "192.0.2.66, 203.0.113.9", "10.0.0.1"],
    ["X-Real-IP", ["203.0.113.9"], "10.0.0.1"],
    ["Forwarded", "for=203.0.113.9", "203.0.113.9"],
    ["forwarded", 'For="[2001:db8::7]:4711"', "2001:db8::7"],
    ["Forwarded", 'by=10.0.0.2; proto=https ;for="203.0.113.9:4711";host=here', "203.0.113.9"],
    ["Forwarded", "for=192.0.2.66, for=198.51.100.3, for=203.0.113.9", "203.0.113.9"],
    ["Forwarded", 'for="192.0.2.66, for=203.0.113.9', "203.0.113.9"],
    ["Forwarded", "for=192.0.2.66, proto=https", "10.0.0.1"],
    ["Forwarded", 'for=203.0.113.9;by="x, y"', "10.0.0.1"],
    ["Forwarded", 'by="a;for=192.0.2.66";for=203.0.113.9', "203.0.113.9"],
    ["Forwarded", "xfor=192.0.2.66", "10.0.0.1"],
    ["Forwarded", "for=_hidden", "10.0.0.1"],
    ["Forwarded", "for=unknown", "10.0.0.1"],
    ["Forwarded", "for=", "10.0.0.1"],
    ["Forwarded", "203.0.113.9", "10.0.0.1"],
  ];
  for (const [header, value, address] of OVERWRITTEN) {
    it(`the header ${header} with ${JSON.stringify(value)} gives ${address}`, () => {
      assert.equal(addressIn({ [header.toLowerCase()]: value }, { header }), address);
    });
  }

  it("no other header is read than the one that is named", () => {
    const headers = {
      "x-forwarded-for": "192.0.2.66",
      "cf-connecting-ip": "192.0.2.67",
      forwarded: "for=192.0.2.68",
    };
    assert.equal(addressIn(headers, { header: "X-Real-IP" }), "10.0.0.1");
  });

  it("the option of the provider holds for its throttle, and that of the throttle for events", async () => {
    const TRUSTED = [
      { trustProxy: 1, throttle: { failures: 1 } },
      { throttle: { failures: 1, trustProxy: 1 } },
      { trustProxy: 1, throttle: { failures: 1, trustProxy: 1 } },
      { trustProxy: 1 },
    ];
    const guessOf = (address) => from("10.0.0.1", { "x-api-key": WRONG_API_KEY, "x-forwarded-for": address });
    for (const options of TRUSTED) {
      const addresses = [];
      const note = ({ remoteAddress }) => addresses.push(remoteAddress);
      diagnostics.subscribe("mcp-native-auth:rejected", note);
      const provider = new APIKeyAuthProvider({ keys: API_KEYS, ...options });
      const clients = ["203.0.113.1", "203.0.113.1", "203.0.113.2"];
      const expected = options.throttle === undefined ? [401, 401, 401] : [401, 429, 401];
      assert.deepEqual(await statusesOf(provider, clients.map(guessOf)), expected);
      diagnostics.unsubscribe("mcp-native-auth:rejected", note);
      assert.deepEqual(addresses, clients);
    }
  });

  it("a request that throws has no address", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const request of [undefined, null, {}, proxy, { headers: proxy, socket: proxy }]) {
      for (const trustProxy of [undefined, 1, { header: "X-Real-IP" }, { header: "Forwarded" }]) {
        assert.equal(addressOption(trustProxy)(request), undefined);
      }
    }
  });

  for (const [address, network] of Object.entries({
    "203.0.113.9": "203.0.113.9",
    "::ffff:203.0.113.9": "203.0.113.9",
    "::FFFF:cb00:7109": "203.0.113.9",
    "0:0:0:0:0:ffff:203.0.113.9": "203.0.113.9",
    "64:ff9b::203.0.113.9": "203.0.113.9",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
    "2001:0DB8:0001:0002::": "2001:db8:1:2::/64",
    "2001:db8::1": "2001:db8:0:0::/64",
    "::1": "0:0:0:0::/64",
    "fe80::1%eth0": "fe80:0:0:0::/64",
    "1:2:3:4:5:6:7::": "1:2:3:4::/64",
    "no address": "unknown",
  })) {
    it(`${address} counts as ${network}`, () => {
      assert.equal(clientKey(address), network);
    });
  }

  it("clients without an address count as one", async () => {
    const provider = apiKeys({ failures: 1 });
    const nowhere = { headers: { "x-api-key": WRONG_API_KEY } };
    assert.deepEqual(await statusesOf(provider, [nowhere, { ...nowhere, socket: {} }]), [401, 429]);
  });

  it("a client that hangs up while keys are loaded has the address that it had", async () => {
    const provider = new APIKeyAuthProvider({
      loadKeys: () => turnOfTheLoop(API_KEYS),
      throttle: { failures: 1 },
    });
    const first = guess("192.0.2.1");
    const decided = statusOf(provider, first);
    first.socket.remoteAddress = undefined;
    assert.equal(await decided, 401);
    assert.deepEqual(await statusesOf(provider, [guess("192.0.2.1"), guess("192.0.2.2")]), [429, 401]);
  });

  it("nothing is kept of a client whose requests are all decided", () => {
    const turns = new Turns();
    const [first, second] = [turns.take("a"), turns.take("a")];
    first.end();
    second.end();
    assert.equal(turns.take("a").begins, undefined);
  });

  it("hosts of one /64 share a count, neighbours do not", async () => {
    const provider = apiKeys({ failures: 1 });
    const statuses = await statusesOf(provider, [
      guess("2001:db8::1"),
      guess("2001:db8::ffff:1"),
      guess("2001:db8:0:1::1"),
      guess("::ffff:192.0.2.8"),
      guess("192.0.2.8"),
    ]);
    assert.deepEqual(statuses, [401, 429, 401, 401, 429]);
  });
});

describe("options", () => {
  const refused = {
    "no object": [true, /`throttle` must be an object/],
    "an array": [[], /`throttle` must be an object/],
    "a number": [10, /`throttle` must be an object/],
    "failures 0": [{ failures: 0 }, /`throttle.failures` must be a whole number from 1 to 1000000/],
    "failures a text": [{ failures: "10" }, /`throttle.failures`/],
    "windowSeconds 0": [
      { windowSeconds: 0 },
      /`throttle.windowSeconds` must be a whole number from 1 to 86400/,
    ],
    "windowSeconds infinite": [{ windowSeconds: Number.POSITIVE_INFINITY }, /`throttle.windowSeconds`/],
    "maxAddresses half": [{ maxAddresses: 0.5 }, /`throttle.maxAddresses` must be a whole number/],
    "trustProxy a boolean": [
      { trustProxy: true },
      /`throttle.trustProxy` must be the number of proxies, a whole number from 0 to 100, or a header/,
    ],
    "trustProxy negative": [{ trustProxy: -1 }, /`throttle.trustProxy` must be the number of proxies/],
    "lockout a text": [{ lockout: "yes" }, /`throttle.lockout` must be true or false/],
    "a limiter without consume": [{ limiter: {} }, /`throttle.limiter` has no `consume` method/],
    "a limiter that is none": [{ limiter: "redis" }, /`throttle.limiter` has no `consume` method/],
    "lockout, with a limiter that cannot tell": [
      { limiter: new RateLimiterUnion(new RateLimiterMemory({ points: 1, duration: 1 })), lockout: true },
      /`throttle.limiter` has no `get` method/,
    ],
    "failures next to a limiter": [
      { limiter: { consume() {} }, failures: 5 },
      /`throttle.failures` has no effect with `throttle.limiter`, which has its own `points` and `duration`; remove one/,
    ],
    "limiterTimeoutMs 0": [{ limiter: { consume() {} }, limiterTimeoutMs: 0 }, /`throttle.limiterTimeoutMs`/],
  };
  for (const [name, [throttle, message]] of Object.entries(refused)) {
    it(`${name} is refused by both constructors`, () => {
      for (const construct of [apiKeys, jwt]) {
        assert.throws(() => construct(throttle), { code: "ERR_MCP_AUTH_OPTION_INVALID", message });
      }
    });
  }

  const WRONG_TRUST = [
    ...[true, "1", -1, 101, 1.5, Number.NaN, [], {}, { header: "" }, { header: "X Real IP" }, { header: 7 }],
    ...[{ headers: "X-Real-IP" }, { header: "X-Real-IP", hops: 1 }, { header: undefined }],
  ];
  for (const trustProxy of WRONG_TRUST) {
    it(`trustProxy ${JSON.stringify(trustProxy)} is rejected by every constructor, which says what it can be`, () => {
      const expected = {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message: /^`trustProxy` must be the number of proxies, .*\{ header: "CF-Connecting-IP" \}$/,
      };
      assert.throws(() => new APIKeyAuthProvider({ keys: API_KEYS, trustProxy }), expected);
      assert.throws(() => new JWTAuthProvider({ secret: JWT_SECRET, trustProxy }), expected);
      assert.throws(() => anyOf([new APIKeyAuthProvider({ keys: API_KEYS })], { trustProxy }), expected);
    });
  }

  it("trustProxy must not name X-Forwarded-For, which begins with what the client sent", () => {
    assert.throws(() => apiKeys({ trustProxy: { header: "x-forwarded-FOR" } }), {
      code: "ERR_MCP_AUTH_OPTION_INVALID",
      message: /^`throttle.trustProxy.header` must not be X-Forwarded-For, .* number of proxies$/,
    });
  });

  it("trustProxy that throws when it is read, or inherits its header, is rejected", () => {
    const code = "ERR_MCP_AUTH_OPTION_INVALID";
    const unreadable = {
      get header() {
        throw new Error("not today");
      },
    };
    for (const trustProxy of [unreadable, Object.create({ header: "X-Real-IP" })]) {
      assert.throws(() => apiKeys({ trustProxy }), { code, message: /plain object/ });
    }
  });

  it("trustProxy of a provider and of its throttle must not differ", () => {
    const make = (ofProvider, ofThrottle) =>
      new APIKeyAuthProvider({
        keys: API_KEYS,
        trustProxy: ofProvider,
        throttle: { trustProxy: ofThrottle },
      });
    const code = "ERR_MCP_AUTH_OPTION_INVALID";
    const message = "`trustProxy` and `throttle.trustProxy` differ; remove one of them";
    for (const pair of [
      [1, 2],
      [0, 1],
      [1, { header: "X-Real-IP" }],
      [{ header: "Forwarded" }, { header: "X-Real-IP" }],
    ]) {
      assert.throws(() => make(...pair), { code, message });
    }
    make(1, 1);
    make({ header: "X-Real-IP" }, { header: "x-real-ip" });
    make(1, null);
    make(undefined, 1);
  });

  it("undefined and null stand for the defaults: 10 failures, nobody trusted, no lockout", async () => {
    for (const throttle of [{}, { failures: undefined, windowSeconds: null, lockout: null, limiter: null }]) {
      const provider = apiKeys(throttle);
      const guesses = Array.from({ length: 11 }, (_, n) =>
        from("192.0.2.1", { "x-api-key": WRONG_API_KEY, "x-forwarded-for": `203.0.113.${n}` }),
      );
      assert.deepEqual(await statusesOf(provider, guesses), [...Array(10).fill(401), 429]);
      assert.equal(await statusOf(provider, rightKey()), 200);
    }
  });

  it("a limiter that throws when it is read is refused in words of ours", () => {
    const limiter = {
      get consume() {
        throw new Error("redis://user:password@store");
      },
    };
    assert.throws(() => apiKeys({ limiter }), {
      code: "ERR_MCP_AUTH_OPTION_INVALID",
      message: /^`throttle\.limiter` has no `consume` method/,
    });
  });

  it("a misspelled member is named in a warning", async () => {
    const warned = new Promise((resolve) => {
      process.on(
        "warning",
        (warning) => warning.code === "MCP_NATIVE_AUTH_UNKNOWN_OPTION" && resolve(warning),
      );
    });
    apiKeys({ failurs: 3 });
    const { message } = await warned;
    assert.match(
      message,
      /^APIKeyAuthProvider: `throttle`: unknown option "failurs" \(did you mean "failures"\?\); /,
    );
  });
});

describe("what counts", () => {
  const sign = (claims) => {
    const encoded = ['{"alg":"HS256"}', JSON.stringify(claims)].map((text) =>
      Buffer.from(text).toString("base64url"),
    );
    const input = encoded.join(".");
    return `${input}.${createHmac("sha256", JWT_SECRET).update(input).digest("base64url")}`;
  };
  const seconds = Math.floor(Date.now() / 1000);
  const nothing = from("192.0.2.1", {});

  it("wrong API keys and forged tokens, wherever they are presented", async () => {
    const keys = apiKeys({ failures: 1 });
    const inBearer = from("192.0.2.1", { authorization: `Bearer ${WRONG_API_KEY}` });
    const inQuery = { ...from("192.0.2.1", { host: "h" }), url: `/?api_key=${WRONG_API_KEY}` };
    assert.deepEqual(await statusesOf(keys, [guess(), inBearer, inQuery]), [401, 429, 429]);
    assert.deepEqual(
      await statusesOf(jwt({ failures: 1 }), [bearer(WRONG_TOKEN), bearer("x"), bearer(TOKEN)]),
      [401, 429, 200],
    );
  });

  it("nothing presented, and a genuine token out of its time, are no guess: 401 before and after", async () => {
    const expired = bearer(sign({ exp: seconds - 60 }));
    const early = bearer(sign({ nbf: seconds + 3600 }));
    const provider = jwt({ failures: 1 });
    const noGuess = [nothing, expired, early, nothing, expired, early];
    assert.deepEqual(await statusesOf(provider, noGuess), Array(6).fill(401));
    assert.deepEqual(await statusesOf(provider, [bearer(WRONG_TOKEN), bearer(WRONG_TOKEN)]), [401, 429]);
    assert.deepEqual(await statusesOf(provider, noGuess), Array(6).fill(401));
    const keys = apiKeys({ failures: 1 });
    assert.deepEqual(
      await statusesOf(keys, [nothing, nothing, guess(), guess(), nothing]),
      [401, 401, 401, 429, 401],
    );
  });

  it("a forged token that says it has expired is a guess", async () => {
    const [header, , signature] = WRONG_TOKEN.split(".");
    const forged = bearer(
      [header, Buffer.from(`{"exp":${seconds - 60}}`).toString("base64url"), signature].join("."),
    );
    assert.deepEqual(await statusesOf(jwt({ failures: 1 }), [forged, forged]), [401, 429]);
  });

  it("successes never: they neither use up failures nor are they refused", async () => {
    const provider = apiKeys({ failures: 2 });
    const requests = [
      ...Array(50).fill(rightKey()),
      guess(),
      rightKey(),
      guess(),
      rightKey(),
      guess(),
      rightKey(),
    ];
    const statuses = await statusesOf(provider, requests);
    assert.deepEqual(statuses, [...Array(50).fill(200), 401, 200, 401, 200, 429, 200]);
  });

  it("with lockout, good credentials are refused too, once the failures are used up, from that address alone", async () => {
    const provider = apiKeys({ failures: 2, lockout: true });
    const requests = [guess(), rightKey(), guess(), rightKey(), guess(), nothing, rightKey("192.0.2.2")];
    assert.deepEqual(await statusesOf(provider, requests), [401, 200, 401, 429, 429, 429, 200]);
  });

  it("with lockout, of guesses that come at once no more are looked at than are allowed", async () => {
    const provider = apiKeys({ failures: 2, lockout: true });
    const events = await eventsOf(() =>
      Promise.all([guess(), guess(), rightKey(), guess()].map((request) => provider.authenticate(request))),
    );
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ["KEY_UNKNOWN", "KEY_UNKNOWN", "LOCKED_OUT", "LOCKED_OUT"],
    );
  });
});

describe("the answer", () => {
  it("is given once, to the provider that left it, and forgotten", async () => {
    const provider = apiKeys({ failures: 1 });
    const other = apiKeys({ failures: 1 });
    await provider.authenticate(guess());
    await provider.authenticate(guess());
    assert.equal(other.getAuthError().status, 401);
    const { headers, ...answer } = provider.getAuthError();
    assert.deepEqual(answer, { status: 429, message: "Too many failed authentication attempts" });
    assert.deepEqual(headers, { "Retry-After": "60" });
    assert.deepEqual(provider.getAuthError(), { status: 401, message: "Invalid API key" });
  });

  it("is forgotten when the same request is judged anew", async () => {
    for (const key of ["", API_KEY]) {
      const provider = apiKeys({ failures: 1 });
      const request = guess();
      await provider.authenticate(request);
      await provider.authenticate(request);
      request.headers["x-api-key"] = key;
      await provider.authenticate(request);
      assert.equal(provider.getAuthError().status, 401);
    }
  });

  it("finds its request although a subclass awaits before and after, and requests take turns", async () => {
    class Slow extends APIKeyAuthProvider {
      async authenticate(req) {
        // What the framework's transports have from Node, a caller without a server gives by itself.
        const verdict = super.authenticate(req);
        await turnOfTheLoop();
        return verdict;
      }
    }
    const provider = new Slow({ keys: API_KEYS, throttle: { failures: 1 } });
    await provider.authenticate(guess());
    const requests = [guess(), guess("192.0.2.2"), rightKey(), from("192.0.2.1", {}), guess()];
    const statuses = await Promise.all(requests.map((request) => statusOf(provider, request)));
    assert.deepEqual(statuses, [429, 401, 200, 401, 429]);
  });

  it("finds a request object that takes no property", async () => {
    const provider = apiKeys({ failures: 1 });
    assert.deepEqual(await statusesOf(provider, [guess(), Object.freeze(guess()), guess()]), [401, 429, 429]);
  });

  it("is a refusal for a request object that is none or throws, and authenticate does not throw", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const lockout of [false, true]) {
      for (const provider of [apiKeys({ failures: 1, lockout }), jwt({ failures: 1, lockout })]) {
        const requests = [
          undefined,
          null,
          7,
          "GET",
          proxy,
          { headers: proxy },
          { headers: {}, socket: proxy },
        ];
        assert.deepEqual(await statusesOf(provider, requests), Array(7).fill(401));
        // All of them are of the one client that has no address.
        const nowhere = { headers: { "x-api-key": WRONG_API_KEY, authorization: `Bearer ${WRONG_TOKEN}` } };
        assert.deepEqual(await statusesOf(provider, [nowhere, nowhere]), [401, 429]);
        assert.deepEqual(await statusesOf(provider, requests), Array(7).fill(lockout ? 429 : 401));
      }
    }
  });

  it("is the plain one for a method torn off, a Proxy, and a provider without throttle", async () => {
    const provider = apiKeys({ failures: 1 });
    const { getAuthError } = provider;
    for (const it of [undefined, {}, new Proxy(provider, {}), apiKeys()]) {
      assert.deepEqual(getAuthError.call(it), { status: 401, message: "Invalid API key" });
    }
  });
});

/** Requests of each transport that reach the provider and end at once, and the status of those let in. */
const post = (path) => ({
  method: "POST",
  path,
  headers: [
    ["Content-Type", "application/json"],
    ["Accept", "application/json, text/event-stream"],
  ],
  body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
});
const SHAPES = {
  [SSE]: [{ request: post("/messages?sessionId=unknown"), through: 404 }],
  [HTTP_STREAM]: [
    { request: post("/mcp"), through: 400 },
    {
      request: { method: "GET", path: "/mcp", headers: [["Mcp-Session-Id", "unknown"]] },
      through: 404,
    },
  ],
  [SERVERLESS]: [{ request: post("/mcp"), through: 200 }],
};
const KINDS = {
  APIKeyAuthProvider: {
    make: apiKeys,
    wrong: [["X-API-Key", WRONG_API_KEY]],
    right: [["X-API-Key", API_KEY]],
  },
  JWTAuthProvider: {
    make: jwt,
    wrong: [["Authorization", `Bearer ${WRONG_TOKEN}`]],
    right: [["Authorization", `Bearer ${TOKEN}`]],
  },
};

/** Answers after a few turns of the event loop, by default a different number each time. */
class Unhurried {
  #limiter;
  #turnsFor;
  #asked = 0;

  constructor(limiter, turnsFor = (asked) => (asked * 7) % 11) {
    this.#limiter = limiter;
    this.#turnsFor = turnsFor;
  }

  async #dawdle() {
    this.#asked += 1;
    for (let turns = this.#turnsFor(this.#asked); turns > 0; turns -= 1) await turnOfTheLoop();
  }

  async consume(key, points) {
    await this.#dawdle();
    return this.#limiter.consume(key, points);
  }

  async get(key) {
    await this.#dawdle();
    return this.#limiter.get(key);
  }
}

const LIMITS = {
  memory: () => ({ failures: 2, windowSeconds: 3600, trustProxy: 1 }),
  "a slow limiter": () => ({
    limiter: new Unhurried(new RateLimiterMemory({ points: 2, duration: 3600 })),
    limiterTimeoutMs: 60_000,
    trustProxy: 1,
  }),
};

const headerOf = (name, { headers }) => headers.find((header) => header[0].toLowerCase() === name)?.[1];

function assertAnswer(kind, transport, answer, expected, through) {
  if (expected === "through") {
    assert.equal(answer.status, through);
    return;
  }
  assert.equal(answer.status, expected);
  assert.equal(answer.body, expected === 429 ? TOO_MANY : UNAUTHORIZED[kind]);
  const retryAfter = headerOf("retry-after", answer);
  if (expected === 401 || transport === SERVERLESS) {
    assert.equal(retryAfter, undefined);
  } else {
    assert.match(retryAfter, /^\d+$/);
    assert.ok(Number(retryAfter) > 0 && Number(retryAfter) <= 3600);
  }
  if (kind === "JWTAuthProvider" && transport !== SERVERLESS) {
    assert.equal(
      headerOf("www-authenticate", answer)?.startsWith("Bearer "),
      expected === 401 ? true : undefined,
    );
  }
}

for (const [kind, { make, wrong, right }] of Object.entries(KINDS)) {
  for (const [limit, throttle] of Object.entries(LIMITS)) {
    for (const [transport, shapes] of Object.entries(SHAPES)) {
      describe(`${transport}, ${kind}, counted by ${limit}`, () => {
        const provider = make(throttle());
        let server;
        before(async () => {
          const options = { transport, provider };
          server = transport === SERVERLESS ? serverlessServer(options) : await startServer(options);
        });
        after(() => server.stop());

        const seen = { attacker: "203.0.113.66" };
        let strangers = 0;
        /** What a request is answered once the attacker has used up his failures. */
        const visitors = [
          () => ({ from: seen.attacker, headers: wrong, expected: 429 }),
          () => ({ from: seen.attacker, headers: [], expected: 401 }),
          () => ({ from: seen.attacker, headers: right, expected: "through" }),
          () => {
            strangers += 1;
            return { from: `198.51.${strangers >> 8}.${strangers & 255}`, headers: wrong, expected: 401 };
          },
        ];
        const visit = (n) => {
          // All ordered pairs and triples of visitors come up.
          const visitor = visitors[(n + (n >> 2) + (n >> 4)) % visitors.length]();
          const { request, through } = shapes[(n >> 1) % shapes.length];
          const headers = [...(request.headers ?? []), ["X-Forwarded-For", visitor.from], ...visitor.headers];
          return { ...visitor, through, request: { ...request, headers } };
        };

        it("401 within the limit, 429 and when to come again over it, through with the right credential", async () => {
          const [{ request, through }] = shapes;
          const send = (headers) =>
            server.send({
              ...request,
              headers: [...request.headers, ["X-Forwarded-For", seen.attacker], ...headers],
            });
          for (const expected of [401, 401, 429, 429]) {
            assertAnswer(kind, transport, await send(wrong), expected);
          }
          assertAnswer(kind, transport, await send(right), "through", through);
          assertAnswer(kind, transport, await send([]), 401);
        });

        it("one after the other on connections that are kept", async () => {
          for (let n = 0; n < 64; n += 1) {
            const { request, expected, through } = visit(n);
            assertAnswer(kind, transport, await server.send(request), expected, through);
          }
        });

        it("all at once", async () => {
          const visits = Array.from({ length: 128 }, (_, n) => visit(n));
          const answers = await Promise.all(visits.map(({ request }) => server.send(request)));
          for (const [n, { expected, through }] of visits.entries()) {
            assertAnswer(kind, transport, answers[n], expected, through);
          }
        });

        if (transport !== SERVERLESS) {
          it("pipelined, on several sockets at once", async () => {
            const sockets = Array.from({ length: 8 }, (_, socket) =>
              Array.from({ length: 16 }, (_, n) => visit(socket * 16 + n)),
            );
            const answers = await Promise.all(
              sockets.map((visits) => server.sendPipelined(visits.map(({ request }) => request))),
            );
            for (const [socket, visits] of sockets.entries()) {
              for (const [n, { expected, through }] of visits.entries()) {
                assertAnswer(kind, transport, answers[socket][n], expected, through);
              }
            }
          });
        }
      });
    }
  }
}

describe("a flood", () => {
  for (const [kind, { make, wrong, right }] of Object.entries(KINDS)) {
    it(`${kind}: the official client at the attacker's own address is served, every time`, async () => {
      const server = await startServer({ transport: HTTP_STREAM, provider: make({ failures: 3 }) });
      const [{ request }] = SHAPES[HTTP_STREAM];
      const headers = [...request.headers, ...wrong];
      const connect = async (credential) => {
        const client = new Client({ name: "throttle", version: "1.0.0" });
        const requestInit = { headers: Object.fromEntries(credential) };
        await client.connect(new StreamableHTTPClientTransport(server.url, { requestInit }));
        return client;
      };
      try {
        const statuses = [];
        const flood = async () => {
          for (let n = 0; n < 50; n += 1) statuses.push((await server.send({ ...request, headers })).status);
        };
        const goodClient = async () => {
          const client = await connect(right);
          for (let n = 0; n < 20; n += 1) {
            const { content, isError } = await client.callTool({ name: "whoami", arguments: {} });
            assert.ok(!isError && content.length === 1);
          }
          await client.close();
        };
        await Promise.all([...Array.from({ length: 10 }, flood), goodClient(), goodClient()]);
        assert.equal(statuses.filter((status) => status === 401).length, 3);
        assert.equal(statuses.filter((status) => status === 429).length, 497);
        await assert.rejects(connect(wrong), /Too many failed authentication attempts/);
      } finally {
        await server.stop();
      }
    });
  }
});

it("a subclass that awaits before it asks ours still answers 429, on a real server", async () => {
  class Audited extends APIKeyAuthProvider {
    async authenticate(req) {
      await turnOfTheLoop();
      return super.authenticate(req);
    }
  }
  const provider = new Audited({ keys: API_KEYS, throttle: { failures: 1 } });
  for (const transport of [SSE, HTTP_STREAM]) {
    const server = await startServer({ transport, provider });
    const [{ request }] = SHAPES[transport];
    const headers = [...request.headers, ...KINDS.APIKeyAuthProvider.wrong];
    try {
      await server.send({ ...request, headers });
      const answers = await server.sendPipelined([{ ...request, headers }, request, { ...request, headers }]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [429, 401, 429],
      );
    } finally {
      await server.stop();
    }
  }
});

describe("limiters of rate-limiter-flexible", () => {
  const memory = (keyPrefix, points = 2) => new RateLimiterMemory({ keyPrefix, points, duration: 3600 });

  it("plain: as many as it has points, then its own wait", async () => {
    const provider = apiKeys({ limiter: memory("plain") });
    assert.deepEqual(await statusesOf(provider, [guess(), guess(), guess("192.0.2.2")]), [401, 401, 401]);
    await provider.authenticate(guess());
    assert.deepEqual(provider.getAuthError(), {
      status: 429,
      message: "Too many failed authentication attempts",
      headers: { "Retry-After": "3600" },
    });
    assert.equal(await statusOf(provider, rightKey()), 200);
  });

  it("a block by hand, a union, and one that allows bursts", async () => {
    const blocked = memory("blocked");
    await blocked.block("192.0.2.1", 60);
    assert.deepEqual(await statusesOf(apiKeys({ limiter: blocked }), [guess(), rightKey()]), [429, 200]);
    const union = new RateLimiterUnion(memory("wide", 5), memory("narrow", 1));
    assert.deepEqual(await statusesOf(apiKeys({ limiter: union }), [guess(), guess()]), [401, 429]);
    const bursty = new BurstyRateLimiter(memory("steady", 1), memory("burst", 1));
    assert.deepEqual(
      await statusesOf(apiKeys({ limiter: bursty }), [guess(), guess(), guess()]),
      [401, 401, 429],
    );
  });

  it("a count that never ends has no time to come again", async () => {
    const limiter = new RateLimiterMemory({ points: 1, duration: 0 });
    const provider = apiKeys({ limiter });
    await provider.authenticate(guess());
    await provider.authenticate(guess());
    assert.deepEqual(provider.getAuthError(), {
      status: 429,
      message: "Too many failed authentication attempts",
    });
  });

  it("lockout asks before it decides, and not again for the refusal", async () => {
    const asked = [];
    const limiter = memory("lockout");
    const watched = {
      consume: (key, points) => asked.push("consume") && limiter.consume(key, points),
      get: (key) => asked.push("get") && limiter.get(key),
    };
    const provider = apiKeys({ limiter: watched, lockout: true });
    const statuses = await statusesOf(provider, [rightKey(), guess(), guess(), rightKey(), guess()]);
    assert.deepEqual(statuses, [200, 401, 401, 429, 429]);
    assert.deepEqual(asked, ["get", "get", "consume", "get", "consume", "get", "get"]);
  });

  it("is not asked about good credentials or requests without one", async () => {
    const never = { consume: () => assert.fail("asked") };
    const provider = apiKeys({ limiter: never });
    const events = await eventsOf(() => statusesOf(provider, [rightKey(), from("192.0.2.1", {})]));
    assert.deepEqual(
      events.map(({ limiterError }) => limiterError),
      [false, false],
    );
  });
});

describe("a store that is down", () => {
  const PASSWORD = "redis://:hunter2-password@10.0.0.9";
  const broken = {
    "rejects with an error": () => Promise.reject(new Error(PASSWORD)),
    "rejects with nothing": () => Promise.reject(),
    "rejects with a text": () => Promise.reject(PASSWORD),
    throws: () => {
      throw new Error(PASSWORD);
    },
    "never answers": () => new Promise(() => {}),
  };
  for (const [name, fail] of Object.entries(broken)) {
    for (const lockout of [false, true]) {
      it(`${name}, lockout ${lockout}: requests are decided, the event and one warning say so`, async () => {
        const warnings = [];
        // The keys of these tests are weak, which each provider reports.
        const listen = (warning) => warning.code !== "MCP_NATIVE_AUTH_WEAK_KEYS" && warnings.push(warning);
        process.on("warning", listen);
        const provider = apiKeys({ limiter: { consume: fail, get: fail }, limiterTimeoutMs: 5, lockout });
        let statuses;
        const events = await eventsOf(async () => {
          statuses = await statusesOf(provider, [guess(), guess(), guess(), rightKey()]);
        });
        await turnOfTheLoop();
        process.off("warning", listen);
        assert.deepEqual(statuses, [401, 401, 401, 200]);
        assert.deepEqual(
          events.map(({ reason, limiterError }) => [reason, limiterError]),
          [...Array(3).fill(["KEY_UNKNOWN", true]), [undefined, lockout]],
        );
        assert.deepEqual(
          warnings.map(({ code }) => code),
          ["MCP_NATIVE_AUTH_LIMITER_FAILED"],
        );
        assert.ok(!warnings[0].message.includes("hunter2"));
      });
    }
  }

  it("an event loop that is busy for longer than the time limit is no store that is down", async () => {
    const limiter = new Unhurried(new RateLimiterMemory({ points: 1, duration: 3600 }), () => 1);
    const provider = apiKeys({ limiter, limiterTimeoutMs: 1 });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) {
      const status = statusOf(provider, guess());
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      statuses.push(await status);
    }
    assert.deepEqual(statuses, [401, 429, 429]);
  });

  it("is warned of once a minute", async () => {
    const warnings = [];
    const listen = ({ code }) => warnings.push(code);
    process.on("warning", listen);
    let now = 0;
    const counts = new LimiterCounter({ consume: () => Promise.reject(new Error()) }, 1000, () => now);
    const warned = [];
    for (const time of [0, 1, 59_999, 60_000, 60_001, 119_999, 120_000]) {
      now = time;
      assert.equal(await counts.add("192.0.2.1"), undefined);
      await turnOfTheLoop();
      warned.push(warnings.length);
    }
    process.off("warning", listen);
    assert.deepEqual(warned, [1, 1, 1, 2, 2, 2, 3]);
  });

  it("a rejection after the time limit is nobody's unhandled one", () => {
    const script = `
      import { APIKeyAuthProvider } from "mcp-native-auth";
      const late = () => new Promise((_, reject) => setTimeout(reject, 20, new Error("late")));
      const throttle = { limiter: { consume: late }, limiterTimeoutMs: 1 };
      const provider = new APIKeyAuthProvider({ keys: ["k1"], throttle });
      console.log(await provider.authenticate({ headers: { "x-api-key": "k2" } }));`;
    const args = ["--input-type=module", "--eval", script];
    const child = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
    assert.deepEqual([child.status, child.stdout], [0, "false\n"]);
    assert.doesNotMatch(child.stderr, /\bError\b|\blate\b/);
  });
});

it("a configuration without throttle listens to no requests and enters no context, one with it once", () => {
  const script = `
    import { AsyncLocalStorage } from "node:async_hooks";
    import diagnostics from "node:diagnostics_channel";
    const entered = [];
    let listeners = 0;
    const { subscribe } = diagnostics;
    diagnostics.subscribe = (...args) => {
      listeners += 1;
      subscribe(...args);
    };
    const { enterWith } = AsyncLocalStorage.prototype;
    AsyncLocalStorage.prototype.enterWith = function (store) { entered.push(1); return enterWith.call(this, store); };
    const { APIKeyAuthProvider } = await import("mcp-native-auth");
    const ask = async (throttle) => {
      const provider = new APIKeyAuthProvider({ keys: ["k1"], throttle });
      new APIKeyAuthProvider({ keys: ["k1"] });
      for (const key of ["k1", "k2"]) await provider.authenticate({ headers: { "x-api-key": key } });
      provider.getAuthError();
      return [diagnostics.hasSubscribers("http.server.request.start"), listeners, entered.length];
    };
    console.log(JSON.stringify([await ask(undefined), await ask(null), await ask({})]));`;
  const args = ["--input-type=module", "--eval", script];
  const child = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
  assert.deepEqual(JSON.parse(child.stdout), [
    [false, 0, 0],
    [false, 0, 0],
    // For the response, and for the context.
    [true, 2, 2],
  ]);
});
