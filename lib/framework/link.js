import { realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { warn } from "../errors.js";
import { entryOf } from "./packages.js";

/**
 * Makes instances of our classes instances of the framework's.
 *
 * The framework's transports ask `provider instanceof APIKeyAuthProvider` before they send
 * `WWW-Authenticate` and run their pre-check. Our prototypes are therefore put in front of the
 * framework's, which passes `instanceof` without running the framework's constructor and without its
 * `config` field.
 *
 * It must be the copy of the framework that the application loads, and finding it means running its
 * code. So it is looked up only where the application's own imports could find it: from this package,
 * as a peer dependency is, and from the main script. Never from the working directory, which may
 * belong to somebody else.
 */

/** The npm name, and the name under which the framework's documentation imports it. */
export const NAMES = ["mcp-framework", "@modelcontextprotocol/mcp-framework"];

/** Our classes by the name of the framework's class. */
const ours = new Map();
let sought = false;
let linkedByHand = false;

/** Declares a class that shall extend the framework's class of the same name. */
export function extendsFramework(providerClass) {
  ours.set(providerClass.name, providerClass);
}

/** Documented in index.d.ts. */
export function linkFramework(framework) {
  const complete = link(framework);
  linkedByHand ||= complete;
  return complete;
}

/** @returns {boolean} whether each of our classes now extends the framework's */
function link(framework) {
  let complete = true;
  for (const [name, providerClass] of ours) {
    const { prototype } = framework?.[name] ?? {};
    const isLinked =
      typeof prototype === "object" &&
      prototype !== null &&
      (prototype === providerClass.prototype || Reflect.setPrototypeOf(providerClass.prototype, prototype));
    complete &&= isLinked;
  }
  return complete;
}

/** Looks for the framework, once, when the first provider is made: by then the application has loaded it. */
export function findFramework() {
  if (sought || linkedByHand) {
    return;
  }
  sought = true;
  const entry = locate();
  if (entry === undefined) {
    return;
  }
  let isLinked = false;
  try {
    isLinked = link(createRequire(import.meta.url)(entry));
  } catch {
    // Not loadable at this moment, for example because it is being imported right now.
  }
  // A module loader may give `import` another instance than `require` (tsx compiles what is required).
  // The transports belong to the imported one, so it has the last word; it comes before the first
  // request can.
  import(pathToFileURL(entry).href)
    .then((framework) => linkedByHand || link(framework))
    .catch(() => isLinked)
    .then((isNowLinked) => {
      if (!isNowLinked) {
        warn(
          "FRAMEWORK_NOT_LINKED",
          "mcp-framework was found but its provider classes could not be extended, so its transports treat these " +
            'providers as foreign; call linkFramework(await import("mcp-framework"))',
        );
      }
    });
}

/** The entry file of the framework that the application uses. */
function locate() {
  const own = path.dirname(fileURLToPath(import.meta.url));
  const isInstalled = own.split(path.sep).includes("node_modules");
  // Outside of node_modules this is a checkout that the application links to, with a copy of the
  // framework of its own, which is not the application's.
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

function fromHere() {
  for (const name of NAMES) {
    try {
      return fileURLToPath(import.meta.resolve(name));
    } catch {
      // Not installed under this name.
    }
  }
  return undefined;
}

/** As Node looks up a bare specifier in the main script: `node_modules` of each folder above it. */
function fromMainScript() {
  const script = process.argv[1];
  // With `--eval` and in Electron, the first argument is whatever the user wrote there.
  if (!script || !path.isAbsolute(script) || process._eval !== undefined || process.versions.electron) {
    return undefined;
  }
  const real = realpathSync(script);
  let folder = statSync(real).isDirectory() ? real : path.dirname(real);
  for (;;) {
    for (const name of NAMES) {
      const entry = entryOf(path.join(folder, "node_modules", name));
      if (entry !== undefined) {
        return entry;
      }
    }
    const parent = path.dirname(folder);
    if (parent === folder) {
      return undefined;
    }
    folder = parent;
  }
}
