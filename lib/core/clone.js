/**
 * A function that copies one object or array that JSON.parse made, deeply. Spreading keeps the order of members and a
 * member named `__proto__` as what it is.
 *
 * @param {any} value
 * @returns {() => object}
 */
export function compileClone(value) {
  /** @type {[string, () => object][]} */
  const nested = Object.keys(value)
    .filter((name) => typeof value[name] === "object" && value[name] !== null)
    .map((name) => [name, compileClone(value[name])]);
  /** @type {() => any} */
  const shallow = Array.isArray(value) ? () => value.slice() : () => ({ ...value });
  if (nested.length === 0) {
    return shallow;
  }
  return () => {
    const copy = shallow();
    for (const [name, copyNested] of nested) {
      copy[name] = copyNested();
    }
    return copy;
  };
}
