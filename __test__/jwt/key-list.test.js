/** Several keys: which one a token is tried with, where they come from, and how they change at run time. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, createPublicKey, createSecretKey, randomBytes, sign } from "node:crypto";
import { describe, it, mock } from "node:test";
import { inspect } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createLocalJWKSet, jwtVerify } from "jose";
import { JWTAuthProvider } from "mcp-native-auth";
import { readKeyList } from "../../lib/jwt/key-list.js";
import { eventsOf } from "../support/events.js";
import { pair, privatePem, publicJwk, publicPem } from "../support/keys.js";
import { checkout } from "../support/project.js";
import { HTTP_STREAM, startServer, withoutFrameworkLog } from "../support/servers.js";

const [OLD, NEW, OTHER] = [0, 1, 2].map(() => randomBytes(64));
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function mac(secret, header = {}, claims = { sub: "a" }) {
  const input = `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** Signed with the private key of this name in support/keys.js. */
function signature(name, header, claims = { sub: "a" }) {
  const input = `${encode({ typ: "JWT", ...header })}.${encode(claims)}`;
  const key = { key: pair(name).privateKey, dsaEncoding: "ieee-p1363" };
  const digest = header.alg === "EdDSA" ? null : `sha${header.alg.slice(2)}`;
  return `${input}.${sign(digest, Buffer.from(input), key).toString("base64url")}`;
}

const requestOf = (token) => ({ headers: { authorization: `Bearer ${token}` }, socket: {} });
const ask = (provider, token) => provider.authenticate(requestOf(token));
const isIn = async (provider, token) => Boolean(await ask(provider, token));

/** What is published of a request. */
async function eventOf(provider, token) {
  const events = await eventsOf(() => ask(provider, token));
  assert.equal(events.length, 1);
  return events[0];
}

async function warningsOf(run) {
  const warnings = [];
  const take = ({ name, code, message }) =>
    name === "McpNativeAuthWarning" && warnings.push({ code, message });
  process.on("warning", take);
  try {
    const result = run();
    await new Promise((resolve) => setImmediate(resolve));
    return { result, warnings };
  } finally {
    process.off("warning", take);
  }
}

describe("kid", () => {
  const BOTH = {
    keys: [
      { kid: "old", secret: OLD },
      { kid: "new", secret: NEW },
    ],
  };

  it("picks the key with the same one, and no other", async () => {
    const provider = new JWTAuthProvider(BOTH);
    for (const [secret, kid, expected] of [
      [OLD, "old", true],
      [NEW, "new", true],
      [OLD, "new", false],
      [NEW, "old", false],
      [OTHER, "old", false],
      [OLD, "OLD", false],
      [OLD, "old ", false],
      [OLD, "", false],
      [OLD, "x".repeat(10_000), false],
      [OLD, "__proto__", false],
    ]) {
      for (let use = 0; use < 4; use += 1) {
        assert.equal(await isIn(provider, mac(secret, { kid })), expected, kid.slice(0, 20));
      }
    }
  });

  it("of nobody's is refused as a wrong signature, and published so", async () => {
    const { reason } = await eventOf(new JWTAuthProvider(BOTH), mac(OLD, { kid: "gone" }));
    assert.equal(reason, "TOKEN_SIGNATURE_INVALID");
  });

  it("if it is nobody's, picks those without one", async () => {
    const provider = new JWTAuthProvider({ keys: [{ kid: "old", secret: OLD }, NEW] });
    assert.equal(await isIn(provider, mac(NEW, { kid: "anything" })), true);
    assert.equal(await isIn(provider, mac(OLD, { kid: "anything" })), false);
    assert.equal(await isIn(provider, mac(NEW, { kid: "old" })), false);
  });

  it("if it is absent, those without one are tried first, then the others", async () => {
    const provider = new JWTAuthProvider({ keys: [{ kid: "old", secret: OLD }, NEW] });
    assert.equal(await isIn(provider, mac(NEW)), true);
    assert.equal(await isIn(provider, mac(OLD)), true);
    assert.equal(await isIn(provider, mac(OTHER)), false);
  });

  it("if it is no string, is nobody's", async () => {
    const provider = new JWTAuthProvider({ keys: [{ kid: "1", secret: OLD }, NEW] });
    for (const kid of [null, 1, ["1"], { 1: 1 }, true]) {
      assert.equal(await isIn(provider, mac(NEW, { kid })), true, `${kid}`);
      assert.equal(await isIn(provider, mac(OLD, { kid })), false, `${kid}`);
    }
  });

  it("is compared by code points, and a lone surrogate is nobody's", async () => {
    const provider = new JWTAuthProvider({
      keys: [
        { kid: "\u00e9", secret: OLD },
        { kid: "\ufffd", secret: NEW },
      ],
    });
    assert.equal(await isIn(provider, mac(OLD, { kid: "\u00e9" })), true);
    assert.equal(await isIn(provider, mac(OLD, { kid: "e\u0301" })), false);
    assert.equal(await isIn(provider, mac(NEW, { kid: "\ufffd" })), true);
    assert.equal(await isIn(provider, mac(NEW, { kid: "\ud800" })), false);
  });

  it("may be that of several keys, of which four are tried", async () => {
    const secrets = [0, 1, 2, 3].map(() => randomBytes(64));
    const provider = new JWTAuthProvider({ keys: secrets.map((secret) => ({ kid: "k", secret })) });
    for (const secret of secrets) {
      assert.equal(await isIn(provider, mac(secret, { kid: "k" })), true);
    }
  });

  it("four keys at the most are tried for a token without it", async () => {
    const secrets = Array.from({ length: 6 }, () => randomBytes(64));
    const provider = new JWTAuthProvider({ keys: secrets.map((secret, n) => ({ kid: `${n}`, secret })) });
    const verdicts = [];
    for (const secret of secrets) {
      verdicts.push(await isIn(provider, mac(secret)));
    }
    assert.deepEqual(verdicts, [true, true, true, true, false, false]);
    assert.equal(await isIn(provider, mac(secrets[5], { kid: "5" })), true);
  });

  it("is published as keyId of the key that matched, known or not, and none for one without", async () => {
    const provider = new JWTAuthProvider({ keys: [...BOTH.keys, OTHER] });
    for (let use = 0; use < 4; use += 1) {
      assert.equal((await eventOf(provider, mac(OLD, { kid: "old" }))).keyId, "old");
      assert.equal((await eventOf(provider, mac(NEW))).keyId, "new");
      assert.equal((await eventOf(provider, mac(OTHER, { kid: "of nobody" }))).keyId, undefined);
      assert.equal((await eventOf(provider, mac(OLD, { kid: "new" }))).keyId, undefined);
    }
  });
});

