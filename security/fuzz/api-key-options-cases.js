/** Cases of an APIKeyAuthProvider's options: each of them missing, valid or of another type. */

import { HEADER_NAMES, KEYS } from "./api-key-cases.js";

const OTHER_HEADER_NAMES = [
  "",
  " X-Key",
  "X-Key ",
  "X Key",
  "X-Key:",
  "cl\u00e9",
  "X-Key\n",
  5,
  true,
  {},
  [],
  ["X-Key"],
  Symbol("k"),
  () => "X",
];

/** Configurations of every shape, each asked with its first key. */
export function apiKeyOptionsCase(random) {
  const key = random.pick(KEYS);
  const keys = random.weighted([
    [10, () => [key]],
    [4, () => random.some([...KEYS, "", 5, null, undefined, {}, [key], "\ud800", "a\udc00", true, 10n])],
    [1, () => []],
    [1, () => key],
    [1, () => new Set([key])],
    [1, () => ({ length: 1, 0: key })],
    [1, () => Object.assign([], { length: 2 })],
    [1, () => random.pick([undefined, null, 0, 5, true, "", {}, Symbol("k"), () => key, Buffer.from(key)])],
    [1, () => new Uint8Array(2)],
  ])();
  const option = (values) => random.pick([{}, ...values.map((value) => value)]);
  const headerName = option(
    [...HEADER_NAMES, ...OTHER_HEADER_NAMES, undefined, null].map((name) => ({ headerName: name })),
  );
  const fallback = option(
    [true, false, undefined, null, 0, 1, "false", {}, []].map((value) => ({ queryFallback: value })),
  );
  const unknown = random.chance(0.1) ? { keyes: [key], "not a name": 1 } : {};
  const config = random.chance(0.98)
    ? { keys, ...(random.chance(0.5) ? headerName : {}), ...(random.chance(0.5) ? fallback : {}), ...unknown }
    : random.pick([undefined, null, 5, "keys", [], [key], () => key, Object.create({ keys: [key] })]);
  const name = typeof config?.headerName === "string" ? config.headerName.toLowerCase() : "x-api-key";
  return {
    provider: "apiKey",
    config: () => config,
    requests: [
      () => ({ headers: { [name]: key }, url: "/", socket: {} }),
      () => ({ headers: { authorization: `Bearer ${key}` }, url: "/", socket: {} }),
      () => ({ headers: {}, url: `/?api_key=${encodeURIComponent(key)}`, socket: {} }),
    ],
  };
}
