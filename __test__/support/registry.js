/** An npm registry on loopback that knows the packages of one release and no others. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { temporaryFolder } from "./project.js";

/**
 * Packs and offers what scripts/release.js laid out, or that of it whose names are given.
 *
 * @param {string} release
 * @param {(name: string) => boolean} [isOffered]
 * @returns {Promise<{ url: string, fetched: Set<string>, stop: () => void }>} `fetched` holds the names of the
 *   packages whose tarball was asked for
 */
export async function startRegistry(release, isOffered = () => true) {
  const packages = packed(release);
  const fetched = new Set();
  const server = http.createServer((request, response) => {
    const [name, kind] = decodeURIComponent(request.url).slice(1).split("/-/");
    const { manifest, tarball } = packages.get(name) ?? {};
    if (manifest === undefined || !isOffered(name)) {
      response.writeHead(404, { "Content-Type": "application/json" }).end('{"error":"not found"}');
    } else if (kind) {
      fetched.add(name);
      response.end(tarball);
    } else {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(packument(manifest, tarball, `http://${request.headers.host}`)));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/`, fetched, stop: () => server.close() };
}

function foldersOf(release) {
  const platforms = path.join(release, "platforms");
  return [...readdirSync(platforms).map((name) => path.join(platforms, name)), path.join(release, "package")];
}

const packedReleases = new Map();

/** By name, packed once: all in one process of npm, which takes longer to start than to pack. */
function packed(release) {
  if (!packedReleases.has(release)) {
    const target = temporaryFolder("tarballs");
    const folders = foldersOf(release);
    const { status, stdout, stderr } = spawnSync(
      "npm",
      ["pack", "--json", "--pack-destination", target, ...folders],
      { encoding: "utf8", shell: process.platform === "win32" },
    );
    if (status !== 0) {
      throw new Error(`npm pack failed: ${stderr}`);
    }
    const packages = JSON.parse(stdout).map(({ filename }, index) => {
      const manifest = JSON.parse(readFileSync(path.join(folders[index], "package.json"), "utf8"));
      return [manifest.name, { manifest, tarball: readFileSync(path.join(target, filename)) }];
    });
    packedReleases.set(release, new Map(packages));
  }
  return packedReleases.get(release);
}

function packument(manifest, tarball, origin) {
  const { name, version } = manifest;
  const dist = {
    tarball: `${origin}/${name}/-/${version}.tgz`,
    integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
  };
  return {
    name,
    "dist-tags": { latest: version },
    versions: { [version]: { ...manifest, dist } },
    // Package managers may distrust what was published a moment ago.
    time: { created: "2020-01-01T00:00:00.000Z", [version]: "2020-01-01T00:00:00.000Z" },
  };
}
