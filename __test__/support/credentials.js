// What clients present, right and wrong, and whether the framework takes it. Everything here is constant, so that two
// processes, or two servers, can be given the very same bytes.

import jwt from "jsonwebtoken";

export const API_KEY = "first-key-5f0c1d7a9b";
export const API_KEYS = [API_KEY, "second-key-77e2ab40c1", "key with spaces 9d31", "clé-ceab8812"];
export const WRONG_API_KEY = "no-such-key-4be19f02";

export const JWT_SECRET = "wire-test-secret-0c6f4d7be1a94f5d";
export const CLAIMS = { sub: "user-7", roles: ["reader", "writer"], iat: 1_700_000_000, exp: 4_102_444_800 };
const LONG_AGO = 1_700_000_001;
const FAR_AHEAD = 4_102_444_799;

const sign = (claims, secret = JWT_SECRET, algorithm = "HS256") => jwt.sign(claims, secret, { algorithm });

export const TOKEN = sign(CLAIMS);
export const WRONG_TOKEN = sign(CLAIMS, "some-other-secret-91b2c8e3d7f64a05");

const byName = (name) => name.toLowerCase();

/**
 * The ways to present an API key to a provider whose header is `headerName`. `accepted` is the framework's verdict on
 * a socket; `serverless` where its serverless handler says otherwise: there the header alone counts before the provider
 * is asked, headers arrive sorted by name, and duplicates arrive joined.
 */
export function apiKeyCredentials({ headerName = "X-API-Key" }) {
  if (byName(headerName) === "authorization") return apiKeyInAuthorization();
  const key = (value) => [headerName, value];
  const bearer = (value) => ["Authorization", value];
  const onSocketsOnly = { accepted: true, serverless: false };
  return [
    { name: "no credential", accepted: false },
    { name: "right key", headers: [key(API_KEY)], accepted: true },
    { name: "another right key", headers: [key(API_KEYS[1])], accepted: true },
    { name: "wrong key", headers: [key(WRONG_API_KEY)], accepted: false },
    { name: "right key and one character more", headers: [key(`${API_KEY}x`)], accepted: false },
    { name: "right key and one character less", headers: [key(API_KEY.slice(0, -1))], accepted: false },
    { name: "right key in upper case", headers: [key(API_KEY.toUpperCase())], accepted: false },
    { name: "empty header", headers: [key("")], accepted: false },
    { name: "header name in lower case", headers: [[headerName.toLowerCase(), API_KEY]], accepted: true },
    { name: "header name in upper case", headers: [[headerName.toUpperCase(), API_KEY]], accepted: true },
    { name: "header sent twice", headers: [key(API_KEY), key(API_KEY)], accepted: false },
    { name: "key beyond ASCII as latin1", headers: [key(API_KEYS[3])], accepted: true },
    {
      name: "key beyond ASCII as UTF-8",
      headers: [key(Buffer.from(API_KEYS[3]).toString("latin1"))],
      accepted: false,
    },

    { name: "Bearer right key", headers: [bearer(`Bearer ${API_KEY}`)], ...onSocketsOnly },
    { name: "Bearer wrong key", headers: [bearer(`Bearer ${WRONG_API_KEY}`)], accepted: false },
    { name: "lower-case bearer right key", headers: [bearer(`bearer ${API_KEY}`)], accepted: false },
    { name: "Bearer, two spaces, right key", headers: [bearer(`Bearer  ${API_KEY}`)], ...onSocketsOnly },
    { name: "Bearer and no key", headers: [bearer("Bearer")], accepted: false },
    { name: "Basic right key", headers: [bearer(`Basic ${API_KEY}`)], accepted: false },
    {
      name: "empty header, Bearer right key",
      headers: [key(""), bearer(`Bearer ${API_KEY}`)],
      ...onSocketsOnly,
    },
    {
      name: "wrong key, Bearer right key",
      headers: [key(WRONG_API_KEY), bearer(`Bearer ${API_KEY}`)],
      accepted: false,
    },
    {
      name: "right key, Bearer wrong key",
      headers: [key(API_KEY), bearer(`Bearer ${WRONG_API_KEY}`)],
      accepted: true,
    },

    { name: "query api_key right", query: { api_key: API_KEY }, ...onSocketsOnly },
    { name: "query api_key wrong", query: { api_key: WRONG_API_KEY }, accepted: false },
    { name: "query apiKey right", query: { apiKey: API_KEY }, ...onSocketsOnly },
    { name: "query apiKey wrong", query: { apiKey: WRONG_API_KEY }, accepted: false },
    { name: "query API_KEY right", query: { API_KEY }, accepted: false },
    { name: "query api_key empty, apiKey right", query: { api_key: "", apiKey: API_KEY }, ...onSocketsOnly },
    {
      name: "query api_key wrong, apiKey right",
      query: { api_key: WRONG_API_KEY, apiKey: API_KEY },
      accepted: false,
    },
    { name: "query api_key with + for a space", query: { api_key: API_KEYS[2] }, ...onSocketsOnly },
    { name: "query api_key beyond ASCII", query: { api_key: API_KEYS[3] }, ...onSocketsOnly },
    {
      name: "query api_key twice, the first right",
      query: [
        ["api_key", API_KEY],
        ["api_key", WRONG_API_KEY],
      ],
      ...onSocketsOnly,
    },
    {
      name: "query api_key twice, the second right",
      query: [
        ["api_key", WRONG_API_KEY],
        ["api_key", API_KEY],
      ],
      accepted: false,
    },
    {
      name: "wrong key, query right",
      headers: [key(WRONG_API_KEY)],
      query: { api_key: API_KEY },
      accepted: false,
    },
    {
      name: "Bearer wrong key, query right",
      headers: [bearer(`Bearer ${WRONG_API_KEY}`)],
      query: { api_key: API_KEY },
      accepted: false,
    },
    {
      name: "Bearer and no key, query right",
      headers: [bearer("Bearer")],
      query: { api_key: API_KEY },
      ...onSocketsOnly,
    },
    ...(byName(headerName) === "x-api-key" ? [] : defaultHeaderBeside(key, bearer)),
  ];
}

