/** What callers pass to a provider's constructor, made so that no further copy of the secret arises. */

import { createHash, createPublicKey, createSecretKey } from "node:crypto";

/** Each takes the secret's bytes, which are wiped afterwards, and gives what the caller holds. */
const forms = {
  text: (bytes) => bytes.latin1Slice(),
  "two-byte text": (bytes) => bytes.ucs2Slice(),
  /** As `prefix + rest` gives it: V8 joins the parts when somebody reads the whole. */
  rope: (bytes) => bytes.latin1Slice(0, bytes.length >> 1) + bytes.latin1Slice(bytes.length >> 1),
  keys: (bytes) => [bytes.latin1Slice()],
  "two-byte keys": (bytes) => [bytes.ucs2Slice()],
  "keys among others": (bytes, { count }) => {
    const keys = Array.from({ length: count }, (_, number) => `another key, number ${number}`);
    keys[count >> 1] = bytes.latin1Slice();
    return keys;
  },
  /** So many that a list which grows has moved them. */
  "secret among others": (bytes) => [
    ...Array.from({ length: 20 }, (_, number) => ({
      kid: `${number}`,
      secret: `another secret, number ${number}`,
    })),
    { secret: bytes.latin1Slice() },
    ...Array.from({ length: 20 }, (_, number) => ({
      kid: `-${number}`,
      secret: `one more secret, number ${number}`,
    })),
  ],
  "keys, the last one bad": (bytes) => [bytes.latin1Slice(), ""],
  entries: (bytes) => [{ key: bytes.latin1Slice(), id: "entry", scopes: ["read"], metadata: { team: "a" } }],
  /** The caller holds the key all the same: it is what must be found. */
  "entries by hash": (bytes) =>
    withKey([{ hash: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, id: "entry" }], bytes),
  "entries, the last one bad": (bytes) => [{ key: bytes.latin1Slice(), id: "entry" }, { id: "none" }],
  Buffer: (bytes) => copy(bytes, Buffer.allocUnsafeSlow(bytes.length)),
  /** From Node's pool, as `Buffer.from(text)` is. */
  "pooled Buffer": (bytes) => copy(bytes, Buffer.allocUnsafe(bytes.length)),
  /** V8 keeps up to 64 bytes of such an array inside its heap. */
  Uint8Array: (bytes) => copy(bytes, new Uint8Array(bytes.length)),
  Uint32Array: (bytes) => {
    const numbers = new Uint32Array(bytes.length / 4);
    for (let index = 0; index < numbers.length; index += 1) {
      numbers[index] = bytes.readUInt32LE(4 * index);
    }
    return numbers;
  },
  ArrayBuffer: (bytes) => copy(bytes, new Uint8Array(new ArrayBuffer(bytes.length))).buffer,
  KeyObject: (bytes) => createSecretKey(bytes),
  JWK: (bytes) => ({ kty: "oct", k: bytes.latin1Slice() }),
  "JWK for another purpose": (bytes) => ({ kty: "oct", k: bytes.latin1Slice(), use: "enc" }),
  "private JWK": (bytes, { jwk }) => ({ ...jwk, d: bytes.latin1Slice() }),
  "{ key: PEM }": (bytes) => ({ key: copy(bytes, Buffer.allocUnsafeSlow(bytes.length)) }),
  "public KeyObject of a private PEM": (bytes) => createPublicKey(bytes),
  /** So many that the allocator cannot have used all of them again. */
  "a thousand Buffers": (bytes) =>
    Array.from({ length: 1000 }, () => copy(bytes, Buffer.allocUnsafeSlow(bytes.length))),
};

/**
 * @param {string} form a name of the table above
 * @param {[string, string]} halves two hexadecimal texts whose exclusive or is the secret
 * @param {object} companions what is public in the value
 */
export function callerCopy(form, [one, other], companions = {}) {
  const mask = Buffer.from(other, "hex");
  const bytes = Buffer.allocUnsafeSlow(mask.length);
  bytes.set(Buffer.from(one, "hex"));
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] ^= mask[index];
  }
  const value = forms[form](bytes, companions);
  bytes.fill(0);
  return value;
}

/** What a careful caller can do. */
export function wipe(value) {
  if (ArrayBuffer.isView(value)) {
    value.fill(0);
  } else if (value instanceof ArrayBuffer) {
    new Uint8Array(value).fill(0);
  } else if (ArrayBuffer.isView(value?.key)) {
    value.key.fill(0);
  }
}

/** The key beside its entries, where no index leads to it. */
function withKey(entries, bytes) {
  return Object.assign(entries, { held: bytes.latin1Slice() });
}

function copy(bytes, target) {
  target.set(bytes);
  return target;
}
