/**
 * The framework rejects a request without an API key itself, without asking the provider. Each such rejection is one
 * event, whatever other requests are in flight.
 */

import assert from "node:assert/strict";
import diagnostics from "node:diagnostics_channel";
import { after, before, beforeEach, describe, it } from "node:test";
import { APIKeyAuthProvider, anyOf } from "mcp-native-auth";
import { API_KEY, API_KEYS, WRONG_API_KEY } from "../../support/credentials.js";
import {
  HTTP_STREAM,
  SSE,
  serverlessServer,
  startServer,
  withoutFrameworkLog,
} from "../../support/servers.js";

const NAMES = ["mcp-native-auth:accepted", "mcp-native-auth:rejected"];

/** Reason and address of each event. */
let events;
const note = ({ reason = "accepted", remoteAddress }) => events.push([reason, remoteAddress]);

withoutFrameworkLog();
before(() => {
  // Before servers start: what nobody reads is not noted.
  for (const name of NAMES) diagnostics.subscribe(name, note);
});
after(() => {
  for (const name of NAMES) diagnostics.unsubscribe(name, note);
});
beforeEach(() => {
  events = [];
});

const key = (value) => (value === undefined ? [] : [["X-API-Key", value]]);
const [ACCEPTED, UNKNOWN, MISSING] = ["accepted", "KEY_UNKNOWN", "KEY_MISSING"].map((reason) => [
  reason,
  "127.0.0.1",
]);
const sorted = (list) => list.map(String).sort();

class OwnAnswer extends APIKeyAuthProvider {
  getAuthError() {
    return { status: 401, message: "Send a key" };
  }
}

class Extended extends APIKeyAuthProvider {
  async authenticate(request) {
    await null;
    return super.authenticate(request);
  }
}

const PROVIDERS = {
  "a plain one": () => new APIKeyAuthProvider({ keys: API_KEYS }),
  "one with a throttle": () => new APIKeyAuthProvider({ keys: API_KEYS, throttle: { failures: 1000 } }),
  "an extended one": () => new Extended({ keys: API_KEYS }),
  "one with an answer of its own": () => new OwnAnswer({ keys: API_KEYS }),
};

for (const [transport, path] of [
  [SSE, "/messages?sessionId=unknown"],
  [HTTP_STREAM, "/mcp"],
]) {
  for (const [name, make] of Object.entries(PROVIDERS)) {
    describe(`over ${transport}, ${name}`, () => {
      let server;
      before(async () => {
        server = await startServer({ transport, provider: make(), endpoints: { sse: true } });
      });
      after(() => server.stop());
      const post = (value) => server.send({ method: "POST", path, headers: key(value), body: "{}" });

      it("publishes each rejection once, in turn", async () => {
        for (const value of [undefined, API_KEY, undefined, undefined, WRONG_API_KEY, undefined]) {
          await post(value);
        }
        assert.deepEqual(events, [MISSING, ACCEPTED, MISSING, MISSING, UNKNOWN, MISSING]);
      });

      it("publishes each rejection once while others are in flight", async () => {
        const values = Array.from({ length: 60 }, (_, n) => [undefined, API_KEY, WRONG_API_KEY][n % 3]);
        const answers = await Promise.all(values.map(post));
        assert.equal(answers.filter(({ status }) => status === 401).length, 40);
        assert.deepEqual(
          sorted(events),
          sorted(Array.from({ length: 20 }, () => [MISSING, ACCEPTED, UNKNOWN]).flat()),
        );
      });

      it("publishes each rejection once where one run of the event loop takes several requests", async () => {
        // GETs, which the framework decides about without waiting for a body.
        const GET = { method: "GET", path: transport === SSE ? "/sse" : "/mcp" };
        const values = [undefined, WRONG_API_KEY, undefined, undefined, WRONG_API_KEY];
        await server.sendPipelined(values.map((value) => ({ ...GET, headers: key(value) })));
        assert.deepEqual(sorted(events), sorted([MISSING, MISSING, MISSING, UNKNOWN, UNKNOWN]));
      });
    });
  }
}

describe("behind a proxy that is trusted", () => {
  it("gives the client's address", async () => {
    const provider = new APIKeyAuthProvider({ keys: API_KEYS, trustProxy: { header: "X-Real-IP" } });
    const server = await startServer({ transport: HTTP_STREAM, provider });
    try {
      await server.send({
        method: "POST",
        path: "/mcp",
        headers: [["X-Real-IP", "203.0.113.9"]],
        body: "{}",
      });
    } finally {
      await server.stop();
    }
    assert.deepEqual(events, [["KEY_MISSING", "203.0.113.9"]]);
  });
});

describe("serverless", () => {
  it("publishes each rejection once; the address is not known", async () => {
    const server = serverlessServer({ provider: PROVIDERS["a plain one"]() });
    const post = (value) => server.send({ method: "POST", path: "/mcp", headers: key(value), body: "{}" });
    await Promise.all([undefined, WRONG_API_KEY, undefined].map(post));
    assert.deepEqual(
      sorted(events),
      sorted([
        ["KEY_MISSING", undefined],
        ["KEY_UNKNOWN", "0.0.0.0"],
        ["KEY_MISSING", undefined],
      ]),
    );
  });
});

describe("what is no rejection of the framework", () => {
  const provider = new APIKeyAuthProvider({ keys: API_KEYS });
  const request = (value) => ({ headers: { "x-api-key": value }, socket: { remoteAddress: "127.0.0.1" } });

  it("reading the name of the header", async () => {
    provider.getHeaderName();
    await null;
    provider.getAuthError();
    provider.getHeaderName();
    assert.deepEqual(events, []);
  });

  it("the answer of a request that the provider has rejected, and the challenge that names the header", async () => {
    for (let n = 0; n < 3; n += 1) {
      provider.getHeaderName();
      await provider.authenticate(request(WRONG_API_KEY));
      provider.getAuthError();
      provider.getHeaderName();
    }
    assert.deepEqual(events, Array(3).fill(UNKNOWN));
  });

  it("what an extended provider reads while it decides", async () => {
    class Curious extends APIKeyAuthProvider {
      async authenticate(asked) {
        return this.getHeaderName() !== "" && this.getAuthError().status === 401 && super.authenticate(asked);
      }
    }
    class Telling extends APIKeyAuthProvider {
      async authenticate(asked) {
        const result = await super.authenticate(asked);
        return result || `${this.getHeaderName()} ${this.getAuthError().message}` === "";
      }
    }
    class Closed extends APIKeyAuthProvider {
      async authenticate() {
        return this.getAuthError().status === 200;
      }
    }
    for (const Extension of [Curious, Telling]) {
      const extended = new Extension({ keys: API_KEYS });
      extended.getHeaderName();
      await extended.authenticate(request(API_KEY));
      await anyOf([extended]).authenticate(request(WRONG_API_KEY));
      assert.deepEqual(events.splice(0), [ACCEPTED, UNKNOWN]);
    }
    const closed = new Closed({ keys: API_KEYS });
    closed.getHeaderName();
    await closed.authenticate(request(API_KEY));
    assert.deepEqual(events, [["PROVIDER_REJECTED", "127.0.0.1"]]);
  });
});
