import { realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BroadcastChannel } from "node:worker_threads";
import { entryOf, packageOf } from "../packages.js";
import { bypassError } from "./bypass.js";

/**
 * Hooks for Node's module loaders: an import of `mcp-framework` gives a module that re-exports all of it, with our
 * classes instead of its own. The framework's own modules, and our lookup of the framework, get the real one. A module
 * that gets something else of the framework is reported.
 *
 * The resolved file counts, not the specifier or a query: an alias, an import map, a path, or another loader's URL lead
 * to the same entry file. Hooks that are registered twice do no harm.
 */

export const FRAMEWORK = "mcp-framework";
const OURS = "mcp-native-auth";

/**
 * The parameter that marks the URL of a replacement; its value is the query of the URL that it replaces. A query, so
 * that `fileURLToPath` still gives the framework's file. A parameter, so that other loaders may add theirs.
 */
const REPLACED = "mcp-native-auth";

/** What the switch resolves to see whether hooks take effect, and to what. Without them it is an error. */
export const PROBE = "mcp-native-auth/probe";
export const PROBE_URL = "mcp-native-auth:probed";

const here = path.dirname(fileURLToPath(import.meta.url));

/** @typedef {import("./bypass.js").Bypass} Bypass */

/**
 * For `module.registerHooks`, which calls in the thread of the application.
 *
 * @param {(bypass: Bypass) => void} report
 */
export function synchronousHooks(report) {
  return {
    resolve: (specifier, context, next) =>
      ownAnswer(specifier, context) ?? redirect(context, next(specifier, context), report),
    load: (url, context, next) => replacementAt(url) ?? next(url, context),
  };
}

/** @type {(bypass: Bypass) => void} */
let reportFromThread;

/** For `module.register`, which calls in a thread of Node's own; so do the next two. */
export function initialize({ channelName, isStrict }) {
  const channel = new BroadcastChannel(channelName);
  channel.unref();
  reportFromThread = (bypass) => {
    if (isStrict) {
      throw bypassError(bypass);
    }
    channel.postMessage(bypass);
  };
}

export async function resolve(specifier, context, next) {
  return ownAnswer(specifier, context) ?? redirect(context, await next(specifier, context), reportFromThread);
}

export async function load(url, context, next) {
  return replacementAt(url) ?? next(url, context);
}

function ownAnswer(specifier, { parentURL }) {
  if (specifier === PROBE) {
    return { url: PROBE_URL, shortCircuit: true };
  }
  // Resolved already, by all hooks: once more, and a loader that wraps modules would not recognize its own URL.
  return specifier === replacedBy(parentURL) ? { url: specifier, shortCircuit: true } : undefined;
}

function redirect({ parentURL, conditions }, resolved, report) {
  // What `require()` finds by path is cached by file name, without a query: the two would be one.
  const isRequired = conditions.includes("require");
  const bypass = bypassOf(parentURL, resolved.url, isRequired);
  if (bypass === undefined) {
    return resolved;
  }
  if (!isRequired && isEntry(bypass)) {
    return { ...resolved, url: replacementFor(resolved.url), format: "module", shortCircuit: true };
  }
  // Nothing imports the main script, such as the framework's own command.
  if (parentURL !== undefined && !resolved.url.endsWith(".json")) {
    report(bypass);
  }
  return resolved;
}

/**
 * What a module gets, if that is the framework's and the module is not one that is to have it.
 *
 * @returns {Bypass | undefined}
 */
export function bypassOf(importer, imported, isRequired) {
  const framework = packageOf(imported);
  if (framework?.name !== FRAMEWORK || replacedBy(imported) !== undefined) {
    return undefined;
  }
  const { folder } = framework;
  const parent = packageOf(importer);
  return parent?.folder === folder || isLookup(importer, parent)
    ? undefined
    : { importer, imported, folder, isRequired };
}

/** Whether a URL is what `import "mcp-framework"` loads. */
function isEntry({ imported, folder }) {
  try {
    return realpathSync(fileURLToPath(imported)) === entryOf(folder);
  } catch {
    // A damaged installation; to import it fails by itself.
    return false;
  }
}

/** Whether a module is one in lib/ of a copy of this package, which looks for the real framework. */
function isLookup(url, owner) {
  return owner?.name === OURS && fileURLToPath(url).startsWith(path.join(owner.folder, "lib", path.sep));
}

function replacementFor(url) {
  const { href, search } = new URL(url);
  const replacement = new URL(href);
  replacement.search = "";
  replacement.searchParams.set(REPLACED, search);
  return replacement.href;
}

/** @returns {string | undefined} the URL of the real module, if this is the URL of a replacement */
function replacedBy(url) {
  if (!url?.includes(`${REPLACED}=`) || !URL.canParse(url)) {
    return undefined;
  }
  const replaced = new URL(url);
  const search = replaced.searchParams.get(REPLACED);
  if (search === null) {
    return undefined;
  }
  replaced.search = search;
  return replaced.href;
}

/** The module that replaces the framework's entry. What it exports itself wins over `export *`. */
function replacementAt(url) {
  const real = replacedBy(url);
  if (real === undefined) {
    return undefined;
  }
  const framework = JSON.stringify(real);
  const [ours, replacement] = ["../../../../index.js", "replacement.js"].map((file) =>
    JSON.stringify(pathToFileURL(path.join(here, file)).href),
  );
  const source = `
    import * as framework from ${framework};
    import * as ours from ${ours};
    import { onReplaced } from ${replacement};
    export * from ${framework};
    export { APIKeyAuthProvider, JWTAuthProvider, OAuthAuthProvider } from ${ours};
    onReplaced(framework, ${framework}, ours);
  `;
  return { format: "module", source, shortCircuit: true };
}
