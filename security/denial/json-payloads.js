/**
 * JSON of a given length in bytes, made to be slow to read in one way or another. What is left over at the
 * end of a make is filled up with spaces.
 */

/** Of which no name can be made that means something to a parser, such as `exp` or `alg`. */
const LETTERS = "cdefghiklmopqruvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** Below the documented bound of 1024, and the object around it is one level. */
const DEEP = 1000;

/**
 * The members of a JSON object, without its braces: `make(length)` is ASCII text of exactly `length` bytes,
 * or shorter if nothing of this make fits.
 *
 * @type {Record<string, (length: number) => string>}
 */
export const PAYLOADS = {
  "one long text": (length) => filled(length, '"s":"', "x", '"'),
  "a list of groups": (length) => listed(length, '"g":[', (n) => `"group ${n} of people"`, "]"),
  "many names": (length) => listed(length, "", (n) => `"${shortName(n)}":0`, ""),
  "many escaped names": (length) => listed(length, "", (n) => `"\\n${shortName(n)}":0`, ""),
  "many names, tabs between": (length) => listed(length, "", (n) => `\t"${shortName(n)}":0`, ""),
  "one name again and again": (length) => listed(length, "", () => '"a":0', ""),
  "the empty name again and again": (length) => listed(length, "", () => '"":0', ""),
  "many numbers": (length) => listed(length, '"n":[', () => "0", "]"),
  "many objects": (length) => listed(length, '"n":[', () => "{}", "]"),
  "many short texts": (length) => listed(length, '"n":[', () => '""', "]"),
  "short escapes": (length) => filled(length, '"s":"', "\\n", '"'),
  "long escapes": (length) => filled(length, '"s":"', "\\u0041", '"'),
  "surrogate escapes": (length) => filled(length, '"s":"', "\\ud83d\\ude00", '"'),
  "one long number": (length) => filled(length, '"n":', "1", ""),
  "one long fraction": (length) => filled(length, '"n":0.', "1", "e-9"),
  "white space": (length) => " ".repeat(Math.max(0, length - 5)).concat('"a":0'),
  tabs: (length) => "\t".repeat(Math.max(0, length - 5)).concat('"a":0'),
  "nested to the bound": (length) => nested(length, DEEP),
};

/** Makes that the bound on depth forbids in a payload; a header may nest, because nobody gets to see it. */
export const DEEPER_PAYLOADS = {
  "nested arrays": (length) => nested(length, Number.POSITIVE_INFINITY),
  "nested objects": (length) => {
    const levels = Math.max(1, Math.floor((length - 5) / 6));
    return `"o":${'{"":'.repeat(levels)}0${"}".repeat(levels)}`;
  },
  "nesting never closed": (length) => `"n":${"[".repeat(Math.max(1, length - 4))}`,
};

function filled(length, before, unit, after) {
  const times = Math.max(0, Math.floor((length - before.length - after.length) / unit.length));
  return `${before}${unit.repeat(times)}${after}`;
}

function listed(length, before, item, after) {
  const items = [];
  let left = length - before.length - after.length + 1;
  for (let n = 0; left > 0; n += 1) {
    const text = item(n);
    left -= text.length + 1;
    if (left >= 0) items.push(text);
  }
  return `${before}${items.join(",")}${after}`;
}

function nested(length, most) {
  const levels = Math.max(1, Math.min(most, Math.floor((length - 4) / 2)));
  return `"n":${"[".repeat(levels)}${"]".repeat(levels)}`;
}

function shortName(number) {
  let name = "";
  let rest = number;
  do {
    name += LETTERS[rest % LETTERS.length];
    rest = Math.floor(rest / LETTERS.length);
  } while (rest > 0);
  return name;
}
