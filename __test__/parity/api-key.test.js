// APIKeyAuthProvider against the framework's own class: one group of cases for each row of the definition
// of "drop-in", the rows where both agree and the deliberate differences alike.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import {
  API_KEY,
  assertSame,
  bothRefuse,
  compare,
  construct,
  differs,
  REJECTS,
  received,
  refused,
  requestOf,
  runTable,
  throws,
} from "../support/oracle.js";

const NO_KEYS = "At least one API key is required";
const RIGHT = "right-7c1e94f0ab35d268";
const HASH_OF_A_KEY = `sha256:${"0a1b2c3d4e5f6789".repeat(4)}`;
const WRONG = "wrong-7c1e94f0ab35d268";
const GRANTS = { verdict: true };

const one = () => ({ keys: [RIGHT] });
const keys =
  (...list) =>
  () => ({ keys: list });
const headers = (record) => () => requestOf({ headers: structuredClone(record) });
const xApiKey = (value) => headers({ "x-api-key": value });
const query = (search, host = "localhost:8080") => headersAndUrl({ host }, `/sse?${search}`);
const headersAndUrl = (record, url) => () => requestOf({ headers: structuredClone(record), url });

const accepted = (name, parts) => ({ name, expect: "same", verdict: true, config: one, ...parts });
const rejected = (name, parts) => ({ name, expect: "same", verdict: false, config: one, ...parts });

