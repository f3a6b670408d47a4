/** The cache of verified tokens must not be seen in any verdict or in any claims. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it, mock } from "node:test";
import { JWTAuthProvider as FrameworkProvider } from "mcp-framework";
import { JWTAuthProvider } from "mcp-native-auth";
import { CACHED_ID_BASE } from "../../lib/native/load.js";
import { nativeVerifier } from "../support/native-verifier.js";
import { checkout } from "../support/project.js";

const SECRET = "cache-secret-0123456789abcdef0123456789";
/** Of the parsed claims of one token, as documented for `cacheSize`: 16 MB for 1024. */
const MAX_KEPT_BYTES = 16_384;

const encode = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function token(payload, header = { alg: "HS256", typ: "JWT" }, secret = SECRET) {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const requestOf = (presented) => ({ headers: { authorization: `Bearer ${presented}` }, socket: {} });
const ask = (provider, presented) => provider.authenticate(requestOf(presented));

/** The native verifier itself, which tells when it takes an answer from the cache. */
function native(cacheSize) {
  const { verify, cachedClaims } = nativeVerifier("text", Buffer.from(SECRET), { cacheSize });
  return { isKnown: (presented) => verify(presented, 1000) >= CACHED_ID_BASE, verify, cachedClaims };
}

describe("time is checked on every use", () => {
  const at = (second) => mock.timers.setTime(second * 1000);
  it("exp and nbf, with the clock going forth and back", async () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
    try {
      const provider = new JWTAuthProvider({ secret: SECRET });
      const oracle = new FrameworkProvider({ secret: SECRET });
      const presented = token({ sub: "a", nbf: 1000, exp: 2000 });
      for (const second of [1000, 1000, 1999, 2000, 1500, 999, 1000, 2001, 1999]) {
        at(second);
        const expected = await ask(oracle, presented);
        assert.equal(Boolean(expected), second >= 1000 && second < 2000);
        assert.deepStrictEqual(await ask(provider, presented), expected, `at ${second}`);
      }
    } finally {
      mock.timers.reset();
    }
  });

  it("requireExpiration as well", async () => {
    const provider = new JWTAuthProvider({ secret: SECRET, requireExpiration: true });
    for (let n = 0; n < 3; n += 1) {
      assert.equal(await ask(provider, token({ sub: "a" })), false);
    }
  });
});

describe("claims are each caller's own", () => {
  it("changing them deeply changes nobody else's", async () => {
    const provider = new JWTAuthProvider({ secret: SECRET });
    const payload = { sub: "a", roles: ["reader"], org: { id: 1, teams: [{ name: "x" }] } };
    const presented = token(payload);
    for (let n = 0; n < 5; n += 1) {
      const { data } = await ask(provider, presented);
      assert.deepStrictEqual(data, payload);
      data.sub = "admin";
      data.extra = true;
      data.roles.push("admin");
      data.org.teams[0].name = "y";
      data.org.teams.push({});
      delete data.org.id;
    }
  });

  it("are equal in every detail to what the framework gives, for all genuine vectors", async () => {
    const { keys, cases } = JSON.parse(readFileSync(new URL("../vectors/fidelity.json", import.meta.url)));
    let compared = 0;
    for (const { key, algorithms, token: presented } of cases) {
      const config = { secret: keys[key].text, algorithms };
      const provider = new JWTAuthProvider(config);
      const first = await ask(provider, presented);
      if (first !== false) {
        const expected = await ask(new FrameworkProvider(config), presented);
        for (let n = 0; n < 4; n += 1) {
          const again = await ask(provider, presented);
          assert.deepStrictEqual(again, expected);
          assert.equal(JSON.stringify(again), JSON.stringify(expected), "the order of members");
          compared += 1;
        }
      }
    }
    assert.ok(compared >= 300, `${compared} compared`);
  });

  it("keep __proto__ an own member, nested too", async () => {
    const provider = new JWTAuthProvider({ secret: SECRET });
    const presented = token('{"__proto__":{"admin":true},"a":{"__proto__":{"admin":true}}}');
    for (let n = 0; n < 4; n += 1) {
      const { data } = await ask(provider, presented);
      assert.deepEqual([Object.keys(data), Object.keys(data.a)], [["__proto__", "a"], ["__proto__"]]);
      assert.equal(data.admin, undefined);
      assert.equal(data.a.admin, undefined);
      assert.equal({}.admin, undefined);
    }
  });
});

