import { existsSync, readdirSync } from "node:fs";
import nodeModule, { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findInstalled, manifestIn } from "./installation.js";
import { addonFileName, platformId } from "./platform.js";
import { VERSION } from "./version.js";

// Under these names file tracers and webpack follow what is required. A bundle in CommonJS has no `import.meta.url`.
/** @type {NodeJS.Require} */
const require = createRequire(import.meta.url ?? __filename);
/** For files that were found already. No tool follows this one. */
const requireFile = nodeModule.createRequire(import.meta.url ?? __filename);

const SCOPE = "@mcp-native-auth";
/** The folder of this file, or of the bundle that it is in. */
const HERE = path.dirname(import.meta.url === undefined ? __filename : fileURLToPath(import.meta.url));
const PACKAGE = path.join(HERE, "..", "..");
const BUILD_SCRIPT = path.join(PACKAGE, "scripts", "install.js");
const manifest = manifestIn(PACKAGE);
const isFollowed = isFollowedByBundler();
const isBundled = isFollowed || manifest?.name !== "mcp-native-auth";

export const { CACHED_ID_BASE, judgeApiKeys, keyRing, rejectionCodes, strengthProblems, verifier } = load(
  platformId(),
);

/**
 * The addon for a platform: the one in this package if it was built or packed here; otherwise, for a release, the one
 * of the platform's own package. Nothing in the environment names another.
 */
function load(triple) {
  const built = isBundled ? {} : requireAddon(path.join(PACKAGE, "native", addonFileName(triple)));
  if (built.addon !== undefined) {
    return built.addon;
  }
  const name = `${SCOPE}/${triple}`;
  // Only what a release declares: a name that is not ours to publish is never looked up.
  const isReleased = isBundled || manifest?.optionalDependencies?.[name] !== undefined;
  const released = isReleased ? loadReleased(triple, name) : {};
  if (released.addon !== undefined) {
    return released.addon;
  }
  const failure = released.failure ?? built.failure;
  if (failure?.code === "ERR_DLOPEN_DISABLED") {
    throw disabled(failure);
  }
  if (isFollowed || (isBundled && failure === undefined)) {
    throw bundled(failure);
  }
  if (failure !== undefined) {
    throw unloadable(triple, failure);
  }
  throw isReleased ? notInstalled(triple, name) : notBuilt(triple);
}

function loadReleased(triple, name) {
  if (isFollowed || resolvesByMap()) {
    return requireByName(triple);
  }
  const folder = findInstalled(name, isBundled ? HERE : PACKAGE);
  if (folder === undefined) {
    return {};
  }
  const { version } = manifestIn(folder) ?? {};
  if (version !== undefined && version !== VERSION) {
    throw versionMismatch(name, version);
  }
  return requireAddon(path.join(folder, addonFileName(triple)));
}

/** The addon in a file, or why it does not load; neither if there is no such file. */
function requireAddon(file) {
  try {
    return { addon: requireFile(file) };
  } catch (failure) {
    return outcomeOf(failure);
  }
}

function outcomeOf(failure) {
  return failure.code === "MODULE_NOT_FOUND" ? {} : { failure };
}

/**
 * File tracers (@vercel/nft) and webpack find an addon by a literal name. Node itself would look for such a name in
 * too many folders, so these are required only where something else resolves them.
 */
function requireByName(triple) {
  let addon;
  // The packages of other platforms are not installed, which webpack forgives in a `try` block alone.
  try {
    switch (triple) {
      case "linux-x64-gnu":
        addon = require("@mcp-native-auth/linux-x64-gnu/mcp-native-auth.linux-x64-gnu.node");
        break;
      case "linux-arm64-gnu":
        addon = require("@mcp-native-auth/linux-arm64-gnu/mcp-native-auth.linux-arm64-gnu.node");
        break;
      case "linux-x64-musl":
        addon = require("@mcp-native-auth/linux-x64-musl/mcp-native-auth.linux-x64-musl.node");
        break;
      case "linux-arm64-musl":
        addon = require("@mcp-native-auth/linux-arm64-musl/mcp-native-auth.linux-arm64-musl.node");
        break;
      case "darwin-x64":
        addon = require("@mcp-native-auth/darwin-x64/mcp-native-auth.darwin-x64.node");
        break;
      case "darwin-arm64":
        addon = require("@mcp-native-auth/darwin-arm64/mcp-native-auth.darwin-arm64.node");
        break;
      case "win32-x64-msvc":
        addon = require("@mcp-native-auth/win32-x64-msvc/mcp-native-auth.win32-x64-msvc.node");
        break;
      case "win32-arm64-msvc":
        addon = require("@mcp-native-auth/win32-arm64-msvc/mcp-native-auth.win32-arm64-msvc.node");
        break;
    }
  } catch (failure) {
    return outcomeOf(failure);
  }
  return { addon };
}

