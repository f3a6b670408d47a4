import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Makes instances of our classes instances of the framework's.
 *
 * The framework's transports ask `provider instanceof APIKeyAuthProvider` before they send
 * `WWW-Authenticate` and run their pre-check. Our prototypes are therefore put in front of the
 * framework's, which passes `instanceof` without running the framework's constructor and without
 * its `config` field. It must be the copy of the framework that the application loads, and it must
 * be found synchronously, hence not `import()` alone: the framework is looked up from the running
 * script, then from the working directory, then from this package.
 */

/** The npm name, and the name under which the framework's documentation imports it. */
const NAMES = ["mcp-framework", "@modelcontextprotocol/mcp-framework"];

/** Our classes by the name of the framework's class. */
const ours = new Map();
let sought = false;

/** Declares a class that shall extend the framework's class of the same name. */
export function extendsFramework(providerClass) {
  ours.set(providerClass.name, providerClass);
}

/**
 * Links our classes to a framework given by hand, for applications whose copy cannot be found on
 * disk: bundles, or several copies in one process.
 *
 * @param {Record<string, unknown>} framework the module namespace: `import * as framework from "mcp-framework"`
 * @returns {boolean} whether every class was found and linked
 */
export function linkFramework(framework) {
  let complete = true;
  for (const [name, providerClass] of ours) {
    const { prototype } = framework?.[name] ?? {};
    if (
      typeof prototype !== "object" ||
      prototype === null ||
      providerClass.prototype instanceof Object === false
    ) {
      complete = false;
    } else if (
      prototype !== providerClass.prototype &&
      Object.getPrototypeOf(providerClass.prototype) !== prototype
    ) {
      Object.setPrototypeOf(providerClass.prototype, prototype);
    }
  }
  sought ||= complete;
  return complete;
}

/** Looks for the framework, once, when the first provider is made: by then the application has loaded it. */
export function findFramework() {
  if (sought) {
    return;
  }
  sought = true;
  const entry = locate();
  if (entry === undefined) {
    return;
  }
  // A module loader may give `import` another instance than `require` (tsx compiles what is
  // required). The transports belong to the imported one, so it has the last word.
  import(pathToFileURL(entry).href).then(linkFramework, () => {});
  try {
    linkFramework(createRequire(import.meta.url)(entry));
  } catch {
    // Not loadable at this moment, for example because it is being imported right now: the import
    // above completes before the first request can arrive.
  }
}

/** The entry file of the framework that the application uses. */
function locate() {
  const directories = [process.cwd()];
  if (process.argv[1]) {
    directories.unshift(path.dirname(realPath(process.argv[1])));
  }
  directories.push(import.meta.dirname);
  for (const directory of directories) {
    const lookups = createRequire(path.join(directory, "noop.js")).resolve.paths("mcp-framework") ?? [];
    for (const lookup of lookups) {
      for (const name of NAMES) {
        const entry = entryOf(path.join(lookup, name));
        if (entry !== undefined) {
          return entry;
        }
      }
    }
  }
  return undefined;
}

function entryOf(folder) {
  const manifest = path.join(folder, "package.json");
  if (!existsSync(manifest)) {
    return undefined;
  }
  try {
    const { exports, main } = JSON.parse(readFileSync(manifest, "utf8"));
    const entry = path.resolve(folder, importTarget(exports?.["."] ?? exports) ?? main ?? "index.js");
    return existsSync(entry) ? realPath(entry) : undefined;
  } catch {
    return undefined;
  }
}

/** The file of the first condition under which `import` finds one, as Node's resolver picks it. */
function importTarget(target) {
  if (typeof target !== "object" || target === null) {
    return target;
  }
  const conditions = ["node", "import", "module-sync", "default"];
  const [, matched] = Object.entries(target).find(([condition]) => conditions.includes(condition)) ?? [];
  return importTarget(matched);
}

function realPath(file) {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