describe("the cache is bounded and cannot be abused", () => {
  it("a token is known from its third use on, and not when switched off", () => {
    const presented = token({ sub: "a" });
    for (const [size, expected] of [
      [1024, true],
      [1, true],
      [0, false],
    ]) {
      const { isKnown } = native(size);
      assert.deepEqual([isKnown(presented), isKnown(presented)], [false, false]);
      assert.deepEqual([isKnown(presented), isKnown(presented)], [expected, expected]);
    }
  });

  it("forged, expired and malformed tokens displace nothing and are never known", () => {
    const { isKnown, verify } = native(2);
    const good = [token({ sub: "a" }), token({ sub: "b" })];
    [...good, ...good].forEach(isKnown);
    for (let n = 0; n < 5_000; n += 1) {
      const bad = [
        token({ sub: "a", n }, undefined, "another secret"),
        token({ sub: "a", n, exp: 1 }),
        token(`{"n":${n}`),
        `${good[0]}${n}`,
      ];
      for (const presented of [...bad, ...bad]) {
        assert.ok(verify(presented, 1000) < CACHED_ID_BASE);
      }
    }
    assert.deepEqual(good.map(isKnown), [true, true]);
  });

  it("a known token changed in any character is refused", () => {
    const { isKnown, verify } = native(8);
    const presented = token({ sub: "a" });
    isKnown(presented);
    isKnown(presented);
    for (let position = 0; position < presented.length; position += 1) {
      const other = presented[position] === "A" ? "B" : "A";
      const changed = presented.slice(0, position) + other + presented.slice(position + 1);
      assert.ok(verify(changed, 1000) < CACHED_ID_BASE, `position ${position}`);
    }
    assert.equal(isKnown(presented), true);
  });

  it("many more tokens than entries all get their own claims", async () => {
    for (const cacheSize of [0, 1, 7, 64]) {
      const provider = new JWTAuthProvider({ secret: SECRET, cacheSize });
      const tokens = Array.from({ length: 200 }, (_, n) => token({ sub: `user ${n}` }));
      for (let n = 0; n < 5_000; n += 1) {
        const pick = (n * n + (n % 3)) % (n % 2 === 0 ? 200 : 5);
        const { data } = await ask(provider, tokens[pick]);
        assert.deepStrictEqual(data, { sub: `user ${pick}` });
      }
    }
  });

  it("tokens over 4 KB are accepted and not kept", () => {
    const { isKnown, verify } = native(8);
    const presented = token({ s: "x".repeat(4_000) });
    assert.deepEqual([isKnown(presented), isKnown(presented), isKnown(presented)], [false, false, false]);
    assert.equal(typeof verify(presented, 1000), "string");
  });

  it("what is kept of each token is bounded, whatever its claims are made of", () => {
    const source = `
      import { createHmac } from "node:crypto";
      import { JWTAuthProvider } from "mcp-native-auth";
      const TOKENS = 256;
      const secret = ${JSON.stringify(SECRET)};
      const encode = (text) => Buffer.from(text).toString("base64url");
      const sign = (claims) => {
        const input = encode('{"alg":"HS256"}') + "." + encode(JSON.stringify(claims));
        return input + "." + createHmac("sha256", secret).update(input).digest("base64url");
      };
      const unique = (n, count, value) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => ["m" + n + "_" + i, value(i)]));
      const SHAPES = {
        "a text": (n) => ({ n, a: "x".repeat(2900) }),
        "a text of wide characters": (n) => ({ n, a: "ж".repeat(1450) }),
        "empty objects": (n) => ({ n, a: Array(950).fill({}) }),
        "empty arrays": (n) => ({ n, a: Array(950).fill([]) }),
        "numbers": (n) => ({ n, a: Array(1430).fill(1) }),
        "fractions": (n) => ({ n, a: Array(700).fill(1.5) }),
        "names": (n) => unique(n, 240, () => 1),
        "as many names as are copied": (n) => unique(n, 64, () => "x".repeat(28)),
        "as many objects as are copied": (n) => unique(n, 15, (i) => unique(n + "_" + i, 3, () => "x".repeat(40))),
        "deep": (n) => JSON.parse('{"a":'.repeat(480) + n + "}".repeat(480)),
      };
      const kept = [];
      const heap = async () => {
        for (let n = 0; n < 3; n += 1) {
          gc();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return process.memoryUsage().heapUsed;
      };
      for (const [name, shape] of Object.entries(SHAPES)) {
        const provider = new JWTAuthProvider({ secret, cacheSize: TOKENS });
        const tokens = Array.from({ length: TOKENS }, (_, n) => sign(shape(n)));
        if (Math.max(...tokens.map((token) => token.length)) > 4096) throw new Error(name + " is not kept");
        kept.push(provider, tokens);
        const before = await heap();
        for (let use = 0; use < 4; use += 1) {
          for (const token of tokens) {
            const { data } = await provider.authenticate({ headers: { authorization: "Bearer " + token } });
            if (typeof data !== "object") throw new Error(name);
          }
        }
        console.log(name + "=" + Math.round(((await heap()) - before) / TOKENS));
      }`;
    const args = ["--expose-gc", "--input-type=module", "--eval", source];
    const child = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
    assert.equal(child.status, 0, child.stderr);
    const bytes = child.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("="));
    assert.equal(bytes.length, 10);
    for (const [name, perToken] of bytes) {
      assert.ok(Number(perToken) < MAX_KEPT_BYTES, `${name}: ${perToken} bytes for each token`);
    }
  });

  it("claims that are parsed on each use are each caller's own, too", async () => {
    const provider = new JWTAuthProvider({ secret: SECRET });
    const payload = { sub: "a", groups: Array.from({ length: 200 }, (_, n) => ({ id: n })) };
    const presented = token(payload);
    for (let n = 0; n < 5; n += 1) {
      const { data } = await ask(provider, presented);
      assert.deepEqual(data, payload);
      data.groups[7].id = "admin";
      data.groups.length = 1;
    }
  });

  it("an id of an entry that is gone gives nothing", () => {
    const { verify, cachedClaims } = native(1);
    const first = token({ sub: "a" });
    verify(first, 1000);
    verify(first, 1000);
    const id = verify(first, 1000);
    assert.equal(cachedClaims(id), '\0{"sub":"a"}');
    verify(token({ sub: "b" }), 1000);
    assert.equal(cachedClaims(id), '\0{"sub":"a"}', "what comes once pushes nothing out");
    verify(token({ sub: "b" }), 1000);
    for (const gone of [id, CACHED_ID_BASE - 1, CACHED_ID_BASE + 5, -1, 0, Number.NaN, Infinity, 2 ** 53]) {
      assert.equal(cachedClaims(gone), null, `${gone}`);
    }
  });

  it("refuses a size that is none", () => {
    for (const cacheSize of [-1, 1.5, "10", Number.NaN, Infinity, 1_000_001, {}, true]) {
      assert.throws(() => new JWTAuthProvider({ secret: SECRET, cacheSize }), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
      });
    }
    for (const cacheSize of [undefined, null, 0, 1_000_000]) {
      assert.ok(new JWTAuthProvider({ secret: SECRET, cacheSize }));
    }
  });
});

it("holds for public keys as well", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const provider = new JWTAuthProvider({ secret: publicKey, algorithms: ["ES256"] });
  const input = `${encode({ alg: "ES256", typ: "JWT" })}.${encode({ sub: "a" })}`;
  const signed = () =>
    `${input}.${sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  const [one, two] = [signed(), signed()];
  assert.notEqual(one, two);
  for (const presented of [one, two, one, two, one]) {
    assert.deepStrictEqual(await ask(provider, presented), { data: { sub: "a" } });
  }
  const [header, payload] = one.split(".");
  assert.equal(await ask(provider, `${header}.${payload}.${"A".repeat(86)}`), false);
});
