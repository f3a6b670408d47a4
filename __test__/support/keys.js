// Keys and tokens of the parity suites, all made at run time with node:crypto.

import * as crypto from "node:crypto";

const RECIPES = {
  rsa: () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
  rsaOther: () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
  rsa512: () => crypto.generateKeyPairSync("rsa", { modulusLength: 512 }),
  rsa1024: () => crypto.generateKeyPairSync("rsa", { modulusLength: 1024 }),
  rsa2047: () => crypto.generateKeyPairSync("rsa", { modulusLength: 2047 }),
  rsa3072: () => crypto.generateKeyPairSync("rsa", { modulusLength: 3072 }),
  rsaExponent3: () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }),
  p256: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p256Other: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p384Other: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-521" }),
  p521Other: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-521" }),
  p224: () => crypto.generateKeyPairSync("ec", { namedCurve: "secp224r1" }),
  secp256k1: () => crypto.generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
  ed25519: () => crypto.generateKeyPairSync("ed25519"),
  ed25519Other: () => crypto.generateKeyPairSync("ed25519"),
  ed448: () => crypto.generateKeyPairSync("ed448"),
  x25519: () => crypto.generateKeyPairSync("x25519"),
  pss256: () => rsaPss({ hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha256" }),
  pss384: () => rsaPss({ hashAlgorithm: "sha384", mgf1HashAlgorithm: "sha384" }),
  pss512: () => rsaPss({ hashAlgorithm: "sha512", mgf1HashAlgorithm: "sha512" }),
  pssAnySalt: () => rsaPss({ hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha256", saltLength: 0 }),
  pssLongSalt: () => rsaPss({ hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha256", saltLength: 64 }),
  pssOtherMgf: () => rsaPss({ hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha1" }),
  pssSha1: () => rsaPss({ hashAlgorithm: "sha1", mgf1HashAlgorithm: "sha1" }),
  pssUnrestricted: () => rsaPss({}),
};

function rsaPss(parameters) {
  return crypto.generateKeyPairSync("rsa-pss", { modulusLength: 2048, ...parameters });
}

const pairs = new Map();

/** The key pair of this name, the same one throughout the process: `{ publicKey, privateKey }`. */
export function pair(name) {
  if (!pairs.has(name)) {
    pairs.set(name, RECIPES[name]());
  }
  return pairs.get(name);
}

/** The public key as SPKI PEM. */
export function publicPem(name, type = "spki") {
  return pair(name).publicKey.export({ type, format: "pem" });
}

/** The private key as PEM: PKCS#8 unless told. */
export function privatePem(name, type = "pkcs8") {
  return pair(name).privateKey.export({ type, format: "pem" });
}

/** The public key as a JWK. */
export function publicJwk(name) {
  return pair(name).publicKey.export({ format: "jwk" });
}

/** An RSA public key with a modulus or exponent that no generator makes. Nobody holds its private key. */
export function rsaPublicKey({ n, e }) {
  return crypto.createPublicKey({ key: { kty: "RSA", n: base64url(n), e: base64url(e) }, format: "jwk" });
}

/** An odd number of exactly this many bits. */
export function oddNumber(bits) {
  const number = crypto.randomBytes(bits / 8);
  number[0] |= 0x80;
  number[number.length - 1] |= 1;
  return number;
}

/** A certificate request for the P-256 key: what `openssl req -new` writes. RFC 2986. */
export function certificateRequestPem() {
  const { publicKey, privateKey } = pair("p256");
  const sequence = (...parts) => tlv(0x30, ...parts);
  const emptySubject = sequence();
  const spki = publicKey.export({ type: "spki", format: "der" });
  const info = sequence(Buffer.from([2, 1, 0]), emptySubject, spki, tlv(0xa0));
  const ecdsaWithSha256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));
  const signed = tlv(0x03, Buffer.from([0]), crypto.sign("sha256", info, privateKey));
  return pem("CERTIFICATE REQUEST", sequence(info, ecdsaWithSha256, signed));
}

function tlv(tag, ...parts) {
  const body = Buffer.concat(parts);
  const long = body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  const length = body.length < 128 ? [body.length] : long;
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** Bytes in PEM armour with this label. */
export function pem(label, der) {
  const lines = der.toString("base64").match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The public key as the line that stands in `~/.ssh/id_*.pub`. RFC 4253 §6.6. */
export function sshPublicLine(name) {
  const { kty, crv, n, e, x, y } = publicJwk(name);
  const bytes = (text) => Buffer.from(text, "base64url");
  const field = (content) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, Buffer.from(content)]);
  };
  const mpint = (text) => field(Buffer.concat([Buffer.alloc(bytes(text)[0] >> 7), bytes(text)]));
  const [type, ...rest] =
    kty === "RSA"
      ? ["ssh-rsa", mpint(e), mpint(n)]
      : crv === "Ed25519"
        ? ["ssh-ed25519", field(bytes(x))]
        : [
            "ecdsa-sha2-nistp256",
            field("nistp256"),
            field(Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)])),
          ];
  return `${type} ${Buffer.concat([field(type), ...rest]).toString("base64")} someone@example`;
}

/** base64url without padding, of bytes or of text as UTF-8. */
export function base64url(content) {
  return Buffer.from(content).toString("base64url");
}

/** The signature of one JWS algorithm over text. A PSS salt is as long as the hash unless told. */
export function signature(alg, key, input, { saltLength, dsaEncoding = "ieee-p1363" } = {}) {
  const hash = `sha${alg.slice(-3)}`;
  const bytes = Buffer.from(input);
  switch (alg.slice(0, 2)) {
    case "HS":
      return crypto.createHmac(hash, key).update(bytes).digest();
    case "RS":
      return crypto.sign(hash, bytes, key);
    case "PS":
      return crypto.sign(hash, bytes, {
        key,
        padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
        saltLength: saltLength ?? crypto.constants.RSA_PSS_SALTLEN_DIGEST,
      });
    case "ES":
      return crypto.sign(hash, bytes, { key, dsaEncoding });
    default:
      return crypto.sign(null, bytes, key);
  }
}

/**
 * A compact JWS. Header and payload are objects (written as JSON), or text or bytes (taken as they
 * are). `segments` may change the two encoded segments before they are signed.
 */
export function jws({ header, payload, key, alg = header.alg, segments = (all) => all, ...how }) {
  const raw = (part) => (typeof part === "string" || Buffer.isBuffer(part) ? part : JSON.stringify(part));
  const input = segments([base64url(raw(header)), base64url(raw(payload))]).join(".");
  return `${input}.${signature(alg, key, input, how).toString("base64url")}`;
}
