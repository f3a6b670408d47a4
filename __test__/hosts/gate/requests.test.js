/** One table of requests, in front of every kind of server: the same bytes on each. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import jsonwebtoken from "jsonwebtoken";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider, OAuthAuthProvider, requireAuth } from "mcp-native-auth";
import { checkFields, parseChallenges } from "../../support/challenges.js";
import { GATED, GATED_HTTP2 } from "../../support/gated-servers.js";
import { privatePem } from "../../support/keys.js";
import { send, sendHttp2 } from "../../support/raw-request.js";

const SECRET = "gate-test-secret-7c1f0a9e5b3d4826";
const KEY = "gate-key-0d5f7a61c3e94b28";
const PLAIN_KEY = "gate-key-without-id-9f31b7c2";
const RESOURCE = "https://mcp.example.com/mcp";
const METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

const now = Math.floor(Date.now() / 1000);
const sign = (claims, secret = SECRET) =>
  jsonwebtoken.sign(
    { sub: "alice", client_id: "app", scope: "mcp", aud: RESOURCE, exp: now + 600, ...claims },
    secret,
  );
const READER = sign({});
const WRITER = sign({ scope: "mcp files:write" });
const ADMIN = sign({ scope: "mcp admin" });
const MALLORY = sign({ sub: "mallory" });
const withoutExp = jsonwebtoken.sign({ sub: "alice", scope: "mcp", aud: RESOURCE }, SECRET);

const ISSUER = "http://127.0.0.1:1";
const FROM_ISSUER = jsonwebtoken.sign(
  { iss: ISSUER, sub: "alice", client_id: "app", aud: RESOURCE, exp: now + 600, jti: "1" },
  privatePem("rsa"),
  { algorithm: "RS256", header: { alg: "RS256", typ: "at+jwt", kid: "1" } },
);

const bearer = (token) => ["Authorization", `Bearer ${token}`];
const CALL = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "write_file", arguments: {} } };
const READ = { ...CALL, params: { name: "read_file" } };
const post = (body, ...headers) => ({
  method: "POST",
  headers: [["Content-Type", "application/json"], ...headers],
  body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
});
const get = (...headers) => ({ headers });

const CHALLENGE = {
  scheme: "Bearer",
  parameters: { realm: "MCP Server", scope: "mcp", resource_metadata: METADATA },
};
const API_KEY = { scheme: "ApiKey", parameters: { realm: "MCP Server", header: "X-API-Key" } };
const described = {
  invalid_token: "Missing or invalid authentication token",
  invalid_request: "The credential is malformed or was sent in more than one place",
  insufficient_scope: "The access token lacks a required scope",
};
const bearerError = (error, scope = "mcp") => [
  {
    ...CHALLENGE,
    parameters: { ...CHALLENGE.parameters, error, error_description: described[error], scope },
  },
  API_KEY,
];

const missing = { status: 401, error: "invalid_token", challenges: [CHALLENGE, API_KEY] };
const invalid = { status: 401, error: "invalid_token", challenges: bearerError("invalid_token") };
const malformed = { status: 400, error: "invalid_request", challenges: bearerError("invalid_request") };
const lacking = (scope = "mcp") => ({
  status: 403,
  error: "insufficient_scope",
  challenges: bearerError("insufficient_scope", scope),
});
const lackingWrite = lacking("mcp files:write");
/** A key cannot ask for more. */
const keyLacks = { status: 403, error: "insufficient_scope", challenges: undefined };
const accepted = (client, body) => ({ status: 200, client, body });
const unreadable = { status: 400, error: "invalid_request", challenges: undefined, byParser: true };
const mismatch = { status: 400, code: -32020, challenges: undefined };
const another = { status: 404, code: -32001, challenges: undefined };
const forbidden = { status: 403, error: "access_denied", challenges: undefined };

