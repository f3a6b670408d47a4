import { MAX_LISTED } from "../core/weakness.js";

/**
 * Reports keys that are not bound to an issuer where there are several: the holder of one of them can sign tokens in the
 * name of each issuer. A process warning, or under `strict` an error.
 *
 * @param {string} owner name of the class
 * @param {import("./key-list.js").Key[]} keys that are used
 * @param {string[]} issuers that are accepted from all keys; none for any
 * @param {import("../core/reporter.js").Reporter} reporter
 * @param {boolean} strict
 */
export function reportUnboundKeys(owner, keys, issuers, reporter, strict) {
  const unbound = keys.filter((key) => !isBound(key));
  const named = new Set([...issuers, ...keys.flatMap((key) => key.issuers ?? [])]);
  const areSeveral = named.size > 1 || (issuers.length === 0 && named.size === 1);
  if (keys.length < 2 || unbound.length === 0 || !areSeveral) {
    return;
  }
  const paths = unbound.slice(0, MAX_LISTED).map(({ path }) => `\`${path}\``);
  const more = unbound.length > MAX_LISTED ? ` and ${unbound.length - MAX_LISTED} more` : "";
  reporter.report({
    error: "ERR_MCP_AUTH_OPTION_INVALID",
    warning: "MCP_NATIVE_AUTH_UNBOUND_KEYS",
    message:
      `${owner}: ${paths.join(", ")}${more} can sign tokens in the name of each issuer; bind each key to its own, as in ` +
      "`keys: [{ issuer, secret: key }]`, or combine one provider for each issuer with anyOf()",
    values: [],
    strict,
  });
}

/** @param {import("./key-list.js").Key} key */
function isBound({ issuers }) {
  return issuers !== undefined && issuers.length > 0;
}
