/**
 * `node --import mcp-native-auth/register server.js`: our classes in the place of the framework's, in an
 * application whose source imports them from `mcp-framework`. Throws where that cannot work; limits in
 * docs/migrating.md.
 */

import module from "node:module";
import { codedError } from "./lib/core/errors.js";
import { PROBE, PROBE_URL, synchronousHooks } from "./lib/hosts/mcp-framework/register/import-hooks.js";
import { warnIfUnused } from "./lib/hosts/mcp-framework/register/replacement.js";

if (typeof module.registerHooks === "function") {
  module.registerHooks(synchronousHooks);
} else {
  module.register?.("./lib/hosts/mcp-framework/register/import-hooks.js", import.meta.url);
}
if (!hooksTakeEffect()) {
  throw codedError(
    "ERR_MCP_AUTH_REGISTER_UNSUPPORTED",
    "mcp-native-auth/register needs a runtime whose module hooks take effect, such as Node; " +
      'in your source, change the import from "mcp-framework" to "mcp-native-auth" instead',
  );
}
warnIfUnused();

/** Some runtimes have the functions, and they do nothing. */
function hooksTakeEffect() {
  // Node 20 has no `import.meta.resolve` in what was loaded with `--require`.
  if (typeof import.meta.resolve !== "function") {
    return typeof module.register === "function";
  }
  try {
    return import.meta.resolve(PROBE) === PROBE_URL;
  } catch {
    return false;
  }
}
