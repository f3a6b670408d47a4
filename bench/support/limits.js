/**
 * What no provider on this machine can go below: the work itself, without anybody around it. Each source
 * that is not there is named instead of measured.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { keyRing } from "../../lib/native/load.js";
import { tokenPool } from "./credentials.js";
import { measure, summary } from "./measure.js";
import { BACKEND } from "./names.js";

const ROOT = path.join(import.meta.dirname, "..", "..");
const OPERATIONS = 100_000;
const PARSING = "JSON.parse of the claims";

/** `JSON.parse` of the claims, each text a string of its own, and the cheapest call into the addon. */
export async function limitsOfJavaScript(settings) {
  const calls = nativeCalls();
  const measured = await measure([parsing(), ...calls], settings);
  const [parse, ...byCost] = measured
    .map(({ name, samples }) => ({
      name,
      tool: "node",
      source: "this process",
      microseconds: summary(samples),
    }))
    .sort((a, b) => rank(a) - rank(b));
  return byCost.length > 0
    ? { limits: [parse, byCost[0]] }
    : { limits: [parse], note: "no empty native call: the addon takes none that is known here" };
}

/** `JSON.parse` first, then by cost. */
function rank({ name, microseconds }) {
  return name === PARSING ? -1 : microseconds.median;
}

function parsing() {
  const { payloads } = tokenPool("HS256");
  return {
    name: PARSING,
    most: payloads.length,
    prepare(from, count) {
      const numbers = Array.from({ length: count }, (_, step) => (from + step) % payloads.length);
      const texts = numbers.map((number) => payloads[number].toString());
      return {
        run() {
          let sum = 0;
          for (const text of texts) {
            sum += JSON.parse(text).number;
          }
          return sum;
        },
        check(sum) {
          assert.equal(
            sum,
            numbers.reduce((all, number) => all + number, 0),
          );
        },
      };
    },
  };
}

/**
 * The addon exports nothing that does nothing. So the calls that do next to nothing are tried, and the
 * cheaper one stands for the way into Rust and back: the probe checks no signature, an empty key costs a
 * digest of nothing.
 */
function nativeCalls() {
  const candidates = [
    ["native call that rejects an empty key", () => keyRing().contains, ""],
    ["native call that checks no signature", () => probe()?.(Buffer.from("secret"), "HS256", []), 0, 0],
  ];
  return candidates.flatMap(([name, make, ...given]) => {
    const call = make();
    return call === undefined ? [] : [repeated(name, () => call(...given))];
  });
}

function repeated(name, call) {
  return {
    name,
    most: OPERATIONS,
    prepare: (_from, count) => ({
      run() {
        let answers = 0;
        for (let made = 0; made < count; made += 1) {
          answers += call() === undefined ? 0 : 1;
        }
        return answers;
      },
      check: (answers) => assert.equal(answers, count),
    }),
  };
}

/** The addon with one export more, which `npm run bench` builds. */
const PROBE = path.join(ROOT, "target", "bench-probe.node");

/** That export; `undefined` where the probe was not built. */
function probe() {
  return existsSync(PROBE) ? createRequire(import.meta.url)(PROBE).rawVerify : undefined;
}

/**
 * The signature check alone, by the backend that the addon uses, called once for many tokens: an implementation
 * without a request, a token to be read, claims or a promise. `undefined` without the probe.
 */
export function bareCheck({ algorithm, secret, genuine }) {
  const tokens = genuine.map((bytes) => bytes.toString());
  const check = probe()?.(Buffer.from(secret), algorithm, tokens);
  if (check === undefined) {
    return undefined;
  }
  return {
    name: BACKEND,
    most: tokens.length,
    prepare: (from, count) => ({
      run: () => check(from, count),
      check: (good) => assert.equal(good, count, "the backend's bare check rejects a genuine token"),
    }),
  };
}

/** What `openssl speed` calls the checks. */
const OPENSSL_NAMES = {
  RS256: "rsa2048",
  ES256: "ecdsap256",
  ES384: "ecdsap384",
  ES512: "ecdsap521",
  EdDSA: "ed25519",
};

/** `openssl speed` of the same checks, by the OpenSSL that is on the path; Node carries its own. */
export function limitsOfOpenssl({ quick }) {
  const version = openssl("version");
  if (version === undefined) {
    return { limits: [], note: "no `openssl speed`: openssl not found" };
  }
  const source = `openssl speed, ${version.trim().split(" ").slice(0, 2).join(" ")}`;
  const signatures = Object.entries(OPENSSL_NAMES).slice(0, quick ? 2 : undefined);
  const limits = [["HS256", hmacsPerSecond()]]
    .concat(signatures.map(([algorithm, name]) => [algorithm, checksPerSecond(name)]))
    .filter(([, perSecond]) => perSecond > 0)
    .map(([name, perSecond]) => ({
      name,
      tool: "openssl",
      source,
      microseconds: { median: 1e6 / perSecond },
    }));
  return limits.length > 0
    ? { limits }
    : { limits, note: "no `openssl speed`: its output was not understood" };
}

const SPEED = ["speed", "-mr", "-seconds", "1"];

/** Of 400 bytes, what the signature of an HS256 token covers. The output ends `+F:<n>:hmac(sha256):<bytes/s>`. */
function hmacsPerSecond() {
  const output = openssl(...SPEED, "-bytes", "400", "-hmac", "sha256") ?? "";
  return Number(/^\+F:\d+:hmac\(sha256\):([\d.]+)/m.exec(output)?.[1]) / 400;
}

/** The output ends `+F<kind>:<n>:<bits>[:<curve>]:<signatures/s>:<checks/s>`; newer ones add to RSA's. */
function checksPerSecond(name) {
  const output = openssl(...SPEED, name) ?? "";
  const line = output.split("\n").find((each) => /^\+F[2-6]:/.test(each)) ?? "";
  return line.split(":").slice(3).map(Number).filter(Number.isFinite)[1];
}

function openssl(...args) {
  const { error, stdout } = spawnSync("openssl", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
  });
  return error ? undefined : stdout;
}
