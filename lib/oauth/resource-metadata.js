import { optionError } from "./errors.js";
import { isLoopback, urlProblem } from "./urls.js";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** What can stand in a header between quotation marks as it is. */
const QUOTABLE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** What a message may repeat: it cannot hold a credential or break a line. */
const HARMLESS = /^[\w.:/-]{1,100}$/;

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * @typedef {object} Resource
 * @property {string} id as clients must see it everywhere: in the metadata, in challenges, in `aud`
 * @property {URL | undefined} url `undefined` for an identifier that is not an http(s) URL, which clients reject
 * @property {string[]} advice what should be different, one sentence each
 */

/**
 * The identifier of a protected resource: RFC 9728 §1.2. Scheme and host are written in lower case, nothing else
 * changes: clients compare the identifier character by character.
 *
 * @param {unknown} resource
 * @returns {Resource}
 * @throws {Error} `ERR_MCP_AUTH_OPTION_INVALID` for what cannot stand in a header, or holds a password or a fragment
 */
export function parseResource(resource) {
  if (
    resource === undefined ||
    resource === null ||
    (typeof resource === "string" && resource.trim() === "")
  ) {
    throw optionError("OAuth metadata requires a resource identifier");
  }
  if (typeof resource !== "string" || !QUOTABLE.test(resource)) {
    throw optionError('`resource` must be a string of visible ASCII characters without `"` and `\\`');
  }
  if (!/^https?:/i.test(resource)) {
    return {
      id: resource,
      url: undefined,
      advice: ["`resource` should be the https URL of this server: MCP clients reject any other identifier"],
    };
  }
  const problem = urlProblem(resource, false);
  if (problem !== undefined) {
    throw optionError(`\`resource\` ${problem}`);
  }
  const url = new URL(resource);
  const [authority] = /** @type {RegExpExecArray} */ (/^https?:\/\/[^/?]+/i.exec(resource));
  const advice = [];
  if (url.protocol === "http:" && !isLoopback(url)) {
    advice.push("`resource` should be an https URL (RFC 9728 §1.2): tokens are sent there in the clear");
  }
  if (url.search !== "") {
    advice.push("`resource` should not have a query (RFC 9728 §1.2)");
  }
  return { id: authority.toLowerCase() + resource.slice(authority.length), url, advice };
}

/**
 * Where the metadata of a resource is published.
 *
 * @typedef {object} MetadataLocations
 * @property {string} root URL at the root of the host, where every client looks last
 * @property {string} inserted URL with the path of the resource, RFC 9728 §3.1; the same as `root` without a path
 * @property {string[]} paths both, as they stand in a request, each once
 *
 * @param {Resource} resource
 * @returns {MetadataLocations | undefined} `undefined` for a resource that is not a URL
 */
export function metadataLocations({ url }) {
  if (url === undefined) {
    return undefined;
  }
  const path = url.pathname === "/" ? "" : url.pathname;
  return {
    root: url.origin + WELL_KNOWN,
    inserted: url.origin + WELL_KNOWN + path + url.search,
    paths: [...new Set([WELL_KNOWN + path, WELL_KNOWN])],
  };
}

/**
 * The metadata of a protected resource: RFC 9728 §2. `resource` and `authorization_servers` come first; members
 * without a value are left out.
 *
 * @param {object} options
 * @param {Resource} options.resource
 * @param {string[]} options.authorizationServers as `parseAuthorizationServers` gives them
 * @param {string[]} [options.scopesSupported]
 * @param {string} [options.resourceName]
 * @param {string} [options.resourceDocumentation]
 * @returns {Readonly<Record<string, string | readonly string[]>>}
 */
export function resourceMetadata(options) {
  const { resource, authorizationServers, scopesSupported, resourceName, resourceDocumentation } = options;
  /** @type {Record<string, string | readonly string[]>} */
  const document = {
    resource: resource.id,
    authorization_servers: Object.freeze([...authorizationServers]),
  };
  if (scopesSupported !== undefined && scopesSupported !== null) {
    document.scopes_supported = Object.freeze(parseScopes(scopesSupported));
  }
  if (resourceName !== undefined && resourceName !== null) {
    if (typeof resourceName !== "string" || resourceName === "" || !resourceName.isWellFormed()) {
      throw optionError("`resourceName` must be a string that is not empty and holds no lone surrogate");
    }
    document.resource_name = resourceName;
  }
  if (resourceDocumentation !== undefined && resourceDocumentation !== null) {
    const problem = urlProblem(resourceDocumentation, false);
    if (problem !== undefined) {
      throw optionError(`\`resourceDocumentation\` ${problem}`);
    }
    document.resource_documentation = resourceDocumentation;
  }
  return Object.freeze(document);
}

function parseScopes(scopes) {
  if (!Array.isArray(scopes) || scopes.length === 0) {
    throw optionError("`scopesSupported` must be an array of scopes, not empty");
  }
  return Array.from(scopes, (scope, index) => {
    if (typeof scope !== "string" || !SCOPE.test(scope)) {
      throw optionError(`\`scopesSupported[${index}]\` must be a scope: RFC 6749 §3.3`);
    }
    if (scope === "offline_access") {
      throw optionError(
        `\`scopesSupported[${index}]\` must not be "offline_access": it is between client and authorization server`,
      );
    }
    return scope;
  });
}

/**
 * The authorization servers of a resource, as they are published: issuer identifiers, RFC 9728 §2.
 *
 * @param {unknown} servers
 * @returns {{ issuers: string[], advice: string[] }} each once
 */
export function parseAuthorizationServers(servers) {
  if (!Array.isArray(servers)) {
    throw optionError("`authorizationServers` must be an array of issuer URLs");
  }
  if (servers.length === 0) {
    throw optionError("OAuth metadata requires at least one authorization server");
  }
  const issuers = [...new Set(Array.from(servers, parseAuthorizationServer))];
  const isInTheClear = issuers.some((issuer) => issuer.startsWith("http:") && !isLoopback(new URL(issuer)));
  return {
    issuers,
    advice: isInTheClear ? ["`authorizationServers` should hold https URLs only (RFC 8414 §2)"] : [],
  };
}

function parseAuthorizationServer(issuer, index) {
  if (typeof issuer === "string" && issuer.trim() === "") {
    throw optionError("Authorization server URL cannot be empty");
  }
  if (typeof issuer !== "string" || !URL.canParse(issuer)) {
    const shown = typeof issuer === "string" && HARMLESS.test(issuer) ? issuer : `position ${index}`;
    throw optionError(`Invalid authorization server URL: ${shown}`);
  }
  const problem = urlProblem(issuer, false) ?? (issuer.includes("?") ? "must not have a query" : undefined);
  if (problem !== undefined) {
    throw optionError(`\`authorizationServers[${index}]\` ${problem}`);
  }
  return issuer;
}
