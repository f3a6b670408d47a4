import { readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { warn } from "../../core/warnings.js";
import { noteFrameworkInUse } from "./open-server.js";
import { entryOf, isFrameworkLoaded, packageOf } from "./packages.js";
import { startTracking } from "./request-tracking.js";

/**
 * Makes instances of our classes instances of the framework's.
 *
 * The framework's transports ask `provider instanceof APIKeyAuthProvider` before they send `WWW-Authenticate` and run
 * their pre-check. Our prototypes therefore extend the framework's, which passes `instanceof` without running the
 * framework's constructor and without its `config` field.
 *
 * Importing this package or making a provider must not load the framework: its logger takes over SIGINT and SIGTERM. So
 * each of our prototypes extends a Proxy that waits to be asked for its own prototype, which is what `instanceof` does.
 * Then the framework is loaded already, or the question cannot be about it.
 */

/** The npm name, and the name under which the framework's documentation imports it. */
const NAMES = ["mcp-framework", "@modelcontextprotocol/mcp-framework"];

/** Classes that not every version of the framework has. */
const OPTIONAL = ["OAuthAuthProvider"];

/** Our classes by the name of the framework's class. */
const subclasses = new Map();
/** The framework's classes by name, once it was found. @type {Record<string, Function> | undefined} */
let linked;
let isLinkedManually = false;
let isLookedUp = false;
let hasWarned = false;

/**
 * Declares a class that extends one of the framework's, as soon as that is known.
 *
 * @param {Function} providerClass
 * @param {string} frameworkName not read from the class, whose own name bundlers change
 */
export function extendsFramework(providerClass, frameworkName) {
  subclasses.set(frameworkName, providerClass);
  announceUse(providerClass, frameworkName);
}

/**
 * Notices when the framework asks what a provider is an instance of, which it does before its first request, and when
 * it looks for `toJSON`: MCPServer's constructor makes text of its transports for the log.
 *
 * @param {Function} providerClass
 * @param {string} [frameworkName] of the framework's class that it extends
 */
export function announceUse(providerClass, frameworkName) {
  const target = Object.create(Object.prototype);
  const waiting = new Proxy(target, {
    getPrototypeOf: function noticeQuestion() {
      answerQuestion(noticeQuestion);
      return (frameworkName && linked?.[frameworkName]?.prototype) ?? Object.prototype;
    },
    get: function noticeToJson(own, name, receiver) {
      if (name === "toJSON") {
        linkToAsking(noticeToJson);
      }
      return Reflect.get(own, name, receiver);
    },
  });
  Object.setPrototypeOf(providerClass.prototype, waiting);
}

/** Documented in index.d.ts. */
export function linkFramework(framework) {
  const isComplete = link(framework);
  isLinkedManually ||= isComplete;
  return isComplete;
}

/** @returns {boolean} whether each of our classes now extends the framework's */
function link(framework) {
  let isComplete = true;
  for (const [name, providerClass] of subclasses) {
    if (framework?.[name] === undefined && OPTIONAL.includes(name)) {
      continue;
    }
    const { prototype } = framework?.[name] ?? {};
    const isFound = typeof prototype === "object" && prototype !== null;
    if (isFound && prototype !== providerClass.prototype) {
      // Where it is frozen, the Proxy goes on answering.
      Reflect.setPrototypeOf(providerClass.prototype, prototype);
    }
    isComplete &&= isFound;
  }
  if (isComplete) {
    linked = framework;
    noteFrameworkInUse(framework);
  }
  return isComplete;
}

/** Called when code asks what a provider is an instance of. */
function answerQuestion(question) {
  const file = linkToAsking(question);
  if (file !== undefined && !isLookedUp && isFrameworkLoaded()) {
    isLookedUp = true;
    linkTo(locate);
  }
}

/**
 * Links to the framework that asks.
 *
 * @param {Function} question
 * @returns {string | undefined} the file that asks, if it is not one of a framework
 */
function linkToAsking(question) {
  if (linked !== undefined) {
    return undefined;
  }
  const file = callerOf(question);
  const asking = packageOf(file);
  if (asking === undefined || !NAMES.includes(asking.name)) {
    return file;
  }
  linkTo(() => entryOf(asking.folder));
  startTracking();
  return undefined;
}

/** The file of the code that asks, as a URL; nothing if that is Node itself, as in `util.inspect`. */
function callerOf(question) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 8;
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName());
    const holder = {};
    Error.captureStackTrace(holder, question);
    const file = holder.stack.find((name) => typeof name === "string");
    if (file === undefined || file.startsWith("node:")) {
      return undefined;
    }
    return file.startsWith("file:") || !path.isAbsolute(file) ? file : pathToFileURL(file).href;
  } catch {
    // Frozen intrinsics, or a runtime without this part of V8's API.
    return undefined;
  } finally {
    try {
      Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    } catch {
      // As above.
    }
  }
}

