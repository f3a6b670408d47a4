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

  it("a thousand of them, in mixed forms, are left out and the rest is kept", async () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ hash: hashOf(KEY), id: `n${n}` }));
    const { provider } = await loading([a, ...rows, OTHER]);
    assert.deepEqual(await verdicts(provider, [KEY, OTHER]), ["KEY_UNKNOWN", true]);
    assert.equal(reloaded[0].leftOut, 1001);
  });
});
