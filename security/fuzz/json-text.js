/**
 * JSON as text, in the spellings that parsers disagree about: escapes, numbers beyond the range of a
 * double, names that mean something to JavaScript, names that come twice.
 */

const NAMES = [
  "role",
  "roles",
  "scope",
  "email",
  "azp",
  "name",
  "tenant",
  "__proto__",
  "constructor",
  "toString",
  "toJSON",
  "hasOwnProperty",
  "length",
  "then",
  "",
  "0",
  "7",
  "10",
  "-1",
  "1.5",
  "4294967294",
  "4294967295",
  "Exp",
  "EXP",
  "exp ",
  "expires",
  "\u0065xp\u0000",
  "cl\u00e9",
  "\u{1f511}",
  "\u2028",
];

const TEXTS = [
  "",
  "a",
  "user-7",
  "reader",
  "JWT",
  "HS256",
  "cl\u00e9",
  "\u{1f511}",
  "\ufeff",
  "\u2028\u2029",
  "\u0000",
  "\u001f\u007f\u0080",
  "line\nbreak\ttab",
  'quote " and \\ backslash',
  "</script>",
  "{}",
  "null",
  "1700000000",
  "[1]",
  "[object Object]",
  "ends in a backslash \\",
];

/** What a string cannot be made from, because it is no Unicode: only an escape can say it. */
const LONE = ["\\ud800", "\\udfff", "\\ud83d", "\\udc00\\ud800", "\\ud83d\\u0041"];

const NUMBERS = [
  "0",
  "-0",
  "-0.0",
  "1",
  "-1",
  "1.50",
  "0.1",
  "1e3",
  "1E+3",
  "1e-3",
  "1e400",
  "-1e400",
  "1e-400",
  "2.2250738585072014e-308",
  "5e-324",
  "1.7976931348623157e308",
  "1.7976931348623159e308",
  "9007199254740991",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  "123456789012345678901234567890",
  "0.30000000000000004",
  "4.35",
  "1700000000",
];

/** White space, mostly none. RFC 8259 §2. */
export function space(random) {
  return random.chance(0.04) ? random.pick([" ", "\n", "\t", "\r\n", "   "]) : "";
}

/** A JSON string of this value, some of its characters escaped. */
export function quoted(random, value) {
  const text = JSON.stringify(value);
  if (random.chance(0.9)) {
    return text;
  }
  const share = random.pick([0.2, 1]);
  const characters = [...value].map((character) => {
    if (!random.chance(share)) {
      return JSON.stringify(character).slice(1, -1);
    }
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    const hex = units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
    return random.chance(0.5) ? hex : hex.toUpperCase().replaceAll("\\U", "\\u");
  });
  return `"${characters.join("").replaceAll("/", () => random.pick(["/", "\\/"]))}"`;
}

export function stringText(random) {
  return random.weighted([
    [20, () => quoted(random, random.pick(TEXTS))],
    [2, () => `"${random.pick(LONE)}"`],
    [1, () => `"a${random.pick(LONE)}b"`],
    [2, () => quoted(random, random.bytes(random.below(40)).toString("base64"))],
    [1, () => quoted(random, random.bytes(random.below(20)).toString("latin1"))],
  ])();
}

export function numberText(random) {
  return random.weighted([
    [10, () => random.pick(NUMBERS)],
    [4, () => String(random.below(1000))],
    [1, () => String(random.next() * 2 ** random.between(-40, 40))],
    [1, () => `${random.next()}${random.next()}.${random.next()}e${random.between(-340, 320)}`],
  ])();
}

/** A JSON value of any type, at most `depth` levels deep. */
export function valueText(random, depth = 3) {
  return random.weighted([
    [6, () => stringText(random)],
    [5, () => numberText(random)],
    [3, () => random.pick(["true", "false", "null"])],
    [depth > 0 ? 2 : 0, () => arrayText(random, depth - 1)],
    [depth > 0 ? 2 : 0, () => objectText(random, depth - 1)],
  ])();
}

export function arrayText(random, depth) {
  const items = Array.from({ length: random.below(4) }, () => valueText(random, depth));
  return `[${items.map((item) => space(random) + item + space(random)).join(",")}]`;
}

export function objectText(random, depth) {
  return membersText(
    random,
    Array.from({ length: random.below(4) }, () => randomMember(random, depth)),
  );
}

/** `[name, value]`, both as JSON text. */
export function randomMember(random, depth) {
  const name = random.chance(0.02) ? `"${random.pick(LONE)}"` : quoted(random, random.pick(NAMES));
  return [name, valueText(random, depth)];
}

/** An object of `[name, value]` texts. */
export function membersText(random, members) {
  const gap = () => space(random);
  const texts = members.map(([name, value]) => `${gap()}${name}${gap()}:${gap()}${value}${gap()}`);
  return `{${texts.join(",")}}`;
}

const CLOSING = { "[": "]", "{": "}" };

/** A value that nests this deep, in arrays, objects or both. */
export function nestedText(random, depth) {
  const opening = random.weighted([
    [3, () => "["],
    [2, () => '{"a":'],
    [1, () => undefined],
  ])();
  const levels = Array.from({ length: depth }, () => opening ?? random.pick(["[", '{"a":']));
  const closing = levels.map((level) => CLOSING[level[0]]).reverse();
  const core = levels.at(-1)?.startsWith("{") ? "0" : "";
  return levels.join("") + core + closing.join("");
}
