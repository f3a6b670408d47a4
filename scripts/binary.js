/** What the bytes of an addon say about where it runs. */

import { symbols } from "node-api-headers";
import { GLIBC, NODE_API_VERSION, TARGETS } from "./targets.js";

/** CPU by what the formats call it: ELF `e_machine`, COFF `Machine`, Mach-O `cputype`. */
const ELF_CPU = { 62: "x64", 183: "arm64" };
const COFF_CPU = { 34404: "x64", 43620: "arm64" };
const MACH_O_CPU = { 16777223: "x64", 16777228: "arm64" };

/**
 * The system, CPU and C library that a dynamic library is made for.
 *
 * @param {Buffer} bytes
 * @returns {{ os?: string, cpu?: string, libc?: string }}
 */
export function madeFor(bytes) {
  if (bytes.length < 64) {
    return {};
  }
  if (bytes.readUInt32BE(0) === 0x7f454c46) {
    // The name of the C library among the libraries needed: musl's has no number.
    const libc = bytes.includes("\0libc.so.6\0") ? "glibc" : "musl";
    return { os: "linux", cpu: ELF_CPU[bytes.readUInt16LE(18)], libc };
  }
  if (bytes.readUInt32LE(0) === 0xfeedfacf) {
    return { os: "darwin", cpu: MACH_O_CPU[bytes.readUInt32LE(4)] };
  }
  const peHeader = bytes.readUInt32LE(60);
  if (bytes.subarray(0, 2).equals(Buffer.from("MZ")) && peHeader + 6 <= bytes.length) {
    return { os: "win32", cpu: COFF_CPU[bytes.readUInt16LE(peHeader + 4)] };
  }
  return {};
}

/** The newest glibc whose symbols a library asks for, such as `2.28`; undefined for none. */
export function glibcNeeded(bytes) {
  const versions = bytes.toString("latin1").match(/(?<=\bGLIBC_)\d+\.\d+/g) ?? [];
  return versions.sort(byVersion).at(-1);
}

/** The Node-API functions that an addon names, by the version that brought them; `undefined` for unknown ones. */
export function nodeApiFunctions(bytes) {
  const versionOf = new Map();
  for (const [version, names] of Object.entries(symbols)) {
    for (const name of [...names.js_native_api_symbols, ...names.node_api_symbols]) {
      versionOf.set(
        name,
        Math.min(versionOf.get(name) ?? Number.POSITIVE_INFINITY, Number(version.slice(1))),
      );
    }
  }
  // What addons export for Node to call, not what they call.
  const own = /^(napi_register_module_v|node_api_module_get_api_version_v)\d+$/;
  const named = new Set(bytes.toString("latin1").match(/\b(?:napi|node_api)_[a-z0-9_]+/g));
  return new Map([...named].filter((name) => !own.test(name)).map((name) => [name, versionOf.get(name)]));
}

/**
 * Why an addon is not fit for a release, in sentences; empty if it is.
 *
 * @param {Buffer} bytes
 * @param {string} triple the platform that it shall be for
 * @param {{ glibc?: string }} limits the newest glibc that it may need
 */
export function faultsOf(bytes, triple, { glibc = GLIBC } = {}) {
  const { os, cpu, libc } = TARGETS[triple];
  const actual = madeFor(bytes);
  if (actual.os !== os || actual.cpu !== cpu || actual.libc !== libc) {
    const name = [actual.os, actual.cpu, actual.libc].filter(Boolean).join(" ") || "no known system";
    return [`it is made for ${name}, not for ${[os, cpu, libc].filter(Boolean).join(" ")}`];
  }
  const faults = [];
  const needed = glibcNeeded(bytes);
  if (needed !== undefined && byVersion(needed, glibc) > 0) {
    faults.push(`it needs glibc ${needed}, newer than ${glibc}`);
  }
  const functions = nodeApiFunctions(bytes);
  if (functions.size === 0) {
    faults.push("it names no function of Node-API");
  }
  for (const [name, version] of functions) {
    if (!(version <= NODE_API_VERSION)) {
      faults.push(`it names ${name}, which is not of Node-API ${NODE_API_VERSION}`);
    }
  }
  return faults;
}

function byVersion(left, right) {
  return left.localeCompare(right, "en", { numeric: true });
}
