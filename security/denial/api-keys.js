/** API keys of a given size in every place where a request can carry one. */

export const KEY_SIZES = [16, 256, 4096, 16_384, 65_536, 1_048_576];

/** So many that a key is not found by looking at one or two. */
const OTHER_KEYS = 1000;

/**
 * Requests that differ in nothing but whether the key is right: `keys` to configure, and of each kind the
 * `right` one and the `wrong` one.
 *
 * @param {number} size of the key, in bytes on the wire
 */
export function keyRequests(size) {
  const right = "k".repeat(size);
  const rightBeyondAscii = "\u00e9".repeat(size);
  const rightAfterEscapes = "AB".repeat(size).slice(0, Math.ceil(size / 3));
  const keys = [right, rightBeyondAscii, rightAfterEscapes];
  for (let n = 0; n < OTHER_KEYS; n += 1) keys.push(`other key ${n}`);

  const header = (key) => ({ headers: { "x-api-key": flat(key) } });
  const bearer = (key) => ({ headers: { authorization: flat(`Bearer ${key}`) } });
  const query = (text, host = "127.0.0.1:8080") => ({
    headers: { host: flat(host) },
    url: flat(`/mcp?${text}`),
  });
  const escaped = (key) => key.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  const padding = (unit) => unit.repeat(Math.ceil(size / unit.length));
  const pair = (kind, request, key = right) => ({
    kind,
    right: request(key),
    wrong: request(`${key.slice(0, -1)}${key.endsWith("j") ? "i" : "j"}`),
  });
  return {
    keys,
    pairs: [
      pair("wrong in the last letter", header),
      { kind: "wrong in the first letter", right: header(right), wrong: header(`j${right.slice(1)}`) },
      {
        kind: "wrong, beyond ASCII",
        right: header(rightBeyondAscii),
        wrong: header(`${rightBeyondAscii.slice(1)}j`),
      },
      pair("Bearer, wrong", bearer),
      { kind: "Bearer, white space only", right: bearer(right), wrong: bearer(" ".repeat(size)) },
      { kind: "Bearer, behind white space", right: bearer(right), wrong: bearer(`${" ".repeat(size - 1)}j`) },
      pair("query, wrong", (key) => query(`api_key=${key}`)),
      pair("query, wrong, escaped", (key) => query(`api_key=${escaped(key)}`), rightAfterEscapes),
      pair("query, behind many parameters", (key) => query(`${padding("a&")}api_key=${key}`)),
      pair("query, behind many values", (key) => query(`${padding("a=1&")}apiKey=${key}`)),
      pair("query, behind a path of dots", (key) => ({
        headers: { host: "127.0.0.1:8080" },
        url: flat(`/${padding("a/../")}?api_key=${key}`),
      })),
      pair("query, a long host", (key) => query(`api_key=${key}`, padding("a"))),
      pair("query, a long host beyond ASCII", (key) => query(`api_key=${key}`, padding("\u00e9"))),
    ],
  };
}

/** One flat string of one byte a character, as Node makes of a header's bytes. */
function flat(text) {
  return Buffer.from(text, "latin1").toString("latin1");
}
