/**
 * Whether a value has to be waited for. By `then`: what replaces the global `Promise`, as zone.js does, leaves async
 * functions with a class of their own.
 *
 * @template T
 * @param {T | Promise<T>} value
 * @returns {value is Promise<T>}
 */
export function isPromise(value) {
  return typeof (/** @type {any} */ (value)?.then) === "function";
}