/** What each request is answered. `byParser`: a body parser in front may reject it in its own way, or decode it. */
const ROWS = {
  "no credential": [get(), missing],
  "no credential, HEAD": [
    { method: "HEAD", headers: [] },
    { ...missing, error: undefined },
  ],
  "a forged token": [get(bearer(sign({}, "another-secret-5b9d1c7e4f2a6083"))), invalid],
  "an expired token": [get(bearer(sign({ exp: now - 60 }))), invalid],
  "an expired token without the scope": [get(bearer(sign({ exp: now - 60, scope: "x" }))), invalid],
  "a token without exp": [get(bearer(withoutExp)), invalid],
  "a token for another audience": [get(bearer(sign({ aud: "https://other.example" }))), invalid],
  "a token": [get(bearer(READER)), accepted("app", null)],
  "a token without the scope": [get(bearer(sign({ scope: "other" }))), lacking()],
  "scopes as an array in scp": [get(bearer(sign({ scope: undefined, scp: ["mcp"] }))), accepted("app", null)],
  "a scope that only looks like it": [get(bearer(sign({ scope: "mcp2 xmcp" }))), lacking()],
  "an API key": [get(["X-API-Key", KEY]), accepted("ci", null)],
  "an API key as Bearer": [get(bearer(KEY)), accepted("ci", null)],
  "an API key without id, which has no scopes": [get(["X-API-Key", PLAIN_KEY]), keyLacks],
  "an unknown API key": [get(["X-API-Key", "unknown-key-55aa0f"]), missing],
  "bearer in lower case": [get(["authorization", `bearer ${READER}`]), accepted("app", null)],
  "BEARER and two spaces": [get(["Authorization", `BEARER  ${READER}`]), accepted("app", null)],
  "Bearer alone": [get(["Authorization", "Bearer"]), malformed],
  "Bearer and a space": [get(["Authorization", "Bearer "]), malformed],
  "two words": [get(bearer(`${READER} x`)), malformed],
  "a comma": [get(bearer(`${READER},x`)), malformed],
  "a second challenge": [get(bearer(`${READER}, Bearer ${MALLORY}`)), malformed],
  "two Authorization headers": [get(bearer(READER), bearer(MALLORY)), malformed],
  "two of them, in another case": [get(bearer(READER), ["AUTHORIZATION", "Basic eDp5"]), malformed],
  "another scheme": [get(["Authorization", "Basic eDp5"]), missing],
  "a token in header and query": [{ ...get(bearer(READER)), path: `/mcp?access_token=${READER}` }, malformed],
  "a token in the query alone": [{ path: `/mcp?access_token=${READER}` }, missing],
  "the metadata, path form": [
    { path: "/.well-known/oauth-protected-resource/mcp" },
    { status: 200, metadata: true },
  ],
  "the metadata, root form": [
    { path: "/.well-known/oauth-protected-resource" },
    { status: 200, metadata: true },
  ],
  "the metadata, from a foreign page": [
    { ...get(["Origin", "https://evil.example"]), path: "/.well-known/oauth-protected-resource/mcp" },
    { status: 200, metadata: true, cors: true },
  ],
  "a preflight": [
    {
      method: "OPTIONS",
      headers: [
        ["Origin", "http://localhost:5173"],
        ["Access-Control-Request-Method", "POST"],
        ["Access-Control-Request-Headers", "authorization, mcp-session-id"],
      ],
    },
    { status: 204, cors: true, header: ["access-control-allow-headers", "authorization, mcp-session-id"] },
  ],
  "a preflight of the metadata": [
    {
      method: "OPTIONS",
      path: "/.well-known/oauth-protected-resource/mcp",
      headers: [
        ["Origin", "https://evil.example"],
        ["Access-Control-Request-Method", "GET"],
        ["Access-Control-Request-Headers", 'a"b'],
      ],
    },
    { status: 204, cors: true, header: ["access-control-allow-headers", "Authorization, Content-Type"] },
  ],
  "OPTIONS that is no preflight": [{ method: "OPTIONS", headers: [] }, missing],
  "a page on this machine": [get(["Origin", "http://localhost:5173"]), { ...missing, cors: true }],
  "the page of the resource": [get(["Origin", "https://mcp.example.com"]), { ...missing, cors: true }],
  "a foreign page": [get(["Origin", "https://evil.example"], bearer(READER)), { ...forbidden, cors: true }],
  "a foreign page, null": [get(["Origin", "null"], bearer(READER)), { ...forbidden, cors: true }],
  "a foreign page, with its own name in front": [
    get(["Origin", "http://localhost.evil.example"], bearer(READER)),
    { ...forbidden, cors: true },
  ],
  "a foreign Host": [get(["Host", "evil.example"], bearer(READER)), forbidden],
  "a Host that hides its name": [
    get(["Host", "evil.example@localhost"], bearer(READER)),
    // Hono's server for Node rejects it itself.
    { ...forbidden, or: 400 },
  ],
  "a Host of IPv6 with a port": [get(["Host", "[::1]:8080"], bearer(READER)), accepted("app", null)],
  "the Host of the resource": [get(["Host", "mcp.example.com"], bearer(READER)), accepted("app", null)],
  "a tool that needs nothing": [post(READ, bearer(READER)), accepted("app", READ)],
  "a tool without its scope": [post(CALL, bearer(READER)), lackingWrite],
  "a tool with its scope": [post(CALL, bearer(WRITER)), accepted("app", CALL)],
  "a tool with a broader scope": [post(CALL, bearer(ADMIN)), accepted("app", CALL)],
  "a tool without its scope, with a key": [post(CALL, ["X-API-Key", KEY]), keyLacks],
  "a tool without a credential": [post(CALL), missing],
  "a tool as a notification": [post({ ...CALL, id: undefined }, bearer(READER)), lackingWrite],
  "a batch with the tool": [post([READ, { method: "ping" }, CALL], bearer(READER)), lackingWrite],
  "a batch in a batch": [post([[CALL]], bearer(READER)), { ...unreadable, byParser: false }],
  "a method that is no string": [
    post({ ...CALL, method: ["tools/call"] }, bearer(READER)),
    { ...unreadable, byParser: false },
  ],
  "a tool name that is no string": [
    post({ ...CALL, params: { name: ["write_file"] } }, bearer(READER)),
    { ...unreadable, byParser: false },
  ],
  "a tool without params": [
    post({ method: "tools/call" }, bearer(READER)),
    { ...unreadable, byParser: false },
  ],
  "a tool named __proto__": [
    post('{"method":"tools/call","params":{"name":"__proto__"}}', bearer(READER)),
    accepted("app", { method: "tools/call", params: { name: "__proto__" } }),
  ],
  "a tool named constructor": [
    post({ method: "tools/call", params: { name: "constructor" } }, bearer(READER)),
    lacking("mcp own"),
  ],
  "the name twice, the last one counts": [
    post('{"method":"tools/call","params":{"name":"read_file","name":"write_file"}}', bearer(READER)),
    lackingWrite,
  ],
  "the name in escapes": [
    post('{"method":"tools/call","params":{"name":"write\\u005ffile"}}', bearer(READER)),
    lackingWrite,
  ],
  "bad JSON": [post("{", bearer(WRITER)), unreadable],
  "an empty body": [post("", bearer(WRITER)), unreadable],
  "a byte order mark": [post(`\ufeff${JSON.stringify(CALL)}`, bearer(READER)), unreadable],
  "UTF-16": [post(Buffer.from(`\ufeff${JSON.stringify(CALL)}`, "utf16le"), bearer(READER)), unreadable],
  "bytes that are not UTF-8": [
    post(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]), bearer(READER)),
    unreadable,
  ],
  gzip: [post(gzipSync(JSON.stringify(CALL)), ["Content-Encoding", "gzip"], bearer(READER)), unreadable],
  "a form": [
    {
      method: "POST",
      headers: [["Content-Type", "application/x-www-form-urlencoded"], bearer(READER)],
      body: "method=tools/call&params[name]=write_file",
    },
    unreadable,
  ],
  "JSON that says it is text": [
    { method: "POST", headers: [["Content-Type", "text/plain"], bearer(READER)], body: JSON.stringify(CALL) },
    lackingWrite,
  ],
  "5 MiB": [
    post(`"${"x".repeat(5 * 1024 * 1024)}"`, bearer(WRITER)),
    { status: 413, error: "invalid_request", challenges: undefined, byParser: true },
  ],
  "5 MiB without a credential": [post(`"${"x".repeat(5 * 1024 * 1024)}"`), { ...missing, byParser: true }],
  "Mcp-Name of another tool": [post(CALL, bearer(WRITER), ["Mcp-Name", "read_file"]), mismatch],
  "Mcp-Name, encoded, of another tool": [
    post(CALL, bearer(WRITER), ["Mcp-Name", "=?base64?cmVhZF9maWxl?="]),
    mismatch,
  ],
  "Mcp-Name, encoded": [
    post(CALL, bearer(WRITER), ["Mcp-Name", "=?base64?d3JpdGVfZmlsZQ==?="]),
    accepted("app", CALL),
  ],
  "Mcp-Name of a task": [
    post({ method: "tasks/get", params: { taskId: "t1", name: "x" } }, bearer(READER), ["Mcp-Name", "t1"]),
    accepted("app", { method: "tasks/get", params: { taskId: "t1", name: "x" } }),
  ],
  "Mcp-Name of another resource": [
    post({ method: "resources/read", params: { uri: "a:1" } }, bearer(READER), ["Mcp-Name", "a:2"]),
    mismatch,
  ],
  "Mcp-Method of another method": [post(CALL, bearer(READER), ["Mcp-Method", "ping"]), mismatch],
  "an upgrade": [get(["Connection", "Upgrade"], ["Upgrade", "websocket"]), missing],
  "Expect: 100-continue": [post(CALL, ["Expect", "100-continue"], bearer(READER)), lackingWrite],
  "a session, first use": [get(bearer(READER), ["Mcp-Session-Id", "of-alice"]), accepted("app", null)],
  "the session of another": [get(bearer(MALLORY), ["Mcp-Session-Id", "of-alice"]), another],
  "the session of another, by key": [get(["X-API-Key", KEY], ["Mcp-Session-Id", "of-alice"]), another],
  "the session of another, DELETE": [
    { method: "DELETE", headers: [bearer(MALLORY), ["Mcp-Session-Id", "of-alice"]] },
    another,
  ],
  "the session of another, in the query": [
    { ...get(bearer(MALLORY)), path: "/mcp?sessionId=of-alice" },
    another,
  ],
  "the session of another, second in the query": [
    { ...get(bearer(MALLORY)), path: "/mcp?sessionId=own&sessionId=of-alice" },
    another,
  ],
  "the session of another, as an array in the query": [
    { ...get(bearer(MALLORY)), path: "/mcp?sessionId%5B%5D=of-alice" },
    another,
  ],
  "one's own session, with a newer token": [
    get(bearer(sign({ jti: "2" })), ["Mcp-Session-Id", "of-alice"]),
    accepted("app", null),
  ],
  "a session id of 8 KB": [get(bearer(READER), ["Mcp-Session-Id", "x".repeat(8000)]), accepted("app", null)],
  "the session of another, of 8 KB": [get(bearer(MALLORY), ["Mcp-Session-Id", "x".repeat(8000)]), another],
};

