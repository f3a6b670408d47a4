// OAuthAuthProvider against the framework's own class: one group of cases for each row of the definition of
// "drop-in". What happens on the network is in oauth-issuer.test.js.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { issuerServer } from "../support/issuer-server.js";
import { base64url, jws, pair, publicJwk, publicPem } from "../support/keys.js";
import {
  ACCEPTS,
  accepted,
  bearer,
  bothRefuse,
  construct,
  differs,
  NOW,
  OAUTH,
  REJECTS,
  received,
  refused,
  rejected,
  requestOf,
  runTable,
} from "../support/oracle.js";
import { withoutFrameworkLog } from "../support/servers.js";

// Options that work but are not advisable are warned of, dozens of times: Node need not print each.
process.removeAllListeners("warning");

const ISSUER = "https://issuer.example/";
const RESOURCE = "https://mcp.example.com/mcp";
const CLAIMS = { iss: ISSUER, aud: RESOURCE, sub: "alice", exp: NOW + 3600, iat: NOW - 10, scope: "mcp" };
const CLIENT = { clientId: "resource-server", clientSecret: "client-secret-8d1f0b77" };

const jwk = (name, kid, more) => ({ ...publicJwk(name), kid, use: "sig", ...more });
const KEYS = [
  jwk("rsa", "rsa"),
  jwk("p256", "p256"),
  jwk("p384", "p384"),
  jwk("p521", "p521"),
  jwk("ed25519", "ed25519"),
];

withoutFrameworkLog();
let server;
before(async () => {
  server = await issuerServer({ keys: KEYS });
});
after(() => server.close());

/** A token as the issuer signs it, with changes. */
function sign({ claims, header, key = "rsa", ...how } = {}) {
  const { privateKey } = pair(key);
  return jws({
    header: { alg: "RS256", typ: "JWT", kid: key, ...header },
    payload: typeof claims === "string" || Buffer.isBuffer(claims) ? claims : { ...CLAIMS, ...claims },
    key: privateKey,
    ...how,
  });
}

const defined = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== ABSENT));
/** A member that is left out; `undefined` is one that is given as undefined. */
const ABSENT = Symbol("absent");

function jwtConfig(validation = {}, more = {}) {
  return defined({
    authorizationServers: [ISSUER],
    resource: RESOURCE,
    validation: defined({
      type: "jwt",
      jwksUri: server.jwksUri,
      issuer: ISSUER,
      audience: RESOURCE,
      ...validation,
    }),
    ...more,
  });
}

/** The answer is that of the introspection endpoint for this token, as JSON or as text. */
function introspectionConfig(introspection = {}, validation = {}) {
  return jwtConfig({
    type: "introspection",
    jwksUri: ABSENT,
    introspection: defined({ endpoint: server.introspectionEndpoint, ...CLIENT, ...introspection }),
    ...validation,
  });
}

const config = () => jwtConfig();
const both = (validation, more) => () => jwtConfig(validation, more);
const token = () => sign();
const why = (text) => text;

/** What the oracle accepts on a good token and ours refuses to construct. */
const stricter = (
  name,
  validation,
  pattern,
  { oracle = ACCEPTS, more, because = "it can never be meant" } = {},
) => differs(name, { config: both(validation, more), token, oracle, ours: refused(pattern), why: because });
/** What lets the oracle reject every token, and is refused by our constructor. */
const pointless = (name, validation, pattern, more) =>
  stricter(name, validation, pattern, { oracle: REJECTS, more, because: "every token would be rejected" });

