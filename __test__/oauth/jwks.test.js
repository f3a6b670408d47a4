/** The keys of an issuer by URL: rotation and withdrawal, under floods of unknown `kid`s and while the issuer is down. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { SourceError } from "../../lib/core/refresh.js";
import { createKeySet, readJwks } from "../../lib/oauth/jwks.js";
import { rawServer, scriptedServer, sendJson } from "../support/scripted-server.js";
import { failureOf } from "../support/source-error.js";
import { follow, settle, virtualTime } from "../support/virtual-time.js";

const MODULE = new URL("../../lib/oauth/jwks.js", import.meta.url).href;
const URI = "https://issuer.example.com/jwks";

const jwk = (kid, more) => ({ kty: "RSA", kid, n: "AQAB", e: "AQAB", ...more });
const setOf = (...kids) => ({ keys: kids.map((kid) => jwk(kid)) });

/** The `kid`s that a value was built of. */
const build = ({ keys }) => keys.map(({ kid }) => kid).join();

/** An issuer without a network: `issuer.set` is what it serves, or throws, after `issuer.delayMs`. */
function setUp(t, options = {}) {
  const time = virtualTime(t);
  const issuer = {
    set: /** @type {any} */ (setOf("a")),
    maxAgeSeconds: undefined,
    delayMs: 0,
    /** When each fetch started and ended. */
    fetches: [],
  };
  const failures = [];
  const keys = createKeySet({
    locate: URI,
    build,
    now: time.now,
    onFailure: (failed) => failures.push(failed),
    get: async () => {
      const fetch = { startMs: time.now(), endMs: Number.NaN };
      issuer.fetches.push(fetch);
      const { set } = issuer;
      if (issuer.delayMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, issuer.delayMs));
      }
      fetch.endMs = time.now();
      if (set instanceof Error) throw set;
      return { json: structuredClone(set), text: "", maxAgeSeconds: issuer.maxAgeSeconds };
    },
    ...options,
  });
  t.after(() => keys.close());
  return { keys, issuer, time, failures };
}

const down = () => new SourceError("ERR_MCP_AUTH_HTTP_CONNECTION", "down");

describe("readJwks", () => {
  it("takes keys that can verify tokens, with all their members, and skips the others", () => {
    const good = [
      jwk("rsa", { use: "sig", alg: "RS256", x5c: ["x"] }),
      { kty: "EC", kid: "ec", crv: "P-256", x: "x", y: "y", key_ops: ["verify"] },
      { kty: "OKP", kid: "ed", crv: "Ed25519", x: "x" },
    ];
    const skipped = [
      null,
      42,
      "x",
      [],
      {},
      { kty: "RSA" },
      jwk(""),
      jwk(7),
      jwk(null),
      jwk("\ud800"),
      jwk("enc", { use: "enc" }),
      jwk("use", { use: null }),
      jwk("ops", { key_ops: ["encrypt"] }),
      jwk("ops", { key_ops: "verify" }),
      jwk("private", { d: "AQAB" }),
      { kty: "oct", kid: "oct", k: "AQAB" },
      { kty: "rsa", kid: "case" },
      { kty: "unknown", kid: "unknown" },
    ];
    assert.deepEqual(readJwks({ keys: [...skipped, ...good, ...skipped], more: 1 }), good);
  });

  it("takes at most four keys with one kid", () => {
    const keys = Array.from({ length: 6 }, (_, index) => jwk("a", { n: String(index) }));
    assert.deepEqual(readJwks({ keys }), keys.slice(0, 4));
  });

  it("bounds the number of keys", () => {
    const kids = Array.from({ length: 101 }, (_, index) => `k${index}`);
    assert.equal(readJwks(setOf(...kids.slice(0, 100))).length, 100);
    assert.throws(() => readJwks(setOf(...kids)), { code: "ERR_MCP_AUTH_JWKS_TOO_MANY_KEYS" });
  });

  it("rejects what is not a JWK Set", () => {
    for (const document of [null, [], {}, "x", 42, { keys: null }, { keys: {} }, { keys: "x" }, [jwk("a")]]) {
      assert.throws(() => readJwks(document), { code: "ERR_MCP_AUTH_JWKS_INVALID" });
    }
    assert.throws(() => readJwks(Object.create({ keys: [] })), { code: "ERR_MCP_AUTH_JWKS_INVALID" });
  });
});

