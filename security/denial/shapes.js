/** Everything that can be long, in the shapes that parsers may take more than linear time for. */

import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { base64url, publicPem } from "../support/signing.js";
import { ALGORITHMS } from "./algorithms.js";
import { DEEPER_PAYLOADS, PAYLOADS } from "./json-payloads.js";
import { forged, genuine } from "./tokens.js";

/** The documented maximum of a token. */
const MAX_TOKEN_LENGTH = 16 * 1024 * 1024;
/** Sixteen times what Node lets through by default, and so are the headers. The URL parser is Node's own. */
const MAX_URL_LENGTH = 256 * 1024;
const MAX_HEADERS = 64 * 1024;
const MAX_KEYS = 1_000_000;
const MAX_OPTIONS = 64 * 1024;
const MAX_SECRET_LENGTH = 16 * 1024 * 1024;

const [HS256] = ALGORITHMS;
const jwt = new JWTAuthProvider(HS256.config);
const tokenAlone = new JWTAuthProvider({ ...HS256.config, headerName: "X-Token", requireBearer: false });
const anyCase = new JWTAuthProvider({ ...HS256.config, caseInsensitiveScheme: true });
const keys = new APIKeyAuthProvider({ keys: ["right"] });

/**
 * By name: `prepare(size)` makes what takes the time that is measured, `largest` is the size that it goes
 * up to.
 *
 * @type {Record<string, { largest: number, prepare: (size: number) => () => unknown }>}
 */
export const SHAPES = {
  ...forgedTokens(),
  ...genuineTokens(),
  ...requests(),
  ...constructions(),
};

function forgedTokens() {
  const kinds = Object.keys(forged(HS256, 1024));
  return Object.fromEntries(
    kinds.map((kind) => [
      `token: ${kind}`,
      { largest: MAX_TOKEN_LENGTH, prepare: (size) => rejecting(jwt, bearer(forged(HS256, size)[kind]())) },
    ]),
  );
}

/** Signed, so that the payload is read; JSON.parse of many names is Node's and takes no part in rejections. */
function genuineTokens() {
  const flawed = (make) => (size) => {
    const length = Math.floor(size * 0.74) - 100;
    return rejecting(jwt, bearer(signed(`{${make(length - 12)},"exp":1}`)));
  };
  return {
    ...Object.fromEntries(
      Object.entries({ ...PAYLOADS, ...DEEPER_PAYLOADS }).map(([name, make]) => [
        `signed, rejected: ${name}`,
        { largest: MAX_TOKEN_LENGTH, prepare: flawed(make) },
      ]),
    ),
    "signed, rejected: a text that holds an object": {
      largest: MAX_TOKEN_LENGTH,
      prepare: (size) => {
        const inner = `{${PAYLOADS["surrogate escapes"](Math.floor(size * 0.3))},"x":"\\ud800","exp":1}`;
        return rejecting(jwt, bearer(signed(JSON.stringify(inner))));
      },
    },
    "signed, accepted: one long text": {
      largest: MAX_TOKEN_LENGTH,
      prepare: (size) => accepting(jwt, bearer(genuine(HS256, size, "one long text", 0))),
    },
    "signed, accepted: a list of groups": {
      largest: MAX_TOKEN_LENGTH,
      prepare: (size) => accepting(jwt, bearer(genuine(HS256, size, "a list of groups", 0))),
    },
  };
}