runTable(OAUTH, "§2 constructor", [
  {
    row: "missing parts",
    cases: [
      ...[
        ["no argument", undefined],
        ["null", null],
        ["an empty object", {}],
      ].map(([name, given]) =>
        differs(name, {
          config: () => given,
          oracle: refused(/Cannot read properties of (?:undefined|null)/),
          ours: refused(/`authorizationServers` must be an array/),
          why: "the message names what is missing",
        }),
      ),
      ...[ABSENT, undefined, null].map((validation) =>
        differs(`validation: ${String(validation)}`, {
          config: () => jwtConfig({}, { validation, authorizationServers: [server.issuer] }),
          token: () => sign({ claims: { iss: server.issuer } }),
          oracle: refused(/Cannot read properties of (?:undefined|null)/),
          ours: ACCEPTS,
          why: "keys are discovered, the audience is the resource",
        }),
      ),
      ...["jwt", 42, () => {}].map((validation) =>
        differs(`validation: ${String(validation)}`, {
          config: () => jwtConfig({}, { validation }),
          oracle: refused("OAuth introspection validation requires introspection config"),
          ours: refused(/`validation` must be an object/),
          why: "the message names what is missing",
        }),
      ),
    ],
  },
  {
    row: "jwksUri",
    cases: [
      bothRefuse("an empty string", "OAuth JWT validation requires jwksUri", {
        config: both({ jwksUri: "" }),
      }),
      bothRefuse("undefined", "OAuth JWT validation requires jwksUri", {
        config: both({ jwksUri: undefined }),
      }),
      differs("left out", {
        config: () => jwtConfig({ jwksUri: ABSENT, issuer: server.issuer }),
        token: () => sign({ claims: { iss: server.issuer } }),
        oracle: refused("OAuth JWT validation requires jwksUri"),
        ours: ACCEPTS,
        why: "it is discovered",
      }),
      pointless("not a URL", { jwksUri: "nope" }, /`validation\.jwksUri` must be an absolute URL/),
      pointless("42", { jwksUri: 42 }, /`validation\.jwksUri` must be a URL/),
      pointless("file:", { jwksUri: "file:///jwks.json" }, /must be an https URL/),
      pointless("data:", { jwksUri: "data:application/json,%7B%7D" }, /must be an https URL/),
      differs("ftp:", {
        config: () => jwtConfig({ jwksUri: server.jwksUri.replace("http:", "ftp:") }),
        token,
        oracle: ACCEPTS,
        ours: refused(/must be an https URL/),
        why: "it is fetched over plain HTTP",
      }),
      differs("with user name and password", {
        config: () => jwtConfig({ jwksUri: server.jwksUri.replace("//", "//user:secret@") }),
        token,
        oracle: ACCEPTS,
        ours: refused(/must not contain a user name or password/),
        why: "they are dropped in silence",
      }),
      differs("http to another machine, with requireHttps", {
        config: () => jwtConfig({ jwksUri: "http://keys.example/jwks" }, { requireHttps: true }),
        token: () => "not.a.token",
        oracle: REJECTS,
        ours: refused(/must be an https URL/),
        why: "others on the way can replace the keys",
      }),
      rejected("http to another machine", {
        config: both({ jwksUri: "http://keys.example/jwks" }),
        token: () => "not.a.token",
      }),
    ],
  },
  {
    row: "type",
    cases: [
      bothRefuse(
        "introspection without its block",
        "OAuth introspection validation requires introspection config",
        {
          config: both({ type: "introspection" }),
        },
      ),
      ...["JWT", "jwks", "introspect", 42].map((type) =>
        differs(`${inspect(type)}, with introspection`, {
          config: () => introspectionConfig({}, { type }),
          token: () => server.answer({ active: true, ...CLAIMS }),
          oracle: ACCEPTS,
          ours: refused(/`validation\.type` must be "jwt" or "introspection"/),
          why: "a typo would decide",
        }),
      ),
      differs("missing, with introspection", {
        config: () => introspectionConfig({}, { type: ABSENT }),
        token: () => server.answer({ active: true, ...CLAIMS }),
        oracle: ACCEPTS,
        ours: refused(/`validation\.type` must be "jwt" or "introspection"/),
        why: "a missing type would decide",
      }),
      differs("missing, with jwksUri", {
        config: both({ type: ABSENT }),
        token,
        oracle: refused("OAuth introspection validation requires introspection config"),
        ours: ACCEPTS,
        why: '"jwt" is the default',
      }),
    ],
  },
  {
    row: "audience",
    cases: [
      pointless("undefined", { audience: undefined }, /`validation\.audience` must be a non-empty string/),
      differs("left out", {
        config: both({ audience: ABSENT }),
        token,
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "it is the resource",
      }),
      differs("left out, a token for another server", {
        config: both({ audience: ABSENT }),
        token: () => sign({ claims: { aud: "https://other.example" } }),
        oracle: REJECTS,
        ours: REJECTS,
        why: "it is the resource",
      }),
      differs("an empty string", {
        config: both({ audience: "" }),
        token: () => sign({ claims: { aud: [""] } }),
        oracle: ACCEPTS,
        ours: refused(/`validation\.audience` must be a non-empty string/),
        why: "it names no server",
      }),
      differs("an array", {
        config: both({ audience: ["api://mcp", RESOURCE] }),
        token,
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "any of them",
      }),
      pointless("an empty array", { audience: [] }, /`validation\.audience`/),
      pointless("a RegExp", { audience: /./ }, /`validation\.audience`/),
      pointless('["*"]', { audience: ["*"] }, /`validation\.audience` must be "\*" itself/),
      accepted('"*", a token for another server', {
        config: both({ audience: "*" }),
        token: () => sign({ claims: { aud: "https://other.example" } }),
      }),
    ],
  },
  {
    row: "issuer",
    cases: [
      ...[undefined, ""].map((issuer) =>
        differs(inspect(issuer), {
          config: both({ issuer }),
          token: () => sign({ claims: { iss: "https://stranger.example" } }),
          oracle: ACCEPTS,
          ours: refused(/`validation\.issuer` must be a non-empty string/),
          why: "any issuer whose key is in the set would be accepted",
        }),
      ),
      differs("left out, a token of another issuer", {
        config: both({ issuer: ABSENT }),
        token: () => sign({ claims: { iss: "https://stranger.example" } }),
        oracle: ACCEPTS,
        ours: REJECTS,
        why: "the issuer is the authorization server",
      }),
      accepted("left out, a token of the authorization server", { config: both({ issuer: ABSENT }), token }),
      differs("left out, with several authorization servers", {
        config: both({ issuer: ABSENT }, { authorizationServers: [ISSUER, "https://second.example"] }),
        token,
        oracle: ACCEPTS,
        ours: refused(/`validation\.issuer` must be given/),
        why: "the keys of one would be trusted for all",
      }),
      accepted("an array", { config: both({ issuer: ["https://second.example", ISSUER] }), token }),
      pointless("an empty array", { issuer: [] }, /`validation\.issuer`/),
    ],
  },
  {
    row: "algorithms",
    cases: [
      ...[undefined, null, ""].flatMap((algorithms) => [
        accepted(`${inspect(algorithms)}: RS256`, { config: both({ algorithms }), token }),
        accepted(`${inspect(algorithms)}: ES256`, {
          config: both({ algorithms }),
          token: () => sign({ key: "p256", header: { alg: "ES256" } }),
        }),
        rejected(`${inspect(algorithms)}: PS256`, {
          config: both({ algorithms }),
          token: () => sign({ header: { alg: "PS256" } }),
        }),
      ]),
      accepted("a string", { config: both({ algorithms: "RS256" }), token }),
      ...[
        ["[]", []],
        ["a Set", new Set(["RS256"])],
        ["{}", {}],
        ["42", 42],
      ].map(([name, algorithms]) => pointless(name, { algorithms }, /`validation\.algorithms`/)),
      accepted("HS256 next to RS256", { config: both({ algorithms: ["HS256", "RS256"] }), token }),
      rejected("HS256 next to RS256, signed with the public key as secret", {
        config: both({ algorithms: ["HS256", "RS256"] }),
        token: () =>
          jws({
            header: { alg: "HS256", typ: "JWT", kid: "rsa" },
            payload: CLAIMS,
            key: publicPem("rsa"),
          }),
      }),
      pointless("HS256 alone", { algorithms: ["HS256"] }, /must name an algorithm with a public key/),
      stricter("none next to RS256", { algorithms: ["none", "RS256"] }, /`validation\.algorithms` must name/),
      stricter("an unknown name", { algorithms: ["RS256", "rs384"] }, /`validation\.algorithms` must name/),
      ...[
        ["PS256", "rsa"],
        ["PS384", "rsa"],
        ["PS512", "rsa"],
        ["RS384", "rsa"],
        ["RS512", "rsa"],
        ["ES384", "p384"],
        ["ES512", "p521"],
      ].map(([alg, key]) =>
        accepted(alg, { config: both({ algorithms: [alg] }), token: () => sign({ key, header: { alg } }) }),
      ),
      differs("EdDSA", {
        config: both({ algorithms: ["EdDSA"] }),
        token: () => sign({ key: "ed25519", header: { alg: "EdDSA" } }),
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "it is supported",
      }),
      differs("ES256K", {
        config: both({ algorithms: ["ES256K"] }),
        token: () => sign({ header: { alg: "ES256K" }, alg: "RS256" }),
        oracle: REJECTS,
        ours: refused(/`validation\.algorithms`/),
        why: "it is not supported",
      }),
    ],
  },
  {
    row: "authorizationServers",
    cases: [
      ...[undefined, null, ISSUER, new Set([ISSUER])].map((authorizationServers) =>
        differs(inspect(authorizationServers), {
          config: both({}, { authorizationServers }),
          token,
          oracle: refused(/join/),
          ours: refused(/`authorizationServers` must be an array/),
          why: "the message names the option",
        }),
      ),
      ...[
        [[], /^OAuth metadata requires at least one authorization server$/],
        [[""], /^Authorization server URL cannot be empty$/],
        [["nope"], /^Invalid authorization server URL: nope$/],
        [[42], /^Invalid authorization server URL: position 0$/],
        [["javascript:alert(1)"], /must be an https URL/],
        [["https://issuer.example/?tenant=1"], /must not have a query/],
        [["https://issuer.example/#a"], /must not have a fragment/],
        [["https://user:secret@issuer.example"], /must not contain a user name/],
      ].map(([authorizationServers, pattern]) =>
        stricter(inspect(authorizationServers), {}, pattern, {
          more: { authorizationServers },
          because: "at start, or never, clients would fail",
        }),
      ),
      accepted("http:", { config: both({}, { authorizationServers: ["http://issuer.example"] }), token }),
      accepted("one twice", { config: both({}, { authorizationServers: [ISSUER, ISSUER] }), token }),
    ],
  },
  {
    row: "resource",
    cases: [
      ...[undefined, "", "  "].map((resource) =>
        stricter(inspect(resource), {}, /^OAuth metadata requires a resource identifier$/, {
          more: { resource },
          because: "the server would not start",
        }),
      ),
      ...["my-server", "api://mcp", "3n4b5urk1ft4fl3mg5e62d9ado"].map((resource) =>
        accepted(`${resource}, which clients reject`, { config: both({}, { resource }), token }),
      ),
      ...[
        'https://a.example/"',
        "https://a.example/\r\nX: 1",
        "https://a.example/€",
        "https://a.example/\\",
      ].map((resource) =>
        stricter(inspect(resource), {}, /`resource` must be a string of visible ASCII/, {
          more: { resource },
          because: "it breaks the header of each 401",
        }),
      ),
    ],
  },
  {
    row: "headerName",
    cases: [
      ...[undefined, null].map((headerName) =>
        differs(inspect(headerName), {
          config: both({}, { headerName }),
          token,
          oracle: REJECTS,
          ours: ACCEPTS,
          why: "the default applies",
        }),
      ),
      ...["", 42, "a b"].map((headerName) =>
        pointless(inspect(headerName), {}, /`headerName` must be an HTTP header name/, { headerName }),
      ),
    ],
  },
  {
    row: "introspection",
    cases: [
      ...[
        ["clientId missing", { clientId: ABSENT }, /clientId/, ACCEPTS],
        ["clientSecret missing", { clientSecret: ABSENT }, /clientSecret/, ACCEPTS],
        ["a colon in clientId", { clientId: "a:b" }, /clientId/, ACCEPTS],
        ["endpoint undefined", { endpoint: undefined }, /introspection\.endpoint/, REJECTS],
        ["endpoint not a URL", { endpoint: "nope" }, /introspection\.endpoint/, REJECTS],
        [
          "endpoint with password",
          { endpoint: "http://u:pw@127.0.0.1:9/" },
          /user name or password/,
          REJECTS,
        ],
        ["cacheTTL NaN", { cacheTTL: Number.NaN }, /cacheTTL/, ACCEPTS],
        ["cacheTTL Infinity", { cacheTTL: Number.POSITIVE_INFINITY }, /cacheTTL/, ACCEPTS],
        ["cacheTTL negative", { cacheTTL: -1 }, /cacheTTL/, ACCEPTS],
        ['cacheTTL "300"', { cacheTTL: "300" }, /cacheTTL/, ACCEPTS],
      ].map(([name, introspection, pattern, oracle]) =>
        differs(name, {
          config: () => introspectionConfig(introspection),
          token: () => server.answer({ active: true, ...CLAIMS }),
          oracle,
          ours: refused(pattern),
          why: "it can never be meant",
        }),
      ),
      differs("endpoint data:", {
        config: () =>
          introspectionConfig({
            endpoint: `data:application/json,${encodeURIComponent(JSON.stringify({ active: true, ...CLAIMS }))}`,
          }),
        token: () => "any",
        oracle: ACCEPTS,
        ours: refused(/must be an https URL/),
        why: "its content would decide",
      }),
      differs("endpoint left out", {
        config: () => introspectionConfig({ endpoint: ABSENT }, { issuer: server.issuer }),
        token: () => server.answer({ active: true, ...CLAIMS, iss: server.issuer }),
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "it is discovered",
      }),
      ...[0, 300, undefined, null].map((cacheTTL) =>
        accepted(`cacheTTL ${cacheTTL}`, {
          config: () => introspectionConfig({ cacheTTL }),
          token: () => server.answer({ active: true, ...CLAIMS }),
        }),
      ),
    ],
  },
  {
    row: "validation.cacheTTL, rateLimit, cacheMaxEntries",
    cases: [
      accepted("ignored, ours with a warning", {
        config: both({ cacheTTL: 1, rateLimit: false, cacheMaxEntries: 1 }),
        token,
      }),
      differs("under strict", {
        config: both({ cacheTTL: 1 }, { strict: true }),
        token,
        oracle: ACCEPTS,
        ours: refused(/unknown option "cacheTTL"/),
        why: "strict",
      }),
    ],
  },
  {
    row: "changes after construction",
    cases: [
      differs("algorithms", {
        config: both({ algorithms: ["ES256"] }),
        meddle: ({ validation }) => validation.algorithms.push("RS256"),
        token,
        oracle: ACCEPTS,
        ours: REJECTS,
        why: "no effect",
      }),
      accepted("audience, issuer and jwksUri", {
        config,
        meddle: ({ validation }) => Object.assign(validation, { audience: "x", issuer: "x", jwksUri: "x" }),
        token,
      }),
    ],
  },
]);