describe("secrets and public keys in one provider", () => {
  const provider = new JWTAuthProvider({
    keys: [
      { kid: "s", secret: NEW },
      { kid: "r", secret: publicPem("rsa") },
      { kid: "e", secret: pair("p256").publicKey },
      { kid: "d", secret: publicJwk("ed25519") },
    ],
    algorithms: ["HS256", "RS256", "ES256", "EdDSA"],
  });

  it("each serves the algorithms that fit it", async () => {
    for (let use = 0; use < 4; use += 1) {
      assert.equal(await isIn(provider, mac(NEW, { kid: "s" })), true);
      assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid: "r" })), true);
      assert.equal(await isIn(provider, signature("p256", { alg: "ES256", kid: "e" })), true);
      assert.equal(await isIn(provider, signature("ed25519", { alg: "EdDSA", kid: "d" })), true);
      assert.equal(await isIn(provider, signature("rsa", { alg: "RS512", kid: "r" })), false);
    }
  });

  it("no form of a public key is taken for a secret", async () => {
    const texts = ["rsa", "p256", "ed25519"].flatMap((name) => {
      const { publicKey } = pair(name);
      const pem = publicKey.export({ format: "pem", type: "spki" });
      const der = publicKey.export({ format: "der", type: "spki" });
      const jwk = publicJwk(name);
      return [pem, pem.trimEnd(), der, JSON.stringify(jwk), Buffer.from(jwk.x ?? jwk.n, "base64url")];
    });
    for (const text of texts) {
      for (const kid of [undefined, "s", "r", "e", "d", "x"]) {
        assert.equal(await isIn(provider, mac(text, { kid })), false);
      }
    }
  });

  it("a kid of another family leads nowhere", async () => {
    assert.equal((await eventOf(provider, mac(NEW, { kid: "r" }))).reason, "TOKEN_SIGNATURE_INVALID");
    assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid: "s" })), false);
    assert.equal(await isIn(provider, signature("p256", { alg: "ES256", kid: "d" })), false);
  });
});