function gate() {
  const provider = anyOf([
    new APIKeyAuthProvider({ keys: [{ key: KEY, id: "ci", scopes: ["mcp"] }, PLAIN_KEY] }),
    new JWTAuthProvider({ secret: SECRET, audience: RESOURCE, requireExpiration: true }),
  ]);
  return requireAuth(provider, {
    resource: RESOURCE,
    authorizationServers: ["https://login.example.com"],
    requiredScopes: ["mcp"],
    toolScopes: { write_file: ["files:write"], constructor: ["own"] },
    scopeHierarchy: { admin: ["files:write"] },
  });
}

/** Those of the server itself, and those that depend on whether a length is known. */
const OF_THE_SERVER = ["date", "connection", "keep-alive", "content-length", "transfer-encoding", "vary"];
const ownOf = ({ headers }) =>
  Object.fromEntries(headers.filter(([name]) => !OF_THE_SERVER.includes(name)).sort());

function check(response, expected) {
  const headers = ownOf(response);
  checkFields(response.headers);
  assert.equal(response.status, expected.status, response.body);
  const challenge = headers["www-authenticate"];
  assert.deepEqual(challenge && parseChallenges(challenge), expected.challenges);
  assert.equal(
    headers["access-control-allow-origin"] !== undefined,
    (expected.cors ?? false) || !!expected.metadata,
  );
  if (expected.cors) {
    assert.match(headers["access-control-expose-headers"] ?? "", /WWW-Authenticate/);
  }
  if (expected.header !== undefined) {
    assert.equal(headers[expected.header[0]], expected.header[1]);
  }
  if (expected.error !== undefined || expected.code !== undefined) {
    const { error, error_description: description } = JSON.parse(response.body);
    assert.equal(expected.code === undefined ? error : error.code, expected.error ?? expected.code);
    assert.ok(expected.code !== undefined || /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(description));
    assert.equal(headers["cache-control"], "no-store");
  }
  if (expected.metadata) {
    assert.equal(JSON.parse(response.body).resource, RESOURCE);
    assert.equal(headers["content-type"], "application/json");
  }
  if (expected.client !== undefined) {
    const { client, same, body } = JSON.parse(response.body);
    assert.deepEqual([client, same], [expected.client, true]);
    // Express 4 leaves an empty object where there is no body.
    assert.deepEqual(
      expected.body === null && Object.keys(body ?? {}).length === 0 ? null : body,
      expected.body,
    );
  }
}

