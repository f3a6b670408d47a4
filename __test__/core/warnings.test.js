/** Which warnings reach stderr where Node's process warnings are off. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { WARNINGS } from "../../lib/core/warnings.js";

const LIB = pathToFileURL(path.join(import.meta.dirname, "../../lib/core/warnings.js")).href;

/** Those after which no request is accepted that should not be. */
const OF_FUNCTION = [
  "MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS",
  "MCP_NATIVE_AUTH_UNUSABLE_KEYS",
  "MCP_NATIVE_AUTH_KEYS_LEFT_OUT",
  "MCP_NATIVE_AUTH_ISSUER_UNAVAILABLE",
  "MCP_NATIVE_AUTH_OAUTH_OPTION",
  "MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED",
];
const CODES = Object.keys(WARNINGS);
const OF_SECURITY = CODES.filter((code) => !OF_FUNCTION.includes(code));
const [ONE] = OF_SECURITY;

/** The codes that a process prints which warns of everything. */
function printed(args, env) {
  const source = `
    import { warn } from ${JSON.stringify(LIB)};
    for (const code of ${JSON.stringify(CODES)}) warn(code, "said");`;
  const { stderr } = spawnSync(process.execPath, [...args, "--input-type=module", "--eval", source], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "", ...env },
  });
  return [...stderr.matchAll(/\[(MCP_NATIVE_AUTH_\w+)\] McpNativeAuthWarning: said$/gm)].map(
    ([, code]) => code,
  );
}

describe("warnings are printed once", () => {
  const CASES = {
    "all of them, as Node has it": [[], {}, CODES],
    "those of security, with NODE_NO_WARNINGS": [[], { NODE_NO_WARNINGS: "1" }, OF_SECURITY],
    "those of security, with --no-warnings": [["--no-warnings"], {}, OF_SECURITY],
    "those of security, with --no-warnings in NODE_OPTIONS": [
      [],
      { NODE_OPTIONS: "--no-warnings" },
      OF_SECURITY,
    ],
    "not one that is off by its code": [
      [`--disable-warning=${ONE}`],
      {},
      CODES.filter((code) => code !== ONE),
    ],
    "not one that is off by its code, with --no-warnings": [
      ["--no-warnings", `--disable-warning=${ONE}`],
      {},
      OF_SECURITY.filter((code) => code !== ONE),
    ],
  };
  for (const [name, [args, env, expected]] of Object.entries(CASES)) {
    it(name, () => assert.deepEqual(printed(args, env).sort(), [...expected].sort()));
  }
});