describe("keysFor", () => {
  it("fetches nothing before it is asked, and one set for all who ask at first", async (t) => {
    const { keys, issuer, time } = setUp(t);
    issuer.delayMs = 2000;
    assert.equal(keys.peek("a"), undefined);
    await time.advance(100_000);
    assert.equal(issuer.fetches.length, 0);
    const got = Array.from({ length: 100 }, () => keys.keysFor("a"));
    await time.advance(2000);
    assert.deepEqual(new Set(await Promise.all(got)), new Set(["a"]));
    assert.equal(issuer.fetches.length, 1);
    assert.equal(keys.waiting, 0);
  });

  it("answers for a known kid at once and gives the value of the whole set", async (t) => {
    const { keys, issuer } = setUp(t);
    issuer.set = setOf("a", "b");
    assert.equal(await keys.keysFor("a"), "a,b");
    assert.equal(keys.peek("b"), "a,b");
    assert.equal(await keys.keysFor("b"), "a,b");
    assert.equal(issuer.fetches.length, 1);
  });

  it("never looks up what cannot be a kid", async (t) => {
    const { keys, issuer } = setUp(t);
    for (const kid of [undefined, null, "", 42, {}, ["a"], "x".repeat(513), "__proto__".repeat(100)]) {
      assert.equal(await keys.keysFor(kid), undefined);
    }
    assert.equal(issuer.fetches.length, 0);
  });

  it("waits for a set that is read after the call, and gives undefined if the kid is not there either", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    const got = follow(keys.keysFor("b"));
    await time.advance(2999);
    assert.equal(got.settled, false);
    assert.equal(issuer.fetches.length, 1);
    await time.advance(1);
    assert.deepEqual(got, { settled: true, value: undefined });
    assert.equal(issuer.fetches.length, 2);
  });

  it("does not take a set that was under way before the call for an answer, unless it has the kid", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    issuer.delayMs = 1000;
    await time.advance(3000);
    issuer.set = setOf("a", "b");
    const first = follow(keys.keysFor("b"));
    await time.advance(500);
    issuer.set = setOf("a", "b", "c");
    const [second, third] = [follow(keys.keysFor("b")), follow(keys.keysFor("c"))];
    await time.advance(500);
    assert.equal(first.value, "a,b");
    assert.equal(second.value, "a,b");
    assert.equal(third.settled, false);
    await time.advance(4000, 1000);
    assert.equal(third.value, "a,b,c");
  });

  it("remembers briefly that a kid is unknown, in bounds, and looks at newer sets first", async (t) => {
    const { keys, issuer, time } = setUp(t, { maxUnknown: 2 });
    await keys.ready();
    const unknown = ["x", "y", "z"].map((kid) => follow(keys.keysFor(kid)));
    await time.advance(3000);
    assert.deepEqual(
      unknown.map(({ settled }) => settled),
      [true, true, true],
    );
    // The eldest had to go.
    const [x, y, z] = ["x", "y", "z"].map((kid) => follow(keys.keysFor(kid)));
    await settle();
    assert.deepEqual([x.settled, y.settled, z.settled], [false, true, true]);
    issuer.set = setOf("a", "y");
    await time.advance(3000);
    assert.equal(await keys.keysFor("y"), "a,y");
    // 5 s after it was not found.
    const again = follow(keys.keysFor("z"));
    await time.advance(1999);
    assert.deepEqual(again, { settled: true, value: undefined });
    await time.advance(1);
    assert.equal(follow(keys.keysFor("z")).settled, false);
    assert.equal(keys.waiting, 1);
  });

  it("bounds who waits, and says when to try again", async (t) => {
    const { keys, issuer, time } = setUp(t, { maxWaiting: 10 });
    await keys.ready();
    const waiting = Array.from({ length: 10 }, (_, index) => follow(keys.keysFor(`x${index}`)));
    const error = await failureOf(keys.keysFor("y"));
    assert.equal(error.code, "ERR_MCP_AUTH_JWKS_BUSY");
    assert.equal(error.retryAfterMs, 3000);
    assert.equal(keys.waiting, 10);
    assert.equal(await keys.keysFor("a"), "a");
    await time.advance(3000);
    assert.ok(waiting.every(({ settled, error: failed }) => settled && failed === undefined));
    assert.equal(keys.waiting, 0);
    assert.equal(issuer.fetches.length, 2);
  });

  it("bounds how long each waits", async (t) => {
    const { keys, issuer, time } = setUp(t, { timeoutMs: 60_000 });
    issuer.delayMs = 50_000;
    const got = follow(keys.keysFor("a"));
    await time.advance(4999);
    assert.equal(got.settled, false);
    await time.advance(1);
    assert.equal(got.error.code, "ERR_MCP_AUTH_JWKS_UNAVAILABLE");
    assert.equal(got.error.retryAfterMs, 3000);
    assert.equal(keys.waiting, 0);
  });

  it("finds the URL of the set for each fetch", async (t) => {
    const urls = [];
    let count = 0;
    const { keys, time } = setUp(t, {
      locate: async ({ signal }) => {
        assert.ok(signal instanceof AbortSignal);
        count += 1;
        return `${URI}/${count}`;
      },
      get: async (url) => {
        urls.push(url);
        return { json: setOf("a"), text: "", maxAgeSeconds: undefined };
      },
    });
    await keys.ready();
    follow(keys.keysFor("x"));
    await time.advance(3000);
    assert.deepEqual(urls, [`${URI}/1`, `${URI}/2`]);
  });
});

