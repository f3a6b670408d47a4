/** What a load does to keys: changes by hand meanwhile, rows that are left out, keys that become stale. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { APIKeyAuthProvider, anyOf, generateApiKey } from "mcp-native-auth";
import { verdictOn } from "../support/keyed-requests.js";
import { checkout } from "../support/project.js";

const [KEY, OTHER, THIRD, FOURTH] = Array.from({ length: 4 }, () => generateApiKey().key);
const hashOf = (key) => `sha256:${createHash("sha256").update(key).digest("hex")}`;
const dataOf = (id, more) => ({ data: { keyId: id, scopes: [], metadata: {}, ...more } });
const SECOND = 1000;
const PAST = "2020-01-01T00:00:00Z";
const FUTURE = "2999-01-01T00:00:00Z";

let warnings;
let failed;
let reloaded;
const takeFailed = (event) => failed.push(event);
const takeReloaded = (event) => reloaded.push(event);

beforeEach((t) => {
  [warnings, failed, reloaded] = [[], [], []];
  diagnostics.subscribe("mcp-native-auth:reload-failed", takeFailed);
  diagnostics.subscribe("mcp-native-auth:reloaded", takeReloaded);
  t.mock.method(process, "emitWarning", (message, { code }) => warnings.push({ code, message }));
});
afterEach((t) => {
  diagnostics.unsubscribe("mcp-native-auth:reload-failed", takeFailed);
  diagnostics.unsubscribe("mcp-native-auth:reloaded", takeReloaded);
  t.mock.restoreAll();
});

/** A provider whose loads give what `source.rows` is, or throw it. */
async function loading(rows, options) {
  const source = {
    rows,
    loads: 0,
    async loadKeys() {
      source.loads += 1;
      if (source.rows instanceof Error) throw source.rows;
      return source.rows;
    },
  };
  const provider = new APIKeyAuthProvider({ loadKeys: source.loadKeys, ...options });
  await provider.ready();
  return { provider, source };
}

/** A provider with a load under way that has read `rows`, and its end. */
async function loadUnderWay(before, rows) {
  const { promise, resolve } = Promise.withResolvers?.() ?? withResolvers();
  let loads = 0;
  const provider = new APIKeyAuthProvider({
    loadKeys() {
      loads += 1;
      return loads === 1 ? before : promise;
    },
  });
  await provider.ready();
  const reload = provider.reload();
  while (loads < 2) await turnOfTheLoop();
  const finish = async () => {
    resolve(rows);
    await reload;
    assert.equal(loads, 2);
  };
  return { provider, finish };
}

function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve) => Object.assign(resolvers, { resolve }));
  return resolvers;
}

const verdicts = async (provider, keys) => Promise.all(keys.map((key) => verdictOn(provider, key)));

