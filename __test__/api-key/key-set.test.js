/** Keys that are loaded: at once, at intervals and on demand; what fails leaves the last good set. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import diagnostics from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout, setImmediate as turnOfTheLoop } from "node:timers/promises";
import { inspect } from "node:util";
import { APIKeyAuthProvider, anyOf, generateApiKey } from "mcp-native-auth";
import { verdictOn, withKey } from "../support/keyed-requests.js";
import { checkout } from "../support/project.js";

const [KEY, OTHER, THIRD] = Array.from({ length: 3 }, () => generateApiKey().key);
const dataOf = (id, more) => ({ data: { keyId: id, scopes: [], metadata: {}, ...more } });
const LAST_STAY = "The last good keys stay in use";
const ALL_REJECTED = "All requests are rejected until a load succeeds";
const failed = (message, until) => ({
  code: "ERR_MCP_AUTH_KEYS_RELOAD_FAILED",
  message: `APIKeyAuthProvider: failed to load keys: ${message}. ${until}`,
});

/** A loader whose calls end when the test says so. */
function handLoader() {
  const calls = [];
  const loadKeys = (context) =>
    new Promise((resolve, reject) => {
      calls.push({ resolve, reject, signal: context.signal });
    });
  return { loadKeys, calls };
}

/** A loader that gives, or throws, what `source.keys` is at that time. */
function sourceOf(keys) {
  const source = {
    keys,
    loads: 0,
    async loadKeys() {
      source.loads += 1;
      if (source.keys instanceof Error) throw source.keys;
      return source.keys;
    },
  };
  return source;
}

/** Many more turns of the event loop than anything here takes. */
async function turnsUntil(isTrue) {
  for (let turn = 0; turn < 1000 && !isTrue(); turn += 1) await turnOfTheLoop();
  assert.ok(isTrue(), `still not: ${isTrue}`);
}

/** Where timers are mocked: two loads are a millisecond apart, by a clock that is not. */
async function startOfLoad(t, hasStarted) {
  for (let turn = 0; turn < 1000 && !hasStarted(); turn += 1) {
    t.mock.timers.tick(1);
    await turnOfTheLoop();
  }
  assert.ok(hasStarted());
}

let warnings;
let failures;
/** Good loads. */
let events;
const take = (message) => failures.push(message);
const takeGood = (message) => events.push({ ...message });

beforeEach((t) => {
  failures = [];
  warnings = [];
  events = [];
  diagnostics.subscribe("mcp-native-auth:reload-failed", take);
  diagnostics.subscribe("mcp-native-auth:reloaded", takeGood);
  t.mock.method(process, "emitWarning", (message, { code }) => warnings.push({ code, message }));
});
afterEach((t) => {
  diagnostics.unsubscribe("mcp-native-auth:reload-failed", take);
  diagnostics.unsubscribe("mcp-native-auth:reloaded", takeGood);
  t.mock.restoreAll();
});

