import diagnostics from "node:diagnostics_channel";
import { fileURLToPath } from "node:url";
import { debuglog } from "node:util";
import { warn } from "../../../core/warnings.js";
import { reportUse, reportWithoutEffect } from "./bypass.js";
import { guardServersOf } from "./guard.js";

/** What the module that replaces the framework does when it is evaluated, and the checks that it has an effect. */

/** The classes that are replaced. */
const REPLACED = ["APIKeyAuthProvider", "JWTAuthProvider", "OAuthAuthProvider"];

/** `NODE_DEBUG=mcp-native-auth` shows what was replaced. */
const debug = debuglog("mcp-native-auth");

/** One copy of the framework is imported under several URLs if these have queries. */
const copies = new Set();

/**
 * Our classes have replaced those of this framework.
 *
 * @param {object} framework the real module
 * @param {string} url its address
 * @param {object} ours what this package exports to applications, which is one file in a release
 */
export function onReplaced(framework, url, ours) {
  debug("%s are ours for all that import %s", REPLACED.join(" and "), url);
  const copy = framework[REPLACED[0]];
  if (copies.has(copy)) {
    return;
  }
  copies.add(copy);
  guardServersOf(framework, ours);
  const areRecognized = copies.size === 1 ? ours.linkFramework(framework) : patchHasInstance(framework, ours);
  if (!areRecognized) {
    warn(
      "MCP_NATIVE_AUTH_FRAMEWORK_NOT_LINKED",
      `mcp-framework at ${fileURLToPath(url)} has no provider classes that could be extended, so its transports do not ` +
        "recognize these providers; use a version of mcp-framework that mcp-native-auth lists as a peer dependency",
    );
  }
  for (const name of REPLACED) {
    reportFirstUse(framework[name], url);
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

/** Reports once that a provider of the framework's own is asked, however the application got it. */
function reportFirstUse(theirs, url) {
  const { prototype } = theirs ?? {};
  const authenticate = prototype?.authenticate;
  if (typeof authenticate !== "function") {
    return;
  }
  prototype.authenticate = function watched(...args) {
    prototype.authenticate = authenticate;
    reportUse(theirs.name, url);
    return authenticate.apply(this, args);
  };
}

/** Reports when the process answers its first HTTP request and nothing has been replaced. */
export function reportIfUnused() {
  const channel = "http.server.request.start";
  const check = () => {
    diagnostics.unsubscribe(channel, check);
    if (copies.size === 0) {
      reportWithoutEffect();
    }
  };
  diagnostics.subscribe(channel, check);
}