describe("a change by hand while a load is under way holds against what the load gives", () => {
  const rows = [
    { key: KEY, id: "a" },
    { key: OTHER, id: "b" },
  ];
  const changes = {
    "revokeKey of a key in use": [(p) => p.revokeKey("a"), ["KEY_UNKNOWN", dataOf("b"), "KEY_UNKNOWN"]],
    addKeys: [(p) => p.addKeys([{ key: THIRD, id: "c" }]), [dataOf("a"), dataOf("b"), dataOf("c")]],
    "addKeys of a plain string": [(p) => p.addKeys([THIRD]), [dataOf("a"), dataOf("b"), true]],
    "addKeys and revokeKey of the same": [
      (p) => {
        p.addKeys([{ key: THIRD, id: "c" }]);
        p.revokeKey("c");
      },
      [dataOf("a"), dataOf("b"), "KEY_UNKNOWN"],
    ],
    "revokeKey and addKeys of another key with the id": [
      (p) => {
        p.revokeKey("a");
        p.addKeys([{ key: THIRD, id: "a" }]);
      },
      ["KEY_UNKNOWN", dataOf("b"), dataOf("a")],
    ],
    "replaceKey without an overlap": [
      (p) => p.replaceKey("a", { key: THIRD, id: "c" }),
      ["KEY_UNKNOWN", dataOf("b"), dataOf("c")],
    ],
    "replaceKey with the same id": [
      (p) => p.replaceKey("a", { key: THIRD, id: "a" }),
      ["KEY_UNKNOWN", dataOf("b"), dataOf("a")],
    ],
    setKeys: [(p) => p.setKeys([THIRD]), ["KEY_UNKNOWN", "KEY_UNKNOWN", true]],
    "setKeys of none": [(p) => p.setKeys([]), ["KEY_UNKNOWN", "KEY_UNKNOWN", "KEY_UNKNOWN"]],
  };
  // What is the same as before is kept by its record, what is new or says something else is read.
  const contents = {
    "the same rows": rows,
    "rows that say something else": rows.map((row) => ({ ...row, notBefore: PAST })),
    "rows in the form of hashes": rows.map(({ key, id }) => ({ hash: hashOf(key), id })),
  };
  for (const [name, [change, expected]] of Object.entries(changes)) {
    for (const [what, given] of Object.entries(contents)) {
      it(`${name}, against ${what}`, async () => {
        const { provider, finish } = await loadUnderWay(rows, given);
        change(provider);
        await finish();
        assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), expected);
      });
    }
  }

  it("revokeKey of a key that only the load has", async () => {
    const { provider, finish } = await loadUnderWay([], rows);
    assert.equal(provider.revokeKey("a"), false);
    await finish();
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", dataOf("b")]);
  });

  it("replaceKey with an overlap: the old key ends no later than that, or when its row says", async (t) => {
    for (const [more, ends] of [
      [{}, 10],
      [{ scopes: ["read"] }, 10],
      [{ expiresAt: new Date(5 * SECOND) }, 5],
      [{ expiresAt: new Date(20 * SECOND) }, 10],
    ]) {
      const { provider, finish } = await loadUnderWay(rows, [{ ...rows[0], ...more }]);
      t.mock.timers.enable({ apis: ["Date"], now: 0 });
      provider.replaceKey("a", { key: THIRD, id: "c" }, { overlapSeconds: 10 });
      await finish();
      t.mock.timers.setTime(ends * SECOND - 1);
      assert.notEqual(await verdictOn(provider, KEY), "KEY_EXPIRED");
      t.mock.timers.setTime(ends * SECOND);
      assert.deepEqual(await verdicts(provider, [KEY, THIRD]), ["KEY_EXPIRED", dataOf("c")]);
      t.mock.timers.reset();
    }
  });

  it("a key that was added by hand holds against a row for its id, and for its key", async () => {
    for (const row of [
      { key: THIRD, id: "c", scopes: ["admin"] },
      { key: OTHER, id: "c" },
      { key: THIRD, id: "d" },
      { hash: hashOf(THIRD), id: "d" },
      THIRD,
    ]) {
      const { provider, finish } = await loadUnderWay([], [row, FOURTH]);
      provider.addKeys([{ key: THIRD, id: "c" }]);
      await finish();
      const expected = [dataOf("c"), "KEY_UNKNOWN", true];
      assert.deepEqual(await verdicts(provider, [THIRD, OTHER, FOURTH]), expected);
      assert.equal(provider.getKeyCount(), 2);
      assert.equal(reloaded.at(-1).leftOut, 0);
    }
  });

  it("changes between loads are forgotten by the next", async () => {
    const { provider } = await loading([{ key: KEY, id: "a" }]);
    provider.addKeys([{ key: OTHER, id: "b" }]);
    provider.revokeKey("a");
    await provider.reload();
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [dataOf("a"), "KEY_UNKNOWN"]);
    provider.setKeys([THIRD]);
    await provider.reload();
    assert.deepEqual(await verdicts(provider, [KEY, THIRD]), [dataOf("a"), "KEY_UNKNOWN"]);
  });

  it("however often: no load fails, and what was revoked at the source is out", async () => {
    let rowsNow = [{ key: KEY, id: "a" }, OTHER];
    let changesByHand = 0;
    const provider = new APIKeyAuthProvider({
      async loadKeys() {
        const read = rowsNow;
        for (let turn = 0; turn < 5; turn += 1) {
          changesByHand += 1;
          provider.addKeys([{ key: `${THIRD}${changesByHand}`, id: `n${changesByHand}` }]);
          await turnOfTheLoop();
        }
        return read;
      },
    });
    await provider.ready();
    assert.equal(changesByHand, 5);
    rowsNow = [OTHER];
    await provider.reload();
    assert.equal(changesByHand, 10);
    const expected = ["KEY_UNKNOWN", true, dataOf("n10")];
    assert.deepEqual(await verdicts(provider, [KEY, OTHER, `${THIRD}10`]), expected);
    assert.deepEqual(failed, []);
  });

  it("a failed load changes nothing, and the next one forgets what was changed before it began", async () => {
    const { provider, source } = await loading([{ key: KEY, id: "a" }]);
    source.rows = new Error("down");
    const reload = provider.reload();
    provider.addKeys([{ key: OTHER, id: "b" }]);
    await assert.rejects(reload);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [dataOf("a"), dataOf("b")]);
    source.rows = [{ key: KEY, id: "a" }];
    await provider.reload();
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [dataOf("a"), "KEY_UNKNOWN"]);
  });

  it("at random: as one change after the other would, against a model", async () => {
    let seed = 7;
    const random = (below) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const ids = ["a", "b", "c", "d", "e"];
    let made = 0;
    const fresh = (id) => {
      made += 1;
      return { id, key: `${KEY}-${made}` };
    };
    let table = new Map(ids.slice(0, 3).map((id) => [id, fresh(id)]));
    let model = new Map();
    const apply = (changed, [kind, id, entry]) => {
      if (kind === "set") changed.clear();
      if (kind === "revoke" || kind === "replace") changed.delete(id);
      if (kind !== "revoke") changed.set(entry.id, entry);
    };
    let changes = [];
    const every = new Map();
    const byHand = (provider) => {
      const id = ids[random(ids.length)];
      const kind = random(12) === 0 ? "set" : ["add", "revoke", "replace"][random(3)];
      if ((kind === "add" && model.has(id)) || (kind === "replace" && !model.has(id))) return;
      const change = [kind, id, fresh(id)];
      if (kind === "add") provider.addKeys([change[2]]);
      if (kind === "revoke") provider.revokeKey(id);
      if (kind === "replace") provider.replaceKey(id, change[2]);
      if (kind === "set") provider.setKeys([change[2]]);
      apply(model, change);
      changes.push(change);
    };
    const provider = new APIKeyAuthProvider({
      async loadKeys() {
        changes = [];
        const read = [...table.values()];
        for (let turn = random(4); turn > 0; turn -= 1) {
          byHand(provider);
          await turnOfTheLoop();
        }
        return read;
      },
    });
    for (let round = 0; round < 300; round += 1) {
      const read = new Map(table);
      await (round === 0 ? provider.ready() : provider.reload());
      for (const change of changes) apply(read, change);
      model = read;
      for (const { key, id } of model.values()) every.set(key, id);
      for (const [key, id] of every) {
        const expected = model.get(id)?.key === key ? dataOf(id) : "KEY_UNKNOWN";
        assert.deepEqual(await verdictOn(provider, key), expected, `round ${round}`);
      }
      if (every.size > 30) every.clear();
      byHand(provider);
      table = new Map([...table].filter(() => random(4) > 0));
      const id = ids[random(ids.length)];
      if (random(2) === 0) table.set(id, fresh(id));
    }
  });
});