describe("the first load", () => {
  it("is begun at once, with a signal, and requests wait for it", async () => {
    const { loadKeys, calls } = handLoader();
    const provider = new APIKeyAuthProvider({ loadKeys });
    const verdicts = [verdictOn(provider, KEY), verdictOn(provider, OTHER)];
    await turnOfTheLoop();
    assert.equal(calls.length, 1);
    assert.ok(calls[0].signal instanceof AbortSignal);
    assert.equal(calls[0].signal.aborted, false);
    calls[0].resolve([KEY, { key: OTHER, id: "b" }]);
    assert.equal(await verdicts[0], true);
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
    assert.deepEqual(failures, []);
    assert.deepEqual(warnings, []);
  });

  it("is waited for behind a throttle and in anyOf, too", async () => {
    for (const wrap of [
      (options) => new APIKeyAuthProvider({ ...options, throttle: {} }),
      (options) => anyOf([new APIKeyAuthProvider(options)]),
    ]) {
      const { loadKeys, calls } = handLoader();
      const provider = wrap({ loadKeys });
      const verdict = verdictOn(provider, KEY);
      await turnOfTheLoop();
      calls[0].resolve([KEY]);
      assert.equal(await verdict, true);
    }
  });

  it("may be given at once, without a promise", async () => {
    const provider = new APIKeyAuthProvider({ loadKeys: () => [KEY] });
    await provider.ready();
    assert.equal(await verdictOn(provider, KEY), true);
    assert.equal(provider.getKeyCount(), 1);
  });

  it("that fails rejects all requests, is reported, and ready() tries once more", async () => {
    const source = sourceOf(new Error("down"));
    const provider = new APIKeyAuthProvider({ loadKeys: source.loadKeys });
    assert.equal(await verdictOn(provider, KEY), "KEYS_NOT_LOADED");
    assert.deepEqual(warnings, [
      {
        code: "MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED",
        message: failed("the loader failed", ALL_REJECTED).message,
      },
    ]);
    await assert.rejects(provider.ready(), failed("the loader failed", ALL_REJECTED));
    assert.equal(source.loads, 2);
    source.keys = [KEY];
    await Promise.all([provider.ready(), provider.ready()]);
    assert.equal(source.loads, 3);
    assert.equal(await verdictOn(provider, KEY), true);
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
    await provider.ready();
    assert.equal(source.loads, 3);
  });

  it("that fails leaves keys that were added by hand, which can be guessed at", async () => {
    const provider = new APIKeyAuthProvider({ loadKeys: sourceOf(new Error("down")).loadKeys });
    await provider.ready().catch(() => {});
    provider.addKeys([{ key: KEY, id: "a" }]);
    assert.deepEqual(await verdictOn(provider, KEY), dataOf("a"));
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
  });

  it("of none lets nobody in, and is no failure", async () => {
    const provider = new APIKeyAuthProvider({ loadKeys: () => [] });
    await provider.ready();
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.deepEqual(failures, []);
  });
});

describe("reload", () => {
  it("replaces all keys, those that were changed by hand too", async () => {
    const source = sourceOf([{ key: KEY, id: "a" }]);
    const provider = new APIKeyAuthProvider({ loadKeys: source.loadKeys });
    await provider.ready();
    provider.addKeys([THIRD]);
    source.keys = [{ key: OTHER, id: "b" }];
    assert.equal(await provider.reload(), undefined);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.equal(await verdictOn(provider, THIRD), "KEY_UNKNOWN");
    assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
    source.keys = [];
    await provider.reload();
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
  });

  it("copies: an array that its loader changes later has no effect", async () => {
    const keys = [{ key: KEY, id: "a", expiresAt: new Date(Date.now() - 1000) }];
    const provider = new APIKeyAuthProvider({ loadKeys: () => keys });
    await provider.ready();
    keys[0].expiresAt.setTime(Date.now() + 1e6);
    keys.push(OTHER);
    assert.equal(await verdictOn(provider, KEY), "KEY_EXPIRED");
    assert.equal(await verdictOn(provider, OTHER), "KEY_UNKNOWN");
  });

  it("does not answer with what was read before it was asked for, and loads once for all who ask", async () => {
    const { loadKeys, calls } = handLoader();
    const provider = new APIKeyAuthProvider({ loadKeys });
    await turnOfTheLoop();
    let isReloaded = false;
    const reloads = [provider.reload(), provider.reload()].map(async (reload) => {
      await reload;
      isReloaded = true;
    });
    calls[0].resolve([KEY]);
    await provider.ready();
    await turnsUntil(() => calls.length === 2);
    assert.equal(isReloaded, false);
    assert.equal(await verdictOn(provider, KEY), true);
    calls[1].resolve([OTHER]);
    await Promise.all(reloads);
    assert.equal(calls.length, 2);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.equal(await verdictOn(provider, OTHER), true);
  });

  it("loads on its own after one under way that fails", async () => {
    const { loadKeys, calls } = handLoader();
    const provider = new APIKeyAuthProvider({ loadKeys });
    await turnOfTheLoop();
    const reload = provider.reload();
    calls[0].reject(new Error("down"));
    await turnsUntil(() => calls.length === 2);
    calls[1].resolve([KEY]);
    await reload;
    assert.equal(await verdictOn(provider, KEY), true);
  });

  it("called by the loader itself follows, without keeping others waiting", async () => {
    let loads = 0;
    const provider = new APIKeyAuthProvider({
      loadKeys() {
        loads += 1;
        if (loads < 50) provider.reload().catch(() => {});
        return [`${KEY}${loads}`];
      },
    });
    await provider.ready();
    assert.equal(loads, 1);
    while (loads < 50) await setTimeout(1);
    await provider.reload();
    assert.equal(await verdictOn(provider, `${KEY}51`), true);
  });

  it("without a loader says so", async () => {
    const provider = new APIKeyAuthProvider({ keys: [KEY] });
    await assert.rejects(provider.reload(), {
      code: "ERR_MCP_AUTH_KEYS_RELOAD_FAILED",
      message: "there is no `loadKeys` to load keys with; set it to a function",
    });
    await provider.ready();
    provider.close();
  });
});

