/** What a resource server asks of the claims of an access token. RFC 9068 §4, RFC 8707 §2. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { inspect } from "node:util";
import { judgeClaims } from "../../lib/oauth/claims.js";

const RULES = { issuers: ["https://a", "https://b"], audiences: ["x", "y"], clientIdIsAudience: true };
const GOOD = { iss: "https://a", aud: "x", sub: "alice" };

const rows = [
  [{}, undefined],
  [{ iss: "https://b", aud: ["z", "y"] }, undefined],
  [{ iss: "https://c" }, "TOKEN_ISSUER_NOT_ALLOWED"],
  [{ iss: ["https://a"] }, "TOKEN_ISSUER_NOT_ALLOWED"],
  [{ aud: "z" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ aud: "z", client_id: "x" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ aud: [], client_id: "x" }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ aud: undefined, client_id: "x" }, undefined],
  [{ aud: null, client_id: "x" }, undefined],
  [{ aud: undefined, client_id: ["x"] }, "TOKEN_AUDIENCE_NOT_ALLOWED"],
  [{ aud: undefined, client_id: "x" }, "TOKEN_AUDIENCE_NOT_ALLOWED", { clientIdIsAudience: false }],
  [{ aud: "anything" }, undefined, { audiences: null }],
  [{ aud: undefined }, "TOKEN_AUDIENCE_NOT_ALLOWED", { audiences: null }],
  [{ aud: "" }, "TOKEN_AUDIENCE_NOT_ALLOWED", { audiences: null }],
  [{ aud: [7] }, "TOKEN_AUDIENCE_NOT_ALLOWED", { audiences: null }],
  [{ sub: undefined }, "TOKEN_CLAIM_MISSING"],
  [{ sub: { toString: "x" } }, "TOKEN_CLAIM_MISSING"],
  [{ token_use: "id" }, "TOKEN_TYPE_NOT_ALLOWED"],
  [{ token_use: "id" }, undefined, { allowIdTokens: true }],
  [{ cnf: {} }, undefined],
  [{ cnf: {} }, "TOKEN_BOUND", { rejectBound: true }],
];
for (const [claims, expected, rules] of rows) {
  it(`${inspect(claims)}${rules ? ` by ${inspect(rules)}` : ""}: ${expected ?? "accepted"}`, () => {
    assert.equal(judgeClaims({ ...GOOD, ...claims }, { ...RULES, ...rules }), expected);
  });
}

it("claims that are inherited do not count", () => {
  for (const name of ["iss", "aud", "sub"]) {
    const { [name]: value, ...rest } = GOOD;
    const claims = Object.assign(Object.create({ [name]: value }), rest);
    assert.notEqual(judgeClaims(claims, RULES), undefined, name);
  }
});