describe("a row that cannot be a key", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const secret = { key: KEY, id: "a" };
  const bad = {
    "is empty": ["", " is empty; remove it or set it to a key"],
    "is a number": [7, " must be a string or an entry such as { key, id }, not a value of type number"],
    "is the hash of a key": [
      hashOf(KEY),
      " is the hash of a key, which would make the hash itself a key; give it as { hash, id }",
    ],
    "has an id with a space": [
      { ...secret, id: "a b" },
      " must have an `id` of 1 to 128 visible ASCII characters, which is not the key",
    ],
    "has a misspelled expiry": [
      { ...secret, expireAt: PAST },
      " has an unknown member; the known ones are key, hash, id, scopes, notBefore, expiresAt, metadata",
    ],
    "has an expiry in another form": [
      { ...secret, expiresAt: "tomorrow" },
      ', `expiresAt`, must be a Date or a string such as "2027-01-31T00:00:00Z"',
    ],
    "has a getter that throws": [
      {
        id: "a",
        get key() {
          throw new Error(KEY);
        },
      },
      " cannot be read; pass a plain object",
    ],
    "is a revoked Proxy": [revoked.proxy, " cannot be read; pass a plain object"],
  };
  for (const [name, [row, problem]] of Object.entries(bad)) {
    it(`${name}: is left out and reported without its value; the others take effect`, async () => {
      const { provider, source } = await loading([{ key: THIRD, id: "c" }, OTHER]);
      source.rows = [OTHER, row, { key: FOURTH, id: "d" }];
      await provider.reload();
      const expected = ["KEY_UNKNOWN", true, "KEY_UNKNOWN", dataOf("d")];
      assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD, FOURTH]), expected);
      assert.equal(provider.getKeyCount(), 2);
      assert.deepEqual(failed, []);
      assert.deepEqual(reloaded.at(-1), {
        provider: "APIKeyAuthProvider",
        keys: 2,
        failures: 0,
        leftOut: 1,
        firstLeftOut: [{ index: 1, message: `\`keys[1]\`${problem}` }],
      });
      assert.deepEqual(warnings, [
        {
          code: "MCP_NATIVE_AUTH_KEYS_LEFT_OUT",
          message: `APIKeyAuthProvider: 1 of 3 loaded keys are left out and rejected: \`keys[1]\`${problem}`,
        },
      ]);
      assert.ok(!inspect([reloaded, warnings], { depth: 9 }).includes(KEY.slice(0, 12)));
    });
  }

  it("is no error of the first load either, and of setKeys and addKeys it is", async () => {
    const { provider } = await loading([OTHER, ""]);
    assert.equal(await verdictOn(provider, OTHER), true);
    assert.throws(() => provider.setKeys([OTHER, ""]), { code: "ERR_MCP_AUTH_KEYS_INVALID" });
    assert.throws(() => provider.addKeys([THIRD, ""]), { code: "ERR_MCP_AUTH_KEYS_INVALID" });
    assert.equal(provider.getKeyCount(), 1);
  });

  it("is weak, under strict: the others take effect", async () => {
    const { provider } = await loading([OTHER, "short", { key: "changeme", id: "a" }], { strict: true });
    assert.deepEqual(await verdicts(provider, [OTHER, "short", "changeme"]), [
      true,
      "KEY_UNKNOWN",
      "KEY_UNKNOWN",
    ]);
    assert.deepEqual(
      reloaded[0].firstLeftOut.map(({ message }) => message),
      [
        "`keys[1]` is weak: shorter than 16 characters",
        "`keys[2]` is weak: well-known words or a placeholder",
      ],
    );
  });

  it("that no header can carry is left out where no query can, by its index among many", async () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ key: `${KEY}${n}`, id: `k${n}` }));
    rows[999].key = `${OTHER}\u4e2d`;
    await loading(rows, { queryFallback: false });
    assert.deepEqual([reloaded[0].keys, reloaded[0].leftOut], [999, 1]);
    const { message } = reloaded[0].firstLeftOut[0];
    assert.match(message, /^`keys\[999\]` holds a character that no header can carry; /);
  });

  it("that cannot be read by its index is left out", async () => {
    const rows = [OTHER, null, THIRD];
    Object.defineProperty(rows, 1, {
      get() {
        throw new Error(KEY);
      },
    });
    const { provider } = await loading(rows);
    assert.deepEqual(await verdicts(provider, [OTHER, THIRD]), [true, true]);
    assert.equal(reloaded[0].firstLeftOut[0].message, "`keys[1]` cannot be read");
  });

  it("is warned of when its kind begins, by the first row of each kind; the first ten are in the event", async () => {
    const { provider, source } = await loading(["", 7, "", "", OTHER]);
    await provider.reload();
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0].message,
      /: 4 of 5 .*: `keys\[0\]` is empty; .* \(and 2 more\); `keys\[1\]` must be /,
    );
    source.rows = [OTHER, "", hashOf(KEY)];
    await provider.reload();
    assert.equal(warnings.length, 2);
    assert.match(warnings[1].message, /: 2 of 3 .*: `keys\[2\]` is the hash of a key/);
    assert.ok(!warnings[1].message.includes("is empty"));
    source.rows = [OTHER];
    await provider.reload();
    source.rows = Array(1000).fill("");
    await provider.reload();
    assert.equal(warnings.length, 3);
    const { leftOut, firstLeftOut } = reloaded.at(-1);
    assert.deepEqual([leftOut, firstLeftOut.length, firstLeftOut[9].index], [1000, 10, 9]);
    assert.ok(
      Object.isFrozen(reloaded.at(-1)) && Object.isFrozen(firstLeftOut) && Object.isFrozen(firstLeftOut[0]),
    );
  });

  it("does not keep the last keys where all rows are bad, nor where there is none", async () => {
    for (const rows of [[""], [], [{ id: "renamed", key_hash: hashOf(KEY) }]]) {
      const { provider, source } = await loading([KEY]);
      source.rows = rows;
      await provider.reload();
      assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
      assert.equal(provider.getKeyCount(), 0);
    }
  });
});