describe("a JWK Set", () => {
  const jwk = (name, more) => ({ ...publicJwk(name), ...more });
  const SET = {
    keys: [
      jwk("rsa", { kid: "1", use: "sig", alg: "RS256" }),
      jwk("rsaOther", { kid: "2" }),
      jwk("p256", { kid: "3", key_ops: ["verify"] }),
      jwk("ed25519", { kid: "4" }),
      jwk("rsa3072", { kid: "5", use: "enc" }),
      jwk("p256Other", { kid: "1" }),
      jwk("p384", { kid: "6", alg: "ES256" }),
      jwk("p521", { kid: "7", key_ops: ["sign"] }),
    ],
  };
  const algorithms = ["RS256", "RS512", "ES256", "ES384", "ES512", "EdDSA"];
  const SIGNERS = [
    ["rsa", "RS256"],
    ["rsa", "RS512"],
    ["rsaOther", "RS256"],
    ["rsaOther", "RS512"],
    ["rsa3072", "RS256"],
    ["p256", "ES256"],
    ["p256Other", "ES256"],
    ["p384", "ES384"],
    ["p521", "ES512"],
    ["ed25519", "EdDSA"],
    ["ed25519Other", "EdDSA"],
  ];

  it("is read as jose's createLocalJWKSet reads it, but for several keys that fit", async () => {
    const { result: provider } = await warningsOf(() => new JWTAuthProvider({ keys: SET, algorithms }));
    const local = createLocalJWKSet(SET);
    const seen = { accepted: 0, refused: 0, several: 0 };
    for (const [name, alg] of SIGNERS) {
      for (const kid of ["1", "2", "3", "4", "5", "6", "7", "8", "", undefined, 1]) {
        const token = signature(name, { alg, kid });
        const { code } = await jwtVerify(token, local, { algorithms }).catch((error) => error);
        const verdict = await isIn(provider, token);
        // jose leaves it to its caller to try them; we do.
        if (code === "ERR_JWKS_MULTIPLE_MATCHING_KEYS") {
          seen.several += 1;
          assert.equal(
            verdict,
            ["rsa", "rsaOther", "p256", "p256Other"].includes(name) && !(name === "rsa" && alg === "RS512"),
          );
        } else {
          assert.equal(verdict, code === undefined, `${name}, ${alg}, ${kid}: ${code}`);
          seen[verdict ? "accepted" : "refused"] += 1;
        }
      }
    }
    assert.ok(seen.accepted >= 8 && seen.refused >= 60 && seen.several >= 4, JSON.stringify(seen));
  });

  it("and but for a key without kid, which we try for a kid that is nobody's", async () => {
    const set = { keys: [jwk("rsa"), jwk("rsaOther", { kid: "2" })] };
    const token = signature("rsa", { alg: "RS256", kid: "x" });
    await assert.rejects(jwtVerify(token, createLocalJWKSet(set)), { code: "ERR_JWKS_NO_MATCHING_KEY" });
    assert.equal(await isIn(new JWTAuthProvider({ keys: set, algorithms: ["RS256"] }), token), true);
  });

  it("may hold secrets", async () => {
    const keys = [{ kty: "oct", kid: "s", k: NEW.toString("base64url") }, jwk("rsa", { kid: "r" })];
    const provider = new JWTAuthProvider({ keys: { keys }, algorithms: ["HS256", "RS256"] });
    assert.equal(await isIn(provider, mac(NEW, { kid: "s" })), true);
    assert.equal(await isIn(provider, mac(keys[1].n, { kid: "r" })), false);
  });

  it("keys that cannot be used are skipped with a warning that names their positions", async () => {
    const throws = {
      kty: "RSA",
      get n() {
        throw new Error("a secret of the getter");
      },
    };
    const throwsKid = {
      ...jwk("p256"),
      get kid() {
        throw new Error("a secret of the getter");
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = [
      null,
      undefined,
      5,
      "text",
      publicPem("rsa"),
      [],
      {},
      { kty: 1 },
      { kty: "RSA" },
      { kty: "RSA", n: {}, e: [] },
      { kty: "oct", k: "" },
      { kty: "oct", k: "é" },
      { kty: "oct" },
      { __proto__: publicJwk("x25519") },
      jwk("rsa", { use: "enc" }),
      jwk("rsa", { alg: "RSA-OAEP" }),
      jwk("rsa", { key_ops: [] }),
      jwk("rsa1024"),
      jwk("secp256k1"),
      { ...jwk("ed25519"), x: "A".repeat(43) },
      jwk("rsa", { kid: 5 }),
      jwk("rsa", { kid: "\ud800" }),
      jwk("rsa", { kid: {} }),
      { format: "jwk", key: jwk("rsa") },
      { kid: "k", secret: publicPem("rsa") },
      pair("rsa").publicKey,
      throws,
      throwsKid,
      proxy,
    ];
    const set = { keys: [...hostile, jwk("p384", { kid: "good" })] };
    const { result: provider, warnings } = await warningsOf(
      () => new JWTAuthProvider({ keys: set, algorithms: ["RS256", "ES256", "ES384", "EdDSA"] }),
    );
    const { message } = warnings.find(({ code }) => code === "MCP_NATIVE_AUTH_UNUSABLE_KEYS");
    const places = hostile.map((_, index) => `\`keys[${index}]\``).join(", ");
    assert.equal(
      message,
      `JWTAuthProvider: ignoring ${places} of the JWK Set: not usable with the configured \`algorithms\``,
    );
    const { warnings: ofOne } = await warningsOf(
      () => new JWTAuthProvider({ keys: { keys: [jwk("rsa"), jwk("p384")] }, algorithms: ["RS256"] }),
    );
    assert.ok(ofOne.some(({ message: one }) => one.includes("ignoring `keys[1]` of the JWK Set")));
    assert.equal(await isIn(provider, signature("p384", { alg: "ES384", kid: "good" })), true);
    for (const kid of [undefined, "5", 5, "k"]) {
      assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid })), false);
    }
  });

  it("of which none can be used throws what is wrong with the first, by its place", () => {
    for (const [keys, code, message] of [
      [[jwk("rsa")], "ALGORITHMS_INCOMPATIBLE", /^`keys\[0\]` is an RSA key, which cannot verify HS256; /],
      [[{}, jwk("rsa", { use: "enc" })], "SECRET_UNSUITABLE", /^`keys\[0\]` /],
      [
        [jwk("rsa", { use: "enc" })],
        "SECRET_JWK_USE",
        /^`keys\[0\]` is a JWK that has a `use` other than `sig`/,
      ],
    ]) {
      assert.throws(() => new JWTAuthProvider({ keys: { keys } }), { code: `ERR_MCP_AUTH_${code}`, message });
    }
  });

  it("a member named __proto__ changes nothing", async () => {
    const text = `{"__proto__":{"kid":"evil","use":"sig"},"keys":[${JSON.stringify(jwk("rsa", { kid: "r" })).replace("{", '{"__proto__":{"alg":"none"},')}]}`;
    const provider = new JWTAuthProvider({ keys: JSON.parse(text), algorithms: ["RS256"] });
    assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid: "r" })), true);
    assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid: "evil" })), false);
  });
});

describe("forms of keys in an array", () => {
  it("all that secret takes, alone or with a kid; a JWK brings its own, and an entry's goes first", async () => {
    const oct = { kty: "oct", k: NEW.toString("base64url"), kid: "own" };
    const text = NEW.toString("hex");
    for (const [item, secret, kid] of [
      [NEW, NEW],
      [text, text],
      [createSecretKey(NEW), NEW],
      [new Uint8Array(NEW).buffer, NEW],
      [{ secret: NEW }, NEW],
      [{ kid: null, secret: NEW }, NEW],
      [{ kid: "e", secret: NEW }, NEW, "e"],
      [{ kid: "e", secret: createSecretKey(NEW) }, NEW, "e"],
      [oct, NEW, "own"],
      [{ key: oct, format: "jwk" }, NEW, "own"],
      [{ secret: oct }, NEW, "own"],
      [{ kid: "e", secret: oct }, NEW, "e"],
    ]) {
      const { result: provider } = await warningsOf(
        () => new JWTAuthProvider({ keys: [item, { kid: "old", secret: OLD }] }),
      );
      assert.equal((await eventOf(provider, mac(secret, { kid }))).keyId, kid);
      assert.equal(await isIn(provider, mac(secret, { kid: "x" })), kid === undefined);
      assert.equal(await isIn(provider, mac(secret, { kid: "old" })), false);
    }
    for (const item of [
      publicPem("rsa"),
      privatePem("rsa"),
      { key: publicPem("rsa") },
      createPublicKey(publicPem("rsa")),
    ]) {
      const provider = new JWTAuthProvider({ keys: [item, OLD], algorithms: ["RS256", "HS256"] });
      assert.equal(await isIn(provider, signature("rsa", { alg: "RS256" })), true);
    }
  });

  it("are read once: changing them later has no effect", async () => {
    const secret = new Uint8Array(NEW);
    const keys = [{ kid: "a", secret }];
    const provider = new JWTAuthProvider({ keys });
    secret.fill(0);
    keys[0].kid = "b";
    keys.push(OLD);
    assert.equal(await isIn(provider, mac(NEW, { kid: "a" })), true);
    assert.equal(await isIn(provider, mac(OLD)), false);
  });

  it("a misspelled member of an entry is named in a warning", async () => {
    const { warnings } = await warningsOf(
      () => new JWTAuthProvider({ keys: [OLD, { Kid: "a", secret: NEW }] }),
    );
    assert.deepEqual(warnings, [
      {
        code: "MCP_NATIVE_AUTH_UNKNOWN_OPTION",
        message:
          'JWTAuthProvider: `keys[1]`: unknown option "Kid" (did you mean "kid"?); the known options are kid, issuer, secret. ' +
          "It is ignored",
      },
    ]);
  });
});

