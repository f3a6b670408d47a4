/**
 * What stands in `secret`: `{ bytes }` to be put into any container, or `{ secret }` to be passed as it
 * is; `keys`, the key pairs that are in it; `intact: false` if one of them was damaged; `secretBytes`,
 * which HMAC secret it may stand for.
 */

import { createSecretKey, webcrypto } from "node:crypto";
import { pem } from "./der.js";
import { hasJwk } from "./jwk-forms.js";
import {
  certificateRequest,
  compressedPem,
  derForms,
  ed25519Key,
  explicitCurvePem,
  isRsa,
  openSshLine,
  pemForms,
  publicJwk,
  SMALL_ORDER_POINTS,
  spkiDer,
  spkiPem,
} from "./key-forms.js";
import { keyPair } from "./keys.js";
import { damaged, rewritten } from "./pem-text.js";

export function pemForm(random, pair) {
  const [, text] = random.pick(pemForms(pair));
  const plain = text();
  return random.weighted([
    [6, () => ({ bytes: Buffer.from(plain), keys: [pair] })],
    [8, () => ({ bytes: Buffer.from(rewritten(random, plain)), keys: [pair] })],
    [3, () => severalPems(random, plain, pair)],
    [4, () => ({ bytes: Buffer.from(damaged(random, plain)), keys: [pair], intact: false })],
    [1, () => ({ bytes: Buffer.from(certificateRequest(pair)), keys: [pair] })],
    [1, () => ({ bytes: Buffer.from(pem("ENCRYPTED PRIVATE KEY", random.bytes(120))) })],
    [
      1,
      () => ({
        bytes: Buffer.from(
          pem(random.pick(["EC PARAMETERS", "PKCS7", "X509 CRL", "MESSAGE", "PUBLIC KEY"]), random.bytes(20)),
        ),
      }),
    ],
    [1, () => unusualCurve(random)],
  ])();
}

function severalPems(random, plain, pair) {
  const other = keyPair(random.pick(["rsaOther", "p256Other", "ed25519Other"]));
  const [, text] = random.pick(pemForms(other));
  const blocks = random.chance(0.5) ? [plain, text()] : [text(), plain];
  const joined = blocks.join(random.pick(["", "", "\n", "some text\n"]));
  return { bytes: Buffer.from(random.chance(0.8) ? joined : rewritten(random, joined)), keys: [pair, other] };
}

function unusualCurve(random) {
  const pair = keyPair("p256");
  if (random.chance(0.3)) {
    return { bytes: Buffer.from(compressedPem(pair)), keys: [pair] };
  }
  const isGeneratorCompressed = random.chance(0.5);
  const form = { isPointCompressed: random.chance(0.5), isGeneratorCompressed };
  return {
    bytes: Buffer.from(explicitCurvePem(pair, form)),
    keys: [pair],
    rejected: isGeneratorCompressed ? "explicitCurve" : undefined,
  };
}

/** Keys in forms that OpenSSL does not read from text. */
export function otherTextForm(random, pair) {
  const [, der] = random.pick(derForms(pair));
  const jwk = () => JSON.stringify(hasJwk(pair) ? publicJwk(pair) : { kty: "oct", k: "c2VjcmV0" });
  const base64 = () => der().toString(random.pick(["base64", "base64url", "hex"]));
  const form = random.weighted([
    [4, () => ({ bytes: der(), asBytes: true })],
    [4, () => ({ bytes: Buffer.from(base64()) })],
    [
      1,
      () => ({
        bytes: Buffer.from(
          base64()
            .match(/.{1,64}/g)
            .join("\n"),
        ),
      }),
    ],
    [1, () => ({ bytes: Buffer.from(`"${base64()}"`) })],
    [
      2,
      () => ({
        bytes: Buffer.from(Buffer.from(spkiPem(pair)).toString(random.pick(["base64", "base64url", "hex"]))),
      }),
    ],
    [
      3,
      () => ({
        bytes: Buffer.from(random.pick([jwk(), `\n${jwk()}\n`, `{"keys":[${jwk()}]}`, `[${jwk()}]`])),
      }),
    ],
    [2, () => ({ bytes: Buffer.from(openSshLine(keyPair(random.pick(["rsa", "p256", "ed25519"])))) })],
  ])();
  if (random.chance(0.8)) {
    return form;
  }
  const text = damaged(random, form.bytes.toString("latin1"));
  return { ...form, bytes: Buffer.from(text, "latin1"), asBytes: true, intact: false };
}

