/** Asking a provider, and comparing what two of them answered. */

import { isDeepStrictEqual } from "node:util";

/** What `authenticate` answers: `{ verdict }`, or `{ threw }`. */
export async function ask(provider, request) {
  try {
    return { verdict: await provider.authenticate(request) };
  } catch (error) {
    return { threw: `${error?.name}: ${error?.message}` };
  }
}

/** Whether a verdict lets the request in: by the framework's transports, whatever is truthy. */
export function accepts({ verdict }) {
  return Boolean(verdict);
}

/** Whether our answer has the shape that is documented for this provider. */
export function isWellFormed({ verdict, threw }, provider) {
  if (threw !== undefined) {
    return false;
  }
  if (provider === "apiKey") {
    return typeof verdict === "boolean";
  }
  return (
    verdict === false ||
    (isPlain(verdict) && Object.keys(verdict).join() === "data" && isObject(verdict.data))
  );
}

const isObject = (value) => typeof value === "object" && value !== null;
const isPlain = (value) => isObject(value) && Object.getPrototypeOf(value) === Object.prototype;

/** Equal in value, prototype and order of members, at every depth. */
export function isSame(a, b) {
  return isDeepStrictEqual(a, b) && JSON.stringify(a) === JSON.stringify(b);
}

/** Deeper is not looked at: scribbling there would show nothing new. */
const DEPTH = 4;

/** Changes everything that was handed out, so that a second caller who is given the same object sees it. */
export function mutateResult(value, depth = 0) {
  if (!isObject(value) || depth > DEPTH) {
    return;
  }
  for (const name of Object.keys(value)) {
    mutateResult(value[name], depth + 1);
  }
  const [first] = Object.keys(value);
  if (Array.isArray(value)) {
    value.push("mutated");
  } else {
    delete value[first];
    value.mutated = true;
  }
}
