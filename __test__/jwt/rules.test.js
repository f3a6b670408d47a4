/** Rules on claims and header: as documented in index.d.ts, and as in jose and jsonwebtoken where named alike. */

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { after, before, describe, it, mock } from "node:test";
import { jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { JWTAuthProvider } from "mcp-native-auth";
import { CACHED_ID_BASE } from "../../lib/native/load.js";
import { nativeVerifier } from "../support/native-verifier.js";

const SECRET = randomBytes(64);
const NOW = 1_767_225_600;
/** A token is new, noted, known from its third use on, and known once more. */
const USES = 4;

const encode = (text) => Buffer.from(text).toString("base64url");

function signed(claims, header = { alg: "HS256", typ: "JWT" }, secret = SECRET) {
  const payload = typeof claims === "string" ? claims : JSON.stringify(claims);
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const requestOf = (authorization) => ({ headers: { authorization }, socket: {} });
const ask = (provider, token) => provider.authenticate(requestOf(`Bearer ${token}`));

/** The reason for which a token is refused, or nothing; the same on every use. */
async function refusal(provider, token) {
  const reasons = [];
  const take = ({ reason }) => reasons.push(reason);
  diagnostics.subscribe("mcp-native-auth:rejected", take);
  try {
    const verdicts = [];
    for (let use = 0; use < USES; use += 1) {
      verdicts.push(Boolean(await ask(provider, token)));
    }
    const [reason] = reasons;
    assert.deepEqual(verdicts, Array(USES).fill(reason === undefined));
    assert.deepEqual(reasons, reason === undefined ? [] : Array(USES).fill(reason));
    return reason;
  } finally {
    diagnostics.unsubscribe("mcp-native-auth:rejected", take);
  }
}

const at = (second) => mock.timers.setTime(second * 1000);
before(() => mock.timers.enable({ apis: ["Date"], now: NOW * 1000 }));
after(() => mock.timers.reset());

/** Options, claims, header and the reason for refusing, none for those that are let in. */
const VERDICTS = [
  [{ issuer: "i" }, { iss: "i" }],
  [{ issuer: ["h", "i"] }, { iss: "i" }],
  [{ issuer: "i" }, { iss: "i/" }, "TOKEN_ISSUER_NOT_ALLOWED"],
  [{ issuer: "i" }, { iss: ["i"] }, "TOKEN_ISSUER_NOT_ALLOWED"],
  [{ issuer: "i" }, {}, "TOKEN_ISSUER_NOT_ALLOWED"],
  [{ audience: "a" }, { aud: "a" }],
  [{ audience: "a" }, { aud: ["b", "a"] }],
  [{ audience: ["a", "c"] }, { aud: ["b", "c"] }],
  [{ audience: "a" }, { aud: "b" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ audience: "a" }, { aud: [] }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ audience: "a" }, { aud: [["a"]] }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ audience: "a" }, { aud: { a: 1 } }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ audience: "a" }, {}, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ subject: "s" }, { sub: "s" }],
  [{ subject: ["r", "s"] }, { sub: "s" }],
  [{ subject: "svc-*" }, { sub: "svc-" }],
  [{ subject: "*@*.example" }, { sub: "é@b.example" }],
  [{ subject: "s" }, { sub: "S" }, "TOKEN_SUBJECT_NOT_ALLOWED"],
  [{ subject: "svc-*" }, { sub: "xsvc-1" }, "TOKEN_SUBJECT_NOT_ALLOWED"],
  [{ subject: "s.c" }, { sub: "sxc" }, "TOKEN_SUBJECT_NOT_ALLOWED"],
  [{ subject: "*" }, { sub: 7 }, "TOKEN_SUBJECT_NOT_ALLOWED"],
  [{ subject: "*" }, {}, "TOKEN_SUBJECT_NOT_ALLOWED"],
  [{ requiredClaims: ["jti", "é"] }, { jti: null, é: 0 }],
  [{ requiredClaims: ["exp"] }, { exp: NOW + 1 }],
  [{ requiredClaims: ["__proto__"] }, '{"__proto__":1}'],
  [{ requiredClaims: ["__proto__"] }, {}, "TOKEN_CLAIM_MISSING"],
  [{ requiredClaims: ["toString"] }, {}, "TOKEN_CLAIM_MISSING"],
  [{ requiredClaims: ["jti", "é"] }, { jti: 1 }, "TOKEN_CLAIM_MISSING"],
  [{ requiredClaims: ["jti"] }, { x: { jti: 1 } }, "TOKEN_CLAIM_MISSING"],
  [{ requireExpiration: true }, { exp: NOW + 1 }],
  [{ requireExpiration: true }, {}, "TOKEN_EXPIRATION_MISSING"],
  [{}, { exp: NOW }, "TOKEN_EXPIRED"],
  [{ clockTolerance: 5 }, { exp: NOW - 4 }],
  [{ clockTolerance: 5 }, { exp: NOW - 5 }, "TOKEN_EXPIRED"],
  [{ clockTolerance: 0.5 }, { exp: NOW - 0.25 }],
  [{}, { nbf: NOW + 1 }, "TOKEN_NOT_YET_VALID"],
  [{ clockTolerance: 5 }, { nbf: NOW + 5 }],
  [{ clockTolerance: 5 }, { nbf: NOW + 6 }, "TOKEN_NOT_YET_VALID"],
  [{ maxTokenAge: 60 }, { iat: NOW - 60 }],
  [{ maxTokenAge: 60 }, { iat: NOW - 61 }, "TOKEN_TOO_OLD"],
  [{ maxTokenAge: 60, clockTolerance: 5 }, { iat: NOW - 65 }],
  [{ maxTokenAge: 60, clockTolerance: 5 }, { iat: NOW - 66 }, "TOKEN_TOO_OLD"],
  [{ maxTokenAge: 60 }, { iat: NOW + 1 }, "TOKEN_ISSUED_IN_FUTURE"],
  [{ maxTokenAge: 60, clockTolerance: 5 }, { iat: NOW + 5 }],
  [{ maxTokenAge: 60, clockTolerance: 5 }, { iat: NOW + 6 }, "TOKEN_ISSUED_IN_FUTURE"],
  [{ maxTokenAge: 60 }, {}, "TOKEN_TOO_OLD"],
  [{ maxTokenAge: 60 }, { iat: String(NOW) }, "TOKEN_TIME_CLAIM_INVALID"],
  [{ maxTokenAge: 60 }, '{"iat":1e400}', "TOKEN_ISSUED_IN_FUTURE"],
  [{ maxTokenAge: 60 }, '{"iat":-1e400}', "TOKEN_TOO_OLD"],
  [{ maxTokenAge: 60 }, '{"iat":-0}', "TOKEN_TOO_OLD"],
  [{ clockTolerance: 5 }, { iat: "never" }],
  [{ typ: "at+jwt" }, {}, undefined, "at+jwt"],
  [{ typ: "at+jwt" }, {}, undefined, "application/AT+JWT"],
  [{ typ: "Application/At+Jwt" }, {}, undefined, "at+jwt"],
  [{ typ: "at+jwt" }, {}, "TOKEN_TYPE_NOT_ALLOWED", "JWT"],
  [{ typ: "at+jwt" }, {}, "TOKEN_TYPE_NOT_ALLOWED", "x/at+jwt"],
  [{ typ: "at+jwt" }, {}, "TOKEN_TYPE_NOT_ALLOWED", ["at+jwt"]],
  [{ typ: "at+jwt" }, {}, "TOKEN_TYPE_NOT_ALLOWED", undefined],
  // In the order of the checks.
  [{ issuer: "i", audience: "a", subject: "s" }, { aud: "a", sub: "s" }, "TOKEN_ISSUER_NOT_ALLOWED"],
  [{ issuer: "i", requiredClaims: ["iss"], maxTokenAge: 60 }, { exp: NOW }, "TOKEN_EXPIRED"],
];

