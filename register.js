/**
 * `node --import mcp-native-auth/register server.js`: our classes in the place of the framework's, in an
 * application whose source imports them from `mcp-framework`. Throws where that cannot work; limits in
 * docs/migrating.md.
 */

import module from "node:module";
import { configurationError } from "./lib/errors.js";
import { PROBE, PROBED, synchronousHooks } from "./lib/framework/import-hooks.js";
import { warnIfUnused } from "./lib/framework/replacement.js";

if (typeof module.registerHooks === "function") {
  module.registerHooks(synchronousHooks);
} else {
  module.register?.("./lib/framework/import-hooks.js", import.meta.url);
}
if (!hooksTakeEffect()) {
  throw configurationError(
    "REGISTER_UNSUPPORTED",
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
    return import.meta.resolve(PROBE) === PROBED;
  } catch {
    return false;
  }
}