const ROWS = [
  {
    row: "config missing/null; `keys` missing, `[]`, `''`, Set, number",
    cases: [
      ["config missing", undefined],
      ["config null", null],
      ["config a string", "keys"],
      ["config a number", 5],
      ["`keys` missing", {}],
      ["`keys` missing beside a header name", { headerName: "X-Key" }],
      ["`keys` undefined", { keys: undefined }],
      ["`keys` null", { keys: null }],
      ["`keys` []", { keys: [] }],
      ["`keys` ''", { keys: "" }],
      ["`keys` a Set", { keys: new Set([RIGHT]) }],
      ["`keys` a Map", { keys: new Map([[RIGHT, true]]) }],
      ["`keys` a number", { keys: 5 }],
      ["`keys` true", { keys: true }],
      ["`keys` {}", { keys: {} }],
      ["`keys` of length 0", { keys: { length: 0 } }],
      ["`keys` an empty typed array", { keys: new Uint8Array(0) }],
      ["`keys` a function without parameters", { keys: () => [RIGHT] }],
      ["`keys` inherited, not own", Object.create({ keys: [RIGHT] })],
    ].map(([name, config]) => bothRefuse(name, NO_KEYS, { config: () => config, request: xApiKey(RIGHT) })),
  },
  {
    row: "`keys: 'abc'`",
    cases: [
      differs("a character of the string is a key to the oracle", {
        config: () => ({ keys: "abcdef" }),
        request: xApiKey("b"),
        oracle: GRANTS,
        ours: refused(/keys/, /array of strings/),
        why: "one character of the key would open the door",
      }),
      differs("the whole string is none", {
        config: () => ({ keys: "abcdef" }),
        request: xApiKey("abcdef"),
        oracle: REJECTS,
        ours: refused(/keys/, /array of strings/),
        why: "a key that can never match is a mistake to report at once",
      }),
      differs("a key of one character", {
        config: () => ({ keys: "a" }),
        request: xApiKey("a"),
        oracle: GRANTS,
        ours: refused(/keys/, /array of strings/),
        why: "the type is wrong whatever the length",
      }),
    ],
  },
  {
    row: "`{length: 1}` and other non-arrays",
    cases: [
      ["{ length: 1 }", { length: 1 }, throws(/not iterable/)],
      ["an array-like object", { length: 1, 0: RIGHT }, throws(/not iterable/)],
      ["a function with a parameter", (key) => key, throws(/not iterable/)],
      ["a typed array", new Uint8Array([1]), REJECTS],
      ["a Buffer", Buffer.from(RIGHT), REJECTS],
      ["a String object", new String(RIGHT), REJECTS],
      [
        "an iterable with a length",
        {
          length: 1,
          *[Symbol.iterator]() {
            yield RIGHT;
          },
        },
        GRANTS,
      ],
    ].map(([name, given, oracle]) =>
      differs(name, {
        config: () => ({ keys: given }),
        request: xApiKey(RIGHT),
        oracle,
        ours: refused(/keys/, /array of strings/),
        why: "found at construction, not by the first client",
      }),
    ),
  },
  {
    row: "a key that is not a string, or is empty",
    cases: [
      ["a number", [RIGHT, 987654321], 1],
      ["null", [RIGHT, null], 1],
      ["undefined", [undefined, RIGHT], 0],
      ["true", [RIGHT, RIGHT, true], 2],
      ["a hole", Object.assign(new Array(2), { 1: RIGHT }), 0],
      ["an array", [[RIGHT], RIGHT], 0],
      ["an object", [RIGHT, { key: "object-member-key" }], 1],
      ["a String object", [RIGHT, new String("boxed-key-text")], 1],
      ["a Buffer", [RIGHT, Buffer.from("key-in-a-buffer")], 1],
      ["a symbol", [RIGHT, Symbol("symbolic-key")], 1],
      ["a bigint", [RIGHT, 987654321n], 1],
      ["a function", [RIGHT, () => RIGHT], 1],
      ["empty", [RIGHT, ""], 1],
    ].map(([name, list, index]) =>
      differs(name, {
        config: () => ({ keys: list }),
        request: xApiKey(RIGHT),
        oracle: GRANTS,
        ours: refused(new RegExp(`keys\\[${index}\\]`)),
        why: "an entry that can never match is a mistake in the configuration",
      }),
    ),
  },
  {
    row: "a key that is the hash of one",
    cases: [
      differs("sha256: and 64 digits", {
        config: () => ({ keys: [HASH_OF_A_KEY] }),
        request: xApiKey(HASH_OF_A_KEY),
        oracle: GRANTS,
        ours: refused(/keys\[0\]/, /is the hash of a key/),
        why: "whoever reads the configuration would get in",
      }),
      accepted("and one character more", {
        config: () => ({ keys: [`${HASH_OF_A_KEY}0`] }),
        request: xApiKey(`${HASH_OF_A_KEY}0`),
      }),
    ],
  },
  {
    row: "header name",
    cases: [
      ...["x-api-key", "X-API-Key", "X-API-KEY", "X-Api-Key", "x-Api-kEy"].map((name) =>
        accepted(`default, sent as ${name}`, { request: headers({ [name]: RIGHT }) }),
      ),
      ...["x-my-key", "X-My-Key", "X-MY-KEY", "x-mY-kEy"].flatMap((sent) =>
        ["x-my-key", "X-My-Key", "X-MY-KEY"].map((headerName) =>
          accepted(`${headerName} configured, ${sent} sent`, {
            config: () => ({ keys: [RIGHT], headerName }),
            request: headers({ [sent]: RIGHT }),
          }),
        ),
      ),
      accepted("x-api-key beside a configured name", {
        config: () => ({ keys: [RIGHT], headerName: "X-My-Key" }),
        request: xApiKey(RIGHT),
      }),
      rejected("another name", { request: headers({ "x-my-key": RIGHT }) }),
      rejected("a name that only begins like it", {
        request: headers({ "x-api-key-2": RIGHT, "x-api-ke": RIGHT }),
      }),
      accepted("both names, the right key first", {
        config: () => ({ keys: [RIGHT], headerName: "X-My-Key" }),
        request: headers({ "x-my-key": RIGHT, "x-api-key": WRONG }),
      }),
      rejected("both names, the wrong key first", {
        config: () => ({ keys: [RIGHT], headerName: "X-My-Key" }),
        request: headers({ "x-api-key": WRONG, "x-my-key": RIGHT }),
      }),
      rejected("both names, an empty value first", {
        config: () => ({ keys: [RIGHT], headerName: "X-My-Key" }),
        request: headers({ "x-api-key": "", "x-my-key": RIGHT }),
      }),
      rejected("the same name in two spellings, an empty value first", {
        request: headers({ "X-API-Key": "", "x-api-key": RIGHT }),
      }),
      rejected("an integer-like name comes first in any object", {
        config: () => ({ keys: [RIGHT], headerName: "7" }),
        request: headers({ "x-api-key": RIGHT, 7: WRONG }),
      }),
      accepted("every character of a token", {
        config: () => ({ keys: [RIGHT], headerName: "!#$%&'*+-.^_`|~09azAZ" }),
        request: headers({ "!#$%&'*+-.^_`|~09azaz": RIGHT }),
      }),
      rejected("inherited headers do not count", {
        request: () => requestOf({ headers: Object.create({ "x-api-key": RIGHT }) }),
      }),
      accepted("headers without a prototype", {
        request: () => requestOf({ headers: Object.assign(Object.create(null), { "x-api-key": RIGHT }) }),
      }),
    ],
  },
  {
    row: "`headerName: undefined` or `null`",
    cases: [undefined, null].flatMap((headerName) => [
      differs(`${headerName}: the default applies`, {
        config: () => ({ keys: [RIGHT], headerName }),
        request: xApiKey(RIGHT),
        oracle: throws(/toLowerCase/),
        ours: GRANTS,
        why: "an option given as undefined is an option not given",
      }),
      differs(`${headerName}: a wrong key is still wrong`, {
        config: () => ({ keys: [RIGHT], headerName }),
        request: xApiKey(WRONG),
        oracle: throws(/toLowerCase/),
        ours: REJECTS,
        why: "an option given as undefined is an option not given",
      }),
    ]),
  },
  {
    row: "header value is an array",
    cases: [
      accepted("one element", { request: xApiKey([RIGHT]) }),
      accepted("the first of two", { request: xApiKey([RIGHT, WRONG]) }),
      rejected("the second of two", { request: xApiKey([WRONG, RIGHT]) }),
      rejected("a nested array", { request: xApiKey([[RIGHT]]) }),
      rejected("a number first", { request: xApiKey([5, RIGHT]) }),
      rejected("[]", { request: xApiKey([]) }),
      rejected("an empty element first", { request: xApiKey(["", RIGHT]) }),
      accepted("[] falls through to Bearer", {
        request: headers({ "x-api-key": [], authorization: `Bearer ${RIGHT}` }),
      }),
      accepted("an empty element falls through to the query", {
        request: headersAndUrl({ "x-api-key": ["", WRONG] }, `/?api_key=${RIGHT}`),
      }),
      rejected("a wrong element does not fall through", {
        request: headers({ "x-api-key": [WRONG], authorization: `Bearer ${RIGHT}` }),
      }),
    ],
  },
  {
    row: "comparison",
    cases: [
      accepted("equal", { request: xApiKey(RIGHT) }),
      rejected("another key of the same length", { request: xApiKey(WRONG) }),
      rejected("a prefix", { request: xApiKey(RIGHT.slice(0, -1)) }),
      rejected("an extension", { request: xApiKey(`${RIGHT}0`) }),
      rejected("other letter case", { request: xApiKey(RIGHT.toUpperCase()) }),
      rejected("leading space", { request: xApiKey(` ${RIGHT}`) }),
      rejected("trailing space", { request: xApiKey(`${RIGHT} `) }),
      rejected("trailing newline", { request: xApiKey(`${RIGHT}\n`) }),
      rejected("trailing NUL", { request: xApiKey(`${RIGHT}\0`) }),
      rejected("a key cut at NUL", { config: keys("abcd\0efgh"), request: xApiKey("abcd") }),
      accepted("a key with NUL", { config: keys("abcd\0efgh"), request: xApiKey("abcd\0efgh") }),
      accepted("a key with spaces around it", { config: keys(` ${RIGHT} `), request: xApiKey(` ${RIGHT} `) }),
      rejected("a key with spaces around it, trimmed", {
        config: keys(` ${RIGHT} `),
        request: xApiKey(RIGHT),
      }),
      accepted("a key of one space", { config: keys(" "), request: xApiKey(" ") }),
      accepted("a key of one character", { config: keys("x"), request: xApiKey("x") }),
      accepted("a key of 100,000 characters", {
        config: keys("k".repeat(100_000)),
        request: xApiKey("k".repeat(100_000)),
      }),
      rejected("one character short of 100,000", {
        config: keys("k".repeat(100_000)),
        request: xApiKey("k".repeat(99_999)),
      }),
      accepted("the first of three", {
        config: keys(RIGHT, "other-key", "third-key"),
        request: xApiKey(RIGHT),
      }),
      accepted("the last of three", {
        config: keys("other-key", "third-key", RIGHT),
        request: xApiKey(RIGHT),
      }),
      accepted("one listed twice", { config: keys(RIGHT, RIGHT), request: xApiKey(RIGHT) }),
      rejected("two listed keys in a row", {
        config: keys(RIGHT, "other-key"),
        request: xApiKey(`${RIGHT}other-key`),
      }),
      accepted("the last of 5,000", {
        config: () => ({ keys: Array.from({ length: 5000 }, (_, index) => `key-${index}`) }),
        request: xApiKey("key-4999"),
      }),
      rejected("none of 5,000", {
        config: () => ({ keys: Array.from({ length: 5000 }, (_, index) => `key-${index}`) }),
        request: xApiKey("key-5000"),
      }),
      ...["__proto__", "constructor", "toString", "length", "0"].flatMap((name) => [
        accepted(`a key named ${name}`, { config: keys(name), request: xApiKey(name) }),
        rejected(`${name} when it is no key`, { request: xApiKey(name) }),
      ]),
      accepted("precomposed é is itself", { config: keys("caf\u00e9"), request: xApiKey("caf\u00e9") }),
      rejected("precomposed é is not e and an accent", {
        config: keys("caf\u00e9"),
        request: xApiKey("cafe\u0301"),
      }),
      accepted("a key beyond the BMP", { config: keys("key-\u{1f511}"), request: xApiKey("key-\u{1f511}") }),
      rejected("a number that reads like the key", { config: keys("12345"), request: xApiKey(12345) }),
      rejected("a String object", {
        request: () => requestOf({ headers: { "x-api-key": new String(RIGHT) } }),
      }),
      rejected("a Buffer", { request: () => requestOf({ headers: { "x-api-key": Buffer.from(RIGHT) } }) }),
      rejected("an object with toString", {
        request: () => requestOf({ headers: { "x-api-key": { toString: () => RIGHT } } }),
      }),
    ],
  },
  {
    row: "duplicate `x-api-key` on the wire",
    cases: [
      rejected("the right key twice", {
        request: () => received("GET / HTTP/1.1", "Host: x", `X-API-Key: ${RIGHT}`, `X-API-Key: ${RIGHT}`),
      }),
      rejected("the right key, then a wrong one", {
        request: () => received("GET / HTTP/1.1", "Host: x", `x-api-key: ${RIGHT}`, `X-API-KEY: ${WRONG}`),
      }),
      rejected("an empty one, then the right key", {
        request: () => received("GET / HTTP/1.1", "Host: x", "X-API-Key:", `X-API-Key: ${RIGHT}`),
      }),
      accepted("a key that is the joined value", {
        config: keys("k1, k1"),
        request: () => received("GET / HTTP/1.1", "Host: x", "X-API-Key: k1", "X-API-Key: k1"),
      }),
      accepted("a single one, with white space around it on the wire", {
        request: () => received("GET / HTTP/1.1", "Host: x", `X-API-Key: \t ${RIGHT} \t`),
      }),
      accepted("a second Authorization is dropped", {
        request: () =>
          received(
            "GET / HTTP/1.1",
            "Host: x",
            `Authorization: Bearer ${RIGHT}`,
            `Authorization: Bearer ${WRONG}`,
          ),
      }),
    ],
  },
  {
    row: "empty header, then Bearer, then query",
    cases: [
      accepted("empty header, right Bearer", {
        request: headers({ "x-api-key": "", authorization: `Bearer ${RIGHT}` }),
      }),
      accepted("empty header, no Bearer, right query", {
        request: headersAndUrl({ "x-api-key": "" }, `/?api_key=${RIGHT}`),
      }),
      accepted("empty header, empty Bearer, right query", {
        request: headersAndUrl({ "x-api-key": "", authorization: "Bearer " }, `/?api_key=${RIGHT}`),
      }),
      accepted("no header, right Bearer before a wrong query", {
        request: headersAndUrl({ authorization: `Bearer ${RIGHT}` }, `/?api_key=${WRONG}`),
      }),
      rejected("a wrong header does not fall through", {
        request: headersAndUrl(
          { "x-api-key": WRONG, authorization: `Bearer ${RIGHT}` },
          `/?api_key=${RIGHT}`,
        ),
      }),
      rejected("a header of one space does not fall through", {
        request: headersAndUrl({ "x-api-key": " ", authorization: `Bearer ${RIGHT}` }, `/?api_key=${RIGHT}`),
      }),
      rejected("a wrong Bearer does not fall through", {
        request: headersAndUrl({ authorization: `Bearer ${WRONG}` }, `/?api_key=${RIGHT}`),
      }),
      rejected("nothing anywhere", { request: headers({}) }),
      accepted("header values that are no text and falsy fall through", {
        request: headers({ "x-api-key": 0, authorization: `Bearer ${RIGHT}` }),
      }),
      accepted("an undefined header value falls through", {
        request: headers({ "x-api-key": undefined, authorization: `Bearer ${RIGHT}` }),
      }),
      rejected("a header value that is no text and truthy does not", {
        request: headers({ "x-api-key": 1, authorization: `Bearer ${RIGHT}` }),
      }),
    ],
  },
  {
    row: "Bearer fallback",
    cases: [
      accepted("Bearer", { request: headers({ authorization: `Bearer ${RIGHT}` }) }),
      ...["bearer", "BEARER", "Token", "Basic", "ApiKey", "Bearer:"].map((scheme) =>
        rejected(`scheme ${scheme}`, { request: headers({ authorization: `${scheme} ${RIGHT}` }) }),
      ),
      rejected("no scheme", { request: headers({ authorization: RIGHT }) }),
      rejected("no space", { request: headers({ authorization: `Bearer${RIGHT}` }) }),
      rejected("a tab instead of the space", { request: headers({ authorization: `Bearer\t${RIGHT}` }) }),
      rejected("a space before the scheme", { request: headers({ authorization: ` Bearer ${RIGHT}` }) }),
      accepted("more spaces", { request: headers({ authorization: `Bearer   ${RIGHT}  ` }) }),
      accepted("a space and a tab", { request: headers({ authorization: `Bearer \t${RIGHT}\t` }) }),
      accepted("white space of all of Unicode is trimmed", {
        request: headers({ authorization: `Bearer \u00a0\ufeff\u2003${RIGHT}\u2028\r\n\v\f` }),
      }),
      rejected("U+180E is no white space", { request: headers({ authorization: `Bearer \u180e${RIGHT}` }) }),
      rejected("text after the key", { request: headers({ authorization: `Bearer ${RIGHT} junk` }) }),
      accepted("a key with a space in it", {
        config: keys("two words"),
        request: headers({ authorization: "Bearer two words" }),
      }),
      rejected("a key with a space at its end can never match", {
        config: keys("trailing "),
        request: headers({ authorization: "Bearer trailing " }),
      }),
      rejected("an array", { request: headers({ authorization: [`Bearer ${RIGHT}`] }) }),
      rejected("a String object", {
        request: () => requestOf({ headers: { authorization: new String(`Bearer ${RIGHT}`) } }),
      }),
      rejected("Authorization in capitals, as no Node server writes it", {
        request: headers({ Authorization: `Bearer ${RIGHT}` }),
      }),
      rejected("an empty key", { request: headers({ authorization: "Bearer " }) }),
      rejected("the scheme alone", { request: headers({ authorization: "Bearer" }) }),
    ],
  },
  {
    row: "query fallback",
    cases: [
      accepted("api_key", { request: query(`api_key=${RIGHT}`) }),
      accepted("apiKey", { request: query(`apiKey=${RIGHT}`) }),
      ...["apikey", "API_KEY", "api-key", "key", "x-api-key", "APIKey"].map((name) =>
        rejected(`${name} is not looked at`, { request: query(`${name}=${RIGHT}`) }),
      ),
      accepted("api_key before apiKey, whatever the order", {
        request: query(`apiKey=${WRONG}&api_key=${RIGHT}`),
      }),
      rejected("a wrong api_key does not fall through to apiKey", {
        request: query(`api_key=${WRONG}&apiKey=${RIGHT}`),
      }),
      accepted("an empty api_key falls through to apiKey", { request: query(`api_key=&apiKey=${RIGHT}`) }),
      accepted("a bare api_key falls through to apiKey", { request: query(`api_key&apiKey=${RIGHT}`) }),
      accepted("the first of two values", { request: query(`api_key=${RIGHT}&api_key=${WRONG}`) }),
      rejected("the second of two values", { request: query(`api_key=${WRONG}&api_key=${RIGHT}`) }),
      rejected("an empty first value", { request: query(`api_key=&api_key=${RIGHT}`) }),
      accepted("other parameters around it", { request: query(`a=1&api_key=${RIGHT}&b=2`) }),
      accepted("percent-encoded value", {
        request: query(`api_key=${[...RIGHT].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("")}`),
      }),
      accepted("percent-encoded name", { request: query(`api%5Fkey=${RIGHT}`) }),
      accepted("+ is a space", { config: keys("two words"), request: query("api_key=two+words") }),
      accepted("%20 is a space", { config: keys("two words"), request: query("api_key=two%20words") }),
      accepted("%2B is a plus", { config: keys("a+b"), request: query("api_key=a%2Bb") }),
      rejected("+ is not a plus", { config: keys("a+b"), request: query("api_key=a+b") }),
      accepted("= within the value", { config: keys("YWJj=="), request: query("api_key=YWJj==") }),
      rejected("; does not separate", { request: query(`a=1;api_key=${RIGHT}`) }),
      rejected("surrounding spaces are kept", { request: query(`api_key=+${RIGHT}+`) }),
      accepted("UTF-8 beyond ASCII", { config: keys("caf\u00e9"), request: query("api_key=caf%C3%A9") }),
      rejected("latin1 beyond ASCII", { config: keys("caf\u00e9"), request: query("api_key=caf%E9") }),
      accepted("malformed UTF-8 decodes to U+FFFD", {
        config: keys("\ufffd"),
        request: query("api_key=%FF"),
      }),
      accepted("a stray percent sign stays", { config: keys("100%"), request: query("api_key=100%") }),
      rejected("in the fragment", { request: headersAndUrl({ host: "x" }, `/#?api_key=${RIGHT}`) }),
      rejected("in the path", { request: headersAndUrl({ host: "x" }, `/api_key=${RIGHT}`) }),
      accepted("an absolute URL, as a proxy sends it", {
        request: headersAndUrl({ host: "x" }, `http://elsewhere/sse?api_key=${RIGHT}`),
      }),
      accepted("a URL that begins with two slashes", {
        request: headersAndUrl({ host: "x" }, `//elsewhere/sse?api_key=${RIGHT}`),
      }),
      accepted("a query alone", { request: headersAndUrl({ host: "x" }, `?api_key=${RIGHT}`) }),
      rejected("*", { request: headersAndUrl({ host: "x" }, "*") }),
      rejected("an empty URL", { request: headersAndUrl({ host: "x" }, "") }),
      rejected("no URL", { request: () => ({ ...requestOf({}), url: undefined }) }),
      accepted("no Host", { request: headersAndUrl({}, `/?api_key=${RIGHT}`) }),
      accepted("an empty Host", { request: headersAndUrl({ host: "" }, `/?api_key=${RIGHT}`) }),
      accepted("from the wire", {
        request: () => received(`GET /sse?api_key=${RIGHT} HTTP/1.1`, "Host: localhost:8080"),
      }),
      ...[`api_key=${RIGHT}`, `apiKey=${RIGHT}`].map((search) =>
        differs(`queryFallback: false, ${search.slice(0, 7)}`, {
          config: () => ({ keys: [RIGHT], queryFallback: false }),
          request: query(search),
          oracle: GRANTS,
          ours: REJECTS,
          why: "an option of ours: URLs end up in logs",
        }),
      ),
      accepted("queryFallback: true", {
        config: () => ({ keys: [RIGHT], queryFallback: true }),
        request: query(`api_key=${RIGHT}`),
      }),
      accepted("queryFallback: undefined is the default, true", {
        config: () => ({ keys: [RIGHT], queryFallback: undefined }),
        request: query(`api_key=${RIGHT}`),
      }),
      accepted("queryFallback: false leaves the header", {
        config: () => ({ keys: [RIGHT], queryFallback: false }),
        request: xApiKey(RIGHT),
      }),
      accepted("queryFallback: false leaves Bearer", {
        config: () => ({ keys: [RIGHT], queryFallback: false }),
        request: headers({ authorization: `Bearer ${RIGHT}` }),
      }),
    ],
  },
  {
    row: "unparsable Host",
    cases: [
      ...["a b", "[::1", "x:99999", "exa mple:80", "<host>", "%zz", "a:b:c"].map((host) =>
        rejected(`Host ${host}`, { request: query(`api_key=${RIGHT}`, host) }),
      ),
      rejected("with an absolute URL", {
        request: headersAndUrl({ host: "a b" }, `http://elsewhere/?api_key=${RIGHT}`),
      }),
      accepted("the header still counts", {
        request: headersAndUrl({ host: "a b", "x-api-key": RIGHT }, `/?api_key=${WRONG}`),
      }),
      accepted("Bearer still counts", {
        request: headersAndUrl({ host: "a b", authorization: `Bearer ${RIGHT}` }, `/?api_key=${WRONG}`),
      }),
      ...["localhost", "127.0.0.1:80", "[::1]:8080", "EXAMPLE.org", "b\u00fccher.example", "user@host"].map(
        (host) => accepted(`Host ${host} can be parsed`, { request: query(`api_key=${RIGHT}`, host) }),
      ),
      rejected("a URL that cannot be parsed", {
        request: headersAndUrl({ host: "x" }, `http://a b/?api_key=${RIGHT}`),
      }),
    ],
  },
  {
    row: '`headerName: "Authorization"`',
    cases: [
      ["the bare key", [RIGHT], { authorization: RIGHT }, true],
      ["the key after Bearer is another value", [RIGHT], { authorization: `Bearer ${RIGHT}` }, false],
      ["a key that contains the scheme", [`Bearer ${RIGHT}`], { authorization: `Bearer ${RIGHT}` }, true],
      ["such a key without the scheme", [`Bearer ${RIGHT}`], { authorization: RIGHT }, false],
      ["any letter case of the name", [RIGHT], { Authorization: RIGHT }, true],
      ["x-api-key as well", [RIGHT], { "x-api-key": RIGHT }, true],
      ["x-api-key after a wrong Authorization", [RIGHT], { authorization: WRONG, "x-api-key": RIGHT }, false],
      ["x-api-key before a wrong Authorization", [RIGHT], { "x-api-key": RIGHT, authorization: WRONG }, true],
      [
        "an empty x-api-key first, then Bearer",
        [RIGHT],
        { "x-api-key": "", authorization: `Bearer ${RIGHT}` },
        true,
      ],
      ["an array of one", [RIGHT], { authorization: [RIGHT] }, true],
    ].map(([name, list, record, verdict]) => ({
      name,
      config: () => ({ keys: list, headerName: "Authorization" }),
      request: headers(record),
      expect: "same",
      verdict,
    })),
  },
  {
    row: "no `req.socket`",
    cases: [
      ["no socket", () => ({ headers: { "x-api-key": RIGHT }, url: "/" }), GRANTS],
      ["no socket, wrong key", () => ({ headers: { "x-api-key": WRONG }, url: "/" }), REJECTS],
      ["no socket, no credential", () => ({ headers: {} }), REJECTS],
      ["no socket, right query", () => ({ headers: {}, url: `/?api_key=${RIGHT}` }), GRANTS],
      ["socket null", () => ({ headers: { "x-api-key": RIGHT }, url: "/", socket: null }), GRANTS],
    ].map(([name, request, ours]) =>
      differs(name, {
        config: one,
        request,
        oracle: throws(/remoteAddress/),
        ours,
        why: "serverless requests have no socket, and a throw is a 500",
      }),
    ),
  },
  {
    row: "keys `\\ud800` vs `\\ud801` (lone surrogates)",
    cases: [
      ["a lone high surrogate", ["\ud800"], "\ud800", GRANTS, 0],
      ["another lone high surrogate", ["\ud800"], "\ud801", REJECTS, 0],
      ["a lone low surrogate in the second key", [RIGHT, "key-\udc00-key"], "key-\udc00-key", GRANTS, 1],
      ["a pair the wrong way round", ["\udc00\ud800"], "\udc00\ud800", GRANTS, 0],
      ["U+FFFD presented for a lone surrogate", ["\ud800"], "\ufffd", REJECTS, 0],
    ]
      .map(([name, list, presented, oracle, index]) =>
        differs(name, {
          config: () => ({ keys: list }),
          request: xApiKey(presented),
          oracle,
          ours: refused(new RegExp(`keys\\[${index}\\]`)),
          why: "two such keys are the same bytes in UTF-8, and no client can send either",
        }),
      )
      .concat([
        rejected("a lone surrogate presented for U+FFFD", {
          config: keys("\ufffd"),
          request: xApiKey("\ud800"),
        }),
        rejected("a lone surrogate presented for U+FFFD as Bearer", {
          config: keys("\ufffd"),
          request: headers({ authorization: "Bearer \ud800" }),
        }),
        rejected("a lone surrogate within", { config: keys("a\ufffdb"), request: xApiKey("a\udfffb") }),
        accepted("U+FFFD itself", { config: keys("\ufffd"), request: xApiKey("\ufffd") }),
        accepted("a well-formed pair", { config: keys("\ud83d\udd11"), request: xApiKey("\u{1f511}") }),
      ]),
  },
  {
    row: "key with `é` over the wire",
    cases: [
      rejected("sent as UTF-8", {
        config: keys("caf\u00e9"),
        request: () => received("GET / HTTP/1.1", "Host: x", "X-API-Key: caf\u00e9"),
      }),
      rejected("sent as UTF-8 after Bearer", {
        config: keys("caf\u00e9"),
        request: () => received("GET / HTTP/1.1", "Host: x", "Authorization: Bearer caf\u00e9"),
      }),
      accepted("sent as latin1", {
        config: keys("caf\u00e9"),
        request: () => received("GET / HTTP/1.1", "Host: x", Buffer.from("X-API-Key: caf\u00e9", "latin1")),
      }),
      accepted("a key that is the UTF-8 bytes read as latin1", {
        config: keys("caf\u00c3\u00a9"),
        request: () => received("GET / HTTP/1.1", "Host: x", "X-API-Key: caf\u00e9"),
      }),
      accepted("in the query, percent-encoded", {
        config: keys("caf\u00e9"),
        request: () => received("GET /?api_key=caf%C3%A9 HTTP/1.1", "Host: x"),
      }),
    ],
  },
  {
    row: "debug log",
    cases: [
      differs("a header that JSON cannot express", {
        config: one,
        request: () => requestOf({ headers: { "x-api-key": RIGHT, "x-big": 10n } }),
        oracle: throws(/BigInt/),
        ours: GRANTS,
        why: "the oracle turns every header into JSON for its log",
      }),
      differs("headers in a circle", {
        config: one,
        request: () => {
          const circle = { "x-api-key": RIGHT };
          circle["x-self"] = circle;
          return requestOf({ headers: circle });
        },
        oracle: throws(/circular/i),
        ours: GRANTS,
        why: "the oracle turns every header into JSON for its log",
      }),
    ],
  },
  {
    row: "mutation of the `keys` array after construction",
    cases: [
      differs("a key pushed", {
        config: one,
        meddle: ({ keys }) => keys.push("pushed-key"),
        request: xApiKey("pushed-key"),
        oracle: GRANTS,
        ours: REJECTS,
        why: "keys are hashed once, at construction; rotation has its own method",
      }),
      differs("a key overwritten", {
        config: one,
        meddle: ({ keys }) => keys.fill("other-key"),
        request: xApiKey(RIGHT),
        oracle: REJECTS,
        ours: GRANTS,
        why: "keys are hashed once, at construction; rotation has its own method",
      }),
      differs("the array emptied", {
        config: one,
        meddle: ({ keys }) => keys.splice(0),
        request: xApiKey(RIGHT),
        oracle: REJECTS,
        ours: GRANTS,
        why: "keys are hashed once, at construction; rotation has its own method",
      }),
      accepted("another array put in its place has no effect on either", {
        meddle: (config) => Object.assign(config, { keys: ["other-key"], headerName: "X-Other" }),
        request: xApiKey(RIGHT),
      }),
    ],
  },
];

