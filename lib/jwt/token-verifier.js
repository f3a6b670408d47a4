import { constructNative } from "../core/errors.js";
import { warn } from "../core/warnings.js";
import { verifier } from "../native/load.js";
import { ClaimsCache } from "./claims-cache.js";
import { reportWeakSecrets } from "./strength.js";

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
 * @returns {TokenVerifier}
 */
export function createTokenVerifier(provider, keyList, { strict, ...settings }) {
  const { keys, skipsUnusable } = keyList;
  const native = constructNative(() => verifier({ keys, skipsUnusable, ...settings }));
  const secrets = native.weakSecrets.map(({ index, ...weakness }) => ({
    path: keys[index].path,
    ...weakness,
  }));
  reportWeakSecrets(provider, secrets, strict);
  warnOfUnusableAlgorithms(provider, settings.algorithms, native.algorithms);
  warnOfSkippedKeys(provider, native.skippedKeys);
  return {
    verify: native.verify,
    cache: new ClaimsCache(settings.cacheSize, native.cachedClaims),
    keyIds: keys.map(({ id }) => id),
  };
}

function warnOfUnusableAlgorithms(provider, allowed, usable) {
  // A name that is not an algorithm's is not printed: it may be something else.
  const unusable = allowed.flatMap((name, index) =>
    usable.includes(name)
      ? []
      : [/^[A-Z]{2}(256|384|512)$|^EdDSA$/.test(name) ? name : `algorithms[${index}]`],
  );
  if (unusable.length > 0) {
    warn(
      "MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS",
      `${provider}: no configured key can verify ${unusable.join(", ")} of \`algorithms\`, so such tokens are always ` +
        "rejected; remove what you do not use",
    );
  }
}

function warnOfSkippedKeys(provider, skipped) {
  if (skipped.length > 0) {
    const paths = skipped.map((index) => `\`keys[${index}]\``).join(", ");
    warn(
      "MCP_NATIVE_AUTH_UNUSABLE_KEYS",
      `${provider}: ignoring ${paths} of the JWK Set: not usable with the configured \`algorithms\``,
    );
  }
}
