/** The one table of reasons, and what is held against it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { REASONS } from "../../lib/core/reasons.js";
import { reject, specificityOf } from "../../lib/core/verdict.js";
import { rejectionCodes } from "../../lib/native/load.js";
import { checkout } from "../support/project.js";

const sorted = (names) => [...names].sort();
const textOf = (file) => readFileSync(path.join(checkout, file), "utf8");

describe("a reason that is not in the table", () => {
  for (const reason of [
    "KEY_UNKOWN",
    "key_unknown",
    "",
    "toString",
    "__proto__",
    "constructor",
    undefined,
    null,
  ]) {
    it(`cannot be built: ${String(reason)}`, () => {
      assert.throws(() => reject("P", reason), {
        name: "TypeError",
        message: /is not in the table of reasons$/,
      });
    });
  }
});

it("a rejection is a value of its own, with the status and the count of the table", () => {
  for (const [reason, { status, counted }] of Object.entries(REASONS)) {
    const verdict = reject("P", reason, "id");
    assert.deepEqual(verdict, {
      accepted: false,
      provider: "P",
      reason,
      keyId: "id",
      status,
      guesses: counted ? 1 : 0,
      challenges: [],
      credentialReason: undefined,
      retryAfter: undefined,
      detail: undefined,
    });
    assert.notEqual(reject("P", reason, "id"), verdict);
    assert.ok(Object.isFrozen(verdict.challenges), "shared by all rejections");
  }
});

describe("the table of reasons", () => {
  it("cannot be changed", () => {
    assert.ok(Object.isFrozen(REASONS));
  });

  it("has 429 for nothing but too many attempts, which are never counted again", () => {
    const tooMany = Object.keys(REASONS).filter((reason) => REASONS[reason].status === 429);
    assert.deepEqual(sorted(tooMany), ["LOCKED_OUT", "THROTTLED"]);
    assert.ok(tooMany.every((reason) => !REASONS[reason].counted));
  });

  it("counts what was presented and is not genuine", () => {
    assert.deepEqual(sorted(Object.keys(REASONS).filter((reason) => REASONS[reason].counted)), [
      "KEY_UNKNOWN",
      "PROVIDER_REJECTED",
      "TOKEN_ALGORITHM_NOT_ALLOWED",
      "TOKEN_CRITICAL_EXTENSION",
      "TOKEN_HEADER_INVALID",
      "TOKEN_INACTIVE",
      "TOKEN_IN_QUERY",
      "TOKEN_KEY_UNKNOWN",
      "TOKEN_MALFORMED",
      "TOKEN_SIGNATURE_INVALID",
    ]);
  });

  const order = [
    ["a key that is out of its time", "KEY_EXPIRED", "a forged token", "TOKEN_SIGNATURE_INVALID"],
    ["a signed token with bad claims", "TOKEN_PAYLOAD_INVALID", "a forged token", "TOKEN_SIGNATURE_INVALID"],
    ["a genuine token", "TOKEN_EXPIRED", "one that cannot be decided", "ISSUER_UNAVAILABLE"],
    ["what cannot be decided", "ISSUER_UNAVAILABLE", "a wrong token elsewhere", "TOKEN_SIGNATURE_INVALID"],
    ["a forged token", "TOKEN_SIGNATURE_INVALID", "an unknown key", "KEY_UNKNOWN"],
    ["an unknown key", "KEY_UNKNOWN", "what is not a token", "TOKEN_MALFORMED"],
    ["what is not a token", "TOKEN_MALFORMED", "a rejection of another provider", "PROVIDER_REJECTED"],
    ["what is not a token", "TOKEN_MALFORMED", "keys that are not loaded", "KEYS_NOT_LOADED"],
    ["keys that are not loaded", "KEYS_NOT_LOADED", "no key", "KEY_MISSING"],
    ["a provider that fails", "PROVIDER_FAILED", "no token", "TOKEN_MISSING"],
  ];
  for (const [more, reason, less, other] of order) {
    it(`${more} says more than ${less}`, () => {
      assert.ok(specificityOf({ reason }) > specificityOf({ reason: other }));
    });
  }
});

describe("each reason", () => {
  it("of the native core is in the table", () => {
    const native = rejectionCodes();
    assert.ok(native.length > 10);
    for (const code of native) assert.ok(Object.hasOwn(REASONS, code), code);
  });

  it("is in RejectionReason of index.d.ts, and no other one", () => {
    const [, union] = /export type RejectionReason =([^;]*);/.exec(textOf("index.d.ts")) ?? [];
    const declared = [...(union ?? "").matchAll(/"([A-Z_]+)"/g)].map(([, reason]) => reason);
    assert.deepEqual(sorted(declared), sorted(Object.keys(REASONS)));
  });

  it("has a row in docs/monitoring.md with its cause and its fix, and no other one", () => {
    const [, section] = /^## Reasons\n([\s\S]*?)^## /m.exec(textOf("docs/monitoring.md")) ?? [];
    const rows = [...(section ?? "").matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];
    assert.deepEqual(sorted(rows.map(([, reason]) => reason)), sorted(Object.keys(REASONS)));
    for (const [row, , cause, fix] of rows) assert.ok(cause.length >= 15 && fix.length >= 15, row);
  });
});
