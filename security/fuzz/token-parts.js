/** Headers and payloads of tokens, as bytes: mostly what issuers send, and what parsers trip over. */

import {
  membersText,
  nestedText,
  numberText,
  quoted,
  randomMember,
  space,
  stringText,
  valueText,
} from "./json-text.js";

const REGISTERED = ["iss", "sub", "aud", "jti", "iat", "nbf", "exp"];

/** Values of `alg` that are not the one in question. */
const OTHER_ALGORITHMS = [
  '"none"',
  '"None"',
  '"hs256"',
  '"HS256 "',
  '"HS257"',
  '"HS256\\u0000"',
  '"HS384"',
  '"HS512"',
  '"RS256"',
  '"PS256"',
  '"ES256"',
  '"EdDSA"',
  '"Ed25519"',
  '""',
  '["HS256"]',
  '{"HS256":1}',
  "null",
  "0",
  "true",
  '"\\ud800"',
];

const TYPES = ['"jwt"', '"JWT "', '"at+jwt"', '["JWT"]', "null", "1", '""', '"\\ud800"', '{"JWT":1}'];

/** Parameters that point to keys, or that this or that library obeys. */
const EXTRA_PARAMETERS = [
  ['"kid"', '"1"'],
  ['"kid"', '"../../../../dev/null"'],
  ['"jku"', '"https://attacker.example/jwks.json"'],
  ['"jwk"', '{"kty":"oct","k":"AAAA"}'],
  ['"x5u"', '"https://attacker.example/x5u"'],
  ['"x5c"', '["MIIB"]'],
  ['"cty"', '"JWT"'],
  ['"zip"', '"DEF"'],
  ['"enc"', '"A128GCM"'],
  ['"b64"', "true"],
  ['"b64"', '"false"'],
  ['"b64"', "0"],
  ['"exp"', "1"],
];

const FORBIDDEN_PARAMETERS = [
  ['"crit"', '["exp"]'],
  ['"crit"', '["b64"]'],
  ['"crit"', "[]"],
  ['"crit"', "null"],
  ['"crit"', "false"],
  ['"cr\\u0069t"', '"exp"'],
  ['"b64"', "false"],
  ['"\\u00624"', "false"],
  ['"b6\\u0034"', "false"],
  ['"b64"', " false "],
];

/** A header that names this algorithm, mostly. */
export function headerBytes(random, alg) {
  const algorithm = ['"alg"', random.chance(0.97) ? quoted(random, alg) : random.pick(OTHER_ALGORITHMS)];
  const type = random.weighted([
    [80, () => [['"typ"', quoted(random, "JWT")]]],
    [12, () => []],
    [8, () => [['"typ"', random.pick(TYPES)]]],
  ])();
  const members = random.chance(0.5) ? [algorithm, ...type] : [...type, algorithm];
  const insert = (member) => members.splice(random.below(members.length + 1), 0, member);
  if (random.chance(0.15)) {
    insert(random.pick(EXTRA_PARAMETERS));
  }
  if (random.chance(0.05)) {
    insert(randomMember(random, 2));
  }
  if (random.chance(0.025)) {
    insert(random.pick(FORBIDDEN_PARAMETERS));
  }
  if (random.chance(0.025)) {
    const [name, value] = random.pick(members);
    insert([
      random.chance(0.8) ? name : quoted(random, JSON.parse(name)),
      random.pick([value, "1", '"none"']),
    ]);
  }
  if (random.chance(0.01)) {
    const count = random.pick([32, 33, 34, 100]) - members.length;
    members.push(...Array.from({ length: count }, (_, number) => [`"m${number}"`, String(number)]));
  }
  if (random.chance(0.005)) {
    insert(['"x5c"', `["${"M".repeat(random.pick([12_000, 12_100, 12_200, 12_300, 20_000]))}"]`]);
  }
  return random.weighted([
    [94, () => Buffer.from(space(random) + membersText(random, members) + space(random))],
    [3, () => spoiled(random, Buffer.from(membersText(random, members)))],
    [1, () => Buffer.from(valueText(random))],
    [1, () => Buffer.from(membersText(random, [...members, ['"deep"', nestedText(random, depth(random))]]))],
  ])();
}

const MOSTLY_SHALLOW = [
  [4, 5],
  [4, 100],
  [3, 127],
  [3, 129],
  [2, 1022],
  [3, 1023],
  [3, 1024],
  [3, 1025],
  [2, 1026],
  [1, 5000],
];

function depth(random) {
  return random.weighted(MOSTLY_SHALLOW);
}

