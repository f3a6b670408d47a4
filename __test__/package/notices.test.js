/** THIRD-PARTY-NOTICES is complete, and every package of a release has it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { NOTICES, notices } from "../../scripts/notices.js";
import { TARGETS } from "../../scripts/targets.js";
import { checkout } from "../support/project.js";
import { addonsOfAllPlatforms, layOut } from "../support/release.js";

const file = readFileSync(NOTICES, "utf8");
/** `name version` → the text that stands under it. */
const sections = new Map(
  [...file.matchAll(/^={80}\n((?:\S+ [\d.]+ \(.+\) https:.+\n)+)={80}\n\n/gm)].flatMap(
    (heading, index, all) => {
      const text = file.slice(heading.index + heading[0].length, all[index + 1]?.index);
      return heading[1]
        .trim()
        .split("\n")
        .map((line) => [line.split(" ").slice(0, 2).join(" "), text]);
    },
  ),
);

describe("THIRD-PARTY-NOTICES", () => {
  it("names the crates that cargo compiles into the addons of all platforms, and no others", () => {
    const targets = Object.values(TARGETS).map(({ rust }) => `--target=${rust}`);
    const tree = [
      "tree",
      "--locked",
      "--edges=normal,no-proc-macro",
      "--prefix=none",
      "--no-dedupe",
      ...targets,
    ];
    const crates = execFileSync("cargo", tree, { cwd: checkout, encoding: "utf8" }).matchAll(
      /^(\S+) v([\d.]+)/gm,
    );
    const expected = new Set([...crates].map(([, name, version]) => `${name} ${version}`));
    expected.delete(
      `mcp-native-auth ${JSON.parse(readFileSync(path.join(checkout, "package.json"))).version}`,
    );
    const workflow = readFileSync(path.join(checkout, ".github", "workflows", "release.yml"), "utf8");
    expected.add(`rust-std ${/RUST_VERSION: "(.*)"/.exec(workflow)[1]}`);
    assert.deepEqual([...sections.keys()].sort(), [...expected].sort());
  });

  it("has the license of each, and what AWS-LC contains", () => {
    for (const [crate, text] of sections) {
      assert.match(text, /Permission is hereby granted|Permission to use|Redistribution and use/, crate);
      assert.match(text, /AS\s+IS/, crate);
    }
    const aws = [...sections].find(([crate]) => crate.startsWith("aws-lc-sys "))[1];
    for (const part of [
      "OpenSSL",
      "BoringSSL",
      "fiat-crypto authors",
      "s2n-bignum",
      "Jitter Entropy",
      "mlkem-native",
    ]) {
      assert.ok(aws.includes(part), part);
    }
  });

  it("is what `npm run notices` writes", () => {
    assert.equal(file, notices());
  });
});

it("every package of a release has it; the expression of the platform packages covers the addon", () => {
  const { status, stderr, output } = layOut(addonsOfAllPlatforms());
  assert.equal(status, 0, stderr);
  const folders = readdirSync(path.join(output, "platforms")).map((name) => path.join("platforms", name));
  assert.equal(folders.length, Object.keys(TARGETS).length);
  for (const folder of [...folders, "package"]) {
    assert.equal(readFileSync(path.join(output, folder, path.basename(NOTICES)), "utf8"), file, folder);
    assert.ok(existsSync(path.join(output, folder, "LICENSE")), folder);
    const { license } = JSON.parse(readFileSync(path.join(output, folder, "package.json"), "utf8"));
    assert.equal(
      license,
      folder === "package" ? "MIT" : "MIT AND ISC AND BSD-3-Clause AND Apache-2.0 AND Unicode-3.0",
    );
  }
});
