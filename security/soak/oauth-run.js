/**
 * OAuth providers over keys that rotate and an issuer that comes and goes: `node --expose-gc oauth-run.js --requests n`.
 * Prints its findings as JSON, then ends by having nothing left to do. A wrong verdict or an unhandled rejection ends
 * it with another exit code than 0.
 */

import { generateKeyPairSync, sign } from "node:crypto";
import http from "node:http";
import { parseArgs } from "node:util";
import { OAuthAuthProvider } from "mcp-native-auth";
import { added, handles, settledMemory } from "./process-metrics.js";

const RESOURCE = "https://mcp.example.com/mcp";
const REQUESTS_PER_PROVIDER = 100;
const WARM_UP = 0.2;
/** Each so many providers find the issuer gone. */
const AWAY_EVERY = 4;

const { values: options } = parseArgs({
  options: { requests: { type: "string", default: "1000000" }, leak: { type: "boolean", default: false } },
});
const rounds = Math.ceil(Number(options.requests) / REQUESTS_PER_PROVIDER);
const pairs = Array.from({ length: 8 }, () => generateKeyPairSync("ec", { namedCurve: "P-256" }));
// One warning, when an issuer first fails, is expected.
process.emitWarning = () => {};

// Opened once, and stay.
void [process.stdout, process.stderr];
const before = handles();
let served = 0;
let isAway = false;
const server = http.createServer((request, response) => {
  if (isAway) {
    request.destroy();
    return;
  }
  const { publicKey } = pairs[served];
  response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: `key-${served}` }] }));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const done = { accepted: 0, rejected: 0 };
const leaked = [];
let base;
for (let round = 0; round < rounds; round += 1) {
  served = round % pairs.length;
  isAway = round % AWAY_EVERY === 1;
  await useProvider(round);
  if (round === Math.floor(rounds * WARM_UP)) {
    base = await settledMemory();
  }
}
server.closeAllConnections();
await new Promise((resolve) => server.close(resolve));
const growth = (await settledMemory()) - base;
console.log(JSON.stringify({ ...done, growth, addedHandles: added(before, handles()) }));
leaked.forEach(clearInterval);

async function useProvider(round) {
  const provider = new OAuthAuthProvider({
    resource: RESOURCE,
    authorizationServers: [issuer],
    validation: { type: "jwt", issuer, audience: RESOURCE, jwksUri: `${issuer}/jwks` },
  });
  // At a time: all share one fetch, that fails for all if the issuer is away.
  await Promise.all(
    Array.from({ length: REQUESTS_PER_PROVIDER }, (_, number) => ask(provider, round, number)),
  );
  if (options.leak) {
    leaked.push(setInterval(() => {}, 60_000));
  }
  provider.close();
}

async function ask(provider, round, number) {
  const isRight = number % 3 !== 2;
  const token = makeToken(isRight ? served : (served + 1) % pairs.length, round * 10 + (number % 10));
  const verdict = await provider.authenticate({
    headers: { authorization: `Bearer ${token}` },
    url: "/mcp",
    socket: {},
  });
  if (Boolean(verdict) !== (isRight && !isAway)) {
    throw new Error(`request ${number} of round ${round}: a verdict was wrong`);
  }
  done[verdict ? "accepted" : "rejected"] += 1;
}

/** Under the `kid` that is served, by this key. */
function makeToken(key, number) {
  const claims = { sub: `user-${number}`, iss: issuer, aud: RESOURCE, exp: 4_102_444_800 };
  const input = `${encode({ alg: "ES256", kid: `key-${served}` })}.${encode(claims)}`;
  const privateKey = { key: pairs[key].privateKey, dsaEncoding: "ieee-p1363" };
  return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
}