const OPTIONS_BEYOND_THE_TABLE = [
  {
    row: "`headerName` that is no RFC 9110 token",
    cases: [
      ["empty", "", GRANTS],
      ["a space", "X Key", GRANTS],
      ["a newline", "X-Key\n", GRANTS],
      ["CR LF and another header", "X-Key\r\nX-Other: 1", GRANTS],
      ["a colon", "X-Key:", GRANTS],
      ["a letter beyond ASCII", "X-Schl\u00fcssel", GRANTS],
      ["the Kelvin sign, which is k in lower case", "X-\u212aey", GRANTS],
      ["a tab", "\tX-Key", GRANTS],
      ["a number", 5, throws(/toLowerCase/)],
      ["an array", ["X-Key"], throws(/toLowerCase/)],
      ["false", false, throws(/toLowerCase/)],
      ["an object", {}, throws(/toLowerCase/)],
    ].map(([name, headerName, oracle]) =>
      differs(name, {
        config: () => ({ keys: [RIGHT], headerName }),
        request: xApiKey(RIGHT),
        oracle,
        ours: refused(/headerName/),
        why: "no request can carry such a header",
      }),
    ),
  },
  {
    row: "`queryFallback` that is no boolean",
    cases: [
      ...[0, 1, "", "false", {}].map((queryFallback) =>
        differs(JSON.stringify(queryFallback), {
          config: () => ({ keys: [RIGHT], queryFallback }),
          request: query(`api_key=${RIGHT}`),
          oracle: GRANTS,
          ours: refused(/queryFallback/),
          why: "a misspelled switch must not pass for on",
        }),
      ),
      accepted("null is the default, true", {
        config: () => ({ keys: [RIGHT], queryFallback: null }),
        request: query(`api_key=${RIGHT}`),
      }),
    ],
  },
  {
    row: "requests that no HTTP server makes",
    cases: [
      ["undefined", () => undefined, throws(/undefined/)],
      ["null", () => null, throws(/null/)],
      ["a number", () => 5, throws(/remoteAddress/)],
      ["a string", () => RIGHT, throws(/remoteAddress/)],
      ["{}", () => ({}), throws(/remoteAddress/)],
      ["no headers", () => ({ ...requestOf({}), headers: undefined }), throws(/null or undefined|undefined/)],
      ["headers null", () => ({ ...requestOf({}), headers: null }), throws(/null/)],
      ["headers whose getter throws", () => withGetter(requestOf({}), "headers"), throws(/getter/)],
      [
        "a header whose getter throws",
        () => requestOf({ headers: withGetter({}, "x-api-key") }),
        throws(/getter/),
      ],
      [
        "a proxy that throws",
        () => requestOf({ headers: new Proxy({}, { ownKeys: () => assert.fail("trap") }) }),
        throws(/trap/),
      ],
      ["a revoked proxy", () => requestOf({ headers: revokedProxy() }), throws(/revoked/)],
      ["a socket whose getter throws", () => withGetter(requestOf({}), "socket"), throws(/getter/)],
      ["a url whose getter throws", () => withGetter(requestOf({}), "url"), throws(/getter/)],
    ]
      .map(([name, request, oracle]) =>
        differs(name, {
          config: one,
          request,
          oracle,
          ours: REJECTS,
          why: "a throw is a 500, and a request can never be the server's error",
        }),
      )
      .concat([
        rejected("headers a number", { request: () => ({ ...requestOf({}), headers: 5 }) }),
        rejected("headers a string", { request: () => ({ ...requestOf({}), headers: RIGHT }) }),
        rejected("headers an array of pairs", {
          request: () => requestOf({ headers: [["x-api-key", RIGHT]] }),
        }),
        rejected("headers a Map", { request: () => requestOf({ headers: new Map([["x-api-key", RIGHT]]) }) }),
        rejected("headers of fetch", {
          request: () => requestOf({ headers: new Headers({ "x-api-key": RIGHT }) }),
        }),
        rejected("a header value that is a symbol", {
          request: () => requestOf({ headers: { "x-api-key": Symbol("k") } }),
        }),
        rejected("a header value that is a function", {
          request: () => requestOf({ headers: { "x-api-key": () => RIGHT } }),
        }),
        rejected("a url that is a symbol", { request: () => ({ ...requestOf({}), url: Symbol("/") }) }),
        rejected("a url whose toString throws", {
          request: () => ({ ...requestOf({}), url: { toString: () => assert.fail("url") } }),
        }),
        rejected("a Host whose toString throws", {
          request: () =>
            requestOf({ headers: { host: { toString: () => assert.fail("host"), toJSON: () => "" } } }),
        }),
      ]),
  },
];

