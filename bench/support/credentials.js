/**
 * Keys, tokens, API keys and the requests that carry them.
 *
 * A server gets each request as strings that were never seen before, even if they spell the same token
 * as the last time. So requests are made anew for each timed pass, before the clock starts: a string
 * that is presented twice would carry its hash from the first time, and equal strings would be the same
 * object, which no comparison has to read.
 */

import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
} from "node:crypto";

export const ALGORITHMS = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

/**
 * Tokens of a pool: more than fast-jwt's cache holds by default (1,000), so that what it costs to make
 * room in a cache is measured too, and few enough to stay near the processor, as what has just been
 * received does. Where one signature takes longer than that, fewer do.
 */
const POOL_SIZE = 1280;
const SMALLER_POOLS = { ES384: 512, ES512: 512 };

const CURVES = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
/** The rules of a server in production, by their names in jsonwebtoken, jose and ours. Genuine tokens satisfy both. */
export const RULES = { issuer: "https://login.example.com/", audience: "mcp" };

const NAMES = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov", "Zoë Łukasiewicz"];
const LATIN1 = "latin1";

/**
 * Tokens of one algorithm, all different, with what is needed to check them.
 *
 * @param {{ header?: object, claims?: object }} shape members in place of the usual ones, and further ones
 */
export function tokenPool(algorithm, shape = {}) {
  const keys = makeKeys(algorithm);
  const size = SMALLER_POOLS[algorithm] ?? POOL_SIZE;
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: algorithm, typ: "JWT", ...shape.header };
  const claims = Array.from({ length: size }, (_, number) => ({ ...claimsOf(number, now), ...shape.claims }));
  const tokens = claims.map((each) => signed(algorithm, keys, header, each));
  const variants = (change, count = 1) =>
    claims.slice(0, count).map((each, number) => {
      const { keys: signer = keys, header: inHeader, claims: inClaims } = change(number);
      return toBytes(signed(algorithm, signer, { ...header, ...inHeader }, { ...each, ...inClaims }));
    });
  return {
    algorithm,
    ...keys,
    genuine: tokens.map(toBytes),
    // By position, the claims of those whose answers are compared in full: one with each name.
    signed: new Map(claims.slice(0, NAMES.length).entries()),
    payloads: claims.map((each) => Buffer.from(JSON.stringify(each))),
    // Claims changed after signing: rejected only after all the work of checking the signature. (A
    // signature with random bytes may fail earlier, such as an RSA number beyond the modulus.)
    forged: tokens.map((token, number) => toBytes(tampered(token, claims[number]))),
    expired: variants(() => ({ claims: { exp: now - 1 } })),
    foreign: variants(() => ({ keys: makeKeys(algorithm) })),
    // Genuine, but for another issuer or audience: only rules reject them.
    otherIssuer: variants(() => ({ claims: { iss: "https://login.example.org/" } })),
    otherAudience: variants(() => ({ claims: { aud: ["other"] } })),
    /** The first tokens of the pool, signed with other members in place of theirs. */
    variants,
  };
}

/**
 * Random API keys of 43 characters. They have no common prefix: comparing with `===` then ends at the
 * first character or so, which is the best case of the framework.
 */
export function apiKeys(count) {
  // From one buffer: a hundred thousand small ones would be noise in what the memory row measures.
  const random = randomBytes(32 * count);
  return Array.from({ length: count }, (_, index) =>
    random.toString("base64url", 32 * index, 32 * (index + 1)),
  );
}

export function toBytes(text) {
  return Buffer.from(text, LATIN1);
}

/** A string of its own, as the HTTP parser would make it. */
export function toText(bytes) {
  return bytes.toString(LATIN1);
}

const SOCKET = { remoteAddress: "127.0.0.1" };
const USUAL_HEADERS = {
  host: "127.0.0.1:8080",
  connection: "keep-alive",
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-session-id": "5f0c3a52-6b1e-4a57-9d3e-0c2f3f9f2f61",
  "user-agent": "node",
  "content-length": "118",
};

/** A POST as Node hands it over: eight headers in lower case, the credential the last but two. */
function requestWith(name, value) {
  const headers = {};
  let position = 0;
  for (const usual of Object.keys(USUAL_HEADERS)) {
    if (position === 5) {
      headers[name] = value;
    }
    headers[usual] = USUAL_HEADERS[usual];
    position += 1;
  }
  return { headers, url: "/mcp", method: "POST", socket: SOCKET };
}

export function requestWithToken(token) {
  return requestWith("authorization", toText(Buffer.concat([BEARER, token])));
}

export function requestWithApiKey(key) {
  return requestWith("x-api-key", toText(key));
}

const BEARER = toBytes("Bearer ");

/** About 280 bytes of JSON, 450 bytes as an HS256 token. One name in five is not ASCII. */
function claimsOf(number, now) {
  return {
    iss: RULES.issuer,
    sub: `user-${number}`,
    aud: [RULES.audience],
    iat: now - 60,
    nbf: now - 60,
    exp: now + 86_400,
    jti: randomUUID(),
    scope: "tools:read tools:call",
    name: NAMES[number % NAMES.length],
    role: "user",
    tenant: { id: 7, plan: "team" },
    number,
  };
}

/** `secret`: what a user of the framework configures. `keyObject`: the same, parsed by Node. */
function makeKeys(algorithm) {
  if (algorithm.startsWith("HS")) {
    const secret = randomBytes(32).toString("hex");
    return { secret, keyObject: createSecretKey(Buffer.from(secret)) };
  }
  const { privateKey, publicKey } = makePair(algorithm);
  const secret = publicKey.export({ type: "spki", format: "pem" });
  return { secret, keyObject: createPublicKey(secret), privateKey };
}

function makePair(algorithm) {
  switch (algorithm.slice(0, 2)) {
    case "RS":
    case "PS":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "ES":
      return generateKeyPairSync("ec", { namedCurve: CURVES[algorithm] });
    default:
      return generateKeyPairSync("ed25519");
  }
}

function signed(algorithm, keys, header, claims) {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signature(algorithm, keys, Buffer.from(input)).toString("base64url")}`;
}

function signature(algorithm, { secret, privateKey: key }, input) {
  const hash = `sha${algorithm.slice(2)}`;
  switch (algorithm.slice(0, 2)) {
    case "HS":
      return createHmac(hash, secret).update(input).digest();
    case "RS":
      return sign(hash, input, key);
    case "PS":
      return sign(hash, input, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    case "ES":
      return sign(hash, input, { key, dsaEncoding: "ieee-p1363" });
    default:
      return sign(null, input, key);
  }
}

function tampered(token, claims) {
  const [header, , signatureOfTheOriginal] = token.split(".");
  return `${header}.${encoded({ ...claims, role: "root" })}.${signatureOfTheOriginal}`;
}

function encoded(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
