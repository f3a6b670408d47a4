/** API keys with a life of their own: entries, their bounds and data, and changes at run time. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { APIKeyAuthProvider, generateApiKey } from "mcp-native-auth";
import { outcomeOf, verdictOn, withKey } from "../support/keyed-requests.js";

const [KEY, OTHER, THIRD] = Array.from({ length: 3 }, () => generateApiKey().key);
const hashOf = (key) => `sha256:${createHash("sha256").update(key).digest("hex")}`;
const withKeys = (...keys) => new APIKeyAuthProvider({ keys });
const dataOf = (id, more) => ({ data: { keyId: id, scopes: [], metadata: {}, ...more } });
const NOON = Date.parse("2027-01-31T12:00:00Z");
const SECOND = 1000;
const DAY = 86_400 * SECOND;

const stopClock = (t, now = NOON) => t.mock.timers.enable({ apis: ["Date"], now });

/** Any eight characters in a row give away too much. */
function assertHides(shown, ...secrets) {
  for (const secret of secrets) {
    for (let start = 0; start + 8 <= secret.length; start += 1) {
      assert.ok(!shown.includes(secret.slice(start, start + 8)), `shows ${start}..${start + 8}`);
    }
  }
}

const inFull = (value) =>
  inspect(value, { showHidden: true, depth: Infinity, getters: true, showProxy: true });

describe("an entry that matches", () => {
  it("resolves to its id, scopes, metadata and end; a plain string beside it to true", async () => {
    const provider = withKeys(KEY, {
      key: OTHER,
      id: "billing",
      scopes: ["read", "write"],
      metadata: { team: { name: "billing" } },
      expiresAt: "2999-01-31T01:00:00+01:00",
    });
    assert.equal(await verdictOn(provider, KEY), true);
    assert.deepEqual(await verdictOn(provider, OTHER), {
      data: {
        keyId: "billing",
        scopes: ["read", "write"],
        metadata: { team: { name: "billing" } },
        expiresAt: "2999-01-31T00:00:00.000Z",
      },
    });
    assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
  });

  it("has no scopes, no metadata and no end where none are given, or null", async () => {
    const nothing = { scopes: null, notBefore: null, expiresAt: undefined, metadata: null, hash: null };
    const provider = withKeys({ key: KEY, id: "a" }, { key: OTHER, id: "b", ...nothing });
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
  });

  it("warns of a bound that is undefined, as from a column that does not exist", async (t) => {
    const bounds = ["notBefore", "expiresAt"];
    for (const [entries, named] of [
      ...bounds.map((name) => [[{ key: KEY, id: "a", [name]: undefined }], `\`${name}\``]),
      [
        [{ hash: hashOf(KEY), id: "a", notBefore: undefined, expiresAt: undefined }],
        "`notBefore` and `expiresAt`",
      ],
      [[{ key: KEY, id: "a", notBefore: null, expiresAt: null, scopes: undefined }], undefined],
    ]) {
      const warned = t.mock.method(process, "emitWarning", () => {});
      const provider = new APIKeyAuthProvider({ keys: entries });
      provider.setKeys(entries);
      const told = warned.mock.calls.map(({ arguments: [message] }) => message);
      t.mock.restoreAll();
      const message = `APIKeyAuthProvider: \`keys[0]\` has an undefined ${named}, so nothing bounds its validity there; `;
      assert.deepEqual(
        told.map((text) => text.startsWith(message)),
        named === undefined ? [] : [true],
      );
      const strict = () => new APIKeyAuthProvider({ keys: entries, strict: true });
      if (named === undefined) {
        strict();
      } else {
        assert.throws(strict, { code: "ERR_MCP_AUTH_KEYS_DAMAGED" });
      }
    }
  });

  it("gives each caller data of its own", async () => {
    const provider = withKeys({ key: KEY, id: "a", scopes: ["read"], metadata: { deep: [{}] } });
    const { data } = await provider.authenticate(withKey(KEY));
    data.keyId = "root";
    data.scopes.push("admin");
    data.metadata.deep[0].isAdmin = true;
    const expected = dataOf("a", { scopes: ["read"], metadata: { deep: [{}] } });
    assert.deepEqual(await verdictOn(provider, KEY), expected);
  });

  it("is copied: what the caller changes afterwards has no effect", async () => {
    const expiresAt = new Date(Date.now() - DAY);
    const entry = { key: KEY, id: "a", scopes: ["read"], metadata: { tier: 1 }, expiresAt };
    const keys = [entry, { key: OTHER, id: "b", scopes: entry.scopes, metadata: entry.metadata }];
    const provider = new APIKeyAuthProvider({ keys });
    expiresAt.setTime(Date.now() + DAY);
    entry.scopes.push("admin");
    entry.metadata.tier = 9;
    entry.expiresAt = null;
    keys.push({ key: THIRD, id: "c" });
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    assert.deepEqual(
      await verdictOn(provider, OTHER),
      dataOf("b", { scopes: ["read"], metadata: { tier: 1 } }),
    );
    assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
  });

  it("is published by its id", async () => {
    const provider = withKeys({ key: KEY, id: "billing" }, OTHER);
    assert.equal((await outcomeOf(provider, KEY)).keyId, "billing");
    assert.equal((await outcomeOf(provider, OTHER)).keyId, undefined);
    assert.equal((await outcomeOf(provider, THIRD)).keyId, undefined);
  });

  it("takes a member of metadata named __proto__ for what it is", async () => {
    const metadata = JSON.parse('{"__proto__":{"isAdmin":true}}');
    const { data } = await withKeys({ key: KEY, id: "a", metadata }).authenticate(withKey(KEY));
    assert.equal(data.metadata.isAdmin, undefined);
    assert.equal({}.isAdmin, undefined);
    assert.equal(JSON.stringify(data.metadata), '{"__proto__":{"isAdmin":true}}');
  });

  it("comes from another realm as well, as under Jest", async () => {
    const keys = runInNewContext('[{ key, id: "a", expiresAt: new Date(0) }, { key: other, id: "b" }]', {
      key: KEY,
      other: OTHER,
    });
    const provider = new APIKeyAuthProvider({ keys });
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
  });

  it("takes nothing from Object.prototype", async (t) => {
    t.after(() => {
      for (const name of ["scopes", "metadata", "expiresAt", "key"]) delete Object.prototype[name];
    });
    Object.assign(Object.prototype, { scopes: ["admin"], metadata: { root: true }, key: OTHER });
    const provider = withKeys({ hash: hashOf(KEY), id: "a" });
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
  });
});

