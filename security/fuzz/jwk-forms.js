/** JSON Web Keys as a `secret`: bare and wrapped, whole and damaged, with members that forbid this or that. */

import { hasPrivateForm, publicJwk } from "./key-forms.js";

/** Whether the public key has a JWK form in Node. */
export const hasJwk = ({ publicKey }) =>
  ["rsa", "ec", "ed25519", "ed448", "x25519"].includes(publicKey.asymmetricKeyType) &&
  publicKey.asymmetricKeyDetails.namedCurve !== "secp224r1";

const JWK_MEMBERS = [
  { use: "sig" },
  { use: "enc" },
  { use: null },
  { use: 5 },
  { use: "" },
  { key_ops: ["verify"] },
  { key_ops: ["sign", "verify", "other"] },
  { key_ops: ["sign"] },
  { key_ops: [] },
  { key_ops: "verify" },
  { key_ops: [5, "verify"] },
  { alg: "RS256" },
  { alg: "ES256" },
  { alg: "HS256" },
  { alg: "EdDSA" },
  { alg: "Ed25519" },
  { alg: "RSA-OAEP" },
  { alg: "none" },
  { alg: 5 },
  { alg: null },
  { kid: "1", x5c: ["MIIB"], "": 0 },
];

export function jwkForm(random, pair) {
  const isOct = !hasJwk(pair) || random.chance(0.15);
  const secretBytes = random.bytes(32);
  const privately = hasPrivateForm(pair) && random.chance(0.2);
  const key = () => (privately ? pair.privateKey.export({ format: "jwk" }) : publicJwk(pair));
  const jwk = isOct ? { kty: "oct", k: secretBytes.toString("base64url") } : key();
  const isDamaged = random.chance(0.2);
  const members = random.chance(0.4) ? random.some(JWK_MEMBERS, 2) : [];
  const complete = Object.assign(isDamaged ? damagedJwk(random, jwk) : jwk, ...members);
  const form = {
    intact: !isDamaged,
    keys: isOct ? [] : [pair],
    secretBytes: isOct ? secretBytes : undefined,
  };
  return random.chance(0.5)
    ? { ...form, secret: () => ({ ...complete }) }
    : { ...form, secret: () => ({ key: { ...complete }, format: "jwk" }) };
}

function damagedJwk(random, jwk) {
  const name = random.pick(Object.keys(jwk));
  const text = String(jwk[name]);
  const value = random.pick([
    () => undefined,
    () => null,
    () => 5,
    () => [text],
    () => "",
    () => `${text}=`,
    () => `A${text}`,
    () => `AAAA${text}`,
    () => text.slice(1),
    () => text.slice(0, -1),
    () => text.replaceAll("-", "+").replaceAll("_", "/"),
    () => `${text.slice(0, 5)}*${text.slice(5)}`,
    () => text.toUpperCase(),
    () => "P-384",
    () => "RSA",
  ])();
  return { ...jwk, [name]: value };
}
