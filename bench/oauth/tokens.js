/** Access tokens in the form of RFC 9068, and the JWK Set that they are checked with. */

import { tokenPool } from "../support/credentials.js";

export const ISSUER = "https://login.example.com/";
export const RESOURCE = "https://mcp.example.com/mcp";

const KEY_ID = "2026-11";

/**
 * A pool of tokens with `unknownKey`: genuine but for a `kid` that no set has, a different one each; and
 * `warmUp`, a token that is in no other part of it.
 */
export function accessTokenPool(algorithm) {
  const pool = tokenPool(algorithm, {
    header: { typ: "at+jwt", kid: KEY_ID },
    claims: { iss: ISSUER, aud: [RESOURCE], client_id: "mcp-client" },
  });
  const size = pool.genuine.length;
  return {
    ...pool,
    otherAudience: pool.variants(() => ({ claims: { aud: ["https://other.example.com/mcp"] } }), size),
    unknownKey: pool.variants((number) => ({ header: { kid: `unknown-${number}` } }), size),
    warmUp: pool.variants(() => ({ claims: { jti: "warm-up" } }))[0],
    keys: [{ ...pool.keyObject.export({ format: "jwk" }), kid: KEY_ID, alg: algorithm, use: "sig" }],
  };
}
