/** A release as scripts/release.js lays it out: the real addon of this machine, stand-ins for the others. */

import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { addonFileName, platformId } from "../../lib/native/platform.js";
import { HOST_ADDON } from "../../scripts/addon.js";
import { TARGETS } from "../../scripts/targets.js";
import { checkout, temporaryFolder } from "./project.js";

/** Prints whether the package answers, or why it does not load. */
export const MAIN = `
  import("mcp-native-auth")
    .then(async ({ APIKeyAuthProvider }) => {
      const provider = new APIKeyAuthProvider({ keys: ["k1"] });
      return { accepts: await provider.authenticate({ headers: { "x-api-key": "k1" } }) };
    })
    .catch(({ code, message }) => ({ code, message }))
    .then((outcome) => console.log(JSON.stringify(outcome)));`;

/** A file that says that it is made for a platform, and holds nothing else. */
export function standIn(triple) {
  const { os, cpu, libc } = TARGETS[triple];
  const bytes = Buffer.alloc(128);
  if (os === "linux") {
    bytes.writeUInt32BE(0x7f454c46);
    bytes.writeUInt16LE({ x64: 62, arm64: 183 }[cpu], 18);
    bytes.write(libc === "glibc" ? "\0libc.so.6\0" : "\0libc.so\0", 64);
  } else if (os === "darwin") {
    bytes.writeUInt32LE(0xfeedfacf);
    bytes.writeUInt32LE({ x64: 0x01000007, arm64: 0x0100000c }[cpu], 4);
  } else {
    bytes.write("MZ");
    bytes.writeUInt32LE(64, 60);
    bytes.write("PE\0\0", 64);
    bytes.writeUInt16LE({ x64: 0x8664, arm64: 0xaa64 }[cpu], 68);
  }
  return bytes;
}

/** A folder with an addon for each platform, by their file names. */
export function addonsOfAllPlatforms() {
  const folder = temporaryFolder("addons");
  for (const triple of Object.keys(TARGETS)) {
    writeFileSync(path.join(folder, addonFileName(triple)), standIn(triple));
  }
  copyFileSync(HOST_ADDON, path.join(folder, addonFileName(platformId())));
  return folder;
}

/** Runs scripts/release.js. @returns {{ status: number, stderr: string, output: string }} */
export function layOut(addons, ...options) {
  const output = path.join(temporaryFolder("release"), "release");
  const script = path.join(checkout, "scripts", "release.js");
  const args = [script, "--addons", addons, "--output", output, ...options];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stderr, output };
}
