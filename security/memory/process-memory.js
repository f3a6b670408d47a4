/**
 * The readable memory of another process of the same user, as Linux shows it in /proc.
 *
 * A parent may read its child's memory under Yama's `ptrace_scope` 0 and 1. Where it may not, the child
 * copies its own memory into a file instead, which it is always allowed to read: see `dumpOwnMemory`.
 */

import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/** What is looked through at a time. */
const CHUNK = 16 * 1024 * 1024;
/** How much of the end of a chunk is looked through again with the next one. */
const OVERLAP = 4096;
const HEADER = 16;
/** One for all, made at once: its making in between would set off a collection, which moves strings. */
const buffer = Buffer.allocUnsafeSlow(CHUNK);

/**
 * @typedef {{ start: number, end: number, permissions: string, name: string }} Region
 * @typedef {{ address: number, bytes: Buffer, region: Region }} Piece the bytes are overwritten by the next piece
 */

/**
 * The memory of a process, piece by piece.
 *
 * @param {number} pid
 * @param {{ everything?: boolean }} extent `everything` adds files that are mapped and cannot be written:
 *   their bytes are those of the file
 * @returns {Generator<Piece>}
 */
export function* memoryOf(pid, { everything = false } = {}) {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const region of readableRegions(pid, everything)) {
      for (let address = region.start; address < region.end; address += CHUNK - OVERLAP) {
        const length = readAt(memory, buffer, Math.min(CHUNK, region.end - address), address);
        if (length > 0) {
          yield { address, bytes: buffer.subarray(0, length), region };
        }
      }
    }
  } finally {
    closeSync(memory);
  }
}

/** The same from a file that `dumpOwnMemory` wrote. */
export function* memoryInDump(file) {
  const dump = openSync(file, "r");
  const header = Buffer.alloc(HEADER);
  const region = { start: 0, end: 0, permissions: "rw-p", name: "dump" };
  try {
    while (readSync(dump, header) === HEADER) {
      const length = Number(header.readBigUInt64LE(8));
      readSync(dump, buffer, 0, length, null);
      yield { address: Number(header.readBigUInt64LE(0)), bytes: buffer.subarray(0, length), region };
    }
  } finally {
    closeSync(dump);
  }
}

/** Copies the memory of this process into a file. */
export function dumpOwnMemory(file) {
  const dump = openSync(file, "wx", 0o600);
  const header = Buffer.alloc(HEADER);
  for (const { address, bytes } of memoryOf("self")) {
    header.writeBigUInt64LE(BigInt(address), 0);
    header.writeBigUInt64LE(BigInt(bytes.length), 8);
    writeSync(dump, header);
    writeSync(dump, bytes);
    // The buffer is itself part of what is copied next.
    bytes.fill(0);
  }
  closeSync(dump);
}

/** @returns {Region[]} */
function readableRegions(pid, everything) {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [range, permissions, , , inode, ...name] = line.split(/ +/);
      const [start, end] = range.split("-").map((address) => Number.parseInt(address, 16));
      return { start, end, permissions, isFile: inode !== "0", name: name.join(" ") };
    })
    .filter(({ permissions, isFile, name }) => {
      const isOfTheKernel = name === "[vvar]" || name === "[vvar_vclock]" || name === "[vsyscall]";
      const mayHaveChanged = permissions[1] === "w" || !isFile;
      return permissions[0] === "r" && !isOfTheKernel && (everything || mayHaveChanged);
    });
}

function readAt(file, buffer, length, address) {
  let read = 0;
  try {
    while (read < length) {
      const more = readSync(file, buffer, read, length - read, address + read);
      if (more === 0) {
        break;
      }
      read += more;
    }
  } catch (error) {
    // A mapped file that is shorter than its mapping, or memory that was returned just now.
    if (error.code !== "EIO" && error.code !== "EFAULT") {
      throw error;
    }
  }
  return read;
}
