/** Request targets that carry two values in their query, somehow. RFC 9112 §3.2, WHATWG URL. */

const PATHS = [
  "/mcp",
  "/",
  "",
  "//host/mcp",
  "http://host/mcp",
  "https://user:pass@host:8443/a/b",
  "HTTP://HOST",
  "/a/../b",
  "/%2e%2e/",
  "/a\\b",
  "*",
  "host:443",
  "/mcp;v=1",
  " /mcp",
  "/m\tc\np",
  "http:",
  "http://",
  "http://[::1",
  "http://exa mple/",
  "javascript:alert(1)",
  "data:text/plain,",
  "///",
  "\\\\host\\mcp",
  "/\u0000",
  "/cl\u00e9",
];

const NAMES = [
  "api_key",
  "api_key",
  "api_key",
  "apiKey",
  "apiKey",
  "API_KEY",
  "api-key",
  "api%5Fkey",
  "api_key[]",
  " api_key",
  "api_key ",
  "key",
  "",
];

const OTHER_TARGETS = [
  undefined,
  null,
  0,
  5,
  true,
  {},
  [],
  Symbol("url"),
  () => "/",
  "?",
  "#",
  "/?",
  "/?=",
  "/?&&",
  "/#?api_key=a",
];

export function urlWith(random, first, second) {
  if (random.chance(0.04)) {
    return random.pick([...OTHER_TARGETS, new URL("http://host/?api_key=a"), [`/?api_key=${first}`]]);
  }
  const values = random.chance(0.7) ? [first] : [first, second];
  const parameters = values.map(
    (value) => `${random.pick(NAMES)}${random.chance(0.97) ? "=" : ""}${spelled(random, value)}`,
  );
  if (random.chance(0.2)) {
    parameters.splice(
      random.below(parameters.length + 1),
      0,
      random.pick(["session=1", "", "a=b=c", "api_key", "apiKey=", "%", "%zz=1"]),
    );
  }
  const query = parameters.join(random.chance(0.97) ? "&" : ";");
  const fragment = random.chance(0.05) ? "#api_key=a" : "";
  const path = random.chance(0.6) ? "/mcp" : random.pick(PATHS);
  return `${path}${random.chance(0.97) ? "?" : random.pick(["&", "??", "#?", "#"])}${query}${fragment}`;
}

function spelled(random, value) {
  const bytes = () => [...Buffer.from(value)].map((byte) => byte.toString(16).padStart(2, "0"));
  return random.weighted([
    [10, () => encodeURIComponent(value.toWellFormed())],
    [2, () => encodeURIComponent(value.toWellFormed()).replaceAll("%20", "+")],
    [2, () => value],
    [
      1,
      () =>
        bytes()
          .map((hex) => `%${hex}`)
          .join(""),
    ],
    [
      1,
      () =>
        bytes()
          .map((hex) => `%${hex.toUpperCase()}`)
          .join(""),
    ],
    [1, () => encodeURIComponent(encodeURIComponent(value.toWellFormed()))],
    [1, () => encodeURIComponent(value.toWellFormed()).slice(0, -1)],
    [1, () => `${encodeURIComponent(value.toWellFormed())}%`],
    [1, () => Buffer.from(value, "latin1").toString("hex").replaceAll(/../g, "%$&")],
  ])();
}
