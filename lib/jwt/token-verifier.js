import { constructNative } from "../core/errors.js";
import { verifier } from "../native/load.js";
import { ClaimsCache } from "./claims-cache.js";
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
  const { keys, skipsUnusable } = keyList;
  // Not `damage`, which is for the report alone.
  const material = keys.map(({ damage, ...key }) => key);
  const native = constructNative(() => verifier({ keys: material, skipsUnusable, ...settings }));
  if (reporter !== undefined) {
    const isSecret = native.algorithms.some((algorithm) => algorithm.startsWith("HS"));
    reportSecrets(provider, isSecret ? keys : [], native.weakSecrets, reporter, strict);
    reportUnusableAlgorithms(provider, settings.algorithms, native.algorithms, reporter);
    reportSkippedKeys(provider, native.skippedKeys, reporter);
  }
  return {
    verify: native.verify,
    cache: new ClaimsCache(settings.cacheSize, native.cachedClaims),
    keyIds: keys.map(({ id }) => id),
  };
}

function reportUnusableAlgorithms(provider, allowed, usable, reporter) {
  // A name that is not an algorithm's is not printed: it may be something else.
  const unusable = allowed.flatMap((name, index) =>
    usable.includes(name)
      ? []
      : [/^[A-Z]{2}(256|384|512)$|^EdDSA$/.test(name) ? name : `algorithms[${index}]`],
  );
  if (unusable.length > 0) {
    reporter.once(
      "MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS",
      `${provider}: no configured key can verify ${unusable.join(", ")} of \`algorithms\`, so such tokens are always ` +
        "rejected; remove what you do not use",
    );
  }
}

function reportSkippedKeys(provider, skipped, reporter) {
  if (skipped.length > 0) {
    const paths = skipped.map((index) => `\`keys[${index}]\``).join(", ");
    reporter.once(
      "MCP_NATIVE_AUTH_UNUSABLE_KEYS",
      `${provider}: ignoring ${paths} of the JWK Set: not usable with the configured \`algorithms\``,
    );
  }
}
