/**
 * Key pairs that are the same in every run, so that a case is, without a private key in this
 * repository: each is computed from its name. They protect nothing.
 */

import {
  checkPrimeSync,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
} from "node:crypto";
import { bits, explicit, integer, nothing, oid, sequence } from "./der.js";

const CURVES = {
  p256: {
    name: "prime256v1",
    crv: "P-256",
    alg: "ES256",
    bytes: 32,
    oid: "2a8648ce3d030107",
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  p384: {
    name: "secp384r1",
    crv: "P-384",
    alg: "ES384",
    bytes: 48,
    oid: "2b81040022",
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  p521: {
    name: "secp521r1",
    crv: "P-521",
    alg: "ES512",
    bytes: 66,
    oid: "2b81040023",
    order:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
  secp256k1: { name: "secp256k1", bytes: 32, oid: "2b8104000a" },
  p224: { name: "secp224r1", bytes: 28, oid: "2b81040021" },
};

export const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
export const HMAC_ALGORITHMS = ["HS256", "HS384", "HS512"];
export const EC_PUBLIC_KEY = oid("2a8648ce3d0201");

const RECIPES = {
  rsa: () => rsa("rsa", 2048, 65537n),
  rsaOther: () => rsa("rsaOther", 2048, 65537n),
  rsaExponent3: () => rsa("rsaExponent3", 2048, 3n),
  // Too short for the salt of PS512.
  rsa1024: () => ({ ...rsa("rsa1024", 1024, 65537n), serves: ["RS256", "PS256"] }),
  // Nobody holds the private key of these.
  rsa8200: () => publicRsa(oddNumber("rsa8200", 8200), 65537n),
  rsaExponent1: () => publicRsa(oddNumber("rsaExponent1", 2048), 1n),
  rsaExponentEven: () => publicRsa(oddNumber("rsaExponentEven", 2048), 65536n),
  rsaExponentLong: () => publicRsa(oddNumber("rsaExponentLong", 2048), (1n << 40n) + 1n),
  p256: () => ec("p256", CURVES.p256),
  p256Other: () => ec("p256Other", CURVES.p256),
  p384: () => ec("p384", CURVES.p384),
  p521: () => ec("p521", CURVES.p521),
  p224: () => ec("p224", CURVES.p224),
  secp256k1: () => ec("secp256k1", CURVES.secp256k1),
  ed25519: () => edwards("ed25519", "302e020100300506032b657004220420", 32, ["EdDSA", "Ed25519"]),
  ed25519Other: () => edwards("ed25519Other", "302e020100300506032b657004220420", 32, ["EdDSA", "Ed25519"]),
  ed448: () => edwards("ed448", "3047020100300506032b6571043b0439", 57, []),
  x25519: () => edwards("x25519", "302e020100300506032b656e04220420", 32, []),
  pss256: () => pss("256", "608648016503040201", 32, ["PS256"]),
  pss384: () => pss("384", "608648016503040202", 20, ["PS384"]),
  pssLongSalt: () => pss("256", "608648016503040201", 64, []),
  pssSha1: () => pss("1", "2b0e03021a", 20, []),
  pssUnrestricted: () => pss(),
};

const made = new Map();

/**
 * The key pair of this name.
 *
 * @returns {{ name: string, publicKey: object, privateKey?: object, serves: string[] }}
 */
export function keyPair(name) {
  if (!made.has(name)) {
    made.set(name, { name, ...RECIPES[name]() });
  }
  return made.get(name);
}

/** The KeyObject of an HMAC secret. */
export function secretKey(bytes) {
  return createSecretKey(bytes);
}

/** As many bytes as needed that hang on nothing but the label. */
export function derivedBytes(label, length) {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, block) =>
    createHash("sha512").update(`mcp-native-auth fuzz key, ${label}, ${block}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

export const toNumber = (bytes) => BigInt(`0x${bytes.toString("hex")}`);

export function toBytes(number, length) {
  return Buffer.from(number.toString(16).padStart(length * 2, "0"), "hex");
}

function oddNumber(label, length) {
  return toNumber(derivedBytes(label, length / 8)) | (3n << BigInt(length - 2)) | 1n;
}

function base64url(number) {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").toString("base64url");
}

/** Dividing by these first saves most of the tests of a prime. */
const SMALL_PRIMES = Array.from({ length: 1000 }, (_, at) => 2 * at + 3).filter((number) =>
  checkPrimeSync(BigInt(number)),
);

function prime(label, length, exponent) {
  const start = oddNumber(label, length);
  const remainders = SMALL_PRIMES.map((small) => Number(start % BigInt(small)));
  for (let offset = 0; ; offset += 2) {
    if (SMALL_PRIMES.every((small, at) => (remainders[at] + offset) % small !== 0)) {
      const candidate = start + BigInt(offset);
      if ((candidate - 1n) % exponent !== 0n && checkPrimeSync(candidate)) {
        return candidate;
      }
    }
  }
}

export function inverse(number, modulus) {
  let [r, next, s, t] = [modulus, ((number % modulus) + modulus) % modulus, 0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [s, t] = [t, s - quotient * t];
  }
  return ((s % modulus) + modulus) % modulus;
}

function rsa(label, length, e) {
  const [p, q] = [prime(`${label} p`, length / 2, e), prime(`${label} q`, length / 2, e)];
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const members = Object.entries(numbers).map(([name, number]) => [name, base64url(number)]);
  const privateKey = createPrivateKey({
    key: { kty: "RSA", ...Object.fromEntries(members) },
    format: "jwk",
  });
  return { publicKey: createPublicKey(privateKey), privateKey, serves: RSA_ALGORITHMS };
}

function publicRsa(n, e) {
  const key = { kty: "RSA", n: base64url(n), e: base64url(e) };
  return { publicKey: createPublicKey({ key, format: "jwk" }), serves: [] };
}

function ec(label, curve) {
  const ecdh = createECDH(curve.name);
  const scalar = toNumber(derivedBytes(label, curve.bytes)) >> 8n;
  ecdh.setPrivateKey(toBytes(scalar, curve.bytes));
  const point = ecdh.getPublicKey();
  const publicKey = createPublicKey({
    key: sequence(sequence(EC_PUBLIC_KEY, oid(curve.oid)), bits(point)),
    format: "der",
    type: "spki",
  });
  if (curve.crv === undefined) {
    return { publicKey, serves: [] };
  }
  const coordinate = (half) =>
    point.subarray(1 + half * curve.bytes, 1 + (half + 1) * curve.bytes).toString("base64url");
  const jwk = {
    kty: "EC",
    crv: curve.crv,
    x: coordinate(0),
    y: coordinate(1),
    d: toBytes(scalar, curve.bytes).toString("base64url"),
  };
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  return { publicKey, privateKey, serves: [curve.alg], curve, scalar, point };
}

function edwards(label, prefix, length, serves) {
  const der = Buffer.concat([Buffer.from(prefix, "hex"), derivedBytes(label, length)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { publicKey: createPublicKey(privateKey), privateKey, serves };
}

/** The numbers of the RSA key under the name and parameters of RSASSA-PSS. RFC 4055 §3.1. */
function pss(bitsOfHash, hashOid, salt, serves = []) {
  const { publicKey, privateKey } = keyPair("rsa");
  const hash = bitsOfHash && sequence(oid(hashOid), nothing);
  const parameters = bitsOfHash
    ? [
        sequence(
          explicit(0, hash),
          explicit(1, sequence(oid("2a864886f70d010108"), hash)),
          explicit(2, integer(salt)),
        ),
      ]
    : [];
  const numbers = publicKey.export({ type: "pkcs1", format: "der" });
  const key = sequence(sequence(oid("2a864886f70d01010a"), ...parameters), bits(numbers));
  return { publicKey: createPublicKey({ key, format: "der", type: "spki" }), privateKey, serves };
}