function withGetter(target, name) {
  return Object.defineProperty(target, name, { enumerable: true, get: () => assert.fail("getter") });
}

function revokedProxy() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

runTable(API_KEY, "APIKeyAuthProvider", ROWS);
runTable(API_KEY, "APIKeyAuthProvider, beyond the table", OPTIONS_BEYOND_THE_TABLE);

describe("APIKeyAuthProvider, every mix of credentials", () => {
  // What each shape presents: the right key, a wrong one, or nothing. The first of header, Bearer and query
  // that presents anything decides.
  const RIGHT_ONE = "right";
  const WRONG_ONE = "wrong";

  const VALUES = [
    [RIGHT, RIGHT_ONE],
    [WRONG, WRONG_ONE],
    [` ${RIGHT}`, WRONG_ONE],
    ["", undefined],
    [[RIGHT, WRONG], RIGHT_ONE],
    [[WRONG, RIGHT], WRONG_ONE],
    [["", RIGHT], undefined],
    [[], undefined],
  ];
  const NAMES = {
    "X-API-Key": ["x-api-key", "X-API-Key", "X-API-KEY", "X-Api-Key", "x-aPI-kEY"],
    "X-My-Key": ["x-my-key", "X-MY-KEY", "x-My-kEy", "x-api-key", "X-Api-Key"],
  };
  const AUTHORIZATIONS = [
    [{}, undefined],
    [{ authorization: `Bearer ${RIGHT}` }, RIGHT_ONE],
    [{ authorization: `Bearer  ${RIGHT} ` }, RIGHT_ONE],
    [{ authorization: `Bearer ${WRONG}` }, WRONG_ONE],
    [{ authorization: "Bearer " }, undefined],
    [{ authorization: `bearer ${RIGHT}` }, undefined],
    [{ authorization: [`Bearer ${RIGHT}`] }, undefined],
  ];
  const QUERIES = [
    ["/sse", "localhost", undefined],
    [`/sse?api_key=${RIGHT}`, "localhost", RIGHT_ONE],
    [`/sse?apiKey=${RIGHT}`, "localhost", RIGHT_ONE],
    [`/sse?api_key=&apiKey=${RIGHT}`, "localhost", RIGHT_ONE],
    [`/sse?api_key=${WRONG}&apiKey=${RIGHT}`, "localhost", WRONG_ONE],
    [`/sse?api_key=${RIGHT}`, "not a host", undefined],
  ];

  const headerShapes = (headerName) => [
    [{}, undefined],
    ...NAMES[headerName].flatMap((name) => VALUES.map(([value, presents]) => [{ [name]: value }, presents])),
    [{ "x-other": RIGHT }, undefined],
    [{ "x-other": RIGHT, "x-api-key": WRONG }, WRONG_ONE],
    [{ "x-api-key": "", [headerName]: RIGHT }, undefined],
    [{ [headerName.toLowerCase()]: RIGHT, "X-API-KEY": WRONG }, RIGHT_ONE],
    [{ "X-API-KEY": WRONG, [headerName.toLowerCase()]: RIGHT }, WRONG_ONE],
  ];

  for (const headerName of Object.keys(NAMES)) {
    for (const [shape, presented] of headerShapes(headerName)) {
      it(`${headerName} configured, ${JSON.stringify(shape)} sent, with every Bearer and query`, async () => {
        for (const [authorization, asBearer] of AUTHORIZATIONS) {
          for (const [url, host, asQuery] of QUERIES) {
            const deciding = presented ?? asBearer ?? asQuery;
            const request = headersAndUrl({ host, ...shape, ...authorization }, url);
            const { oracle, ours } = await compare(API_KEY, {
              config: () => ({ keys: ["unused-key", RIGHT], headerName }),
              request,
            });
            const combination = JSON.stringify(request());
            assert.deepStrictEqual(oracle, { verdict: deciding === RIGHT_ONE }, `oracle: ${combination}`);
            assertSame(ours, oracle, combination);
          }
        }
      });
    }
  }
});

