/** Providers of all kinds in one process: every answer and event belongs to its own request and provider. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import net from "node:net";
import { describe, it } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { APIKeyAuthProvider, anyOf, JWTAuthProvider } from "mcp-native-auth";
import {
  API_KEY,
  API_KEYS,
  CLAIMS,
  JWT_SECRET,
  TOKEN,
  WRONG_API_KEY,
  WRONG_TOKEN,
} from "../../support/credentials.js";
import { recordEvents } from "../../support/events.js";
import { checkout } from "../../support/project.js";

const throttle = { failures: 1, trustProxy: 1 };
const ENTRIES = [{ key: API_KEY, id: "ci" }];

class AwaitsBefore extends APIKeyAuthProvider {
  async authenticate(request) {
    await turnOfTheLoop();
    return super.authenticate(request);
  }
}
class AwaitsAfter extends JWTAuthProvider {
  async authenticate(request) {
    const result = await super.authenticate(request);
    await turnOfTheLoop();
    return result;
  }
}
class AwaitsAround extends JWTAuthProvider {
  async authenticate(request) {
    await turnOfTheLoop();
    const result = await super.authenticate(request);
    await turnOfTheLoop();
    return result;
  }
}

const keys = (options) => new APIKeyAuthProvider({ keys: API_KEYS, ...options });
const entries = (options) => new APIKeyAuthProvider({ keys: ENTRIES, ...options });
const jwt = (options) => new JWTAuthProvider({ secret: JWT_SECRET, ...options });
const withSecret = (Class, options) => new Class({ secret: JWT_SECRET, ...options });

const PLAIN = {
  name: "APIKeyAuthProvider",
  message: "Invalid API key",
  missing: "KEY_MISSING",
  wrong: "KEY_UNKNOWN",
};
const ENTRY = { ...PLAIN, keyId: "ci" };
const JWT = {
  name: "JWTAuthProvider",
  message: "Invalid or expired JWT token",
  missing: "TOKEN_MISSING",
  wrong: "TOKEN_SIGNATURE_INVALID",
  subject: CLAIMS.sub,
};
/** The rejection of a key says less than that of a token; without a credential, the first provider is named. */
const EITHER = {
  ...JWT,
  message: "Unauthorized",
  missing: "KEY_MISSING",
  missingAt: "APIKeyAuthProvider",
  withBoth: { name: "APIKeyAuthProvider", subject: undefined },
};

/** What makes a provider, and what it is to say. */
const KINDS = [
  [() => keys(), PLAIN],
  [() => keys({ throttle }), { ...PLAIN, isThrottled: true }],
  [() => entries({ throttle }), { ...ENTRY, isThrottled: true }],
  [() => jwt(), JWT],
  [() => jwt({ throttle }), { ...JWT, isThrottled: true }],
  [() => anyOf([keys(), jwt()]), EITHER],
  [() => anyOf([keys(), withSecret(AwaitsAround)], { throttle }), { ...EITHER, isThrottled: true }],
  [() => new AwaitsBefore({ keys: ENTRIES, throttle }), { ...ENTRY, isThrottled: true }],
  [() => withSecret(AwaitsAfter, { throttle }), { ...JWT, isThrottled: true }],
  [() => withSecret(AwaitsAround), JWT],
];

const isOfKeys = ({ wrong }) => wrong === "KEY_UNKNOWN";
const HEADERS = {
  right: (kind) => (isOfKeys(kind) ? { "x-api-key": API_KEY } : { authorization: `Bearer ${TOKEN}` }),
  wrong: (kind) =>
    isOfKeys(kind) ? { "x-api-key": WRONG_API_KEY } : { authorization: `Bearer ${WRONG_TOKEN}` },
  missing: () => ({}),
};

const THROTTLED = {
  status: 429,
  message: "Too many failed authentication attempts",
  headers: { "Retry-After": "60" },
};

