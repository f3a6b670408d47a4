/** Cases of a JWTAuthProvider's options: each of them missing, valid, of another type, or inherited. */

import { HMAC_ALGORITHMS, keyPair, RSA_ALGORITHMS } from "./keys.js";
import { oddRequestWithToken, requestWithToken } from "./request-shapes.js";
import { signature } from "./sign.js";
import { instant } from "./token-cases.js";

const SECRET = "secret-of-the-options-cases-0c6f4d7b";

const ALGORITHMS = [
  [4, (fitting) => fitting],
  [2, () => [...HMAC_ALGORITHMS, ...RSA_ALGORITHMS, "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]],
  [1, (fitting) => [...fitting, "HS257"]],
  [1, (fitting) => [...fitting, fitting[0]]],
  [1, (fitting) => ["", ...fitting, "none of these"]],
  [1, (fitting) => [...fitting, "none"]],
  [1, (fitting) => ["NONE", ...fitting]],
  [1, (fitting) => [...fitting, 5]],
  [1, (fitting) => [undefined, ...fitting]],
  [1, (fitting) => Object.assign([], { length: 2, 1: fitting[0] })],
  [1, () => []],
  [1, () => ["HS257"]],
  [1, () => ["ES512"]],
  [1, () => ["hs256"]],
  [1, (fitting) => fitting[0]],
  [1, (fitting) => new Set(fitting)],
  [1, () => ({})],
  [1, () => undefined],
  [1, () => null],
  [1, () => ""],
  [1, () => false],
  [1, () => 0],
  [1, () => true],
  [1, () => () => ["HS256"]],
];

const HEADER_NAMES = [
  "X-Token",
  "authorization",
  "AUTHORIZATION",
  "cookie",
  "!#$%&'*+-.^_`|~0aZ",
  "7",
  "constructor",
];
const OTHER_HEADER_NAMES = [
  "",
  " X-Token",
  "X Token",
  "X-Token:",
  "cl\u00e9",
  "X-Token\n",
  5,
  true,
  {},
  [],
  ["X-Token"],
  Symbol("n"),
  undefined,
  null,
];
const SWITCHES = [true, false, undefined, null, 0, 1, "", "false", "true", {}, [], Number.NaN];
const COUNTS = [
  0,
  1,
  5,
  1024,
  undefined,
  null,
  -1,
  1.5,
  1_000_001,
  "5",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  5n,
  {},
];

const KEYS = [
  [5, () => ({ secret: SECRET, signers: HMAC_ALGORITHMS.map((alg) => ({ alg, key: Buffer.from(SECRET) })) })],
  [1, () => fromPair("rsa")],
  [2, () => fromPair("p256")],
  [1, () => fromPair("ed25519")],
  [1, () => fromPair("pss256")],
];

function fromPair(name) {
  const pair = keyPair(name);
  return { secret: pair.publicKey, signers: pair.serves.map((alg) => ({ alg, key: pair })) };
}

export function jwtOptionsCase(random) {
  const { secret, signers } = random.weighted(KEYS)();
  const fitting = random.some(signers.map(({ alg }) => alg));
  const option = (name, share, value) => (random.chance(share) ? { [name]: value() } : {});
  const names = random.chance(0.5) ? HEADER_NAMES : OTHER_HEADER_NAMES;
  const options = {
    ...option("secret", 0.98, () => secret),
    ...option("algorithms", 0.7, () => random.weighted(ALGORITHMS)(fitting)),
    ...option("headerName", 0.25, () => random.pick(names)),
    ...option("requireBearer", 0.25, () => random.pick(SWITCHES)),
    ...option("caseInsensitiveScheme", 0.15, () => random.pick(SWITCHES)),
    ...option("requireExpiration", 0.15, () => random.pick(SWITCHES)),
    ...option("cacheSize", 0.25, () => random.pick(COUNTS)),
    ...option("requiresBearer", 0.05, () => true),
    ...option("not a name", 0.02, () => SECRET),
  };
  const shape = random.weighted([
    [95, () => options],
    [1, () => Object.assign(Object.create({ requireBearer: false, headerName: "X-Inherited" }), options)],
    [1, () => Object.assign(Object.create(null), options)],
    [1, () => Object.create(options)],
    [1, () => random.pick([undefined, null, 5, "secret", [], () => options])],
  ])();
  const now = instant(random);
  const signer = signers.find(({ alg }) => alg === fitting[0]);
  const token = tokenOf(random, signer, now);
  const headerName =
    typeof options.headerName === "string" ? options.headerName.toLowerCase() : "authorization";
  const requests = [
    requestWithToken(token, { headerName, requireBearer: true }),
    requestWithToken(token, { headerName, requireBearer: false }),
    requestWithToken(tokenOf(random, { ...signer, alg: random.pick(signers).alg }, now), {
      headerName,
      requireBearer: true,
    }),
    oddRequestWithToken(random, token, { headerName, requireBearer: true }),
  ];
  return {
    provider: "jwt",
    config: () => shape,
    requests,
    steps: requests.map((_, index) => [index, now]),
  };
}

function tokenOf(random, { alg, key }, now) {
  const exp = random.chance(0.7) ? `,"exp":${Math.floor(now / 1000) + 60}` : "";
  const parts = [`{"alg":"${alg}","typ":"JWT"}`, `{"sub":"user-7"${exp}}`];
  const input = parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${input}.${signature(alg, key, input, random).toString("base64url")}`;
}
