/**
 * Who takes part, and why their work is equal.
 *
 * All are given the same tokens, all check the signature, `exp` and `nbf`, and all hand back the claims
 * as an object, of which the loop below reads one. Rows with issuer and audience leave out the framework's
 * JWTAuthProvider, which has no such rules. What differs:
 *
 *                      given     key parsed              claims handed back    asked by
 *   mcp-framework      request   for each token          fresh                 await provider.authenticate(req)
 *   ours               request   once, by constructor    fresh, cached or not  await provider.authenticate(req)
 *   jsonwebtoken       token     before (KeyObject)      fresh                 call
 *   fast-jwt           token     once, by createVerifier fresh                 call
 *   fast-jwt, cache    token     once, by createVerifier one shared object     call
 *   jose               token     before (CryptoKey)      fresh                 await call
 *   @node-rs           token     for each token (no way  fresh                 call
 *                                to pass a parsed key)
 *
 * So the two providers do more than the libraries: they pick the token out of the request and answer
 * through a promise. The libraries get the token as a string of its own, taken out of the header before
 * the clock starts, and are called the fastest way that they offer: the synchronous one, where there is
 * one. A caller may change claims that are fresh without changing what the next caller sees.
 *
 * Each pass gets a new instance, made before the clock starts, so that no cache has seen any token of
 * the pass; only rows about the same token again keep theirs.
 */

import { webcrypto } from "node:crypto";
import * as nodeRs from "@node-rs/jsonwebtoken";
import { createVerifier } from "fast-jwt";
import { importSPKI, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import {
  APIKeyAuthProvider as FrameworkAPIKeyAuthProvider,
  JWTAuthProvider as FrameworkJWTAuthProvider,
} from "mcp-framework";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { requestWithToken, toText } from "./credentials.js";
import { FAST_JWT, FAST_JWT_CACHED, FRAMEWORK, JOSE, OURS } from "./names.js";
import { runAsynchronous, runProvider, runSynchronous } from "./passes.js";

/** The npm packages whose versions a run states. */
export const PACKAGES = ["mcp-framework", "jsonwebtoken", "fast-jwt", "jose", "@node-rs/jsonwebtoken"];

/** jsonwebtoken has no EdDSA, and the framework verifies with it. */
const NOT_IN_JSONWEBTOKEN = ["EdDSA"];
const NOT_IN_NODE_RS = ["ES512"];

/**
 * The implementations for one pool of tokens. Of each: `open()` makes an instance, `carry(bytes)` makes what
 * it is given, `run(instance, carried)` asks it about each and returns what came of it.
 *
 * @param {{ issuer?: string, audience?: string }} rules what the claims must satisfy
 */
export async function tokenImplementations(pool, rules = {}) {
  const { algorithm, secret, keyObject } = pool;
  const algorithms = [algorithm];
  const cryptoKey = await importForJose(pool);
  const { issuer, audience } = rules;
  const options = { algorithms, ...rules };
  const fastJwtOptions = { key: secret, algorithms, allowedIss: issuer, allowedAud: audience };
  const nodeRsOptions = {
    algorithms,
    validateNbf: true,
    leeway: 0,
    iss: issuer && [issuer],
    aud: audience && [audience],
  };
  const all = [
    { name: OURS, ...provider(() => new JWTAuthProvider({ secret, ...options })) },
    {
      name: FRAMEWORK,
      ...provider(() => new FrameworkJWTAuthProvider({ secret, algorithms })),
      lacks: NOT_IN_JSONWEBTOKEN,
      hasNoRules: true,
    },
    {
      name: "jsonwebtoken",
      ...synchronous(() => (token) => jsonwebtoken.verify(token, keyObject, options)),
      lacks: NOT_IN_JSONWEBTOKEN,
    },
    { name: FAST_JWT, ...synchronous(() => createVerifier({ ...fastJwtOptions, cache: false })) },
    { name: FAST_JWT_CACHED, ...synchronous(() => createVerifier({ ...fastJwtOptions, cache: true })) },
    {
      name: JOSE,
      open: () => async (token) => (await jwtVerify(token, cryptoKey, options)).payload,
      carry: toText,
      run: runAsynchronous,
    },
    {
      name: "@node-rs/jsonwebtoken",
      ...synchronous(() => (token) => nodeRs.verifySync(token, secret, nodeRsOptions)),
      lacks: NOT_IN_NODE_RS,
    },
  ];
  const hasRules = Object.keys(rules).length > 0;
  return all.filter(
    ({ lacks = [], hasNoRules = false }) => !lacks.includes(algorithm) && !(hasRules && hasNoRules),
  );
}

/** The two API key providers with these keys. */
export function apiKeyImplementations(keys) {
  return [
    { name: OURS, open: () => new APIKeyAuthProvider({ keys }), run: runApiKeyProvider },
    { name: FRAMEWORK, open: () => new FrameworkAPIKeyAuthProvider({ keys }), run: runApiKeyProvider },
  ];
}

function provider(open) {
  return { open, carry: requestWithToken, run: runProvider };
}

function synchronous(open) {
  return { open, carry: toText, run: runSynchronous };
}

function importForJose({ algorithm, secret }) {
  if (!algorithm.startsWith("HS")) {
    return importSPKI(secret, algorithm);
  }
  const hash = `SHA-${algorithm.slice(2)}`;
  return webcrypto.subtle.importKey("raw", Buffer.from(secret), { name: "HMAC", hash }, false, ["verify"]);
}

async function runApiKeyProvider(instance, requests) {
  let accepted = 0;
  for (const request of requests) {
    if ((await instance.authenticate(request)) === true) {
      accepted += 1;
    }
  }
  return { accepted, sum: 0 };
}