function requests() {
  const url = (make) => ({
    largest: MAX_URL_LENGTH,
    prepare: (size) => rejecting(keys, { headers: { host: "127.0.0.1" }, url: flat(make(size)) }),
  });
  const host = (unit) => ({
    largest: MAX_URL_LENGTH,
    prepare: (size) =>
      rejecting(keys, { headers: { host: flat(times(unit, size)) }, url: "/mcp?api_key=wrong" }),
  });
  const authorization = (provider, make, largest = MAX_TOKEN_LENGTH) => ({
    largest,
    prepare: (size) => rejecting(provider, { headers: { authorization: flat(make(size)) } }),
  });
  return {
    "Bearer and spaces, token": authorization(jwt, (size) => `Bearer${" ".repeat(size)}x`),
    "Bearer and spaces, any case": authorization(anyCase, (size) => `bEARER${" ".repeat(size)}x`),
    "Bearer and spaces, key": authorization(keys, (size) => `Bearer${" ".repeat(size)}x`),
    "Bearer and junk, token": authorization(jwt, (size) => `Bearer ${times("\u00ff", size)}`),
    "Bearer and junk, key": authorization(keys, (size) => `Bearer ${times("\u00ff", size)}`),
    "Bearer again and again": authorization(jwt, (size) => times("Bearer ", size)),
    "no scheme, spaces only": authorization(anyCase, (size) => " ".repeat(size)),
    "a token in a header of its own": {
      largest: MAX_TOKEN_LENGTH,
      prepare: (size) => rejecting(tokenAlone, { headers: { "x-token": times(".a", size) } }),
    },
    "a long key": {
      largest: MAX_TOKEN_LENGTH,
      prepare: (size) => rejecting(keys, { headers: { "x-api-key": flat(times("\u00e9", size)) } }),
    },
    "URL: many parameters": url((size) => `/mcp?${times("a=1&", size)}`),
    "URL: many empty parameters": url((size) => `/mcp?${times("&", size)}`),
    "URL: many keys": url((size) => `/mcp?${times("apikey=&", size)}api_key=wrong`),
    "URL: many escapes": url((size) => `/mcp?api_key=${times("%41", size)}`),
    "URL: many broken escapes": url((size) => `/mcp?api_key=${times("%", size)}`),
    "URL: plus signs": url((size) => `/mcp?api_key=${times("+", size)}`),
    "URL: beyond ASCII": url((size) => `/mcp?api_key=${times("\u00e9", size)}`),
    "URL: dots": url((size) => `/${times("a/../", size)}?api_key=wrong`),
    "URL: dots, all at the end": url(
      (size) => `/${times("a/", size / 2)}${times("../", size / 2)}?api_key=wrong`,
    ),
    "URL: slashes": url((size) => `/${times("/", size)}?api_key=wrong`),
    "host: long": host("a"),
    "host: dots": host("a."),
    "host: beyond ASCII": host("\u00e9"),
    "host: labels beyond ASCII": host("\u00e9."),
    "host: punycode": host("xn--a."),
    "host: numbers": host("1."),
    "host: escapes": host("%41"),
    "host: at signs": host("a@"),
    "header names": {
      largest: MAX_HEADERS,
      prepare: (count) =>
        rejecting(keys, { headers: Object.fromEntries(range(count).map((n) => [`X-Header-${n}`, ""])) }),
    },
    "header values in a list": {
      largest: MAX_HEADERS,
      prepare: (count) => rejecting(keys, { headers: { "x-api-key": range(count).map((n) => `key ${n}`) } }),
    },
  };
}

