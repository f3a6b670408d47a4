// The framework's class and ours, side by side: the same configuration, equal requests, both verdicts.
//
// A case is data:
//   name      what is special about it
//   config    () => the argument of both constructors
//   request   () => a request of its own for each call (or `token`, by default sent as a Bearer token)
//   now       the frozen clock, in seconds; NOW by default
//   meddle    what is done to the configuration after both are constructed
//   expect    "same", with the verdict (`accepts`, `data`) or the constructor's message (`refused`),
//             or `{ oracle, ours, why }` for a deliberate difference
//
// An outcome in `oracle` and `ours` is one of `{ verdict }`, `{ accepts }`, `{ refused: pattern }` (by the
// constructor) and `{ throws: pattern }` (by authenticate).

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import {
  APIKeyAuthProvider as FrameworkAPIKeyAuthProvider,
  JWTAuthProvider as FrameworkJWTAuthProvider,
  OAuthAuthProvider as FrameworkOAuthAuthProvider,
} from "mcp-framework";
import { APIKeyAuthProvider, JWTAuthProvider, OAuthAuthProvider } from "mcp-native-auth";
import { freezeClock } from "./clock.js";

export const API_KEY = { oracle: FrameworkAPIKeyAuthProvider, ours: APIKeyAuthProvider };
export const JWT = { oracle: FrameworkJWTAuthProvider, ours: JWTAuthProvider };
export const OAUTH = { oracle: FrameworkOAuthAuthProvider, ours: OAuthAuthProvider };

/** The frozen clock, in seconds since 1970. */
export const NOW = 1_700_000_000;

/** A request as Node's HTTP server would hand it over. */
export function requestOf({ headers = {}, url = "/mcp" }) {
  return { headers, url, socket: { remoteAddress: "127.0.0.1" } };
}

/** A request that carries the token in `Authorization`, as most clients send it. */
export function bearer(token) {
  return requestOf({ headers: { authorization: `Bearer ${token}` } });
}

/** Builds one provider: `{ provider }`, or `{ refusal }` with what the constructor threw. */
export function construct(Provider, config) {
  try {
    return { provider: new Provider(config) };
  } catch (refusal) {
    return { refusal };
  }
}

/** What `authenticate` answers: `{ verdict }`, or `{ threw }` with the message. */
export async function ask(provider, request) {
  try {
    return { verdict: await provider.authenticate(request) };
  } catch (error) {
    return { threw: String(error?.message) };
  }
}

/**
 * Constructs both classes and lets both judge: `{ oracle, ours }`, each of them
 * `{ constructed: false, message }`, `{ threw }` or `{ verdict }`.
 *
 * Ours is asked twice. A verdict must not depend on what was asked before.
 */
export async function compare({ oracle, ours }, { config, request, meddle = () => {} }) {
  const given = config();
  const built = { oracle: construct(oracle, given), ours: construct(ours, given) };
  if (built.ours.refusal) {
    assertWellMannered(built.ours.refusal, given);
  }
  meddle(given);

  const judge = async ({ provider, refusal }) =>
    refusal ? { constructed: false, message: refusal.message } : ask(provider, await request());
  const first = { oracle: await judge(built.oracle), ours: await judge(built.ours) };
  assert.deepStrictEqual(
    await judge(built.ours),
    first.ours,
    "ours: the second verdict differs from the first",
  );
  return first;
}

/** Our constructors throw plain Errors with a code, and tell nobody what the keys are. */
function assertWellMannered(error, config) {
  assert.equal(Object.getPrototypeOf(error), Error.prototype, "ours: not a plain Error");
  assert.match(error.code, /^[A-Z][A-Z0-9_]*$/, "ours: no code");
  const shown = inspect(error, { depth: null, showHidden: true });
  for (const text of keyTexts([
    config?.keys,
    config?.secret,
    config?.validation?.introspection?.clientSecret,
  ])) {
    assert.ok(!error.message.includes(text), "ours: the message contains key material");
    assert.ok(!shown.includes(text), "ours: the error contains key material");
  }
}

const PUBLIC_JWK_MEMBERS = ["kty", "crv", "alg", "use", "key_ops"];

