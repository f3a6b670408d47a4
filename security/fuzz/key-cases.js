/**
 * Cases of key formats: a `secret` in every form, whole or damaged, asked with tokens of the key that
 * is in it, of others, and of its text taken for an HMAC secret.
 */

import { createSecretKey } from "node:crypto";
import { jwkForm } from "./jwk-forms.js";
import { HMAC_ALGORITHMS, keyPair } from "./keys.js";
import { requestWithToken } from "./request-shapes.js";
import {
  compoundForm,
  disguisedForm,
  oddForm,
  otherTextForm,
  pemForm,
  placeForm,
  plainSecretForm,
} from "./secret-forms.js";
import { signature } from "./sign.js";

const NOW = 1_700_000_000_000;

const STRONG = ["rsa", "rsa", "rsaExponent3", "p256", "p256", "p384", "p521", "ed25519", "pss256", "pss384"];
const USELESS = [
  "rsa1024",
  "rsa8200",
  "rsaExponent1",
  "rsaExponentEven",
  "rsaExponentLong",
  "p224",
  "secp256k1",
  "ed448",
  "x25519",
  "pssLongSalt",
  "pssSha1",
  "pssUnrestricted",
];

/** The containers of text and bytes. */
const CONTAINERS = [
  [8, (bytes) => bytes.toString()],
  [3, (bytes) => bytes],
  [1, (bytes) => Uint8Array.from(bytes)],
  [1, (bytes) => new Uint8Array(Uint8Array.from([9, 9, ...bytes, 9]).buffer, 2, bytes.length)],
  [1, (bytes) => Uint8Array.from(bytes).buffer],
  [1, (bytes) => new DataView(Uint8Array.from([9, ...bytes]).buffer, 1)],
  [1, shared],
  [1, (bytes) => createSecretKey(bytes)],
];

function shared(bytes) {
  const memory = new SharedArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return memory;
}

/** A case of one `secret`. */
export function keyFormatCase(random) {
  const pair = keyPair(random.pick(random.chance(0.85) ? STRONG : USELESS));
  const form = random.weighted([
    [40, pemForm],
    [10, otherTextForm],
    [6, disguisedForm],
    [2, placeForm],
    [16, jwkForm],
    [14, compoundForm],
    [12, plainSecretForm],
    [8, oddForm],
  ])(random, pair);
  const { bytes, keys = [] } = form;
  // As a string, bytes that are no UTF-8 would be others.
  const contain = bytes && random.weighted(form.asBytes ? CONTAINERS.slice(1) : CONTAINERS);
  const secret = bytes ? () => contain(bytes) : form.secret;
  const algorithms = algorithmsFor(
    random,
    keys.flatMap(({ serves }) => serves),
  );
  const made = {
    intact: form.intact,
    rejected: form.rejected,
    within: keys.map(({ publicKey }) => publicKey),
  };
  const requests = tokensFor(random, { keys, bytes, secretBytes: form.secretBytes }, algorithms).map(
    (token) => requestWithToken(token, { headerName: "authorization", requireBearer: true }),
  );
  return {
    provider: "jwt",
    config: () => ({ secret: secret(), ...(algorithms ? { algorithms } : {}) }),
    made,
    requests,
    steps: requests.map((_, index) => [index, NOW]),
  };
}

function algorithmsFor(random, served) {
  const fitting = served.length > 0 ? served : ["HS256"];
  return random.weighted([
    [60, () => [...new Set([...fitting, "HS256"])]],
    [25, () => [random.pick(fitting)]],
    [10, () => undefined],
    [5, () => random.some([...HMAC_ALGORITHMS, "RS256", "ES256", "EdDSA", "Ed25519"])],
  ])();
}

function tokensFor(random, { keys, bytes, secretBytes }, algorithms = ["HS256"]) {
  const sign = (alg, key) => {
    const parts = [`{"alg":"${alg}","typ":"JWT"}`, `{"sub":"user-7","exp":${NOW / 1000 + 60}}`];
    const input = parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
    return `${input}.${signature(alg, key, input, random).toString("base64url")}`;
  };
  const ofKeys = keys
    .filter(({ privateKey }) => privateKey)
    .map((key) => [key, key.serves.filter((alg) => algorithms.includes(alg))])
    .filter(([, fitting]) => fitting.length > 0)
    .map(([key, fitting]) => sign(random.pick(fitting), key));
  const hmac = random.pick(HMAC_ALGORITHMS.filter((alg) => algorithms.includes(alg)).concat("HS256"));
  const confused = [bytes, secretBytes]
    .filter((secret) => secret?.length > 0)
    .map((secret) => sign(hmac, secret));
  return [
    ...ofKeys,
    ...confused,
    random.chance(0.5) ? sign("ES256", keyPair("p256Other")) : sign("HS256", Buffer.from("other")),
  ];
}