describe("rows for one id or one key", () => {
  const a = { key: KEY, id: "a" };
  const SAME_ID = "has the same `id` as another row, with other contents";
  const SAME_KEY = "is the same key as another row";
  const contradictions = {
    "one id with two keys": [[a, { key: OTHER, id: "a" }], SAME_ID],
    "one id with two hashes": [
      [
        { hash: hashOf(KEY), id: "a" },
        { hash: hashOf(OTHER), id: "a" },
      ],
      SAME_ID,
    ],
    "one key with two ids": [[a, { key: KEY, id: "b" }], SAME_KEY],
    "one hash with two ids": [
      [
        { hash: hashOf(KEY), id: "a" },
        { hash: hashOf(KEY), id: "b" },
      ],
      SAME_KEY,
    ],
    "a key and its hash": [[a, { hash: hashOf(KEY), id: "b" }], SAME_KEY],
    "a plain key and an entry": [[KEY, a], SAME_KEY],
    "a plain key and its hash": [[KEY, { hash: hashOf(KEY), id: "b" }], SAME_KEY],
    "an expired row and one without an end": [
      [
        { ...a, expiresAt: PAST },
        { key: KEY, id: "b" },
      ],
      SAME_KEY,
    ],
    "one row twice with other scopes": [[a, { ...a, scopes: ["admin"] }], SAME_KEY],
    "one row twice with another expiry": [
      [
        { ...a, expiresAt: PAST },
        { ...a, expiresAt: FUTURE },
      ],
      SAME_KEY,
    ],
  };
  for (const [name, [rows, problem]] of Object.entries(contradictions)) {
    for (const order of [rows, rows.toReversed?.() ?? [...rows].reverse()]) {
      for (const before of [[], [order[0]], [order[1]], [THIRD, order[1]]]) {
        it(`${name}: neither is kept, whatever was in use (${inspect(before.length)})`, async () => {
          const { provider, source } = await loading([...before, FOURTH]);
          source.rows = [THIRD, ...order, FOURTH];
          await provider.reload();
          const expected = ["KEY_UNKNOWN", "KEY_UNKNOWN", true, true];
          assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD, FOURTH]), expected);
          assert.equal(provider.getKeyCount(), 2);
          const { leftOut, firstLeftOut } = reloaded.at(-1);
          assert.equal(leftOut, 2);
          assert.deepEqual(firstLeftOut.map(({ index }) => index).sort(), [1, 2]);
          const problems = new Set(firstLeftOut.map(({ message }) => message.replace(/^`keys\[\d\]` /, "")));
          // Of one row twice, either is true.
          assert.ok(
            [...problems].every((found) => found === problem || (found === SAME_ID && rows[1].id === "a")),
          );
        });
      }
    }
  }

  it("that say the same are one key", async () => {
    const { provider } = await loading([
      a,
      { ...a },
      OTHER,
      OTHER,
      { hash: hashOf(THIRD), id: "c" },
      { id: "c", hash: hashOf(THIRD) },
    ]);
    const check = async () => {
      assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [dataOf("a"), true, dataOf("c")]);
      assert.deepEqual([provider.getKeyCount(), reloaded.at(-1).leftOut], [3, 0]);
    };
    await check();
    await provider.reload();
    await check();
  });

  it("a chain of them: all are left out, in any order", async () => {
    const chain = [
      { key: KEY, id: "a" },
      { key: OTHER, id: "a" },
      { key: OTHER, id: "b" },
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [0, 2, 1],
    ]) {
      for (const before of [[], [chain[0]], [chain[2]]]) {
        const { provider, source } = await loading(before);
        source.rows = order.map((index) => chain[index]);
        await provider.reload();
        assert.equal(provider.getKeyCount(), 0);
        assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", "KEY_UNKNOWN"]);
      }
    }
  });

  it("a key that is revoked by hand meanwhile does not come back under another id", async () => {
    const { provider, finish } = await loadUnderWay([a], [a, { key: KEY, id: "b" }]);
    provider.revokeKey("a");
    await finish();
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
  });

  it("so, too, where the key stands in another form there", async () => {
    for (const [revoked, other] of [
      [a, { hash: hashOf(KEY), id: "b" }],
      [
        { hash: hashOf(KEY), id: "a" },
        { key: KEY, id: "b" },
      ],
    ]) {
      const { provider, finish } = await loadUnderWay([], [revoked, other, OTHER]);
      provider.revokeKey("a");
      await finish();
      assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", true]);
    }
  });

  it("a thousand of them, in mixed forms, are left out and the rest is kept", async () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ hash: hashOf(KEY), id: `n${n}` }));
    const { provider } = await loading([a, ...rows, OTHER]);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", true]);
    assert.equal(reloaded[0].leftOut, 1001);
  });
});

