/** Sends the native addon through its paths, every answer asserted. Slow under valgrind: kept short. */

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";

const requestOf = (headers) => ({ headers, socket: {} });
const bearer = (token) => requestOf({ authorization: `Bearer ${token}` });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// Lengths around the buffer on the stack, in characters of one to four bytes.
const lengths = [
  1, 2, 63, 64, 1000, 1022, 1023, 1024, 2046, 2047, 2048, 4090, 4091, 4092, 4095, 4096, 4097, 9000,
];
const texts = lengths.flatMap((length) => ["k", "é", "€", "😀"].map((character) => character.repeat(length)));
const ring = new APIKeyAuthProvider({ keys: texts });
for (const text of texts) {
  assert.equal(await ring.authenticate(requestOf({ "x-api-key": text })), true);
  assert.equal(await ring.authenticate(requestOf({ "x-api-key": `${text}!` })), false);
}

const secret = "a secret of the memory check, of 32 bytes or more";
const tokenOf = (algorithm, claims, signature) => {
  const input = `${encode({ alg: algorithm, typ: "JWT" })}.${encode(claims)}`;
  return `${input}.${signature(Buffer.from(input)).toString("base64url")}`;
};
const mac = (input) => createHmac("sha256", secret).update(input).digest();
for (const cacheSize of [0, 2]) {
  const provider = new JWTAuthProvider({ secret, cacheSize });
  for (const size of [1, 100, 3000, 5000]) {
    const claims = { sub: "x".repeat(size), nested: { list: [1, "é", { exp: null }] } };
    const token = tokenOf("HS256", claims, mac);
    for (let times = 0; times < 4; times += 1) {
      assert.deepEqual(await provider.authenticate(bearer(token)), { data: claims });
    }
    for (const bad of [token.slice(0, -2), `${token}A`, token.replace(".", ""), `x${token}`, "..", "€.€.€"]) {
      assert.equal(await provider.authenticate(bearer(bad)), false);
    }
  }
  assert.equal(await provider.authenticate(bearer(tokenOf("HS256", { exp: 1 }, mac))), false);
}

for (const [algorithm, options] of [
  ["RS256", ["rsa", { modulusLength: 2048 }]],
  ["ES256", ["ec", { namedCurve: "P-256" }]],
  ["EdDSA", ["ed25519", {}]],
]) {
  const { publicKey, privateKey } = generateKeyPairSync(...options);
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" };
  const digest = algorithm === "EdDSA" ? null : "sha256";
  const token = tokenOf(algorithm, { sub: "a" }, (input) => sign(digest, input, key));
  for (const configured of [
    publicKey,
    publicKey.export({ type: "spki", format: "pem" }),
    publicKey.export({ format: "jwk" }),
  ]) {
    const provider = new JWTAuthProvider({ secret: configured, algorithms: [algorithm] });
    assert.deepEqual(await provider.authenticate(bearer(token)), { data: { sub: "a" } });
    assert.equal(await provider.authenticate(bearer(token.replace(/.{8}$/, "AAAAAAAA"))), false);
  }
}
for (const wrong of [
  "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
  { kty: "EC", crv: "P-256" },
]) {
  assert.throws(() => new JWTAuthProvider({ secret: wrong, algorithms: ["RS256"] }), {
    code: /^ERR_MCP_AUTH_/,
  });
}
console.log("every path answered as it should");
