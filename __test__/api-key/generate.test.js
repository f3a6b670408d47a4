/** Keys from generateApiKey: their form, their randomness, and what the checksum tells. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { APIKeyAuthProvider, checkApiKey, generateApiKey } from "mcp-native-auth";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM = 6;

/** Chi-squared of how often each character stands in the texts, against all being equally likely. */
function chiSquared(texts) {
  const counts = new Map([...ALPHABET].map((character) => [character, 0]));
  for (const text of texts) {
    for (const character of text) {
      counts.set(character, counts.get(character) + 1);
    }
  }
  const expected = [...counts.values()].reduce((sum, count) => sum + count, 0) / ALPHABET.length;
  return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** The number that a checksum's characters stand for. */
function numberOf(checksum) {
  return [...checksum].reduce((sum, digit) => sum * 62 + ALPHABET.indexOf(digit), 0);
}

const bodyOf = (key) => key.slice(key.lastIndexOf("_") + 1, -CHECKSUM);

describe("form", () => {
  it("a key is prefix, underscore, 43 characters and a checksum, and the id and hash have theirs", () => {
    for (const [options, prefix] of [
      [undefined, "mcp"],
      [null, "mcp"],
      [{}, "mcp"],
      [{ prefix: undefined }, "mcp"],
      [{ prefix: null }, "mcp"],
      [{ prefix: "acme_live" }, "acme_live"],
      [{ prefix: "Ab" }, "Ab"],
      [{ prefix: "a1_2_b3" }, "a1_2_b3"],
      [{ prefix: "a".repeat(20) }, "a".repeat(20)],
    ]) {
      const generated = generateApiKey(options);
      assert.deepEqual(Object.keys(generated), ["key", "hash", "id"]);
      const { key, hash, id } = generated;
      assert.ok(new RegExp(`^${prefix}_[0-9A-Za-z]{49}$`).test(key), "form of the key");
      assert.match(hash, /^sha256:[0-9a-f]{64}$/);
      assert.match(id, /^key_[0-9A-Za-z]{16}$/);
      assert.ok(hash === `sha256:${createHash("sha256").update(key, "utf8").digest("hex")}`);
      assert.equal(checkApiKey(key), "ok");
    }
  });

  it("the checksum is the CRC-32 of prefix and body, as zlib computes it", () => {
    for (let round = 0; round < 200; round += 1) {
      const { key } = generateApiKey({ prefix: "acme_test" });
      assert.ok(numberOf(key.slice(-CHECKSUM)) === crc32(key.slice(0, -CHECKSUM)));
    }
  });

  it("a key passes through a URL and a header as it is, and lets in", async () => {
    const { key } = generateApiKey();
    assert.ok(encodeURIComponent(key) === key);
    const provider = new APIKeyAuthProvider({ keys: [key] });
    assert.equal(await provider.authenticate({ headers: { "x-api-key": key } }), true);
    assert.equal(await provider.authenticate({ headers: {}, url: `/sse?api_key=${key}` }), true);
    assert.equal(await provider.authenticate({ headers: { "x-api-key": generateApiKey().key } }), false);
  });

  for (const [name, prefix] of Object.entries({
    "an empty prefix": "",
    "one letter": "a",
    "a digit first": "1a",
    "an underscore first": "_ab",
    "an underscore last": "ab_",
    "two underscores": "a__b",
    "a hyphen": "a-b",
    "a space": "a b",
    "a newline": "ab\n",
    "other letters": "añb",
    "21 characters": "a".repeat(21),
    "a number": 7,
    "an object": {},
    "a key": generateApiKey().key,
  })) {
    it(`refuses ${name} as prefix, without repeating it`, () => {
      assert.throws(
        () => generateApiKey({ prefix }),
        (error) => {
          assert.equal(error.code, "ERR_MCP_AUTH_OPTION_INVALID");
          assert.match(error.message, /^`prefix` must be 2 to 20 letters and digits/);
          assert.ok(String(prefix).length < 21 || !error.message.includes(String(prefix).slice(0, 8)));
          return true;
        },
      );
    });
  }

  it("rejects options that are not an object", () => {
    for (const options of ["acme", 7, true, ["acme"]]) {
      assert.throws(() => generateApiKey(options), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
    }
  });

  it("rejects a misspelled option by its name, without its value", () => {
    assert.throws(() => generateApiKey({ prefx: "acme" }), {
      code: "ERR_MCP_AUTH_OPTION_UNKNOWN",
      message:
        'generateApiKey: unknown option "prefx" (did you mean "prefix"?); the known options are prefix',
    });
  });
});

describe("randomness", () => {
  const generated = Array.from({ length: 20_000 }, () => generateApiKey());

  it("no two keys, hashes or ids are the same", () => {
    for (const part of ["key", "hash", "id"]) {
      assert.equal(new Set(generated.map((one) => one[part])).size, generated.length);
    }
  });

  it("each character is as likely as any other, in each place", () => {
    // 61 degrees of freedom: more than 170 is chance once in 10^11. Bytes modulo 62 would give over 1,000.
    assert.ok(chiSquared(generated.map(({ key }) => bodyOf(key))) < 170);
    assert.ok(chiSquared(generated.map(({ id }) => id.slice(4))) < 170);
    for (let place = 0; place < 43; place += 1) {
      assert.ok(chiSquared(generated.map(({ key }) => bodyOf(key)[place])) < 170, `place ${place}`);
    }
  });

  it("the body carries 256 bits", () => {
    assert.ok(bodyOf(generated[0].key).length * Math.log2(ALPHABET.length) >= 256);
  });

  it("an id shares nothing with its key", () => {
    for (const { key, id } of generated) {
      for (let start = 4; start + 8 <= id.length; start += 1) {
        assert.ok(!key.includes(id.slice(start, start + 8)));
      }
    }
  });
});

describe("checksum", () => {
  const keys = [generateApiKey().key, generateApiKey({ prefix: "acme_live" }).key];

  it("any single character changed to any other of the alphabet is a typo", () => {
    for (const key of keys) {
      const first = key.lastIndexOf("_") + 1;
      for (let place = first; place < key.length; place += 1) {
        for (const character of ALPHABET.replace(key[place], "")) {
          const changed = key.slice(0, place) + character + key.slice(place + 1);
          assert.equal(checkApiKey(changed), "typo", `place ${place}`);
        }
      }
    }
  });

  it("any single character changed to any of ASCII, or to another letter, is never ok", () => {
    const others = [
      ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
      "é",
      "ﬀ",
      "\ud800",
    ];
    for (const key of keys) {
      for (let place = 0; place < key.length; place += 1) {
        for (const character of others.filter((other) => other !== key[place])) {
          const changed = key.slice(0, place) + character + key.slice(place + 1);
          assert.notEqual(checkApiKey(changed), "ok", `place ${place}`);
        }
      }
    }
  });

  it("a letter of the prefix in another case, or another prefix, is a typo", () => {
    assert.equal(checkApiKey(keys[0].replace("mcp_", "Mcp_")), "typo");
    assert.equal(checkApiKey(keys[0].replace("mcp_", "mcq_")), "typo");
    assert.equal(checkApiKey(keys[1].replace("_live_", "_test_")), "typo");
  });

  it("two neighbours swapped are a typo", () => {
    let swapped = 0;
    for (const { key } of Array.from({ length: 200 }, () => generateApiKey())) {
      for (let place = key.lastIndexOf("_") + 1; place + 1 < key.length; place += 1) {
        if (key[place] !== key[place + 1]) {
          const changed = key.slice(0, place) + key[place + 1] + key[place] + key.slice(place + 2);
          assert.equal(checkApiKey(changed), "typo", `place ${place}`);
          swapped += 1;
        }
      }
    }
    assert.ok(swapped > 9000);
  });

  it("a character lost or doubled, and white space at an end, are a typo", () => {
    for (const key of keys) {
      for (let place = key.lastIndexOf("_") + 1; place < key.length; place += 1) {
        assert.equal(checkApiKey(key.slice(0, place) + key.slice(place + 1)), "typo", `lost ${place}`);
        assert.equal(checkApiKey(key.slice(0, place + 1) + key.slice(place)), "typo", `doubled ${place}`);
      }
      for (const around of [" ?", "?\n", "?\r\n", "\t?", "? "]) {
        assert.equal(checkApiKey(around.replace("?", key)), "typo");
      }
    }
  });

  it("white space under the checksum is no way to be ok", () => {
    const covered = ` mcp_${"A1".repeat(21)}b`;
    let rest = crc32(covered);
    let checksum = "";
    while (checksum.length < CHECKSUM) {
      checksum = ALPHABET[rest % 62] + checksum;
      rest = Math.floor(rest / 62);
    }
    assert.equal(checkApiKey(covered + checksum), "typo");
  });

  it("everything else is foreign, whatever it is", () => {
    const [key] = keys;
    const foreign = [
      "",
      "_",
      "mcp_",
      "mcp",
      "changeme",
      key.slice(4),
      key.slice(0, 30),
      key + key,
      key.replace("mcp_", "_mcp_"),
      key.replace("mcp_", "m-p_"),
      "a".repeat(1_000_000),
      "_".repeat(1_000_000),
      `${"a_".repeat(500_000)}${key}`,
      undefined,
      null,
      7,
      [key],
      { toString: () => key },
    ];
    for (const [index, value] of foreign.entries()) {
      assert.equal(checkApiKey(value), "unrecognized", `value ${index}`);
    }
  });
});
