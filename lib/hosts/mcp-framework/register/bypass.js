import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { codedError } from "../../../core/errors.js";
import { warn } from "../../../core/warnings.js";
import { packageOf } from "../packages.js";

/**
 * What the switch does where it has no effect: it warns, or, in its strict form, it throws or ends the process. A
 * switch that silently does nothing would be worse than none.
 */

/**
 * A module that gets a module of the framework itself.
 *
 * @typedef {{ importer: string, imported: string, folder: string, isRequired: boolean }} Bypass
 */

/** @typedef {{ error: import("../../../core/errors.js").ErrorCode, warning: keyof typeof import("../../../core/warnings.js").WARNINGS }} Codes */

/** @satisfies {Record<string, Codes>} */
const CODES = Object.freeze({
  bypassed: { error: "ERR_MCP_AUTH_REGISTER_BYPASSED", warning: "MCP_NATIVE_AUTH_REGISTER_BYPASSED" },
  withoutEffect: {
    error: "ERR_MCP_AUTH_REGISTER_WITHOUT_EFFECT",
    warning: "MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT",
  },
  notInherited: {
    error: "ERR_MCP_AUTH_REGISTER_NOT_INHERITED",
    warning: "MCP_NATIVE_AUTH_REGISTER_NOT_INHERITED",
  },
});

let isStrict = false;
/** Messages of warnings that were given. */
const given = new Set();
/** Folders of the framework's copies that were reported. */
const folders = new Set();

export function beStrict() {
  isStrict = true;
}

/** @param {Bypass} bypass */
export function reportBypass(bypass) {
  folders.add(bypass.folder);
  report(CODES.bypassed, bypassMessage(bypass));
}

/** @param {Bypass} bypass */
export function bypassError(bypass) {
  return codedError(CODES.bypassed.error, bypassMessage(bypass));
}

/** @param {Bypass} bypass */
function bypassMessage({ importer, imported, isRequired }) {
  return (
    `${nameOf(importer)} ${isRequired ? "requires" : "imports"} ${nameOf(imported)}, which mcp-native-auth/register ` +
    'does not replace: its provider classes are its own; use `import ... from "mcp-framework"` instead'
  );
}

/** @param {string} folder of a copy of the framework that was loaded before the hooks were registered */
export function reportLoadedBefore(folder) {
  folders.add(folder);
  report(
    CODES.bypassed,
    `mcp-framework at ${folder} was loaded before mcp-native-auth/register: the modules that imported it have its own ` +
      "provider classes; load the switch first, with `node --import mcp-native-auth/register`",
  );
}

/**
 * @param {string} className a provider of the framework's own is asked about a request
 * @param {string} url of the framework's entry
 */
export function reportUse(className, url) {
  const folder = packageOf(url)?.folder ?? "";
  // That a module got it was reported, unless no hook saw it.
  if (isStrict || !folders.has(folder)) {
    report(
      CODES.bypassed,
      `${className} of mcp-framework at ${folder} decides about requests itself: a module got it in a way that ` +
        'mcp-native-auth/register did not see; get it with `import ... from "mcp-framework"`',
      end,
    );
  }
}

/** The process answers its first HTTP request, and nothing has been replaced. */
export function reportWithoutEffect() {
  if (isStrict || folders.size === 0) {
    report(
      CODES.withoutEffect,
      "mcp-native-auth/register has replaced nothing: no module imported mcp-framework after it. Load it with " +
        "`node --import mcp-native-auth/register`, and in a bundle import from mcp-native-auth instead",
      end,
    );
  }
}

/** A child process gets an environment without the switch. */
export function reportNotInherited() {
  report(
    CODES.notInherited,
    "a child process is started in an environment without the switch: an mcp-framework in it has its own provider " +
      "classes; add NODE_OPTIONS of process.env to the environment",
  );
}

/**
 * @param {Codes} codes
 * @param {string} message
 * @param {(error: Error & { code: string }) => void} fail under `strict`
 */
function report(codes, message, fail = raise) {
  if (isStrict) {
    fail(codedError(codes.error, message));
  }
  if (!given.has(message)) {
    given.add(message);
    warn(codes.warning, message);
  }
}

function raise(error) {
  throw error;
}

/** Where the error could be caught, and the request answered all the same. */
function end(error) {
  if (!isMainThread) {
    // Ends the thread, and is an `error` event of its Worker.
    throw error;
  }
  process.stderr.write(`mcp-native-auth: ${error.message} [${error.code}]\n`);
  process.exit(1);
}

/** A module by its path alone: a `data:` URL is a source, and a query or a user name may be secret. */
function nameOf(url) {
  return url.startsWith("file:") ? fileURLToPath(url) : `a module with a ${new URL(url).protocol} URL`;
}
