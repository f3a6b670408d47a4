/**
 * OAuth providers over keys that rotate and an issuer that comes and goes: `node --expose-gc oauth-run.js --requests n`.
 * Prints its findings as JSON, then ends by having nothing left to do. A wrong verdict or an unhandled rejection ends
 * it with another exit code than 0.
 */

import { generateKeyPairSync, sign } from "node:crypto";
import http from "node:http";
import { parseArgs } from "node:util";
import { OAuthAuthProvider } from "mcp-native-auth";
import { added, descriptors, handles, settledMemory } from "./process-metrics.js";

const RESOURCE = "https://mcp.example.com/mcp";
const REQUESTS_PER_ROUND = 100;
const WARM_UP = 0.2;
/** Each so many rounds find the issuer gone. */
const AWAY_EVERY = 4;
/** A key that the kept provider always finds next to the one that rotates. */
const LASTING = 8;
/** What passes for providers from round to round: more than the longest time between two fetches. */
const ROUND_MS = 20_000;

const { values: options } = parseArgs({
  options: { requests: { type: "string", default: "1000000" }, leak: { type: "boolean", default: false } },
});
const rounds = Math.ceil(Number(options.requests) / REQUESTS_PER_ROUND);
const pairs = Array.from({ length: LASTING + 1 }, () => generateKeyPairSync("ec", { namedCurve: "P-256" }));
// One warning, when an issuer first fails, is expected.
process.emitWarning = () => {};
let passedMs = 0;
const clock = performance.now.bind(performance);
performance.now = () => clock() + passedMs;

// Opened once, and stay.
void [process.stdout, process.stderr];
// libuv keeps a descriptor from the first server on.
await closed(await listening(http.createServer()));
const before = { handles: handles(), descriptors: descriptors() };
let served = 0;
let isAway = false;
const server = http.createServer((request, response) => {
  request.resume();
  if (isAway) {
    request.destroy();
  } else if (request.url === "/introspect") {
    request.setEncoding("utf8").on("data", (form) => {
      const token = new URLSearchParams(form).get("token");
      response.end(JSON.stringify({ active: token.startsWith("right"), ...claimsOf(token) }));
    });
  } else {
    const keys = request.url === "/kept" ? [jwk(LASTING), jwk(served)] : [jwk(served)];
    response.end(JSON.stringify({ keys }));
  }
});
await listening(server);
const issuer = `http://127.0.0.1:${server.address().port}`;
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const VALIDATIONS = {
  jwks: { type: "jwt", jwksUri: `${issuer}/jwks` },
  kept: { type: "jwt", jwksUri: `${issuer}/kept` },
  introspection: {
    type: "introspection",
    introspection: { endpoint: `${issuer}/introspect`, clientId: "soak", clientSecret: "soak" },
  },
};
const providerWith = (validation) =>
  new OAuthAuthProvider({
    resource: RESOURCE,
    authorizationServers: [issuer],
    validation: { issuer, audience: RESOURCE, ...VALIDATIONS[validation] },
  });

const kept = { keys: providerWith("kept"), introspection: providerWith("introspection") };
await kept.keys.ready();
const KINDS = [useNewProvider, useKeptKeys, useIntrospection];

const done = { accepted: 0, rejected: 0 };
const leaked = [];
let base;
for (let round = 0; round < rounds; round += 1) {
  served = round % LASTING;
  isAway = round % AWAY_EVERY === 1;
  passedMs += ROUND_MS;
  await KINDS[round % KINDS.length](round);
  if (options.leak) {
    leaked.push(setInterval(() => {}, 60_000));
  }
  if (round === Math.floor(rounds * WARM_UP)) {
    base = await settledMemory();
  }
}
for (const provider of Object.values(kept)) provider.close();
await closed(server);
const growth = (await settledMemory()) - base;
const left = {
  addedHandles: added(before.handles, handles()),
  addedDescriptors: added(before.descriptors, descriptors()),
};
console.log(JSON.stringify({ ...done, growth, ...left }));
leaked.forEach(clearInterval);

function listening(one) {
  return new Promise((resolve) => one.listen(0, "127.0.0.1", () => resolve(one)));
}

function closed(one) {
  one.closeAllConnections();
  return new Promise((resolve) => one.close(resolve));
}

function jwk(key) {
  return { ...pairs[key].publicKey.export({ format: "jwk" }), kid: `key-${key}` };
}

/** One that is dropped after its requests. */
async function useNewProvider(round) {
  const provider = providerWith("jwks");
  await askAll(
    provider,
    REQUESTS_PER_ROUND,
    (number) => signedToken(round, number),
    (isRight) => isRight && !isAway,
  );
  provider.close();
}

/**
 * One through all rotations and absences: what it knows stays good, what it cannot know is not decided. A new key is
 * asked for once, and a wrong token is under a new key: the next fetch would wait for a timer, whose time is real.
 */
async function useKeptKeys(round) {
  await askAll(
    kept.keys,
    1,
    () => signedToken(round, 0),
    () => !isAway,
  );
  const isLasting = (number) => isAway || (number % 10 === 0 && isRightNumber(number));
  await askAll(
    kept.keys,
    REQUESTS_PER_ROUND - 1,
    (number) => signedToken(round, isAway ? 0 : number, isLasting(number) ? LASTING : served),
    (isRight) => isAway || isRight,
  );
}

/** Twenty tokens at a time, each by five callers. */
async function useIntrospection(round) {
  await askAll(
    kept.introspection,
    REQUESTS_PER_ROUND,
    (number) => `${isRightNumber(number % 20) ? "right" : "wrong"}-${round}-${number % 20}`,
    (_, number) => isRightNumber(number % 20) && !isAway,
  );
}

function isRightNumber(number) {
  return number % 3 !== 2;
}

/** At a time: all share a fetch, that fails for all if the issuer is away. */
async function askAll(provider, count, tokenOf, isExpected) {
  const ask = async (_, number) => {
    const verdict = await provider.authenticate({
      headers: { authorization: `Bearer ${tokenOf(number)}` },
      url: "/mcp",
      socket: {},
    });
    if (Boolean(verdict) !== isExpected(isRightNumber(number), number)) {
      throw new Error(`request ${number}: a verdict was wrong`);
    }
    done[verdict ? "accepted" : "rejected"] += 1;
  };
  await Promise.all(Array.from({ length: count }, ask));
}

function claimsOf(user) {
  return { sub: user, iss: issuer, aud: RESOURCE, exp: 4_102_444_800 };
}

/** Under the `kid` of this key, by it or by another one. */
function signedToken(round, number, key = served) {
  const signer = isRightNumber(number) ? key : (key + 1) % pairs.length;
  const claims = claimsOf(`user-${round * 10 + (number % 10)}`);
  const input = `${encode({ alg: "ES256", kid: `key-${key}` })}.${encode(claims)}`;
  const privateKey = { key: pairs[signer].privateKey, dsaEncoding: "ieee-p1363" };
  return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
}