describe("a hash", () => {
  const { key, hash, id } = generateApiKey();
  const provider = withKeys({ hash, id });

  it("lets in its key", async () => {
    assert.deepEqual(await verdictOn(provider, key), dataOf(id));
  });

  it("lets in a key beyond ASCII, by the hash of its UTF-8", async () => {
    const text = `${key} Ω`;
    assert.deepEqual(await verdictOn(withKeys({ hash: hashOf(text), id }), text), dataOf(id));
  });

  it("does not let in whoever knows it, in any spelling", async () => {
    const digits = hash.slice(7);
    const bytes = Buffer.from(digits, "hex");
    const spellings = [
      hash,
      digits,
      digits.toUpperCase(),
      bytes.toString("latin1"),
      bytes.toString("base64"),
    ];
    for (const spelling of spellings) {
      assert.equal(await verdictOn(provider, spelling), "KEY_UNKNOWN");
      assert.equal(await verdictOn(provider, hashOf(spelling)), "KEY_UNKNOWN");
    }
  });
});

describe("an entry that cannot be one", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  class Row {
    constructor(members) {
      Object.assign(this, members);
    }
    get expiresAt() {
      return new Date(0);
    }
  }
  const deep = (levels) => (levels === 1 ? {} : { in: deep(levels - 1) });
  const circular = {};
  circular.self = circular;
  const hidden = Object.defineProperty({ key: KEY, id: "a" }, "expiresAt", { value: new Date(0) });
  const entry = (more) => ({ key: KEY, id: "a", ...more });
  const not = (type) => new RegExp(`must be a string or an entry such as \\{ key, id \\}, not ${type}$`);
  const TIME = /must be a Date or a string such as "2027-01-31T00:00:00Z"$/;
  const EITHER = /must have either `key` or `hash`$/;
  const ID = /must have an `id` of 1 to 128 visible ASCII characters, which is not the key$/;
  const OTHERS =
    /has an unknown member; the known ones are key, hash, id, scopes, notBefore, expiresAt, metadata$/;
  const HASH =
    /, `hash`, must be `sha256:` and 64 hexadecimal digits in lower case, as `npx mcp-native-auth hash` prints$/;
  const SCOPES = /, `scopes`, must be an array of strings that are not empty$/;
  const METADATA = /, `metadata`, must be a JSON object with at most 100 levels$/;
  const UNREADABLE = /cannot be read; pass a plain object$/;
  const HIDDEN = /has a member that is inherited or not enumerable; pass a plain object$/;
  const NAMED_BY_KEY = /uses its key as `id`, which is written to logs; give it a name$/;
  const ORDER = /ends before it begins; set `notBefore` to a time before `expiresAt`$/;
  const mistakes = {
    null: [null, not("null")],
    "a number": [7, not("a value of type number")],
    "an array": [[KEY], not("an array")],
    "a function": [() => KEY, not("a value of type function")],
    "a String object": [Object(KEY), OTHERS],
    "a revoked Proxy": [revoked.proxy, /cannot be read; pass a plain (object|array)$/],
    "one with a getter that throws": [
      {
        get key() {
          throw new Error(KEY);
        },
      },
      UNREADABLE,
    ],
    "a row whose end is inherited": [new Row({ key: KEY, id: "a" }), HIDDEN],
    "one whose end is inherited from defaults": [
      Object.assign(Object.create({ expiresAt: new Date(0) }), { key: KEY, id: "a" }),
      HIDDEN,
    ],
    "one whose end is not enumerable": [hidden, HIDDEN],
    "no key": [{ id: "a" }, EITHER],
    "key and hash": [entry({ hash: hashOf(KEY) }), EITHER],
    "a key that is null": [{ key: null, id: "a" }, EITHER],
    "a key that is undefined": [{ key: undefined, id: "a" }, /`hash`; is an environment variable missing\?$/],
    "a promise": [Promise.resolve(KEY), not("a promise; await it")],
    bytes: [Buffer.from(KEY), not("bytes; pass them as text")],
    "a misspelled end": [entry({ expireAt: "2027-01-31T00:00:00Z" }), OTHERS],
    "an own __proto__": [JSON.parse(`{"key":"${KEY}","id":"a","__proto__":{"expiresAt":null}}`), OTHERS],
    "a key that is a number": [{ key: 7, id: "a" }, /, `key`, must be a string, not a value of type number$/],
    "an empty key": [{ key: "", id: "a" }, /is empty; remove it or set it to a key$/],
    "a lone surrogate": [
      { key: `${KEY}\ud800`, id: "a" },
      /holds a lone surrogate, which no request can carry/,
    ],
    "a hash for its key": [{ key: hashOf(KEY), id: "a" }, /has a hash for its `key`, .*; use `hash`$/],
    "a hash in upper case": [{ hash: `sha256:${hashOf(KEY).slice(7).toUpperCase()}`, id: "a" }, HASH],
    "a hash without its name": [{ hash: hashOf(KEY).slice(7), id: "a" }, HASH],
    "a hash that is too short": [{ hash: hashOf(KEY).slice(0, -1), id: "a" }, HASH],
    "a hash with a newline": [{ hash: `${hashOf(KEY)}\n`, id: "a" }, HASH],
    "a hash in an array": [{ hash: [hashOf(KEY)], id: "a" }, HASH],
    "a key as its hash": [{ hash: KEY, id: "a" }, HASH],
    "no id": [{ key: KEY }, ID],
    "an empty id": [entry({ id: "" }), ID],
    "an id with a space": [entry({ id: "a b" }), ID],
    "an id with a newline": [entry({ id: "a\n" }), ID],
    "an id beyond ASCII": [entry({ id: "é" }), ID],
    "an id of 129 characters": [entry({ id: "a".repeat(129) }), ID],
    "an id that is a number": [entry({ id: 7 }), ID],
    "its key as id": [entry({ id: KEY }), NAMED_BY_KEY],
    "the key of its hash as id": [{ hash: hashOf(KEY), id: KEY }, NAMED_BY_KEY],
    "scopes in one string": [entry({ scopes: "read write" }), SCOPES],
    "a scope that is a number": [entry({ scopes: ["read", 7] }), SCOPES],
    "an empty scope": [entry({ scopes: [""] }), SCOPES],
    "scopes with a hole": [entry({ scopes: Object.assign(Array(2), { 1: "read" }) }), SCOPES],
    "metadata that is a string": [entry({ metadata: "team" }), METADATA],
    "metadata that is an array": [entry({ metadata: [] }), METADATA],
    "metadata that is a Date": [entry({ metadata: new Date(0) }), METADATA],
    "metadata that is a function": [entry({ metadata: () => {} }), METADATA],
    "metadata that refers to itself": [entry({ metadata: circular }), METADATA],
    "metadata with a BigInt": [entry({ metadata: { n: 1n } }), METADATA],
    "metadata of 101 levels": [entry({ metadata: deep(101) }), METADATA],
    "metadata of 3,000 levels": [entry({ metadata: deep(3000) }), METADATA],
    "a time in seconds": [entry({ expiresAt: 1_800_000_000 }), TIME],
    "a time in milliseconds": [entry({ notBefore: Date.now() }), TIME],
    "an invalid Date": [entry({ expiresAt: new Date(Number.NaN) }), TIME],
    "a Proxy of a Date": [entry({ expiresAt: new Proxy(new Date(), {}) }), TIME],
    "an object with valueOf": [entry({ expiresAt: { valueOf: () => 1e13 } }), TIME],
    "false as end": [entry({ expiresAt: false }), TIME],
    "an empty end": [entry({ expiresAt: "" }), TIME],
    "a day without a time": [entry({ expiresAt: "2027-01-31" }), TIME],
    "a time without a zone": [entry({ expiresAt: "2027-01-31T00:00:00" }), TIME],
    "a time in words": [entry({ expiresAt: "January 31, 2027" }), TIME],
    "February 30": [entry({ expiresAt: "2027-02-30T00:00:00Z" }), TIME],
    "February 29 outside of leap years": [entry({ expiresAt: "2027-02-29T00:00:00+01:00" }), TIME],
    "24 o'clock": [entry({ expiresAt: "2027-01-31T24:00:00Z" }), TIME],
    "month 13": [entry({ expiresAt: "2027-13-01T00:00:00Z" }), TIME],
    "a zone of 24 hours": [entry({ expiresAt: "2027-01-31T00:00:00+24:00" }), TIME],
    "an end before its beginning": [
      entry({ notBefore: "2027-02-01T00:00:00Z", expiresAt: "2027-01-31T00:00:00Z" }),
      ORDER,
    ],
    "an end at its beginning": [entry({ notBefore: new Date(7), expiresAt: new Date(7) }), ORDER],
  };

  /** Says it by position, in one sentence, and changes nothing. */
  const refusal = (place, sentence) => (error) => {
    assert.equal(error.constructor, Error);
    assert.equal(error.code, "ERR_MCP_AUTH_KEYS_INVALID");
    assert.match(error.message, sentence);
    assert.ok(error.message.startsWith(place), error.message);
    assertHides(inFull(error), KEY, hashOf(KEY).slice(7));
    return true;
  };

  for (const [name, [value, sentence]] of Object.entries(mistakes)) {
    it(name, async () => {
      assert.throws(() => withKeys(OTHER, value), refusal("`keys[1]`", sentence));
      const provider = withKeys({ key: THIRD, id: "third" });
      assert.throws(() => provider.setKeys([OTHER, value]), refusal("`keys[1]`", sentence));
      assert.throws(() => provider.addKeys([OTHER, value]), refusal("`keys[1]`", sentence));
      assert.throws(() => provider.replaceKey("third", value), refusal("`keys[0]`", sentence));
      assert.equal(provider.getKeyCount(), 1);
      assert.deepEqual(await verdictOn(provider, THIRD), dataOf("third"));
      assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
      assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    });
  }

  it("is none where the array has a hole", () => {
    const keys = [OTHER];
    keys.length = 2;
    assert.throws(
      () => new APIKeyAuthProvider({ keys }),
      refusal("`keys[1]`", not("a value of type undefined; is an environment variable missing\\?")),
    );
  });

  it("takes 128 characters of an id, 100 levels of metadata and moments in every zone", async () => {
    const id = "~".repeat(128);
    const more = { notBefore: "2024-02-29T23:59:59.999999-11:30", expiresAt: "2999-12-31T23:59:59.5+14:00" };
    const provider = withKeys({ key: KEY, id, metadata: deep(100), ...more });
    const { data } = await verdictOn(provider, KEY);
    assert.deepEqual([data.keyId, data.metadata], [id, deep(100)]);
    assert.equal(data.expiresAt, "2999-12-31T09:59:59.500Z");
  });
});

