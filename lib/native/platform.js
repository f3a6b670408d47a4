import { closeSync, openSync, readSync } from "node:fs";

/**
 * What napi-rs calls this process's platform: `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64`,
 * `win32-x64-msvc`. Names the file of an addon and the package that brings it.
 *
 * @returns {string}
 */
export function platformId() {
  const { platform, arch } = process;
  switch (platform) {
    case "linux":
      return `linux-${arch}-${isMusl() ? "musl" : "gnu"}`;
    case "win32":
      return `win32-${arch}-msvc`;
    default:
      return `${platform}-${arch}`;
  }
}

/** The file name of an addon for a platform. */
export function addonFileName(triple) {
  return `mcp-native-auth.${triple}.node`;
}

/**
 * Whether this process runs on musl. The program says so itself: the loader that it names is the C
 * library's. `process.report` knows too, but copies every environment variable into the heap before it
 * answers, secrets among them, and takes ten times as long; it is asked where the program may not be read
 * (Node's permission model).
 */
function isMusl() {
  try {
    return /\bld-musl-/.test(elfInterpreter(process.execPath));
  } catch {
    return !hasGlibcInReport();
  }
}

const PT_INTERP = 3;

/** Path of the dynamic loader in a 64-bit little-endian ELF file (System V ABI, program header PT_INTERP). */
function elfInterpreter(file) {
  const descriptor = openSync(file, "r");
  try {
    const read = (position, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
    };
    const header = read(0, 64);
    const entrySize = header.readUInt16LE(54);
    const entries = read(Number(header.readBigUInt64LE(32)), entrySize * header.readUInt16LE(56));
    for (let at = 0; at < entries.length; at += entrySize) {
      if (entries.readUInt32LE(at) === PT_INTERP) {
        const [position, length] = [8, 32].map((offset) => Number(entries.readBigUInt64LE(at + offset)));
        return read(position, length).toString("latin1");
      }
    }
    return "";
  } finally {
    closeSync(descriptor);
  }
}

function hasGlibcInReport() {
  const report = /** @type {any} */ (process.report);
  const { excludeNetwork, excludeEnv } = report;
  try {
    // Looks up the names of all connected hosts otherwise. Not every Node knows both.
    Object.assign(report, { excludeNetwork: true, excludeEnv: true });
    return report.getReport().header.glibcVersionRuntime !== undefined;
  } catch {
    // Deno may not report without its own permission, and has no builds for musl.
    return true;
  } finally {
    Object.assign(report, { excludeNetwork, excludeEnv });
  }
}
