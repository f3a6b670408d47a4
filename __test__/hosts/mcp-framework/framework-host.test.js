/** Providers that extend ours: what is published, counted and answered about what they decide themselves. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { describe, it } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider } from "mcp-native-auth";
import { API_KEY, API_KEYS, CLAIMS, JWT_SECRET, TOKEN, WRONG_API_KEY } from "../../support/credentials.js";
import { recordEvents } from "../../support/events.js";
import { checkout } from "../../support/project.js";

const ADDRESS = "192.0.2.1";
const from = (headers) => ({ headers, url: "/mcp", socket: { remoteAddress: ADDRESS } });
const withKey = (key) => from({ "x-api-key": key });
const five = (request) => Array.from({ length: 5 }, () => request);

const events = [];
recordEvents(events);

async function statusesOf(provider, requests) {
  const statuses = [];
  for (const request of requests) {
    statuses.push((await provider.authenticate(request)) ? 200 : provider.getAuthError().status);
  }
  return statuses;
}

class Awaiting extends APIKeyAuthProvider {
  async authenticate(request) {
    await turnOfTheLoop();
    return super.authenticate(request);
  }
}
class Closed extends JWTAuthProvider {
  async authenticate(request) {
    await super.authenticate(request);
    return false;
  }
}
class Unasked extends APIKeyAuthProvider {
  authenticate() {
    return false;
  }
}
class Open extends APIKeyAuthProvider {
  async authenticate(request) {
    return (await super.authenticate(request)) || { data: { sub: "guest" } };
  }
}
class Failing extends APIKeyAuthProvider {
  async authenticate(request) {
    await super.authenticate(request);
    throw new Error("down");
  }
}
class Inheriting extends APIKeyAuthProvider {}

const keysWith = (Class, options) => new Class({ keys: API_KEYS, ...options });
const closed = (options) => new Closed({ secret: JWT_SECRET, ...options });
const rightToken = from({ authorization: `Bearer ${TOKEN}` });

describe("the event of an extended provider", () => {
  const known = { keyId: undefined, remoteAddress: ADDRESS, limiterError: false };
  const rejected = (provider, reason) => ({ provider, reason, credentialReason: undefined, ...known });
  const accepted = (provider, subject) => ({ provider, subject, ...known });
  const cases = [
    ["accepts what ours accepts", () => keysWith(Awaiting), withKey(API_KEY), accepted("APIKeyAuthProvider")],
    [
      "rejects what ours rejects",
      () => keysWith(Awaiting),
      withKey("x"),
      rejected("APIKeyAuthProvider", "KEY_UNKNOWN"),
    ],
    ["rejects what ours accepts", () => closed(), rightToken, rejected("Closed", "PROVIDER_REJECTED")],
    [
      "rejects without asking ours",
      () => keysWith(Unasked),
      withKey(API_KEY),
      rejected("Unasked", "PROVIDER_REJECTED"),
    ],
    ["accepts what ours rejects", () => keysWith(Open), withKey("x"), accepted("Open", "guest")],
    ["fails", () => keysWith(Failing), withKey(API_KEY), rejected("Failing", "PROVIDER_FAILED")],
    ["inherits everything", () => keysWith(Inheriting), withKey(API_KEY), accepted("APIKeyAuthProvider")],
  ];
  for (const [name, make, request, expected] of cases) {
    it(`that ${name} is one, and says what the provider decided`, async () => {
      await Promise.resolve(make().authenticate(request)).catch(() => {});
      assert.deepEqual(
        events.map((event) => ({ ...event })),
        [{ subject: undefined, ...expected }].map(({ subject, ...event }) =>
          "reason" in event ? event : { ...event, subject },
        ),
      );
      assert.ok(Object.isFrozen(events[0]));
    });
  }

  for (const Class of [Inheriting, Awaiting]) {
    it(`has the client's address as the throttle sees it: ${Class.name}`, async () => {
      const provider = keysWith(Class, { throttle: { trustProxy: 1 } });
      for (const key of [API_KEY, WRONG_API_KEY]) {
        await provider.authenticate(from({ "x-api-key": key, "x-forwarded-for": "203.0.113.7" }));
      }
      assert.deepEqual(
        events.map(({ remoteAddress }) => remoteAddress),
        ["203.0.113.7", "203.0.113.7"],
      );
    });

    it(`says that the store of the throttle did not answer: ${Class.name}`, async (t) => {
      t.mock.method(process, "emitWarning", () => {});
      const limiter = { consume: () => Promise.reject(new Error("down")) };
      await keysWith(Class, { throttle: { limiter } }).authenticate(withKey(WRONG_API_KEY));
      assert.equal(events[0].limiterError, true);
    });
  }

  it("names a client that has hung up when the provider answers", async () => {
    class UntilClosed extends APIKeyAuthProvider {
      async authenticate(request) {
        const closed = once(request.socket, "close");
        const result = await super.authenticate(request);
        await closed;
        return result;
      }
    }
    const provider = keysWith(UntilClosed);
    const server = http.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const asked = once(server, "request");
    http.get({ port: server.address().port, host: "127.0.0.1" }).on("error", () => {});
    const [request] = await asked;
    const decided = provider.authenticate(request);
    request.socket.destroy();
    await decided;
    server.close();
    assert.equal(events[0].remoteAddress, "127.0.0.1");
  });
});

describe("an extended provider with throttle", () => {
  const throttle = { failures: 1 };

  it("counts what ours rejects and answers 429, wherever it awaits", async () => {
    for (const Class of [Inheriting, Awaiting]) {
      const statuses = await statusesOf(keysWith(Class, { throttle }), five(withKey(WRONG_API_KEY)));
      assert.deepEqual(statuses, [401, 429, 429, 429, 429]);
    }
  });

  it("does not count what only the extension rejects: it may be genuine", async () => {
    assert.deepEqual(await statusesOf(closed({ throttle }), five(rightToken)), [401, 401, 401, 401, 401]);
    const unasked = keysWith(Unasked, { throttle });
    assert.deepEqual(await statusesOf(unasked, five(withKey(WRONG_API_KEY))), [401, 401, 401, 401, 401]);
    const combined = anyOf([closed()], { throttle });
    assert.deepEqual(await statusesOf(combined, five(rightToken)), [401, 401, 401, 401, 401]);
  });
});

it("what only the extension rejects gets the challenge", async () => {
  const provider = closed();
  const server = http.createServer(async (request, response) => {
    const result = await provider.authenticate(request);
    response.writeHead(result ? 200 : 401).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { status, headers } = await fetch(`http://127.0.0.1:${server.address().port}/`, rightToken);
    assert.equal(status, 401);
    assert.equal(headers.get("www-authenticate"), 'Bearer realm="MCP Server", error="invalid_token"');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

it("the first request of a process gets the challenge, too: it came before requests are tracked", () => {
  const script = `
    import http from "node:http";
    import { JWTAuthProvider } from "mcp-native-auth";
    const provider = new JWTAuthProvider({ secret: ${JSON.stringify(JWT_SECRET)} });
    const server = http.createServer(async (request, response) => {
      const result = await provider.authenticate(request);
      response.writeHead(result ? 200 : 401).end();
    });
    server.listen(0, "127.0.0.1", async () => {
      const { headers } = await fetch("http://127.0.0.1:" + server.address().port);
      console.log(headers.get("www-authenticate"));
      process.exit();
    });`;
  const args = ["--input-type=module", "--eval", script];
  const child = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8", timeout: 30_000 });
  assert.equal(child.stdout, 'Bearer realm="MCP Server"\n');
});

describe("a method without its provider", () => {
  for (const Class of [APIKeyAuthProvider, Inheriting, Awaiting]) {
    it(`rejects: ${Class.name}`, async () => {
      const { authenticate, getAuthError } = keysWith(Class);
      for (const owner of [undefined, null, {}, Class.prototype]) {
        assert.equal(await authenticate.call(owner, withKey(API_KEY)), false);
        assert.deepEqual(getAuthError.call(owner), { status: 401, message: "Invalid API key" });
      }
    });
  }
});

it("an extended provider gets all arguments", async () => {
  class Scoped extends APIKeyAuthProvider {
    async authenticate(request, scope) {
      return scope === "read" && super.authenticate(request);
    }
  }
  const provider = keysWith(Scoped);
  assert.equal(await provider.authenticate(withKey(API_KEY), "read"), true);
  assert.equal(await provider.authenticate(withKey(API_KEY)), false);
});

it("a prototype that changes later is followed", async () => {
  class Changing extends JWTAuthProvider {}
  const provider = new Changing({ secret: JWT_SECRET });
  assert.deepEqual(await provider.authenticate(rightToken), { data: CLAIMS });
  Changing.prototype.authenticate = async () => false;
  assert.equal(await provider.authenticate(rightToken), false);
  assert.deepEqual([events[1].provider, events[1].reason], ["Changing", "PROVIDER_REJECTED"]);
});
