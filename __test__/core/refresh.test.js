/** A value that lives elsewhere: one load at a time, at a bounded rate, the last good value for a stated time. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { createSource, safeErrorCode, withDeadline } from "../../lib/core/refresh.js";
import { failureOf } from "../support/source-error.js";
import { follow, settle, virtualTime } from "../support/virtual-time.js";

const MODULE = new URL("../../lib/core/refresh.js", import.meta.url).href;

/** A source whose loads end when the test says so. */
function setUp(t, options = {}) {
  const time = virtualTime(t);
  const loads = [];
  const failures = [];
  const source = createSource({
    name: "the source of the test",
    timeoutMs: 5000,
    maxAgeMs: 100_000,
    maxStaleMs: 50_000,
    minIntervalMs: 3000,
    maxBackoffMs: 15_000,
    load: (context) =>
      new Promise((resolve, reject) => {
        loads.push({ resolve, reject, ...context });
      }),
    onFailure: (failed) => failures.push(failed),
    now: time.now,
    ...options,
  });
  t.after(() => source.close());
  return { source, loads, failures, time };
}

const codeOf = async (promise) => (await failureOf(promise)).code;

/** Loads one value and lets the interval pass. */
async function hold(context, value) {
  const got = context.source.get();
  await settle();
  context.loads.at(-1).resolve(value);
  assert.equal(await got, value);
}

describe("get", () => {
  it("loads nothing before it is asked", async (t) => {
    const { source, loads, time } = setUp(t);
    await time.advance(1_000_000, 100_000);
    assert.equal(loads.length, 0);
    assert.equal(source.value, undefined);
  });

  it("shares one load among all who ask, for as long as it takes", async (t) => {
    const { source, loads, time } = setUp(t);
    const waiting = [source.get(), source.get()];
    await time.advance(4900, 700);
    waiting.push(source.get());
    assert.equal(loads.length, 1);
    loads[0].resolve("v");
    assert.deepEqual(await Promise.all(waiting), ["v", "v", "v"]);
    assert.equal(source.value, "v");
  });

  it("gives a fresh value without a load", async (t) => {
    const context = setUp(t);
    await hold(context, "v");
    assert.equal(await context.source.get(), "v");
    await context.time.advance(10_000);
    assert.equal(context.loads.length, 1);
  });

  it("waits for a newer value when one has outlived its age without a failure", async (t) => {
    const context = setUp(t, { intervalMs: 0 });
    await hold(context, "old");
    await context.time.advance(100_000);
    assert.equal(context.source.value, undefined);
    const got = follow(context.source.get());
    await settle();
    assert.equal(got.settled, false);
    context.loads[1].resolve("new");
    await settle();
    assert.equal(got.value, "new");
  });

  it("gives the last good value at once while loads fail, and rejects when its time is over", async (t) => {
    const context = setUp(t, { intervalMs: 0 });
    const { source, loads, time } = context;
    await hold(context, "v");
    await time.advance(100_000);
    const got = source.get();
    await settle();
    loads[1].reject(new Error("down"));
    assert.equal(await got, "v");
    assert.equal(source.value, "v");
    assert.equal(await source.get(), "v");
    // 1 ms before its end and at its end.
    await time.advance(49_999);
    assert.equal(source.value, "v");
    loads.at(-1).reject(new Error("down"));
    await settle();
    await time.advance(1);
    assert.equal(source.value, undefined);
    assert.equal(await codeOf(source.get()), "ERR_MCP_AUTH_SOURCE_FAILED");
  });

  it("rejects at once until the next load is due, and says when", async (t) => {
    const { source, loads, time } = setUp(t);
    const got = follow(source.get());
    await settle();
    loads[0].reject(Object.assign(new Error("x"), { code: "ECONNREFUSED" }));
    await settle();
    assert.equal(got.error.message, "the source of the test failed with ECONNREFUSED");
    assert.equal(got.error.retryAfterMs, 3000);
    await time.advance(1000);
    const again = await source.get().catch((error) => error);
    assert.equal(again.retryAfterMs, 2000);
    assert.equal(loads.length, 1);
    await time.advance(2000);
    source.get().catch(() => {});
    assert.equal(loads.length, 2);
  });

  it("counts the age of a value from the start of its load", async (t) => {
    const { source, loads, time } = setUp(t, { intervalMs: 0 });
    const got = source.get();
    await time.advance(4000);
    loads[0].resolve("v");
    await got;
    await time.advance(95_999);
    assert.equal(source.value, "v");
    await time.advance(1);
    assert.equal(source.value, undefined);
  });
});

