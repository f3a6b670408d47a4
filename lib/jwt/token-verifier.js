import { constructNative } from "../core/errors.js";
import { verifier } from "../native/load.js";
import { ClaimsCache } from "./claims-cache.js";
import { reportUnboundKeys } from "./key-binding.js";
import { reportSecrets } from "./strength.js";

/**
 * Keys and rules, ready to verify tokens.
 *
 * @typedef {object} TokenVerifier
 * @property {(value: string, now: number) => string | number} verify takes the header's value and seconds since 1970
 *   UTC. Gives a text, of which the first character is the position of the key and the rest the JSON of the claims; a
 *   position in `rejectionCodes()`; or the id of a cached token
 * @property {ClaimsCache} cache
 * @property {(string | undefined)[]} keyIds by position of the key
 */

/**
 * Builds the native verifier and reports what it says about the configuration.
 *
 * @param {string} provider name of the class
 * @param {import("./key-list.js").KeyList} keyList
 * @param {object} settings what stays when keys are replaced, as the native verifier takes it, and `strict`
 * @param {import("../core/reporter.js").Reporter} [reporter] none for keys that an issuer publishes for others too
 * @returns {TokenVerifier}
 */
export function createTokenVerifier(provider, keyList, { strict, ...settings }, reporter) {
  const { keys, skipsUnusable, isLoaded = false } = keyList;
  // Not `damage`, which is for the report alone.
  const material = keys.map(({ damage, ...key }) => key);
  const native = constructNative(() => verifier({ keys: material, skipsUnusable, ...settings }));
  if (reporter !== undefined) {
    const isSecret = native.algorithms.some((algorithm) => algorithm.startsWith("HS"));
    reportSecrets(provider, isSecret ? keys : [], native.weakSecrets, reporter, strict);
    if (!isLoaded) {
      // Keys that are loaded may be others the next time.
      reportUnusableAlgorithms(provider, settings.algorithms, native.algorithms, reporter);
    }
    reportSkippedKeys(provider, native.skippedKeys, isLoaded ? "`loadKeys`" : "the JWK Set", reporter);
    const usable = keys.filter((_, index) => !native.skippedKeys.includes(index));
    reportUnboundKeys(provider, usable, settings.issuers, reporter, strict);
  }
  return {
    verify: native.verify,
    cache: new ClaimsCache(settings.cacheSize, native.cachedClaims),
    keyIds: keys.map(({ id }) => id),
  };
}

/** Of RFC 7515 §A.3.1. */
const SOME_KEY = JSON.stringify({
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
});

/**
 * Throws for settings that can never work, before there are keys.
 *
 * @param {any} settings as for `createTokenVerifier`
 */
export function checkSettings({ strict, ...settings }) {
  const keys = [{ kind: "jwk", bytes: Buffer.from(SOME_KEY), path: "keys[0]" }];
  try {
    constructNative(() => verifier({ keys, skipsUnusable: true, ...settings }));
  } catch (error) {
    // Other keys may fit the algorithms that this one does not.
    if (error.code !== "ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE") {
      throw error;
    }
  }
}

function reportUnusableAlgorithms(provider, allowed, usable, reporter) {
  // A name that is not an algorithm's is not printed: it may be something else.
  const unusable = allowed.flatMap((name, index) =>
    usable.includes(name)
      ? []
      : [/^[A-Z]{2}(256|384|512)$|^Ed(?:DSA|25519)$/.test(name) ? name : `algorithms[${index}]`],
  );
  if (unusable.length > 0) {
    reporter.once(
      "MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS",
      `${provider}: no configured key can verify ${unusable.join(", ")} of \`algorithms\`, so such tokens are always ` +
        "rejected; remove what you do not use",
    );
  }
}

function reportSkippedKeys(provider, skipped, source, reporter) {
  if (skipped.length > 0) {
    const paths = skipped.map((index) => `\`keys[${index}]\``).join(", ");
    reporter.once(
      "MCP_NATIVE_AUTH_UNUSABLE_KEYS",
      `${provider}: ignoring ${paths} of ${source}: not usable with the configured \`algorithms\``,
    );
  }
}
