/**
 * The platforms that a release brings an addon for: the one list that the platform packages are made
 * from, and that the workflow, package.json and docs/deploying.md are checked against.
 */

/** The Node-API version that the addon is compiled against, Cargo.toml's `napi8`. Node 12.22 has it. */
export const NODE_API_VERSION = 8;

/** The newest glibc that an addon of a release may need: that of Node's own builds. */
export const GLIBC = "2.28";

/**
 * By napi-rs's name of the platform: Rust's name of it, what npm's manifests call it, and what it needs.
 *
 * @type {Record<string, { rust: string, os: string, cpu: string, libc?: string, needs: string }>}
 */
export const TARGETS = {
  "linux-x64-gnu": {
    rust: "x86_64-unknown-linux-gnu",
    os: "linux",
    cpu: "x64",
    libc: "glibc",
    needs: `glibc ${GLIBC}`,
  },
  "linux-arm64-gnu": {
    rust: "aarch64-unknown-linux-gnu",
    os: "linux",
    cpu: "arm64",
    libc: "glibc",
    needs: `glibc ${GLIBC}`,
  },
  "linux-x64-musl": {
    rust: "x86_64-unknown-linux-musl",
    os: "linux",
    cpu: "x64",
    libc: "musl",
    needs: "musl 1.2",
  },
  "linux-arm64-musl": {
    rust: "aarch64-unknown-linux-musl",
    os: "linux",
    cpu: "arm64",
    libc: "musl",
    needs: "musl 1.2",
  },
  "darwin-x64": { rust: "x86_64-apple-darwin", os: "darwin", cpu: "x64", needs: "macOS 11" },
  "darwin-arm64": { rust: "aarch64-apple-darwin", os: "darwin", cpu: "arm64", needs: "macOS 11" },
  "win32-x64-msvc": { rust: "x86_64-pc-windows-msvc", os: "win32", cpu: "x64", needs: "Windows 10" },
  "win32-arm64-msvc": { rust: "aarch64-pc-windows-msvc", os: "win32", cpu: "arm64", needs: "Windows 11" },
};

/** The package that brings the addon of a platform in a release. */
export function platformPackage(triple) {
  return `@mcp-native-auth/${triple}`;
}