describe("keys that were loaded before", () => {
  const entry = {
    hash: hashOf(KEY),
    id: "a",
    scopes: ["read", "write"],
    notBefore: PAST,
    expiresAt: FUTURE,
    metadata: { team: { name: "x", members: [1, "two", null, { deep: true }] }, plan: "free" },
  };
  const data = {
    data: {
      keyId: "a",
      scopes: entry.scopes,
      metadata: entry.metadata,
      expiresAt: "2999-01-01T00:00:00.000Z",
    },
  };
  const copy = () => structuredClone(entry);
  const without = (name) => Object.fromEntries(Object.entries(entry).filter(([own]) => own !== name));
  const hidden = (name, value) => Object.defineProperty(without(name), name, { value, enumerable: false });
  const withMetadata = (change) => {
    const changed = copy();
    change(changed.metadata);
    return changed;
  };
  class Row {
    constructor(members) {
      Object.assign(this, members);
    }
  }

  const same = {
    "as they were": copy(),
    "of a class": new Row(copy()),
    "without a prototype": Object.assign(Object.create(null), copy()),
    "of another realm": runInNewContext(`(${JSON.stringify(entry)})`),
    "with their members in another order": Object.fromEntries(Object.entries(copy()).reverse()),
    "with a Date for a text": { ...copy(), expiresAt: new Date(FUTURE), notBefore: new Date(PAST) },
    "with another text for the same time": { ...copy(), expiresAt: "2999-01-01T01:00:00+01:00" },
    "with null for what is not given": { ...copy(), key: null },
  };
  for (const [name, row] of Object.entries(same)) {
    it(`${name} stay as they are`, async () => {
      const { provider, source } = await loading([copy(), OTHER]);
      for (const rows of [
        [row, OTHER],
        [OTHER, row],
        [row, OTHER],
      ]) {
        source.rows = rows;
        await provider.reload();
        assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [data, true]);
        assert.deepEqual([provider.getKeyCount(), reloaded.at(-1).leftOut], [2, 0]);
      }
    });
  }

  const says = (more) => ({ data: { ...data.data, ...more } });
  const noEnd = { data: { keyId: "a", scopes: data.data.scopes, metadata: data.data.metadata } };
  const changed = {
    "another hash": [{ ...entry, hash: hashOf(OTHER) }, "KEY_UNKNOWN", data],
    "the key for its hash": [{ ...without("hash"), key: KEY }, data],
    "another key for its hash": [{ ...without("hash"), key: OTHER }, "KEY_UNKNOWN", data],
    "a key and a hash": [{ ...entry, key: KEY }, "KEY_UNKNOWN"],
    "another id": [{ ...entry, id: "b" }, says({ keyId: "b" })],
    "no id": [without("id"), "KEY_UNKNOWN"],
    "fewer scopes": [{ ...entry, scopes: ["read"] }, says({ scopes: ["read"] })],
    "more scopes": [{ ...entry, scopes: ["read", "write", "x"] }, says({ scopes: ["read", "write", "x"] })],
    "other scopes": [{ ...entry, scopes: ["read", "admin"] }, says({ scopes: ["read", "admin"] })],
    "no scopes": [without("scopes"), says({ scopes: [] })],
    "scopes in one text": [{ ...entry, scopes: "read write" }, "KEY_UNKNOWN"],
    "an end that has come": [{ ...entry, expiresAt: "2021-01-01T00:00:00Z" }, "KEY_EXPIRED"],
    "an end that has come, as a Date": [
      { ...entry, expiresAt: new Date(PAST).valueOf() && new Date(1.6e12) },
      "KEY_EXPIRED",
    ],
    "no end": [without("expiresAt"), noEnd],
    "an end that is null": [{ ...entry, expiresAt: null }, noEnd],
    "an end without a zone": [{ ...entry, expiresAt: "2999-01-01T00:00:00" }, "KEY_UNKNOWN"],
    "an end as a number": [{ ...entry, expiresAt: Date.parse(FUTURE) }, "KEY_UNKNOWN"],
    "an end that is hidden": [hidden("expiresAt", FUTURE), "KEY_UNKNOWN"],
    "metadata that are hidden": [hidden("metadata", entry.metadata), "KEY_UNKNOWN"],
    "metadata that are inherited": [
      Object.assign(Object.create({ metadata: entry.metadata }), without("metadata")),
      "KEY_UNKNOWN",
    ],
    "scopes that are null": [{ ...entry, scopes: null }, says({ scopes: [] })],
    "metadata that are null": [{ ...entry, metadata: null }, says({ metadata: {} })],
    "an end that is inherited": [
      Object.assign(Object.create({ expiresAt: FUTURE }), without("expiresAt")),
      "KEY_UNKNOWN",
    ],
    "a misspelled end": [{ ...without("expiresAt"), expireAt: FUTURE }, "KEY_UNKNOWN"],
    "an unknown member": [{ ...entry, note: "x" }, "KEY_UNKNOWN"],
    "a later beginning": [{ ...entry, notBefore: "2998-01-01T00:00:00Z" }, "KEY_NOT_YET_VALID"],
    "no metadata": [without("metadata"), says({ metadata: {} })],
    "metadata with more": [
      withMetadata((metadata) => Object.assign(metadata, { more: 1 })),
      says({ metadata: { ...entry.metadata, more: 1 } }),
    ],
    "metadata with less": [
      withMetadata((metadata) => Reflect.deleteProperty(metadata, "plan")),
      says({ metadata: { team: entry.metadata.team } }),
    ],
    "metadata with another name": [
      { ...entry, metadata: { team: entry.metadata.team, plans: "free" } },
      says({ metadata: { team: entry.metadata.team, plans: "free" } }),
    ],
    "metadata that differs deep inside": [
      withMetadata(({ team }) => Object.assign(team.members[3], { deep: false })),
      says({
        metadata: { ...entry.metadata, team: { name: "x", members: [1, "two", null, { deep: false }] } },
      }),
    ],
    "metadata with a list for an object": [
      withMetadata((metadata) => Object.assign(metadata, { team: ["x"] })),
      says({ metadata: { team: ["x"], plan: "free" } }),
    ],
    "metadata with toJSON": [
      { ...entry, metadata: { ...entry.metadata, toJSON: () => ({ plan: "paid" }) } },
      says({ metadata: { plan: "paid" } }),
    ],
    "metadata with a hidden toJSON": [
      withMetadata((metadata) =>
        Object.defineProperty(metadata, "toJSON", { value: () => ({ plan: "paid" }), enumerable: false }),
      ),
      says({ metadata: { plan: "paid" } }),
    ],
    nothing: [null, "KEY_UNKNOWN"],
  };
  for (const [name, [row, verdict, ofOther = "KEY_UNKNOWN"]] of Object.entries(changed)) {
    it(`with ${name}: are read anew`, async () => {
      const { provider, source } = await loading([THIRD, copy()]);
      source.rows = [THIRD, row];
      for (let load = 0; load < 2; load += 1) {
        await provider.reload();
        assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [verdict, ofOther, true]);
      }
      provider.setKeys([THIRD, copy()]);
      assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [data, "KEY_UNKNOWN", true]);
    });
  }

  it("take nothing from Object.prototype", async (t) => {
    t.after(() => {
      for (const name of ["scopes", "plan"]) Reflect.deleteProperty(Object.prototype, name);
    });
    const { provider, source } = await loading([
      { hash: hashOf(KEY), id: "a", scopes: ["admin"] },
      { hash: hashOf(OTHER), id: "b", metadata: { plan: "paid" } },
    ]);
    Object.assign(Object.prototype, { scopes: ["admin"] });
    source.rows = [{ hash: hashOf(KEY), id: "a" }];
    await provider.reload();
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
    Reflect.deleteProperty(Object.prototype, "scopes");
    source.rows = [{ hash: hashOf(OTHER), id: "b", metadata: { plan: "paid" } }];
    await provider.reload();
    Object.assign(Object.prototype, { plan: "paid" });
    source.rows = [{ hash: hashOf(OTHER), id: "b", metadata: {} }];
    await provider.reload();
    const { data: found } = await verdictOn(provider, OTHER);
    assert.equal(Object.hasOwn(found.metadata, "plan"), false);
  });

  it("are revoked where another one stands twice in their place", async () => {
    const [a, b] = [
      { key: KEY, id: "a" },
      { key: OTHER, id: "b" },
    ];
    const { provider, source } = await loading([a, b]);
    source.rows = [a, { ...a }];
    await provider.reload();
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [dataOf("a"), "KEY_UNKNOWN"]);
  });

  it("that exchange their keys are read anew", async () => {
    const entries = (one, other) => [
      { key: one, id: "a" },
      { key: other, id: "b" },
    ];
    const { provider, source } = await loading(entries(KEY, OTHER));
    source.rows = entries(OTHER, KEY);
    await provider.reload();
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [dataOf("b"), dataOf("a")]);
  });

  it("are not lost where keys change while setKeys reads them: it throws", async () => {
    const a = { key: KEY, id: "a" };
    const provider = new APIKeyAuthProvider({ keys: [a] });
    const rows = [a, null];
    Object.defineProperty(rows, 1, {
      get() {
        provider.setKeys([OTHER]);
        return THIRD;
      },
    });
    // An array is read before its entries are.
    provider.setKeys(rows);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [dataOf("a"), "KEY_UNKNOWN", true]);
    const late = {
      id: "b",
      get key() {
        provider.setKeys([OTHER]);
        return THIRD;
      },
    };
    assert.throws(() => provider.setKeys([a, late]), {
      code: "ERR_MCP_AUTH_KEYS_INVALID",
      message: "`keys` changes keys while it is read; pass a plain array",
    });
    assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), ["KEY_UNKNOWN", true, "KEY_UNKNOWN"]);
  });

  it("are found by setKeys, too, whose mistakes are named by their rows", async () => {
    const [a, b] = [
      { key: KEY, id: "a" },
      { key: OTHER, id: "b" },
    ];
    const { provider } = await loading([a, b]);
    const invalid = (message) => ({ code: "ERR_MCP_AUTH_KEYS_INVALID", message });
    const sameId = invalid("`keys[2]` has the same `id` as `keys[0]`; give each key its own");
    assert.throws(() => provider.setKeys([a, b, a]), sameId);
    assert.throws(() => provider.setKeys([a, b, { key: THIRD, id: "a" }]), sameId);
    assert.throws(() => provider.setKeys([{ key: THIRD, id: "a" }, b, a]), sameId);
    const sameKey = invalid("`keys[2]` is the same key as `keys[1]`; remove one of them");
    assert.throws(() => provider.setKeys([THIRD, { key: KEY, id: "c" }, a]), sameKey);
    assert.throws(() => provider.setKeys([b, a, { key: KEY, id: "c" }]), sameKey);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [
      dataOf("a"),
      dataOf("b"),
      "KEY_UNKNOWN",
    ]);
    provider.setKeys([b, { key: THIRD, id: "c" }, a]);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [dataOf("a"), dataOf("b"), dataOf("c")]);
    provider.setKeys([b]);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [
      "KEY_UNKNOWN",
      dataOf("b"),
      "KEY_UNKNOWN",
    ]);
  });

  it("that ended by replaceKey end by their row again", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: 0 });
    const { provider } = await loading([{ ...entry, notBefore: null }]);
    provider.replaceKey("a", { key: OTHER, id: "b" }, { overlapSeconds: 1 });
    t.mock.timers.setTime(SECOND);
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    await provider.reload();
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [data, "KEY_UNKNOWN"]);
  });
});

