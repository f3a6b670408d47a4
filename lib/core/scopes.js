/** Where tokens and API keys keep their scopes. RFC 8693 §4.2 (`scope`), Microsoft Entra and Okta (`scp`). */
const CLAIMS = ["scope", "scp", "scopes"];

/**
 * The scopes of an identity, each once. A string holds them separated by spaces, RFC 6749 §3.3.
 *
 * @param {Record<string, unknown> | undefined} data claims, or what is known about an API key
 * @returns {string[]}
 */
export function scopesOf(data) {
  const values = CLAIMS.map((name) =>
    data !== undefined && Object.hasOwn(data, name) ? data[name] : undefined,
  );
  const listed = values.flatMap((value) =>
    typeof value === "string" ? value.split(" ") : Array.isArray(value) ? value : [],
  );
  return [...new Set(listed.filter((scope) => typeof scope === "string" && scope !== ""))];
}

/** @param {readonly string[]} needed */
export function hasScopes(data, needed) {
  const granted = new Set(scopesOf(data));
  return needed.every((scope) => granted.has(scope));
}