describe("keys that cannot be an array", () => {
  for (const [name, keys] of Object.entries({
    text: KEY,
    undefined: undefined,
    "a Set": new Set([KEY]),
    object: {},
  })) {
    it(name, async () => {
      const provider = withKeys(OTHER);
      const refused = {
        code: "ERR_MCP_AUTH_KEYS_INVALID",
        message: "`keys` must be an array of strings or entries",
      };
      assert.throws(() => provider.setKeys(keys), refused);
      assert.throws(() => provider.addKeys(keys), refused);
      assert.equal(await verdictOn(provider, OTHER), true);
    });
  }

  it("an array that throws when it is read", () => {
    const keys = new Proxy([KEY], {
      get() {
        throw new Error(KEY);
      },
    });
    assert.throws(
      () => withKeys(OTHER).setKeys(keys),
      (error) => {
        assert.equal(error.code, "ERR_MCP_AUTH_KEYS_INVALID");
        assert.equal(error.message, "`keys` cannot be read; pass a plain array");
        assertHides(inFull(error), KEY);
        return true;
      },
    );
  });

  it("reads each key once, whatever an array or a getter says the second time", async () => {
    let reads = 0;
    const entry = {
      id: "a",
      expiresAt: new Date(0),
      get key() {
        reads += 1;
        return reads === 1 ? KEY : OTHER;
      },
    };
    const keys = Object.defineProperty([entry], Symbol.iterator, { value: () => [OTHER].values() });
    const scopes = Object.defineProperty(["read"], Symbol.iterator, { value: () => [{}].values() });
    const provider = new APIKeyAuthProvider({
      keys: [...Array.from({ length: 0 }), { key: THIRD, id: "t", scopes }],
    });
    assert.deepEqual(await verdictOn(provider, THIRD), dataOf("t", { scopes: ["read"] }));
    provider.setKeys(keys);
    assert.equal(reads, 1);
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
  });
});