describe("kid next to a key in the form of crypto.createPublicKey()", () => {
  const FORMS = {
    "PEM text": () => ({ key: publicPem("rsa") }),
    "PEM bytes": () => ({ key: Buffer.from(publicPem("rsa")), format: "pem" }),
    DER: () => ({
      key: pair("rsa").publicKey.export({ type: "spki", format: "der" }),
      format: "der",
      type: "spki",
    }),
    JWK: () => ({ key: { ...publicJwk("rsa"), kid: "other" }, format: "jwk" }),
    "a private key": () => ({ key: privatePem("rsa") }),
  };
  for (const [name, form] of Object.entries(FORMS)) {
    it(name, async () => {
      const { result: provider, warnings } = await warningsOf(
        () => new JWTAuthProvider({ keys: [{ kid: "mine", ...form() }], algorithms: ["RS256"] }),
      );
      assert.deepEqual(warnings, []);
      assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid: "mine" })), true);
      assert.equal(await isIn(provider, signature("rsa", { alg: "RS256", kid: "other" })), false);
    });
  }

  it("a misspelled property is named in a warning", async () => {
    const { warnings } = await warningsOf(
      () => new JWTAuthProvider({ keys: [{ id: "a", key: publicPem("rsa") }], algorithms: ["RS256"] }),
    );
    assert.deepEqual(warnings, [
      {
        code: "MCP_NATIVE_AUTH_UNKNOWN_OPTION",
        message:
          'JWTAuthProvider: `keys[0]`: unknown option "id" (did you mean "kid"?); the known options are kid, issuer, ' +
          "key, format, type, passphrase, encoding. It is ignored",
      },
    ]);
  });

  it("an HMAC secret as `key` is an error that names `secret`", () => {
    assert.throws(() => new JWTAuthProvider({ keys: [{ kid: "a", key: NEW.toString("hex") }] }), {
      code: "ERR_MCP_AUTH_SECRET_UNREADABLE",
      message:
        "`keys[0]` is an object that crypto.createPublicKey() does not accept; pass a public key as PEM text or as a " +
        "KeyObject, and an HMAC secret itself or as `secret` next to its `kid`",
    });
  });
});

describe("issuer next to a key", () => {
  const [OURS, PARTNER] = ["https://login.ours.example", "https://partner.example"];
  const bound = (options = {}) =>
    new JWTAuthProvider({
      keys: [
        { kid: "ours", issuer: OURS, secret: NEW },
        { kid: "partner", issuer: [PARTNER, `${PARTNER}/*/v2`], secret: OLD },
        { issuer: "https://third.example", key: publicPem("rsa") },
      ],
      algorithms: ["HS256", "RS256"],
      ...options,
    });

  it("its key accepts the tokens of its issuers alone, known or not", async () => {
    for (const provider of [
      bound(),
      bound({ issuer: [OURS, PARTNER, `${PARTNER}/t/v2`, "https://third.example"] }),
    ]) {
      for (const [token, expected] of [
        [(iss) => mac(NEW, { kid: "ours" }, { iss }), [OURS]],
        [(iss) => mac(OLD, { kid: "partner" }, { iss }), [PARTNER, `${PARTNER}/t/v2`]],
        [(iss) => mac(OLD, {}, { iss }), [PARTNER, `${PARTNER}/t/v2`]],
        [(iss) => signature("rsa", { alg: "RS256" }, { iss }), ["https://third.example"]],
      ]) {
        for (const iss of [OURS, PARTNER, `${PARTNER}/t/v2`, "https://third.example", undefined]) {
          for (let use = 0; use < 4; use += 1) {
            const presented = token(iss);
            assert.equal(await isIn(provider, presented), expected.includes(iss), `${presented} ${iss}`);
          }
        }
      }
    }
  });

  it("is published as a wrong issuer, with the key", async () => {
    const event = await eventOf(bound(), mac(OLD, { kid: "partner" }, { iss: OURS }));
    assert.deepEqual([event.reason, event.keyId], ["TOKEN_ISSUER_NOT_ALLOWED", undefined]);
  });

  it("stays with setKeys", async () => {
    const provider = bound();
    provider.setKeys([{ secret: OTHER, issuer: PARTNER }]);
    assert.equal(await isIn(provider, mac(OTHER, {}, { iss: PARTNER })), true);
    assert.equal(await isIn(provider, mac(OTHER, {}, { iss: OURS })), false);
  });

  it("that would be lost, or is none, is an error", async () => {
    const wrong = (item, code, message) =>
      assert.throws(() => new JWTAuthProvider({ keys: [item] }), { code: `ERR_MCP_AUTH_${code}`, message });
    wrong({ secret: NEW, issuer: "" }, "OPTION_INVALID", /^`keys\[0\]\.issuer` must be a non-empty string/);
    wrong({ secret: NEW, issuer: [] }, "OPTION_INVALID", /^`keys\[0\]\.issuer` must be a string or an array/);
    wrong({ secret: NEW, issuer: "https://*" }, "OPTION_INVALID", /^`keys\[0\]\.issuer` has `\*`/);
    wrong({ secret: NEW, issuer: ["i", "*"] }, "OPTION_INVALID", /^`keys\[0\]\.issuer\[1\]` has `\*`/);
    const hidden = /^`keys\[0\]\.issuer` is inherited or not enumerable, so it would be ignored/;
    wrong(Object.assign(Object.create({ issuer: OURS }), { secret: NEW }), "SECRET_INVALID", hidden);
    wrong(Object.defineProperty({ secret: NEW }, "issuer", { value: OURS }), "SECRET_INVALID", hidden);
    const { warnings } = await warningsOf(
      () => new JWTAuthProvider({ keys: [{ secret: NEW, issuer: undefined }] }),
    );
    assert.ok(warnings.some(({ code }) => code === "MCP_NATIVE_AUTH_UNDEFINED_OPTION"));
  });
});