describe("APIKeyAuthProvider, what the framework reads off a provider", () => {
  const both = (config) => Object.values(API_KEY).map((Provider) => construct(Provider, config).provider);

  it("getAuthError() is the 401 that names the key", () => {
    for (const provider of both(one())) {
      assert.deepStrictEqual(provider.getAuthError(), { status: 401, message: "Invalid API key" });
    }
  });

  it("getAuthError() is a new object each time", () => {
    for (const provider of both(one())) {
      assert.notEqual(provider.getAuthError(), provider.getAuthError());
    }
  });

  it("getKeyCount() counts the entries as given", () => {
    for (const list of [[RIGHT], [RIGHT, WRONG], [RIGHT, RIGHT]]) {
      for (const provider of both({ keys: list })) {
        assert.equal(provider.getKeyCount(), list.length);
      }
    }
  });

  it("getHeaderName() keeps the spelling of the configuration", () => {
    for (const [config, name] of [
      [{ keys: [RIGHT] }, "X-API-Key"],
      [{ keys: [RIGHT], headerName: "x-MY-key" }, "x-MY-key"],
    ]) {
      for (const provider of both(config)) {
        assert.equal(provider.getHeaderName(), name);
      }
    }
  });

  it("getHeaderName() is the default where the oracle has none", () => {
    for (const headerName of [undefined, null]) {
      const [oracle, ours] = both({ keys: [RIGHT], headerName });
      assert.equal(oracle.getHeaderName(), headerName);
      assert.equal(ours.getHeaderName(), "X-API-Key");
    }
  });

  it("authenticate() returns a promise of this realm, even for what is no request", async () => {
    for (const request of [requestOf({}), undefined]) {
      const [, ours] = both(one());
      const pending = ours.authenticate(request);
      assert.ok(pending instanceof Promise);
      assert.equal(await pending, false);
    }
  });
});

