import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

function load() {
  const file = `../native/mcp-native-auth.${process.platform}-${process.arch}.node`;
  try {
    return require(file);
  } catch (cause) {
    const error = new Error(
      `mcp-native-auth has no native addon for ${process.platform}-${process.arch} on this machine; ` +
        "build it with `npm run build` in the folder of mcp-native-auth (needs cargo, from https://rustup.rs)",
      { cause },
    );
    throw Object.assign(error, { code: "ERR_MCP_AUTH_ADDON_MISSING" });
  }
}

export const { FIRST_ID, keyRing, rejectionCodes, verifier } = load();
