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
  const encoded = encodedMember(bytes);
  const decoded = new Uint8Array(new ArrayBuffer(encoded.length));
  try {
    return use(decoded.subarray(0, decode(encoded, decoded)));
  } finally {
    decoded.fill(0);
  }
}

/** The member `k` of a JWK, the last one of its text. RFC 7518 §6.4.1. */
function encodedMember(json) {
  const start = json.lastIndexOf(`"k":"`) + 5;
  return json.subarray(start, json.indexOf(`"`, start));
}

/** As leniently as the native core, so that the same bytes are judged as used. Returns their number. */
function decode(encoded, decoded) {
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const character of encoded) {
    const value = sextet(character);
    if (value === undefined) continue;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      decoded[length] = bits >> held;
      length += 1;
    }
  }
  return length;
}

/** RFC 4648 §4 and §5; nothing for padding and white space. */
function sextet(character) {
  if (character >= 0x61) return character - 0x61 + 26;
  if (character === 0x5f || character === 0x2f) return 63;
  if (character >= 0x41) return character - 0x41;
  if (character >= 0x30 && character <= 0x39) return character - 0x30 + 52;
  return character === 0x2d || character === 0x2b ? 62 : undefined;
}