/** What tools and people do to text on its way into a configuration. Undone, it is the same. */
const DISGUISES = [
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(text).toString("base64url"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => `'${text}'`,
  (text) => `\u201c${text}\u201d`,
  (text) => `PUBLIC_KEY=${text}`,
  (text) => `export JWT_SECRET="${text}"`,
  (text) => `data:application/octet-stream;base64,${Buffer.from(text).toString("base64")}`,
  (text) => `base64:${Buffer.from(text).toString("base64")}`,
  (text) => JSON.stringify(text),
  (text) => JSON.stringify({ issuer: "x", keys: [{ value: text }] }),
  (text) => encodeURIComponent(text),
  (text) => text.replace(/[^\w]/g, (other) => `&#${other.codePointAt(0)};`),
  (text) => text.replace(/[^\w]/g, (other) => `\\u${other.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text) => JSON.stringify(Buffer.from(text)),
  (text) => ` ${text}\n`,
];

/** A public key in one to three disguises, of which none leaves PEM. */
export function disguisedForm(random, pair) {
  const [, der] = random.pick(derForms(pair));
  const jwk = () => JSON.stringify(hasJwk(pair) ? publicJwk(pair) : { kty: "RSA", n: "AQAB", e: "AQAB" });
  let text = random.pick([() => der().toString("base64"), jwk, () => `{"keys":[${jwk()}]}`])();
  if (random.chance(0.2)) {
    text = Buffer.from(spkiPem(pair)).toString("base64");
  }
  for (let disguises = random.between(1, 3); disguises > 0; disguises -= 1) {
    text = random.pick(DISGUISES)(text);
  }
  return { bytes: Buffer.from(text), rejected: "keyInAnotherForm" };
}

const PLACES = [
  "./public.pem",
  "/etc/keys/public.pem",
  "/run/secrets/jwt_public_key",
  "C:\\keys\\public.pem",
  "keys/issuer.crt",
  "https://issuer.example/.well-known/jwks.json",
  "http://localhost:8080/realms/master/protocol/openid-connect/certs",
  "file:///etc/keys/public.pem",
];

/** Where a key is, in place of the key. */
export function placeForm(random) {
  const text = random.pick(PLACES);
  const disguised = random.pick([(place) => place, (place) => `"${place}"`, (place) => `JWT_KEY=${place}`])(
    text,
  );
  return { bytes: Buffer.from(disguised), rejected: "placeOfKey" };
}

const CRYPTO_KEYS = await cryptoKeys();

async function cryptoKeys() {
  const { subtle } = webcrypto;
  const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const { publicKey, privateKey } = keyPair("rsa");
  const hmac = { name: "HMAC", hash: "SHA-256" };
  return [
    await subtle.importKey("jwk", publicKey.export({ format: "jwk" }), rsa, true, ["verify"]),
    await subtle.importKey("jwk", privateKey.export({ format: "jwk" }), rsa, true, ["sign"]),
    await subtle.importKey("raw", Buffer.from("a secret of WebCrypto"), hmac, true, ["verify"]),
  ];
}

/** KeyObjects, and objects as crypto.createPublicKey() takes them. */
export function compoundForm(random, pair) {
  const [, text] = random.pick(pemForms(pair));
  const [, der, type] = random.pick(derForms(pair).filter(([, , known]) => known));
  const isDamaged = random.chance(0.1);
  const content = isDamaged ? damaged(random, text()) : text();
  const form = { keys: [pair], intact: !isDamaged };
  return random.weighted([
    [4, () => ({ ...form, secret: () => pair.publicKey })],
    [1, () => ({ ...form, secret: () => pair.privateKey ?? pair.publicKey })],
    [2, () => ({ ...form, secret: () => ({ key: content }) })],
    [1, () => ({ ...form, secret: () => ({ key: Buffer.from(content), format: "pem" }) })],
    [2, () => ({ ...form, intact: true, secret: () => ({ key: der(), format: "der", type }) })],
    [1, () => ({ ...form, intact: true, secret: () => ({ key: pair.privateKey }) })],
    [1, () => ({ ...form, intact: true, secret: () => ({ key: pair.publicKey }) })],
    [1, () => ({ secret: () => ed25519Key(random.pick(SMALL_ORDER_POINTS)) })],
  ])();
}

/** Text and bytes that are no key, and look like one at most. */
export function plainSecretForm(random) {
  const bytes = random.weighted([
    [4, () => random.bytes(random.between(0, 80))],
    [2, () => Buffer.concat([Buffer.from([0x30]), random.bytes(random.between(1, 60))])],
    [
      2,
      () =>
        Buffer.from(
          random.bytes(random.between(1, 200)).toString(random.pick(["base64", "hex", "base64url"])),
        ),
    ],
    [1, () => Buffer.from(random.bytes(random.between(1, 60)).toString("latin1"))],
    [3, () => Buffer.from(random.pick(PLAIN_SECRETS))],
  ])();
  const isText = bytes.equals(Buffer.from(bytes.toString()));
  return { bytes, asBytes: !isText };
}

const PLAIN_SECRETS = [
  "an ordinary secret, with spaces",
  "cl\u00e9-\u{1f511}-\u0416",
  "00112233445566778899aabbccddeeff",
  '{"secret":"value"}',
  '{"keys":"value"}',
  '{"keys":[]}',
  "[1,2,3]",
  '"quoted"',
  "ssh-rsa is the beginning of my secret",
  "-----",
  "BEGIN PUBLIC KEY",
  "-----BEGIN SECRET-----",
  "-----BEGIN",
  "MII",
  "\ufeffsecret",
  "a\0b",
  "s".repeat(10_000),
];

/** What is no key material at all. */
export function oddForm(random, pair) {
  const text = spkiPem(pair);
  const value = random.pick([
    () => undefined,
    () => null,
    () => "",
    () => 0,
    () => 123_456_789,
    () => true,
    () => 123_456_789n,
    () => Symbol("secret"),
    () => ({}),
    () => [],
    () => [text],
    () => () => text,
    () => new Date(0),
    () => new Map([["key", text]]),
    () => new String(text),
    () => ({ key: 5 }),
    () => ({ key: "text that is no key" }),
    () => ({ format: "pem" }),
    () => ({ keys: [hasJwk(pair) ? publicJwk(pair) : { kty: "oct", k: "c2VjcmV0" }] }),
    () => ({ key: spkiDer(pair), format: "der" }),
    () => "\ud800-a-secret-text",
    () => "a-secret-text-\udc00",
    () => Buffer.alloc(0),
    () => new ArrayBuffer(0),
    () => createSecretKey(Buffer.alloc(0)),
    () => createSecretKey(Buffer.from(text)),
    () => CRYPTO_KEYS[0],
    () => CRYPTO_KEYS[1],
    () => CRYPTO_KEYS[2],
  ]);
  return { secret: value, keys: isRsa(pair) ? [pair] : [] };
}
