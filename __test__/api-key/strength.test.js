/** Which keys and secrets are called weak, in what words, and at what cost. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { APIKeyAuthProvider, generateApiKey, JWTAuthProvider } from "mcp-native-auth";
import { findFaults, reportFaults, weaknessesOfApiKeys } from "../../lib/api-key/strength.js";
import { Reporter } from "../../lib/core/reporter.js";
import { readKeyMaterial } from "../../lib/jwt/key-material.js";
import { reportSecrets } from "../../lib/jwt/strength.js";
import { nativeVerifier } from "../support/native-verifier.js";

const problemsOf = (key) => weaknessesOfApiKeys([key]).map(({ problem }) => problem);
const secretProblems = (text, algorithms = ["HS256"]) => problemsOfSecret(Buffer.from(text), algorithms);

/** What the native verifier says of an HMAC secret. */
function weakSecrets(bytes, algorithms) {
  return nativeVerifier("secret", bytes, { algorithms }).weakSecrets;
}

function problemsOfSecret(bytes, algorithms) {
  return weakSecrets(bytes, algorithms).flatMap(({ problems }) => problems);
}

const WELL_KNOWN = [
  "secret",
  "SECRET",
  "changeme",
  "change-me",
  "Change_Me_123",
  "password",
  "Password1",
  "test",
  "demo",
  "api-key",
  "key1",
  // mcp-framework's documentation
  "your-jwt-secret",
  "your-api-key-1",
  "your-api-key-2",
  // The documentation of others
  "your-256-bit-secret",
  "your-secret-key",
  "YOUR_SECRET_KEY_HERE",
  "<your-api-key-here>",
  "a-string-secret-at-least-256-bits-long",
  "keyboard cat",
  "correct horse battery staple",
  "%API_KEY%",
  "process.env.API_KEY",
  "insert-a-long-random-string-here",
  "this-is-a-very-long-secret-key-for-jwt-signing",
  "my_super_secret_key_that_nobody_knows",
  "MySuperSecretJwtKeyForProduction2026!",
  "supersecretsupersecretsupersecret",
  "qwertyuiopasdfghjklzxcvbnm",
  "1q2w3e4r5t1q2w3e4r5t",
];

const PREDICTABLE = [
  "aaaaaaaaaaaaaaaaaaaa",
  "shhhhhhhhhhhhhhhhhhhhhh",
  "abababababababababab",
  "abcabcabcabcabcabcabc",
  "hunter2hunter2hunter2",
  "1234567890123456",
  "9876543210987654",
  "112233445566778899",
  "abcdefghijklmnopqrstuvwxyz",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  "0123456789abcdef0123456789abcdef",
  "deadbeefdeadbeefdeadbeefdeadbeef",
  "1a2b3c4d5e6f7g8h9i0j",
  "2026-11-25-2026-11-26",
  "20261125T20261126",
  "00000000-0000-0000-0000-000000000000",
  "0110100110010110100101100110100101",
  "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
  `mcp_${"a".repeat(49)}`,
  "é".repeat(40),
];

