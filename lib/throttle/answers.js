import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";

/**
 * The way from `authenticate(req)` to `getAuthError()`, which is not told the request that it is asked
 * about, while others are in flight.
 *
 * Each request gets a place for its answer, and its asynchronous context remembers the place. It does so
 * from the moment Node announces the request: requests that follow on the same connection run in the
 * context that the one before has left, and the framework asks `getAuthError()` without `authenticate`
 * where no API key was sent. Where a runtime announces no requests, and in serverless handlers, it does
 * so from the synchronous part of `authenticate`, which is the last that still acts on the caller's
 * context; the place is filled later.
 */

const places = new AsyncLocalStorage();

/** Where a request keeps its place. */
const PLACE = Symbol("mcp-native-auth: answer");
let listening = false;

/** Starts giving places, when the first provider with `throttle` is made. */
export function listenForRequests() {
  if (!listening) {
    listening = true;
    diagnostics.subscribe("http.server.request.start", (message) => {
      places.enterWith(placeOf(message?.request));
    });
  }
}

/**
 * The place for the answer to a request, remembered by the current context. To be called in the
 * synchronous part of `authenticate`.
 *
 * @returns {{ answer: object | undefined, giver: object | undefined }}
 */
export function placeForAnswer(req) {
  const place = placeOf(req);
  if (places.getStore() !== place) {
    places.enterWith(place);
  }
  return place;
}

function placeOf(req) {
  try {
    const known = req[PLACE];
    if (known !== undefined) {
      return known;
    }
  } catch {
    // A request object that throws when it is read.
  }
  const place = { answer: undefined, giver: undefined };
  try {
    Object.defineProperty(req, PLACE, { value: place });
  } catch {
    // One that takes no property, or no object: the context alone knows the place.
  }
  return place;
}

/**
 * The answer that `giver` left for the request of the current context, once: afterwards it is forgotten.
 *
 * @param {object} giver
 * @returns {object | undefined}
 */
export function takeAnswer(giver) {
  const place = places.getStore();
  if (place?.giver !== giver) {
    return undefined;
  }
  const { answer } = place;
  place.answer = undefined;
  place.giver = undefined;
  return answer;
}