const carry =
  (...values) =>
  () =>
    requestOf({
      headers: { host: "mcp.example.com", authorization: values.length === 1 ? values[0] : values },
    });
const url =
  (text, headers = {}) =>
  () =>
    requestOf({
      url: text,
      headers: { host: "mcp.example.com", authorization: `Bearer ${sign()}`, ...headers },
    });
const T = sign();

runTable(OAUTH, "§3 taking the token from the request", [
  {
    row: "lookup",
    cases: [
      accepted("a string", { config, request: carry(`Bearer ${T}`) }),
      accepted("the first of an array", { config, request: carry(`Bearer ${T}`, "Bearer x") }),
      rejected("the second of an array", { config, request: carry("Bearer x", `Bearer ${T}`) }),
      rejected("another header", {
        config,
        request: () => requestOf({ headers: { "x-token": `Bearer ${T}` } }),
      }),
      accepted("headerName in any case", {
        config: both({}, { headerName: "X-Token" }),
        request: () => requestOf({ headers: { "x-token": `Bearer ${T}` } }),
      }),
      rejected("headerName, without Bearer", {
        config: both({}, { headerName: "X-Token" }),
        request: () => requestOf({ headers: { "x-token": T } }),
      }),
      rejected("Authorization next to another headerName", {
        config: both({}, { headerName: "X-Token" }),
        request: carry(`Bearer ${T}`),
      }),
    ],
  },
  {
    row: "form",
    cases: [
      `bearer ${T}`,
      `BEARER ${T}`,
      `Bearer  ${T}`,
      `Bearer\t${T}`,
      `Bearer ${T} junk`,
      ` Bearer ${T}`,
      `Bearer ${T} `,
      `Bearer ${T}, Bearer ${T}`,
      `DPoP ${T}`,
      `Basic ${T}`,
      T,
      "Bearer",
      "Bearer ",
      "",
      `Bearer ${T}\n`,
    ].map((value) =>
      rejected(value.replaceAll(T, "T").replace(/[\t\n]/g, "\\t"), { config, request: carry(value) }),
    ),
  },
  {
    row: "on the wire",
    cases: [
      accepted("trailing blanks", {
        config,
        request: () => received("GET /mcp HTTP/1.1", "Host: a", `Authorization: Bearer ${T}  `),
      }),
      accepted("two headers, the first is good", {
        config,
        request: () =>
          received("GET / HTTP/1.1", "Host: a", `Authorization: Bearer ${T}`, "Authorization: Bearer x"),
      }),
      rejected("two headers, the first is bad", {
        config,
        request: () =>
          received("GET / HTTP/1.1", "Host: a", "Authorization: Bearer x", `Authorization: Bearer ${T}`),
      }),
      rejected("a token of 15 kB", {
        config,
        request: () => received("GET / HTTP/1.1", "Host: a", `Authorization: Bearer ${"a".repeat(15_000)}`),
      }),
    ],
  },
  {
    row: "what is not a request",
    cases: [
      rejected("a number for a header", { config, request: carry(42) }),
      rejected("an object for a header", { config, request: carry({ 0: `Bearer ${T}` }) }),
      rejected("a nested array", { config, request: carry([`Bearer ${T}`], "x") }),
      rejected("no headers", { config, request: () => ({ url: "/mcp" }) }),
      rejected("null", { config, request: () => null }),
      rejected("a getter that throws", {
        config,
        request: () => ({
          get headers() {
            throw new Error("unreadable");
          },
        }),
      }),
    ],
  },
  {
    row: "tokens in the query",
    cases: [
      ...[
        "/mcp?access_token=x",
        "/mcp?token=",
        "/mcp?token",
        "/mcp?a=1&token=x",
        "/mcp?%74oken=x",
        "/mcp?access%5Ftoken=x",
        "http://mcp.example.com/mcp?token=x",
      ].map((text) => rejected(text, { config, request: url(text) })),
      ...[
        "/mcp",
        "/mcp?ACCESS_TOKEN=x",
        "/mcp?id_token=x",
        "/mcp?sessionToken=x",
        "/mcp?continuation_token=x",
        "/mcp;token=x",
        "/mcp#?token=x",
        "/mcp?a=1#&token=x",
        "/mcp?a=1;token=x",
        "/mcp?x%26token=1",
        "",
      ].map((text) => accepted(`${text || "no URL"}`, { config, request: url(text) })),
      rejected("only there", { config, request: () => requestOf({ url: `/mcp?access_token=${T}` }) }),
    ],
  },
  {
    row: "a URL that cannot be read",
    cases: [
      rejected("//", { config, request: url("//") }),
      rejected("a malformed Host", { config, request: url("/mcp", { host: "a b" }) }),
      accepted("no Host", { config, request: url("/mcp", { host: undefined }) }),
    ],
  },
  {
    row: "characters of the token",
    cases: ["a,b", 'a"b', "a;b", "é", "=a", "a=b"].map((text) =>
      differs(text, {
        config: () => introspectionConfig(),
        request: () => {
          server.answer({ active: true, ...CLAIMS }, text);
          return bearer(text);
        },
        oracle: ACCEPTS,
        ours: REJECTS,
        why: "not a b64token of RFC 6750 §2.1",
      }),
    ),
  },
]);

