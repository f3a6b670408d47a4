/** Keys and secrets that deployment tools have damaged: told at construction, by position, with the fix. */

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { APIKeyAuthProvider, generateApiKey, JWTAuthProvider } from "mcp-native-auth";
import { findDamage } from "../../lib/core/damage.js";

const KEY = "8f0c1b62a9d44e7ca2b57e0c5a1d9f63";
const mistyped = () => {
  const { key } = generateApiKey();
  return key.slice(0, -1) + (key.endsWith("x") ? "y" : "x");
};

/** What a configuration may hold, and what is said about it. */
const DAMAGED = [
  [
    "a Key Vault reference",
    "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/k)",
    /Key Vault/,
  ],
  ["the name of an AWS secret", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mcp-AbCdEf", /AWS/],
  ["a CloudFormation reference", "{{resolve:secretsmanager:mcp:SecretString:key}}", /template/],
  ["the name of a Google secret", "projects/12/secrets/mcp/versions/latest", /Google Cloud/],
  ["a value that SOPS encrypted", "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:x=,type:str]", /encrypted/],
  ["a file that Ansible encrypted", "$ANSIBLE_VAULT;1.1;AES256", /encrypted/],
  ["a value that Vault encrypted", "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZR==", /encrypted/],
  ["a promise as text", "[object Promise]", /await/],
  ["objects as text", `${KEY},[object Object]`, /await/],
  ["an address", "https://vault.example/v1/mcp", /address/],
  ["a file of a container", "/run/secrets/api_key", /file/],
  ["a file of a home folder", "~/.config/mcp/key", /file/],
  ["a file of Windows", "C:\\secrets\\key.txt", /file/],
  ["a file by its type", "keys/production.json", /file/],
  ["a reference of 1Password", "op://vault/item/field", /reference/],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a shell would have replaced
  ["a variable of a shell", "${MCP_PRODUCTION_API_KEY}", /placeholder/],
  ["a variable of Windows", "%MCP_PRODUCTION_API_KEY%", /placeholder/],
  ["a placeholder of documentation", "<the key from the console>", /placeholder/],
  ["double quotes", `"${KEY}"`, /quotes/],
  ["single quotes", `'${KEY}'`, /quotes/],
  ["typographic quotes", `“${KEY}”`, /typographic quotes/],
  ["a byte order mark", `\ufeff${KEY}`, /byte order mark/],
  ["a quote at its beginning", `"${KEY}`, /quote/],
  ["a quote at its end", `${KEY}'`, /quote/],
  ["quotes that are escaped", `\\"${KEY}\\"`, /quote/],
  ["a comma at its end", `${KEY},`, /separator/],
  ["a newline in letters", `${KEY}\\n`, /escaped/],
  ["a newline of a URL", `${KEY}%0A`, /escaped/],
  ["a quote of HTML", `${KEY}&quot;`, /escaped/],
  ["the scheme", `Bearer ${KEY}`, /Bearer/],
  ["another scheme", `ApiKey ${KEY}`, /scheme/],
  ["a header", `X-API-Key: ${KEY}`, /name/],
  ["a header without a space", `x-api-key:${KEY}`, /name/],
  ["a query", `?api_key=${KEY}`, /name/],
  ["a line of YAML", `apiKey: ${KEY}`, /name/],
  ["a line of PowerShell", `$env:API_KEY=${KEY}`, /name/],
  ["an assignment with spaces", `API_KEY = ${KEY}`, /name/],
  ["a line of an env file", `API_KEY=${KEY}`, /NAME=value/],
  ["a line of a shell script", `export API_KEY=${KEY}`, /NAME=value/],
  ["a comment", `${KEY} # production`, /comment/],
  ["JSON of a secret manager", `{"key":"${KEY}"}`, /JSON/],
  ["a JSON list", `["${KEY}", "${KEY}2"]`, /JSON/],
  ["a list", `${KEY},${KEY}2`, /list/],
  ["a list with bars", `${KEY}|${KEY}2`, /list/],
  ["a list with spaces", `${KEY} ${KEY}2`, /list/],
  ["an item of a list in YAML", `- ${KEY}`, /list/],
  ["a key of which a part was left out", `${KEY.slice(0, 8)}...${KEY.slice(-4)}`, /abbreviated/],
  ["two lines", `${KEY}\n${KEY}2`, /several lines/],
  ["an invisible character", `${KEY}\u200b`, /invisible/],
  ["a typographic dash", `8f0c1b62–a9d44e7ca2b57e0c5a1d9f63`, /typographic/],
];

async function warningsOf(run) {
  const warnings = [];
  const take = ({ code, message }) => warnings.push({ code, message });
  process.on("warning", take);
  try {
    run();
    await turnOfTheLoop();
  } finally {
    process.off("warning", take);
  }
  return warnings;
}

const withoutTheKey = ({ message }) => assert.ok(!message.includes(KEY.slice(4, 12)), message);

for (const [name, text, said] of DAMAGED) {
  it(`${name} is reported for keys and secrets, and is an error under strict`, async () => {
    const config = { keys: [generateApiKey().key, text] };
    const ofKeys = (await warningsOf(() => new APIKeyAuthProvider(config))).filter(
      ({ code }) => code === "MCP_NATIVE_AUTH_DAMAGED_KEYS",
    );
    assert.equal(ofKeys.length, 1);
    assert.match(ofKeys[0].message, /`keys\[1\]` /);
    assert.match(ofKeys[0].message, said);
    withoutTheKey(ofKeys[0]);
    assert.throws(() => new APIKeyAuthProvider({ ...config, strict: true }), {
      code: "ERR_MCP_AUTH_KEYS_DAMAGED",
    });

    let isRejected = false;
    const ofSecrets = await warningsOf(() => {
      try {
        new JWTAuthProvider({ secret: text });
      } catch (error) {
        isRejected = error.code.startsWith("ERR_MCP_AUTH_SECRET_");
      }
    });
    const damaged = ofSecrets.filter(({ code }) => code === "MCP_NATIVE_AUTH_DAMAGED_SECRET");
    assert.ok(isRejected || (damaged.length === 1 && said.test(damaged[0].message)));
    assert.throws(
      () => new JWTAuthProvider({ secret: text, audience: "a", strict: true }),
      /^Error: |`secret`/,
    );
  });
}

describe("keys", () => {
  it("a mistyped one is reported by its checksum", async () => {
    const [warning] = await warningsOf(() => new APIKeyAuthProvider({ keys: [mistyped()] }));
    assert.match(warning.message, /`keys\[0\]` has a checksum that does not fit/);
  });

  it("one that no header can carry is an error where no query can carry it either", async () => {
    for (const character of ["\0", "\u{20ac}", "\n"]) {
      const keys = [`${KEY}${character}${KEY}`];
      const [warning] = await warningsOf(() => new APIKeyAuthProvider({ keys }));
      assert.equal(warning.code, "MCP_NATIVE_AUTH_DAMAGED_KEYS");
      assert.throws(() => new APIKeyAuthProvider({ keys, queryFallback: false }), {
        code: "ERR_MCP_AUTH_KEYS_INVALID",
      });
    }
  });

  it("no key that a generator makes is called damaged", () => {
    // The same in each run.
    const random = (n) => createHash("sha512").update(`damage ${n}`).digest();
    for (let n = 0; n < 20_000; n += 1) {
      const bytes = random(n);
      for (const key of [
        bytes.toString("hex"),
        bytes.toString("base64"),
        bytes.subarray(0, 32).toString("base64"),
        bytes.toString("base64url"),
        `sk_live_${bytes.toString("base64url").slice(0, 24)}`,
        `mcp_${bytes.toString("hex").slice(0, 40)}`,
        randomUUID(),
        `Basic-${bytes.toString("base64url")}`,
        `secret-token:${bytes.toString("hex")}`,
        bytes
          .toString("latin1")
          .replace(/[^!-~]/g, "")
          .replace(/[,;#$%<>"'`{}[\]=]/g, ""),
      ]) {
        assert.equal(findDamage(key), undefined, key);
      }
    }
  });

  it("of passwords of any characters, fewer than one of 500 is called damaged", () => {
    const password = (n, length) =>
      Array.from(createHash("sha512").update(`password ${n}`).digest().subarray(0, length), (byte) =>
        String.fromCharCode(33 + (byte % 94)),
      ).join("");
    for (const length of [16, 20, 32, 64]) {
      const called = Array.from({ length: 20_000 }, (_, n) => findDamage(password(n, length))).filter(
        Boolean,
      );
      assert.ok(called.length < 40, `${called.length} of length ${length}`);
    }
  });
});
