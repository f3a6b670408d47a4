/** The forms in which a key is handed around, each made from a key pair. */

import { createECDH, createPublicKey, ECDH } from "node:crypto";
import { bits, explicit, integer, nothing, octets, oid, pem, sequence, set, utcTime, utf8 } from "./der.js";
import { EC_PUBLIC_KEY } from "./keys.js";

export const spkiDer = ({ publicKey }) => publicKey.export({ type: "spki", format: "der" });
export const spkiPem = ({ publicKey }) => publicKey.export({ type: "spki", format: "pem" });
export const isRsa = ({ publicKey }) => publicKey.asymmetricKeyType === "rsa";
const isEc = ({ publicKey }) => publicKey.asymmetricKeyType === "ec";

/** Whether the private key is exported as what the public key is: those of RSASSA-PSS share plain RSA's. */
export const hasPrivateForm = ({ publicKey, privateKey }) =>
  privateKey?.asymmetricKeyType === publicKey.asymmetricKeyType;

/** `[name, pem]` of each PEM form that this pair has. */
export function pemForms(pair) {
  const { publicKey, privateKey } = pair;
  const privately = (type) => privateKey.export({ type, format: "pem" });
  return [
    ["SPKI", () => spkiPem(pair)],
    ["X.509", () => pem("CERTIFICATE", certificate(pair))],
    ...(isRsa(pair) ? [["PKCS#1", () => publicKey.export({ type: "pkcs1", format: "pem" })]] : []),
    ...(hasPrivateForm(pair) ? [["private PKCS#8", () => privately("pkcs8")]] : []),
    ...(hasPrivateForm(pair) && isRsa(pair) ? [["private PKCS#1", () => privately("pkcs1")]] : []),
    ...(hasPrivateForm(pair) && isEc(pair) ? [["private SEC1", () => privately("sec1")]] : []),
  ];
}

/** `[name, der]` of each DER form. */
export function derForms(pair) {
  const labels = { SPKI: "spki", "PKCS#1": "pkcs1", "private PKCS#8": "pkcs8", "private SEC1": "sec1" };
  return pemForms(pair)
    .filter(([name]) => name !== "private PKCS#1")
    .map(([name, text]) => [
      name,
      () => Buffer.from(text().replace(/-----[^-]+-----/g, ""), "base64"),
      labels[name],
    ]);
}

/** A certificate for the key. Nobody looks at its signature, which is none. RFC 5280 §4.1. */
function certificate(pair) {
  const algorithm = isEc(pair)
    ? sequence(oid("2a8648ce3d040302"))
    : sequence(oid("2a864886f70d01010b"), nothing);
  const name = sequence(set(sequence(oid("550403"), utf8("fuzz"))));
  const validity = sequence(utcTime("200101000000Z"), utcTime("490101000000Z"));
  const signed = sequence(
    explicit(0, integer(2)),
    integer(7),
    algorithm,
    name,
    validity,
    name,
    spkiDer(pair),
  );
  return sequence(signed, algorithm, bits(Buffer.alloc(64)));
}

/** A certificate request without signature. RFC 2986. */
export function certificateRequest(pair) {
  const info = sequence(integer(0), sequence(), spkiDer(pair), explicit(0));
  return pem(
    "CERTIFICATE REQUEST",
    sequence(info, sequence(oid("2a8648ce3d040302")), bits(Buffer.alloc(64))),
  );
}

/** The public key as a JWK, if it has such a form. */
export function publicJwk({ publicKey }) {
  return publicKey.export({ format: "jwk" });
}

/** The line of `~/.ssh/id_*.pub`. RFC 4253 §6.6. */
export function openSshLine(pair) {
  const { kty, crv, n, e, x, y } = publicJwk(pair);
  const field = (content) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const member = (text) => Buffer.from(text, "base64url");
  const number = (text) => field(Buffer.concat([Buffer.alloc(member(text)[0] >> 7), member(text)]));
  const point = () => field(Buffer.concat([Buffer.from([4]), member(x), member(y)]));
  const [type, ...rest] =
    kty === "RSA"
      ? ["ssh-rsa", number(e), number(n)]
      : crv === "Ed25519"
        ? ["ssh-ed25519", field(member(x))]
        : ["ecdsa-sha2-nistp256", field(Buffer.from("nistp256")), point()];
  const blob = Buffer.concat([field(Buffer.from(type)), ...rest]);
  return `${type} ${blob.toString("base64")} someone@example`;
}

/** A P-256 key whose point is compressed. RFC 5480 §2.2. */
export function compressedPem({ point, curve }) {
  const compressed = ECDH.convertKey(point, curve.name, undefined, undefined, "compressed");
  return pem("PUBLIC KEY", sequence(sequence(EC_PUBLIC_KEY, oid(curve.oid)), bits(compressed)));
}

const P256 = {
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
};

/** A P-256 key with the curve's numbers in place of its name. SEC 1, C.2. */
export function explicitCurvePem({ point, curve }, { isPointCompressed, isGeneratorCompressed }) {
  const shown = (uncompressed, isCompressed) =>
    isCompressed
      ? ECDH.convertKey(uncompressed, curve.name, undefined, undefined, "compressed")
      : uncompressed;
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(Buffer.from("01".padStart(64, "0"), "hex"));
  const number = (value) => octets(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
  const parameters = sequence(
    integer(1),
    sequence(oid("2a8648ce3d0101"), integer(P256.p)),
    sequence(number(P256.p - 3n), number(P256.b)),
    octets(shown(ecdh.getPublicKey(), isGeneratorCompressed)),
    integer(curve.order),
    integer(1),
  );
  return pem(
    "PUBLIC KEY",
    sequence(sequence(EC_PUBLIC_KEY, parameters), bits(shown(point, isPointCompressed))),
  );
}

/** Points of small order, of which anybody holds the private key. RFC 8032 §5.1. */
export const SMALL_ORDER_POINTS = [
  `01${"0".repeat(62)}`,
  "0".repeat(64),
  `${"0".repeat(62)}80`,
  `ec${"f".repeat(60)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
].map((hex) => Buffer.from(hex, "hex"));

/** An Ed25519 key of this point. */
export function ed25519Key(point) {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") },
    format: "jwk",
  });
}
