/** What is particular to one host, and what every provider has to come to behind a gate. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createAdaptorServer } from "@hono/node-server";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import express from "express";
import fastify from "fastify";
import { FastMCP } from "fastmcp";
import { Hono } from "hono";
import jsonwebtoken from "jsonwebtoken";
import * as framework from "mcp-framework";
import {
  APIKeyAuthProvider,
  anyOf,
  currentAuth,
  JWTAuthProvider,
  OAuthAuthProvider,
  requireAuth,
} from "mcp-native-auth";
import { parseChallenges } from "../../support/challenges.js";
import { freePort } from "../../support/free-port.js";
import { issuerServer } from "../../support/issuer-server.js";
import { privatePem, publicJwk } from "../../support/keys.js";
import { closing, listen } from "../../support/listen.js";
import { send } from "../../support/raw-request.js";

const SECRET = "gate-test-secret-7c1f0a9e5b3d4826";
const KEY = "gate-key-0d5f7a61c3e94b28";
const sign = (claims, expiresIn = 600) =>
  jsonwebtoken.sign({ sub: "alice", client_id: "app", scope: "mcp", ...claims }, SECRET, { expiresIn });
const TOKEN = sign({});
const FORGED = jsonwebtoken.sign({ sub: "alice" }, "another-secret-5b9d1c7e4f2a6083");
const jwt = () => new JWTAuthProvider({ secret: SECRET });
const keys = () => new APIKeyAuthProvider({ keys: [{ key: KEY, id: "ci", scopes: ["mcp"] }] });
const bearer = (token) => ["Authorization", `Bearer ${token}`];
const CALL = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "write_file" } });
const TOOLS = { toolScopes: { write_file: ["files:write"] } };

describe("node:http", () => {
  it("rejects what is not read from the body of another kind of parser", async () => {
    let reached = 0;
    for (const body of [undefined, null, new Blob([CALL]), new URLSearchParams(), new Map()]) {
      const auth = requireAuth(jwt(), TOOLS);
      const port = await listen(
        createServer(async (req, res) => {
          for await (const _chunk of req);
          req.body = body;
          auth.express(req, res, () => {
            reached += 1;
            res.end();
          });
        }),
      );
      const { status } = await send(port, { method: "POST", headers: [bearer(TOKEN)], body: CALL });
      assert.equal(status, 400);
    }
    assert.equal(reached, 0);
  });

  it("hands on what it judged, not what a parser of another type left", async () => {
    const auth = requireAuth(jwt(), TOOLS);
    const app = express();
    app.use(express.urlencoded());
    app.use((req, _res, next) => {
      req.body = {};
      next();
    });
    app.post("/mcp", auth.express, (req, res) => res.json(req.body));
    const port = await listen(createServer(app));
    const headers = [bearer(TOKEN), ["Content-Type", "application/json"]];
    assert.equal((await send(port, { method: "POST", headers, body: CALL })).status, 403);
    const body = '{"method":"ping"}';
    assert.equal((await send(port, { method: "POST", headers, body })).body, body);
  });

  it("writes nothing to a response that was sent meanwhile, and survives clients that go away", async () => {
    const auth = requireAuth(jwt(), TOOLS);
    const late = requireAuth({
      authenticate: async () => wait(1, false),
      getAuthError: () => ({ status: 401 }),
    });
    let gated;
    const port = await listen(
      createServer((req, res) => {
        const { express: gate } = req.url === "/late" ? late : auth;
        gated = gate(req, res, () => res.end("served"));
        if (req.url === "/late") res.end("timed out");
      }),
    );
    assert.equal((await send(port, { path: "/late" })).body, "timed out");
    await gated;
    const socket = net.connect(port, "127.0.0.1");
    const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 100`;
    socket.write(`${head}\r\n\r\n{"method":`);
    await wait(50);
    socket.destroy();
    await gated;
    assert.equal((await send(port, { headers: [bearer(TOKEN)] })).body, "served");
  });

  it("closes a connection whose body it did not read to its end", async () => {
    const auth = requireAuth(jwt(), TOOLS);
    const port = await listen(createServer((req, res) => auth.express(req, res, () => res.end("served"))));
    const socket = net.connect(port, "127.0.0.1");
    const received = [];
    socket.on("data", (chunk) => received.push(chunk));
    socket.on("error", () => {});
    const line = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}`;
    socket.write(`POST /mcp HTTP/1.1\r\n${line}\r\nContent-Length: 5000000\r\n\r\n`);
    socket.write(`GET /smuggled HTTP/1.1\r\n${line}\r\n\r\n`);
    const closed = once(socket, "close").then(() => "closed");
    assert.equal(await Promise.race([closed, wait(3000, "open")]), "closed");
    const text = Buffer.concat(received).toString();
    assert.match(text, /^HTTP\/1\.1 413 /);
    assert.doesNotMatch(text, /served/);
    socket.destroy();
  });

  it("what the application says of other sites goes before what the gate says", async () => {
    const auth = requireAuth(jwt());
    const app = express();
    app.use((_req, res, next) => {
      res.setHeader("Access-Control-Allow-Origin", "http://localhost:5173");
      next();
    });
    app.use(auth.express);
    const port = await listen(createServer(app));
    const { status, headers } = await send(port, { headers: [["Origin", "http://localhost:5173"]] });
    const allowed = headers.filter(([name]) => name === "access-control-allow-origin");
    assert.deepEqual([status, allowed.map(([, value]) => value)], [401, ["http://localhost:5173"]]);
  });

  it("HTTP/2: checks the name in :authority", async () => {
    for (const options of [{}, { allowedHosts: ["localhost"] }]) {
      const auth = requireAuth(jwt(), { ...TOOLS, ...options });
      const server = http2.createServer((req, res) => auth.express(req, res, () => res.end("served")));
      const port = await listen(server);
      const client = http2.connect(`http://127.0.0.1:${port}`);
      closing.push(() => client.destroy());
      const ask = async (headers, body) => {
        const stream = client.request({ ":path": "/mcp", authorization: `Bearer ${TOKEN}`, ...headers });
        stream.end(body);
        const [answer] = await once(stream, "response");
        stream.resume();
        return answer[":status"];
      };
      assert.equal(await ask({ ":authority": "localhost" }), 200);
      assert.equal(await ask({ ":authority": "evil.example" }), 403);
      assert.equal(await ask({ ":authority": "localhost", ":method": "POST" }, CALL), 403);
      assert.equal(await ask({ ":authority": "localhost", ":method": "POST" }, "x".repeat(5e6)), 413);
    }
  });
});

describe("Fastify", () => {
  it("rejects a body that a parser passes on as a stream", async () => {
    const app = fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    await app.register(requireAuth(jwt(), TOOLS).fastify);
    let reached = false;
    app.post("/mcp", async () => {
      reached = true;
      return "served";
    });
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const { statusCode } = await app.inject({ method: "POST", url: "/mcp", headers, body: CALL });
    assert.deepEqual([statusCode, reached], [400, false]);
    await app.close();
  });

  it("writes nothing to a reply that was sent meanwhile", async () => {
    const auth = requireAuth({ authenticate: () => wait(20, false) });
    const app = fastify();
    app.addHook("onRequest", (_request, reply, done) => {
      done();
      reply.send("timed out");
    });
    await app.register(auth.fastify);
    app.get("/mcp", async () => "served");
    assert.equal((await app.inject("/mcp")).body, "timed out");
    // An unhandled rejection would end the process.
    await wait(50);
  });

  it("guards the routes of its context, and no others", async () => {
    const app = fastify();
    app.get("/health", async () => "ok");
    await app.register(async (inner) => {
      await inner.register(requireAuth(jwt()).fastify);
      inner.get("/mcp", async (request) => [request.auth.clientId, currentAuth()?.clientId]);
    });
    assert.equal((await app.inject("/health")).body, "ok");
    assert.equal((await app.inject("/mcp")).statusCode, 401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    assert.deepEqual((await app.inject({ url: "/mcp", headers })).json(), ["app", "app"]);
    await app.close();
  });
});

describe("fetch handlers", () => {
  const ask = (app, path, init) => app.request(`http://localhost${path}`, init);

  it("on another framework, says which member is meant", async () => {
    await assert.rejects(
      requireAuth(jwt()).hono({}, {}, () => {}),
      {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message: /`auth\.express`/,
      },
    );
  });

  it("Hono without a server: `app.request`", async () => {
    const app = new Hono();
    app.use("/mcp", requireAuth(jwt(), TOOLS).hono);
    app.all("/mcp", (c) => c.json(c.get("auth").clientId));
    assert.equal((await ask(app, "/mcp")).status, 401);
    const headers = new Headers([bearer(TOKEN)]);
    assert.equal(await (await ask(app, "/mcp", { headers })).json(), "app");
    assert.equal((await ask(app, "/mcp", { method: "POST", headers, body: CALL })).status, 403);
    headers.append("authorization", `Bearer ${TOKEN}`);
    assert.equal((await ask(app, "/mcp", { headers })).status, 400);
  });

  it("a body that something else has read is judged where Hono keeps it, and rejected where nobody does", async () => {
    const app = new Hono();
    app.use("/kept", async (c, next) => {
      await c.req.json();
      await next();
    });
    app.use("/lost", async (c, next) => {
      await c.req.raw.text();
      await next();
    });
    app.use("*", requireAuth(jwt(), TOOLS).hono);
    app.all("*", (c) => c.text("served"));
    const init = { method: "POST", headers: { authorization: `Bearer ${TOKEN}` }, body: CALL };
    assert.equal((await ask(app, "/kept", init)).status, 403);
    assert.equal((await ask(app, "/lost", init)).status, 400);
    const web = requireAuth(jwt(), TOOLS).web;
    const request = new Request("http://localhost/mcp", init);
    await request.text();
    assert.equal((await web(request)).status, 400);
    assert.equal(
      (await web(new Request("http://localhost/mcp", init), { parsedBody: JSON.parse(CALL) })).status,
      403,
    );
  });

  it("leaves the body for the handler", async () => {
    const handler = requireAuth(jwt(), TOOLS).wrap(async (request, { parsedBody }) =>
      Response.json([await request.json(), parsedBody, request.auth.clientId]),
    );
    const init = { method: "POST", headers: { authorization: `Bearer ${TOKEN}` }, body: '{"method":"ping"}' };
    const answer = await handler(new Request("http://localhost/mcp", init));
    assert.deepEqual(await answer.json(), [{ method: "ping" }, { method: "ping" }, "app"]);
  });
});

describe("streams end with their credential", { concurrency: true }, () => {
  const streamOf = async (start, headers) => {
    const response = await start(headers);
    assert.equal(response.status, 200);
    const began = performance.now();
    const reader = response.body.getReader();
    const ended = (async () => {
      while (!(await reader.read().catch(() => ({ done: true }))).done);
      return performance.now() - began;
    })();
    return { ended, cancel: () => reader.cancel() };
  };

  const pings = () => {
    let timer;
    const body = new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue(new TextEncoder().encode(": ping\n\n")), 100);
        // Nobody cancels the stream of a client that has left before.
        timer.unref();
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  };
  const overHttp = async (server) => {
    const port = await listen(server);
    return (headers, signal) => fetch(`http://127.0.0.1:${port}/mcp`, { headers, signal });
  };

  const pinging = (auth) => (req, res) =>
    auth.express(req, res, () => {
      if (req.httpVersionMajor === 1) assert.throws(() => res.writeHead(200, { a: "\n" }));
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      // Not cleared where the client has left before.
      const timer = setInterval(() => res.write(": ping\n\n"), 100).unref();
      res.on("close", () => clearInterval(timer));
    });

  const servers = {
    "node:http": (auth) => overHttp(createServer(pinging(auth))),
    "node:http2": async (auth) => {
      const port = await listen(http2.createServer(pinging(auth)));
      const client = http2.connect(`http://127.0.0.1:${port}`);
      closing.push(() => client.destroy());
      return async (headers) => {
        const stream = client.request({ ":path": "/mcp", ...headers });
        const [{ ":status": status }] = await once(stream, "response");
        return new Response(Readable.toWeb(stream), { status });
      };
    },
    "a fetch handler": async (auth) => {
      const handler = auth.wrap(pings);
      return (headers) => handler(new Request("http://localhost/mcp", { headers }));
    },
    "a fetch handler of node:http": (auth) => overHttp(createAdaptorServer({ fetch: auth.wrap(pings) })),
    Hono: (auth) => overHttp(createAdaptorServer(new Hono().use(auth.hono).get("/mcp", pings))),
  };
  for (const [name, serve] of Object.entries(servers)) {
    it(`${name}: within 5 s of exp and of revokeKey, and no other`, { timeout: 30_000 }, async () => {
      const api = new APIKeyAuthProvider({
        keys: [
          { key: KEY, id: "a" },
          { key: `${KEY}-2x7`, id: "b" },
        ],
      });
      const start = await serve(requireAuth(anyOf([api, jwt()])));
      const expiring = await streamOf(start, { authorization: `Bearer ${sign({}, 2)}` });
      const revoked = await streamOf(start, { "x-api-key": KEY });
      const staying = await streamOf(start, { "x-api-key": `${KEY}-2x7` });
      api.revokeKey("a");
      assert.ok((await revoked.ended) < 5000);
      assert.ok((await expiring.ended) < 2000 + 5000);
      assert.equal(await Promise.race([staying.ended, wait(100, "open")]), "open");
      await staying.cancel();
    });
  }

  it("a provider that fails for a moment ends none, and one that then rejects does", {
    timeout: 30_000,
  }, async () => {
    let answer = async () => true;
    const start = await servers["a fetch handler"](requireAuth({ authenticate: () => answer() }));
    const stream = await streamOf(start, {});
    answer = () => Promise.reject(new Error("database down"));
    assert.equal(await Promise.race([stream.ended, wait(4500, "open")]), "open");
    answer = async () => false;
    assert.ok((await stream.ended) < 4500 + 5000);
  });

  it("a stream that its client left is let go", { timeout: 30_000 }, async () => {
    const left = Object.entries(servers).map(async ([name, serve]) => {
      let asked = 0;
      const provider = {
        async authenticate() {
          asked += 1;
          return true;
        },
      };
      const stream = await streamOf(await serve(requireAuth(provider)), {});
      await stream.cancel();
      // The sweep that finds it gone, and one in which it would be asked about.
      await wait(2500);
      const before = asked;
      await wait(2500);
      assert.deepEqual([name, asked - before], [name, 0]);
    });
    await Promise.all(left);
  });

  for (const name of ["node:http", "a fetch handler of node:http", "Hono"]) {
    it(`${name}: a client that left before its stream began is forgotten`, async () => {
      let asked = 0;
      const authenticate = () => {
        asked += 1;
        return wait(100, true);
      };
      const start = await servers[name](requireAuth({ authenticate }));
      const leaving = new AbortController();
      const answer = start({}, leaving.signal);
      await wait(50);
      leaving.abort();
      await assert.rejects(answer, { name: "AbortError" });
      // Past a sweep.
      await wait(2500);
      assert.equal(asked, 1);
    });
  }

  it("a stream that fails is let go", async () => {
    const auth = requireAuth(jwt());
    const handler = auth.wrap(
      () =>
        new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) }), {
          headers: { "content-type": "text/event-stream" },
        }),
    );
    const headers = { authorization: `Bearer ${sign({}, 1)}` };
    const response = await handler(new Request("http://localhost/mcp", { headers }));
    await assert.rejects(response.text(), /gone/);
    // Past the sweep after exp: an unhandled rejection would end the process.
    await wait(4500);
  });
});

describe("every provider", () => {
  class Extended extends APIKeyAuthProvider {
    async authenticate(request) {
      return request.headers["x-tenant"] === "a" && super.authenticate(request);
    }
  }
  const throwing = {
    authenticate() {
      throw new Error(`database down, asked for ${KEY}`);
    },
  };
  const withKey = { "x-api-key": KEY };
  const withToken = { authorization: `Bearer ${TOKEN}` };
  const PROVIDERS = {
    "plain API keys": [new APIKeyAuthProvider({ keys: [KEY] }), withKey, ["", []]],
    "API keys with entries": [keys(), withKey, ["ci", ["mcp"]]],
    tokens: [jwt(), withToken, ["app", ["mcp"]]],
    "anyOf, by key": [anyOf([jwt(), keys()]), withKey, ["ci", ["mcp"]]],
    "anyOf, by token": [anyOf([jwt(), keys()]), withToken, ["app", ["mcp"]]],
    "an extended class": [new Extended({ keys: [KEY] }), { ...withKey, "x-tenant": "a" }, ["", []]],
    "the framework's API keys": [new framework.APIKeyAuthProvider({ keys: [KEY] }), withKey, ["", []]],
    "the framework's tokens": [
      new framework.JWTAuthProvider({ secret: SECRET }),
      withToken,
      ["app", ["mcp"]],
    ],
    "one of somebody else": [
      { authenticate: async () => ({ data: { sub: "bob", scope: "a b" } }) },
      {},
      ["bob", ["a", "b"]],
    ],
  };
  for (const [name, [provider, headers, [clientId, scopes]]] of Object.entries(PROVIDERS)) {
    it(`${name}: identity on every kind of host, rejected without`, async () => {
      const auth = requireAuth(provider);
      const seen = await auth.web(new Request("http://localhost/mcp", { headers }));
      assert.deepEqual([seen.clientId, seen.scopes], [clientId, scopes]);
      assert.ok(!JSON.stringify(seen).includes(KEY));
      const port = await listen(
        createServer((req, res) => auth.express(req, res, () => res.end(req.auth.clientId))),
      );
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/mcp`, { headers })).text(), clientId);
      if (name !== "one of somebody else") {
        const rejected = await fetch(`http://127.0.0.1:${port}/mcp`);
        assert.equal(rejected.status, 401);
        parseChallenges(rejected.headers.get("www-authenticate"));
      }
    });
  }

  it("OAuth, ours and the framework's: identity, metadata, scopes, and the same answers", async () => {
    const server = await issuerServer({
      keys: [{ ...publicJwk("rsa"), kid: "k", alg: "RS256", use: "sig" }],
    });
    closing.push(() => server.close());
    const resource = "https://mcp.example.com/mcp";
    const { issuer, jwksUri } = server;
    const config = {
      resource,
      authorizationServers: [issuer],
      validation: { type: "jwt", jwksUri, issuer, audience: resource },
    };
    const token = (claims, key = "rsa") =>
      jsonwebtoken.sign(
        { iss: issuer, aud: resource, sub: "alice", client_id: "app", scope: "mcp", ...claims },
        privatePem(key),
        { algorithm: "RS256", expiresIn: 600, keyid: "k", header: { typ: "at+jwt" } },
      );
    for (const Provider of [framework.OAuthAuthProvider, OAuthAuthProvider]) {
      const auth = requireAuth(new Provider(config), TOOLS);
      assert.equal(auth.metadata.resource, resource);
      assert.deepEqual(auth.metadata.authorization_servers, [issuer]);
      const ask = (authorization, init) =>
        auth.web(
          new Request("http://localhost/mcp", { headers: authorization && { authorization }, ...init }),
        );
      const good = token({});
      const seen = await ask(`Bearer ${good}`);
      assert.deepEqual(
        [seen.clientId, seen.scopes, seen.token, seen.extra.sub],
        ["app", ["mcp"], good, "alice"],
      );
      const rows = [
        [undefined, 401, undefined],
        [`Bearer ${token({}, "rsaOther")}`, 401, "invalid_token"],
        [`Bearer ${token({ aud: "https://other.example" })}`, 401, "invalid_token"],
        [`Bearer ${good}`, 403, "insufficient_scope"],
      ];
      for (const [authorization, status, error] of rows) {
        const answer = await ask(authorization, { method: "POST", body: CALL });
        assert.equal(answer.status, status, `${Provider === OAuthAuthProvider} ${authorization}`);
        const [{ scheme, parameters }] = parseChallenges(answer.headers.get("www-authenticate"));
        assert.deepEqual([scheme, parameters.error], ["Bearer", error]);
        assert.equal(parameters.resource_metadata, seen.resourceMetadataUrl);
      }
      const writer = await ask(`Bearer ${token({ scope: "files:write" })}`, { method: "POST", body: CALL });
      assert.equal(writer.clientId, "app");
    }
  });

  it("the identity is the AuthInfo of the SDK, each request's its own", async () => {
    const auth = requireAuth(jwt(), {
      resource: "https://mcp.example.com/mcp",
      authorizationServers: ["https://a.example"],
    });
    const ask = () => auth.web(new Request("http://localhost/mcp", { headers: withToken }));
    const { resource, ...info } = await ask();
    const claims = jsonwebtoken.decode(TOKEN);
    assert.deepEqual(info, {
      token: TOKEN,
      clientId: "app",
      scopes: ["mcp"],
      expiresAt: claims.exp,
      resourceMetadataUrl: "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
      extra: claims,
    });
    assert.equal(resource.href, "https://mcp.example.com/mcp");
    resource.pathname = "/other";
    info.scopes.push("admin");
    info.extra.sub = "root";
    const next = await ask();
    assert.deepEqual([next.resource.pathname, next.scopes, next.extra.sub], ["/mcp", ["mcp"], "alice"]);
  });

  it("one that throws, or gives nonsense, rejects and tells nothing", async () => {
    for (const provider of [
      throwing,
      { authenticate: () => Promise.reject(new Error(KEY)) },
      { authenticate: () => 1 },
    ]) {
      const answer = await requireAuth(provider).web(
        new Request("http://localhost/mcp", { headers: withKey }),
      );
      assert.equal(answer.status, 401);
      assert.ok(!(await answer.text()).includes(KEY));
    }
  });

  it("is waited for where the global Promise was replaced, as zone.js does", async () => {
    const Native = globalThis.Promise;
    const other = { authenticate: async () => false };
    globalThis.Promise = class Replaced extends Native {};
    try {
      for (const provider of [{ authenticate: async () => true }, anyOf([other, keys()])]) {
        const auth = requireAuth(provider);
        const { scopes } = await auth.web(new Request("http://localhost/mcp", { headers: withKey }));
        assert.ok(Array.isArray(scopes));
        const req = { method: "GET", url: "/mcp", headers: withKey };
        const isServed = await new Native((resolve) => {
          auth.express(req, { writeHead: () => resolve(false), end() {} }, () => resolve(true));
        });
        assert.ok(isServed);
      }
    } finally {
      globalThis.Promise = Native;
    }
  });

  it("binds the sessions of a provider that says only yes to what was presented", async () => {
    const auth = requireAuth({ authenticate: async () => true });
    const use = (key) =>
      auth.web(new Request("http://localhost/mcp", { headers: { "x-api-key": key, "mcp-session-id": "s" } }));
    assert.equal((await use("a")).status, undefined);
    assert.equal((await use("b")).status, 404);
    assert.equal((await use("a")).status, undefined);
  });

  for (const [name, provider, own, other] of [
    ["a key with a record", keys(), withKey, { "x-api-key": "gate-key-of-another-5c81d2" }],
    [
      "a provider of others",
      { authenticate: async ({ headers }) => ({ data: { sub: headers.user } }) },
      { user: "a" },
      { user: "bob" },
    ],
  ]) {
    it(`${name}: a tool that changes \`extra\` does not change whose the session is`, async () => {
      const auth = requireAuth(provider);
      const port = await listen(
        createServer((req, res) =>
          auth.express(req, res, () => {
            delete req.auth.extra.keyId;
            req.auth.extra.sub = "bob";
            res.writeHead(200, { "mcp-session-id": "begun" }).end();
          }),
        ),
      );
      const use = async (headers) => (await fetch(`http://127.0.0.1:${port}/mcp`, { headers })).status;
      assert.equal(await use(own), 200);
      assert.equal(await use({ ...own, "mcp-session-id": "begun" }), 200);
      assert.ok((await use({ ...other, "mcp-session-id": "begun" })) >= 400);
    });
  }

  it("`optional` goes on without a credential, and never with a wrong one", async () => {
    const auth = requireAuth(anyOf([jwt(), keys()]), { optional: true, ...TOOLS });
    const ask = (headers, body) =>
      auth.web(new Request("http://localhost/mcp", { headers, ...(body && { method: "POST", body }) }));
    assert.equal(await ask({}), undefined);
    assert.equal((await ask({ authorization: `Bearer ${FORGED}` })).status, 401);
    assert.equal((await ask({ "x-api-key": "wrong-key-1f5a" })).status, 401);
    assert.equal((await ask({ authorization: "Basic eDp5" })).status, 401);
    assert.equal((await ask({}, CALL)).status, 401);
    assert.equal((await ask(withToken)).clientId, "app");
  });
});

describe("the verifier, under requireBearerAuth of the SDK", () => {
  it("accepts tokens and keys, whatever names are allowed; rejects with 401, never 500", async () => {
    const auth = requireAuth(anyOf([jwt(), keys()]), { allowedHosts: ["mcp.example.com"] });
    const verifier = auth.verifier({ invalidToken: (message) => new InvalidTokenError(message) });
    const app = express();
    app.use(requireBearerAuth({ verifier, requiredScopes: ["mcp"] }), (req, res) =>
      res.json(req.auth.clientId),
    );
    const port = await listen(createServer(app));
    const status = async (value) =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: value && { authorization: value } })).status;
    assert.equal(await status(`Bearer ${TOKEN}`), 200);
    assert.equal(await status(`Bearer ${KEY}`), 200);
    assert.equal(await status(`Bearer ${sign({ scope: "other" })}`), 403);
    assert.equal(await status(`Bearer ${FORGED}`), 401);
    assert.equal(await status(`Bearer ${sign({}, -60)}`), 401);
    assert.equal(await status(undefined), 401);
    assert.equal(await status("Bearer"), 401);
  });
});

describe("fastmcp", () => {
  it("sends the gate's own answers, and hands on the identity", { timeout: 30_000 }, async () => {
    const auth = requireAuth(anyOf([keys(), jwt()]), {
      resource: "https://mcp.example.com/mcp",
      authorizationServers: ["https://login.example.com"],
      requiredScopes: ["mcp"],
    });
    const server = new FastMCP({ name: "x", version: "1.0.0", authenticate: auth.fastmcp });
    server.addTool({ name: "whoami", execute: async (_args, { session }) => session.clientId });
    const port = await freePort();
    await server.start({
      transportType: "httpStream",
      httpStream: { port, host: "127.0.0.1", stateless: true },
    });
    closing.push(() => server.stop());
    const ask = (headers, params = { name: "whoami", arguments: {} }) =>
      fetch(`http://127.0.0.1:${port}/mcp`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
      });
    const expected = {
      "": 401,
      [`Bearer ${FORGED}`]: 401,
      [`Bearer ${TOKEN} x`]: 400,
      [`Bearer ${sign({ scope: "x" })}`]: 403,
    };
    for (const [authorization, status] of Object.entries(expected)) {
      const answer = await ask(authorization === "" ? {} : { authorization });
      assert.equal(answer.status, status);
      const [first] = parseChallenges(answer.headers.get("www-authenticate"));
      assert.equal(
        first.parameters.resource_metadata,
        "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
      );
      assert.equal(typeof (await answer.json()).error_description, "string");
    }
    assert.match(await (await ask({ authorization: `Bearer ${TOKEN}` })).text(), /"text":"app"/);
    assert.match(await (await ask({ "x-api-key": KEY })).text(), /"text":"ci"/);
  });
});
