import { isMainThread } from "node:worker_threads";
import { fileURLToPath } from "node:url";
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

let isStrict = false;
/** Warnings that were given. */
const given = new Set();
/** Folders of the framework's copies that were warned about. */
const folders = new Set();

export function beStrict() {
  isStrict = true;
}

/** @param {Bypass} bypass */
export function reportBypass(bypass) {
  if (isStrict) {
    throw bypassError(bypass);
  }
  warnOnce(bypass.folder, bypassMessage(bypass));
}

/** @param {Bypass} bypass */
export function bypassError(bypass) {
  return codedError("ERR_MCP_AUTH_REGISTER_BYPASSED", bypassMessage(bypass));
}

/** @param {Bypass} bypass */
function bypassMessage({ importer, imported, isRequired }) {
  return (
    `${nameOf(importer)} ${isRequired ? "requires" : "imports"} ${nameOf(imported)}, which mcp-native-auth/register ` +
    'does not replace: its provider classes are mcp-framework\'s own; use `import ... from "mcp-framework"` instead'
  );
}

/** @param {string} folder of a copy of the framework that was loaded before the hooks were registered */
export function reportLoadedBefore(folder) {
  const message =
    `mcp-framework at ${folder} was loaded before mcp-native-auth/register, so the modules that imported it get its ` +
    "own classes; load the switch first, with `node --import mcp-native-auth/register`";
  if (isStrict) {
    throw codedError("ERR_MCP_AUTH_REGISTER_BYPASSED", message);
  }
  warnOnce(folder, message);
}

/**
 * @param {string} className a provider of the framework's own is asked about a request
 * @param {string} url of the framework's entry
 */
export function reportUse(className, url) {
  const folder = packageOf(url)?.folder ?? "";
  const message =
    `${className} of mcp-framework at ${folder} decides about requests itself, in a way that ` +
    'mcp-native-auth/register did not see; get it with `import ... from "mcp-framework"`';
  if (isStrict) {
    end(codedError("ERR_MCP_AUTH_REGISTER_BYPASSED", message));
  }
  if (!folders.has(folder)) {
    warnOnce(folder, message);
  }
}

/** The process answers its first HTTP request, and nothing has been replaced. */
export function reportWithoutEffect() {
  const message =
    "mcp-native-auth/register has replaced nothing: no module imported mcp-framework after it. Load it with " +
    "`node --import mcp-native-auth/register`, and in a bundle import from mcp-native-auth instead";
  if (isStrict) {
    end(codedError("ERR_MCP_AUTH_REGISTER_WITHOUT_EFFECT", message));
  }
  if (folders.size === 0) {
    warn("MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT", message);
  }
}

/** A child process gets an environment without the switch. */
export function reportNotInherited() {
  const message =
    "a child process is started without the switch, so its mcp-framework has its own classes; " +
    "pass NODE_OPTIONS of process.env on in its environment";
  if (isStrict) {
    throw codedError("ERR_MCP_AUTH_REGISTER_NOT_INHERITED", message);
  }
  if (!given.has(message)) {
    given.add(message);
    warn("MCP_NATIVE_AUTH_REGISTER_NOT_INHERITED", message);
  }
}

function warnOnce(folder, message) {
  folders.add(folder);
  if (!given.has(message)) {
    given.add(message);
    warn("MCP_NATIVE_AUTH_REGISTER_BYPASSED", message);
  }
}

/** Where an error that is thrown could be caught and the request answered all the same. */
function end(error) {
  if (!isMainThread) {
    // Ends the thread, and is an `error` event of its Worker.
    throw error;
  }
  process.stderr.write(`mcp-native-auth: ${error.message} [${error.code}]\n`);
  process.exit(1);
}

/** A module without what its URL may hold besides a path: a `data:` URL is a source, a query or a user name may be secret. */
function nameOf(url) {
  try {
    return url.startsWith("file:") ? fileURLToPath(url) : `a module with a ${new URL(url).protocol} URL`;
  } catch {
    return "a module";
  }
}