describe("what a rule lets in and what it refuses, the first time and when the token is known", () => {
  for (const [options, claims, reason, ...typ] of VERDICTS) {
    const header = { alg: "HS256", typ: typ.length === 0 ? "JWT" : typ[0] };
    const shown = `${JSON.stringify(options)}, ${JSON.stringify(claims)}, typ ${JSON.stringify(header.typ)}`;
    it(`${shown}: ${reason ?? "let in"}`, async () => {
      const provider = new JWTAuthProvider({ secret: SECRET, ...options });
      assert.equal(await refusal(provider, signed(claims, header)), reason);
    });
  }

  it("every reason that a rule can have is among these", () => {
    const reasons = new Set(VERDICTS.map(([, , reason]) => reason));
    for (const reason of [
      "TIME_CLAIM_INVALID",
      "NOT_YET_VALID",
      "EXPIRED",
      "EXPIRATION_MISSING",
      "TYPE_NOT_ALLOWED",
      "TOO_OLD",
      "ISSUED_IN_FUTURE",
      "CLAIM_MISSING",
      "ISSUER_NOT_ALLOWED",
      "AUDIENCE_NOT_ALLOWED",
      "SUBJECT_NOT_ALLOWED",
    ]) {
      assert.ok(reasons.has(`TOKEN_${reason}`), reason);
    }
  });

  it("of a payload that is no object, no claim is there", async () => {
    for (const [option, reason] of [
      [{ issuer: "i" }, "TOKEN_ISSUER_NOT_ALLOWED"],
      [{ audience: "i" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
      [{ subject: "*" }, "TOKEN_SUBJECT_NOT_ALLOWED"],
      [{ requiredClaims: ["sub"] }, "TOKEN_CLAIM_MISSING"],
      [{ maxTokenAge: 60 }, "TOKEN_TOO_OLD"],
    ]) {
      const provider = new JWTAuthProvider({ secret: SECRET, ...option });
      for (const payload of ['["i"]', '"i"', "5"]) {
        assert.equal(await refusal(provider, signed(payload)), reason, payload);
      }
    }
  });
});

describe("a known token is checked again by each rule", () => {
  it("age, expiry and beginning, with the clock going forth and back", async () => {
    try {
      const options = { secret: SECRET, maxTokenAge: 60, clockTolerance: 2, requireExpiration: true };
      const provider = new JWTAuthProvider(options);
      const ageing = signed({ iat: NOW, exp: NOW + 1000 });
      const ending = signed({ iat: NOW, exp: NOW + 10, nbf: NOW - 1 });
      for (const second of [0, 1, 2, 62, 63, 0, -2, -3, 0, 62, 1e6, 5]) {
        at(NOW + second);
        assert.equal(Boolean(await ask(provider, ageing)), second >= -2 && second <= 62, `age, ${second}`);
        assert.equal(Boolean(await ask(provider, ending)), second >= -2 && second < 12, `end, ${second}`);
      }
    } finally {
      at(NOW);
    }
  });

  it("what a rule refuses is never known, and pushes nothing out that is", () => {
    const rules = { issuers: ["i"], audiences: ["a"], subjects: ["s*"], requiredClaims: ["jti"], typ: "JWT" };
    const { verify } = nativeVerifier("secret", SECRET, { ...rules, maxTokenAge: 60, cacheSize: 2 });
    const claims = { iss: "i", aud: "a", sub: "s", jti: "1", iat: NOW };
    const good = [signed(claims), signed({ ...claims, jti: "2" })];
    for (const token of [...good, ...good]) {
      assert.equal(typeof verify(token, NOW), "string");
    }
    for (let n = 0; n < 200; n += 1) {
      for (const wrong of [{ iss: "x" }, { aud: "x" }, { sub: "x" }, { jti: undefined }, { iat: NOW - 61 }]) {
        const token = signed({ ...claims, n, ...wrong });
        for (let use = 0; use < USES; use += 1) {
          assert.ok(verify(token, NOW) < CACHED_ID_BASE, JSON.stringify(wrong));
        }
      }
    }
    for (const token of good) {
      assert.ok(verify(token, NOW) >= CACHED_ID_BASE, "still known");
      assert.ok(verify(token, NOW + 61) < CACHED_ID_BASE, "and too old");
    }
  });
});

/** Tokens for the comparison: every combination of these members is too many, each beside good ones is not. */
const GOOD = { iss: "i", aud: ["a", "b"], sub: "s", jti: "j", iat: NOW - 30, nbf: NOW - 30, exp: NOW + 30 };
const CHANGES = {
  iss: ["h", "I", ["i"], null, 1],
  aud: ["a", "b", "c", [], ["c"], ["c", "a"], [1, "a"], "a b"],
  sub: ["", "S", "s2"],
  jti: [null, 0],
  iat: [NOW, NOW - 59, NOW - 60, NOW - 61, NOW - 65, NOW - 66, NOW + 1, NOW + 5, NOW + 6, 0],
  nbf: [NOW, NOW + 1, NOW + 5, NOW + 6, NOW + 0.5, 0],
  exp: [NOW, NOW + 0.5, NOW - 4, NOW - 5, NOW - 6, 0, 1e300],
};
const CLAIMS = [
  GOOD,
  ...Object.keys(CHANGES).map((name) => ({ ...GOOD, [name]: undefined })),
  ...Object.entries(CHANGES).flatMap(([name, values]) => values.map((value) => ({ ...GOOD, [name]: value }))),
];
const OPTIONS = [
  {},
  { issuer: "i" },
  { issuer: ["h", "i"] },
  { audience: "a" },
  { audience: ["c", "b"] },
  { subject: "s" },
  { clockTolerance: 5 },
  { maxTokenAge: 60 },
  { maxTokenAge: 60, clockTolerance: 5 },
  { requiredClaims: ["jti", "iss"] },
  { issuer: "i", audience: "a", subject: "s", maxTokenAge: 60, clockTolerance: 5, requiredClaims: ["jti"] },
];

describe("the same options decide as in jose and jsonwebtoken", () => {
  const isTrue = async (verdict) => {
    try {
      await verdict();
      return true;
    } catch {
      return false;
    }
  };

  it("jose: issuer, audience, subject, clockTolerance, maxTokenAge, requiredClaims", async () => {
    let [accepted, refused] = [0, 0];
    for (const options of OPTIONS) {
      const provider = new JWTAuthProvider({ secret: SECRET, ...options });
      for (const claims of CLAIMS) {
        const token = signed(claims);
        const expected = await isTrue(() =>
          jwtVerify(token, SECRET, { algorithms: ["HS256"], currentDate: new Date(NOW * 1000), ...options }),
        );
        const shown = `${JSON.stringify(options)}, ${JSON.stringify(claims)}`;
        assert.equal((await refusal(provider, token)) === undefined, expected, shown);
        accepted += Number(expected);
        refused += Number(!expected);
      }
    }
    assert.ok(accepted > 200 && refused > 100, `${accepted} accepted, ${refused} refused`);
  });

  it("jose: typ", async () => {
    const types = ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt", "x/at+jwt", "JWT", "", 1];
    for (const wanted of ["at+jwt", "AT+jwt", "application/at+jwt", "x/at+jwt", "JWT"]) {
      const provider = new JWTAuthProvider({ secret: SECRET, typ: wanted });
      for (const typ of [...types, undefined]) {
        const token = signed({}, { alg: "HS256", typ });
        const expected = await isTrue(() => jwtVerify(token, SECRET, { typ: wanted }));
        assert.equal((await refusal(provider, token)) === undefined, expected, `${wanted}, ${typ}`);
      }
    }
  });

  it("jsonwebtoken: issuer, audience, subject, clockTolerance, and maxTokenAge but for its last second, the future and iat 0", async () => {
    for (const { requiredClaims, maxTokenAge, ...options } of OPTIONS) {
      const provider = new JWTAuthProvider({ secret: SECRET, maxTokenAge, ...options });
      for (const claims of CLAIMS) {
        const token = signed(claims);
        const expected = await isTrue(() =>
          jsonwebtoken.verify(token, SECRET, {
            algorithms: ["HS256"],
            clockTimestamp: NOW,
            maxAge: maxTokenAge,
            ...options,
          }),
        );
        const tolerance = options.clockTolerance ?? 0;
        const age = NOW - claims.iat;
        // jsonwebtoken refuses a token as old as `maxAge` says, and lets in those of the future and of 1970.
        const isOfItsOwn = age === maxTokenAge + tolerance || age < -tolerance || claims.iat === 0;
        const differs = maxTokenAge !== undefined && isOfItsOwn;
        const verdict = (await refusal(provider, token)) === undefined;
        const shown = `${JSON.stringify(options)}, ${maxTokenAge}, ${JSON.stringify(claims)}`;
        if (differs) {
          assert.equal(verdict, age === maxTokenAge + tolerance, shown);
        } else {
          assert.equal(verdict, expected, shown);
        }
      }
    }
  });

  it("but for iat, which jose wants to be a number also where no age is asked for", async () => {
    const token = signed({ iat: "yesterday" });
    await assert.rejects(jwtVerify(token, SECRET), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
    assert.equal(await refusal(new JWTAuthProvider({ secret: SECRET }), token), undefined);
  });

  it("and for `*` in subject, which they take literally", async () => {
    const token = signed({ sub: "svc-1" });
    await assert.rejects(jwtVerify(token, SECRET, { subject: "svc-*" }));
    assert.equal(await refusal(new JWTAuthProvider({ secret: SECRET, subject: "svc-*" }), token), undefined);
  });
});

describe("strict", () => {
  const strict = (options = {}) =>
    new JWTAuthProvider({ secret: SECRET, audience: "a", strict: true, ...options });

  it("requires audience and expiry in the configuration", () => {
    for (const [options, message] of [
      [
        { audience: null },
        "`strict` requires `audience`; set it to the `aud` of your tokens (RFC 8725 §3.9)",
      ],
      [
        { requireExpiration: false },
        "`strict` requires an expiry; remove `requireExpiration` or set it to true",
      ],
    ]) {
      assert.throws(() => strict(options), { code: "ERR_MCP_AUTH_OPTION_INVALID", message });
    }
    assert.ok(strict({ requireExpiration: true }));
  });

  it("and of tokens", async () => {
    const provider = strict();
    assert.equal(await refusal(provider, signed({ aud: "a", exp: NOW + 1 })), undefined);
    assert.equal(await refusal(provider, signed({ aud: "a" })), "TOKEN_EXPIRATION_MISSING");
    assert.equal(await refusal(provider, signed({ exp: NOW + 1 })), "TOKEN_AUDIENCE_NOT_ALLOWED");
  });

  it("takes the scheme in any case, unless told otherwise; without strict, the other way round", async () => {
    const token = signed({ aud: "a", exp: NOW + 1 });
    const takes = async (provider, scheme) =>
      Boolean(await provider.authenticate(requestOf(`${scheme} ${token}`)));
    const plain = (options) => new JWTAuthProvider({ secret: SECRET, ...options });
    for (const [provider, expected] of [
      [strict(), true],
      [strict({ caseInsensitiveScheme: false }), false],
      [plain(), false],
      [plain({ caseInsensitiveScheme: true }), true],
      [plain({ strict: false, caseInsensitiveScheme: null }), false],
    ]) {
      assert.equal(await takes(provider, "Bearer"), true);
      for (const scheme of ["bearer", "BEARER", "bEaReR"]) {
        assert.equal(await takes(provider, scheme), expected, scheme);
      }
      for (const scheme of ["Basic", "Bearer:", "bear", " bearer"]) {
        assert.equal(await takes(provider, scheme), false, scheme);
      }
    }
    const bare = strict({ requireBearer: false });
    assert.equal(Boolean(await bare.authenticate(requestOf(token))), true);
    assert.equal(await takes(bare, "Bearer"), false);
  });

  it("refuses secrets that are short or can be guessed, at construction and later, by their place", async () => {
    const WEAK = { code: "ERR_MCP_AUTH_SECRET_WEAK" };
    const short = randomBytes(31);
    assert.throws(() => strict({ secret: short }), WEAK);
    assert.throws(() => strict({ secret: "password".repeat(8) }), WEAK);
    assert.throws(() => strict({ secret: randomBytes(32), algorithms: ["HS512"] }), WEAK);
    assert.throws(() => strict({ secret: undefined, keys: [SECRET, short] }), {
      ...WEAK,
      message: /`keys\[1\]`/,
    });
    const provider = strict();
    assert.throws(() => provider.setSecret(short), WEAK);
    assert.throws(() => provider.setKeys([SECRET, { kid: "a", secret: short }]), WEAK);
    assert.equal(await refusal(provider, signed({ aud: "a", exp: NOW + 1 })), undefined, "unchanged");
  });

  it("judges a JWK by the bytes that are used, however its `k` is spelled", async () => {
    const WEAK = { code: "ERR_MCP_AUTH_SECRET_WEAK" };
    const [short, long] = [
      Buffer.alloc(31, randomBytes(31)),
      Buffer.alloc(32, Buffer.from([0xfb, 0xff, ...randomBytes(30)])),
    ];
    const published =
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const inBase64 = (bytes) => bytes.toString("base64");
    for (const k of [
      short.toString("base64url"),
      inBase64(short),
      `${short.toString("base64url")}        `,
      published,
      `${published}==`,
      inBase64(Buffer.from(published, "base64url")),
    ]) {
      assert.throws(() => strict({ secret: { kty: "oct", k } }), WEAK, k);
    }
    for (const k of [long.toString("base64url"), inBase64(long)]) {
      const provider = strict({ secret: { kty: "oct", k } });
      const token = signed({ aud: "a", exp: NOW + 1 }, undefined, long);
      assert.equal(await refusal(provider, token), undefined);
    }
  });
});

describe("options that cannot be meant", () => {
  const WRONG = [
    ...["issuer", "audience", "subject"].flatMap((name) => [
      [name, [], `\`${name}\` must be a string or an array of strings, not empty`],
      [name, 5, `\`${name}\` must be a string or an array of strings, not empty`],
      [name, /i/, `\`${name}\` must be a string or an array of strings, not empty`],
      [name, "", `\`${name}\` must be a non-empty string without lone surrogates`],
      [name, "\ud800", `\`${name}\` must be a non-empty string without lone surrogates`],
      [name, ["x", undefined], `\`${name}[1]\` must be a non-empty string without lone surrogates`],
      [name, [/i/], `\`${name}[0]\` must be a non-empty string without lone surrogates`],
    ]),
    ["requiredClaims", "jti", "`requiredClaims` must be an array of strings, not empty"],
    ["requiredClaims", [], "`requiredClaims` must be an array of strings, not empty"],
    ["requiredClaims", ["jti", 1], "`requiredClaims[1]` must be a non-empty string without lone surrogates"],
    ...[-1, 86_401, Number.NaN, "5", "5s", 5n, Infinity].map((value) => [
      "clockTolerance",
      value,
      "`clockTolerance` must be a number of seconds from 0 to 86400",
    ]),
    ...[0, 0.5, 3_155_760_001, Number.NaN, "1h", {}].map((value) => [
      "maxTokenAge",
      value,
      "`maxTokenAge` must be a number of seconds from 1 to 3155760000",
    ]),
    ...["", "a b", "a/b/c", 5, ["at+jwt"], "é"].map((value) => [
      "typ",
      value,
      '`typ` must be a media type such as "at+jwt"',
    ]),
    ...["requireExpiration", "caseInsensitiveScheme", "strict"].flatMap((name) => [
      [name, "true", `\`${name}\` must be true or false, not a string`],
      [name, 1, `\`${name}\` must be true or false, not a number`],
    ]),
  ];
  for (const [name, value, message] of WRONG) {
    it(`${name}: ${typeof value === "bigint" ? value : JSON.stringify(value)}`, () => {
      assert.throws(() => new JWTAuthProvider({ secret: SECRET, [name]: value }), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message,
      });
    });
  }

  it("at their bounds they can; undefined and null are the default", async () => {
    const names = ["issuer", "audience", "subject", "clockTolerance", "maxTokenAge", "requiredClaims", "typ"];
    for (const value of [undefined, null]) {
      const none = Object.fromEntries([...names, "requireExpiration", "strict"].map((name) => [name, value]));
      assert.equal(await refusal(new JWTAuthProvider({ secret: SECRET, ...none }), signed({})), undefined);
    }
    for (const bounds of [
      { clockTolerance: 0, maxTokenAge: 1 },
      { clockTolerance: 86_400, maxTokenAge: 3_155_760_000 },
    ]) {
      assert.ok(new JWTAuthProvider({ secret: SECRET, ...bounds }));
    }
  });

  it("changing the arrays later has no effect", async () => {
    const options = { issuer: ["i"], audience: ["a"], subject: ["s"], requiredClaims: ["jti"] };
    const provider = new JWTAuthProvider({ secret: SECRET, ...options });
    for (const list of Object.values(options)) {
      list[0] = "x";
      list.push("y");
    }
    assert.equal(await refusal(provider, signed({ iss: "i", aud: "a", sub: "s", jti: 1 })), undefined);
    assert.equal(
      await refusal(provider, signed({ iss: "x", aud: "a", sub: "s", jti: 1 })),
      "TOKEN_ISSUER_NOT_ALLOWED",
    );
  });
});

it("an array that throws when it is read is refused in words of ours", () => {
  const issuer = ["a"];
  Object.defineProperty(issuer, 0, {
    get() {
      throw new Error("words of others");
    },
  });
  assert.throws(() => new JWTAuthProvider({ secret: "a7Kq0ZtR4mWx8vCn2LpYd6HsJ3bTfGuE", issuer }), {
    code: "ERR_MCP_AUTH_OPTION_INVALID",
    message: "`issuer` cannot be read; pass a plain array",
  });
});