function constructions() {
  const pem = publicPem("RS256");
  const [begin, ...body] = pem.trim().split("\n");
  const end = body.pop();
  const secret = (make, algorithms = ["HS256"]) => ({
    largest: MAX_SECRET_LENGTH,
    prepare: (size) => {
      const text = flat(make(size));
      return () => constructing(() => new JWTAuthProvider({ secret: text, algorithms }));
    },
  });
  const configured = (largest, options) => ({
    largest,
    prepare: (count) => {
      const made = options(count);
      return () => constructing(() => new JWTAuthProvider({ ...HS256.config, ...made }));
    },
  });
  return {
    "secret: text": secret((size) => times("s", size)),
    "secret: dashes": secret((size) => times("-", size)),
    "secret: BEGIN lines": secret((size) => times(`${begin}\n`, size), ["RS256"]),
    "secret: BEGIN on one line": secret((size) => times(begin, size), ["RS256"]),
    "secret: BEGIN of no key": secret((size) => times("-----BEGIN SECRET-----\n", size)),
    "secret: END lines": secret((size) => times(`${end}\n`, size), ["RS256"]),
    "secret: whole blocks": secret((size) => times(pem, size), ["RS256"]),
    "secret: whole blocks of another label": secret(
      (size) => times("-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n", size),
      ["RS256"],
    ),
    "secret: damaged blocks": secret((size) => times(pem.replaceAll("\n", ""), size), ["RS256"]),
    "secret: a long label": secret(
      (size) => `-----BEGIN ${times("-KEY ", size / 2)}-----\n-----END ${times("-KEY ", size / 2)}`,
      ["RS256"],
    ),
    "secret: a label that nearly ends, again and again": secret(
      (size) => `-----BEGIN KEY${times("A", size / 2)}-----${times("-----END KEYA", size / 2)}`,
      ["RS256"],
    ),
    "secret: a long PEM body": secret(
      (size) => `${begin}\n${times(`${"A".repeat(64)}\n`, size)}${end}\n`,
      ["RS256"],
    ),
    "secret: a PEM body of backslashes": secret((size) => `${begin}${times("\\n", size)}${end}`, ["RS256"]),
    "secret: base64": secret((size) => times("MIIB", size)),
    "secret: hexadecimal": secret((size) => times("30820122", size)),
    "secret: JSON, many names": secret((size) => `{${PAYLOADS["many names"](size)}}`),
    "secret: JSON, many keys": secret((size) => `[${times('{"kty":"oct"},', size)}{}]`),
    "secret: JSON, nested": secret((size) => times("[", size)),
    "secret: DER that nests": secret((size) => times("0\u0080", size)),
    "secret: white space": secret((size) => `${times(" \n", size)}s`),
    "secret: a JWK with a long member": {
      largest: MAX_SECRET_LENGTH,
      prepare: (size) => {
        const jwk = { kty: "oct", k: times("A", size) };
        return () => constructing(() => new JWTAuthProvider({ secret: jwk }));
      },
    },
    "secret: a JWK with many operations": {
      largest: MAX_KEYS,
      prepare: (count) => {
        const jwk = { kty: "oct", k: "c2VjcmV0", key_ops: Array(count).fill("verify") };
        return () => constructing(() => new JWTAuthProvider({ secret: jwk }));
      },
    },
    "algorithms: one again and again": configured(MAX_KEYS, (count) => ({
      algorithms: Array(count).fill("HS256"),
    })),
    "algorithms: unknown names": configured(MAX_KEYS / 4, (count) => ({
      algorithms: ["HS256", ...range(count).map((n) => `name ${n}`)],
    })),
    "algorithms: a long name": configured(MAX_SECRET_LENGTH, (size) => ({
      algorithms: ["HS256", times("A", size)],
    })),
    "options: unknown names": configured(MAX_OPTIONS, (count) =>
      Object.fromEntries(range(count).map((n) => [`option${n}`, true])),
    ),
    "headerName: a long one": configured(MAX_SECRET_LENGTH, (size) => ({ headerName: times("x", size) })),
    "headerName: a long one that is none": configured(MAX_SECRET_LENGTH, (size) => ({
      headerName: `${times("x", size)} `,
    })),
    "keys: many": {
      largest: MAX_KEYS,
      prepare: (count) => {
        const many = range(count).map((n) => `key ${n}`);
        return () => new APIKeyAuthProvider({ keys: many });
      },
    },
    "keys: one again and again": {
      largest: MAX_KEYS,
      prepare: (count) => () => new APIKeyAuthProvider({ keys: Array(count).fill("key") }),
    },
    "keys: a long one": {
      largest: MAX_SECRET_LENGTH,
      prepare: (size) => {
        const long = flat(times("\u00e9", size));
        return () => new APIKeyAuthProvider({ keys: [long] });
      },
    },
  };
}

function rejecting(provider, request) {
  return async () => {
    if ((await provider.authenticate(request)) !== false) throw new Error("a bad request was accepted");
  };
}

function accepting(provider, request) {
  return async () => {
    if ((await provider.authenticate(request)) === false) throw new Error("a good request was rejected");
  };
}

/** Whether it is taken or rejected does not matter, but how long that takes. */
function constructing(construct) {
  try {
    construct();
  } catch (error) {
    if (!error.code?.startsWith("ERR_MCP_AUTH_")) throw error;
  }
}

function bearer(token) {
  return { headers: { authorization: flat(`Bearer ${token}`) } };
}

function signed(text) {
  const input = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(text)}`;
  return `${input}.${HS256.sign(input)}`;
}

/** `unit` as often as it fits. */
function times(unit, length) {
  return unit.repeat(Math.floor(length / unit.length));
}

/** One flat string of one byte a character, as Node makes of a header's bytes. */
function flat(text) {
  return Buffer.from(text, "latin1").toString("latin1");
}

function range(length) {
  return Array.from({ length }, (_, n) => n);
}