describe("under a flood of unknown kids", () => {
  // 800 a second, whatever a fetch takes, whenever the key is rotated in.
  for (const delayMs of [0, 300, 1500]) {
    for (const rotateAtMs of [4000, 6990]) {
      it(`a key that is rotated in is accepted within 10 s (fetch ${delayMs} ms, at ${rotateAtMs} ms)`, async (t) => {
        const { keys, issuer, time } = setUp(t);
        await keys.ready();
        issuer.delayMs = delayMs;
        const begunMs = time.now();
        let acceptedAtMs;
        let mostWaiting = 0;
        for (let count = 0; time.now() - begunMs < 20_000; ) {
          const sinceMs = time.now() - begunMs;
          if (sinceMs >= rotateAtMs) issuer.set = setOf("a", "b");
          for (let index = 0; index < 40; index += 1, count += 1) {
            keys.keysFor(`unknown-${count}`).catch(() => {});
          }
          // A good token in the midst: at once, and whatever happens.
          assert.equal(
            keys.peek("a"),
            acceptedAtMs === undefined && keys.peek("b") === undefined ? "a" : "a,b",
          );
          if (sinceMs >= rotateAtMs && acceptedAtMs === undefined && keys.peek("b") !== undefined) {
            acceptedAtMs = sinceMs;
          }
          mostWaiting = Math.max(mostWaiting, keys.waiting);
          await time.advance(50);
        }
        assert.ok(acceptedAtMs - rotateAtMs <= 10_000, `accepted after ${acceptedAtMs - rotateAtMs} ms`);
        assert.ok(mostWaiting <= 1000);
        for (const [index, { startMs }] of issuer.fetches.entries()) {
          if (index > 0) assert.ok(startMs - issuer.fetches[index - 1].startMs >= 3000);
        }
        assert.ok(issuer.fetches.length >= 4);
      });
    }
  }

  it("over HTTP: the issuer is asked at a bounded rate, good tokens pass, and the new key is accepted", async (t) => {
    const minIntervalMs = 300;
    let set = setOf("a");
    const { origin, requests } = await scriptedServer(t, (_, res) => sendJson(res, set));
    const keys = createKeySet({ locate: `${origin}/jwks`, build, minIntervalMs });
    t.after(() => keys.close());
    await keys.ready();
    let isFound = false;
    for (let count = 0; !isFound || requests.length < 5; count += 1) {
      for (let index = 0; index < 16; index += 1) keys.keysFor(`x${count}-${index}`).catch(() => {});
      assert.notEqual(keys.peek("a"), undefined);
      if (count === 40) {
        set = setOf("a", "b");
        keys.keysFor("b").then(
          (value) => {
            isFound = value === "a,b";
          },
          () => {},
        );
      }
      isFound ||= keys.peek("b") !== undefined;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const [index, { atMs }] of requests.entries()) {
      if (index > 0) assert.ok(atMs - requests[index - 1].atMs >= minIntervalMs - 1);
    }
  });
});