/** By row, what the first host answered. */
const first = new Map();

/**
 * What only HTTP/1 can send: `Connection`, spaces at the end of a value (RFC 9113 §8.2), and a header twice, for the
 * client of Node.
 */
const isOfHttp1 = ({ headers = [] }) => {
  const names = headers.map(([name]) => name.toLowerCase());
  const isPadded = headers.some(([, value]) => value !== value.trim());
  return isPadded || names.includes("connection") || new Set(names).size < names.length;
};

/** Node leaves out a header that HTTP/2 does not allow, and warns. */
const warnings = [];
process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));

for (const [host, { start, parses = false }] of Object.entries({ ...GATED, ...GATED_HTTP2 })) {
  const isHttp2 = host in GATED_HTTP2;
  const ask = isHttp2 ? sendHttp2 : send;
  describe(host, () => {
    let server;
    before(async () => {
      server = await start(gate());
    });
    after(() => server.close());

    for (const [name, [request, expected]] of Object.entries(ROWS)) {
      if (isHttp2 && isOfHttp1(request)) continue;
      it(name, async () => {
        const response = await ask(server.port, request);
        for (const secret of [SECRET, KEY, READER]) {
          assert.ok(expected.status === 200 || !response.body.includes(secret));
        }
        if (response.status === expected.or) {
          return;
        }
        if (parses && expected.byParser) {
          // Rejected by the parser, or decoded and judged.
          assert.ok([200, 400, 401, 403, 413, 415].includes(response.status), response.body);
          const { scopes, body } = response.status === 200 ? JSON.parse(response.body) : {};
          assert.ok(body?.params?.name !== "write_file" || scopes.includes("files:write"));
          return;
        }
        check(response, expected);
        if (expected.status !== 200 || expected.metadata) {
          const bytes = { status: response.status, headers: ownOf(response), body: response.body };
          assert.deepEqual(bytes, first.get(name) ?? bytes);
          first.set(name, bytes);
        }
      });
    }

    it("429 with Retry-After for too many failures, 503 while the issuer is down", async () => {
      const throttled = await start(
        requireAuth(new JWTAuthProvider({ secret: SECRET, throttle: { failures: 2, windowSeconds: 60 } })),
      );
      const down = await start(
        requireAuth(new OAuthAuthProvider({ resource: RESOURCE, authorizationServers: [ISSUER] })),
      );
      try {
        const wrong = get(bearer(sign({}, "another-secret-5b9d1c7e4f2a6083")));
        const answers = [];
        for (let n = 0; n < 3; n += 1) answers.push(await ask(throttled.port, wrong));
        assert.deepEqual(
          answers.map(({ status }) => status),
          [401, 401, 429],
        );
        assert.match(ownOf(answers[2])["retry-after"], /^\d+$/);
        assert.equal(JSON.parse(answers[2].body).error, "too_many_requests");
        const unavailable = await ask(down.port, get(bearer(FROM_ISSUER)));
        assert.equal(unavailable.status, 503);
        assert.equal(JSON.parse(unavailable.body).error, "temporarily_unavailable");
        assert.match(ownOf(unavailable)["retry-after"], /^\d+$/);
        assert.equal(ownOf(unavailable)["www-authenticate"], undefined);
      } finally {
        await throttled.close();
        await down.close();
      }
    });

    it("requests in flight at the same time never meet", async () => {
      const tokens = Array.from({ length: 40 }, (_, n) => [
        `app-${n}`,
        sign({ client_id: `app-${n}`, scope: n % 2 ? "mcp" : "mcp files:write" }),
      ]);
      const answers = await Promise.all(
        tokens.map(([, token]) => ask(server.port, post(CALL, bearer(token)))),
      );
      for (const [n, answer] of answers.entries()) {
        assert.equal(answer.status, n % 2 ? 403 : 200);
        assert.equal(n % 2 ? undefined : JSON.parse(answer.body).client, n % 2 ? undefined : tokens[n][0]);
      }
    });

    it("sends no header that the protocol forbids", () => {
      assert.deepEqual(
        warnings.filter((one) => one.startsWith("Unsupported")),
        [],
      );
    });
  });
}