describe("a load that fails", () => {
  const keyed = (more) => Object.assign(new Error(`cannot parse ${KEY}`, { cause: new Error(KEY) }), more);
  const hostile = {
    get code() {
      throw new Error(KEY);
    },
    get message() {
      throw new Error(KEY);
    },
  };
  const KEYS = "the loader must give an array of strings or entries";
  const ends = {
    "throws at once": [
      () => {
        throw keyed();
      },
      "the loader failed",
    ],
    rejects: [
      async () => {
        throw keyed();
      },
      "the loader failed",
    ],
    "rejects with a code of the system": [
      async () => {
        throw keyed({ code: "ECONNREFUSED" });
      },
      "the loader failed with ECONNREFUSED",
    ],
    "rejects with a code of Node": [
      async () => {
        throw keyed({ code: "ERR_INVALID_URL" });
      },
      "the loader failed with ERR_INVALID_URL",
    ],
    "rejects with a code that is none": [
      async () => {
        throw keyed({ code: KEY });
      },
      "the loader failed",
    ],
    "rejects with a key in capitals for a code": [
      async () => {
        throw keyed({ code: "AKIAIOSFODNN7EXAMPLE" });
      },
      "the loader failed",
    ],
    "rejects with an error that looks like ours": [
      async () => {
        throw keyed({ code: "ERR_MCP_AUTH_KEYS_INVALID" });
      },
      "the loader failed with ERR_MCP_AUTH_KEYS_INVALID",
    ],
    "rejects with nothing": [() => Promise.reject(), "the loader failed"],
    "rejects with a text": [() => Promise.reject(KEY), "the loader failed"],
    "rejects with what throws when it is read": [() => Promise.reject(hostile), "the loader failed"],
    "quotes its input, as JSON.parse does": [
      async () => JSON.parse(`[${KEY}]`),
      "the loader failed with SyntaxError",
    ],
    "gives a thenable that throws": [
      () =>
        new Proxy(
          {},
          {
            get() {
              throw keyed();
            },
          },
        ),
      "the loader failed",
    ],
    "gives nothing": [async () => {}, KEYS],
    "gives a text": [async () => KEY, KEYS],
    "gives an object": [async () => ({ keys: [KEY] }), KEYS],
  };
  for (const [name, [end, message]] of Object.entries(ends)) {
    it(`${name}: the last good keys stay, and it is reported without the loader's own message`, async () => {
      let load = async () => [THIRD, { key: OTHER, id: "b" }];
      const provider = new APIKeyAuthProvider({ loadKeys: () => load() });
      await provider.ready();
      load = end;
      for (const count of [1, 2]) {
        await assert.rejects(provider.reload(), (error) => {
          assert.equal(error.constructor, Error);
          assert.deepEqual({ code: error.code, message: error.message }, failed(message, LAST_STAY));
          assert.ok(!inspect(error, { showHidden: true, depth: Infinity }).includes(KEY.slice(0, 12)));
          return true;
        });
        const event = { provider: "APIKeyAuthProvider", failures: count, message, usingStaleKeys: true };
        assert.deepEqual({ ...failures.at(-1) }, event);
        assert.ok(Object.isFrozen(failures.at(-1)));
      }
      assert.deepEqual(warnings, [
        { code: "MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED", message: failed(message, LAST_STAY).message },
      ]);
      assert.equal(await verdictOn(provider, THIRD), true);
      assert.deepEqual(await verdictOn(provider, OTHER), dataOf("b"));
      assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    });
  }

  it("is warned of again after a good one, and counted anew", async () => {
    const source = sourceOf([KEY]);
    const provider = new APIKeyAuthProvider({ loadKeys: source.loadKeys });
    await provider.ready();
    for (let time = 0; time < 2; time += 1) {
      source.keys = new Error("down");
      await assert.rejects(provider.reload());
      await assert.rejects(provider.reload());
      source.keys = [KEY];
      await provider.reload();
    }
    assert.deepEqual(
      failures.map((event) => event.failures),
      [1, 2, 1, 2],
    );
    assert.equal(warnings.length, 2);
  });
});

