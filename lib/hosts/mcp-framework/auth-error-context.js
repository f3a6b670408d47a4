import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The way from `authenticate(req)` to `getAuthError()`, which is not told the request that it is asked about, while
 * others are in flight.
 *
 * Each request has an asynchronous context with one slot for each provider that was asked about it. The context begins
 * when Node announces the request: requests that follow on the same connection run in the context that the one before
 * has left, and the framework asks `getAuthError()` without `authenticate` where no API key was sent. Where a runtime
 * announces no requests, and in serverless handlers, it begins in the synchronous part of `authenticate`, the last that
 * still acts on the caller's context; the slot is filled later.
 *
 * @typedef {{ answer: object | undefined, challenges: string[] | undefined }} Slot
 * @typedef {{ request: WeakRef<object> | undefined, slots: Map<symbol, Slot> }} Context
 */

/** @type {AsyncLocalStorage<Context>} */
const contexts = new AsyncLocalStorage();

/** A context that outlives many providers, such as a test's, forgets the oldest. */
const MAX_SLOTS = 32;

/** Begins the context of a request that Node announces. */
export function enterRequestContext(request) {
  contexts.enterWith({ request: weakly(request), slots: new Map() });
}

/**
 * A new slot for the answer of a provider about a request. Call it in the synchronous part of `authenticate`.
 *
 * @param {unknown} request
 * @param {symbol} key of the provider
 * @returns {Slot}
 */
export function openSlot(request, key) {
  const current = contexts.getStore();
  const isSame = current?.request !== undefined && current.request.deref() === request;
  // The same slot, of which contexts that began since have a reference: an extended provider asks ours later.
  const slot = (isSame && current.slots.get(key)) || { answer: undefined, challenges: undefined };
  slot.answer = undefined;
  slot.challenges = undefined;
  if (isSame) {
    current.slots.set(key, slot);
    return slot;
  }
  // Not into the slots of the surrounding context, which other requests may share.
  const slots = new Map(current?.slots);
  slots.delete(key);
  slots.set(key, slot);
  if (slots.size > MAX_SLOTS) {
    const [oldest] = slots.keys();
    slots.delete(oldest);
  }
  contexts.enterWith({ request: weakly(request), slots });
  return slot;
}

/**
 * The answer that a provider left in the current context, once: afterwards it is forgotten.
 *
 * @param {symbol} key of the provider
 * @returns {object | undefined}
 */
export function consumeAuthError(key) {
  const slot = contexts.getStore()?.slots.get(key);
  const answer = slot?.answer;
  if (slot !== undefined) {
    slot.answer = undefined;
  }
  return answer;
}

/** The request that the current context is of, if that is known. */
export function requestOfContext() {
  return contexts.getStore()?.request?.deref();
}

/** The challenges that a provider left in the current context. */
export function challengesInContext(key) {
  return contexts.getStore()?.slots.get(key)?.challenges;
}

/** An idle connection keeps its context, which must not keep the last request. */
function weakly(request) {
  return typeof request === "object" && request !== null ? new WeakRef(request) : undefined;
}
