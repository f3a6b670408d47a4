import diagnostics from "node:diagnostics_channel";
import { fileURLToPath } from "node:url";
import { debuglog } from "node:util";
import { warn } from "../../../core/warnings.js";

/**
 * What the module that replaces the framework does when it is evaluated, and the checks that it has an effect: a switch
 * that silently does nothing would be worse than none.
 */

/** The classes that are replaced. */
const REPLACED = ["APIKeyAuthProvider", "JWTAuthProvider", "OAuthAuthProvider"];

/** `NODE_DEBUG=mcp-native-auth` shows what was replaced. */
const debug = debuglog("mcp-native-auth");

let copies = 0;

/**
 * Our classes have replaced those of this framework.
 *
 * @param {object} framework the real module
 * @param {string} url its address
 * @param {object} ours what this package exports to applications, which is one file in a release
 */
export function onReplaced(framework, url, ours) {
  copies += 1;
  debug("%s are ours for all that import %s", REPLACED.join(" and "), url);
  const areRecognised = copies === 1 ? ours.linkFramework(framework) : patchHasInstance(framework, ours);
  if (!areRecognised) {
    warn(
      "MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED",
      `${nameOf(url)} has no provider classes that could be extended, so its transports do not ` +
        "recognize these providers; use a version of mcp-framework that mcp-native-auth lists as a peer dependency",
    );
  }
  for (const name of REPLACED) {
    warnOnFirstUse(framework[name], nameOf(url));
  }
}

/** A prototype chain leads to one copy of the framework. The classes of every further copy accept our instances too. */
function patchHasInstance(framework, exported) {
  return REPLACED.every((name) => {
    const ours = exported[name];
    const theirs = framework[name];
    const isInstance = Function.prototype[Symbol.hasInstance];
    /** @this {Function} */
    const value = function hasInstance(candidate) {
      return isInstance.call(this, candidate) || (this === theirs && isInstance.call(ours, candidate));
    };
    return typeof theirs === "function" && Reflect.defineProperty(theirs, Symbol.hasInstance, { value });
  });
}

/**
 * Warns once when a provider of the framework's own is asked: a module got it by path, by `require()` or before the
 * hooks were registered.
 */
function warnOnFirstUse(theirs, where) {
  const { prototype } = theirs ?? {};
  const authenticate = prototype?.authenticate;
  if (typeof authenticate !== "function") {
    return;
  }
  prototype.authenticate = function watched(...args) {
    prototype.authenticate = authenticate;
    warn(
      "MCP_NATIVE_AUTH_REGISTER_BYPASSED",
      `${theirs.name} of ${where} decides about requests itself: a module got it by path, by require() or before ` +
        'mcp-native-auth/register was loaded; get it with `import ... from "mcp-framework"`',
    );
    return authenticate.apply(this, args);
  };
}

/** Warns when the process answers its first HTTP request and nothing has been replaced. */
export function warnIfUnused() {
  const channel = "http.server.request.start";
  const check = () => {
    diagnostics.unsubscribe(channel, check);
    if (copies === 0) {
      warn(
        "MCP_NATIVE_AUTH_REGISTER_WITHOUT_EFFECT",
        "mcp-native-auth/register has replaced nothing: no module imported mcp-framework after it. Load it with " +
          "`node --import mcp-native-auth/register`, and in a bundle import from mcp-native-auth instead",
      );
    }
  };
  diagnostics.subscribe(channel, check);
}

function nameOf(url) {
  return `mcp-framework at ${fileURLToPath(url)}`;
}
