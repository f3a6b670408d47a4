/**
 * Published and generated token vectors. `__test__/vectors/` is this project's own; the public ones
 * (Project Wycheproof, the RFCs, auth0's tests) are read where `VECTORS_DIR` points and not copied.
 */

import assert from "node:assert/strict";
import { constants, createHmac, sign as signWith } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { JWTAuthProvider as FrameworkProvider } from "mcp-framework";
import { JWTAuthProvider } from "mcp-native-auth";
import { readKeyMaterial } from "../../lib/jwt/key-material.js";
import { rejectionCodes } from "../../lib/native/load.js";
import { nativeVerifier } from "../support/native-verifier.js";

// Many vectors list algorithms that their key cannot serve; the warning about it is tested elsewhere.
process.removeAllListeners("warning");

const own = path.join(import.meta.dirname, "../vectors");
const load = (folder, name) => JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8"));
const tokenOf = ({ token, tokenGz }) =>
  token ?? gunzipSync(Buffer.from(tokenGz, "base64")).toString("latin1");
const requestOf = (token) => ({ headers: { authorization: `Bearer ${token}` }, socket: {} });

/** What a user configures for a key of the vectors. */
function secretOf(key) {
  return key.text ?? Buffer.from(key.b64u, "base64url");
}

/** `accept` with the data, or `reject`; a constructor that throws counts as reject. */
async function decide(Provider, config, token) {
  let provider;
  try {
    provider = new Provider(config);
  } catch (error) {
    assert.equal(error.constructor, Error);
    return { verdict: "reject", at: "construction" };
  }
  const started = performance.now();
  const result = await provider.authenticate(requestOf(token));
  const ms = performance.now() - started;
  return result ? { verdict: "accept", data: result.data, ms } : { verdict: "reject", at: "request", ms };
}

/** The stable code of a refusal, which the provider does not tell. */
function reasonOf(secret, algorithms, token) {
  const keys = [{ ...readKeyMaterial(secret, "secret"), path: "secret" }];
  const outcome = nativeVerifier(undefined, undefined, { keys, algorithms }).verify(token, Date.now() / 1000);
  return typeof outcome === "number" ? rejectionCodes()[outcome] : "ACCEPTED";
}

/** parity.md decides where a vector records what the framework does: id, verdict of ours, row. */
const STRICTER = new Map(
  [
    ["malformed JSON or bare text is no payload", [
      "fid-shape-text-typ-none", "fid-shape-text-typ-atjwt", "fid-shape-text-typ-null",
      "fid-shape-broken-json-typ-jwt", "fid-shape-broken-json-typ-num", "fid-shape-two-json-typ-jwt",
      "fid-shape-binary-typ-jwt", "fid-shape-binary-typ-atjwt", "fid-shape-binary-typ-null",
      "fid-shape-utf8-typ-none", "fid-shape-utf8-typ-atjwt", "fid-shape-utf8-typ-num", "fid-shape-utf8-typ-arr",
    ]],
    ["the payload is UTF-8", [
      "fid-bytes-bad-utf8-notyp", "fid-bytes-overlong", "fid-bytes-overlong-notyp", "fid-bytes-surrogate-utf8",
      "fid-bytes-latin1-notyp",
    ]],
    ["the header is UTF-8", ["fid-header-latin1"]],
    ["names of the header and registered claims are unique", [
      "fid-payload-dup-exp", "fid-header-dup-alg", "fid-header-dup-typ",
    ]],
    ["crit is refused in any form", ["fid-header-crit-empty", "fid-header-crit-str"]],
  ].flatMap(([row, ids]) => ids.map((id) => [id, row])),
); // biome-ignore format: one line per row

