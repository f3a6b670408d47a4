/** The statistics that `npm run timing` judges by; nothing here measures time. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../security/timing/random.js";
import { Moments, SHARES, Times, welch } from "../../security/timing/statistics.js";
import {
  answered,
  BRANCH,
  FRAMEWORK,
  LEAKY,
  LIMIT,
  OURS,
  SAME_CLASS,
} from "../../security/timing/verdict.js";

const near = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

function momentsOf(values) {
  const moments = new Moments();
  for (const value of values) {
    moments.add(value);
  }
  return moments;
}

/** A time as machines give them: a floor, a spread, and now and then an interrupt. */
function time(random, mean) {
  const spread = Array.from({ length: 12 }, () => random.below(1_000)).reduce(
    (sum, each) => sum + each,
    -5_994,
  );
  const interrupt = random.below(100) === 0 ? random.below(1_000_000) : 0;
  return mean * (1 + spread / 20_000) + interrupt;
}

function compared(seed, means, measurements = 100_000, batch = 1_000) {
  const random = new Random(seed);
  const all = new Times();
  for (let done = 0; done < measurements; done += batch) {
    const classes = Uint8Array.from({ length: batch }, () => random.below(2));
    all.addBatch(
      Float64Array.from(classes, (of) => time(random, means[of])),
      classes,
    );
  }
  return all.comparison();
}

describe("Welch's t", () => {
  it("has the mean and the variance of the sample", () => {
    const moments = momentsOf([2, 4, 4, 4, 5, 5, 7, 9]);
    near(moments.mean, 5);
    near(moments.variance, 32 / 7);
  });

  it("loses nothing to a great mean", () => {
    near(momentsOf([4, 7, 13, 16].map((value) => value + 1e9)).variance, 30);
  });

  it("is the difference of the means in standard errors, positive when the second is greater", () => {
    // Means 3 and 6, variances 1 and 4, counts 3 and 3: 3 / sqrt(1/3 + 4/3).
    const [less, more] = [momentsOf([2, 3, 4]), momentsOf([4, 6, 8])];
    const { t, difference, standardError } = welch(less, more);
    near(difference, 3);
    near(standardError, Math.sqrt(5 / 3));
    near(t, 3 / Math.sqrt(5 / 3));
    near(welch(more, less).t, -t);
  });

  it("is 0 for equal constants and infinite for different ones", () => {
    assert.equal(welch(momentsOf([7, 7]), momentsOf([7, 7])).t, 0);
    assert.equal(welch(momentsOf([7, 7]), momentsOf([8, 8])).t, Number.POSITIVE_INFINITY);
  });
});

describe("the comparison of two classes of times", () => {
  it("sees a shift of 1 % under interrupts", () => {
    const { t, share, difference, measurements } = compared(1, [1_000, 1_010]);
    assert.ok(t > 10, `t ${t}`);
    assert.ok(share < 1, "the interrupts are cropped");
    assert.ok(difference > 5 && difference < 15, `difference ${difference}`);
    assert.equal(measurements, 100_000);
    assert.ok(compared(1, [1_010, 1_000]).t < -10);
  });

  it("sees none where there is none", () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { t } = compared(seed, [1_000, 1_000], 20_000);
      assert.ok(Math.abs(t) < 4.5, `t ${t} with seed ${seed}`);
    }
  });

  it("crops the longest of each batch, whichever class they are of", () => {
    const times = new Times();
    // In each batch, the longest hundredth is all of the second class.
    for (const scale of [1, 100]) {
      const classes = Uint8Array.from({ length: 1_000 }, (_, index) => Number(index >= 990 || index % 2));
      const ofClasses = Float64Array.from(classes, (_, index) => scale * (index >= 990 ? 1_000 : index % 4));
      times.addBatch(ofClasses, classes);
    }
    const { difference, measurements } = times.comparison();
    assert.equal(measurements, 2_000);
    // Of 0, 1, 2 and 3 in turn, the second class has 1 and 3; both scales count alike.
    assert.ok(Math.abs(difference - 50.5) < 1, `difference ${difference}`);
  });

  it("looks at what is cropped nowhere too", () => {
    assert.equal(SHARES.at(-1), 1);
    const times = new Times();
    const classes = Uint8Array.from({ length: 10_000 }, (_, index) => index % 2);
    // Only the longest hundredth differs, as when a rare slow path is taken for one class alone.
    times.addBatch(
      Float64Array.from(classes, (of, index) => (index < 9_900 ? 100 : 101 + 10_000 * of)),
      classes,
    );
    const { share, t, shift, difference } = times.comparison();
    assert.equal(share, 1);
    assert.ok(t > 4.5, `t ${t}`);
    // So does the shift, which is what a verdict may not overlook.
    assert.ok(Math.abs(shift - 100) < 1, `shift ${shift}`);
    assert.equal(difference, 0);
  });
});

describe("the verdict", () => {
  /** Gives these t one after the other and notes by what factor each was measured. */
  function measured(ts, shift) {
    const factors = [];
    const measure = async (factor) => {
      factors.push(factor);
      return { t: ts[factors.length - 1], shift };
    };
    return { measure, factors };
  }
  const over = LIMIT + 1;
  const under = LIMIT - 1;

  for (const [title, question, ts, holds, shift = 1000] of [
    ["ours, under the limit", { role: OURS }, [under], true],
    ["ours, over the limit, then not", { role: OURS }, [-over, under], true],
    ["ours, over the limit twice", { role: OURS }, [over, over], false],
    ["ours, over the limit twice, in opposite directions", { role: OURS }, [over, -over], true],
    ["the same class, over the limit twice", { role: SAME_CLASS }, [-over, -over], false],
    ["a leak that is caught", { role: LEAKY }, [-over], true],
    ["a leak that is caught at the second attempt", { role: LEAKY }, [under, over], true],
    ["a leak that is not caught", { role: LEAKY }, [under, -under], false],
    ["the framework, not caught", { role: FRAMEWORK }, [under, under], false],
    ["the framework, shown only", { role: FRAMEWORK, isShownOnly: true }, [under], true],
    ["a branch on the answer", { role: OURS, answersDiffer: true }, [over], true, -BRANCH],
    ["more than a branch", { role: OURS, answersDiffer: true }, [over, over], false, BRANCH + 1],
    ["a branch where the answer is the same", { role: OURS }, [over, over], false, BRANCH],
    ["a leak no greater than a branch", { role: LEAKY, answersDiffer: true }, [over, over], false, BRANCH],
  ]) {
    it(`${holds ? "passes" : "fails"} ${title}`, async () => {
      const { measure, factors } = measured(ts, shift);
      const { outcome, first, holds: actual } = await answered(question, measure);
      assert.equal(actual, holds);
      assert.deepEqual(factors, ts.length === 1 ? [1] : [1, 4]);
      assert.deepEqual(outcome, { t: ts.at(-1), shift });
      assert.deepEqual(first, ts.length === 1 ? undefined : { t: ts[0], shift });
    });
  }
});

describe("the random numbers", () => {
  it("are those of the seed, below the limit, and all of them", () => {
    const [one, same, other] = [1, 1, 2].map((seed) => {
      const random = new Random(seed);
      return Array.from({ length: 1_000 }, () => random.below(10));
    });
    assert.deepEqual(one, same);
    assert.notDeepEqual(one, other);
    assert.deepEqual([...new Set(one)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("shuffle without losing any", () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const shuffled = [...items];
    new Random(1).shuffle(shuffled);
    assert.notDeepEqual(shuffled, items);
    assert.deepEqual(
      shuffled.toSorted((one, two) => one - two),
      items,
    );
  });
});
