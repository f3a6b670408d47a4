/**
 * What SHA-256 has in hand after one block. `node:crypto` gives no half-finished state, and that is what an
 * HMAC key is kept as: the states after the key's block, under the inner and the outer padding. RFC 2104 §4,
 * FIPS 180-4 §6.2.2.
 */

import { createHash } from "node:crypto";

const BLOCK = 64;

/** The first 32 bits of the fractional parts of roots of the first primes. FIPS 180-4 §4.2.2, §5.3.3. */
const PRIMES = firstPrimes(64);
const ROUND = PRIMES.map((prime) => fraction(Math.cbrt(prime), prime, 3n));
const INITIAL = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime), prime, 2n));

/**
 * The two states, as eight words of this machine each.
 *
 * @param {Uint8Array} secret
 * @returns {{ inner: Buffer, outer: Buffer }}
 */
export function hmacSha256States(secret) {
  const key = Buffer.alloc(BLOCK);
  key.set(secret.length > BLOCK ? createHash("sha256").update(secret).digest() : secret);
  const state = (padding) => asInMemory(compress(key.map((byte) => byte ^ padding)));
  return { inner: state(0x36), outer: state(0x5c) };
}

/** The eight words after one block. */
export function compress(block) {
  const schedule = Array.from({ length: 16 }, (_, word) => block.readUInt32BE(4 * word));
  for (let t = 16; t < 64; t += 1) {
    const [a, b] = [schedule[t - 15], schedule[t - 2]];
    const small0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const small1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    schedule.push((small1 + schedule[t - 7] + small0 + schedule[t - 16]) >>> 0);
  }
  let [a, b, c, d, e, f, g, h] = INITIAL;
  for (let t = 0; t < 64; t += 1) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[t] + schedule[t]) >>> 0;
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
    [a, b, c, d, e, f, g, h] = [(first + second) >>> 0, a, b, c, (d + first) >>> 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => (word + INITIAL[index]) >>> 0);
}

/** In the byte order of this machine. */
function asInMemory(words) {
  return Buffer.from(new Uint32Array(words).buffer);
}

function rotate(word, by) {
  return (word >>> by) | (word << (32 - by));
}

function firstPrimes(count) {
  const primes = [];
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) {
      primes.push(number);
    }
  }
  return primes;
}

/** A double has not enough digits for every root, so the estimate is put right with whole numbers. */
function fraction(root, prime, power) {
  const wanted = BigInt(prime) << (32n * power);
  let scaled = BigInt(Math.floor(root * 2 ** 32));
  while (scaled ** power > wanted) {
    scaled -= 1n;
  }
  while ((scaled + 1n) ** power <= wanted) {
    scaled += 1n;
  }
  return Number(scaled & 0xffff_ffffn);
}
