/** Several issuers in one provider: each has keys, audience and rules of its own. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { after, before, describe, it } from "node:test";
import { OAuthAuthProvider } from "mcp-native-auth";
import { REASONS } from "../../lib/core/reasons.js";
import { issuerServer } from "../support/issuer-server.js";
import { jws, pair, publicJwk } from "../support/keys.js";
import { bearer } from "../support/oracle.js";

const exp = Math.floor(Date.now() / 1000) + 3600;
const CLIENT = { clientId: "rs", clientSecret: "secret-of-the-test" };
const sign = (iss, aud, key) =>
  jws({
    header: { alg: "ES256", kid: "k" },
    payload: { iss, aud, sub: "alice", exp },
    key: pair(key).privateKey,
  });

let first;
let second;
let provider;
let reason;
const note = (event) => {
  reason = event.reason;
};
before(async () => {
  diagnostics.subscribe("mcp-native-auth:rejected", note);
  first = await issuerServer({ keys: [{ ...publicJwk("p256"), kid: "k" }] });
  second = await issuerServer({ keys: [{ ...publicJwk("p256Other"), kid: "k" }] });
  provider = new OAuthAuthProvider({
    resource: "https://mcp.example.com/mcp",
    authorizationServers: [first.issuer, second.issuer, "https://opaque.example"],
    validation: [
      { issuer: first.issuer, audience: "one" },
      { issuer: second.issuer, audience: "two" },
      {
        type: "introspection",
        issuer: "https://opaque.example",
        introspection: { ...CLIENT, endpoint: first.introspectionEndpoint },
      },
    ],
  });
});
after(async () => {
  diagnostics.unsubscribe("mcp-native-auth:rejected", note);
  provider.close();
  await first.close();
  await second.close();
});

async function outcome(token) {
  reason = undefined;
  return (await provider.authenticate(bearer(token))) === false ? reason : "accepted";
}

it("a token of each is accepted with its own key and audience", async () => {
  assert.equal(await outcome(sign(first.issuer, "one", "p256")), "accepted");
  assert.equal(await outcome(sign(second.issuer, "two", "p256Other")), "accepted");
  const answer = {
    active: true,
    iss: "https://opaque.example",
    aud: "https://mcp.example.com/mcp",
    sub: "a",
    exp,
  };
  assert.equal(await outcome(first.answer(answer)), "accepted");
});

it("of two, each is found by its name", async () => {
  const ofTwo = new OAuthAuthProvider({
    resource: "https://mcp.example.com/mcp",
    authorizationServers: [first.issuer, second.issuer],
  });
  for (const [issuer, key] of [
    [first.issuer, "p256"],
    [second.issuer, "p256Other"],
  ]) {
    const token = sign(issuer, "https://mcp.example.com/mcp", key);
    assert.notEqual(await ofTwo.authenticate(bearer(token)), false);
  }
  ofTwo.close();
});

it("the key of one is not trusted for the name of another", async () => {
  assert.equal(await outcome(sign(first.issuer, "one", "p256Other")), "TOKEN_SIGNATURE_INVALID");
  assert.equal(await outcome(sign(second.issuer, "two", "p256")), "TOKEN_SIGNATURE_INVALID");
});

it("the audience of one is not that of another", async () => {
  assert.equal(await outcome(sign(first.issuer, "two", "p256")), "TOKEN_AUDIENCE_NOT_ALLOWED");
});

it("a token of nobody here is rejected without asking anyone", async () => {
  const before = first.requests.length + second.requests.length;
  assert.equal(await outcome(sign("https://stranger.example", "one", "p256")), "TOKEN_KEY_UNKNOWN");
  assert.equal(first.requests.length + second.requests.length, before);
});

it("a token of one that its own endpoint would accept is not asked about elsewhere", async () => {
  const token = sign(second.issuer, "two", "p256");
  first.answer(
    { active: true, iss: "https://opaque.example", aud: "https://mcp.example.com/mcp", sub: "a", exp },
    token,
  );
  assert.equal(await outcome(token), "TOKEN_SIGNATURE_INVALID");
});

describe("a forged token is a guess, whatever it says of itself", () => {
  const claims = {
    "all right": {},
    "of nobody": { iss: "https://stranger.example" },
    "of no issuer": { iss: undefined },
    "of an issuer that is no text": { iss: [""] },
    "for another server": { aud: "other" },
    expired: { exp: 1 },
    "without expiry": { exp: undefined },
    "with an expiry that is no number": { exp: "never" },
    early: { nbf: exp },
    "without subject": { sub: undefined },
    "an ID token": { at_hash: "x" },
    bound: { cnf: { jkt: "x" } },
  };
  const headers = {
    "a known kid": { kid: "k" },
    "an unknown kid": { kid: "unknown" },
    "no kid": { kid: undefined },
    "another type": { kid: "k", typ: "dpop+jwt" },
    "another type and an unknown kid": { kid: "unknown", typ: "logout+jwt" },
    "no algorithm": { kid: "k", alg: "none" },
    "an extension": { kid: "k", crit: ["x"] },
  };
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const payloads = { "claims that are no object": [], "claims that are text": "x" };
  const single = () =>
    new OAuthAuthProvider({
      resource: "https://mcp.example.com/mcp",
      authorizationServers: [first.issuer],
      validation: { issuer: first.issuer, audience: "one", rejectBoundTokens: true },
      requiredScopes: ["mcp"],
      typ: "at+jwt",
      subject: "alice",
      claims: { azp: "client" },
    });
  const rows = Object.entries(headers).flatMap(([how, header]) => [
    ...Object.entries(claims).map(([what, more]) => ({ name: `${what}, ${how}`, header, more })),
    ...Object.entries(payloads).map(([what, payload]) => ({ name: `${what}, ${how}`, header, payload })),
  ]);

  async function checkGuesses(asked, iss) {
    for (const { name, header, more, payload } of rows) {
      const token = jws({
        header: { alg: "ES256", ...header },
        payload: payload ?? { iss, aud: "one", sub: "alice", exp, ...more },
        key: stranger,
        alg: "ES256",
      });
      reason = undefined;
      assert.equal(await asked.authenticate(bearer(token)), false, name);
      assert.equal(REASONS[reason].counted, true, `${name}: ${reason}`);
    }
  }

  it("with one issuer, and rules of all kinds", async () => {
    const asked = single();
    await asked.ready();
    await checkGuesses(asked, first.issuer);
    asked.close();
  });

  it("with several", () => checkGuesses(provider, first.issuer));

  it("with one that is asked about it", () => checkGuesses(provider, "https://opaque.example"));
});

it("Ed25519 is accepted under the name in the header, if it is listed (RFC 9864)", async () => {
  const jwksUri = first.serveKeys([{ ...publicJwk("ed25519"), kid: "ed" }]);
  for (const [listed, expected] of [
    [["EdDSA"], ["accepted", "TOKEN_ALGORITHM_NOT_ALLOWED"]],
    [
      ["Ed25519", "EdDSA"],
      ["accepted", "accepted"],
    ],
  ]) {
    const asked = new OAuthAuthProvider({
      resource: "https://mcp.example.com/mcp",
      authorizationServers: [first.issuer],
      validation: { issuer: first.issuer, audience: "one", jwksUri, algorithms: listed },
    });
    const outcomes = [];
    for (const alg of ["EdDSA", "Ed25519"]) {
      const payload = { iss: first.issuer, aud: "one", sub: "alice", exp };
      const token = jws({ header: { alg, kid: "ed" }, payload, key: pair("ed25519").privateKey });
      reason = undefined;
      outcomes.push((await asked.authenticate(bearer(token))) === false ? reason : "accepted");
    }
    assert.deepEqual(outcomes, expected);
    asked.close();
  }
});

it("ready() fetches the keys of all, so that the first request does not wait", async () => {
  const count = () =>
    [first, second].flatMap(({ requests }) => requests).filter(({ url }) => url === "/jwks").length;
  const other = new OAuthAuthProvider({
    resource: "https://mcp.example.com/mcp",
    authorizationServers: [first.issuer, second.issuer],
  });
  const before = count();
  await other.ready();
  assert.equal(count(), before + 2);
  const token = sign(first.issuer, "https://mcp.example.com/mcp", "p256");
  assert.notEqual(await other.authenticate(bearer(token)), false);
  assert.equal(count(), before + 2);
  other.close();
});
