/** Documents of authorization servers, damaged in what they say, in how they are written and in how they are sent. */

const SHAPES = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  "",
  " ",
  "x",
  "true",
  "4102444800",
  "\ud800",
  "\u0000",
  "x".repeat(5000),
  [],
  {},
  [[]],
  [null],
  [""],
  { active: true, keys: [] },
];

/**
 * One change to the structure of a document, at any depth.
 *
 * @param {import("./random.js").Random} random
 * @param {any} document is changed
 * @param {unknown[]} values that mean something in its place
 * @returns {any} the document, or what took its place
 */
function change(random, document, values) {
  let holder = { root: document };
  const top = holder;
  let name = "root";
  while (typeof holder[name] === "object" && holder[name] !== null && random.chance(0.85)) {
    const names = Object.keys(holder[name]);
    if (names.length === 0) break;
    holder = holder[name];
    name = random.pick(names);
  }
  const value = holder[name];
  const put = (other, at = name) =>
    Object.defineProperty(holder, at, { value: other, enumerable: true, configurable: true, writable: true });
  random.weighted([
    [4, () => put(random.pick(values))],
    [4, () => put(structuredClone(random.pick(SHAPES)))],
    [3, () => delete holder[name]],
    [2, () => put([value])],
    [1, () => put({ value })],
    [1, () => put(String(value))],
    [2, () => delete holder[name] && put(value, name.toUpperCase())],
    [2, () => delete holder[name] && put({ [name]: value }, "__proto__")],
    [2, () => Array.isArray(value) && value.push(...structuredClone(value))],
    [1, () => Array.isArray(value) && value.reverse()],
    [1, () => typeof value === "string" && put(value.slice(0, -1))],
    [
      1,
      () => typeof value === "string" && put(`${value}${random.pick(["/", " ", "#", "?a", "\u0000", "x"])}`),
    ],
  ])();
  return top.root;
}

/** One change to how a document is written. */
function garble(random, text) {
  const at = random.below(text.length + 1);
  return random.weighted([
    [2, () => text.slice(0, at)],
    [2, () => text.slice(0, at) + random.pick([...'{}[]",:\\0'].concat("\ufeff", "\u0000")) + text.slice(at)],
    [2, () => text.slice(0, at) + text.slice(at + 1)],
    [1, () => `\ufeff${text}`],
    [1, () => text + text],
    [1, () => text.replace(/:\d+/, ":1e400")],
    [1, () => text.replace(/^\{"(\w+)":/, '{"$1":null,"$1":')],
    [1, () => text.replace(/^\{/, `{"deep":${"[".repeat(3000)}${"]".repeat(3000)},`)],
    [1, () => ""],
  ])();
}

/**
 * What a server answers, and whether it is the document as it was.
 *
 * @param {import("./random.js").Random} random
 * @param {object} document
 * @param {unknown[]} values that mean something in it
 * @returns {{ text: string, status: number, headers: Record<string, string>, isIntact: boolean }}
 */
export function damagedAnswer(random, document, values) {
  let changed = structuredClone(document);
  for (let times = random.pick([0, 0, 1, 1, 1, 2, 3]); times > 0; times -= 1) {
    changed = change(random, changed, values);
  }
  const written = JSON.stringify(changed) ?? "";
  const text = random.chance(0.15) ? garble(random, written) : written;
  const status = random.chance(0.96) ? 200 : random.pick([201, 204, 206, 301, 304, 401, 404, 500, 503]);
  const headers = random.weighted([
    [20, { "content-type": "application/json" }],
    [1, { "content-type": "application/json", "cache-control": "max-age=1e9, no-store" }],
    [1, { "content-type": "application/json", "content-encoding": "gzip" }],
    [1, { "content-type": "text/html" }],
    [1, { location: "/elsewhere" }],
  ]);
  const isIntact =
    text === JSON.stringify(document) && status === 200 && headers["content-type"] === "application/json";
  return { text, status, headers, isIntact: isIntact && headers["content-encoding"] === undefined };
}

/** A document as JavaScript reads it, without a byte order mark: RFC 8259 §8.1. `undefined` if it is not JSON. */
export function readDocument(text) {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}
