import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { addonFileName, platformId } from "./platform.js";

/** @type {(specifier: string) => any} */
const require = createRequire(import.meta.url);

export const { CACHED_ID_BASE, judgeApiKeys, keyRing, rejectionCodes, strengthProblems, verifier } = load(
  platformId(),
);

/**
 * The addon for a platform: out of this package where it was built or packed here, else, in a release,
 * out of the platform's own package. Nothing in the environment names another.
 */
function load(triple) {
  const file = addonFileName(triple);
  const packed = tryRequire(`../../native/${file}`);
  if (packed.addon) {
    return packed.addon;
  }
  const name = `@mcp-native-auth/${triple}`;
  const { version, optionalDependencies } = /** @type {any} */ (require("../../package.json"));
  // Only what the release declares: a name that is not ours to publish is never looked up.
  const wanted = optionalDependencies?.[name];
  if (wanted === undefined) {
    throw packed.failure ? unloadable(triple, packed.failure) : notBuilt(triple);
  }
  const found = tryRequire(`${name}/package.json`).addon?.version;
  if (found !== undefined && found !== wanted) {
    throw versionMismatch(version, name, wanted, found);
  }
  const { addon, failure } = tryRequire(`${name}/${file}`);
  if (addon === undefined) {
    throw failure ? unloadable(triple, failure) : notInstalled(name, wanted);
  }
  return addon;
}

/** What `require` gives, or what it failed with if that is more than there being no such file. */
function tryRequire(specifier) {
  try {
    return { addon: require(specifier) };
  } catch (failure) {
    return failure.code === "MODULE_NOT_FOUND" ? {} : { failure };
  }
}

function notBuilt(triple) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_MISSING",
    `mcp-native-auth has no native addon for ${triple}; build it with \`${buildCommand()}\` (needs cargo, from https://rustup.rs)`,
  );
}

function unloadable(triple, cause) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_UNLOADABLE",
    `mcp-native-auth has a native addon for ${triple} that this machine cannot load, for the reason in \`cause\`; ` +
      `build another with \`${buildCommand()}\` (needs cargo, from https://rustup.rs)`,
    cause,
  );
}

function notInstalled(name, wanted) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_MISSING",
    `mcp-native-auth needs ${name}, which was left out when it was installed; add it with \`${installCommand(name, wanted)}\``,
  );
}

function versionMismatch(version, name, wanted, found) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_VERSION",
    `mcp-native-auth ${version} needs ${name} ${wanted} but found ${found}, of another release; ` +
      `install the right one with \`${installCommand(name, wanted)}\``,
  );
}

/** Works wherever install scripts are blocked, whatever the package manager calls that. */
function buildCommand() {
  const { bun, deno } = process.versions;
  const runtime = bun ? "bun" : deno ? "deno run -A" : "node";
  const script = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "scripts", "install.js");
  return `${runtime} "${script}"`;
}

function installCommand(name, version) {
  return `npm install --save-optional ${name}@${version}`;
}

/**
 * @param {"ERR_MCP_AUTH_ADDON_MISSING" | "ERR_MCP_AUTH_ADDON_UNLOADABLE" | "ERR_MCP_AUTH_ADDON_VERSION"} code
 * @param {string} message
 * @param {unknown} [cause]
 */
function addonError(code, message, cause) {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}