describe("withdrawal", () => {
  it("takes a key out as soon as a newer set is read", async (t) => {
    const { keys, issuer, time } = setUp(t);
    issuer.set = setOf("a", "b");
    await keys.ready();
    issuer.set = setOf("b");
    follow(keys.keysFor("stranger"));
    await time.advance(3000);
    assert.equal(keys.peek("a"), undefined);
    assert.equal(keys.peek("b"), "b");
  });

  it("happens within the age of a set, without a request", async (t) => {
    const { keys, issuer, time } = setUp(t);
    issuer.set = setOf("a", "b");
    await keys.ready();
    issuer.set = setOf("b");
    await time.advance(720_000);
    assert.equal(keys.peek("a"), undefined);
    assert.equal(keys.peek("b"), "b");
  });

  it("of all keys accepts nothing, and rejects nothing either", async (t) => {
    for (const set of [{ keys: [] }, { keys: [jwk("a", { use: "enc" })] }]) {
      const { keys, issuer, time, failures } = setUp(t);
      await keys.ready();
      issuer.set = set;
      const got = follow(keys.keysFor("x"));
      await time.advance(3000);
      assert.equal(got.error.code, "ERR_MCP_AUTH_JWKS_UNUSABLE");
      assert.equal(keys.peek("a"), undefined);
      assert.equal(failures[0].error.code, "ERR_MCP_AUTH_JWKS_UNUSABLE");
      assert.equal((await failureOf(keys.ready())).code, "ERR_MCP_AUTH_JWKS_UNUSABLE");
      const known = follow(keys.keysFor("a"));
      issuer.set = setOf("a");
      await time.advance(3000);
      assert.equal(known.value, "a");
      t.mock.timers.reset();
    }
  });

  it("of all keys is not undone by what was unknown before", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    follow(keys.keysFor("b"));
    await time.advance(3000);
    assert.equal(await keys.keysFor("b"), undefined);
    issuer.set = { keys: [] };
    follow(keys.keysFor("x"));
    await time.advance(3000);
    const got = follow(keys.keysFor("b"));
    await time.advance(1000);
    assert.equal(got.settled, false);
    await time.advance(2000);
    assert.equal(got.error.code, "ERR_MCP_AUTH_JWKS_UNUSABLE");
  });

  it("is what a set means of which nothing can be built", async (t) => {
    const { keys, issuer, time } = setUp(t, {
      build: (jwks) => {
        if (build(jwks) === "b") throw new Error("hunter2");
        return build(jwks);
      },
    });
    await keys.ready();
    issuer.set = setOf("b");
    const got = follow(keys.keysFor("b"));
    await time.advance(3000);
    assert.equal(got.error.code, "ERR_MCP_AUTH_JWKS_UNUSABLE");
    assert.doesNotMatch(inspect(got.error), /hunter2/);
    assert.equal(keys.peek("a"), undefined);
  });

  it("is not what an answer means that is not a JWK Set", async (t) => {
    const { keys, issuer, time, failures } = setUp(t);
    await keys.ready();
    issuer.set = { error: "server_error" };
    const got = follow(keys.keysFor("x"));
    await time.advance(3000);
    assert.equal(got.error.code, "ERR_MCP_AUTH_JWKS_INVALID");
    assert.equal(keys.peek("a"), "a");
    assert.equal(failures[0].usingStaleValue, true);
  });
});