describe("equal keys", () => {
  const same = (one, other) => ({
    code: "ERR_MCP_AUTH_KEYS_INVALID",
    message: `${other} is the same key as ${one}; remove one of them`,
  });
  const forms = {
    "a plain string": KEY,
    "a key": { key: KEY, id: "a" },
    "a hash": { hash: hashOf(KEY), id: "b" },
  };
  for (const [name, first] of Object.entries(forms)) {
    for (const [otherName, given] of Object.entries(forms)) {
      const second = typeof given === "string" ? given : { ...given, id: "second" };
      if (typeof first === "string" && typeof second === "string") continue;
      it(`${name} and ${otherName} of it are refused by position`, async () => {
        assert.throws(() => withKeys(OTHER, first, second), same("`keys[1]`", "`keys[2]`"));
        assert.throws(() => withKeys(first, OTHER, OTHER, second), same("`keys[0]`", "`keys[3]`"));
        const provider = withKeys(OTHER, first);
        assert.throws(() => provider.addKeys([THIRD, second]), same("a key that is in use", "`keys[1]`"));
        assert.equal(provider.getKeyCount(), 2);
        assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
      });
    }
  }

  it("are counted each where both are plain strings, as in the framework", async () => {
    const provider = withKeys(KEY, OTHER, KEY, KEY);
    assert.equal(provider.getKeyCount(), 4);
    provider.addKeys([KEY, THIRD, THIRD]);
    assert.equal(provider.getKeyCount(), 7);
    assert.equal(await verdictOn(provider, THIRD), true);
    provider.setKeys([OTHER]);
    assert.equal(provider.getKeyCount(), 1);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
  });

  it("do not move the bounds of keys that come after them", async () => {
    const expired = { key: THIRD, id: "expired", expiresAt: new Date(Date.now() - SECOND) };
    for (const plain of [
      [KEY, KEY],
      [KEY, OTHER, KEY, OTHER],
      [KEY, KEY, KEY],
      [KEY, OTHER, OTHER],
    ]) {
      const provider = withKeys(...plain);
      provider.addKeys([expired]);
      assert.equal(await verdictOn(provider, THIRD), "KEY_EXPIRED");
      provider.addKeys([KEY, KEY]);
      assert.equal(await verdictOn(provider, THIRD), "KEY_EXPIRED");
      assert.equal(provider.revokeKey("expired"), true);
      provider.addKeys([expired]);
      assert.equal(await verdictOn(provider, THIRD), "KEY_EXPIRED");
      provider.replaceKey("expired", KEY);
      assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
      assert.equal(await verdictOn(provider, KEY), true);
      assert.equal(provider.getKeyCount(), plain.length + 3);
    }
  });
});