describe("a load that takes too long", () => {
  const timers = (t) => t.mock.timers.enable({ apis: ["setTimeout"] });

  for (const [name, options, seconds] of [
    ["ten seconds by default", {}, 10],
    ["what the option says", { loadTimeoutSeconds: 0.5 }, 0.5],
  ]) {
    it(`ends after ${name}, aborts its signal, and what it gives later goes nowhere`, async (t) => {
      timers(t);
      const { loadKeys, calls } = handLoader();
      const provider = new APIKeyAuthProvider({ loadKeys, ...options });
      const verdict = verdictOn(provider, KEY);
      await turnOfTheLoop();
      t.mock.timers.tick(seconds * 1000 - 1);
      assert.equal(calls[0].signal.aborted, false);
      t.mock.timers.tick(1);
      assert.equal(calls[0].signal.aborted, true);
      assert.equal(await verdict, "KEYS_NOT_LOADED");
      assert.equal(failures[0].message, `the loader took longer than ${seconds} s`);
      calls[0].resolve([KEY]);
      await turnOfTheLoop();
      assert.equal(await verdictOn(provider, KEY), "KEYS_NOT_LOADED");
      const reload = provider.reload();
      await startOfLoad(t, () => calls.length === 2);
      calls[1].resolve([OTHER]);
      await reload;
      assert.equal(await verdictOn(provider, OTHER), true);
    });
  }

  it("and fails later is no unhandled rejection", async (t) => {
    timers(t);
    const unhandled = t.mock.fn();
    process.on("unhandledRejection", unhandled);
    t.after(() => process.off("unhandledRejection", unhandled));
    const { loadKeys, calls } = handLoader();
    const provider = new APIKeyAuthProvider({ loadKeys, loadTimeoutSeconds: 1 });
    await turnOfTheLoop();
    t.mock.timers.tick(1000);
    await turnOfTheLoop();
    calls[0].reject(new Error(KEY));
    for (let turn = 0; turn < 5; turn += 1) await turnOfTheLoop();
    assert.equal(unhandled.mock.callCount(), 0);
    assert.equal(await verdictOn(provider, KEY), "KEYS_NOT_LOADED");
  });
});

describe("reloading at an interval", () => {
  const SECOND = 1000;

  it("loads at each, counted from the end of the last load, one at a time, until it is closed", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { loadKeys, calls } = handLoader();
    const provider = new APIKeyAuthProvider({ loadKeys, reloadIntervalSeconds: 2 });
    await turnOfTheLoop();
    calls[0].resolve([KEY]);
    await provider.ready();
    t.mock.timers.tick(2 * SECOND - 1);
    await turnOfTheLoop();
    assert.equal(calls.length, 1);
    await startOfLoad(t, () => calls.length === 2);
    t.mock.timers.tick(4 * SECOND);
    await turnOfTheLoop();
    assert.equal(calls.length, 2);
    calls[1].resolve([OTHER]);
    await turnsUntil(() => events.length === 2);
    assert.equal(await verdictOn(provider, KEY), "KEY_UNKNOWN");
    assert.equal(await verdictOn(provider, OTHER), true);
    t.mock.timers.tick(2 * SECOND - 1);
    await startOfLoad(t, () => calls.length === 3);
    calls[2].reject(new Error("down"));
    await turnsUntil(() => failures.length === 1);
    assert.equal(await verdictOn(provider, OTHER), true);
    provider.close();
    t.mock.timers.tick(60 * SECOND);
    await turnOfTheLoop();
    assert.equal(calls.length, 3);
    assert.equal(await verdictOn(provider, OTHER), true);
  });

  it("is none by default", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    for (const more of [{}, { reloadIntervalSeconds: 0 }, { reloadIntervalSeconds: null }]) {
      const source = sourceOf([KEY]);
      const provider = new APIKeyAuthProvider({ loadKeys: source.loadKeys, ...more });
      await provider.ready();
      t.mock.timers.tick(2_147_483_000);
      await turnOfTheLoop();
      assert.equal(source.loads, 1);
    }
  });
});

