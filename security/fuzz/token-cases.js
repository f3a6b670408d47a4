/** Cases of tokens: single ones, the same again while the clock moves, in strange requests. */

import { createSecretKey } from "node:crypto";
import { HMAC_ALGORITHMS, keyPair, RSA_ALGORITHMS } from "./keys.js";
import { oddRequestWithToken, requestWithToken } from "./request-shapes.js";
import { makeToken, respelled } from "./tokens.js";

/** Clocks in milliseconds: mostly near one instant, now and then far from it. */
export function instant(random) {
  return random.weighted([
    [96, () => 1_700_000_000_000 + random.below(1_000_000)],
    [1, () => random.pick([0, 1, 999, 1000])],
    [1, () => random.pick([2 ** 31, 2 ** 32, 2 ** 33]) * 1000 - random.below(2000)],
    [1, () => random.pick([8.64e15, 4_102_444_800_000, -1000, -1])],
    [1, () => random.next() * 1000 + random.below(1000)],
  ])();
}

const HMAC_LISTS = [
  ["HS256"],
  ["HS384"],
  ["HS512"],
  ["HS256", "HS512"],
  HMAC_ALGORITHMS,
  ["HS256", "RS256", "ES256"],
];

/** Text that may be somebody's HMAC secret. */
function secretText(random) {
  return random.weighted([
    [6, () => random.bytes(random.between(1, 48)).toString("base64url")],
    [2, () => random.bytes(random.between(1, 80)).toString("hex")],
    [2, () => random.bytes(random.between(1, 40)).toString("latin1")],
    [
      1,
      () =>
        random.pick([
          "x",
          " ",
          "0",
          "secret",
          "cl\u00e9-\u{1f511}-\u0416",
          "abc\0def",
          "\ufeffsecret",
          "-----",
          "s".repeat(300),
        ]),
    ],
    [1, () => `  ${random.bytes(20).toString("base64")}\n`],
  ])();
}

function hmacConfig(random, { asText }) {
  const text = secretText(random);
  const bytes = asText
    ? Buffer.from(text)
    : random.bytes(random.pick([1, 16, 32, 32, 32, 48, 64, 65, 128, 129, 200]));
  const secret = asText ? text : createSecretKey(bytes);
  const algorithms = random.pick(HMAC_LISTS);
  const isDefault = random.chance(0.5);
  const signers = (isDefault ? ["HS256"] : algorithms)
    .filter((alg) => alg.startsWith("HS"))
    .map((alg) => ({ alg, key: bytes }));
  const other = random.bytes(32);
  const strangers = [
    ...HMAC_ALGORITHMS.map((alg) => ({ alg, key: other })),
    ...HMAC_ALGORITHMS.map((alg) => ({ alg, key: bytes })),
    { alg: "HS256", key: Buffer.alloc(0) },
    { alg: "ES256", key: keyPair("p256") },
  ];
  return { given: { secret, ...(isDefault ? {} : { algorithms }) }, signers, strangers };
}

const PUBLIC_KEYS = [
  [
    5,
    {
      names: ["rsa", "rsaOther"],
      lists: [["RS256"], ["RS512"], RSA_ALGORITHMS, ["RS256", "PS256", "HS256"]],
    },
  ],
  [1, { names: ["rsaExponent3", "rsa"], lists: [["RS256"], ["PS256", "RS384"]] }],
  [3, { names: ["rsa", "rsaOther"], lists: [["PS256"], ["PS384"], ["PS512"]] }],
  [1, { names: ["pss256", "rsaOther"], lists: [["PS256"], ["PS256", "RS256"]] }],
  [7, { names: ["p256", "p256Other"], lists: [["ES256"], ["ES256", "ES384", "HS256"]] }],
  [2, { names: ["p384", "p256"], lists: [["ES384"]] }],
  [2, { names: ["p521", "p384"], lists: [["ES512"], ["ES512", "ES256"]] }],
  [3, { names: ["ed25519", "ed25519Other"], lists: [["EdDSA"], ["Ed25519"], ["EdDSA", "Ed25519", "HS256"]] }],
];

