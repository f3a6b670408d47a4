import { createSource, SourceError } from "../core/refresh.js";
import { optionError } from "./errors.js";
import { getJson } from "./http.js";
import { parseUrlOption, urlProblem } from "./urls.js";

const MAX_METADATA_BYTES = 256 * 1024;

/** Failures of the connection, which the other documents of the same server share. */
const SHARED_FAILURES = new Set([
  "ERR_MCP_AUTH_HTTP_ABORTED",
  "ERR_MCP_AUTH_HTTP_CONNECTION",
  "ERR_MCP_AUTH_HTTP_TIMEOUT",
]);

/**
 * @typedef {object} IssuerMetadata
 * @property {string} issuer as it was asked for
 * @property {string | undefined} jwksUri
 * @property {string | undefined} introspectionEndpoint
 *
 * @typedef {"jwksUri" | "introspectionEndpoint"} Need
 */

/**
 * Checks an issuer identifier: RFC 8414 §2.
 *
 * @param {string} name of the option
 * @param {unknown} issuer
 * @param {{ requireHttps?: boolean }} [options] as `parseUrlOption`
 * @returns {URL}
 */
export function parseIssuerOption(name, issuer, options) {
  const url = parseUrlOption(name, issuer, options);
  if (/** @type {string} */ (issuer).includes("?")) {
    throw optionError(`\`${name}\` must not have a query`);
  }
  return url;
}

/**
 * Where the metadata of an issuer may be, in the order of the MCP specification (2026-07-28, Authorization Server
 * Metadata Discovery): RFC 8414 §3.1, OpenID Connect Discovery with the path inserted, and with the path first.
 *
 * @param {string} issuer
 * @returns {string[]}
 */
export function metadataUrls(issuer) {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
  ];
  return path === "" ? urls : [...urls, `${origin}${path}/.well-known/openid-configuration`];
}

/**
 * The metadata of an issuer: the first document that names this issuer exactly (RFC 8414 §3.3) and has what is needed.
 * One of another issuer is skipped, as is one that cannot be read.
 *
 * @param {object} options
 * @param {string} options.issuer
 * @param {Need} options.need
 * @param {number} options.timeoutMs of each exchange
 * @param {AbortSignal} options.signal deadline for all of them
 * @param {boolean} [options.keepAlive]
 * @param {boolean} [options.requireHttps]
 * @returns {Promise<IssuerMetadata>}
 */
export async function discover({ issuer, need, timeoutMs, signal, keepAlive, requireHttps = true }) {
  /** @type {SourceError | undefined} */
  let failure;
  for (const url of metadataUrls(issuer)) {
    try {
      const maxBytes = MAX_METADATA_BYTES;
      const { json } = await getJson(url, { timeoutMs, maxBytes, signal, keepAlive, requireHttps });
      return readMetadata(json, issuer, need, requireHttps);
    } catch (error) {
      if (SHARED_FAILURES.has(error.code)) {
        throw error;
      }
      // That a document is not there says least: most issuers have one of three.
      if (error.code !== "ERR_MCP_AUTH_HTTP_STATUS" || error.status >= 500) {
        failure ??= error;
      }
    }
  }
  throw (
    failure ??
    new SourceError(
      "ERR_MCP_AUTH_METADATA_NOT_FOUND",
      `the issuer ${issuer} has no metadata at ${metadataUrls(issuer).join(", ")}`,
    )
  );
}

/**
 * What a document says of an issuer.
 *
 * @param {unknown} document
 * @param {string} issuer
 * @param {Need} need
 * @param {boolean} requireHttps
 * @returns {IssuerMetadata}
 * @throws {SourceError} if it is not the document of this issuer, or has not what is needed
 */
export function readMetadata(document, issuer, need, requireHttps) {
  const stated = ownString(document, "issuer");
  if (stated !== issuer) {
    const isSlash = stated !== undefined && withoutSlash(stated) === withoutSlash(issuer);
    const hint = isSlash ? ", which differs in the slash at its end; write it as the metadata does" : "";
    throw new SourceError(
      "ERR_MCP_AUTH_METADATA_ISSUER_MISMATCH",
      `the metadata of the issuer ${issuer} names another issuer${hint}`,
    );
  }
  const isHttps = new URL(issuer).protocol === "https:";
  /** @param {string} member */
  const endpoint = (member) => {
    const url = ownString(document, member);
    if (url === undefined) {
      return { url, problem: "is missing" };
    }
    const problem = urlProblem(url, requireHttps);
    // A document that came over https must not lead to a connection that others can read, or into this machine.
    if (problem === undefined && isHttps && new URL(url).protocol !== "https:") {
      return { url: undefined, problem: "must be an https URL, as the issuer is" };
    }
    return { url: problem === undefined ? url : undefined, problem };
  };
  const jwksUri = endpoint("jwks_uri");
  const introspectionEndpoint = endpoint("introspection_endpoint");
  const { problem } = need === "jwksUri" ? jwksUri : introspectionEndpoint;
  if (problem !== undefined) {
    const member = need === "jwksUri" ? "jwks_uri" : "introspection_endpoint";
    throw new SourceError(
      "ERR_MCP_AUTH_METADATA_INVALID",
      `the metadata of the issuer ${issuer} cannot be used: \`${member}\` ${problem}`,
    );
  }
  return { issuer, jwksUri: jwksUri.url, introspectionEndpoint: introspectionEndpoint.url };
}

/** @param {any} document @param {string} name @returns {string | undefined} */
function ownString(document, name) {
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  const value = isObject && Object.hasOwn(document, name) ? document[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function withoutSlash(url) {
  return url.replace(/\/$/, "");
}

/**
 * The metadata of an issuer, kept up to date. Nothing is fetched before it is asked for.
 *
 * @param {object} options
 * @param {string} options.issuer as in `iss`, to the letter
 * @param {Need} [options.need] what a document must have to be used. Default: "jwksUri"
 * @param {boolean} [options.requireHttps] whether `http:` is accepted for loopback addresses only. Default: true
 * @param {number} [options.timeoutMs] deadline for all documents together. Default: 5000
 * @param {number} [options.maxAgeMs] Default: an hour
 * @param {number} [options.maxStaleMs] how much longer it is used while the issuer cannot be asked. Default: a day
 * @param {number} [options.minIntervalMs] between two discoveries. Default: 3000
 * @param {number} [options.maxBackoffMs] what that grows to while they fail. Default: 15000
 * @param {(failed: import("../core/refresh.js").Failed) => void} [options.onFailure]
 * @param {() => number} [options.now] milliseconds of a clock that is never set back
 */
export function createIssuerMetadata(options) {
  const { issuer, need = "jwksUri", requireHttps = true, timeoutMs = 5000 } = options;
  parseIssuerOption("issuer", issuer, { requireHttps });
  return createSource({
    name: `the metadata of the issuer ${issuer}`,
    load: ({ signal, keepAlive }) => discover({ issuer, need, timeoutMs, signal, keepAlive, requireHttps }),
    timeoutMs,
    maxAgeMs: options.maxAgeMs ?? 3_600_000,
    maxStaleMs: options.maxStaleMs ?? 86_400_000,
    minIntervalMs: options.minIntervalMs ?? 3000,
    maxBackoffMs: options.maxBackoffMs ?? 15_000,
    onFailure: options.onFailure,
    now: options.now,
  });
}
