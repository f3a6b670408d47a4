import { realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { entryOf, packageOf } from "../packages.js";

/**
 * Hooks for Node's module loaders: an import of `mcp-framework` gives a module that re-exports all of it, with our
 * classes instead of its own. The framework's own modules, and our lookup of the framework, get the real one.
 *
 * The resolved file counts, not the specifier: an alias, an import map or a path lead to the same entry file. Nothing
 * here has state, so that hooks which are registered twice do no harm.
 */

const FRAMEWORK = "mcp-framework";
const OURS = "mcp-native-auth";

/** Marks the URL of a replacement. A query, so that `fileURLToPath` still gives the framework's file. */
const REPLACED_SUFFIX = "?mcp-native-auth";

/** What `register.js` resolves to see whether hooks take effect, and to what. Without them it is an error. */
export const PROBE = "mcp-native-auth/probe";
export const PROBE_URL = "mcp-native-auth:probed";

const here = path.dirname(fileURLToPath(import.meta.url));

/** For `module.registerHooks`, which calls in the thread of the application. */
export const synchronousHooks = {
  resolve: (specifier, context, next) =>
    specifier === PROBE ? probed() : redirect(context, next(specifier, context)),
  load: (url, context, next) => replacementAt(url) ?? next(url, context),
};

/** For `module.register`, which calls in a thread of Node's own. */
export async function resolve(specifier, context, next) {
  return specifier === PROBE ? probed() : redirect(context, await next(specifier, context));
}

export async function load(url, context, next) {
  return replacementAt(url) ?? next(url, context);
}

function probed() {
  return { url: PROBE_URL, shortCircuit: true };
}

function redirect({ parentURL, conditions }, resolved) {
  // What `require()` finds by path is cached by file name, without a query: the two would be one.
  const isReplaced = !conditions.includes("require") && isEntryFrom(parentURL, resolved.url);
  return isReplaced
    ? { ...resolved, url: resolved.url + REPLACED_SUFFIX, format: "module", shortCircuit: true }
    : resolved;
}

/** Whether a URL is what `import "mcp-framework"` loads, and asked for by a module that is not to have it. */
function isEntryFrom(parentURL, url) {
  const framework = packageOf(url);
  if (framework?.name !== FRAMEWORK || url.includes("?")) {
    return false;
  }
  const parent = packageOf(parentURL);
  if (parent?.folder === framework.folder || isLookup(parentURL, parent)) {
    return false;
  }
  try {
    return realpathSync(fileURLToPath(url)) === entryOf(framework.folder);
  } catch {
    // A damaged installation; to import it fails by itself.
    return false;
  }
}

/** Whether a module is one in lib/ of a copy of this package, which looks for the real framework. */
function isLookup(url, owner) {
  return owner?.name === OURS && fileURLToPath(url).startsWith(path.join(owner.folder, "lib", path.sep));
}

/** The module in the place of the framework's entry. What it exports itself wins over `export *`. */
function replacementAt(url) {
  if (!url.endsWith(REPLACED_SUFFIX)) {
    return undefined;
  }
  const framework = JSON.stringify(url.slice(0, -REPLACED_SUFFIX.length));
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