describe("while the issuer cannot be asked", () => {
  it("known keys keep working for the stated time, and then nothing is decided", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    issuer.set = down();
    await time.advance(900_000 + 3_600_000 - 2000, 1000);
    assert.equal(keys.peek("a"), "a");
    await time.advance(2000);
    assert.equal(keys.peek("a"), undefined);
    assert.equal((await failureOf(keys.keysFor("a"))).code, "ERR_MCP_AUTH_HTTP_CONNECTION");
  });

  it("an unknown kid is not rejected: it cannot be decided", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    issuer.set = down();
    const got = follow(keys.keysFor("b"));
    await time.advance(3000);
    assert.equal(got.error.code, "ERR_MCP_AUTH_HTTP_CONNECTION");
    assert.equal(got.error.retryAfterMs, 3000);
    // Twice in a row: longer than the longest wait, so at once.
    const second = follow(keys.keysFor("b"));
    await time.advance(3000);
    assert.equal(second.error.retryAfterMs, 6000);
    const third = await failureOf(keys.keysFor("b"));
    assert.equal(third.code, "ERR_MCP_AUTH_HTTP_CONNECTION");
    assert.equal(third.retryAfterMs, 6000);
    assert.equal(keys.waiting, 0);
  });

  it("a known key is given although the fetch that it waited for failed", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    // As after the machine was suspended: the set has outlived its age, and nothing was tried.
    const clock = { aheadMs: 0 };
    const suspended = createKeySet({
      locate: URI,
      build,
      now: () => time.now() + clock.aheadMs,
      get: async () => {
        if (issuer.set instanceof Error) throw issuer.set;
        return { json: issuer.set, text: "", maxAgeSeconds: undefined };
      },
    });
    t.after(() => suspended.close());
    await suspended.ready();
    clock.aheadMs = 1_000_000;
    issuer.set = down();
    assert.equal(suspended.peek("a"), undefined);
    assert.equal(await suspended.keysFor("a"), "a");
    assert.equal(suspended.peek("a"), "a");
  });

  it("is over with the first fetch that succeeds", async (t) => {
    const { keys, issuer, time } = setUp(t);
    issuer.set = down();
    for (let second = 0; second < 120; second += 1) {
      keys.keysFor("a").catch(() => {});
      await time.advance(1000);
    }
    issuer.set = setOf("a");
    const fetches = issuer.fetches.length;
    for (let second = 0; second < 15; second += 1) {
      keys.keysFor("a").catch(() => {});
      await time.advance(1000);
    }
    assert.equal(keys.peek("a"), "a");
    assert.equal(issuer.fetches.length, fetches + 1);
    assert.ok(fetches <= 12, `${fetches} fetches in two minutes`);
  });
});

describe("the age of a set", () => {
  it("is what the issuer says, but a minute at least, and no longer than configured", async (t) => {
    const ages = [
      [0, 48_000],
      [600, 480_000],
      [undefined, 720_000],
      [86_400, 720_000],
    ];
    for (const [maxAgeSeconds, refreshedAfterMs] of ages) {
      const { keys, issuer, time } = setUp(t);
      issuer.maxAgeSeconds = maxAgeSeconds;
      await keys.ready();
      await time.advance(refreshedAfterMs - 1);
      assert.equal(issuer.fetches.length, 1, String(maxAgeSeconds));
      await time.advance(1);
      assert.equal(issuer.fetches.length, 2, String(maxAgeSeconds));
      keys.close();
      t.mock.timers.reset();
    }
  });
});

describe("suspect", () => {
  it("fetches another set for a signature that did not fit, if this one is not new", async (t) => {
    const { keys, issuer, time } = setUp(t);
    keys.suspect();
    await settle();
    assert.equal(issuer.fetches.length, 0);
    await keys.ready();
    await time.advance(29_999);
    for (let index = 0; index < 1000; index += 1) keys.suspect();
    await settle();
    assert.equal(issuer.fetches.length, 1);
    await time.advance(1);
    for (let index = 0; index < 1000; index += 1) keys.suspect();
    await settle();
    assert.equal(issuer.fetches.length, 2);
    await time.advance(29_000, 1000);
    assert.equal(issuer.fetches.length, 2);
  });
});

