/**
 * `NODE_DEBUG=mcp-native-auth`: one line for each rejection, with what was expected and found where a token is genuine,
 * and no part of a credential. Nothing without it.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import path from "node:path";
import { before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { generateApiKey } from "mcp-native-auth";
import { REASONS } from "../../lib/core/reasons.js";
import { explain } from "../../lib/jwt/explain.js";
import { rejectionCodes } from "../../lib/native/load.js";
import { checkout } from "../support/project.js";

const SECRET = `secret_${randomBytes(24).toString("hex")}`;
const KEY = generateApiKey().key;
const NOW = Math.floor(Date.now() / 1000);

const encode = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function signed(claims, { header = { alg: "HS256", typ: "at+jwt" }, secret = SECRET } = {}) {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const GOOD = { iat: NOW - 5, exp: NOW + 3600, jti: "1", iss: "https://a.example", aud: "api", sub: "user:1" };
const without = (name) => Object.fromEntries(Object.entries(GOOD).filter(([other]) => other !== name));
const RULES = {
  issuer: ["https://a.example", "https://b.example"],
  audience: "api",
  subject: "user:*",
  typ: "at+jwt",
  requiredClaims: ["jti"],
  maxTokenAge: 60,
  requireExpiration: true,
};

/** A token, and what the line says after the reason. Times may be a second later than when the token was made. */
const EXPLAINED = {
  "another issuer": [
    signed({ ...GOOD, iss: "https://c.example" }),
    'TOKEN_ISSUER_NOT_ALLOWED, expected issuers ["https://a.example","https://b.example"], found iss "https://c.example"',
  ],
  "no issuer": [
    signed(without("iss")),
    'TOKEN_ISSUER_NOT_ALLOWED, expected issuers ["https://a.example","https://b.example"], found no iss',
  ],
  "another audience": [
    signed({ ...GOOD, aud: ["web", "app"] }),
    'TOKEN_AUDIENCE_NOT_ALLOWED, expected audiences ["api"], found aud ["web","app"]',
  ],
  "another subject": [
    signed({ ...GOOD, sub: "bot:1" }),
    'TOKEN_SUBJECT_NOT_ALLOWED, expected subjects ["user:*"], found sub "bot:1"',
  ],
  "a claim that is missing": [
    signed(without("jti")),
    'TOKEN_CLAIM_MISSING, expected requiredClaims ["jti"], missing ["jti"]',
  ],
  "no expiry": [signed(without("exp")), "TOKEN_EXPIRATION_MISSING, found no exp"],
  "an expiry that has passed": [
    signed({ ...GOOD, exp: NOW - 1000 }),
    new RegExp(`^TOKEN_EXPIRED, found exp ${NOW - 1000}, 10\\d\\d s ago$`),
  ],
  "a time to come": [
    signed({ ...GOOD, nbf: NOW + 3000 }),
    new RegExp(`^TOKEN_NOT_YET_VALID, found nbf ${NOW + 3000}, (2\\d\\d\\d|3000) s ahead$`),
  ],
  "an age": [
    signed({ ...GOOD, iat: NOW - 5000 }),
    new RegExp(`^TOKEN_TOO_OLD, expected maxTokenAge 60, found iat ${NOW - 5000}, 50\\d\\d s ago$`),
  ],
  "no age": [signed(without("iat")), "TOKEN_TOO_OLD, expected maxTokenAge 60, found no iat"],
  "an issue to come": [
    signed({ ...GOOD, iat: NOW + 3000 }),
    new RegExp(`^TOKEN_ISSUED_IN_FUTURE, found iat ${NOW + 3000}, (2\\d\\d\\d|3000) s ahead$`),
  ],
  "a time that is text": [
    signed({ ...GOOD, exp: "tomorrow" }),
    `TOKEN_TIME_CLAIM_INVALID, found {"exp":"tomorrow","iat":${NOW - 5}}`,
  ],
  "claims that are no JSON": [signed("no JSON"), "TOKEN_PAYLOAD_INVALID"],
  "a claim that would write a line of the log": [
    signed({ ...GOOD, sub: "x\r\nMCP: é\u2028\u0000" }),
    'TOKEN_SUBJECT_NOT_ALLOWED, expected subjects ["user:*"], found sub "x\\r\\nMCP: ??\\u0000"',
  ],
  "a claim of any length": [
    signed({ ...GOOD, sub: "x".repeat(10_000) }),
    `TOKEN_SUBJECT_NOT_ALLOWED, expected subjects ["user:*"], found sub "${"x".repeat(119)}…`,
  ],
};