const withClaims = (claims, more) => ({ config, token: () => sign({ claims, ...more }) });
const withHeader = (header, more) => ({ config, token: () => sign({ header, ...more }) });
const stricterToken = (name, given, because) =>
  differs(name, { config, ...given, oracle: ACCEPTS, ours: REJECTS, why: why(because) });
const changed = (change) => ({ config, token: () => change(sign()) });

runTable(OAUTH, '§4 type: "jwt"', [
  {
    row: "the claims reach the tool",
    cases: [
      accepted("in their order, with the token last", {
        config,
        request: () => bearer(T),
        data: { ...CLAIMS, token: T },
      }),
      accepted("a claim `token` is replaced where it stands", withClaims({ token: "x", last: 1 })),
      accepted("__proto__", {
        config,
        token: () => sign({ claims: JSON.stringify(CLAIMS).replace("{", '{"__proto__":{"isAdmin":true},') }),
      }),
    ],
  },
  {
    row: "form of the token",
    cases: [
      rejected(
        "two segments",
        changed((t) => t.split(".").slice(0, 2).join(".")),
      ),
      rejected(
        "four segments",
        changed((t) => `${t}.x`),
      ),
      rejected("garbage", { config, token: () => "garbage" }),
      rejected(
        "padding",
        changed((t) => `${t}==`),
      ),
      rejected(
        "+ and /",
        changed((t) => t.replace(/.{2}$/, "+/")),
      ),
      rejected(
        "an empty signature",
        changed((t) => t.replace(/[^.]*$/, "")),
      ),
      rejected("an ECDSA signature in DER", {
        config,
        token: () => sign({ key: "p256", header: { alg: "ES256" }, dsaEncoding: "der" }),
      }),
      stricterToken(
        "trailing bits",
        changed((t) => t.slice(0, -1) + String.fromCharCode(t.charCodeAt(t.length - 1) + 1)),
        "one token has one form",
      ),
      rejected("a JWE", { config, token: () => `${base64url('{"alg":"dir","enc":"A256GCM"}')}..aa.bb.cc` }),
    ],
  },
  {
    row: "kid",
    cases: [
      ...[undefined, "", null, 7, true, {}, ["rsa"], "unknown"].map((kid) =>
        rejected(inspect(kid), withHeader({ kid })),
      ),
    ],
  },
  {
    row: "alg",
    cases: [
      rejected("not in the list", withHeader({ alg: "RS512" })),
      rejected("none", {
        config,
        token: () => `${base64url('{"alg":"none","kid":"rsa"}')}.${base64url(JSON.stringify(CLAIMS))}.`,
      }),
      rejected("HS256 with the public key", withHeader({ alg: "HS256" }, { key: "rsa", alg: "RS256" })),
      rejected("of another key type", withHeader({ alg: "ES256", kid: "rsa" }, { alg: "RS256" })),
      rejected("of another curve", withHeader({ alg: "ES256" }, { key: "p384" })),
      rejected("the key of another kid", withHeader({ kid: "p256" })),
    ],
  },
  {
    row: "typ",
    cases: [
      ...[undefined, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "anything"].map((typ) =>
        accepted(inspect(typ), withHeader({ typ })),
      ),
      ...[
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "application/LOGOUT+JWT",
        "oauth-id-jag+jwt",
        null,
        7,
      ].map((typ) =>
        stricterToken(inspect(typ), withHeader({ typ }), "not an access token (RFC 8725 §3.11)"),
      ),
      differs("JWT where at+jwt is required", {
        ...withHeader({ typ: "JWT" }),
        config: both({}, { typ: "at+jwt" }),
        oracle: ACCEPTS,
        ours: REJECTS,
        why: "option",
      }),
      accepted("at+jwt where it is required", {
        ...withHeader({ typ: "at+jwt" }),
        config: both({}, { typ: "at+jwt" }),
      }),
    ],
  },
  {
    row: "other header members",
    cases: [
      stricterToken("crit, known", withHeader({ crit: ["exp"], exp: 1 }), "RFC 7515 §4.1.11"),
      stricterToken("crit, unknown", withHeader({ crit: ["x"], x: 1 }), "RFC 7515 §4.1.11"),
      stricterToken("b64: false", withHeader({ b64: false }), "RFC 7797"),
      ...["jku", "x5u"].map((name) =>
        accepted(name, withHeader({ [name]: "https://stranger.example/jwks" })),
      ),
      accepted("jwk", withHeader({ jwk: publicJwk("rsaOther") })),
      rejected(
        "jwk, signed with it",
        withHeader({ jwk: publicJwk("rsaOther"), kid: "rsa" }, { key: "rsaOther" }),
      ),
      accepted("zip and cty", withHeader({ zip: "DEF", cty: "JWT" })),
    ],
  },
  {
    row: "duplicate members",
    cases: [
      stricterToken(
        "in the header",
        {
          token: () =>
            sign({
              claims: CLAIMS,
              segments: ([, payload]) => [
                base64url('{"alg":"none","alg":"RS256","typ":"JWT","kid":"rsa"}'),
                payload,
              ],
            }),
        },
        "others may read the first",
      ),
      stricterToken(
        "of a registered claim",
        {
          token: () =>
            sign({ claims: JSON.stringify(CLAIMS).replace("{", '{"aud":"https://other.example",') }),
        },
        "others may read the first",
      ),
    ],
  },
  {
    row: "exp",
    cases: [
      ...[undefined, `${NOW + 60}`, null, true, 0, -1, NOW, NOW - 1, {}, []].map((exp) =>
        rejected(inspect(exp), withClaims({ exp })),
      ),
      ...[NOW + 0.5, NOW + 1, (NOW + 60) * 1000].map((exp) => accepted(inspect(exp), withClaims({ exp }))),
      stricterToken(
        "1e400",
        { token: () => sign({ claims: JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e400') }) },
        "not a time",
      ),
    ],
  },
  {
    row: "nbf",
    cases: [
      ...[NOW + 1, NOW + 0.5, `${NOW - 60}`, null].map((nbf) => rejected(inspect(nbf), withClaims({ nbf }))),
      ...[NOW, NOW - 60].map((nbf) => accepted(inspect(nbf), withClaims({ nbf }))),
      differs("in five seconds, with clockTolerance", {
        ...withClaims({ nbf: NOW + 5 }),
        config: both({}, { clockTolerance: 10 }),
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "option",
      }),
    ],
  },
  {
    row: "iat",
    cases: [undefined, NOW + 3600, "now", 1].map((iat) => accepted(inspect(iat), withClaims({ iat }))),
  },
  {
    row: "sub",
    cases: [
      ...[undefined, "", 0, null, false].map((sub) => rejected(inspect(sub), withClaims({ sub }))),
      ...["alice", 7].map((sub) => accepted(inspect(sub), withClaims({ sub }))),
      ...[{}, ["alice"], true].map((sub) =>
        stricterToken(inspect(sub), withClaims({ sub }), "no subject can be named so"),
      ),
    ],
  },
  {
    row: "iss",
    cases: ["https://other.example/", ISSUER.toUpperCase(), ISSUER.slice(0, -1), [ISSUER], undefined, ""].map(
      (iss) => rejected(inspect(iss), withClaims({ iss })),
    ),
  },
  {
    row: "aud",
    cases: [
      ...[RESOURCE, ["https://other.example", RESOURCE], [RESOURCE]].map((aud) =>
        accepted(inspect(aud), withClaims({ aud })),
      ),
      ...[
        RESOURCE.toUpperCase(),
        `${RESOURCE}/`,
        [[RESOURCE]],
        { 0: RESOURCE },
        "*",
        ["*"],
        "",
        [],
        undefined,
      ].map((aud) => rejected(inspect(aud), withClaims({ aud }))),
      accepted("none, client_id is the audience", withClaims({ aud: undefined, client_id: RESOURCE })),
      stricterToken(
        "another, client_id is the audience",
        withClaims({ aud: "https://other.example", client_id: RESOURCE }),
        "the token is for another server",
      ),
      ...["azp", "cid", "appid"].map((name) =>
        rejected(`none, ${name} is the audience`, withClaims({ aud: undefined, [name]: RESOURCE })),
      ),
      rejected("none, client_id is an array", withClaims({ aud: undefined, client_id: [RESOURCE] })),
    ],
  },
  {
    row: "other kinds of tokens",
    cases: [
      ...[
        { token_use: "id" },
        { typ: "ID" },
        { typ: "Refresh" },
        { typ: "Offline" },
        { typ: "Logout" },
        { at_hash: "x" },
        { c_hash: "x" },
        { events: {} },
      ].flatMap((claims) => [
        stricterToken(inspect(claims), withClaims(claims), "not an access token"),
        differs(`${inspect(claims)}, audience "*"`, {
          ...withClaims(claims),
          config: both({ audience: "*" }),
          oracle: ACCEPTS,
          ours: REJECTS,
          why: "not an access token",
        }),
        accepted(`${inspect(claims)}, allowIdTokens`, {
          ...withClaims(claims),
          config: both({ allowIdTokens: true }),
        }),
      ]),
      ...[{ token_use: "access" }, { typ: "Bearer" }].map((claims) =>
        accepted(inspect(claims), withClaims(claims)),
      ),
    ],
  },
  {
    row: "cnf",
    cases: [
      accepted("presented as Bearer", withClaims({ cnf: { jkt: "x" } })),
      differs("rejectBoundTokens", {
        ...withClaims({ cnf: { jkt: "x" } }),
        config: both({ rejectBoundTokens: true }),
        oracle: ACCEPTS,
        ours: REJECTS,
        why: "option",
      }),
    ],
  },
  {
    row: "scopes",
    cases: [
      accepted("not looked at", withClaims({ scope: undefined })),
      ...[{ scope: "a mcp" }, { scope: undefined, scp: "mcp" }, { scope: undefined, scp: ["a", "mcp"] }].map(
        (claims) =>
          accepted(`${inspect(claims)} where mcp is required`, {
            ...withClaims(claims),
            config: both({}, { requiredScopes: ["mcp"] }),
          }),
      ),
      ...[{ scope: undefined }, { scope: "mcpx" }, { scope: "MCP" }, { scope: "a,mcp" }].map((claims) =>
        differs(`${inspect(claims)} where mcp is required`, {
          ...withClaims(claims),
          config: both({}, { requiredScopes: ["mcp"] }),
          oracle: ACCEPTS,
          ours: REJECTS,
          why: "option",
        }),
      ),
    ],
  },
  {
    row: "payload",
    cases: [
      ...["null", "[]", '"text"', "not JSON", "42", `\uFEFF${JSON.stringify(CLAIMS)}`].map((claims) =>
        rejected(claims.slice(0, 12), withClaims(claims)),
      ),
      accepted("a JSON string that holds an object", withClaims(JSON.stringify(JSON.stringify(CLAIMS)))),
      rejected(
        "a JSON string that holds an object for another server",
        withClaims(JSON.stringify(JSON.stringify({ ...CLAIMS, aud: "x" }))),
      ),
      stricterToken(
        "invalid UTF-8 in a claim",
        withClaims(
          Buffer.concat([
            Buffer.from(JSON.stringify(CLAIMS).replace(/}$/, ',"name":"')),
            Buffer.from([0xff]),
            Buffer.from('"}'),
          ]),
        ),
        "no text",
      ),
    ],
  },
]);

/**
 * The keys of an issuer, and what a token that the first is for is answered. Where none can be used, it waits three
 * seconds for others.
 */
const keySet = (...keys) => ({ config: () => jwtConfig({ jwksUri: server.serveKeys(keys) }), token });

runTable(OAUTH, "§4 keys of the JWK Set", [
  {
    row: "use",
    cases: [
      ...[undefined, "sig"].map((use) => accepted(inspect(use), keySet(jwk("rsa", "rsa", { use })))),
      ...["enc", null].map((use) =>
        rejected(inspect(use), keySet(jwk("rsa", "rsa", { use }), jwk("p256", "p256"))),
      ),
    ],
  },
  {
    row: "key_ops",
    cases: [
      accepted("verify", keySet(jwk("rsa", "rsa", { key_ops: ["verify"] }))),
      stricterToken("sign", keySet(jwk("rsa", "rsa", { key_ops: ["sign"] })), "RFC 7517 §4.3"),
      stricterToken("none", keySet(jwk("rsa", "rsa", { key_ops: [] }), jwk("p256", "p256")), "RFC 7517 §4.3"),
    ],
  },
  {
    row: "alg",
    cases: [
      accepted("RS256", keySet(jwk("rsa", "rsa", { alg: "RS256" }))),
      ...["RS512", "PS256", "RSA-OAEP", "nonsense"].map((alg) =>
        stricterToken(alg, keySet(jwk("rsa", "rsa", { alg }), jwk("p256", "p256")), "RFC 7517 §4.4"),
      ),
    ],
  },
  {
    row: "size and exponent",
    cases: [
      ...["rsa512", "rsa1024"].map((key) =>
        stricterToken(
          key,
          { ...keySet(jwk(key, key), jwk("rsa", "rsa")), token: () => sign({ key }) },
          "RFC 7518 §3.3",
        ),
      ),
      accepted("e = 3", {
        ...keySet(jwk("rsaExponent3", "e3")),
        token: () => sign({ key: "rsaExponent3", header: { kid: "e3" } }),
      }),
    ],
  },
  {
    row: "skipped",
    cases: [
      rejected(
        "a private JWK",
        keySet(
          { ...pair("rsa").privateKey.export({ format: "jwk" }), kid: "rsa", use: "sig" },
          jwk("p256", "p256"),
        ),
      ),
      rejected("oct", {
        ...keySet(
          { kty: "oct", kid: "oct", k: base64url("secret-of-forty-characters-0123456789-abc") },
          jwk("rsa", "rsa"),
        ),
        token: () => sign({ header: { kid: "oct" } }),
      }),
      rejected("only x5c", keySet({ kty: "RSA", kid: "rsa", x5c: ["MIIB"] }, jwk("p256", "p256"))),
      rejected("a numeric kid", {
        ...keySet(jwk("rsa", 7), jwk("p256", "p256")),
        token: () => sign({ header: { kid: "7" } }),
      }),
      rejected("an empty kid", { ...keySet(jwk("rsa", "")), token: () => sign({ header: { kid: "" } }) }),
      accepted(
        "a malformed key next to a good one",
        keySet({ kty: "RSA" }, { kty: "RSA", kid: "x" }, jwk("rsa", "rsa")),
      ),
      differs("null next to a good one", {
        ...keySet(null, jwk("rsa", "rsa")),
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "a key that is not understood is skipped (RFC 7517 §5)",
      }),
    ],
  },
  {
    row: "two keys with one kid",
    cases: [
      accepted("the first signs", keySet(jwk("rsa", "rsa"), jwk("rsaOther", "rsa"))),
      differs("the second signs", {
        ...keySet(jwk("rsaOther", "rsa"), jwk("rsa", "rsa")),
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "both are published",
      }),
      differs("an EC key before the RSA key", {
        ...keySet(jwk("p256", "rsa"), jwk("rsa", "rsa")),
        oracle: REJECTS,
        ours: ACCEPTS,
        why: "the one that fits `alg`",
      }),
    ],
  },
]);

/** Both ask about a token to which the endpoint answers this. */
const answered = (answer, validation) => ({
  config: () => introspectionConfig({}, validation),
  token: () => server.answer(typeof answer === "string" ? answer : { active: true, ...CLAIMS, ...answer }),
});
const stricterAnswer = (name, answer, because) =>
  differs(name, { ...answered(answer), oracle: ACCEPTS, ours: REJECTS, why: because });
const TEXT = JSON.stringify({ active: true, ...CLAIMS });

runTable(OAUTH, '§8 type: "introspection", answers', [
  {
    row: "what reaches the tool",
    cases: [
      accepted("in the order of the framework", answered({ username: "alice", nbf: NOW - 1 })),
      accepted("absent claims are own members", answered({ iat: undefined, scope: undefined })),
    ],
  },
  {
    row: "aud and iss",
    cases: [
      stricterAnswer("for another server", { aud: "https://other.example" }, "aud is compared"),
      stricterAnswer(
        "for another server, client_id is ours",
        { aud: "x", client_id: RESOURCE },
        "aud is compared",
      ),
      stricterAnswer("of another issuer", { iss: "https://other.example" }, "iss is compared"),
      accepted("one of several audiences", answered({ aud: ["x", RESOURCE] })),
      accepted("audience is an array", answered({ aud: "api://b" }, { audience: ["api://a", "api://b"] })),
      accepted('audience "*"', answered({ aud: "x" }, { audience: "*" })),
    ],
  },
  {
    row: "active",
    cases: ["true", 1, null, undefined, false].map((active) =>
      rejected(inspect(active), answered({ active })),
    ),
  },
  {
    row: "members that must be there",
    cases: [
      ...["sub", "iss", "aud", "exp"].flatMap((name) =>
        [undefined, "", 0].map((value) =>
          rejected(`${name}: ${inspect(value)}`, answered({ [name]: value })),
        ),
      ),
      ...["sub", "iss", "aud"].flatMap((name) =>
        [{}, true].map((value) => stricterAnswer(`${name}: ${inspect(value)}`, { [name]: value }, "no name")),
      ),
    ],
  },
  {
    row: "exp and nbf",
    cases: [
      ...[NOW, NOW - 1, `${NOW}`].map((exp) => rejected(`exp: ${inspect(exp)}`, answered({ exp }))),
      ...[NOW + 0.5, NOW + 1, `${NOW + 60}`].map((exp) =>
        accepted(`exp: ${inspect(exp)}`, answered({ exp })),
      ),
      ...["never", "2099-01-01T00:00:00Z", {}].map((exp) =>
        stricterAnswer(`exp: ${inspect(exp)}`, { exp }, "it would never expire"),
      ),
      stricterAnswer("exp: 1e400", TEXT.replace(/"exp":\d+/, '"exp":1e400'), "it would never expire"),
      rejected("nbf: in the future", answered({ nbf: NOW + 1 })),
      ...[NOW, null].map((nbf) => accepted(`nbf: ${inspect(nbf)}`, answered({ nbf }))),
      ...["x", {}].map((nbf) => stricterAnswer(`nbf: ${inspect(nbf)}`, { nbf }, "not a time")),
    ],
  },
  {
    row: "token_type and kind",
    cases: [
      ...["Bearer", "bearer", undefined, "access_token", "DPoP"].map((token_type) =>
        accepted(inspect(token_type), answered({ token_type })),
      ),
      accepted("cnf", answered({ cnf: { jkt: "x" } })),
      ...[
        { token_type: "refresh_token" },
        { token_type: "mac" },
        { token_use: "id" },
        { typ: "Refresh" },
      ].map((claims) => stricterAnswer(inspect(claims), claims, "not an access token")),
      accepted("an ID token, allowIdTokens", answered({ token_use: "id" }, { allowIdTokens: true })),
      ...[{ token_type: "DPoP" }, { cnf: { jkt: "x" } }].map((claims) =>
        differs(`${inspect(claims)}, rejectBoundTokens`, {
          ...answered(claims, { rejectBoundTokens: true }),
          oracle: ACCEPTS,
          ours: REJECTS,
          why: "option",
        }),
      ),
    ],
  },
  {
    row: "text of the answer",
    cases: [
      ...["", "null", "[]", "not JSON", "{"].map((text) => rejected(inspect(text), answered(text))),
      accepted("with a byte order mark", answered(`\uFEFF${TEXT}`)),
      stricterAnswer("active twice", TEXT.replace("{", '{"active":false,'), "others may read the first"),
      stricterAnswer("300 KiB", TEXT.replace("{", `{"filler":"${"x".repeat(300 * 1024)}",`), "bounded"),
    ],
  },
]);

describe("§1 surface", () => {
  const built = () => {
    const given = introspectionConfig();
    return { given, oracle: new OAUTH.oracle(given), ours: new OAUTH.ours(given) };
  };

  it("methods answer the same", () => {
    const { oracle, ours } = built();
    assert.deepEqual(ours.getAuthError(), oracle.getAuthError());
    assert.deepEqual(ours.getAuthorizationServers(), oracle.getAuthorizationServers());
    assert.equal(ours.getResource(), oracle.getResource());
    assert.ok(ours instanceof OAUTH.oracle);
    assert.equal(ours.constructor.name, oracle.constructor.name);
  });

  it("the authorization servers are a copy", () => {
    const { given, ours } = built();
    ours.getAuthorizationServers().push("https://stranger.example");
    given.authorizationServers.push("https://stranger.example");
    assert.deepEqual(ours.getAuthorizationServers(), [ISSUER]);
  });

  it("challenges are the framework's, with `resource_metadata` after its parameters", () => {
    const { oracle, ours } = built();
    const metadata = ', resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource"';
    for (const given of [
      [],
      ["invalid_token"],
      ["", ""],
      ["invalid_token", "Missing or invalid authentication token"],
      ["insufficient_scope", "More is needed"],
    ]) {
      const [error, description] = given;
      const theirs = oracle.getWWWAuthenticateHeader(error, description);
      assert.equal(ours.getWWWAuthenticateHeader(error, description), theirs + metadata, inspect(given));
    }
    assert.match(
      ours.getWWWAuthenticateHeader("x", 'a "quoted" \\ word\r\n'),
      /error_description="a \\"quoted\\" \\\\ word"/,
    );
  });

  it("no field of ours is seen, and no secret", () => {
    const { oracle, ours } = built();
    assert.ok(JSON.stringify(oracle).includes(CLIENT.clientSecret));
    assert.deepEqual(Object.keys(ours), []);
    assert.equal(JSON.stringify(ours), "{}");
    const shown = inspect(ours, { depth: null, showHidden: true, getters: true });
    assert.ok(!shown.includes(CLIENT.clientSecret) && !shown.includes(CLIENT.clientId), shown);
  });

  it("nothing is asked at construction", async () => {
    const before = server.requests.length;
    construct(OAUTH.ours, jwtConfig({ jwksUri: ABSENT, issuer: server.issuer }));
    construct(OAUTH.ours, introspectionConfig());
    await new Promise(setImmediate);
    assert.equal(server.requests.length, before);
  });
});