describe("several keys and several issuers", () => {
  const ISSUERS = ["https://a.example", "https://b.example"];
  const [A, B] = ISSUERS;
  const WARNED = [
    ["an array of keys", { keys: [NEW, OLD], issuer: ISSUERS }, "`keys[0]`, `keys[1]`"],
    ["one that is bound", { keys: [{ secret: NEW, issuer: A }, OLD], issuer: ISSUERS }, "`keys[1]`"],
    ["one that is bound, and any issuer", { keys: [{ secret: NEW, issuer: A }, OLD] }, "`keys[1]`"],
    ["one that is bound to another", { keys: [{ secret: NEW, issuer: A }, OLD], issuer: B }, "`keys[1]`"],
    [
      "a JWK Set",
      {
        keys: { keys: ["rsa", "p256"].map((name) => publicJwk(name)) },
        algorithms: ["RS256", "ES256"],
        issuer: ISSUERS,
      },
      "`keys[0]`, `keys[1]`",
    ],
    [
      "more keys than a message lists",
      {
        keys: Array.from({ length: 12 }, (_, kid) => ({ kid: `${kid}`, secret: randomBytes(64) })),
        issuer: ISSUERS,
      },
      `${Array.from({ length: 10 }, (_, index) => `\`keys[${index}]\``).join(", ")} and 2 more`,
    ],
  ];
  const UNWARNED = [
    ["one issuer", { keys: [NEW, OLD], issuer: A }],
    ["no issuer", { keys: [NEW, OLD] }],
    ["one key", { keys: [NEW], issuer: ISSUERS }],
    ["a secret", { secret: NEW, issuer: ISSUERS }],
    [
      "bound keys",
      {
        keys: [
          { secret: NEW, issuer: A },
          { secret: OLD, issuer: B },
        ],
        issuer: ISSUERS,
      },
    ],
    ["keys bound to the issuer", { keys: [{ secret: NEW, issuer: A }, OLD], issuer: A }],
    [
      "a JWK Set of which one key can be used",
      {
        keys: { keys: ["rsa", "p256"].map((name) => publicJwk(name)) },
        algorithms: ["RS256"],
        issuer: ISSUERS,
      },
    ],
  ];
  const UNBOUND = "MCP_NATIVE_AUTH_UNBOUND_KEYS";
  const unbound = async (run) => {
    const { result, warnings } = await warningsOf(run);
    return {
      result,
      messages: warnings.filter(({ code }) => code === UNBOUND).map(({ message }) => message),
    };
  };

  for (const [name, config, paths] of WARNED) {
    it(`${name}: a warning once, and an error under strict`, async () => {
      const { result: provider, messages } = await unbound(() => new JWTAuthProvider(config));
      const message =
        `JWTAuthProvider: ${paths} can sign tokens in the name of each issuer; bind each key to its own, as in ` +
        "`keys: [{ issuer, secret: key }]`, or combine one provider for each issuer with anyOf()";
      assert.deepEqual(messages, [message]);
      const later = await unbound(() => provider.setKeys(config.keys));
      assert.deepEqual(later.messages, []);
      assert.throws(() => new JWTAuthProvider({ ...config, audience: "a", strict: true }), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message,
      });
    });
  }

  for (const [name, config] of UNWARNED) {
    it(`${name}: nothing`, async () => {
      const { messages } = await unbound(() => new JWTAuthProvider(config));
      assert.deepEqual(messages, []);
      assert.ok(new JWTAuthProvider({ ...config, audience: "a", strict: true }));
    });
  }
});

const HIDDEN = "9c1f0d7e-hidden-words-of-others";
const thrower = (name, rest = {}) =>
  Object.defineProperty({ ...rest }, name, {
    enumerable: true,
    get() {
      throw new SyntaxError(`Unexpected token in "${HIDDEN}"`);
    },
  });
const throwsNull = Object.defineProperty({}, "kty", {
  get() {
    throw null;
  },
});
const revoked = (target) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const NOT_READ = (place) =>
  `\`keys[${place}]\` cannot be read; pass it as a string, Buffer, KeyObject or plain object`;
const BAD_KID = "`keys[1].kid` must be a non-empty string without lone surrogates";
const NO_LIST =
  "`keys` must be an array of keys or a JWK Set, an object whose member `keys` is an array; use JSON.parse() if it is text";

/** What `keys` may be wrongly, with code and message. */
const WRONG_KEYS = [
  [[], "SECRET_REQUIRED", "`keys` is empty; add at least one key"],
  [{ keys: [] }, "SECRET_REQUIRED", "`keys` is empty; add at least one key"],
  ...[
    "text",
    '{"keys":[]}',
    "",
    5,
    true,
    {},
    { keys: {} },
    { keys: "text" },
    new Set([NEW]),
    new Map(),
    NEW,
  ].map((keys) => [keys, "SECRET_INVALID", NO_LIST]),
  [publicJwk("rsa"), "SECRET_INVALID", NO_LIST],
  [thrower("keys"), "SECRET_INVALID", NO_LIST],
  [revoked([]), "SECRET_INVALID", NO_LIST],
  ...["", undefined, null, 0, false].map((item) => [
    [NEW, item],
    "SECRET_REQUIRED",
    "`keys[1]` is empty; set it to a key",
  ]),
  [[NEW, { kid: "a", secret: "" }], "SECRET_REQUIRED", "`keys[1]` is empty; set it to a key"],
  ...["", 5, {}, "\ud800", true].map((kid) => [[NEW, { kid, secret: OLD }], "SECRET_INVALID", BAD_KID]),
  [[NEW, { kty: "oct", kid: 7, k: "AAAA" }], "SECRET_INVALID", BAD_KID],
  [[NEW, thrower("secret")], "SECRET_INVALID", NOT_READ(1)],
  [[NEW, thrower("kid", { secret: OLD })], "SECRET_INVALID", NOT_READ(1)],
  [[NEW, thrower("kty")], "SECRET_INVALID", NOT_READ(1)],
  [[NEW, throwsNull], "SECRET_INVALID", NOT_READ(1)],
  [[NEW, revoked({})], "SECRET_INVALID", NOT_READ(1)],
  [
    [NEW, { kid: "a" }],
    "SECRET_INVALID",
    "`keys[1]` is an object with neither `kty` (a JWK) nor `key` (as for crypto.createPublicKey); pass one of these",
  ],
  [[NEW, [OLD]], "SECRET_INVALID", /^`keys\[1\]` must be a string, .*, not an array$/],
  [[NEW, 5], "SECRET_INVALID", /^`keys\[1\]` must be a string, .*, not a number$/],
  [[NEW, Buffer.alloc(0)], "SECRET_EMPTY", /^`keys\[1\]` is empty; set it to the secret/],
  [
    [NEW, { keys: [publicJwk("rsa")] }],
    "SECRET_UNSUITABLE",
    "`keys[1]` is a JWK Set, which cannot verify tokens; pass the set itself as `keys`, or one of its keys here",
  ],
  [[NEW, JSON.stringify({ keys: [publicJwk("rsa")] })], "SECRET_UNSUITABLE", /^`keys\[1\]` is /],
  [[NEW, pair("rsa").privateKey], "SECRET_UNSUITABLE", /^`keys\[1\]` is a private KeyObject/],
  [
    [NEW, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"],
    "SECRET_UNREADABLE",
    /^`keys\[1\]` looks like /,
  ],
  [[NEW, publicJwk("rsa1024")], "SECRET_WEAK_RSA", /^`keys\[1\]` is an RSA key of 1024 bits; /],
  [
    [NEW, { ...publicJwk("rsa"), use: "enc" }],
    "SECRET_JWK_USE",
    /^`keys\[1\]` is a JWK that has a `use` other than `sig`/,
  ],
  [
    [NEW, publicJwk("rsa")],
    "ALGORITHMS_INCOMPATIBLE",
    /^`keys\[1\]` is an RSA key, which cannot verify HS256; /,
  ],
  [
    Array.from({ length: 101 }, (_, n) => ({ kid: `${n}`, secret: NEW })),
    "SECRET_TOO_MANY_KEYS",
    "`keys` holds 101 keys; use 100 at most",
  ],
  [
    { keys: Array.from({ length: 101 }, () => ({})) },
    "SECRET_TOO_MANY_KEYS",
    "`keys` holds 101 keys; use 100 at most",
  ],
  [
    Array(5).fill(NEW),
    "SECRET_TOO_MANY_KEYS",
    "`keys` holds 5 keys; 5 of them without `kid` are for HS256, but a token is tried with 4 at most; give each a `kid` of its own or remove old ones",
  ],
  [
    Array(6).fill({ kid: "a", secret: NEW }),
    "SECRET_TOO_MANY_KEYS",
    "`keys` holds 6 keys; 6 of them with the same `kid` are for HS256, but a token is tried with 4 at most; give each a `kid` of its own or remove old ones",
  ],
];

describe("keys that cannot be meant", () => {
  for (const [index, [keys, code, message]] of WRONG_KEYS.entries()) {
    it(`${index}: ${code}, ${message}, and setKeys changes nothing`, async () => {
      const isExpected = (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error.code, `ERR_MCP_AUTH_${code}`);
        if (typeof message === "string") {
          assert.equal(error.message, message);
        } else {
          assert.match(error.message, message);
        }
        assert.ok(!inspect(error).includes(HIDDEN));
        return true;
      };
      assert.throws(() => new JWTAuthProvider({ keys }), isExpected);
      const provider = new JWTAuthProvider({ keys: [{ kid: "old", secret: OLD }] });
      const token = mac(OLD, { kid: "old" });
      for (let use = 0; use < 5; use += 1) {
        assert.deepEqual(await ask(provider, token), { data: { sub: "a" } });
        assert.throws(() => provider.setKeys(keys), isExpected);
        assert.equal(await isIn(provider, mac(NEW)), false);
      }
    });
  }

  it("both secret and keys, or neither", () => {
    assert.throws(() => new JWTAuthProvider({ secret: NEW, keys: [NEW] }), {
      code: "ERR_MCP_AUTH_OPTION_INVALID",
      message: "give either `secret` or `keys`, not both",
    });
    for (const none of [{}, { keys: null }, { secret: undefined, keys: undefined }]) {
      assert.throws(() => new JWTAuthProvider(none), {
        code: "ERR_MCP_AUTH_SECRET_REQUIRED",
        message: "JWT secret is required",
      });
    }
    for (const none of [undefined, null]) {
      const provider = new JWTAuthProvider({ secret: NEW });
      assert.throws(() => provider.setSecret(none), { message: "JWT secret is required" });
      assert.throws(() => provider.setKeys(none), { code: "ERR_MCP_AUTH_SECRET_REQUIRED" });
    }
  });

  it("secret takes no list", () => {
    for (const secret of [[NEW], { keys: [publicJwk("rsa")] }]) {
      assert.throws(() => new JWTAuthProvider({ secret }), /^Error: `secret` /);
    }
  });

  it("at the bounds they can: 100 keys, four without kid for each algorithm", async () => {
    const many = Array.from({ length: 100 }, (_, n) => ({
      kid: `${n}`,
      secret: createHmac("sha512", NEW).update(`${n}`).digest(),
    }));
    const provider = new JWTAuthProvider({ keys: many });
    assert.equal(await isIn(provider, mac(many[99].secret, { kid: "99" })), true);
    assert.equal(await isIn(provider, mac(many[99].secret, { kid: "98" })), false);
    const keys = [0, 1, 2, 3].map(() => randomBytes(64)).concat(Array(4).fill(publicPem("p256")));
    assert.ok(new JWTAuthProvider({ keys, algorithms: ["HS256", "ES256"] }));
  });
});

describe("setSecret and setKeys", () => {
  it("hold from the next request on, in the place of those before", async () => {
    const provider = new JWTAuthProvider({ secret: OLD });
    for (let use = 0; use < 4; use += 1) {
      assert.equal(await isIn(provider, mac(OLD)), true);
    }
    provider.setSecret(NEW);
    assert.equal(await isIn(provider, mac(OLD)), false);
    assert.equal(await isIn(provider, mac(NEW)), true);
    provider.setKeys([{ kid: "o", secret: OTHER }, OLD]);
    assert.equal(await isIn(provider, mac(NEW)), false);
    assert.equal(await isIn(provider, mac(OLD)), true);
    assert.equal((await eventOf(provider, mac(OTHER, { kid: "o" }))).keyId, "o");
    provider.setKeys({ keys: [{ kty: "oct", k: NEW.toString("base64url") }] });
    assert.equal(await isIn(provider, mac(NEW)), true);
    assert.equal(await isIn(provider, mac(OLD)), false);
  });

  it("forget the tokens that were known, and never give one token the claims of another", async () => {
    const provider = new JWTAuthProvider({ secret: OLD, cacheSize: 4 });
    const tokens = (secret, prefix) => [0, 1, 2, 3].map((n) => mac(secret, {}, { sub: `${prefix}${n}` }));
    for (let round = 0; round < 6; round += 1) {
      const secret = round % 2 === 0 ? OLD : NEW;
      const prefix = `round ${round}, `;
      provider.setSecret(secret);
      // In another order each round, so that the places of the cache are others'.
      const current = tokens(secret, prefix).sort(() => (round % 3) - 1);
      for (let use = 0; use < 5; use += 1) {
        for (const token of current) {
          const { sub } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
          assert.deepEqual(await ask(provider, token), { data: { sub } });
        }
      }
      for (const token of tokens(secret === OLD ? NEW : OLD, prefix)) {
        assert.equal(await isIn(provider, token), false);
      }
    }
    // Known under OLD, forbidden since, and verified anew when OLD comes back.
    const token = mac(OLD);
    provider.setSecret(OLD);
    for (let use = 0; use < 4; use += 1) await ask(provider, token);
    provider.setSecret(NEW);
    assert.equal(await isIn(provider, token), false);
    provider.setSecret(OLD);
    assert.deepEqual(await ask(provider, token), { data: { sub: "a" } });
  });

  it("keep all other options", async () => {
    const provider = new JWTAuthProvider({
      secret: OLD,
      issuer: "i",
      requireExpiration: true,
      headerName: "x-token",
      requireBearer: false,
    });
    provider.setSecret(NEW);
    const of = (claims) =>
      provider.authenticate({ headers: { "x-token": mac(NEW, {}, claims) }, socket: {} });
    assert.ok(await of({ iss: "i", exp: 4_102_444_800 }));
    assert.equal(await of({ iss: "i" }), false);
    assert.equal(await of({ iss: "j", exp: 4_102_444_800 }), false);
    assert.throws(() => provider.setSecret(publicPem("rsa")), {
      code: "ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE",
      message: /^`secret` is an RSA key, which cannot verify HS256; /,
    });
  });

  it("from within a request do not mix old and new", async () => {
    const provider = new JWTAuthProvider({ secret: OLD });
    const token = mac(OLD);
    for (let use = 0; use < 4; use += 1) await ask(provider, token);
    const headers = {
      get authorization() {
        provider.setSecret(NEW);
        return `Bearer ${token}`;
      },
    };
    assert.equal(await provider.authenticate({ headers, socket: {} }), false);
  });

  it("torn off their provider they throw and leak nothing", () => {
    const { setSecret, setKeys } = JWTAuthProvider.prototype;
    for (const run of [() => setSecret.call({}, NEW), () => setKeys.call({}, [NEW])]) {
      assert.throws(run, TypeError);
    }
  });
});

describe("copies of keys", () => {
  /** Contents and fate of each array of bytes that is filled while `run` runs. */
  function filled(run) {
    const arrays = new Set();
    const { fill } = Uint8Array.prototype;
    const watch = (prototype) =>
      mock.method(prototype, "fill", function filling(...args) {
        if (args[0] === 0) arrays.add(this);
        return fill.apply(this, args);
      });
    const mocks = [watch(Uint8Array.prototype), watch(Buffer.prototype)];
    try {
      run();
    } catch {
      // What throws must wipe as well.
    } finally {
      for (const each of mocks) each.mock.restore();
    }
    return [...arrays];
  }

  const secrets = () => [
    Buffer.from(NEW),
    createSecretKey(NEW),
    NEW.toString("hex"),
    { kty: "oct", k: NEW.toString("base64url") },
  ];
  const cases = {
    "a good list": [() => new JWTAuthProvider({ keys: secrets() }), 4],
    "a list whose last member is wrong": [() => new JWTAuthProvider({ keys: [...secrets(), 5] }), 4],
    "a list whose last member throws": [
      () => new JWTAuthProvider({ keys: [...secrets(), thrower("kty")] }),
      4,
    ],
    "a wrong option beside": [() => new JWTAuthProvider({ keys: secrets(), issuer: 5 }), 4],
    "one that the core refuses": [() => new JWTAuthProvider({ keys: [...secrets(), Buffer.alloc(0)] }), 4],
    "one that strict refuses": [
      () => new JWTAuthProvider({ keys: [...secrets().slice(1), "weak"], strict: true, audience: "a" }),
      4,
    ],
    "a JWK Set": [() => new JWTAuthProvider({ keys: { keys: [...secrets().slice(3), {}] } }), 1],
    setSecret: [() => new JWTAuthProvider({ secret: OLD }).setSecret(NEW), 2],
    "setKeys that throws": [() => new JWTAuthProvider({ secret: OLD }).setKeys([...secrets(), null]), 5],
  };
  for (const [name, [run, least]] of Object.entries(cases)) {
    it(`${name}: each is wiped`, () => {
      const copies = filled(run).filter(({ length }) => length >= 4);
      assert.ok(copies.length >= least, `${copies.length} wiped`);
      for (const copy of copies) {
        assert.ok(copy.every((byte) => byte === 0));
      }
    });
  }

  it("none is made where something next to the key is wrong, for it would not be wiped", () => {
    const reads = [];
    const secret = (more) => ({
      kty: "oct",
      ...more,
      get k() {
        reads.push(more);
        return NEW.toString("base64url");
      },
    });
    for (const item of [
      { kid: 5, secret: secret() },
      { kid: "", secret: secret() },
      { secret: secret({ kid: "\ud800" }) },
      { issuer: 5, secret: secret() },
      { key: secret({ kid: 5 }), format: "jwk" },
      secret({ kid: 5 }),
    ]) {
      assert.throws(() => readKeyList("JWTAuthProvider", undefined, [item]), { code: /INVALID$/ });
    }
    readKeyList("JWTAuthProvider", undefined, { keys: [secret({ kid: 5 })] });
    assert.equal(reads.length, 0);
  });

  it("the caller's are not touched", () => {
    const secret = Buffer.from(NEW);
    new JWTAuthProvider({ keys: [secret] }).setKeys([{ secret }]);
    assert.deepEqual(secret, NEW);
    const { keys } = readKeyList("JWTAuthProvider", undefined, [secret]);
    assert.notEqual(keys[0].bytes.buffer, secret.buffer);
  });

  it("nothing of them is shown", () => {
    const provider = new JWTAuthProvider({ keys: [{ kid: "shown-nowhere", secret: NEW.toString("hex") }] });
    for (const text of [inspect(provider, { depth: 9, showHidden: true }), JSON.stringify(provider)]) {
      assert.ok(!text.includes(NEW.toString("hex")) && !text.includes("shown-nowhere"));
    }
  });
});

it("a panic-free core: whatever stands in `kid`, `keys` and headers ends in a verdict", () => {
  // In a process of its own: a panic would abort it.
  const script = `
    import { JWTAuthProvider } from "mcp-native-auth";
    const secret = "s".repeat(64);
    const provider = new JWTAuthProvider({ keys: [{ kid: "\\0", secret }, { kid: "x".repeat(1e6), secret }, { kid: "\\u{1f600}", secret }] });
    const encode = (text) => Buffer.from(text).toString("base64url");
    for (const kid of ['"\\\\u0000"', '"' + "x".repeat(5000) + '"', '"\\\\ud83d\\\\ude00"', "[".repeat(3000), "1e999", '"\\\\ud83d"', ""]) {
      const token = encode('{"alg":"HS256","kid":' + kid + "}") + ".e30." + "A".repeat(43);
      for (let n = 0; n < 4; n += 1) {
        if (await provider.authenticate({ headers: { authorization: "Bearer " + token } })) process.exit(3);
      }
    }
    console.log("ended");`;
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: checkout,
    encoding: "utf8",
  });
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "ended\n" });
});