/** @param {() => string | undefined} find gives the framework's entry file */
function linkTo(find) {
  let entry;
  try {
    entry = find();
  } catch {
    // A damaged installation, or nothing that may be read (Node's permission model).
  }
  if (entry === undefined) {
    return;
  }
  let isLinked = false;
  try {
    isLinked = link(createRequire(import.meta.url)(entry));
  } catch {
    // Not loadable at this moment, for example because it is being imported right now.
  }
  // A module loader may give `import` another instance than `require` (tsx compiles what is required). The transports
  // belong to the imported one, so it has the last word.
  import(pathToFileURL(entry).href)
    .then((framework) => isLinkedManually || link(framework))
    .catch(() => isLinked)
    .then((isNowLinked) => {
      if (!isNowLinked && !hasWarned) {
        hasWarned = true;
        warn(
          "MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED",
          "the provider classes of mcp-framework could not be extended, so its transports do not recognize these " +
            'providers; call linkFramework(await import("mcp-framework"))',
        );
      }
    });
}

/** The entry file of the framework that the application uses. */
function locate() {
  const own = path.dirname(fileURLToPath(import.meta.url));
  const isInstalled = own.split(path.sep).includes("node_modules");
  // Outside of node_modules this is a checkout that the application links to. Its copy of the framework is not the
  // application's.
  const lookups = isInstalled ? [fromHere, fromMainScript] : [fromMainScript, fromHere];
  for (const lookup of lookups) {
    try {
      const entry = lookup();
      if (entry !== undefined) {
        return entry;
      }
    } catch {
      // Nothing to be found there, or nothing that may be read (Node's permission model).
    }
  }
  return undefined;
}

/** Next to this package, where a peer dependency is, or in this package's own `node_modules`. */
function fromHere() {
  const own = packageOf(import.meta.url)?.folder ?? "";
  for (const name of NAMES) {
    // Yarn's Plug'n'Play has no such folders. It resolves from its own map, in which none above can interfere.
    const entry =
      process.versions.pnp === undefined ? entryIn(nodeModulesAround(own), name) : resolveByPnp(name);
    if (entry !== undefined) {
      return entry;
    }
  }
  return undefined;
}

function resolveByPnp(name) {
  try {
    return fileURLToPath(import.meta.resolve(name));
  } catch {
    return undefined;
  }
}

function entryIn(folders, name) {
  return folders.map((folder) => entryOf(path.join(folder, name))).find((entry) => entry !== undefined);
}

/** The `node_modules` that holds a package, if one does, and its own. */
function nodeModulesAround(folder) {
  const parts = folder.split(path.sep);
  const end = parts.lastIndexOf("node_modules");
  const holder = end < 0 ? [] : [parts.slice(0, end + 1).join(path.sep)];
  return [...holder, path.join(folder, "node_modules")];
}

/** In `node_modules` of each folder from the main script up to the root of the application. */
function fromMainScript() {
  const script = mainScript();
  const root = applicationRoot();
  for (
    let folder = script;
    folder !== undefined;
    folder = folder === root ? undefined : path.dirname(folder)
  ) {
    for (const name of NAMES) {
      const entry = entryOf(path.join(folder, "node_modules", name));
      if (entry !== undefined) {
        return entry;
      }
    }
  }
  return undefined;
}

/** The folder of the main script. */
function mainScript() {
  const script = process.argv[1];
  // With `--eval` and in Electron, the first argument is whatever the user wrote there.
  if (
    !script ||
    !path.isAbsolute(script) ||
    /** @type {any} */ (process)._eval !== undefined ||
    process.versions.electron
  ) {
    return undefined;
  }
  const real = realpathSync(script);
  return statSync(real).isDirectory() ? real : path.dirname(real);
}

/**
 * The root of the package that the main script belongs to, or of its workspace, which hoists packages; the script's own
 * folder if it belongs to none.
 */
function applicationRoot() {
  const folder = mainScript();
  if (folder === undefined) {
    return undefined;
  }
  const root = packageOf(pathToFileURL(path.join(folder, "main")).href)?.folder ?? folder;
  return workspaceAbove(root) ?? root;
}

/** Only of the same owner: anyone may put a manifest into a shared folder above. */
function workspaceAbove(root) {
  const { uid } = statSync(root);
  for (let folder = path.dirname(root); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    for (const name of ["package.json", "pnpm-workspace.yaml"]) {
      const file = path.join(folder, name);
      const isOurs = statSync(file, { throwIfNoEntry: false })?.uid === uid;
      if (isOurs && (name !== "package.json" || hasWorkspaces(file))) {
        return folder;
      }
    }
  }
  return undefined;
}

function hasWorkspaces(manifest) {
  return JSON.parse(readFileSync(manifest, "utf8")).workspaces !== undefined;
}