describe("API keys", () => {
  for (const key of WELL_KNOWN) {
    it(`${key}: well-known`, () => assert.deepEqual(problemsOf(key), ["well-known"]));
  }

  for (const key of PREDICTABLE) {
    it(`${key}: predictable`, () => assert.deepEqual(problemsOf(key), ["predictable"]));
  }

  it("fewer than 16 characters are too short, however random", () => {
    const text = "zK7vQ2mXp9RtW4cY";
    for (let length = 1; length < 16; length += 1) {
      assert.deepEqual(problemsOf(text.slice(0, length)), ["too-short"]);
    }
    assert.deepEqual(problemsOf(text), []);
  });

  it("white space and control characters at an end, as echo and editors leave them", () => {
    const { key } = generateApiKey();
    for (const space of [
      " ",
      "\n",
      "\r\n",
      "\t",
      "\v",
      "\f",
      "\0",
      "\x7f",
      "\u00a0",
      "\ufeff",
      "\u2003",
      "\u2028",
    ]) {
      assert.deepEqual(problemsOf(space + key), ["white-space"]);
      assert.deepEqual(problemsOf(key + space), ["white-space"]);
    }
    assert.deepEqual(problemsOf("secret\n"), ["white-space", "well-known"]);
    assert.deepEqual(problemsOf(`${key} ${key}`), []);
  });

  it("are named by their index; an entry given as a hash cannot be judged", () => {
    const { key } = generateApiKey();
    assert.deepEqual(weaknessesOfApiKeys([key, "k1", undefined, "secret", " x "]), [
      { index: 1, problem: "too-short" },
      { index: 3, problem: "well-known" },
      { index: 4, problem: "white-space" },
      { index: 4, problem: "too-short" },
    ]);
    assert.deepEqual(weaknessesOfApiKeys([]), []);
  });

  it("long ones are judged by both ends", () => {
    const random = randomBytes(48).toString("base64url");
    const filler = "secret".repeat(10_000);
    assert.deepEqual(problemsOf(filler), ["well-known"]);
    assert.deepEqual(problemsOf(filler + random), []);
    assert.deepEqual(problemsOf(random + filler), []);
    assert.deepEqual(problemsOf("ab".repeat(10_000)), ["predictable"]);
  });

  it("a verdict does not depend on what was judged before", () => {
    const keys = [...WELL_KNOWN, ...PREDICTABLE, "a".repeat(500), "x"];
    const alone = keys.map((key) => problemsOf(key));
    const together = keys.map(() => []);
    for (const { index, problem } of weaknessesOfApiKeys(keys)) {
      together[index].push(problem);
    }
    assert.deepEqual(together, alone);
  });
});

/**
 * Random bytes, the same in each run: of ten million keys one or two are called weak, and a test must not
 * fail by chance.
 */
function drawn(length) {
  drawn.number = (drawn.number ?? 0) + 1;
  return createHash("shake256", { outputLength: length }).update(`drawn ${drawn.number}`).digest();
}