/** Forged and broken ones: of these the line has the reason alone, or what the configuration expects. */
const FORGED = {
  "signed with another secret": [
    signed({ ...GOOD, iss: "mallory" }, { secret: "another" }),
    "TOKEN_SIGNATURE_INVALID",
  ],
  "without a signature": [`${encode({ alg: "none" })}.${encode({ sub: "mallory" })}.`, "TOKEN_MALFORMED"],
  "of no algorithm": [
    `${encode({ alg: "none" })}.${encode({ sub: "mallory" })}.AAAA`,
    "TOKEN_ALGORITHM_NOT_ALLOWED",
  ],
  "no token": ["mallory", "TOKEN_MALFORMED"],
};

const PROGRAM = `
  import { readFileSync } from "node:fs";
  import { APIKeyAuthProvider, anyOf, JWTAuthProvider } from "mcp-native-auth";
  const { key, wrongKey, secret, rules, tokens } = JSON.parse(readFileSync(0, "utf8"));
  const jwt = new JWTAuthProvider({ secret, ...rules });
  const headers = (token) => ({ headers: { authorization: "Bearer " + token }, socket: { remoteAddress: "192.0.2.7" } });
  for (const token of tokens) await jwt.authenticate(headers(token));
  const withKey = { headers: { "x-api-key": wrongKey, "x-real-ip": "203.0.113.9" }, url: "/secret-path" };
  const keys = new APIKeyAuthProvider({ keys: [key], trustProxy: { header: "X-Real-IP" }, throttle: { failures: 1 } });
  await keys.authenticate(withKey);
  await keys.authenticate(withKey);
  await keys.authenticate({ headers: { "x-api-key": key } });
  await anyOf([new APIKeyAuthProvider({ keys: [key] }), jwt]).authenticate(headers(tokens[0]));
`;

function run(tokens, env) {
  const wrongKey = generateApiKey().key;
  const input = { key: KEY, wrongKey, secret: SECRET, rules: RULES, tokens };
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    cwd: checkout,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  assert.equal(child.status, 0, child.stderr);
  return { stderr: child.stderr, credentials: [KEY, wrongKey, SECRET, ...tokens] };
}

describe("the debug log", () => {
  const cases = Object.entries({ ...EXPLAINED, ...FORGED });
  let stderr;
  let credentials;
  let lines;
  before(() => {
    ({ stderr, credentials } = run(
      cases.map(([, [token]]) => token),
      { NODE_DEBUG: "mcp-native-auth" },
    ));
    lines = stderr.trimEnd().split("\n");
  });

  const line = (said) => {
    const [, provider, address, status, rest] =
      /^MCP-NATIVE-AUTH \d+: (\w+) rejected a request from (.+) with (\d+): (.+); see docs\/monitoring\.md#reasons$/.exec(
        said,
      ) ?? assert.fail(said);
    return [provider, address, status, rest];
  };

  for (const [index, [name, [, expected]]] of cases.entries()) {
    it(`has a line for ${name}`, () => {
      const [provider, address, status, rest] = line(lines[index]);
      assert.deepEqual([provider, address, status], ["JWTAuthProvider", "192.0.2.7", "401"]);
      if (expected instanceof RegExp) {
        assert.match(rest, expected);
      } else {
        assert.equal(rest, expected);
      }
    });
  }

  it("has a line for API keys, for too many attempts and for anyOf, none for what is accepted, and no other", () => {
    assert.deepEqual(lines.slice(cases.length).map(line), [
      ["APIKeyAuthProvider", "203.0.113.9", "401", "KEY_UNKNOWN"],
      ["APIKeyAuthProvider", "203.0.113.9", "429", "THROTTLED after KEY_UNKNOWN"],
      ["JWTAuthProvider", "192.0.2.7", "401", EXPLAINED["another issuer"][1]],
    ]);
  });

  it("shows no part of a credential, and nothing of a forged token", () => {
    for (const credential of credentials.filter((text) => text.length > 16)) {
      for (let start = 0; start + 12 <= credential.length; start += 1) {
        assert.ok(!stderr.includes(credential.slice(start, start + 12)), `${start} of ${credential}`);
      }
    }
    assert.ok(!/mallory|secret-path/.test(stderr));
  });

  it("is silent unless it is asked for", () => {
    const tokens = cases.map(([, [token]]) => token);
    assert.deepEqual(
      [run(tokens, { NODE_DEBUG: "" }).stderr, run(tokens, { NODE_DEBUG: "http" }).stderr],
      ["", ""],
    );
  });
});

