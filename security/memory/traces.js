/** Finds what is left of a secret in memory: any sixteen bytes in a row of it, in any of its encodings. */

/** A run this long is no coincidence, and is half of the shortest secret here. */
const MIN_LENGTH = 16;

/**
 * Memory is looked at every eight bytes, at eight bytes: wherever a run of sixteen lies, some eight of it
 * lie so.
 */
const STEP = 8;
const TABLE_BITS = 20;
/** Of a long secret, only so many bytes from both ends are looked for. */
const MAX_END_LENGTH = 256;

/**
 * @typedef {{ encoding: string, address: number, length: number, region: string }} Trace
 */

export class Traces {
  #encodings;
  /** Which first halves of eight bytes occur in an encoding at all, by their hash. */
  #occurs = new Uint8Array(2 ** TABLE_BITS);
  /** First half of eight bytes → where they occur. */
  #places = new Map();

  /** @param {Record<string, Uint8Array>} encodings by name */
  constructor(encodings) {
    this.#encodings = Object.entries(encodings).filter(([, bytes]) => bytes.length >= MIN_LENGTH);
    for (const [encoding, bytes] of this.#encodings) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let offset = 0; offset + STEP <= bytes.length; offset += 1) {
        if (offset === MAX_END_LENGTH) {
          offset = Math.max(offset, bytes.length - MAX_END_LENGTH);
        }
        const first = view.getUint32(offset, true);
        this.#occurs[hash(first)] = 1;
        const places = this.#places.get(first);
        const place = { encoding, bytes, offset, second: view.getUint32(offset + 4, true) };
        if (places) {
          places.push(place);
        } else {
          this.#places.set(first, [place]);
        }
      }
    }
  }

  /**
   * @param {Iterable<{ address: number, bytes: Buffer, region: { name: string } }>} memory
   * @returns {Trace[]}
   */
  in(memory) {
    const found = new Map();
    for (const { address, bytes, region } of memory) {
      for (const { encoding, start, length } of this.#inPiece(bytes)) {
        found.set(`${encoding} ${address + start}`, {
          encoding,
          address: address + start,
          length,
          region: region.name || "anonymous",
        });
      }
    }
    return [...found.values()];
  }

  *#inPiece(memory) {
    const whole = memory.length - (memory.length % STEP);
    const words = new Uint32Array(memory.buffer, memory.byteOffset, whole / 4);
    const occurs = this.#occurs;
    for (let word = 0; word < words.length; word += 2) {
      const first = words[word];
      if (occurs[hash(first)] === 1) {
        yield* this.#runsAt(memory, word * 4, first, words[word + 1]);
      }
    }
  }

  *#runsAt(memory, at, first, second) {
    for (const place of this.#places.get(first) ?? []) {
      if (place.second === second) {
        const { encoding, bytes, offset } = place;
        let before = 0;
        while (before < offset && before < at && memory[at - before - 1] === bytes[offset - before - 1]) {
          before += 1;
        }
        let after = STEP;
        while (
          offset + after < bytes.length &&
          at + after < memory.length &&
          memory[at + after] === bytes[offset + after]
        ) {
          after += 1;
        }
        if (before + after >= MIN_LENGTH) {
          yield { encoding, start: at - before, length: before + after };
        }
      }
    }
  }
}

function hash(word) {
  return Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS);
}