describe("attacks", () => {
  const { keys, cases } = load(own, "attacks");
  const verdicts = new Map();

  for (const vector of cases) {
    const { id, title, key, algorithms, expect, maxMs = 10_000 } = vector;
    it(`${id}: ${title}`, async () => {
      const config = { secret: secretOf(keys[key]), algorithms };
      const { verdict, data, ms = 0 } = await decide(JWTAuthProvider, config, tokenOf(vector));
      verdicts.set(id, verdict);
      assert.ok(expect === "either" || verdict === expect, `expected ${expect}, got ${verdict}`);
      assert.ok(ms <= maxMs, `took ${ms} ms, allowed are ${maxMs}`);
      if (verdict === "accept") {
        const oracle = await decide(FrameworkProvider, config, tokenOf(vector));
        // What the framework rejects and ours accepts: key text that environment variables damaged.
        assert.ok(
          oracle.verdict === "accept" || id.startsWith("keyform-") || algorithms.includes("EdDSA"),
          id,
        );
        if (oracle.verdict === "accept") {
          assert.deepStrictEqual(data, oracle.data);
        }
      }
    });
  }

  it("each refusal has a control of the same key that is accepted", () => {
    const unproven = cases
      .filter(({ expect, control }) => expect === "reject" && control)
      .filter(({ control }) => verdicts.get(control) !== "accept");
    assert.deepEqual(
      unproven.map(({ id }) => id),
      [],
    );
    assert.equal(verdicts.size, cases.length);
  });
});

describe("fidelity", () => {
  const { keys, cases } = load(own, "fidelity");
  for (const vector of cases) {
    const { id, title, key, algorithms, expect } = vector;
    const row = STRICTER.get(id);
    it(`${id}: ${title}${row ? ` (stricter: ${row})` : ""}`, async () => {
      const config = { secret: secretOf(keys[key]), algorithms };
      const oracle = await decide(FrameworkProvider, config, tokenOf(vector));
      const ours = await decide(JWTAuthProvider, config, tokenOf(vector));
      assert.equal(oracle.verdict, expect, "the framework has changed");
      assert.equal(ours.verdict, row ? "reject" : expect);
      if (ours.verdict === "accept") {
        assert.deepStrictEqual(ours.data, oracle.data);
      }
    });
  }

  it("names only cases that exist and differ", () => {
    const ids = new Map(cases.map(({ id, expect }) => [id, expect]));
    assert.deepEqual(
      [...STRICTER.keys()].filter((id) => ids.get(id) !== "accept"),
      [],
    );
  });
});

/** A template with `{"$now": d}` as the current second plus d. */
const at = (now, template) =>
  JSON.parse(JSON.stringify(template), (_, value) =>
    value && typeof value === "object" && "$now" in value ? now + value.$now : value,
  );

