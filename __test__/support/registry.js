/** An npm registry on loopback that knows the packages of one release and no others. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { temporaryFolder } from "./project.js";

/**
 * Packs and offers what scripts/release.js laid out; nothing unless told.
 *
 * @param {string} [release]
 * @returns {Promise<{ url: string, fetched: Set<string>, stop: () => void }>} `fetched` holds the names of the
 *   packages whose tarball was asked for
 */
export async function startRegistry(release) {
  const packages = new Map(release === undefined ? [] : foldersOf(release).map(packed));
  const fetched = new Set();
  const server = http.createServer((request, response) => {
    const [name, kind] = decodeURIComponent(request.url).slice(1).split("/-/");
    const { manifest, tarball } = packages.get(name) ?? {};
    if (manifest === undefined) {
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

function packed(folder) {
  const target = temporaryFolder("tarball");
  const pack = ["pack", "--silent", "--pack-destination", target];
  const { status, stderr } = spawnSync("npm", pack, {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    throw new Error(`npm pack failed: ${stderr}`);
  }
  const [file] = readdirSync(target);
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return [manifest.name, { manifest, tarball: readFileSync(path.join(target, file)) }];
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