describe("a rotation on a server over HTTP stream", () => {
  withoutFrameworkLog();

  it("loses no request", async () => {
    const provider = new JWTAuthProvider({ keys: [{ kid: "old", secret: OLD }] });
    const server = await startServer({
      transport: HTTP_STREAM,
      provider,
      endpoints: { sse: true, messages: true },
    });
    const issue = (kid, secret, sub) =>
      mac(secret, { kid }, { sub, exp: Math.floor(Date.now() / 1000) + 600 });
    const statuses = new Map();

    /** A client that shows whatever token it has at the moment. */
    async function client(name) {
      const each = { token: issue("old", OLD, name), calls: 0, isDone: false };
      const withToken = async (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set("authorization", `Bearer ${each.token}`);
        const response = await fetch(url, { ...init, headers });
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        return response;
      };
      each.session = new Client({ name, version: "1.0.0" });
      await each.session.connect(new StreamableHTTPClientTransport(server.url, { fetch: withToken }));
      each.call = async () => {
        const { content } = await each.session.callTool({ name: "whoami", arguments: {} });
        assert.equal(JSON.parse(content[0].text).sub ?? JSON.parse(JSON.parse(content[0].text)).sub, name);
        each.calls += 1;
      };
      return each;
    }

    try {
      const clients = [];
      for (const name of ["alice", "bob", "carol"]) clients.push(await client(name));
      const until = async (calls) => {
        while (clients.some((each) => each.calls < calls))
          await new Promise((resolve) => setImmediate(resolve));
      };
      const loops = clients.map(async (each) => {
        while (!each.isDone) await each.call();
      });
      const working = (async () => {
        await until(10);
        provider.setKeys([
          { kid: "new", secret: NEW },
          { kid: "old", secret: OLD },
        ]);
        await until(20);
        for (const each of clients) {
          each.token = issue(
            "new",
            NEW,
            each.session === clients[0].session ? "alice" : each === clients[1] ? "bob" : "carol",
          );
        }
        await until(40);
        provider.setKeys([{ kid: "new", secret: NEW }]);
        await until(60);
        for (const each of clients) each.isDone = true;
      })();
      await Promise.all([working, ...loops]);
      assert.equal(statuses.get(401), undefined, JSON.stringify([...statuses]));
      assert.ok(clients.every(({ calls }) => calls >= 60));

      clients[0].token = issue("old", OLD, "alice");
      await assert.rejects(clients[0].call());
      assert.equal(statuses.get(401), 1);
      for (const { session } of clients.slice(1)) await session.close();
    } finally {
      await server.stop();
    }
  });
});
