/** No key, secret or credential leaves a provider in any readable form. */

import assert from "node:assert/strict";
import { createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";

const KEY = `key_${randomBytes(24).toString("hex")}`;
const SECRET = `secret_${randomBytes(24).toString("hex")}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PRIVATE_PEM = privateKey.export({ type: "pkcs8", format: "pem" });
const PRIVATE_LINE = PRIVATE_PEM.split("\n")[1];

const providers = {
  "API keys": [new APIKeyAuthProvider({ keys: [KEY, "other"] }), KEY],
  "JWT, secret as string": [new JWTAuthProvider({ secret: SECRET }), SECRET],
  "JWT, secret as Buffer": [new JWTAuthProvider({ secret: Buffer.from(SECRET) }), SECRET],
  "JWT, secret as KeyObject": [new JWTAuthProvider({ secret: createSecretKey(Buffer.from(SECRET)) }), SECRET],
  "JWT, private PEM": [new JWTAuthProvider({ secret: PRIVATE_PEM, algorithms: ["ES256"] }), PRIVATE_LINE],
};

/** Any eight characters in a row of a secret give away too much. */
function assertHides(text, secret) {
  for (let start = 0; start + 8 <= secret.length; start += 4) {
    assert.ok(!text.includes(secret.slice(start, start + 8)), `shows ${start}..${start + 8}`);
  }
}

for (const [name, [provider, secret]] of Object.entries(providers)) {
  describe(name, () => {
    it("shows nothing in JSON.stringify, inspect with hidden fields, String or structured clone", () => {
      assert.equal(JSON.stringify({ provider }), '{"provider":{}}');
      assertHides(
        inspect(provider, { showHidden: true, depth: Infinity, showProxy: true, getters: true }),
        secret,
      );
      assertHides(String(provider), secret);
      assert.deepEqual(structuredClone(provider), {});
    });

    it("has no own field at all, not even behind a symbol or a getter", () => {
      assert.deepEqual(Reflect.ownKeys(provider), []);
      assert.equal(provider.config, undefined);
    });

    it("passes the framework's JSON.stringify of its configuration", () => {
      const configuration = [{ type: "sse", options: { auth: { provider, endpoints: { sse: true } } } }];
      assertHides(JSON.stringify(configuration), secret);
    });
  });
}

describe("constructor errors", () => {
  const mistakes = {
    "a private KeyObject": () => new JWTAuthProvider({ secret: privateKey, algorithms: ["ES256"] }),
    "a damaged private PEM": () =>
      new JWTAuthProvider({ secret: PRIVATE_PEM.replace("-----END", "----END"), algorithms: ["ES256"] }),
    "a private PEM with the wrong algorithm": () => new JWTAuthProvider({ secret: PRIVATE_PEM }),
    "a JWK as text": () =>
      new JWTAuthProvider({ secret: JSON.stringify(privateKey.export({ format: "jwk" })) }),
    "a secret with a bad header name": () =>
      new JWTAuthProvider({ secret: SECRET, headerName: `x ${SECRET}` }),
    "a secret with bad algorithms": () => new JWTAuthProvider({ secret: SECRET, algorithms: [SECRET] }),
    "a secret as switch": () => new JWTAuthProvider({ secret: SECRET, requireBearer: SECRET }),
    "a secret in an object": () => new JWTAuthProvider({ secret: { key: SECRET } }),
    "a secret in a JWK": () => new JWTAuthProvider({ secret: { kty: "oct", k: `${SECRET}!` } }),
    "keys as one string": () => new APIKeyAuthProvider({ keys: KEY }),
    "an empty key among keys": () => new APIKeyAuthProvider({ keys: [KEY, ""] }),
    "a key with a lone surrogate": () => new APIKeyAuthProvider({ keys: [`${KEY}\ud800`] }),
    "a key in an object": () => new APIKeyAuthProvider({ keys: [{ key: KEY }] }),
  };
  for (const [name, construct] of Object.entries(mistakes)) {
    it(`${name}: one sentence, a code, no secret`, () => {
      assert.throws(construct, (error) => {
        assert.equal(error.constructor, Error);
        assert.match(error.code, /^ERR_MCP_AUTH_[A-Z_]+$/);
        assert.match(error.message, /^[^\n]{20,400}$/);
        const shown = inspect(error, { showHidden: true, depth: Infinity });
        for (const secret of [KEY, SECRET, PRIVATE_LINE]) {
          assertHides(shown, secret);
        }
        return true;
      });
    });
  }

  it("the caller's buffer is left as it was", () => {
    const secret = Buffer.from(SECRET);
    new JWTAuthProvider({ secret });
    assert.equal(secret.toString(), SECRET);
  });
});

it("an unknown option is named in one process warning, its value is not", async () => {
  const warnings = [];
  const isMeant = ({ code }) => code === "MCP_NATIVE_AUTH_UNKNOWN_OPTION";
  process.on("warning", (warning) => isMeant(warning) && warnings.push(warning));
  new APIKeyAuthProvider({ keys: [KEY], headername: SECRET });
  new JWTAuthProvider({ secret: SECRET, requireExpiraton: true });
  await new Promise(setImmediate);
  assert.deepEqual(
    warnings.map(({ name, code }) => [name, code]),
    Array(2).fill(["McpNativeAuthWarning", "MCP_NATIVE_AUTH_UNKNOWN_OPTION"]),
  );
  assert.match(warnings[0].message, /: unknown option "headername" \(did you mean "headerName"\?\); /);
  assert.match(warnings[0].message, /; the known options are keys, loadKeys, headerName, queryFallback, /);
  assert.match(
    warnings[1].message,
    /: unknown option "requireExpiraton" \(did you mean "requireExpiration"\?\); /,
  );
  assertHides(warnings.join("\n"), SECRET);
});
