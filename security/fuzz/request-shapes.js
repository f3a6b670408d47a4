/** Requests that carry a token, in the header where it belongs and in every other shape. */

/** Values of the header that carries the token. RFC 9110 §11.4. */
const SCHEMES = [
  (token) => `bearer ${token}`,
  (token) => `BEARER ${token}`,
  (token) => `Bearer  ${token}`,
  (token) => `Bearer\t${token}`,
  (token) => `Bearer\u00a0${token}`,
  (token) => ` Bearer ${token}`,
  (token) => `Bearer ${token} `,
  (token) => `Bearer ${token} junk`,
  (token) => `Bearer ${token}\t`,
  (token) => `Bearer ${token},Bearer ${token}`,
  (token) => `Bearer ${token}, Bearer ${token}`,
  (token) => `Bearer "${token}"`,
  (token) => `Bearer${token}`,
  (token) => `Bearer token=${token}`,
  (token) => `Basic ${token}`,
  (token) => `bEaReR ${token}`,
  (token) => `bearer  ${token}`,
  (token) => `${token} Bearer`,
  (token) => token,
  (token) => `${token} `,
  (token) => ` ${token}`,
  () => "Bearer",
  () => "Bearer ",
  () => "Bearer  ",
  () => "bearer ",
  () => " ",
  () => "",
];

/** Values that no HTTP server makes of a header. */
const OTHER_VALUES = [
  (token) => [`Bearer ${token}`],
  (token) => [`Bearer ${token}`, `Bearer ${token}`],
  (token) => new String(`Bearer ${token}`),
  (token) => ({ toString: () => `Bearer ${token}` }),
  (token) => Buffer.from(`Bearer ${token}`),
  () => undefined,
  () => null,
  () => 5,
  () => 0,
  () => true,
  () => 10n,
  () => Symbol("token"),
  () => () => "Bearer",
  () => Number.NaN,
];

/** Requests of which nothing can be read. */
const UNREADABLE = [
  () => undefined,
  () => null,
  () => 5,
  () => "Bearer",
  () => ({}),
  () => ({ headers: null }),
  () => ({ headers: undefined }),
  () => ({ headers: 5 }),
  () => ({ headers: "authorization" }),
  () => throwing({}, "headers"),
  () => ({ headers: throwing({}, "authorization") }),
];

function throwing(target, name) {
  return Object.defineProperty(target, name, {
    enumerable: true,
    get() {
      throw new Error("a getter of the fuzzer");
    },
  });
}

/** A request as Node's HTTP server hands it over. */
export function requestWith(headers) {
  return { headers, url: "/mcp", socket: { remoteAddress: "127.0.0.1" } };
}

/** The plainest request that carries this token to a provider of these options. */
export function requestWithToken(token, { headerName, requireBearer }) {
  const value = requireBearer ? `Bearer ${token}` : token;
  return () => requestWith({ host: "x", [headerName]: value });
}

/**
 * A function that makes a request which carries the token somehow, a new and equal one each time.
 *
 * @param {import("./random.js").Random} random
 * @param {string} token
 * @param {{ headerName: string, requireBearer: boolean }} options `headerName` in lower case
 */
export function oddRequestWithToken(random, token, options) {
  const { headerName } = options;
  const scheme = random.pick(SCHEMES)(token);
  const elsewhere = random.pick(["x-token", "cookie"]);
  return random.weighted([
    [20, () => requestWithToken(token, options)],
    [50, () => () => requestWith({ [headerName]: scheme })],
    [10, () => otherValue(random, token, headerName)],
    [3, () => () => requestWith({ [headerName.toUpperCase()]: scheme })],
    [3, () => () => requestWith({ [elsewhere]: scheme })],
    [3, () => () => requestWith({ "x-api-key": token, authorization: `Bearer ${token}` })],
    [3, () => () => requestWith(Object.assign(Object.create(null), { [headerName]: `Bearer ${token}` }))],
    [2, () => () => requestWith(Object.create({ [headerName]: `Bearer ${token}` }))],
    [2, () => () => requestWith(new Map([[headerName, `Bearer ${token}`]]))],
    [1, () => () => requestWith(["Bearer", `Bearer ${token}`])],
    [1, () => () => ({ headers: { [headerName]: `Bearer ${token}` } })],
    [2, () => random.pick(UNREADABLE)],
  ])();
}

function otherValue(random, token, headerName) {
  const value = random.pick(OTHER_VALUES);
  return () => requestWith({ [headerName]: value(token) });
}
