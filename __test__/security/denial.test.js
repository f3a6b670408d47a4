/** Bad credentials, however many and however large, deny nobody the service. Untimed: security/denial.js measures. */

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { API_KEY, HTTP_STREAM, OURS, SSE } from "../../bench/server/names.js";
import { JWTAuthProvider } from "../../index.js";
import { CACHED_ID_BASE } from "../../lib/native/load.js";
import { ALGORITHMS } from "../../security/denial/algorithms.js";
import { startChild } from "../../security/denial/child.js";
import { attackOn } from "../../security/denial/flood-credentials.js";
import { flood } from "../../security/denial/flooder.js";
import { connectGoodClients } from "../../security/denial/good-clients.js";
import { forged, genuine } from "../../security/denial/tokens.js";
import { jws } from "../support/keys.js";
import { nativeVerifier } from "../support/native-verifier.js";

const SECRET = "denial-test-secret-0123456789abcdef01234567";
const MAX_CACHED_LENGTH = 4096;
const NOW = 1_700_000_000;

/** The native verifier itself, which tells when it takes an answer from the cache. */
function native(cacheSize) {
  return nativeVerifier("text", Buffer.from(SECRET), { cacheSize });
}

/** A token of exactly this many bytes. Some lengths no base64url text has: those take another header. */
function tokenOfLength(length) {
  const kids = ["", "a", "aa"];
  const paddings = Array.from({ length: 100 }, (_, n) => "x".repeat(Math.floor(length * 0.75) - n - 60));
  for (const kid of kids) {
    for (const s of paddings) {
      const token = jws({ header: { alg: "HS256", kid }, payload: { s }, key: SECRET });
      if (token.length === length) return token;
    }
  }
  return assert.fail(`no token of ${length} bytes`);
}

describe("the cache is bounded", () => {
  for (const [length, isKept] of [
    [MAX_CACHED_LENGTH - 1, true],
    [MAX_CACHED_LENGTH, true],
    [MAX_CACHED_LENGTH + 1, false],
  ]) {
    it(`a token of ${length} bytes is ${isKept ? "kept" : "verified anew each time"}`, () => {
      const { verify } = native(8);
      const token = tokenOfLength(length);
      const answers = Array.from({ length: 4 }, () => verify(token, NOW));
      assert.deepEqual(
        answers.map((answer) => typeof answer),
        isKept ? ["string", "string", "number", "number"] : Array(4).fill("string"),
      );
      assert.ok(!isKept || answers[3] >= CACHED_ID_BASE);
    });
  }

  for (const cacheSize of [1, 7, 64]) {
    it(`of ten times as many tokens as its ${cacheSize}, that many are kept`, () => {
      const { verify, cachedClaims } = native(cacheSize);
      const ids = new Set();
      for (let n = 0; n < 10 * cacheSize; n += 1) {
        const token = jws({ header: { alg: "HS256" }, payload: { n }, key: SECRET });
        for (let time = 0; time < 3; time += 1) {
          const answer = verify(token, NOW);
          if (typeof answer === "number") ids.add(answer);
        }
      }
      assert.ok(ids.size >= 9 * cacheSize, `${ids.size} were kept at some time`);
      const kept = [...ids].filter((id) => cachedClaims(id) !== null);
      assert.equal(kept.length, cacheSize);
    });
  }
});

describe("forged tokens of every shape are rejected", () => {
  for (const algorithm of ALGORITHMS) {
    it(algorithm.name, async () => {
      const provider = new JWTAuthProvider(algorithm.config);
      const ask = (token) => provider.authenticate({ headers: { authorization: `Bearer ${token}` } });
      for (const size of [1024, 12 * 1024]) {
        const good = genuine(algorithm, size, "one long text", size);
        for (const [kind, make] of Object.entries(forged(algorithm, size))) {
          assert.equal(await ask(make()), false, `${kind}, ${size} bytes`);
          assert.notEqual(await ask(good), false, `a good one after ${kind}`);
        }
      }
    });
  }
});

// At once, because each server waits seconds for the connections that the good clients' pool keeps.
describe("a flood of bad credentials leaves good clients served", { concurrency: true }, () => {
  const CONNECTIONS = 32;
  const DEPTH = 4;
  const FLOOD_MS = 600;
  /** Connections that the good clients keep for later: far fewer than the flood's. */
  const OF_GOOD_CLIENTS = 8;
  const cells = [
    { transport: HTTP_STREAM, credential: API_KEY },
    { transport: HTTP_STREAM, credential: "ES256" },
    { transport: SSE, credential: "HS256" },
  ];

  before(async () => {
    // One after the other: a free port is found by asking for one and giving it back.
    for (const cell of cells) {
      cell.attack = attackOn(cell.credential, cell.transport);
      cell.server = startChild("server-child.js", ["--expose-gc"]);
      const { kind, config } = cell.attack;
      cell.url = (await cell.server.ask({ transport: cell.transport, library: OURS, kind, config })).url;
    }
  });

  for (const cell of cells) {
    it(`${cell.transport}, ${cell.credential}`, async () => {
      const { transport, server, url } = cell;
      const { good, identity, requests, rejection } = cell.attack;
      const connect = () => connectGoodClients({ transport, url, good, identity });
      try {
        const idle = await server.ask("vitals");
        const clients = await connect();
        const port = Number(new URL(url).port);
        const flooding = await flood({ port, requests, rejection, connections: CONNECTIONS, depth: DEPTH });
        const { latencies, failures } = await clients.callFor(FLOOD_MS);
        const { sent, rejected, others } = await flooding.stop();
        await clients.close();
        assert.deepEqual(failures, []);
        assert.ok(latencies.length >= 2, `${latencies.length} good calls`);
        assert.deepEqual(others, {}, "answered otherwise than with the 401");
        assert.equal(rejected, sent);
        assert.ok(rejected >= requests.length, `${rejected} of ${requests.length} kinds`);

        const latecomers = await connect();
        assert.deepEqual((await latecomers.callFor(1)).failures, []);
        await latecomers.close();
        let { descriptors } = await server.ask("vitals");
        for (let turn = 0; turn < 100 && descriptors > idle.descriptors + OF_GOOD_CLIENTS; turn += 1) {
          await sleep(50);
          ({ descriptors } = await server.ask("vitals"));
        }
        assert.ok(descriptors <= idle.descriptors + OF_GOOD_CLIENTS, "the flood's connections stay open");
      } finally {
        assert.equal(await server.stop(), 0, "the server closes by itself");
      }
    });
  }
});
