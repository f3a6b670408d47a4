/**
 * Writes what the fuzzers start from, one file an input: the tokens, headers, payloads and keys of the
 * vectors, those of `VECTORS_DIR` included where it is set.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { nativeVerifier } from "../__test__/support/native-verifier.js";

const OWN = path.join(import.meta.dirname, "../__test__/vectors");
const ALGORITHMS = ["HS", "RS", "PS", "ES"]
  .flatMap((family) => [256, 384, 512].map((bits) => `${family}${bits}`))
  .concat("EdDSA");

/** @param {string} corpus the folder of the corpora, one of each target */
export function writeSeeds(corpus) {
  const files = vectorFiles();
  const keys = usableKeys(JSON.parse(readFileSync(path.join(OWN, "attacks.json"), "utf8")).keys);
  const seeds = { token: [], claims: [], key_material: [], key_ring: keyRings() };
  for (const { keys: configured = {}, cases = [] } of files) {
    for (const key of Object.values(configured)) {
      seeds.key_material.push(...keySeeds(key));
    }
    for (const one of cases) {
      const token = tokenOf(one);
      if (token === undefined) {
        continue;
      }
      const position = Math.max(0, keys.indexOf(configured[one.key]?.text));
      seeds.token.push(Buffer.concat([Buffer.from([position]), Buffer.from(token)]));
      const [header, payload] = token.split(".").map((segment) => Buffer.from(segment, "base64url"));
      const claims = payload ?? Buffer.alloc(0);
      seeds.claims.push(Buffer.concat([Buffer.from([0]), header, Buffer.from([0]), claims]));
      // Under a header of the target's own, with `typ` and without.
      seeds.claims.push(...[0, 1].map((switches) => Buffer.concat([Buffer.from([switches]), claims])));
    }
  }
  for (const [target, inputs] of Object.entries(seeds)) {
    const folder = path.join(corpus, target);
    mkdirSync(folder, { recursive: true });
    for (const input of inputs) {
      writeFileSync(path.join(folder, createHash("sha1").update(input).digest("hex")), input);
    }
  }
}

function vectorFiles() {
  const folders = [OWN];
  if (process.env.VECTORS_DIR) {
    folders.push(path.join(process.env.VECTORS_DIR, "public"));
  }
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8"))),
  );
}

function tokenOf({ token, tokenGz }) {
  return tokenGz === undefined ? token : gunzipSync(Buffer.from(tokenGz, "base64")).toString("latin1");
}

/** The secrets and SPKI keys that the target `token` takes, in its order. */
function usableKeys(keys) {
  return Object.values(keys)
    .map(({ text }) => text)
    .filter(
      (text) => text !== undefined && (!text.startsWith("-----") || text.startsWith("-----BEGIN PUBLIC")),
    )
    .filter((text) => {
      try {
        return nativeVerifier("text", Buffer.from(text), { algorithms: ALGORITHMS });
      } catch {
        return false;
      }
    });
}

/** Text or bytes, and what of it can be had as DER or JWK, each after the byte that says how to read it. */
function keySeeds({ text, b64u, jwk }) {
  const seeds = [];
  const seed = (kind, bytes) => seeds.push(Buffer.concat([Buffer.from([kind]), Buffer.from(bytes)]));
  if (text !== undefined) {
    seed(0, text);
    seed(1, text);
    const [, body] = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(text) ?? [];
    if (body !== undefined) {
      seed(2, Buffer.from(body, "base64"));
      seed(0, text.replaceAll("\n", "\\n"));
    }
  }
  if (b64u !== undefined) {
    seed(0, Buffer.from(b64u, "base64url"));
  }
  if (jwk !== undefined) {
    seed(3, JSON.stringify(jwk));
  }
  return seeds;
}

function keyRings() {
  const ring = (mask, keys) =>
    Buffer.concat([
      Buffer.from([mask]),
      ...keys.map((key) => Buffer.concat([Buffer.from([key.length]), Buffer.from(key)])),
    ]);
  return [
    ring(0xff, ["key", "key"]),
    ring(0xff, ["one", "two", "three", "four"]),
    ring(
      0,
      Array.from({ length: 20 }, (_, n) => `key-${n}`),
    ),
    ring(1, ["", "a", "a", "aa", "aaa", "b"]),
  ];
}
