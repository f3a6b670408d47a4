/** Cases of API keys: requests that carry a key, or something like one, anywhere. */

import { urlWith } from "./urls.js";

export const KEYS = [
  "first-key-5f0c1d7a9b",
  "second-key-77e2ab40c1",
  "a",
  "key with spaces 9d31",
  "key+with+plus",
  "100%25&key=1;2#3",
  "cl\u00e9-ceab8812",
  "cl\u00c3\u00a9-ceab8812",
  "cle\u0301-ceab8812",
  "\u{1f511}-key",
  "a\ufffdb",
  "Bearer key",
  "tab\tkey",
  "MiXeD-CaSe",
  "0",
  "null",
  "x".repeat(63),
  "y".repeat(64),
  "z".repeat(5000),
  "\u00e9".repeat(2047),
];

/** What is presented in place of a key, made of it. */
const NEAR_MISSES = [
  (key) => `${key} `,
  (key) => ` ${key}`,
  (key) => `${key}\u0000`,
  (key) => `\ufeff${key}`,
  (key) => key.slice(0, -1),
  (key) => key.slice(1),
  (key) => `${key}${key}`,
  (key) => `${key}, ${key}`,
  (key) => key.toUpperCase(),
  (key) => key.toLowerCase(),
  (key) => key.normalize("NFD"),
  (key) => Buffer.from(key).toString("latin1"),
  (key) => key.replaceAll("\ufffd", "\ud800"),
  (key) => `${key}\udc00`,
  (key) => encodeURIComponent(key),
  (key) => [...key].reverse().join(""),
  (key) => `"${key}"`,
  (key) => `Bearer ${key}`,
];

/** What no HTTP server makes of a header, by the string that it would make. */
const OTHER_VALUES = [
  (value) => [value],
  (value) => [value, "other"],
  (value) => ["other", value],
  (value) => [[value]],
  (value) => new String(value),
  (value) => ({ toString: () => value }),
  (value) => Buffer.from(value),
  () => [],
  () => [undefined],
  () => [""],
  () => [10n],
  () => "",
  () => " ",
  () => undefined,
  () => null,
  () => 0,
  () => 7,
  () => true,
  () => false,
  () => 10n,
  () => 0n,
  () => Symbol("key"),
  () => () => "key",
  () => Number.NaN,
  () => ({}),
  circle,
];

function circle() {
  const value = {};
  value.self = value;
  return value;
}

const SCHEMES = [
  (value) => `Bearer ${value}`,
  (value) => `Bearer ${value}`,
  (value) => `Bearer ${value}`,
  (value) => `Bearer   ${value}\t `,
  (value) => `Bearer \u00a0${value}\ufeff`,
  (value) => `bearer ${value}`,
  (value) => `Bearer\t${value}`,
  (value) => `Bearer${value}`,
  (value) => `Basic ${value}`,
  (value) => value,
  () => "Bearer ",
  () => "Bearer",
  () => "Bearer    ",
];

export const HEADER_NAMES = [
  "X-API-Key",
  "x-api-key",
  "X-My-Key",
  "Authorization",
  "7",
  "cookie",
  "X_Key",
  "!#$%&'*+-.^_`|~0aZ",
];
const HOSTS = [
  undefined,
  "localhost:8080",
  "127.0.0.1",
  "[::1]:80",
  "",
  "exa mple",
  "[::1",
  "a@b",
  "a:b",
  "host/?api_key=a",
  "host?api_key=first-key-5f0c1d7a9b",
  "#",
  "%",
  "256.256.256.256",
  "1.2.3.4.5",
  "cl\u00e9.example",
  "xn--a",
  "x\u0000y",
  "a..b",
  "host:99999",
  5,
  null,
  ["a", "b"],
  { toString: () => "h" },
];

/** Requests of which nothing can be read. */
const UNREADABLE = [
  () => undefined,
  () => null,
  () => 7,
  () => ({}),
  () => ({ headers: null }),
  () => ({ headers: undefined, url: "/?api_key=a" }),
];

/** Cases of one working configuration. */
export function apiKeyCase(random) {
  const keys = random.some(KEYS, random.chance(0.9) ? 5 : KEYS.length);
  if (random.chance(0.02)) {
    keys.push(...Array.from({ length: random.between(1, 300) }, () => random.bytes(12).toString("hex")));
  }
  const headerName = random.chance(0.6) ? undefined : random.pick(HEADER_NAMES);
  const queryFallback = random.weighted([
    [8, undefined],
    [1, true],
    [1, false],
  ]);
  const given = {
    ...(headerName === undefined && random.chance(0.97) ? {} : { headerName }),
    ...(queryFallback === undefined ? {} : { queryFallback }),
  };
  const requests = Array.from({ length: random.between(1, 4) }, () =>
    request(random, { keys, headerName: headerName ?? "X-API-Key" }),
  );
  return {
    provider: "apiKey",
    config: () => ({ keys: [...keys], ...given }),
    requests,
    mutateConfig: configMutation(random),
  };
}

/** What is done to the array of keys once the provider is made. */
function configMutation(random) {
  if (!random.chance(0.01)) {
    return undefined;
  }
  return random.pick([
    ({ keys }) => keys.push("pushed-key"),
    ({ keys }) => keys.fill("overwritten-key"),
    ({ keys }) => keys.splice(0, keys.length),
  ]);
}

function presented(random, keys) {
  const key = random.pick(keys);
  return random.weighted([
    [6, () => key],
    [2, () => random.pick(NEAR_MISSES)(key)],
    [1, () => random.bytes(random.between(1, 30)).toString("latin1")],
    [1, () => ""],
  ])();
}

function request(random, { keys, headerName }) {
  if (random.chance(0.01)) {
    return random.pick(UNREADABLE);
  }
  const value = () => presented(random, keys);
  const spelling = (name) => random.pick([name.toLowerCase(), name.toLowerCase(), name, name.toUpperCase()]);
  const entries = [];
  const header = (name, content) =>
    entries.push([name, random.chance(0.9) ? () => content : other(random, content)]);
  if (random.chance(0.5)) {
    header(spelling(headerName), value());
  }
  if (random.chance(0.15)) {
    header(spelling("X-API-Key"), value());
  }
  if (random.chance(0.3)) {
    header(random.chance(0.9) ? "authorization" : "Authorization", random.pick(SCHEMES)(value()));
  }
  if (random.chance(0.7)) {
    entries.push([
      "host",
      (
        (host) => () =>
          host
      )(random.pick(random.chance(0.5) ? HOSTS.slice(0, 3) : HOSTS)),
    ]);
  }
  if (random.chance(0.1)) {
    header("cookie", value());
  }
  const order = random.chance(0.7) ? entries : random.some(entries, entries.length + 1);
  const url = random.chance(0.55)
    ? urlWith(random, value(), value())
    : random.pick(["/mcp", "/", "", undefined, null]);
  const prototype = random.chance(0.9) ? Object.prototype : random.pick([null, { "x-api-key": value() }]);
  const around = random.chance(0.97)
    ? { url, socket: { remoteAddress: "127.0.0.1" } }
    : random.pick([{ url }, { url, socket: null }]);
  return () => ({
    headers: Object.assign(
      Object.create(prototype),
      Object.fromEntries(order.map(([name, content]) => [name, content()])),
    ),
    ...around,
  });
}

function other(random, content) {
  const make = random.pick(OTHER_VALUES);
  return () => make(content);
}
