// The fuzzer of security/fuzz-oauth.js: a slice of it, and that it can fail.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OAuthAuthProvider } from "mcp-native-auth";
import { OTHER_RESOURCE, RESOURCE, runOAuthCases } from "../../security/fuzz/oauth-run.js";

const SEED = 20_261_128;

async function run(cases, Provider) {
  const failures = [];
  const report = (failure) => failures.push(failure);
  const tally = await runOAuthCases({ seed: SEED, from: 0, to: cases, Provider, report });
  return { tally, failures };
}

/** Each class has a fault, and the problem that the fuzzer must find in it. */
const MUTANTS = {
  "accepts tokens for another resource": [
    class extends OAuthAuthProvider {
      constructor(config) {
        super({ ...config, validation: { ...config.validation, audience: [RESOURCE, OTHER_RESOURCE] } });
      }
    },
    "accepted what must be rejected",
  ],
  "accepts any signature": [
    class extends OAuthAuthProvider {
      async authenticate(request) {
        const token = request.headers.authorization.slice(7);
        const [, payload] = token.split(".");
        const verdict = await super.authenticate(request);
        return verdict || payload === undefined
          ? verdict
          : { data: { ...JSON.parse(Buffer.from(payload, "base64url")), token } };
      }
    },
    "accepted what must be rejected",
  ],
  "rejects all tokens": [
    class extends OAuthAuthProvider {
      async authenticate() {
        return false;
      }
    },
    "rejected a right token",
  ],
  "hands on other claims": [
    class extends OAuthAuthProvider {
      async authenticate(request) {
        const verdict = await super.authenticate(request);
        return verdict && { data: { ...verdict.data, sub: "somebody else" } };
      }
    },
    "handed on other claims",
  ],
};

describe("the fuzzer of documents of authorization servers", () => {
  it("finds nothing in 300 cases, and both verdicts in each kind", async () => {
    const { tally, failures } = await run(300);
    assert.deepEqual(failures, []);
    for (const [kind, { accepted, rejected }] of Object.entries(tally)) {
      assert.ok(accepted > 0 && rejected > 0, kind);
    }
  });

  for (const [fault, [Provider, problem]] of Object.entries(MUTANTS)) {
    it(`finds a class that ${fault}`, async () => {
      const { failures } = await run(150, Provider);
      assert.ok(
        failures.some((failure) => failure.problem === problem),
        problem,
      );
    });
  }

  it("finds a class that throws", async () => {
    const { failures } = await run(
      5,
      class extends OAuthAuthProvider {
        async authenticate() {
          throw new Error("on purpose");
        }
      },
    );
    assert.equal(failures.length, 5);
    assert.match(failures[0].problem, /^threw: .*on purpose/);
  });
});