/** A NumericDate as JSON text, near the clock or far from it, or what is none. RFC 7519 §2. */
function timeText(random, now, { ahead }) {
  const second = Math.floor(now);
  return random.weighted([
    [60, () => String(second + (ahead ? 1 : -1) * random.between(1, 100_000))],
    [6, () => String(second)],
    [4, () => String(second + random.pick([-1, 1]))],
    [4, () => String(second + random.pick([0.5, -0.5, 0.001, -0.001, 0.999]))],
    [2, () => String(now)],
    [2, () => `${second}.0`],
    [2, () => `${(second + (ahead ? 9 : -9)) / 10}e1`],
    [2, () => numberText(random)],
    [2, () => random.pick(["0", "-0", "-1", "1e400", "-1e400", "1e-400", "9e99", "4102444800000"])],
    [2, () => quoted(random, String(second + 1000))],
    [2, () => random.pick(["null", "true", "false", "[]", "{}", "[4102444800]", '"\\ud800"', '"inf"'])],
  ])();
}

function claimsText(random, now) {
  const members = [];
  const name = (claim) => quoted(random, claim);
  if (random.chance(0.85)) {
    members.push([name("exp"), timeText(random, now, { ahead: true })]);
  }
  if (random.chance(0.25)) {
    members.push([name("nbf"), timeText(random, now, { ahead: false })]);
  }
  if (random.chance(0.3)) {
    members.push([name("iat"), timeText(random, now, { ahead: false })]);
  }
  for (const claim of ["sub", "iss", "aud", "jti"]) {
    if (random.chance(0.4)) {
      members.push([name(claim), random.chance(0.7) ? stringText(random) : valueText(random)]);
    }
  }
  for (let extra = random.below(4); extra > 0; extra -= 1) {
    members.push(randomMember(random, 3));
  }
  if (random.chance(0.03)) {
    const repeated = random.pick(REGISTERED);
    members.push(
      [name(repeated), timeText(random, now, { ahead: true })],
      [name(repeated), valueText(random)],
    );
  }
  if (random.chance(0.02)) {
    members.push(['"inner"', `{"exp":1,"exp":2}`]);
  }
  return membersText(random, random.chance(0.5) ? members : random.some(members, members.length + 1));
}

/** The payload of a token at this time, in seconds: mostly claims. */
export function payloadBytes(random, now) {
  const claims = () => claimsText(random, now);
  return random.weighted([
    [810, () => Buffer.from(space(random) + claims() + space(random))],
    [40, () => Buffer.from(valueText(random))],
    [20, () => Buffer.from(quoted(random, claims()))],
    [10, () => Buffer.from(quoted(random, random.chance(0.5) ? valueText(random) : claims().slice(0, -1)))],
    [80, () => spoiled(random, Buffer.from(claims()))],
    [5, () => Buffer.from(nestedText(random, depth(random)))],
    [3, () => Buffer.from(`{"deep":${nestedText(random, depth(random))}}`)],
    [2, () => Buffer.from(quoted(random, nestedText(random, depth(random))))],
    [2, () => Buffer.from(`{"long":${quoted(random, random.bytes(random.below(20_000)).toString("hex"))}}`)],
    // Tokens of about 4096 bytes, where the binding and the cache change their ways.
    [6, () => Buffer.from(`{"pad":"${"x".repeat(random.between(2950, 3010))}"}`)],
    [2, () => Buffer.from(wide(random, random.pick([50, 500, 3000])))],
    [2, () => random.bytes(random.below(60))],
    [
      4,
      () => Buffer.from(random.pick(["hello", "user-7", "null", " null ", "", "{}", "[]", '""', "nul", "-"])),
    ],
  ])();
}

function wide(random, count) {
  const names = Array.from({ length: count }, (_, at) => [`"claim-${at}"`, valueText(random, 0)]);
  return membersText(random, names);
}

const NOT_UTF8 = ["ff", "c0af", "eda080", "edbfbf", "f4908080", "e282", "80", "c3", "f0808080"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const NOT_JSON = [
  "\u00a0",
  "\v",
  "\f",
  "\u0000",
  "\u0001",
  "//",
  "/**/",
  ",",
  "NaN",
  "'",
  "+",
  "01",
  ".",
  "}",
].map((text) => Buffer.from(text));

/** The same bytes, damaged in one place. */
function spoiled(random, bytes) {
  const at = random.below(bytes.length + 1);
  const inserted = (what) => Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
  return random.weighted([
    [4, () => inserted(random.pick(NOT_UTF8))],
    [3, () => inserted(random.pick(NOT_JSON))],
    [2, () => inserted(random.bytes(1))],
    [2, () => Buffer.concat([Buffer.from("\ufeff"), bytes])],
    [2, () => bytes.subarray(0, at)],
    [1, () => Buffer.concat([bytes, random.pick([bytes, ...NOT_JSON])])],
    [1, () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])],
    [1, () => Buffer.from(bytes.toString(), "utf16le")],
    [1, () => Buffer.from(bytes.toString().replaceAll('"', "'"))],
    [1, () => bytes.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte))],
  ])();
}
