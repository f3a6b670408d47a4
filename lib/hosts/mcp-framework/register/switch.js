import module from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { BroadcastChannel, receiveMessageOnPort, threadId } from "node:worker_threads";
import { codedError } from "../../../core/errors.js";
import { packageOf } from "../packages.js";
import { beStrict, reportBypass, reportLoadedBefore } from "./bypass.js";
import { extendToDescendants } from "./descendants.js";
import { guardAll } from "./guard.js";
import { bypassOf, FRAMEWORK, PROBE, PROBE_URL, synchronousHooks } from "./import-hooks.js";
import { reportIfUnused } from "./replacement.js";

/** What `mcp-native-auth/register` does, once in each thread. */

/** Node 20 lacks it. */
const { registerHooks: registerInThread } = /** @type {any} */ (module);

const on = { hooks: false, strict: false, guard: false, use: false };

/**
 * @param {{ isStrict?: boolean, isGuarding?: boolean, isInherited?: boolean }} [form] `isInherited`: the switch was not asked for in this
 *   process but in the one that started it, so this one need not import the framework
 */
export function switchOn({ isStrict = false, isGuarding = false, isInherited = false } = {}) {
  if (isStrict) {
    beStrict();
  }
  if (isGuarding) {
    guardAll();
  }
  if (!on.hooks) {
    registerHooks(isStrict);
    if (!hooksTakeEffect()) {
      throw codedError(
        "ERR_MCP_AUTH_REGISTER_UNSUPPORTED",
        "mcp-native-auth/register needs a runtime whose module hooks take effect, such as Node; " +
          'in your source, change the import from "mcp-framework" to "mcp-native-auth" instead',
      );
    }
    for (const folder of isInherited ? [] : loadedCopies()) {
      reportLoadedBefore(folder);
    }
  }
  on.strict ||= isStrict;
  on.guard ||= isGuarding;
  extendToDescendants({ isStrict: on.strict, isGuarding: on.guard });
  if (!isInherited && !on.use) {
    on.use = true;
    reportIfUnused();
  }
  on.hooks = true;
}

function registerHooks(isStrict) {
  if (registerInThread !== undefined) {
    registerInThread(synchronousHooks(reportBypass));
    return;
  }
  // If the strict form comes second, its errors come by the channel too, uncaught.
  // Not a MessagePort: Node 20 ends without a message if it is to transfer one while it loads what `--require` names.
  const channelName = `mcp-native-auth:${process.pid}:${threadId}`;
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = ({ data }) => reportBypass(data);
  channel.unref();
  // A program may end before it is told.
  const receive = () => receiveMessageOnPort(/** @type {any} */ (channel));
  process.on("beforeExit", () => {
    for (let received = receive(); received; received = receive()) {
      reportBypass(received.message);
    }
  });
  module.register?.("./import-hooks.js", {
    parentURL: import.meta.url,
    data: { channelName, isStrict },
  });
  reportRequire();
}

/** Some runtimes have the functions, and they do nothing. */
function hooksTakeEffect() {
  // Node 20 has no `import.meta.resolve` in what was loaded with `--require`.
  if (typeof import.meta.resolve !== "function") {
    return typeof module.register === "function";
  }
  try {
    return import.meta.resolve(PROBE) === PROBE_URL;
  } catch {
    return false;
  }
}

/** Hooks in a thread of their own do not see `require()`. */
function reportRequire() {
  const loaders = /** @type {any} */ (module);
  const resolve = loaders._resolveFilename;
  loaders._resolveFilename = function resolveAndReport(request, parent, ...rest) {
    const file = resolve.call(this, request, parent, ...rest);
    if (parent?.filename && path.isAbsolute(file) && !file.endsWith(".json")) {
      const bypass = bypassOf(pathToFileURL(parent.filename).href, pathToFileURL(file).href, true);
      if (bypass !== undefined) {
        reportBypass(bypass);
      }
    }
    return file;
  };
}

/**
 * The folders of the copies of the framework that are loaded already: no hook tells of these. Nothing but the
 * inspector lists what an ES module loader has.
 *
 * @returns {Set<string>}
 */
function loadedCopies() {
  const folders = new Set();
  try {
    const { Session } = process.getBuiltinModule("node:inspector");
    const session = new Session();
    session.connect();
    session.on("Debugger.scriptParsed", ({ params }) => {
      const owner = packageOf(params.url);
      if (owner?.name === FRAMEWORK) {
        folders.add(owner.folder);
      }
    });
    session.post("Debugger.enable");
    session.disconnect();
  } catch {
    // A Node without it, or one whose permission model forbids it.
  }
  return folders;
}
