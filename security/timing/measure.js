/** Times one answer after the other, with what is asked drawn at random from two classes. */

import assert from "node:assert/strict";
import { Times } from "./statistics.js";

/** Measurements of one provider, over which times are cropped. */
const BATCH = 1_000;

/** Batches that are thrown away: they run in the interpreter for a part. */
const WARM_UP = 10;

/** Inputs of both classes that lie ready during a batch. */
const SLOTS = 512;

const NANOSECONDS = 1e6;

/**
 * @typedef {object} Class inputs of equal length that all get the same answer
 * @property {(random: import("./random.js").Random) => string} draw
 * @property {boolean} accepted
 *
 * @typedef {object} Question
 * @property {string} role what the run must find out: see verdict.js
 * @property {string} name
 * @property {[Class, Class]} classes
 * @property {boolean} [answersDiffer] whether one class is accepted and the other is not
 * @property {string} header in lower case, as Node gives it
 * @property {() => { authenticate(req: object): Promise<unknown> }} open makes a provider
 */

/**
 * Each batch asks a new provider, with inputs drawn anew, so that hashes and addresses that are drawn at
 * construction even out: benches/timing/main.rs tells of what they do to the time.
 *
 * @param {Question} question
 * @param {number} measurements
 * @param {import("./random.js").Random} random
 */
export async function measure(question, measurements, random) {
  for (let batch = 0; batch < WARM_UP; batch += 1) {
    await measureBatch(question, BATCH, random);
  }
  const times = new Times();
  for (let left = measurements; left > 0; left -= BATCH) {
    const batch = await measureBatch(question, Math.min(left, BATCH), random);
    times.addBatch(batch.times, batch.classes);
  }
  return times.comparison();
}

async function measureBatch({ name, classes, header, open }, length, random) {
  const ofSlot = Uint8Array.from({ length: SLOTS }, (_, slot) => slot % 2);
  random.shuffle(ofSlot);
  const inputs = Array.from(ofSlot, (of) => Buffer.from(classes[of].draw(random), "latin1"));
  const { length: size } = inputs[0];
  assert.ok(
    inputs.every((input) => input.length === size),
    `${name}: inputs of different lengths`,
  );

  const provider = open();
  const buffer = Buffer.alloc(size);
  const times = new Float64Array(length);
  const ofTime = new Uint8Array(length);
  let wrongAnswers = 0;
  for (let index = 0; index < length; index += 1) {
    const slot = random.below(SLOTS);
    inputs[slot].copy(buffer);
    // A flat string of one byte a character that nobody has seen before, as Node makes of a header.
    const request = { headers: { host: "localhost", [header]: buffer.latin1Slice(0, size) }, socket: {} };
    const start = performance.now();
    const answer = await provider.authenticate(request);
    times[index] = (performance.now() - start) * NANOSECONDS;
    ofTime[index] = ofSlot[slot];
    wrongAnswers += Number(Boolean(answer) !== classes[ofSlot[slot]].accepted);
  }
  assert.equal(wrongAnswers, 0, `${name}: wrong answers`);
  return { times, classes: ofTime };
}