describe("maxStaleSeconds", () => {
  const STALE = {
    code: "MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED",
    message:
      "APIKeyAuthProvider: no load has succeeded for 90 s (`maxStaleSeconds`). " +
      "Loaded keys are rejected until a load succeeds",
  };
  /** Two loads are a millisecond apart, by a clock that is not mocked. */
  async function tickUntil(t, isTrue) {
    for (let turn = 0; turn < 1000 && !isTrue(); turn += 1) {
      t.mock.timers.tick(1);
      await turnOfTheLoop();
    }
    assert.ok(isTrue());
  }

  for (const [name, rows] of Object.entries({ "plain keys": [KEY], entries: [{ key: KEY, id: "a" }] })) {
    it(`ends ${name} that no load has confirmed, not those that were added by hand, and says so`, async (t) => {
      const good = rows[0] === KEY ? true : dataOf("a");
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const { provider, source } = await loading(rows, { maxStaleSeconds: 90, reloadIntervalSeconds: 30 });
      source.rows = new Error("down");
      t.mock.timers.tick(30 * SECOND);
      await tickUntil(t, () => failed.length === 1);
      provider.addKeys([OTHER]);
      t.mock.timers.tick(29 * SECOND);
      await turnOfTheLoop();
      t.mock.timers.tick(29 * SECOND);
      await tickUntil(t, () => failed.length === 2);
      assert.deepEqual(await verdicts(provider, [KEY, OTHER, THIRD]), [good, true, "KEY_UNKNOWN"]);
      assert.equal(failed.at(-1).usingStaleKeys, true);
      t.mock.timers.tick(2 * SECOND);
      const verdict = await verdicts(provider, [KEY, OTHER, THIRD]);
      assert.deepEqual(verdict, ["KEYS_NOT_LOADED", true, "KEY_UNKNOWN"]);
      assert.deepEqual(failed.at(-1), {
        provider: "APIKeyAuthProvider",
        failures: 2,
        message: "no load has succeeded for 90 s",
        usingStaleKeys: false,
      });
      assert.deepEqual(warnings.at(-1), STALE);
      await tickUntil(t, () => failed.length > 3 || t.mock.timers.tick(10 * SECOND));
      assert.equal(failed.at(-1).usingStaleKeys, false);
      source.rows = rows;
      const ready = provider.ready();
      await tickUntil(t, () => reloaded.length === 2);
      await ready;
      assert.deepEqual(await verdicts(provider, [KEY, OTHER]), [good, "KEY_UNKNOWN"]);
      t.mock.timers.tick(25 * SECOND);
      assert.deepEqual(await verdictOn(provider, KEY), good);
    });
  }

  it("is counted from the start of the last good load, and again after each", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { provider } = await loading([KEY], { maxStaleSeconds: 90 });
    for (let time = 0; time < 3; time += 1) {
      t.mock.timers.tick(80 * SECOND);
      assert.equal(await verdictOn(provider, KEY), true);
      const reload = provider.reload();
      await tickUntil(t, () => reloaded.length === time + 2);
      await reload;
    }
    t.mock.timers.tick(91 * SECOND);
    assert.equal(await verdictOn(provider, KEY), "KEYS_NOT_LOADED");
    assert.deepEqual(warnings, [STALE]);
  });

  it("rejects with KEYS_NOT_LOADED where the last load gave none, and holds after close()", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { provider } = await loading([], { maxStaleSeconds: 90 });
    const { provider: closed } = await loading([KEY], { maxStaleSeconds: 90 });
    closed.close();
    assert.equal(await verdictOn(closed, KEY), true);
    t.mock.timers.tick(90 * SECOND);
    assert.deepEqual(await verdicts(provider, [KEY]), ["KEYS_NOT_LOADED"]);
    assert.deepEqual(await verdicts(closed, [KEY]), ["KEYS_NOT_LOADED"]);
  });

  it("counts as loaded what a load has confirmed, and as added by hand what setKeys was given since", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const rows = [
      { key: KEY, id: "a" },
      { key: OTHER, id: "b" },
    ];
    const { provider, source } = await loading([rows[0]], { maxStaleSeconds: 90 });
    const confirm = async (given) => {
      provider.addKeys([rows[1]]);
      source.rows = given;
      const before = reloaded.length;
      const reload = provider.reload();
      await tickUntil(t, () => reloaded.length > before);
      await reload;
      t.mock.timers.tick(91 * SECOND);
      assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEYS_NOT_LOADED", "KEYS_NOT_LOADED"]);
    };
    await confirm(rows);
    provider.revokeKey("b");
    await confirm([...rows, THIRD]);
    provider.setKeys([rows[1]]);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", dataOf("b")]);
  });

  it("counts as added by hand what was exchanged for a key while its row was read", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { provider, source } = await loading([{ key: KEY, id: "a" }], { maxStaleSeconds: 90 });
    source.rows = Object.defineProperty([{ key: KEY, id: "a" }, null], 1, {
      get() {
        provider.replaceKey("a", { key: OTHER, id: "c" });
        return null;
      },
    });
    const reload = provider.reload();
    await tickUntil(t, () => reloaded.length === 2);
    await reload;
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", dataOf("c")]);
    t.mock.timers.tick(91 * SECOND);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", dataOf("c")]);
  });

  it("is none by default", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { provider } = await loading([KEY]);
    t.mock.timers.tick(2_147_483_000);
    assert.equal(await verdictOn(provider, KEY), true);
  });
});

