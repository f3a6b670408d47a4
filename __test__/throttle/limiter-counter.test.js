/** Failures counted by several machines in one real Redis, which goes down and comes back. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import diagnostics from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import { API_KEY, API_KEYS, JWT_SECRET, TOKEN, WRONG_API_KEY, WRONG_TOKEN } from "../support/credentials.js";
import { freePort } from "../support/free-port.js";
import { checkout } from "../support/project.js";
import { hasRedis, redisServer } from "../support/redis.js";
import { HTTP_STREAM, SSE, startServer, withoutFrameworkLog } from "../support/servers.js";

const WRONG_KEY = [["X-API-Key", WRONG_API_KEY]];
const RIGHT_KEY = [["X-API-Key", API_KEY]];
const WRONG_JWT = [["Authorization", `Bearer ${WRONG_TOKEN}`]];
const RIGHT_JWT = [["Authorization", `Bearer ${TOKEN}`]];
const TOO_MANY =
  '{"error":"Too many failed authentication attempts","status":429,"type":"authentication_error"}';
/** For a machine that is busy with other tests. */
const PATIENT = { limiterTimeoutMs: 60_000 };
const THROUGH = { [SSE]: 404, [HTTP_STREAM]: 400 };

if (hasRedis) {
  // A Redis that is away is waited for: no test may do so for ever.
  describe("throttling with a real Redis", { timeout: 120_000 }, withRedis);
} else {
  it("throttling with a real Redis was NOT TESTED: there is no redis-server on this machine's PATH", (t) => {
    assert.equal(process.env.CI, undefined, "continuous integration must have one; .ci/run installs it");
    t.diagnostic("install redis-server (Debian: apt-get install redis-server) to run these tests");
  });
}