describe("refresh", () => {
  it("starts a load after the call, one for all who ask meanwhile", async (t) => {
    const { source, loads, time } = setUp(t);
    const first = follow(source.get());
    await settle();
    const [second, third] = [follow(source.refresh()), follow(source.refresh())];
    loads[0].resolve("old");
    await settle();
    assert.equal(first.value, "old");
    assert.equal(second.settled, false);
    await time.advance(3000);
    assert.equal(loads.length, 2);
    loads[1].resolve("new");
    await settle();
    assert.equal(second.value, "new");
    assert.equal(third.value, "new");
    assert.equal(loads.length, 2);
  });

  it("keeps the minimum interval, whatever is asked", async (t) => {
    const { source, loads, time } = setUp(t);
    const starts = [];
    for (let step = 0; step < 2000; step += 1) {
      const before = loads.length;
      source.refresh();
      await time.advance(10);
      if (loads.length > before) {
        starts.push(time.now());
        loads.at(-1).resolve(step);
        await settle();
      }
    }
    assert.ok(starts.length >= 6, `${starts.length} loads in 20 s`);
    for (let index = 1; index < starts.length; index += 1) {
      assert.ok(starts[index] - starts[index - 1] >= 3000);
    }
  });

  it("grows the interval while loads fail, to a bound, and forgets that with the first good one", async (t) => {
    const { source, loads, failures, time } = setUp(t);
    const intervals = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      source.refresh();
      loads.at(-1).reject(new Error("down"));
      await settle();
      intervals.push(failures.at(-1).error.retryAfterMs);
      await time.advance(15_000, 1000);
    }
    assert.deepEqual(intervals, [3000, 6000, 12_000, 15_000, 15_000]);
    assert.deepEqual(
      failures.map((failed) => failed.failures),
      [1, 2, 3, 4, 5],
    );
    source.refresh();
    loads.at(-1).resolve("v");
    await settle();
    assert.equal(source.failure, undefined);
    assert.equal(source.msUntilLoad, 3000);
    await time.advance(3000);
    source.refresh();
    loads.at(-1).reject(new Error("down"));
    await settle();
    assert.deepEqual([failures.at(-1).failures, failures.at(-1).error.retryAfterMs], [1, 3000]);
  });

  it("lets a load ask for the next one without starving everything else", async (t) => {
    let count = 0;
    const source = createSource({
      timeoutMs: 5000,
      load: () => {
        count += 1;
        source.refresh({ background: true });
        return count;
      },
    });
    t.after(() => source.close());
    await source.get();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(count > 1);
  });

  it("keeps what a load throws to itself, but for a code", async () => {
    const secret = "postgres://user:hunter2@db";
    const withGetter = Object.defineProperty({}, "code", {
      get() {
        throw new Error(secret);
      },
    });
    const reasons = [new Error(secret), Object.assign(new Error(secret), { code: secret }), secret, null];
    for (const reason of [...reasons, withGetter]) {
      const load = () => Promise.reject(reason);
      const error = await withDeadline(load, { name: "it", timeoutMs: 1000 }).catch((failure) => failure);
      assert.equal(error.code, "ERR_MCP_AUTH_SOURCE_FAILED");
      assert.equal(error.message, "it failed");
      assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), /hunter2/);
    }
  });

  it("treats an answer that cannot be built as a failure, and keeps the value before it", async (t) => {
    const context = setUp(t, {
      build: (answer) => {
        if (answer === "bad") throw new Error("hunter2");
        return answer;
      },
    });
    await hold(context, "good");
    await context.time.advance(3000);
    const refreshed = context.source.refresh();
    context.loads[1].resolve("bad");
    assert.equal(await codeOf(refreshed), "ERR_MCP_AUTH_SOURCE_FAILED");
    assert.equal(context.source.value, "good");
    assert.equal(context.failures[0].usingStaleValue, true);
    assert.doesNotMatch(inspect(context.failures), /hunter2/);
  });
});