describe("APIKeyAuthProvider, what gets into logs", () => {
  // Runs in a process of its own: a provider of the named package judges a right and a wrong key, again and
  // again for a while, because the framework opens its log file in the background.
  const judging = (packageName) => `
    import { APIKeyAuthProvider } from ${JSON.stringify(packageName)};
    const provider = new APIKeyAuthProvider({ keys: [${JSON.stringify(RIGHT)}] });
    const socket = { remoteAddress: "127.0.0.1" };
    for (let round = 0; round < 20; round++) {
      const key = [${JSON.stringify(RIGHT)}, ${JSON.stringify(WRONG)}][round % 2];
      await new Promise((resolve) => setTimeout(resolve, 10));
      await provider.authenticate({ headers: { "x-api-key": key }, url: "/", socket });
      await provider.authenticate({ headers: { authorization: "Bearer " + key }, url: "/", socket });
      await provider.authenticate({ headers: {}, url: "/?api_key=" + key, socket });
    }`;
  const runJudging = (packageName, environment) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", judging(packageName)],
      {
        cwd: fileURLToPath(new URL("../..", import.meta.url)),
        env: { ...process.env, ...environment },
        encoding: "utf8",
      },
    );
    assert.equal(status, 0, stderr);
    return { stdout, stderr };
  };

  it("the oracle writes credentials to stderr when told to debug, ours writes nothing", () => {
    const debugging = { MCP_DEBUG_CONSOLE: "true", DEBUG: "*" };
    assert.match(runJudging("mcp-framework", debugging).stderr, new RegExp(RIGHT));
    assert.deepStrictEqual(runJudging("mcp-native-auth", debugging), { stdout: "", stderr: "" });
  });

  it("the oracle writes credentials to its log file, ours writes none anywhere", () => {
    const logged = (packageName) => {
      const folder = mkdtempSync(join(tmpdir(), "parity-"));
      try {
        const logging = { MCP_ENABLE_FILE_LOGGING: "true", MCP_LOG_DIRECTORY: folder };
        const { stdout, stderr } = runJudging(packageName, logging);
        const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
        return [stdout, stderr, ...files].join("\n");
      } finally {
        rmSync(folder, { recursive: true });
      }
    };
    assert.match(logged("mcp-framework"), new RegExp(RIGHT));
    assert.doesNotMatch(logged("mcp-native-auth"), new RegExp(`${RIGHT}|${WRONG}`));
  });

  it("a provider turned into text shows its keys in the oracle's case and none in ours", () => {
    const shown = ({ provider }) =>
      JSON.stringify({ auth: { provider } }) + inspect(provider, { depth: null, showHidden: true });
    assert.ok(shown(construct(API_KEY.oracle, one())).includes(RIGHT));
    assert.ok(!shown(construct(API_KEY.ours, one())).includes(RIGHT));
  });
});

it("the table is whole", () => {
  const count = ROWS.reduce((sum, { cases }) => sum + cases.length, 0);
  assert.equal(ROWS.length, 20);
  assert.ok(count >= 260, `only ${count} cases`);
});