describe("the debug log of an OAuth provider", () => {
  const ISSUERS = path.join(import.meta.dirname, "../support/issuer-server.js");
  const OAUTH = `
    import { generateKeyPairSync } from "node:crypto";
    import { OAuthAuthProvider } from "mcp-native-auth";
    import jsonwebtoken from "jsonwebtoken";
    import { issuerServer } from ${JSON.stringify(pathToFileURL(ISSUERS).href)};
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const server = await issuerServer({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "a", alg: "RS256" }] });
    const { issuer } = server;
    const resource = "https://mcp.example.com";
    const options = { resource, authorizationServers: [issuer], requireHttps: false, requiredScopes: ["mcp"] };
    const provider = new OAuthAuthProvider(options);
    const opaque = new OAuthAuthProvider({ ...options, validation: [{ type: "introspection", issuer,
      introspection: { endpoint: server.introspectionEndpoint, clientId: "c", clientSecret: "s" } }] });
    const claims = { iss: issuer, aud: resource, sub: "alice", scope: "mcp" };
    const sign = (changes, keyid = "a") =>
      jsonwebtoken.sign({ ...claims, ...changes }, privateKey, { algorithm: "RS256", keyid, expiresIn: 60 });
    const ask = (asked, token) =>
      asked.authenticate({ headers: { authorization: "Bearer " + token }, socket: { remoteAddress: "192.0.2.7" } });
    await provider.ready();
    await ask(provider, sign({ aud: "https://other.example.com" }));
    await ask(provider, sign({ scope: "read write" }));
    await ask(provider, sign({ sub: undefined }));
    await ask(provider, sign({ aud: "mallory" }, "b"));
    await ask(opaque, server.answer({ active: true, ...claims, exp: 4102444800, aud: "https://other.example.com" }));
    process.exit();`;

  it("tells of tokens whose signature was verified, of others the reason alone", () => {
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", OAUTH], {
      cwd: checkout,
      env: { ...process.env, NODE_OPTIONS: "", NODE_DEBUG: "mcp-native-auth" },
      encoding: "utf8",
    });
    const lines = [
      ...child.stderr.matchAll(/^MCP-NATIVE-AUTH \d+: OAuthAuthProvider .* with (.*); see docs/gm),
    ];
    assert.deepEqual(
      lines.map(([, said]) => said),
      [
        '401: TOKEN_AUDIENCE_NOT_ALLOWED, expected audiences ["https://mcp.example.com"], found aud "https://other.example.com"',
        '403: SCOPE_INSUFFICIENT, expected scopes ["mcp"], found ["read","write"]',
        '401: TOKEN_CLAIM_MISSING, expected requiredClaims ["sub"], missing ["sub"]',
        "401: TOKEN_KEY_UNKNOWN",
        "401: TOKEN_AUDIENCE_NOT_ALLOWED",
      ],
      child.stderr,
    );
  });
});

describe("explanations", () => {
  const rules = { issuers: ["a"], audiences: ["a"], subjects: ["a"], requiredClaims: ["a"], typ: "at+jwt" };

  it("never read a token that may be forged, whatever the reason", () => {
    for (const reason of rejectionCodes().filter((code) => REASONS[code].counted)) {
      const unread = { toString: () => assert.fail("read") };
      const text = explain(reason, unread, rules, NOW);
      assert.ok(text === undefined || text === 'expected typ "at+jwt"', reason);
    }
  });

  it("of damaged tokens show nothing and do not throw", () => {
    for (const value of ["", "Bearer ", "a", "a.b.c", `a.${encode("null")}.c`, `a.${encode("[1]")}.c`]) {
      assert.equal(explain("TOKEN_EXPIRED", value, rules, NOW), "found no exp");
      assert.equal(
        explain("TOKEN_CLAIM_MISSING", value, rules, NOW),
        'expected requiredClaims ["a"], missing ["a"]',
      );
    }
  });

  it("take the token with a scheme before it and without, and tell of the tolerance", () => {
    const token = signed({ exp: NOW - 60 });
    for (const value of [token, `Bearer ${token}`, `bearer   ${token} `]) {
      assert.equal(
        explain("TOKEN_EXPIRED", value, { ...rules, clockTolerance: 30 }, NOW),
        `found exp ${NOW - 60}, 60 s ago, clockTolerance 30 s`,
      );
    }
  });

  it("read what a claim is, not what its prototype is", () => {
    const claims = `{"__proto__":{"iss":"inherited"}}`;
    assert.equal(
      explain("TOKEN_ISSUER_NOT_ALLOWED", signed(claims), rules, NOW),
      'expected issuers ["a"], found no iss',
    );
  });
});