describe("the deadline", () => {
  it("ends a load that never settles, aborts its signal, and ignores what it gives later", async (t) => {
    const { source, loads, time } = setUp(t);
    const got = follow(source.get());
    await time.advance(4999);
    assert.equal(got.settled, false);
    assert.equal(loads[0].signal.aborted, false);
    await time.advance(1);
    assert.equal(got.error.code, "ERR_MCP_AUTH_SOURCE_TIMEOUT");
    assert.equal(got.error.message, "the source of the test took longer than 5 s");
    assert.equal(loads[0].signal.aborted, true);
    loads[0].resolve("late");
    await settle();
    assert.equal(source.value, undefined);
  });
});

describe("in the background", () => {
  it("a value is refreshed before its age is over, again and again", async (t) => {
    const context = setUp(t);
    await hold(context, 1);
    for (let round = 2; round < 5; round += 1) {
      await context.time.advance(79_999);
      assert.equal(context.loads.length, round - 1);
      await context.time.advance(1);
      assert.equal(context.loads.length, round);
      assert.equal(context.loads.at(-1).keepAlive, false);
      context.loads.at(-1).resolve(round);
      await settle();
      assert.equal(context.source.value, round);
    }
  });

  it("the age may follow from the answer", async (t) => {
    const context = setUp(t, { maxAgeMs: (answer) => answer * 1000 });
    await hold(context, 10);
    await context.time.advance(8000);
    assert.equal(context.loads.length, 2);
  });

  it("an interval of its own goes on whatever happens", async (t) => {
    const context = setUp(t, { maxAgeMs: undefined, maxStaleMs: undefined, intervalMs: 60_000 });
    await hold(context, "v");
    for (let round = 1; round < 4; round += 1) {
      await context.time.advance(60_000);
      assert.equal(context.loads.length, round + 1);
      context.loads.at(-1).reject(new Error("down"));
      await settle();
      assert.equal(context.source.value, "v");
    }
  });

  it("a value is tried to be kept while loads fail; a source without one is not polled", async (t) => {
    const context = setUp(t);
    await hold(context, "v");
    await context.time.advance(80_000);
    context.loads.at(-1).reject(new Error("down"));
    await settle();
    await context.time.advance(3000);
    assert.equal(context.loads.length, 3);
    for (let second = 0; second < 100; second += 1) {
      context.loads.at(-1).reject(new Error("down"));
      await context.time.advance(1000);
    }
    assert.equal(context.source.value, undefined);
    const { length } = context.loads;
    await context.time.advance(1_000_000, 10_000);
    assert.ok(context.loads.length <= length + 1, `${context.loads.length - length} more loads`);
  });
});

