/** Keys and JWS signatures, made at run time with node:crypto. */

import { constants, createHmac, generateKeyPairSync, sign } from "node:crypto";

const CURVES = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
const pairs = new Map();

/** The key pair that serves an algorithm: the same one throughout the process, and one for all of RSA. */
export function keyPair(alg) {
  const name = /^[RP]S/.test(alg) ? "RSA" : alg;
  if (!pairs.has(name)) {
    pairs.set(name, generatePair(name));
  }
  return pairs.get(name);
}

function generatePair(name) {
  switch (name) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "EdDSA":
      return generateKeyPairSync("ed25519");
    default:
      return generateKeyPairSync("ec", { namedCurve: CURVES[name] });
  }
}

/** The public key that serves an algorithm, as SPKI PEM. */
export function publicPem(alg) {
  return keyPair(alg).publicKey.export({ format: "pem", type: "spki" });
}

/** The encoded signature of one JWS algorithm over text. RFC 7518 §3. */
export function signature(alg, key, input) {
  const hash = `sha${alg.slice(-3)}`;
  const bytes = Buffer.from(input);
  switch (alg.slice(0, 2)) {
    case "HS":
      return createHmac(hash, key).update(bytes).digest("base64url");
    case "RS":
      return base64url(sign(hash, bytes, key));
    case "PS":
      return base64url(
        sign(hash, bytes, {
          key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        }),
      );
    case "ES":
      return base64url(sign(hash, bytes, { key, dsaEncoding: "ieee-p1363" }));
    default:
      return base64url(sign(null, bytes, key));
  }
}

/** base64url without padding, of bytes or of text as UTF-8. */
export function base64url(content) {
  return Buffer.from(content).toString("base64url");
}
