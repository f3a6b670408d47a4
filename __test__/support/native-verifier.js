// The native verifier, without the provider around it.

import { verifier } from "../../lib/native/load.js";

const PLAIN = {
  skipsUnusable: false,
  algorithms: ["HS256"],
  scheme: "raw",
  requireExpiration: false,
  clockTolerance: 0,
  issuers: [],
  audiences: [],
  subjects: [],
  requiredClaims: [],
  cacheSize: 0,
};

/**
 * A verifier with one key and, unless said otherwise, nothing configured, whose tokens come without scheme. Texts come
 * without the position of the key, which is always the first.
 */
export function nativeVerifier(kind, bytes, options = {}) {
  const { verify, cachedClaims, ...native } = verifier({
    ...PLAIN,
    keys: [{ kind, bytes, path: "secret" }],
    ...options,
  });
  const withoutKey = (text) => (typeof text === "string" ? text.slice(1) : text);
  return {
    ...native,
    verify: (value, now) => withoutKey(verify(value, now)),
    cachedClaims: (id) => withoutKey(cachedClaims(id)),
  };
}