describe("close", () => {
  it("aborts the load under way, rejects who waits, and leaves the value", async (t) => {
    const context = setUp(t);
    await hold(context, "v");
    await context.time.advance(3000);
    const [first, second] = [context.source.refresh(), context.source.refresh()];
    context.source.close();
    assert.equal(await codeOf(first), "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.equal(await codeOf(second), "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.equal(await codeOf(context.source.refresh()), "ERR_MCP_AUTH_SOURCE_CLOSED");
    assert.equal(context.loads[1].signal.aborted, true);
    assert.equal(context.source.value, "v");
    assert.equal(await context.source.get(), "v");
    assert.deepEqual(context.failures, []);
    const { length } = context.loads;
    await context.time.advance(200_000, 10_000);
    assert.equal(context.loads.length, length);
  });
});

describe("the process", () => {
  const run = (script) => {
    const args = [
      "--input-type=module",
      "--expose-gc",
      "--eval",
      `import { createSource } from ${JSON.stringify(MODULE)}; ${script}`,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, stdout: stdout.trim(), stderr };
  };

  it("ends although a value is kept fresh and a load in the background stalls", () => {
    const result = run(`
      let loads = 0;
      const load = () => (loads++ === 0 ? "v" : new Promise(() => {}));
      const source = createSource({ load, timeoutMs: 86400000, maxAgeMs: 3600000 });
      await source.get();
      source.refresh({ background: true });
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log(loads);
    `);
    assert.deepEqual(result, { status: 0, stdout: "2", stderr: "" });
  });

  it("stays for a load that is awaited, even if it began in the background", () => {
    const result = run(`
      const source = createSource({ load: () => new Promise(() => {}), timeoutMs: 50 });
      source.refresh({ background: true });
      console.log(await source.get().catch(({ code }) => code));
    `);
    assert.deepEqual(result, { status: 0, stdout: "ERR_MCP_AUTH_SOURCE_TIMEOUT", stderr: "" });
    const queued = run(`
      let loads = 0;
      const load = () => (loads++ === 0 ? new Promise(() => {}) : "v");
      const source = createSource({ load, timeoutMs: 50, minIntervalMs: 50 });
      source.refresh({ background: true });
      console.log(await source.refresh());
    `);
    assert.deepEqual(queued, { status: 0, stdout: "v", stderr: "" });
    const waiting = run(`
      const source = createSource({ load: () => "v", timeoutMs: 50, minIntervalMs: 50 });
      await source.get();
      source.refresh({ background: true });
      console.log(await source.refresh());
    `);
    assert.deepEqual(waiting, { status: 0, stdout: "v", stderr: "" });
  });

  it("reports no unhandled rejection of a load that failed in the background", () => {
    const result = run(`
      const source = createSource({ load: () => Promise.reject(new Error("x")), timeoutMs: 50 });
      source.refresh({ background: true });
      await new Promise((resolve) => setTimeout(resolve, 20));
      source.close();
      source.refresh({ background: true });
      console.log("ended");
    `);
    assert.deepEqual(result, { status: 0, stdout: "ended", stderr: "" });
  });

  it("keeps nothing that a request that asked has in its asynchronous context", () => {
    const result = run(`
      import { AsyncLocalStorage } from "node:async_hooks";
      const storage = new AsyncLocalStorage();
      const seen = [];
      const load = () => seen.push(storage.getStore());
      const source = createSource({ load, timeoutMs: 1000, maxAgeMs: 3600000, minIntervalMs: 5 });
      const ask = async () => {
        const store = {};
        await storage.run(store, async () => {
          await source.get();
          // Waits for its turn, which the timer of the queue gives.
          await source.refresh();
        });
        return new WeakRef(store);
      };
      const reference = await ask();
      for (let turn = 0; turn < 50 && reference.deref(); turn++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        gc();
      }
      console.log(reference.deref() === undefined, source.value, seen);
    `);
    assert.deepEqual(result, { status: 0, stdout: "true 2 [ undefined, undefined ]", stderr: "" });
  });

  it("collects an unused source, with its timer", () => {
    const result = run(`
      const load = () => ({ large: new Array(1000) });
      const make = async () => {
        const source = createSource({ load, timeoutMs: 1000, maxAgeMs: 3600000 });
        await source.get();
        return new WeakRef(source);
      };
      const reference = await make();
      for (let turn = 0; turn < 50 && reference.deref(); turn++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        gc();
      }
      console.log(reference.deref() === undefined);
    `);
    assert.deepEqual(result, { status: 0, stdout: "true", stderr: "" });
  });
});

describe("safeErrorCode", () => {
  it("tells codes of systems and of Node, and nothing else", () => {
    for (const code of ["ECONNRESET", "EAI_AGAIN", "ERR_TLS_CERT_ALTNAME_INVALID", "CERT_HAS_EXPIRED"]) {
      assert.equal(safeErrorCode({ code }), code);
    }
    for (const code of ["hunter2", "ERR_x", "E", 42, "ECONN RESET", `ERR_${"X".repeat(100)}`]) {
      assert.equal(safeErrorCode({ code }), undefined);
    }
    assert.equal(safeErrorCode(null), undefined);
  });
});