function signTemplate({ header, payload }, key) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${encode(header)}.${typeof payload === "string" ? Buffer.from(payload).toString("base64url") : encode(payload)}`;
  const secret = key.signWith ?? key.text;
  const hash = `sha${header.alg.slice(2)}`;
  const signature = header.alg.startsWith("HS")
    ? createHmac(hash, secret).update(input).digest()
    : signWith(hash, Buffer.from(input), {
        key: secret,
        dsaEncoding: "ieee-p1363",
        ...(header.alg.startsWith("PS") && {
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        }),
      });
  return `${input}.${signature.toString("base64url")}`;
}

/** Runs a check within one second of the clock, as the verdicts hang on it. */
async function withinOneSecond(check) {
  for (;;) {
    const now = Math.floor(Date.now() / 1000);
    const outcome = await check(now);
    if (Math.floor(Date.now() / 1000) === now) {
      return outcome;
    }
  }
}

describe("time", () => {
  const { keys, cases } = load(own, "time-templates");
  for (const { id, title, key, algorithms, expect, template } of cases) {
    it(`${id}: ${title}`, async () => {
      const config = { secret: secretOf(keys[key]), algorithms };
      const { ours, oracle } = await withinOneSecond(async (now) => {
        const token = signTemplate(at(now, template), keys[key]);
        return {
          ours: await decide(JWTAuthProvider, config, token),
          oracle: await decide(FrameworkProvider, config, token),
        };
      });
      assert.equal(ours.verdict, expect);
      assert.equal(oracle.verdict, expect);
      assert.deepStrictEqual(ours.data, oracle.data);
    });
  }
});

const folder = process.env.VECTORS_DIR && path.join(process.env.VECTORS_DIR, "public");
if (!folder || !existsSync(folder)) {
  console.error("vectors: public vectors left out; set VECTORS_DIR to the folder that holds `public/`");
} else {
  describe("Wycheproof JWS", () => {
    const { keys, cases } = load(folder, "wycheproof-jws");
    for (const { id, title, key, algorithms, expect, layer, token } of cases) {
      it(`${id}: ${title}`, async () => {
        const { text, b64u, jwk } = keys[key];
        // What the key's metadata forbids is only to be seen in a JWK.
        const secret = layer === "jwk-metadata" ? jwk : (text ?? Buffer.from(b64u, "base64url"));
        const { verdict, at: stage } = await decide(JWTAuthProvider, { secret, algorithms }, token);
        if (expect === "reject") {
          assert.equal(verdict, "reject");
          if (layer === "signature" && stage === "request") {
            assert.notEqual(reasonOf(secret, algorithms, token), "TOKEN_PAYLOAD_INVALID");
          }
        } else if (verdict === "reject") {
          // The signature holds, but the payload is text or nothing, which is no JWT. The framework
          // takes text (see "Every difference" in docs/migrating.md) and refuses nothing, as we do.
          const isEmpty = token.split(".")[1] === "";
          assert.equal(
            reasonOf(secret, algorithms, token),
            isEmpty ? "TOKEN_MALFORMED" : "TOKEN_PAYLOAD_INVALID",
          );
        }
      });
    }
  });

  describe("Wycheproof JWK", () => {
    const { jwks, cases } = load(folder, "wycheproof-jwks");
    for (const { id, class: name, title, jwks: set, algorithms, expect, token } of cases) {
      it(`${id}: ${name} ${title}`, async () => {
        await assert.rejects(async () => new JWTAuthProvider({ secret: jwks[set], algorithms }), /JWK Set/);
        const { kid } = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
        const candidates = jwks[set].keys.filter((jwk) => jwk.kid === kid);
        for (const jwk of candidates) {
          const { verdict } = await decide(JWTAuthProvider, { secret: jwk, algorithms }, token);
          assert.equal(verdict, "reject", "the payload is text");
          if (expect === "accept") {
            assert.equal(reasonOf(jwk, algorithms, token), "TOKEN_PAYLOAD_INVALID");
          }
        }
        assert.ok(candidates.length > 0);
      });
    }
  });

  describe("RFC examples", () => {
    const { keys, cases } = load(folder, "rfc-examples");
    for (const { id, title, key, algorithms, expect, sigExpect, token } of cases) {
      it(`${id}: ${title}`, async () => {
        const secret = secretOf(keys[key]);
        const { verdict, at: stage } = await decide(JWTAuthProvider, { secret, algorithms }, token);
        assert.ok(expect === "either" || verdict === expect, `expected ${expect}, got ${verdict}`);
        if (stage === "request" && sigExpect === "accept") {
          const reason = reasonOf(secret, algorithms, token);
          const afterSignature = ["TOKEN_PAYLOAD_INVALID", "TOKEN_EXPIRED", "TOKEN_CRITICAL_EXTENSION"];
          assert.ok(afterSignature.includes(reason), reason);
        }
      });
    }
  });

  describe("auth0 key matrix", () => {
    const { keys, cases } = load(folder, "auth0-keymatrix");
    for (const { id, title, key, algorithms, expect, token } of cases) {
      it(`${id}: ${title}`, async () => {
        const { verdict } = await decide(JWTAuthProvider, { secret: secretOf(keys[key]), algorithms }, token);
        assert.equal(verdict, expect);
      });
    }
  });

  describe("auth0 test suite", () => {
    const { keys, cases } = load(folder, "auth0-harvest");
    for (const { id, title, key, algorithms, expect, token, template } of cases) {
      it(`${id}: ${title}`, async () => {
        const config = { secret: secretOf(keys[key]), algorithms };
        const { ours, oracle } = await withinOneSecond(async (now) => {
          const given = token ?? signTemplate(at(now, template), keys[key]);
          return {
            ours: await decide(JWTAuthProvider, config, given),
            oracle: await decide(FrameworkProvider, config, given),
          };
        });
        if (id === "auth0-85") {
          // Bare text as payload: see "Every difference" in docs/migrating.md.
          assert.deepEqual([oracle.verdict, ours.verdict], ["accept", "reject"]);
        } else {
          assert.equal(ours.verdict, expect);
          assert.deepStrictEqual(ours.data, oracle.data);
        }
      });
    }
  });
}