function uuidOf(bytes) {
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

describe("100,000 random keys are never called weak", () => {
  const LOWER_CASE = "abcdefghijklmnopqrstuvwxyz";
  const kinds = {
    "generateApiKey()": () => generateApiKey({ prefix: "acme_test" }).key,
    "22 of base64url": () => drawn(16).toString("base64url").slice(0, 22),
    "24 of base64": () => drawn(18).toString("base64"),
    "32 of hexadecimal": () => drawn(16).toString("hex"),
    "32 of hexadecimal in upper case": () => drawn(16).toString("hex").toUpperCase(),
    "a UUID": () => uuidOf(drawn(16)),
    "32 lower case letters": () =>
      Array.from(drawn(32), (byte) => LOWER_CASE[byte % LOWER_CASE.length]).join(""),
    "a prefix and 24 of hexadecimal": () => `sk_test_${drawn(12).toString("hex")}`,
  };
  for (const [name, make] of Object.entries(kinds)) {
    it(name, () => {
      const keys = Array.from({ length: 100_000 }, make);
      assert.equal(weaknessesOfApiKeys(keys).length, 0);
    });
  }

  it("and neither are 32 random bytes as an HMAC secret", () => {
    for (let round = 0; round < 100_000; round += 1) {
      assert.equal(problemsOfSecret(drawn(32), ["HS256"]).length, 0);
    }
  });
});

describe("HMAC secrets", () => {
  const MIN_SECRET_BYTES = { HS256: 32, HS384: 48, HS512: 64 };
  for (const [algorithm, bytes] of Object.entries(MIN_SECRET_BYTES)) {
    it(`${algorithm} needs ${bytes} bytes`, () => {
      assert.deepEqual(problemsOfSecret(drawn(bytes), [algorithm]), []);
      assert.deepEqual(problemsOfSecret(drawn(bytes - 1), [algorithm]), ["too-short"]);
    });
  }

  it("the longest hash of several algorithms counts; other algorithms do not", () => {
    const secret = drawn(48);
    assert.deepEqual(problemsOfSecret(secret, ["HS256", "HS384"]), []);
    assert.deepEqual(problemsOfSecret(secret, ["HS512", "HS256"]), ["too-short"]);
    assert.deepEqual(problemsOfSecret(secret, ["RS256", "unknown", "HS256"]), []);
  });

  it("length is counted in bytes of UTF-8", () => {
    assert.deepEqual(secretProblems("zK7vQ2mXp9RtW4cYéüöäßñçøzK7v"), []);
    assert.equal("zK7vQ2mXp9RtW4cYéüöäßñçøzK7v".length, 28);
  });

  for (const text of [...WELL_KNOWN, ...PREDICTABLE]) {
    it(`${text}: ${WELL_KNOWN.includes(text) ? "well-known" : "predictable or too short"}`, () => {
      const problems = secretProblems(text);
      const bytes = Buffer.byteLength(text);
      const expected = [
        ...(bytes < 32 ? ["too-short"] : []),
        ...(WELL_KNOWN.includes(text) ? ["well-known"] : bytes < 32 ? [] : ["predictable"]),
      ];
      assert.deepEqual(problems, expected);
    });
  }

  it("the keys of RFC 7515 A.1.1 and RFC 7520 §3.5, as bytes and as text", () => {
    for (const text of [
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    ]) {
      assert.deepEqual(secretProblems(text), ["well-known"]);
      assert.deepEqual(problemsOfSecret(Buffer.from(text, "base64url"), ["HS256"]), ["well-known"]);
    }
  });

  it("white space at an end of text, not of random bytes", () => {
    const text = drawn(32).toString("base64url");
    for (const space of [" ", "\n", "\r\n", "\t"]) {
      assert.deepEqual(secretProblems(text + space), ["white-space"]);
      assert.deepEqual(secretProblems(space + text), ["white-space"]);
    }
    const bytes = drawn(40);
    bytes[0] = 0x20;
    bytes[20] = 0xff;
    bytes[39] = 0x0a;
    assert.deepEqual(problemsOfSecret(bytes, ["HS256"]), []);
  });

  it("bytes that say nothing: zeros, a count", () => {
    assert.deepEqual(problemsOfSecret(new Uint8Array(64), ["HS512"]), ["predictable"]);
    const count = Uint8Array.from({ length: 64 }, (_, index) => index + 100);
    assert.deepEqual(problemsOfSecret(count, ["HS512"]), ["predictable"]);
  });

  it("of long ones only the ends are looked at, so that megabytes cost no more", () => {
    const secret = Buffer.alloc(1024 ** 2 * 16);
    const random = drawn(64);
    random.copy(secret, 1000);
    assert.deepEqual(problemsOfSecret(secret, ["HS512"]), ["predictable"]);
    random.copy(secret);
    assert.deepEqual(problemsOfSecret(secret, ["HS512"]), []);
    random.copy(secret.fill(0), secret.length - random.length);
    assert.deepEqual(problemsOfSecret(secret, ["HS512"]), []);
  });

  it("a secret in a JWK is judged by the algorithms that its alg leaves", () => {
    const k = drawn(48).toString("base64url");
    const judged = (jwk) => {
      const keys = [{ ...readKeyMaterial({ kty: "oct", k, ...jwk }, "secret"), path: "secret" }];
      return nativeVerifier(undefined, undefined, { keys, algorithms: ["HS256", "HS512"] }).weakSecrets;
    };
    assert.deepEqual(judged({ alg: "HS256" }), []);
    assert.deepEqual(judged({}), [{ index: 0, problems: ["too-short"], minBytes: 64, algorithm: "HS512" }]);
  });

  it("the bytes are left as they are", () => {
    const secret = Buffer.from("Your-JWT-Secret\n");
    const before = Buffer.from(secret);
    problemsOfSecret(secret, ["HS256"]);
    assert.ok(secret.equals(before));
  });
});

describe("reports", () => {
  const words = { keys: ["k1", "your-jwt-secret"], secret: "hopeless-jwt-secret-key" };
  const strictly = (keys) => reportFaults(findFaults(keys, true), new Reporter(), true);
  const secretReport = (secrets, algorithms) => {
    const keys = secrets.map((secret, index) => ({
      path: index === 0 ? "secret" : `keys[${index}]`,
      bytes: Buffer.from(secret),
    }));
    const weak = secrets.map((secret, index) => ({
      ...weakSecrets(Buffer.from(secret), algorithms)[0],
      index,
    }));
    reportSecrets("JWTAuthProvider", keys, weak, new Reporter(), true);
  };

  it("under strict, weak API keys are an error that names indices and problems", () => {
    assert.throws(() => strictly([words.keys[0], generateApiKey().key, words.keys[1], "k2\n"]), {
      name: "Error",
      code: "ERR_MCP_AUTH_KEYS_WEAK",
      message:
        "APIKeyAuthProvider: weak API keys, `keys[3]`: white space at an end, which headers do not carry; " +
        "`keys[2]`: well-known words or a placeholder; `keys[0]`, `keys[3]`: shorter than 16 characters; " +
        "replace them with keys from `npx mcp-native-auth keygen`",
    });
  });

  it("under strict, a weak secret is an error that names the option and the algorithm", () => {
    assert.throws(() => secretReport([`${words.secret}\n`], ["HS256", "HS384"]), {
      name: "Error",
      code: "ERR_MCP_AUTH_SECRET_WEAK",
      message:
        "JWTAuthProvider: weak HMAC secret, `secret`: shorter than the 48 bytes that HS384 needs (RFC 7518 §3.2), " +
        "well-known words or a placeholder, white space at an end, perhaps a newline from a file; replace it with " +
        "random bytes, such as `node -p \"crypto.randomBytes(64).toString('base64url')\"` prints",
    });
  });

  it("of many, the first ten are named and the others counted", () => {
    assert.throws(
      () => strictly(Array.from({ length: 1000 }, () => "k1")),
      /`keys\[9\]` and 990 more: shorter/,
    );
    const secrets = Array.from({ length: 11 }, () => words.secret);
    assert.throws(() => secretReport(secrets, ["HS256"]), /`keys\[9\]`: [^;]*; and 1 more; replace/);
  });

  it("without strict, a provider warns once for each value, and each provider does", async () => {
    const warnings = [];
    const take = ({ name, code, message }) => warnings.push({ name, code, message });
    process.on("warning", take);
    try {
      const provider = new APIKeyAuthProvider({ keys: [words.keys[1]] });
      for (let round = 0; round < 50; round += 1) provider.setKeys([words.keys[1]]);
      provider.setKeys(["your-jwt-secret-2"]);
      new APIKeyAuthProvider({ keys: [words.keys[1]] });
      const jwt = new JWTAuthProvider({ secret: words.secret });
      for (let round = 0; round < 50; round += 1) jwt.setSecret(words.secret);
      jwt.setSecret(`${words.secret}-2`);
      await turnOfTheLoop();
    } finally {
      process.off("warning", take);
    }
    assert.deepEqual(
      warnings.map(({ code }) => code),
      [...Array(3).fill("MCP_NATIVE_AUTH_WEAK_KEYS"), ...Array(2).fill("MCP_NATIVE_AUTH_WEAK_SECRET")],
    );
    assert.ok(warnings.every(({ name }) => name === "McpNativeAuthWarning"));
    for (const value of [...words.keys, words.secret, "hopeless", "jwt-secret"]) {
      assert.ok(!JSON.stringify(warnings).includes(value));
    }
  });
});