// `x-api-key` stays valid beside a custom header name, but alone it never reaches the provider.
function defaultHeaderBeside(key, bearer) {
  const standard = (value) => ["x-api-key", value];
  return [
    { name: "x-api-key right", headers: [standard(API_KEY)], accepted: false },
    { name: "x-api-key wrong", headers: [standard(WRONG_API_KEY)], accepted: false },
    {
      name: "x-api-key right, then wrong key",
      headers: [standard(API_KEY), key(WRONG_API_KEY)],
      accepted: true,
    },
    {
      name: "wrong key, then x-api-key right",
      headers: [key(WRONG_API_KEY), standard(API_KEY)],
      accepted: false,
      serverless: true,
    },
    {
      name: "right key, then x-api-key wrong",
      headers: [key(API_KEY), standard(WRONG_API_KEY)],
      accepted: true,
      serverless: false,
    },
    {
      name: "x-api-key wrong, then right key",
      headers: [standard(WRONG_API_KEY), key(API_KEY)],
      accepted: false,
    },
    { name: "empty header, then x-api-key right", headers: [key(""), standard(API_KEY)], accepted: false },
    { name: "x-api-key empty, then right key", headers: [standard(""), key(API_KEY)], accepted: false },
    {
      name: "x-api-key right, Bearer wrong key",
      headers: [standard(API_KEY), bearer(`Bearer ${WRONG_API_KEY}`)],
      accepted: true,
      serverless: false,
    },
    {
      name: "x-api-key right, query wrong",
      headers: [standard(API_KEY)],
      query: { api_key: WRONG_API_KEY },
      accepted: true,
      serverless: false,
    },
  ];
}