/** What a provider is to answer and publish about a request of a client that has failed so often before. */
function expectation(kind, sent, remoteAddress, failures) {
  const { name, message, isThrottled = false, missingAt = name } = kind;
  const known = { keyId: undefined, remoteAddress, limiterError: false };
  if (sent === "right") {
    return {
      answer: undefined,
      event: { provider: name, ...known, keyId: kind.keyId, subject: kind.subject },
    };
  }
  const isOver = isThrottled && sent === "wrong" && failures > 0;
  return {
    answer: isOver ? THROTTLED : { status: 401, message },
    event: {
      provider: sent === "missing" ? missingAt : name,
      reason: isOver ? "THROTTLED" : kind[sent],
      credentialReason: isOver ? kind.wrong : undefined,
      ...known,
    },
  };
}

/** A client of its own for each provider and each thing that is sent. */
const addressOf = (index, sent) => `198.51.${Object.keys(HEADERS).indexOf(sent)}.${index}`;
const requestFrom = (kind, sent, address) => ({
  headers: HEADERS[sent](kind),
  url: "/mcp",
  socket: { remoteAddress: address },
});

const events = [];
recordEvents(events, (event) => ({ ...event }));

const byAddress = (list) =>
  list.toSorted((a, b) => (a.remoteAddress ?? "").localeCompare(b.remoteAddress ?? ""));

function assertEvents(expected) {
  assert.deepEqual(byAddress(events), byAddress(expected.map(({ event }) => event)));
  events.length = 0;
}

/** The answer to a rejected request, which is given once; afterwards the usual one. */
function assertAnswer(provider, result, { answer }, { message }) {
  if (answer === undefined) {
    assert.ok(result === true || typeof result.data === "object");
  } else {
    assert.equal(result, false);
    assert.deepEqual(provider.getAuthError(), answer);
  }
  assert.deepEqual(provider.getAuthError(), { status: 401, message });
}

describe("ten providers in one asynchronous context", () => {
  // Each provider gets something else than its neighbours, and everything in the end.
  const rounds = [0, 1, 2, 3, 4, 5].map((round) => ({
    round,
    sentTo: (index) => Object.keys(HEADERS)[(index + round) % 3],
    failures: round < 3 ? 0 : 1,
  }));

  it("answer about their own request, asked and answered in any order", async () => {
    const providers = KINDS.map(([make]) => make());
    for (const { round, sentTo, failures } of rounds) {
      const expected = KINDS.map(([, kind], index) =>
        expectation(kind, sentTo(index), addressOf(index, sentTo(index)), failures),
      );
      const asking = providers.map((provider, index) =>
        provider.authenticate(requestFrom(KINDS[index][1], sentTo(index), addressOf(index, sentTo(index)))),
      );
      const results = await Promise.all(asking);
      const order = providers.map((_, index) => (index * 7 + round * 3) % 10);
      for (const index of order) {
        assertAnswer(providers[index], results[index], expected[index], KINDS[index][1]);
      }
      assertEvents(expected);
    }
  });

  it("answer about each of the requests that are under way at the same time", async () => {
    const providers = KINDS.map(([make]) => make());
    for (const failures of [0, 1]) {
      const expected = [];
      const judge = async (index, sent, turns) => {
        const [, kind] = KINDS[index];
        const one = expectation(kind, sent, addressOf(index, sent), failures);
        expected.push(one);
        for (let turn = 0; turn < turns; turn += 1) await turnOfTheLoop();
        const result = await providers[index].authenticate(requestFrom(kind, sent, addressOf(index, sent)));
        for (let turn = 0; turn < 3 - turns; turn += 1) await turnOfTheLoop();
        assertAnswer(providers[index], result, one, kind);
      };
      await Promise.all(
        KINDS.flatMap((_, index) =>
          Object.keys(HEADERS).map((sent, n) => judge(index, sent, (index + n) % 4)),
        ),
      );
      assertEvents(expected);
    }
  });

  it("forget the answers that were never asked for, the oldest first", async () => {
    const first = keys({ throttle });
    const others = Array.from({ length: 32 }, () => keys({ throttle }));
    for (const provider of [first, ...others]) {
      for (const _ of [1, 2]) await provider.authenticate(requestFrom(PLAIN, "wrong", "198.51.100.1"));
    }
    assert.deepEqual(others.at(-1).getAuthError(), THROTTLED);
    assert.deepEqual(first.getAuthError(), { status: 401, message: PLAIN.message });
  });

  it("are not kept by a context that still has their answer", () => {
    const source = `
      import { JWTAuthProvider } from "mcp-native-auth";
      const ask = async () => {
        const limiter = { consume: async () => {} };
        const provider = new JWTAuthProvider({ secret: "${JWT_SECRET}", throttle: { limiter } });
        const request = { headers: {}, url: "/mcp", socket: { remoteAddress: "198.51.100.1" } };
        const isAccepted = await provider.authenticate(request);
        return [isAccepted, new WeakRef(limiter)];
      };
      const asking = ask();
      const [isAccepted, reference] = await asking;
      for (let turn = 0; turn < 50 && reference.deref(); turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        gc();
      }
      console.log(isAccepted, reference.deref() === undefined);`;
    const args = ["--expose-gc", "--input-type=module", "--eval", source];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
    assert.deepEqual({ stdout, stderr }, { stdout: "false true\n", stderr: "" });
  });
});

