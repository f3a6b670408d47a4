/**
 * What a message needs, and whether what was granted is enough.
 *
 * @typedef {{ name: string, arguments?: unknown }} ToolCall
 * @typedef {(granted: readonly string[], needed: string) => boolean} Grants
 */

/**
 * Whether scopes that were granted hold one that is needed. A broader scope satisfies narrower ones, and those satisfy
 * theirs: MCP 2026-07-28, Step-Up Authorization Flow.
 *
 * @param {Readonly<Record<string, readonly string[]>> | Grants | undefined} hierarchy
 * @returns {Grants}
 */
export function grantsBy(hierarchy) {
  if (typeof hierarchy === "function") {
    // Only `true`: a promise is not a yes.
    return (granted, needed) => granted.includes(needed) || hierarchy(granted, needed) === true;
  }
  if (hierarchy === undefined) {
    return (granted, needed) => granted.includes(needed);
  }
  /** What each scope stands for, itself included. */
  const closures = new Map(Object.keys(hierarchy).map((scope) => [scope, closureOf(scope, hierarchy)]));
  return (granted, needed) =>
    granted.some((scope) => scope === needed || closures.get(scope)?.has(needed) === true);
}

function closureOf(scope, hierarchy) {
  const closure = new Set([scope]);
  // A set that grows is walked to its end, so a cycle ends.
  for (const broader of closure) {
    for (const narrower of Object.hasOwn(hierarchy, broader) ? hierarchy[broader] : []) {
      closure.add(narrower);
    }
  }
  return closure;
}

/**
 * The scopes that the tool calls of a message need, each once. Every message of a batch counts.
 *
 * @param {unknown} message JSON-RPC
 * @param {(call: ToolCall) => readonly string[] | undefined} scopesOfTool
 * @returns {string[]}
 * @throws {MessageError} for a tool call without a name that can be judged
 */
export function neededScopes(message, scopesOfTool) {
  const messages = Array.isArray(message) ? message : [message];
  return [...new Set(messages.filter(isToolCall).flatMap((call) => scopesOfTool(readCall(call)) ?? []))];
}

function isToolCall(message) {
  return typeof message === "object" && message?.method === "tools/call";
}

function readCall({ params }) {
  // A server may take what is not a string for the name that it prints as.
  if (typeof params !== "object" || typeof params?.name !== "string") {
    throw new MessageError("`params.name` of tools/call must be a string");
  }
  return { name: params.name, arguments: params.arguments };
}

export class MessageError extends Error {}

/** MCP 2026-07-28, SEP-2243: how a header value that is not ASCII is sent. */
const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/**
 * The header that contradicts the body, of those that name what a message does. Whoever decides by a header must not
 * be told another thing than what runs. MCP 2026-07-28, Server Validation.
 *
 * @param {Record<string, string | string[] | undefined>} headers
 * @param {unknown} message
 * @returns {string | undefined}
 */
export function mismatchedHeader(headers, message) {
  const method = headers["mcp-method"];
  const name = headers["mcp-name"];
  if (method === undefined && name === undefined) {
    return undefined;
  }
  const single = /** @type {any} */ (Array.isArray(message) ? undefined : message);
  if (method !== undefined && method !== single?.method) {
    return "Mcp-Method";
  }
  const { name: ofBody, uri } = Object(single?.params);
  return name !== undefined && decode(name) !== (ofBody ?? uri) ? "Mcp-Name" : undefined;
}

function decode(value) {
  const [, encoded] = ENCODED.exec(value) ?? [];
  return encoded === undefined ? value : Buffer.from(encoded, "base64").toString();
}