// With `headerName: "Authorization"` the whole value is the key, "Bearer " included.
function apiKeyInAuthorization() {
  const authorization = (value) => ["Authorization", value];
  return [
    { name: "no credential", accepted: false },
    { name: "right key", headers: [authorization(API_KEY)], accepted: true },
    { name: "wrong key", headers: [authorization(WRONG_API_KEY)], accepted: false },
    { name: "Bearer right key", headers: [authorization(`Bearer ${API_KEY}`)], accepted: false },
    { name: "empty header", headers: [authorization("")], accepted: false },
    {
      name: "header sent twice, the first right",
      headers: [authorization(API_KEY), authorization(WRONG_API_KEY)],
      accepted: true,
      serverless: false,
    },
    { name: "x-api-key right", headers: [["x-api-key", API_KEY]], accepted: false },
    { name: "query api_key right", query: { api_key: API_KEY }, accepted: true, serverless: false },
  ];
}

/** The same for JSON Web Tokens. */
export function jwtCredentials({ headerName = "Authorization", requireBearer = true }) {
  const carry = (value) => [headerName, value];
  const token = (value) => carry(requireBearer ? `Bearer ${value}` : value);
  const elsewhere = byName(headerName) === "authorization" ? "X-Api-Key" : "Authorization";
  // Node keeps the first of several Authorization headers and joins any other.
  const firstCounts = byName(headerName) === "authorization";
  return [
    { name: "no credential", accepted: false },
    { name: "right token", headers: [token(TOKEN)], accepted: true },
    { name: "token signed with another secret", headers: [token(WRONG_TOKEN)], accepted: false },
    { name: "expired token", headers: [token(sign({ ...CLAIMS, exp: LONG_AGO }))], accepted: false },
    { name: "token not valid yet", headers: [token(sign({ ...CLAIMS, nbf: FAR_AHEAD }))], accepted: false },
    { name: "token signed with HS512", headers: [token(sign(CLAIMS, JWT_SECRET, "HS512"))], accepted: false },
    { name: "unsigned token", headers: [token(sign(CLAIMS, null, "none"))], accepted: false },
    { name: "token without its signature", headers: [token(TOKEN.replace(/[^.]+$/, ""))], accepted: false },
    { name: "something that is no token", headers: [token("no-token")], accepted: false },
    { name: "empty header", headers: [carry("")], accepted: false },
    {
      name: "header name in lower case",
      headers: [[headerName.toLowerCase(), token(TOKEN)[1]]],
      accepted: true,
    },
    {
      name: "header name in upper case",
      headers: [[headerName.toUpperCase(), token(TOKEN)[1]]],
      accepted: true,
    },

    { name: "right token without a prefix", headers: [carry(TOKEN)], accepted: !requireBearer },
    { name: "Bearer right token", headers: [carry(`Bearer ${TOKEN}`)], accepted: requireBearer },
    { name: "lower-case bearer right token", headers: [carry(`bearer ${TOKEN}`)], accepted: false },
    { name: "upper-case BEARER right token", headers: [carry(`BEARER ${TOKEN}`)], accepted: false },
    { name: "Bearer, two spaces, right token", headers: [carry(`Bearer  ${TOKEN}`)], accepted: false },
    { name: "Bearer, a tab, right token", headers: [carry(`Bearer\t${TOKEN}`)], accepted: false },
    { name: "right token and a word after it", headers: [token(`${TOKEN} junk`)], accepted: requireBearer },
    { name: "Bearer and no token", headers: [carry("Bearer")], accepted: false },
    { name: "Basic user and password", headers: [carry("Basic dXNlcjpwYXNzd29yZA==")], accepted: false },

    {
      name: "header sent twice, the first right",
      headers: [token(TOKEN), token(WRONG_TOKEN)],
      accepted: firstCounts,
      serverless: false,
    },
    {
      name: "header sent twice, the second right",
      headers: [token(WRONG_TOKEN), token(TOKEN)],
      accepted: false,
    },
    { name: "right token in another header", headers: [[elsewhere, `Bearer ${TOKEN}`]], accepted: false },
    { name: "query access_token right", query: { access_token: TOKEN }, accepted: false },
  ];
}