/** Whether `require` of a literal gives what a bundler, such as webpack, has put into the bundle. */
function isFollowedByBundler() {
  try {
    // An id of the bundle then; for Node, a path.
    return !path.isAbsolute(String(require.resolve("./platform.js")));
  } catch {
    return false;
  }
}

/** Whether the runtime resolves names by a map of its own: Yarn's Plug'n'Play; Deno and Bun without `node_modules`. */
function resolvesByMap() {
  const { pnp, deno, bun } = process.versions;
  return (
    pnp !== undefined || ((deno ?? bun) !== undefined && !PACKAGE.split(path.sep).includes("node_modules"))
  );
}

function disabled(cause) {
  const isOff = `${process.execArgv.join(" ")} ${process.env.NODE_OPTIONS ?? ""}`.includes("--no-addons");
  const fix = process.versions.webcontainer
    ? "run the server in Node itself, since a WebContainer cannot load addons"
    : isOff || /** @type {any} */ (process).permission === undefined
      ? "start Node without `--no-addons`"
      : "start Node with `--allow-addons`, which its permission model requires";
  return addonError(
    "ERR_MCP_AUTH_ADDON_UNLOADABLE",
    `mcp-native-auth is a native addon, and addons are disabled in this process; ${fix}`,
    cause,
  );
}

function bundled(cause) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_MISSING",
    "mcp-native-auth is in a bundle, without its native addon; mark mcp-native-auth as external in the bundler, and " +
      "deploy node_modules with the bundle (docs/deploying.md in the package has the line for each bundler)",
    cause,
  );
}

function notBuilt(triple) {
  const packed = platformsAmong(path.join(PACKAGE, "native"), /^mcp-native-auth\.(.+)\.node$/);
  const found = packed.length === 0 ? "" : `, only for ${packed.join(", ")}, where it was packed`;
  return addonError(
    "ERR_MCP_AUTH_ADDON_MISSING",
    `mcp-native-auth has no native addon for ${triple}${found}; ${buildAdvice("build it")}`,
  );
}

function unloadable(triple, cause) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_UNLOADABLE",
    `mcp-native-auth has a native addon for ${triple} that this machine cannot load, for the reason in \`cause\`; ` +
      buildAdvice("build another"),
    cause,
  );
}

function notInstalled(triple, name) {
  const scope = findInstalled(SCOPE, PACKAGE);
  const others =
    scope === undefined ? [] : platformsAmong(scope, /^(.+)$/).filter((other) => other !== triple);
  const found =
    others.length === 0 ? "" : `; ${others.join(", ")} is installed, so node_modules is of another platform`;
  return addonError(
    "ERR_MCP_AUTH_ADDON_MISSING",
    `mcp-native-auth needs ${name}, which is not installed${found}; add it with \`${installCommand(name)}\``,
  );
}

function versionMismatch(name, found) {
  return addonError(
    "ERR_MCP_AUTH_ADDON_VERSION",
    `mcp-native-auth ${VERSION} needs ${name} ${VERSION} but found ${found}, of another release; ` +
      `install the right one with \`${installCommand(name)}\``,
  );
}

/** The platforms that the names in a folder are of. */
function platformsAmong(folder, pattern) {
  try {
    return readdirSync(folder).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** Works wherever install scripts are blocked, whatever the package manager calls that. */
function buildAdvice(action) {
  if (!existsSync(BUILD_SCRIPT)) {
    // Copied without its scripts, as file tracers do.
    return "install mcp-native-auth again on this platform";
  }
  const { bun, deno } = process.versions;
  const runtime = bun ? "bun" : deno ? "deno run -A" : "node";
  return `${action} with \`${runtime} "${BUILD_SCRIPT}"\` (needs cargo, from https://rustup.rs)`;
}

function installCommand(name) {
  return `npm install --save-optional ${name}@${VERSION}`;
}

/**
 * @param {"ERR_MCP_AUTH_ADDON_MISSING" | "ERR_MCP_AUTH_ADDON_UNLOADABLE" | "ERR_MCP_AUTH_ADDON_VERSION"} code
 * @param {string} message
 * @param {unknown} [cause]
 */
function addonError(code, message, cause) {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}