describe("options", () => {
  const invalid = (message) => ({ code: "ERR_MCP_AUTH_OPTION_INVALID", message });
  const loadKeys = () => [KEY];
  const noFunction = "`loadKeys` must be a function that gives the keys, or a promise of them";
  const mistakes = [
    ...[[KEY], KEY, {}, true].map((value) => [{ loadKeys: value }, noFunction]),
    [{ loadKeys, keys: [KEY] }, "give either `keys` or `loadKeys`, not both"],
    ...[-1, "60", Number.NaN, 2_147_484, Number.POSITIVE_INFINITY].map((value) => [
      { loadKeys, reloadIntervalSeconds: value },
      "`reloadIntervalSeconds` must be a number of seconds from 0 to 2147483",
    ]),
    ...[0, -1, "10", Number.NaN, 2_147_484].map((value) => [
      { loadKeys, loadTimeoutSeconds: value },
      "`loadTimeoutSeconds` must be a number of seconds from 0.001 to 2147483",
    ]),
    ...[0, -1, "10", Number.NaN, 2_147_484].map((value) => [
      { loadKeys, maxStaleSeconds: value },
      "`maxStaleSeconds` must be a number of seconds from 0.001 to 2147483",
    ]),
    [
      { loadKeys, reloadIntervalSeconds: 60, maxStaleSeconds: 60 },
      "`maxStaleSeconds` must be greater than `reloadIntervalSeconds`; allow for several loads",
    ],
    ...["reloadIntervalSeconds", "loadTimeoutSeconds", "maxStaleSeconds"].map((name) => [
      { keys: [KEY], [name]: 60 },
      `\`${name}\` has no effect without \`loadKeys\`; add \`loadKeys\` or remove it`,
    ]),
  ];
  for (const [options, message] of mistakes) {
    it(`${inspect(options, { breakLength: Infinity }).replaceAll(KEY, "key")}: ${message}`, () => {
      assert.throws(() => new APIKeyAuthProvider(options), invalid(message));
    });
  }

  it(`a promise of keys: ${noFunction}`, () => {
    assert.throws(() => new APIKeyAuthProvider({ loadKeys: Promise.resolve([KEY]) }), invalid(noFunction));
  });

  it("neither keys nor a loader, or both null", () => {
    for (const options of [{}, { keys: null, loadKeys: null }]) {
      assert.throws(() => new APIKeyAuthProvider(options), { code: "ERR_MCP_AUTH_KEYS_REQUIRED" });
    }
  });

  it("a function as keys stays refused, as in the framework", () => {
    assert.throws(() => new APIKeyAuthProvider({ keys: async () => [KEY] }), {
      code: "ERR_MCP_AUTH_KEYS_REQUIRED",
      message: "At least one API key is required",
    });
  });

  it("what throws begins no load", async () => {
    const source = sourceOf([KEY]);
    assert.throws(() => new APIKeyAuthProvider({ loadKeys: source.loadKeys, headerName: "a b" }));
    assert.throws(() => new APIKeyAuthProvider({ loadKeys: source.loadKeys, throttle: { failures: 0 } }));
    await turnOfTheLoop();
    assert.equal(source.loads, 0);
  });
});