it("two entries with one id are refused by position", async () => {
  const [a, b] = [
    { key: KEY, id: "a" },
    { key: OTHER, id: "a" },
  ];
  const same = (one, other) => ({
    code: "ERR_MCP_AUTH_KEYS_INVALID",
    message: `${other} has the same \`id\` as ${one}; give each key its own`,
  });
  assert.throws(() => withKeys(THIRD, THIRD, a, b), same("`keys[2]`", "`keys[3]`"));
  const provider = withKeys(a);
  assert.throws(() => provider.addKeys([THIRD, b]), same("a key that is in use", "`keys[1]`"));
  assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
  assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
});

describe("bounds", () => {
  it("end a key to the millisecond, and begin it", async (t) => {
    stopClock(t);
    const provider = withKeys(
      { key: KEY, id: "ends", expiresAt: new Date(NOON + SECOND) },
      { key: OTHER, id: "begins", notBefore: new Date(NOON + SECOND) },
    );
    const before = { answer: false, reason: "KEY_NOT_YET_VALID", keyId: "begins" };
    const after = { answer: false, reason: "KEY_EXPIRED", keyId: "ends" };
    t.mock.timers.setTime(NOON + SECOND - 1);
    assert.equal((await outcomeOf(provider, KEY)).reason, undefined);
    assert.deepEqual(await outcomeOf(provider, OTHER), before);
    t.mock.timers.setTime(NOON + SECOND);
    assert.deepEqual(await outcomeOf(provider, KEY), after);
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("begins"));
  });

  it("follow a clock that jumps forth and back", async (t) => {
    stopClock(t);
    const expiresAt = new Date(NOON + SECOND);
    const provider = withKeys({ key: KEY, id: "a", expiresAt, notBefore: new Date(NOON - SECOND) });
    const verdicts = [];
    for (const now of [NOON, NOON + DAY, NOON, NOON - DAY, NOON]) {
      t.mock.timers.setTime(now);
      const verdict = await verdictOn(provider, KEY);
      verdicts.push(typeof verdict === "string" ? verdict : "in");
    }
    assert.deepEqual(verdicts, ["in", "KEY_EXPIRED", "in", "KEY_NOT_YET_VALID", "in"]);
  });

  it("are no guess: they are not counted by the throttle, and name nobody when an address is locked out", async () => {
    const provider = new APIKeyAuthProvider({
      keys: [{ key: KEY, id: "ended", expiresAt: new Date(0) }, OTHER],
      throttle: { failures: 1, lockout: true },
    });
    for (let time = 0; time < 5; time += 1) {
      assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    }
    assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
    const elsewhere = { ...withKey(KEY), socket: { remoteAddress: "192.0.2.8" } };
    assert.equal(await provider.authenticate(elsewhere), false);
    assert.deepEqual(await outcomeOf(provider, OTHER), {
      answer: false,
      reason: "LOCKED_OUT",
      keyId: undefined,
    });
  });
});