/** Every text of four or more characters in what was given as key material. PEM gives the lines of its body. */
function keyTexts(value) {
  if (typeof value === "string") {
    const bodies = value.replace(/-----(BEGIN|END) [^-]+-----/g, "\n").split(/\r|\n|\\r|\\n/);
    return bodies.map((line) => line.trim()).filter((line) => line.length >= 4);
  }
  if (typeof value === "number" || typeof value === "bigint") {
    return keyTexts(String(value));
  }
  if (ArrayBuffer.isView(value)) {
    return keyTexts(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"));
  }
  if (Array.isArray(value)) {
    return value.flatMap(keyTexts);
  }
  if (typeof value === "object" && value !== null) {
    const secretEntries = Object.entries(value).filter(
      ([name]) => !PUBLIC_JWK_MEMBERS.includes(name) && name !== "format" && name !== "type",
    );
    return secretEntries.flatMap(([, member]) => keyTexts(member));
  }
  return [];
}

/** Sends a request head to a real HTTP server as these bytes and returns what Node makes of it. */
export async function received(...lines) {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = net.connect(server.address().port, "127.0.0.1");
  const arrival = once(server, "request");
  const bytes = lines.flatMap((line) => [Buffer.from(line), Buffer.from("\r\n")]);
  client.write(Buffer.concat([...bytes, Buffer.from("\r\n")]));
  const [request, response] = await arrival;
  response.end();
  client.destroy();
  server.close();
  return request;
}

/** Declares one test for each case of each row. */
export function runTable(pair, title, rows) {
  describe(title, () => {
    for (const { row, cases } of rows) {
      describe(row, () => {
        assert.ok(cases.length > 0, `no case for the row: ${row}`);
        for (const one of cases) {
          it(one.name, (t) => verify(t, pair, one));
        }
      });
    }
  });
}

async function verify(t, pair, { now = NOW, token, request, expect, ...one }) {
  freezeClock(t, now);
  const sent = token?.();
  const { oracle, ours } = await compare(pair, { ...one, request: request ?? (() => bearer(sent)) });
  if (expect === "same") {
    assertOutcome("oracle", oracle, one);
    assertOutcome("ours", ours, one);
    assertSame(ours, oracle);
  } else {
    assert.ok(expect.why, "a deliberate difference needs its reason");
    assertOutcome("oracle", oracle, expect.oracle);
    assertOutcome("ours", ours, expect.ours);
  }
}

/** Equal in value, prototype and order of members. */
export function assertSame(ours, oracle, message = "ours and the oracle differ") {
  assert.deepStrictEqual(ours, oracle, message);
  assert.equal(JSON.stringify(ours), JSON.stringify(oracle), message);
}

function assertOutcome(side, actual, expected) {
  const seen = `${side}: ${inspect(actual, { depth: 3, maxStringLength: 200 })}`;
  if ("refused" in expected) {
    assert.equal(actual.constructed, false, `${seen} was to be refused by the constructor`);
    if (typeof expected.refused === "string") {
      assert.equal(actual.message, expected.refused, seen);
    } else {
      assert.match(actual.message, expected.refused, seen);
    }
    return;
  }
  if ("throws" in expected) {
    assert.match(actual.threw ?? "", expected.throws, `${seen} was to throw`);
    return;
  }
  assert.ok("verdict" in actual, `${seen} is no verdict`);
  if ("verdict" in expected) {
    assert.deepStrictEqual(actual.verdict, expected.verdict, seen);
  } else {
    assert.equal(
      actual.verdict !== false,
      expected.accepts,
      `${seen} was to ${expected.accepts ? "accept" : "reject"}`,
    );
    if ("data" in expected) {
      assert.deepStrictEqual(actual.verdict, { data: expected.data }, seen);
    }
  }
}

/** A case in which both accept, and answer the same. */
export function accepted(name, parts) {
  return { name, expect: "same", accepts: true, ...parts };
}

/** A case in which both reject. */
export function rejected(name, parts) {
  return { name, expect: "same", accepts: false, ...parts };
}

/** A case in which both constructors throw with this message. */
export function bothRefuse(name, message, parts) {
  return { name, expect: "same", refused: message, ...parts };
}

/** A case in which ours differs on purpose. */
export function differs(name, { oracle, ours, why, ...parts }) {
  return { name, expect: { oracle, ours, why }, ...parts };
}

export const ACCEPTS = { accepts: true };
export const REJECTS = { verdict: false };

/** Refused by the constructor, with a message that matches all of these. */
export function refused(...patterns) {
  return { refused: patterns.length > 1 ? allOf(patterns) : (patterns[0] ?? /./) };
}

function allOf(patterns) {
  return new RegExp(patterns.map(({ source }) => `(?=[^]*${source})`).join(""));
}

/** Throws on each request. */
export function throws(pattern) {
  return { throws: pattern };
}