describe("events", () => {
  it("each good load is one, with how many failed before it", async () => {
    const { provider, source } = await loading([KEY, OTHER]);
    const good = { provider: "APIKeyAuthProvider", failures: 0, leftOut: 0, firstLeftOut: [] };
    assert.deepEqual(reloaded, [{ ...good, keys: 2 }]);
    source.rows = new Error("down");
    await assert.rejects(provider.reload());
    await assert.rejects(provider.reload());
    assert.equal(warnings.length, 1, "failures in a row are one warning");
    source.rows = [KEY];
    await provider.reload();
    await provider.reload();
    assert.deepEqual(reloaded.slice(1), [
      { ...good, keys: 1, failures: 2 },
      { ...good, keys: 1 },
    ]);
    assert.ok(Object.isFrozen(reloaded[0]));
  });

  const system = (more) =>
    Object.assign(new Error(`${KEY} at /${KEY}`), { code: "ENOENT", errno: -2, syscall: "open", ...more });
  class ConnectionTimeoutError extends Error {}
  const failures = {
    "a system error of a file": [
      system({ path: "/srv/mcp/api-keys.json" }),
      "ENOENT: open /srv/mcp/api-keys.json",
    ],
    "a relative path": [system({ path: "keys.d/api keys.yaml" }), "ENOENT: open keys.d/api keys.yaml"],
    "a path of Windows": [system({ path: "C:\\mcp\\keys.csv" }), "ENOENT: open C:\\mcp\\keys.csv"],
    "a key for a path": [system({ path: KEY }), "ENOENT: open"],
    "a key in a path": [system({ path: `${KEY}/9f86d081884c7d659a2feaa0c55ad015` }), "ENOENT: open"],
    "JSON for a path": [system({ path: `[{"key":"${KEY}"}]` }), "ENOENT: open"],
    "a token for a path": [system({ path: "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl" }), "ENOENT: open"],
    "a URL for a path": [system({ path: `https://user:${KEY}@db.example/keys.json` }), "ENOENT: open"],
    "a path that is no text": [system({ path: Buffer.from(KEY) }), "ENOENT: open"],
    "a path of what is no system error": [{ code: "ENOENT", path: "/srv/keys.json" }, "ENOENT"],
    "a system error of a socket": [
      system({ code: "ECONNREFUSED", syscall: "connect" }),
      "ECONNREFUSED: connect",
    ],
    "a call that is none": [system({ syscall: KEY }), "ENOENT"],
    "a class by its name": [new ConnectionTimeoutError(KEY), "ConnectionTimeoutError"],
    "a class that has a code": [new URIError(KEY), "URIError"],
    "a class and a code": [
      Object.assign(new TypeError(KEY), { code: "ERR_INVALID_URL" }),
      "TypeError ERR_INVALID_URL",
    ],
    "an error of the DOM": [new DOMException(KEY, "AbortError"), "AbortError"],
    "a name that is none": [Object.assign(new Error(KEY), { name: KEY }), undefined],
    "a plain error": [new Error(KEY), undefined],
  };
  for (const [name, [error, shown]] of Object.entries(failures)) {
    it(`a load that fails with ${name} shows no more than that`, async () => {
      const provider = new APIKeyAuthProvider({ loadKeys: () => Promise.reject(error) });
      await assert.rejects(provider.ready());
      const message = shown === undefined ? "the loader failed" : `the loader failed with ${shown}`;
      assert.equal(failed[0].message, message);
      assert.ok(!inspect([failed, warnings], { depth: 9 }).includes(KEY.slice(0, 12)));
    });
  }

  it("a file that is not there is named, and JSON that is none is a SyntaxError", async () => {
    const loadKeys = async () => JSON.parse(await readFile("no-such-folder/api-keys.json", "utf8"));
    await assert.rejects(new APIKeyAuthProvider({ loadKeys }).ready(), (error) => {
      assert.match(
        error.message,
        /: the loader failed with ENOENT: open no-such-folder\/api-keys\.json\. All /,
      );
      return true;
    });
    await assert.rejects(
      new APIKeyAuthProvider({ loadKeys: () => JSON.parse("{") }).ready(),
      /with SyntaxError\. /,
    );
  });
});

