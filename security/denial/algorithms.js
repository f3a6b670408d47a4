/**
 * Who signs: one for each way of checking a signature, and two whose provider allows several algorithms
 * of one key, so that a token's header has to say which.
 */

import { keyPair, publicPem, signature } from "../support/signing.js";

const SECRET = "denial-of-service-secret-0123456789abcdef0123456789abcdef0123456789";
const MACS = ["HS256", "HS384", "HS512"];
const CHEAPEST = ["HS256", "RS256 of six", "ES256", "EdDSA"];
const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/**
 * @typedef {object} Algorithm
 * @property {string} name as printed
 * @property {string} alg that its tokens name
 * @property {boolean} isCheapestOfItsKind so that what else a token costs shows most
 * @property {object} config of a provider that accepts them
 * @property {(input: string) => string} sign encoded
 */

/** @type {Algorithm[]} */
export const ALGORITHMS = [
  algorithm("HS256"),
  algorithm("HS512"),
  algorithm("HS256 of three", "HS256", MACS),
  algorithm("RS256"),
  algorithm("RS256 of six", "RS256", RSA),
  algorithm("PS256"),
  algorithm("ES256"),
  algorithm("ES512"),
  algorithm("EdDSA"),
];

function algorithm(name, alg = name, algorithms = [alg]) {
  const [key, secret] = alg.startsWith("HS") ? [SECRET, SECRET] : [keyPair(alg).privateKey, publicPem(alg)];
  return {
    name,
    alg,
    isCheapestOfItsKind: CHEAPEST.includes(name),
    config: { secret, algorithms },
    sign: (input) => signature(alg, key, input),
  };
}
