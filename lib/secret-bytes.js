/**
 * The bytes of an HMAC secret, lent out without a string being made of them, which nobody could wipe.
 *
 * @template T
 * @param {{ kind: string, bytes: Uint8Array }} material what `keyMaterial` gave
 * @param {(bytes: Uint8Array) => T} use
 * @returns {T}
 */
export function secretBytes({ kind, bytes }, use) {
  if (kind !== "jwk") {
    return use(bytes);
  }
  const decoded = decodedMember(bytes);
  try {
    return use(decoded);
  } finally {
    decoded.fill(0);
  }
}

/** The member `k` of a JWK, the last one of its text. RFC 7518 §6.4.1. */
function decodedMember(json) {
  const start = json.lastIndexOf(`"k":"`) + 5;
  const encoded = json.subarray(start, json.indexOf(`"`, start));
  const decoded = new Uint8Array(new ArrayBuffer(Math.floor((encoded.length * 3) / 4)));
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const character of encoded) {
    bits = ((bits << 6) | sextet(character)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      decoded[length] = bits >> held;
      length += 1;
    }
  }
  return decoded;
}

/** RFC 4648 §5. */
function sextet(character) {
  if (character >= 0x61) return character - 0x61 + 26;
  if (character === 0x5f) return 63;
  if (character >= 0x41) return character - 0x41;
  return character === 0x2d ? 62 : character - 0x30 + 52;
}