describe("changes at run time", () => {
  it("setKeys replaces all keys from the next request on; none lets nobody in", async () => {
    const provider = withKeys(KEY);
    provider.setKeys([{ key: OTHER, id: "b" }]);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
    provider.setKeys([]);
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
    assert.equal(provider.getKeyCount(), 0);
    provider.setKeys([KEY]);
    assert.equal(await verdictOn(provider, KEY), true);
  });

  it("addKeys adds keys of each form and keeps those before", async () => {
    const provider = withKeys(KEY);
    provider.addKeys([{ hash: hashOf(OTHER), id: "b" }, THIRD]);
    provider.addKeys([]);
    assert.equal(provider.getKeyCount(), 3);
    assert.equal(await verdictOn(provider, KEY), true);
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
    assert.equal(await verdictOn(provider, THIRD), true);
  });

  it("revokeKey takes one away, tells whether there was one, and leaves the others as they were", async () => {
    const provider = withKeys(
      { key: KEY, id: "a", scopes: ["a"] },
      { hash: hashOf(OTHER), id: "b", scopes: ["b"] },
      { key: THIRD, id: "c", expiresAt: new Date(Date.now() - SECOND) },
    );
    assert.equal(provider.revokeKey("a"), true);
    assert.equal(provider.revokeKey("a"), false);
    for (const id of [undefined, null, KEY, "", 0, {}]) assert.equal(provider.revokeKey(id), false);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b", { scopes: ["b"] }));
    assert.equal(await verdictOn(provider, THIRD), "KEY_EXPIRED");
    assert.equal(provider.revokeKey("b"), true);
    assert.equal(provider.revokeKey("c"), true);
    for (const key of [KEY, OTHER, THIRD]) assert.equal(await verdictOn(provider, key), "KEY_UNKNOWN");
    assert.equal(withKeys(KEY).revokeKey("a"), false);
  });

  it("replaceKey without an overlap ends the old key at once, and takes the same id", async () => {
    const provider = withKeys({ key: KEY, id: "a" }, OTHER);
    provider.replaceKey("a", { key: THIRD, id: "a" });
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.deepEqual(await verdictOn(provider, THIRD), dataOf("a"));
    assert.equal(await verdictOn(provider, OTHER), true);
    provider.replaceKey("a", { key: THIRD, id: "a", expiresAt: new Date(0) }, { overlapSeconds: 0 });
    assert.equal(await verdictOn(provider, THIRD), "KEY_EXPIRED");
    provider.replaceKey("a", KEY, null);
    assert.equal(await verdictOn(provider, KEY), true);
    assert.equal(provider.getKeyCount(), 2);
  });

  it("replaceKey with an overlap lets both in until it is over", async (t) => {
    stopClock(t);
    const provider = withKeys({ key: KEY, id: "a", scopes: ["read"], metadata: { n: 1 } });
    provider.replaceKey("a", { key: OTHER, id: "b" }, { overlapSeconds: 60 });
    const more = {
      scopes: ["read"],
      metadata: { n: 1 },
      expiresAt: new Date(NOON + 60 * SECOND).toISOString(),
    };
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a", more));
    t.mock.timers.setTime(NOON + 60 * SECOND - 1);
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a", more));
    t.mock.timers.setTime(NOON + 60 * SECOND);
    assert.deepEqual(await outcomeOf(provider, KEY), { answer: false, reason: "KEY_EXPIRED", keyId: "a" });
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
  });

  it("an overlap gives the old key no longer a life than it had, and none that has ended", async (t) => {
    stopClock(t);
    const provider = withKeys(
      { key: KEY, id: "a", expiresAt: new Date(NOON + SECOND) },
      { key: OTHER, id: "b", expiresAt: new Date(NOON) },
    );
    provider.replaceKey("a", { key: THIRD, id: "c" }, { overlapSeconds: 31_622_400 });
    provider.replaceKey("b", generateApiKey().key, { overlapSeconds: 60 });
    assert.equal(await verdictOn(provider, OTHER), "KEY_EXPIRED");
    t.mock.timers.setTime(NOON + SECOND);
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
  });

  it("a key in its overlap can be revoked", async () => {
    const provider = withKeys({ key: KEY, id: "a" });
    provider.replaceKey("a", { key: OTHER, id: "b" }, { overlapSeconds: 60 });
    assert.equal(provider.revokeKey("a"), true);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
  });

  it("with an overlap, the new key needs another id and must be another key", async () => {
    const provider = withKeys({ key: KEY, id: "a" });
    const overlap = { overlapSeconds: 60 };
    const invalid = (message) => ({ code: "ERR_MCP_AUTH_KEYS_INVALID", message });
    assert.throws(
      () => provider.replaceKey("a", { key: OTHER, id: "a" }, overlap),
      invalid("`keys[0]` has the same `id` as a key that is in use; give each key its own"),
    );
    assert.throws(
      () => provider.replaceKey("a", { hash: hashOf(KEY), id: "b" }, overlap),
      invalid("`keys[0]` is the same key as a key that is in use; remove one of them"),
    );
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
  });

  it("replaceKey names what is wrong with its arguments, and changes nothing", async () => {
    const provider = withKeys({ key: KEY, id: "a" }, OTHER);
    for (const id of ["b", undefined, KEY]) {
      assert.throws(() => provider.replaceKey(id, THIRD), {
        code: "ERR_MCP_AUTH_KEYS_INVALID",
        message: "no key has the `id` to replace; add the new key with `addKeys` instead",
      });
    }
    for (const overlapSeconds of [-1, 31_622_401, Number.NaN, "60", Number.POSITIVE_INFINITY]) {
      assert.throws(() => provider.replaceKey("a", THIRD, { overlapSeconds }), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message: "`overlapSeconds` must be a number of seconds from 0 to 31622400",
      });
    }
    for (const options of [60, "60", [60]]) {
      assert.throws(() => provider.replaceKey("a", THIRD, options), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message: "the third argument of `replaceKey` must be an object such as { overlapSeconds: 3600 }",
      });
    }
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
    assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
  });

  it("a misspelled option of replaceKey changes nothing", async () => {
    const provider = withKeys({ key: KEY, id: "a" });
    assert.throws(() => provider.replaceKey("a", OTHER, { overlapSecond: 60 }), {
      code: "ERR_MCP_AUTH_OPTION_UNKNOWN",
    });
    assert.notEqual(await provider.authenticate(withKey(KEY)), false);
    assert.equal(await provider.authenticate(withKey(OTHER)), false);
  });

  it("under strict, a key that can be guessed changes nothing; of a hash nothing is known", async () => {
    const provider = new APIKeyAuthProvider({ keys: [{ key: KEY, id: "a" }], strict: true });
    for (const change of [
      () => provider.setKeys(["short"]),
      () => provider.addKeys([{ key: "short", id: "b" }]),
      () => provider.replaceKey("a", { key: "short", id: "b" }),
    ]) {
      assert.throws(change, { code: "ERR_MCP_AUTH_KEYS_WEAK" });
    }
    provider.addKeys([{ hash: hashOf("short"), id: "b" }]);
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
    assert.deepEqual(await verdictOn(provider, "short"), dataOf("b"));
  });

  it("keys that ended more than a day ago go with the next change, and their ids are free", async (t) => {
    stopClock(t);
    const provider = withKeys({ key: KEY, id: "a", expiresAt: new Date(NOON) }, { key: OTHER, id: "b" });
    t.mock.timers.setTime(NOON + DAY);
    provider.addKeys([]);
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    t.mock.timers.setTime(NOON + DAY + 1);
    provider.addKeys([{ key: THIRD, id: "a" }]);
    assert.equal(provider.getKeyCount(), 2);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
    assert.deepEqual(await verdictOn(provider, THIRD), dataOf("a"));
  });

  it("ten thousand rotations leave two keys", async (t) => {
    stopClock(t);
    const keyOf = (number) => `${KEY}${number}`;
    const provider = withKeys({ key: keyOf(0), id: "0" });
    for (let number = 1; number <= 10_000; number += 1) {
      t.mock.timers.setTime(NOON + number * 2 * DAY);
      const next = { key: keyOf(number), id: String(number) };
      provider.replaceKey(String(number - 1), next, { overlapSeconds: 60 });
    }
    assert.equal(provider.getKeyCount(), 2);
    assert.deepEqual(await verdictOn(provider, keyOf(10_000)), dataOf("10000"));
    assert.equal((await verdictOn(provider, keyOf(9_999))).data.keyId, "9999");
    assert.equal(await verdictOn(provider, keyOf(9_998)), "KEY_UNKNOWN");
  });
});

it("a subclass may have methods of these names of its own", async () => {
  class Keys extends APIKeyAuthProvider {
    #asked = [];
    setKeys(keys) {
      this.#asked.push(keys);
    }
  }
  const provider = new Keys({ keys: [KEY] });
  assert.equal(await verdictOn(provider, KEY), true);
  provider.setKeys([OTHER]);
  assert.equal(await verdictOn(provider, KEY), true);
  const loaded = new Keys({ loadKeys: () => [KEY] });
  await loaded.ready();
  assert.equal(await verdictOn(loaded, KEY), true);
});

it("a provider with entries shows nothing of them", async () => {
  const provider = withKeys({ key: KEY, id: "a" }, { hash: hashOf(OTHER), id: "b" });
  await provider.authenticate(withKey(KEY));
  assert.equal(JSON.stringify(provider), "{}");
  assert.deepEqual(Reflect.ownKeys(provider), []);
  assertHides(inFull(provider), KEY, hashOf(KEY).slice(7), hashOf(OTHER).slice(7));
});
