/**
 * What runs before `mcp-native-auth/register`, by what that then finds: Node's hooks in the application's thread, which
 * Node 20 lacks, and those in a thread of their own.
 */

import module from "node:module";

/** Files of a project that `MECHANISMS` needs. */
export const MECHANISM_FILES = {
  "without-synchronous-hooks.cjs": `
    const loaders = require("node:module");
    delete loaders.registerHooks;
    loaders.syncBuiltinESMExports();`,
};

export const MECHANISMS = { "module.register": ["--require", "./without-synchronous-hooks.cjs"] };
if (module.registerHooks !== undefined) {
  MECHANISMS["module.registerHooks"] = [];
}