describe("close", () => {
  it("rejects all who wait and ends fetches; known keys stay", async (t) => {
    const { keys, issuer, time } = setUp(t);
    await keys.ready();
    const got = keys.keysFor("b");
    keys.close();
    assert.equal((await failureOf(got)).code, "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.equal((await failureOf(keys.keysFor("b"))).code, "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.equal(keys.peek("a"), "a");
    assert.equal(keys.waiting, 0);
    await time.advance(800_000, 10_000);
    assert.equal(issuer.fetches.length, 1);
  });
});

describe("over HTTP", () => {
  it("what a server does instead of answering is a failure with its code", async (t) => {
    const answers = {
      "/redirect": (res) => sendJson(res, {}, { status: 302, headers: { location: "/set" } }),
      "/status": (res) => sendJson(res, setOf("a"), { status: 500 }),
      "/page": (res) => res.writeHead(200, { "content-type": "text/html" }).end("<html></html>"),
      "/large": (res) => sendJson(res, { ...setOf("a"), x: "x".repeat(1024 * 1024) }),
      "/text": (res) => res.end("keys"),
      "/twice": (res) => res.end('{"keys":[],"keys":[]}'),
      "/set": (res) => sendJson(res, setOf("a")),
    };
    const { origin, requests } = await scriptedServer(t, (req, res) => answers[req.url](res));
    const codes = {};
    for (const path of Object.keys(answers).filter((name) => name !== "/set")) {
      const keys = createKeySet({ locate: origin + path, build });
      t.after(() => keys.close());
      codes[path] = (await failureOf(keys.keysFor("a"))).code.replace("ERR_MCP_AUTH_HTTP_", "");
    }
    assert.deepEqual(codes, {
      "/redirect": "REDIRECT",
      "/status": "STATUS",
      "/page": "CONTENT_TYPE",
      "/large": "TOO_LARGE",
      "/text": "NOT_JSON",
      "/twice": "NOT_JSON",
    });
    assert.ok(requests.every(({ url }) => url !== "/set"));
  });

  it("a server that stalls does not keep requests waiting beyond the deadline", async (t) => {
    const { origin } = await rawServer(t, (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
      const timer = setInterval(() => socket.write(" "), 5);
      socket.on("close", () => clearInterval(timer));
    });
    const keys = createKeySet({ locate: origin, build, timeoutMs: 100 });
    t.after(() => keys.close());
    const errors = await Promise.all(Array.from({ length: 100 }, () => failureOf(keys.keysFor("a"))));
    assert.ok(errors.every(({ code }) => /_TIMEOUT$/.test(code)));
  });

  it("leaves no timer behind for calls that were answered", async (t) => {
    const { origin } = await scriptedServer(t, (_, res) => sendJson(res, setOf("a")));
    const keys = createKeySet({ locate: origin, build, minIntervalMs: 10 });
    t.after(() => keys.close());
    const countTimers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = countTimers();
    await Promise.all(["a", "b", "c"].map((kid) => keys.keysFor(kid)));
    assert.ok(countTimers() <= before);
  });

  it("rejects a URL that is not to be asked", () => {
    for (const locate of ["http://issuer.example.com/jwks", "ftp://127.0.0.1/", "nope", ""]) {
      assert.throws(() => createKeySet({ locate, build }), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
    }
  });

  it("the process ends with a set that is kept fresh and a fetch under way in the background", async (t) => {
    let count = 0;
    const { origin } = await scriptedServer(t, (_, res) => {
      count += 1;
      if (count === 1) sendJson(res, setOf("a"), { headers: { "cache-control": "max-age=3600" } });
    });
    const script = `
      import { createKeySet } from ${JSON.stringify(MODULE)};
      const keys = createKeySet({ locate: "${origin}", build: () => 1, timeoutMs: 86400000, minSuspectAgeMs: 0, minIntervalMs: 1 });
      await keys.ready();
      keys.suspect();
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(keys.peek("a"));
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { timeout: 60_000 });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual({ status, output: output.trim(), count }, { status: 0, output: "1", count: 2 });
  });
});
