import diagnostics from "node:diagnostics_channel";
import module from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import workerThreads from "node:worker_threads";
import { reportNotInherited } from "./bypass.js";

/**
 * Extends the switch to the threads and child processes of a process. Node by itself passes the command line on to
 * threads and to `fork()`, unless these get an `execArgv` of their own, and NODE_OPTIONS to all that get no environment
 * of their own.
 */

const INHERITED = new URL("./inherited.js", import.meta.url).href;
const STRICT_FORM = "?strict";
const NAMES_OF_SWITCH = /mcp-native-auth\/register\b|\/register\/inherited\.js/;

/** The option that switches a thread or process that has it in NODE_OPTIONS. */
let option = "";

/** A directive, after white space and comments. */
const USE_STRICT = /^(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*(["'])use strict\1/;

/** Whether what is inherited has the strict form: by its URL, or where that has no query, by NODE_OPTIONS. */
export function isStrictForm(url) {
  return url.endsWith(STRICT_FORM) || Boolean(process.env.NODE_OPTIONS?.includes(INHERITED + STRICT_FORM));
}

/** @param {boolean} isStrict */
export function extendToDescendants(isStrict) {
  const isFirst = option === "";
  option = `--import=${INHERITED}${isStrict ? STRICT_FORM : ""}`;
  process.env.NODE_OPTIONS = withSwitch(process.env.NODE_OPTIONS);
  if (isFirst) {
    extendToWorkers();
    watchChildren();
  }
}

function withSwitch(nodeOptions = "") {
  return nodeOptions.includes(option) ? nodeOptions : `${nodeOptions} ${option}`.trim();
}

/**
 * A thread that gets an environment of its own reads NODE_OPTIONS in that. It is of this process all the same. One that
 * runs text instead of a file does not load what `--import` names.
 */
function extendToWorkers() {
  workerThreads.Worker = class Worker extends workerThreads.Worker {
    constructor(file, options) {
      const env = options?.env;
      super(
        options?.eval === true && typeof file === "string" ? withRequire(file) : file,
        typeof env === "object" && env !== null
          ? { ...options, env: { ...env, NODE_OPTIONS: withSwitch(env.NODE_OPTIONS) } }
          : options,
      );
    }
  };
  module.syncBuiltinESMExports();
}

/**
 * The same text, after the switch. By way of `globalThis`, because the text may declare a `require` of its own; where
 * there is none, the text is a module.
 */
function withRequire(text) {
  const directive = USE_STRICT.test(text) ? '"use strict";' : "";
  return `${directive}globalThis.require?.(${JSON.stringify(fileURLToPath(INHERITED))});${text}`;
}

/** A child process that gets an environment of its own may have it for a reason: that is reported, and not changed. */
function watchChildren() {
  diagnostics.subscribe("child_process", (message) => {
    const child = /** @type {any} */ (message).process;
    const { spawn } = child;
    child.spawn = function spawnWatched(options) {
      const { file, args, envPairs } = options;
      if (isNode(file) && !isSwitched(args ?? [], envPairs ?? [])) {
        reportNotInherited();
      }
      return spawn.call(this, options);
    };
  });
}

function isNode(file) {
  return file === process.execPath || ["node", "node.exe"].includes(path.basename(file));
}

/** By NODE_OPTIONS, by an option that names this package, or by the options of this process, as `fork()` does it. */
function isSwitched(args, envPairs) {
  const { execArgv } = process;
  const isFork =
    execArgv.some((each) => /^(--import|--require|-r)\b/.test(each)) &&
    execArgv.every((each) => args.includes(each));
  const nodeOptions = envPairs.filter((each) => each.startsWith("NODE_OPTIONS="));
  return isFork || [...args, ...nodeOptions].some((each) => NAMES_OF_SWITCH.test(each));
}
