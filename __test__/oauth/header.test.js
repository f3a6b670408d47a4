/** What is read of a token before its signature is checked. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { readHeader, readUnverifiedClaims } from "../../lib/oauth/header.js";
import { base64url } from "../support/keys.js";

const token = (header, payload = {}) =>
  [header, payload]
    .map((part) => base64url(typeof part === "string" ? part : JSON.stringify(part)))
    .join(".")
    .concat(".x");

describe("readHeader", () => {
  const plain = { kid: "a", alg: "RS256", isOtherType: false };
  const rows = [
    [{ kid: "a", alg: "RS256" }, plain],
    [{ kid: "a", alg: "RS256", typ: "JWT" }, plain],
    [{ kid: "a", alg: "RS256", typ: "at+jwt" }, plain],
    [{ kid: "a", alg: "RS256", typ: "Application/AT+JWT" }, plain],
    ...["logout+jwt", "application/dpop+JWT", "xat+jwt", ["at+jwt"], null, 7].map((typ) => [
      { kid: "a", alg: "RS256", typ },
      { ...plain, isOtherType: true },
    ]),
    ...[undefined, "", null, 7, true, ["a"], {}].map((kid) => [
      { kid, alg: "RS256" },
      { ...plain, kid: undefined },
    ]),
    ...[undefined, null, 7, ["RS256"]].map((alg) => [
      { kid: "a", alg },
      { ...plain, alg: undefined },
    ]),
    ["null", undefined],
    ["[]", undefined],
    ['"text"', undefined],
    ["not JSON", undefined],
  ];
  for (const [header, expected] of rows) {
    it(inspect(header), () => {
      // Again: headers are remembered.
      for (const _ of [1, 2]) assert.deepEqual(readHeader(token(header)), expected);
    });
  }

  it("is undefined for what is not a token, or too long", () => {
    for (const text of ["", ".", ".a.b", "garbage", token({ kid: "a".repeat(7000) })]) {
      assert.equal(readHeader(text), undefined);
    }
    // In base64url, 8194 and 8192 characters.
    assert.equal(readHeader(token({ kid: "a".repeat(6135) })), undefined);
    assert.equal(readHeader(token({ kid: "a".repeat(6134) })).kid.length, 6134);
  });

  it("keeps headers apart, however many there are", () => {
    for (let n = 0; n < 300; n += 1) {
      assert.equal(readHeader(token({ kid: `k${n}` })).kid, `k${n}`);
    }
  });
});

describe("readUnverifiedClaims", () => {
  const rows = [
    [{ iss: "a" }, { iss: "a" }],
    ['"{\\"iss\\":\\"a\\"}"', { iss: "a" }],
    ["null", undefined],
    ["[]", undefined],
    ['"text"', undefined],
    ["42", undefined],
    ["not JSON", undefined],
  ];
  for (const [payload, expected] of rows) {
    it(inspect(payload), () => {
      assert.deepEqual(readUnverifiedClaims(token({}, payload)), expected);
    });
  }
});