function withRedis() {
  withoutFrameworkLog();
  let redis;
  const open = [];

  before(async () => {
    redis = await redisServer();
    await redis.start();
  });
  after(async () => {
    for (const close of open.reverse()) await close();
    await redis.stop();
  });

  /** A connection of its own for each machine. */
  async function client(options) {
    const connection = createClient({ url: redis.url, ...options });
    connection.on("error", () => {});
    open.push(() => connection.isOpen && connection.destroy());
    await connection.connect();
    return connection;
  }

  async function limiter(keyPrefix, { points = 3, duration = 3600, clientOptions, ...options } = {}) {
    const storeClient = await client(clientOptions);
    return new RateLimiterRedis({
      storeClient,
      useRedisPackage: true,
      keyPrefix,
      points,
      duration,
      ...options,
    });
  }

  /** A server of its own; `ask` gives the answer to a request with these headers. */
  async function machine(transport, provider) {
    const server = await startServer({ transport, provider });
    open.push(() => server.stop());
    const request = {
      method: "POST",
      path: transport === SSE ? "/messages?sessionId=unknown" : "/mcp",
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    };
    const headers = [
      ["Content-Type", "application/json"],
      ["Accept", "application/json, text/event-stream"],
    ];
    return {
      ask: (credential) => server.send({ ...request, headers: [...headers, ...credential] }),
      askPipelined: (credentials) =>
        server.sendPipelined(credentials.map((extra) => ({ ...request, headers: [...headers, ...extra] }))),
    };
  }

  const apiKeys = (throttle) => new APIKeyAuthProvider({ keys: API_KEYS, throttle });
  const jwt = (throttle) => new JWTAuthProvider({ secret: JWT_SECRET, throttle });

  it("the failures on one machine count on the other; good credentials work on both", async () => {
    const throttle = async () => ({ ...PATIENT, limiter: await limiter("two machines") });
    const machines = [
      await machine(HTTP_STREAM, apiKeys(await throttle())),
      await machine(SSE, jwt(await throttle())),
    ];
    const statuses = [];
    for (const [index, credential] of [
      [0, WRONG_KEY],
      [1, WRONG_JWT],
      [1, WRONG_JWT],
      [0, WRONG_KEY],
      [1, WRONG_JWT],
      [0, RIGHT_KEY],
      [1, RIGHT_JWT],
      [0, []],
    ]) {
      statuses.push((await machines[index].ask(credential)).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 429, 429, THROUGH[HTTP_STREAM], THROUGH[SSE], 401]);
    const { body, headers } = await machines[0].ask(WRONG_KEY);
    assert.equal(body, TOO_MANY);
    const [, retryAfter] = headers.find(([name]) => name === "Retry-After");
    assert.ok(Number(retryAfter) > 3500 && Number(retryAfter) <= 3600, retryAfter);
  });

  it("requests on one connection and on many get the answers that are theirs", async () => {
    const provider = apiKeys({ ...PATIENT, limiter: await limiter("interleaved") });
    const server = await machine(HTTP_STREAM, provider);
    for (let n = 0; n < 3; n += 1) await server.ask(WRONG_KEY);
    const credentials = Array.from({ length: 30 }, (_, n) => [WRONG_KEY, [], RIGHT_KEY][(n + (n >> 2)) % 3]);
    const expected = credentials.map((credential) =>
      credential === WRONG_KEY ? 429 : credential === RIGHT_KEY ? THROUGH[HTTP_STREAM] : 401,
    );
    const pipelined = await Promise.all(Array.from({ length: 4 }, () => server.askPipelined(credentials)));
    const single = await Promise.all(credentials.map((credential) => server.ask(credential)));
    for (const answers of [...pipelined, single]) {
      assert.deepEqual(
        answers.map(({ status }) => status),
        expected,
      );
    }
  });

  it("of many failures at once on two machines exactly as many get 401 as are allowed", async () => {
    const options = { points: 5 };
    const machines = [
      await machine(HTTP_STREAM, apiKeys({ ...PATIENT, limiter: await limiter("at once", options) })),
      await machine(SSE, apiKeys({ ...PATIENT, limiter: await limiter("at once", options) })),
    ];
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => machines[n % 2].ask(WRONG_KEY)));
    assert.equal(answers.filter(({ status }) => status === 401).length, 5);
    assert.equal(answers.filter(({ status }) => status === 429).length, 55);
  });

  it("with lockout, good credentials are refused on both machines", async () => {
    const throttle = async () => ({ ...PATIENT, limiter: await limiter("lockout"), lockout: true });
    const machines = [
      await machine(HTTP_STREAM, apiKeys(await throttle())),
      await machine(SSE, apiKeys(await throttle())),
    ];
    const ask = async (index, credential) => (await machines[index].ask(credential)).status;
    assert.equal(await ask(1, RIGHT_KEY), THROUGH[SSE]);
    for (const index of [0, 1, 0]) assert.equal(await ask(index, WRONG_KEY), 401);
    for (const index of [0, 1]) assert.equal(await ask(index, RIGHT_KEY), 429);
  });

  describe("the example of docs/monitoring.md", () => {
    const page = readFileSync(path.join(checkout, "docs/monitoring.md"), "utf8");
    const [, code] = /\n```js in limiter-counter\n(.*?)\n```\n/s.exec(page);
    const ask = `
      const statuses = [];
      for (let n = 0; n < 12; n += 1) {
        const request = { headers: { "x-api-key": "guess" }, socket: { remoteAddress: "203.0.113.9" } };
        statuses.push((await provider.authenticate(request)) ? 200 : provider.getAuthError().status);
      }
      console.log(statuses.join());`;
    /** Runs the example, and ends it by a signal as soon as it has printed. */
    const outcome = async (prelude, url, signals) => {
      const args = ["--input-type=module", "--eval", code + prelude + ask];
      const env = { ...process.env, REDIS_URL: url, API_KEY };
      const child = spawn(process.execPath, args, {
        cwd: checkout,
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
        for (const signal of signals) child.kill(signal);
      });
      const [status] = await once(child, "close");
      return { status, output: output.trim() };
    };

    for (const signals of [["SIGTERM"], ["SIGINT", "SIGTERM"]]) {
      it(`counts, and ends on ${signals.join(" and ")}`, async () => {
        const connection = await client();
        await connection.del("mcp-auth:203.0.113.9");
        const ready = `if (!redis.isReady) await new Promise((resolve) => redis.once("ready", resolve));`;
        const { status, output } = await outcome(ready, redis.url, signals);
        assert.deepEqual([status, output], [0, `${"401,".repeat(10)}429,429`]);
        assert.deepEqual(await connection.keys("mcp-auth:*"), ["mcp-auth:203.0.113.9"]);
      });
    }

    it("decides without counting while Redis is down, and ends on SIGTERM", async () => {
      const { status, output } = await outcome("", `redis://127.0.0.1:${await freePort()}`, ["SIGTERM"]);
      assert.deepEqual([status, output], [0, Array(12).fill("401").join()]);
    });
  });

  describe("going down and coming back", () => {
    const ways = {
      "killed, its client says so at once": { down: "stop", up: "start", disableOfflineQueue: true },
      "killed, its client waits for it": { down: "stop", up: "start", disableOfflineQueue: false },
      "frozen, its connections open": { down: "freeze", up: "thaw", disableOfflineQueue: false },
    };
    for (const [name, { down, up, disableOfflineQueue }] of Object.entries(ways)) {
      it(`${name}: requests are decided and events say so; afterwards it counts again`, async () => {
        const clientOptions = { disableOfflineQueue, socket: { reconnectStrategy: () => 20 } };
        const counted = await limiter(`down: ${name}`, { points: 2, clientOptions });
        const server = await machine(HTTP_STREAM, apiKeys({ limiter: counted, limiterTimeoutMs: 1000 }));
        const events = [];
        const warnings = [];
        const take = ({ reason, limiterError }) => events.push(`${reason} ${limiterError}`);
        const warned = ({ code }) => warnings.push(code);
        diagnostics.subscribe("mcp-native-auth:rejected", take);
        process.on("warning", warned);
        const ask = async (credential) => (await server.ask(credential)).status;
        try {
          assert.deepEqual([await ask(WRONG_KEY), await ask(RIGHT_KEY)], [401, THROUGH[HTTP_STREAM]]);
          await redis[down]();
          for (let n = 0; n < 2; n += 1) {
            assert.equal(await ask(WRONG_KEY), 401);
            assert.equal(await ask(RIGHT_KEY), THROUGH[HTTP_STREAM]);
          }
          assert.deepEqual(events.splice(0), ["KEY_UNKNOWN false", "KEY_UNKNOWN true", "KEY_UNKNOWN true"]);
          assert.deepEqual(warnings, ["MCP_NATIVE_AUTH_LIMITER_FAILED"]);

          await redis[up]();
          // Until the client has connected again, then until the failures are used up.
          const deadline = Date.now() + 20_000;
          while ((await ask(WRONG_KEY)) !== 429) {
            assert.ok(Date.now() < deadline, `never counted again: ${events}`);
            await sleep(20);
          }
          assert.equal(events.at(-1), "THROTTLED false");
          assert.equal(await ask(RIGHT_KEY), THROUGH[HTTP_STREAM]);
        } finally {
          await redis[up]();
          diagnostics.unsubscribe("mcp-native-auth:rejected", take);
          process.off("warning", warned);
        }
      });
    }

    it("an insurance of the limiter's own counts in memory meanwhile", async () => {
      const insuranceLimiter = new RateLimiterMemory({ points: 1, duration: 3600 });
      const clientOptions = { disableOfflineQueue: true, socket: { reconnectStrategy: () => 20 } };
      const insured = await limiter("insured", { insuranceLimiter, clientOptions });
      const server = await machine(HTTP_STREAM, apiKeys({ ...PATIENT, limiter: insured }));
      const ask = async () => (await server.ask(WRONG_KEY)).status;
      assert.equal(await ask(), 401);
      await redis.stop();
      try {
        assert.deepEqual([await ask(), await ask()], [401, 429]);
      } finally {
        await redis.start();
      }
    });
  });
}
