import { AsyncLocalStorage } from "node:async_hooks";
import { publishVerdict } from "../../core/events.js";

/**
 * Verdicts of providers that are asked in the name of another one, which publishes its own: an extended provider may
 * reject what the class that it extends accepts.
 *
 * @typedef {import("../../core/verdict.js").Verdict} Verdict
 * @typedef {import("../../core/authenticator.js").Attempt} Attempt
 * @typedef {{ verdict?: Verdict, attempt?: Attempt }} Capture
 */

/** @type {AsyncLocalStorage<Capture>} */
const captures = new AsyncLocalStorage();
/** Captures under way. Without any, the storage is not looked at. */
let active = 0;

/**
 * Asks for a decision whose verdict is captured instead of published.
 *
 * @template T
 * @param {() => T | Promise<T>} ask
 * @returns {Promise<{ result: T } & Capture>} with the verdict that was captured last
 */
export async function captureVerdict(ask) {
  /** @type {Capture} */
  const capture = {};
  active += 1;
  try {
    const result = await captures.run(capture, ask);
    return { result, ...capture };
  } finally {
    active -= 1;
  }
}

/** Whether a provider is being asked in the name of another one. */
export function isCapturing() {
  return active > 0 && captures.getStore() !== undefined;
}

/** Publishes a verdict unless a capture is under way where it was made. @type {typeof publishVerdict} */
export function publishUnlessCaptured(verdict, request, attempt) {
  const capture = active > 0 ? captures.getStore() : undefined;
  if (capture === undefined) {
    publishVerdict(verdict, request, attempt);
  } else {
    Object.assign(capture, { verdict, attempt });
  }
}
