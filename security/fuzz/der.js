/** The few DER values of which keys and certificates consist. ITU-T X.690. */

const tlv = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const digits = length < 0x80 ? [length] : [...Buffer.from(length.toString(16).padStart(6, "0"), "hex")];
  const significant = digits.slice(digits.findIndex((digit, at) => digit !== 0 || at === digits.length - 1));
  const prefix = length < 0x80 ? [] : [0x80 | significant.length];
  return Buffer.concat([Buffer.from([tag, ...prefix, ...significant]), content]);
};

export const sequence = (...parts) => tlv(0x30, ...parts);
export const set = (...parts) => tlv(0x31, ...parts);
export const octets = (content) => tlv(0x04, content);
export const bits = (content) => tlv(0x03, Buffer.from([0]), content);
export const oid = (hex) => tlv(0x06, Buffer.from(hex, "hex"));
export const nothing = Buffer.from([0x05, 0x00]);
export const explicit = (number, ...parts) => tlv(0xa0 | number, ...parts);
export const utf8 = (text) => tlv(0x0c, Buffer.from(text));
export const utcTime = (text) => tlv(0x17, Buffer.from(text));

/** A number of zero or more. */
export function integer(number) {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return tlv(0x02, Buffer.alloc(bytes[0] >> 7), bytes);
}

/** Bytes in PEM armour. RFC 7468. */
export function pem(label, der) {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
