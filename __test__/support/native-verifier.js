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
  claims: [],
  types: [],
  cacheSize: 0,
};

/** A verifier with one key and, unless said otherwise, nothing configured, whose tokens come without scheme. */
export function nativeVerifier(kind, bytes, options = {}) {
  return verifier({ ...PLAIN, keys: [{ kind, bytes, path: "secret" }], ...options });
}