describe("a process", () => {
  /** What a module prints that has the package and a key. */
  function run(source, ...flags) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...flags,
        "--input-type=module",
        "--eval",
        `import { APIKeyAuthProvider } from "mcp-native-auth";\n${source}`,
      ],
      { cwd: checkout, encoding: "utf8", env: { ...process.env, NODE_TEST_CONTEXT: "" }, timeout: 300_000 },
    );
    assert.equal(status, 0, stderr);
    return stdout.trim();
  }

  it("is not kept by an interval, nor by a load that it has begun", () => {
    const printed = run(`
      let loads = 0;
      const loadKeys = () => (++loads === 1 ? ["${KEY}"] : new Promise(() => {}));
      const provider = new APIKeyAuthProvider({ loadKeys, reloadIntervalSeconds: 0.001, loadTimeoutSeconds: 2000000 });
      await provider.ready();
      while (loads < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log("ends");
    `);
    assert.equal(printed, "ends");
  });

  it("that waits for keys lives until they are there or are too late", () => {
    const printed = run(`
      const provider = new APIKeyAuthProvider({ loadKeys: () => new Promise(() => {}), loadTimeoutSeconds: 0.05 });
      await provider.ready().catch(({ code }) => console.log(code));
    `);
    assert.equal(printed, "ERR_MCP_AUTH_KEYS_RELOAD_FAILED");
  });

  it("lets a provider with an interval be collected, and stops loading for it", () => {
    const printed = run(
      `
      let loads = 0;
      let collected = false;
      const registry = new FinalizationRegistry(() => { collected = true; });
      const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
      await (async () => {
        const provider = new APIKeyAuthProvider({ loadKeys: () => { loads += 1; return ["${KEY}"]; }, reloadIntervalSeconds: 0.001 });
        registry.register(provider);
        await provider.ready();
      })();
      for (let round = 0; round < 200 && !collected; round += 1) { await turn(); globalThis.gc(); }
      for (let round = 0; round < 5; round += 1) await turn();
      const before = loads;
      for (let round = 0; round < 10; round += 1) await turn();
      console.log(collected, loads === before);
    `,
      "--expose-gc",
    );
    assert.equal(printed, "true true");
  });

  it("does not grow over five thousand reloads", () => {
    const grown = run(
      `
      let loads = 0;
      const loadKeys = async () => {
        loads += 1;
        if (loads % 3 === 0) throw new Error("down");
        return [{ key: "${KEY}" + loads, id: "k", metadata: { loads } }];
      };
      process.removeAllListeners("warning");
      process.emitWarning = () => {};
      const provider = new APIKeyAuthProvider({ loadKeys });
      const used = async () => {
        for (let round = 0; round < 3; round += 1) { globalThis.gc(); await new Promise(setImmediate); }
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      const reload = async (times) => { for (let n = 0; n < times; n += 1) await provider.reload().catch(() => {}); };
      await reload(5000);
      const before = await used();
      await reload(5000);
      console.log((await used()) - before);
    `,
      "--expose-gc",
    );
    // A hundred bytes per reload would be half a million.
    assert.ok(Number(grown) < 300_000, `grew by ${grown} bytes`);
  });

  it("holds 100,000 plain keys in 16 MB, and as many entries in 120 MB", () => {
    const [plain, entries] = JSON.parse(
      run(
        `
      import v8 from "node:v8";
      // Resident: V8 counts neither what native code allocates nor what it is told of that. Of V8's own heap only what is
      // in use: how much it keeps for later differs from version to version.
      const resident = async () => {
        for (let round = 0; round < 3; round += 1) { globalThis.gc(); await new Promise(setImmediate); }
        const { total_physical_size, used_heap_size } = v8.getHeapStatistics();
        return process.memoryUsage.rss() - total_physical_size + used_heap_size;
      };
      const held = [];
      const costs = [];
      for (const entry of [(key) => key, (key, n) => ({ key, id: "key-" + n, scopes: ["read"], metadata: { n } })]) {
        const grown = [];
        // One may grow the heap for what it needs while it is made, which the others use again.
        for (let round = 0; round < 3; round += 1) {
          const before = await resident();
          const provider = new APIKeyAuthProvider({
            keys: Array.from({ length: 100000 }, (_, n) => entry("${KEY}" + n, n)),
          });
          if (provider.getKeyCount() !== 100000) throw new Error("fewer");
          held.push(provider);
          grown.push((await resident()) - before);
        }
        costs.push(grown.sort((a, b) => a - b)[1]);
      }
      console.log(JSON.stringify(costs));
    `,
        "--expose-gc",
      ),
    );
    // Less than the digests alone take would be a measurement of something else.
    assert.ok(plain > 3_200_000, `plain keys took ${plain} bytes`);
    assert.ok(plain < 16_000_000, `plain keys took ${plain} bytes`);
    assert.ok(entries < 120_000_000, `entries took ${entries} bytes`);
  });
});

it("ten thousand requests during reloads are all decided by the old or the new set", async () => {
  const sets = [
    [{ key: KEY, id: "a" }, OTHER],
    [{ key: KEY, id: "b" }, THIRD],
  ];
  let loads = 0;
  const provider = new APIKeyAuthProvider({ loadKeys: async () => sets[loads++ % 2] });
  await provider.ready();
  for (let round = 0; round < 100; round += 1) {
    const reload = provider.reload();
    for (let request = 0; request < 100; request += 1) {
      // Asked in one turn, between which and the next the keys may change.
      const asked = [KEY, OTHER, THIRD].map((key) => provider.authenticate(withKey(key)));
      const [{ data }, isOld, isNew] = await Promise.all(asked);
      assert.deepEqual([isOld, isNew], data.keyId === "a" ? [true, false] : [false, true]);
    }
    await reload;
  }
});