function publicKeyConfig(random) {
  const { names, lists } = random.weighted(PUBLIC_KEYS);
  const [pair, other] = names.map(keyPair);
  const algorithms = random.pick(lists);
  const pem = pair.publicKey.export({ type: "spki", format: "pem" });
  const signers = algorithms.filter((alg) => pair.serves.includes(alg)).map((alg) => ({ alg, key: pair }));
  const strangers = [
    ...other.serves.map((alg) => ({ alg, key: other })),
    ...pair.serves.map((alg) => ({ alg, key: pair })),
    ...[pem, pem.trimEnd(), pair.publicKey.export({ type: "spki", format: "der" })].map((key) => ({
      alg: "HS256",
      key: Buffer.from(key),
    })),
  ];
  return { given: { secret: pair.publicKey, algorithms }, signers, strangers };
}

/** Options that change the verdict for one and the same token. */
function carriage(random, share) {
  return {
    ...(random.chance(share)
      ? { headerName: random.pick(["X-Token", "x-token", "AUTHORIZATION", "cookie", "__proto__"]) }
      : {}),
    ...(random.chance(share) ? { requireBearer: random.chance(0.5) } : {}),
    ...(random.chance(share / 2) ? { caseInsensitiveScheme: random.chance(0.7) } : {}),
    ...(random.chance(share / 2) ? { requireExpiration: random.chance(0.7) } : {}),
    cacheSize: random.pick([0, 1, 2, 3, 8]),
  };
}

const carried = (given) => ({
  headerName: (given.headerName ?? "Authorization").toLowerCase(),
  requireBearer: given.requireBearer ?? true,
});

function tokenCase(random, { given, signers, strangers }) {
  const now = instant(random);
  const options = { ...carriage(random, 0.04), ...given };
  const token = makeToken(random, { signers, strangers, now: now / 1000 });
  return {
    provider: "jwt",
    config: () => ({ ...options }),
    requests: [requestWithToken(token, carried(options))],
    steps: [[0, now]],
  };
}

export const hmacTokenCase = (random) => tokenCase(random, hmacConfig(random, { asText: false }));
export const textSecretCase = (random) => tokenCase(random, hmacConfig(random, { asText: true }));
export const publicKeyTokenCase = (random) => tokenCase(random, publicKeyConfig(random));

/** Several tokens in turn, again and again, while the clock moves: what ours remembers must not show. */
export function repeatedTokensCase(random) {
  const config = random.chance(0.85) ? hmacConfig(random, { asText: false }) : publicKeyConfig(random);
  const options = { ...carriage(random, 0.04), ...config.given };
  const start = instant(random);
  const make = () => makeToken(random, { ...config, now: start / 1000 });
  const tokens = Array.from({ length: random.between(1, 4) }, make);
  for (let copies = random.below(3); copies > 0; copies -= 1) {
    tokens.push(respelled(random, random.pick(tokens)));
  }
  if (random.chance(0.3)) {
    tokens.push(spliced(random, tokens));
  }
  let now = start;
  const steps = Array.from({ length: random.between(4, 16) }, () => {
    if (random.chance(0.2)) {
      now += random.pick([1, 500, 1000, 60_000, 100_000_000, -1000, -100_000_000]);
    }
    return [random.below(tokens.length), now];
  });
  const requests = tokens.map((token) => requestWithToken(token, carried(options)));
  return { provider: "jwt", config: () => ({ ...options }), requests, steps };
}

/** A token of the header, claims and signature of others. */
function spliced(random, tokens) {
  return [0, 1, 2].map((place) => random.pick(tokens).split(".")[place] ?? "").join(".");
}

/** Tokens in strange requests. */
export function requestShapeCase(random) {
  const { given, signers, strangers } = hmacConfig(random, { asText: false });
  const now = instant(random);
  const options = { ...carriage(random, 0.4), ...given };
  const token = makeToken(random, { signers, strangers, now: now / 1000 });
  const requests = Array.from({ length: 3 }, () => oddRequestWithToken(random, token, carried(options)));
  return {
    provider: "jwt",
    config: () => ({ ...options }),
    requests,
    steps: requests.map((_, index) => [index, now]),
  };
}
