/** Tokens that say of themselves that they are not access tokens. RFC 8725 §3.11, §3.12. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { isOtherKindOfToken } from "../../lib/oauth/token-kind.js";

it("ID, refresh and logout tokens are told by their claims", () => {
  const others = [
    { token_use: "id" },
    { token_use: "refresh_token" },
    { token_use: ["access"] },
    { token_use: "" },
    { typ: "ID" },
    { typ: "Refresh" },
    { typ: "offline" },
    { typ: "LOGOUT" },
    { at_hash: "x" },
    { c_hash: null },
    { events: { "http://schemas.openid.net/event/backchannel-logout": {} } },
  ];
  for (const claims of others) {
    assert.equal(isOtherKindOfToken({ sub: "a", ...claims }), true, JSON.stringify(claims));
  }
});

it("access tokens of every issuer are not", () => {
  const accessTokens = [
    {},
    { token_use: "access" },
    { token_use: "Access" },
    { token_use: "access_token" },
    { token_use: null },
    { typ: "Bearer" },
    { typ: 42 },
    JSON.parse('{"__proto__":{"events":{}}}'),
  ];
  for (const claims of accessTokens) {
    assert.equal(isOtherKindOfToken({ sub: "a", ...claims }), false, JSON.stringify(claims));
  }
});
