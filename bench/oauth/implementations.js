/**
 * Who checks access tokens, and why their work is equal.
 *
 * All are given the same tokens and the same URL of a JWK Set. All check the signature, `iss`, `aud`, `exp`
 * and `nbf`, and hand back claims that no other caller shares. What differs:
 *
 *                   given     key parsed                        claims                 asked by
 *   mcp-framework   request   for each token                    with the token added   await provider.authenticate(req)
 *   ours            request   once for each read of the set     with the token added   await provider.authenticate(req)
 *   jose            token     once for each read of the set     as signed              await jwtVerify(token, set, options)
 *
 * The two providers are configured by the same object. jose gets the token as a string of its own, taken
 * out of the header before the clock starts.
 *
 * mcp-framework writes lines of log to stderr for each token; here its logger writes nothing, so that no
 * output is timed.
 *
 * Each new instance has read its JWK Set before the clock starts, by a token that is not among those that
 * are timed.
 */

import assert from "node:assert/strict";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { OAuthAuthProvider as FrameworkOAuthAuthProvider, logger } from "mcp-framework";
import { OAuthAuthProvider } from "mcp-native-auth";
import { requestWithToken, toText } from "../support/credentials.js";
import { FRAMEWORK, JOSE, OURS } from "../support/names.js";
import { runAsynchronous, runProvider } from "../support/passes.js";
import { ISSUER, RESOURCE } from "./tokens.js";

/** The npm packages whose versions a run states. */
export const PACKAGES = ["mcp-framework", "jsonwebtoken", "jwks-rsa", "jose"];

const PROVIDERS = { [OURS]: OAuthAuthProvider, [FRAMEWORK]: FrameworkOAuthAuthProvider };

for (const level of ["debug", "info", "log", "warn", "error"]) {
  logger[level] = () => {};
}

/** A provider of `OURS` or `FRAMEWORK`. `options` are ours alone. */
export function makeProvider(name, validation, options = {}) {
  return new PROVIDERS[name]({
    resource: RESOURCE,
    authorizationServers: [ISSUER],
    validation: { issuer: ISSUER, audience: RESOURCE, ...validation },
    ...options,
  });
}

/** The implementations for one pool of tokens, with its keys at `jwksUri`. */
export function accessTokenImplementations({ algorithm, warmUp }, jwksUri) {
  const algorithms = [algorithm];
  const rules = { issuer: ISSUER, audience: RESOURCE, algorithms };
  const providers = Object.keys(PROVIDERS).map((name) => ({
    name,
    make: () => makeProvider(name, { type: "jwt", jwksUri, algorithms }),
    carry: requestWithToken,
    run: runProvider,
    returnsToken: true,
  }));
  const jose = {
    name: JOSE,
    make() {
      const keySet = createRemoteJWKSet(new URL(jwksUri));
      return async (token) => (await jwtVerify(token, keySet, rules)).payload;
    },
    carry: toText,
    run: runAsynchronous,
  };
  return [...providers, jose].map(({ make, ...implementation }) => ({
    ...implementation,
    async open() {
      const instance = make();
      const { accepted } = await implementation.run(instance, [implementation.carry(warmUp)]);
      assert.equal(accepted, 1, `${implementation.name}, ${algorithm}: rejects a genuine token`);
      return instance;
    },
  }));
}