describe("pipelined requests that ask several providers each", () => {
  /** Answers with what each provider that the URL names says. */
  async function serve(providers, inOrder) {
    const server = createServer(async (request, response) => {
      const asked = new URL(request.url, "http://localhost").searchParams.get("ask").split(",").map(Number);
      const answers = [];
      if (inOrder) {
        for (const index of asked) {
          const isAccepted = await providers[index].authenticate(request);
          answers.push(isAccepted ? 200 : providers[index].getAuthError().status);
        }
      } else {
        const results = await Promise.all(asked.map((index) => providers[index].authenticate(request)));
        await turnOfTheLoop();
        for (const [n, index] of asked.entries()) {
          answers.push(results[n] ? 200 : providers[index].getAuthError().status);
        }
      }
      response.end(JSON.stringify(answers));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  }

  async function sendPipelined(port, requests) {
    const socket = net.connect(port, "127.0.0.1");
    const wire = requests.map(({ asked, headers }, n) => {
      const connection = n === requests.length - 1 ? "close" : "keep-alive";
      const lines = Object.entries({ host: "localhost", connection, ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      return `GET /?ask=${asked} HTTP/1.1\r\n${lines.join("")}\r\n`;
    });
    socket.write(wire.join(""));
    let text = "";
    for await (const chunk of socket.setEncoding("latin1")) text += chunk;
    return [...text.matchAll(/\[[\d,]+\]/g)].map(([answers]) => JSON.parse(answers));
  }

  /** What is right or wrong for all of them. One wrong credential, so that it counts once. */
  const headersOf = (sent) => ({ ...HEADERS[sent](JWT), ...(sent === "right" && HEADERS[sent](PLAIN)) });

  for (const inOrder of [true, false]) {
    it(`each gets its own answers, ${inOrder ? "one provider after the other" : "all providers at once"}`, async () => {
      const providers = KINDS.map(([make]) => make());
      const server = await serve(providers, inOrder);
      try {
        for (const failures of [0, 1]) {
          const expected = [];
          // Neighbours on the connection send different credentials and ask overlapping sets of providers.
          const requests = Array.from({ length: 12 }, (_, n) => {
            const sent = Object.keys(HEADERS)[n % 3];
            const asked = [0, 1, 2, 3].map((step) => (n + step * 3) % 10);
            const client = `203.0.113.${n}`;
            const answers = asked.map((index) => {
              const [, given] = KINDS[index];
              const kind = sent === "right" ? { ...given, ...given.withBoth } : given;
              // Each provider counts for itself.
              const one = expectation(kind, sent, kind.isThrottled ? client : "127.0.0.1", failures);
              expected.push(one);
              return one.answer?.status ?? 200;
            });
            return { asked, headers: { ...headersOf(sent), "x-forwarded-for": client }, answers };
          });
          const answers = await sendPipelined(server.address().port, requests);
          assert.deepEqual(
            answers,
            requests.map((request) => request.answers),
          );
          const shown = (list) => list.map((event) => JSON.stringify(Object.entries(event).sort())).sort();
          assert.deepEqual(shown(events), shown(expected.map(({ event }) => event)));
          events.length = 0;
        }
      } finally {
        server.close();
      }
    });
  }
});