describe("a load", () => {
  it("lets other work go on while many rows are read, and changes the keys in one step", async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ hash: hashOf(`${KEY}${n}`), id: `k${n}` }));
    const { provider, source } = await loading([KEY]);
    source.rows = [...rows, { key: OTHER, id: "last" }];
    let isDone = false;
    const reload = provider.reload().then(() => {
      isDone = true;
    });
    const seen = new Set();
    let turns = 0;
    while (!isDone) {
      seen.add(
        inspect(await verdicts(provider, [KEY, `${KEY}0`, OTHER]), { breakLength: Infinity, depth: 9 }),
      );
      turns += 1;
      await turnOfTheLoop();
    }
    await reload;
    assert.ok(turns > 3, `${turns} turns`);
    assert.ok(seen.size <= 2);
    assert.deepEqual([...seen][0], inspect([true, "KEY_UNKNOWN", "KEY_UNKNOWN"]));
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", dataOf("last")]);
  });

  it("that takes too long to be read ends, and requests do not wait for it", async () => {
    let reads = 0;
    const rows = new Proxy(Array(1e6).fill(KEY), {
      get(target, name) {
        reads += 1;
        return target[name];
      },
    });
    const provider = new APIKeyAuthProvider({ loadKeys: () => rows, loadTimeoutSeconds: 0.02 });
    assert.equal(await verdictOn(provider, KEY), "KEYS_NOT_LOADED");
    assert.equal(failed[0].message, "the loader took longer than 0.02 s");
    const before = reads;
    for (let turn = 0; turn < 20; turn += 1) await turnOfTheLoop();
    assert.equal(reads, before);
    assert.ok(reads < 1e6);
  });

  it("that answers too late confirms no key for the next one", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const entry = { key: KEY, id: "a" };
    const ends = [];
    const loadKeys = () => new Promise((resolve) => ends.push(resolve));
    const provider = new APIKeyAuthProvider({ loadKeys, loadTimeoutSeconds: 60 });
    await turnOfTheLoop();
    ends[0]([entry, OTHER]);
    await provider.ready();
    const begin = async (count) => {
      for (let turn = 0; turn < 1000 && ends.length < count; turn += 1) {
        t.mock.timers.tick(1);
        await turnOfTheLoop();
      }
    };
    const late = provider.reload().catch(() => {});
    await begin(2);
    t.mock.timers.tick(60 * SECOND);
    await late;
    assert.equal(failed.length, 1);
    const next = provider.reload();
    await begin(3);
    ends[1]([entry, OTHER]);
    await turnOfTheLoop();
    ends[2]([OTHER]);
    await next;
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", true]);
  });

  it("is ended by close(), which leaves the keys", async () => {
    const { provider } = await loading([KEY]);
    provider.close();
    await assert.rejects(
      provider.reload(),
      /: failed to load keys: the loader is closed\. The last good keys stay in use$/,
    );
    assert.equal(await verdictOn(provider, KEY), true);
    const first = new APIKeyAuthProvider({ loadKeys: () => new Promise(() => {}) });
    const verdict = verdictOn(first, KEY);
    await turnOfTheLoop();
    first.close();
    assert.equal(await verdict, "KEYS_NOT_LOADED");
    assert.deepEqual([failed, warnings], [[], []]);
  });

  it("does not keep the text that its rows are parts of", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        "--expose-gc",
        "--input-type=module",
        "--eval",
        `
        import { createHash } from "node:crypto";
        import { APIKeyAuthProvider } from "mcp-native-auth";
        const lines = [];
        const provider = new APIKeyAuthProvider({
          loadKeys() {
            const load = String(lines.length).padStart(20, "0");
            const hash = createHash("sha256").update(load).digest("hex");
            lines.push(["id-" + load, "sha256:" + hash, "2999-01-01T00:00:00Z", "scope:" + load].join());
            const text = Buffer.alloc(1e6, "#").toString() + "\\n" + lines.join("\\n");
            return text.split("\\n").slice(1).map((line) => {
              const [id, hash, expiresAt, scope] = line.split(",");
              return { id, hash, expiresAt, scopes: [scope] };
            });
          },
        });
        await provider.ready();
        const used = () => { globalThis.gc(); return process.memoryUsage().heapUsed; };
        const before = used();
        for (let load = 0; load < 50; load += 1) await provider.reload();
        if (provider.getKeyCount() !== 51) throw new Error("fewer");
        console.log(used() - before);
        `,
      ],
      { cwd: checkout, encoding: "utf8", env: { ...process.env, NODE_TEST_CONTEXT: "" }, timeout: 60_000 },
    );
    assert.equal(status, 0, stderr);
    // Each load has a megabyte of text.
    assert.ok(Number(stdout) < 5e6, `grew by ${stdout} bytes`);
  });
});

describe("a revoked key", () => {
  const entry = { key: KEY, id: "a" };
  class Extended extends APIKeyAuthProvider {
    async authenticate(request) {
      return super.authenticate(request);
    }
  }
  const providers = {
    "a provider": (options) => {
      const provider = new APIKeyAuthProvider(options);
      return [provider, provider];
    },
    "one that is extended": (options) => {
      const provider = new Extended(options);
      return [provider, provider];
    },
    "one with lockout": (options) => {
      const provider = new APIKeyAuthProvider({ ...options, throttle: { lockout: true } });
      return [provider, provider];
    },
    anyOf: (options) => {
      const provider = new APIKeyAuthProvider(options);
      return [provider, anyOf([provider])];
    },
  };
  const ends = {
    revokeKey: (provider) => provider.revokeKey("a"),
    replaceKey: (provider) => provider.replaceKey("a", OTHER),
    setKeys: (provider) => provider.setKeys([OTHER]),
    "a load": (provider, source) => {
      source.rows = [OTHER];
      return provider.reload();
    },
  };
  for (const [name, make] of Object.entries(providers)) {
    for (const [how, end] of Object.entries(ends)) {
      it(`by ${how}, of ${name}: the next request is rejected, however often the key was used`, async () => {
        const source = { rows: [entry, THIRD] };
        const [provider, asked] = make({ loadKeys: () => source.rows });
        await provider.ready();
        for (let request = 0; request < 5; request += 1) {
          assert.deepEqual(await verdictOn(asked, KEY), dataOf("a"));
        }
        const ended = end(provider, source);
        if (how === "a load") await ended;
        assert.notDeepEqual(await verdictOn(asked, KEY), dataOf("a"));
      });
    }
  }
});
