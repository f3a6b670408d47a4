import { codedError } from "../core/errors.js";
import {
  booleanOption,
  checkUndefinedOptions,
  checkUnknownOptions,
  isArray,
  readArray,
  readOptions,
  readPlainObject,
  requireObject,
} from "../core/options.js";
import { warn } from "../core/warnings.js";
import {
  metadataLocations,
  parseAuthorizationServers,
  parseResource,
  resourceMetadata,
} from "../oauth/resource-metadata.js";
import { addressOption } from "../throttle/client-address.js";
import { grantsBy } from "./scopes.js";

const NAME = "requireAuth";

const RESTRICTING_OPTIONS = [
  "requiredScopes",
  "toolScopes",
  "allowedOrigins",
  "allowedHosts",
  "bindSessions",
];
const OPTIONS = [
  ...RESTRICTING_OPTIONS,
  "scopeHierarchy",
  "scopeClaims",
  "resource",
  "authorizationServers",
  "scopesSupported",
  "resourceName",
  "resourceDocumentation",
  "optional",
  "sessionStore",
  "trustProxy",
];

const DEFAULT_SCOPE_CLAIMS = ["scope", "scp"];

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** RFC 6454 §6.2, as browsers send it. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/;
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/**
 * What a provider says of its protected resource.
 *
 * @typedef {object} ProviderFacts
 * @property {string | undefined} resource
 * @property {string[] | undefined} authorizationServers
 * @property {string[]} requiredScopes
 * @property {boolean} checksAudience whether each token that it accepts was issued for an audience
 *
 * @typedef {object} GateSettings
 * @property {string[]} requiredScopes
 * @property {((call: import("./scopes.js").ToolCall) => readonly string[] | undefined) | undefined} scopesOfTool
 * @property {import("./scopes.js").Grants} grants
 * @property {readonly string[] | ((claims: any) => readonly string[])} scopeClaims
 * @property {string | undefined} resource
 * @property {string | undefined} resourceMetadataUrl
 * @property {Readonly<Record<string, unknown>> | undefined} metadata
 * @property {string[]} metadataPaths
 * @property {boolean} optional
 * @property {import("./origin.js").OriginRules} originRules
 * @property {boolean} bindSessions
 * @property {import("../../index.js").SessionStore | undefined} sessionStore
 * @property {(request: any) => string | undefined} addressOf
 */

/**
 * @param {unknown} config
 * @param {ProviderFacts} provider
 * @returns {GateSettings}
 */
export function readGateOptions(config, provider) {
  requireObject(NAME, config);
  const options = readOptions(config, RESTRICTING_OPTIONS);
  checkUndefinedOptions(NAME, options, RESTRICTING_OPTIONS, false);
  // What is misspelled protects nothing, and no framework's habit has to be kept here.
  checkUnknownOptions(NAME, options, OPTIONS, true);
  const requiredScopes = scopesOption("requiredScopes", options.requiredScopes) ?? [];
  const published = readResource(options, provider, [
    ...new Set([...requiredScopes, ...provider.requiredScopes]),
  ]);
  if (published.resource !== undefined && !provider.checksAudience) {
    warn(
      "MCP_NATIVE_AUTH_AUDIENCE_UNCHECKED",
      `${NAME}: \`resource\` is set, but the provider accepts tokens for any audience; set \`audience\` of ` +
        "JWTAuthProvider to it (RFC 8707)",
    );
  }
  return {
    requiredScopes,
    scopesOfTool: toolScopesOption(options.toolScopes),
    grants: grantsBy(hierarchyOption(options.scopeHierarchy)),
    scopeClaims: scopeClaimsOption(options.scopeClaims),
    ...published,
    optional: booleanOption("optional", options.optional, false),
    originRules: {
      origins: listOption(
        "allowedOrigins",
        options.allowedOrigins,
        /^\*$/,
        ORIGIN,
        "https://app.example.com",
      ),
      hosts: listOption("allowedHosts", options.allowedHosts, HOST, HOST, "mcp.example.com"),
      resource: published.url,
    },
    bindSessions: booleanOption("bindSessions", options.bindSessions, true),
    sessionStore: storeOption(options.sessionStore),
    addressOf: addressOption(options.trustProxy),
  };
}

/** What is given here goes before what the provider has. */
function readResource(options, provider, requiredScopes) {
  const given = options.resource ?? provider.resource;
  const servers = options.authorizationServers ?? provider.authorizationServers;
  if (given === undefined || given === null) {
    const orphan = ["authorizationServers", "scopesSupported", "resourceName", "resourceDocumentation"].find(
      (name) => (options[name] ?? undefined) !== undefined,
    );
    if (orphan !== undefined) {
      throw invalid(`\`${orphan}\` has no effect without \`resource\`; add \`resource\` or remove it`);
    }
    return { resource: undefined, resourceMetadataUrl: undefined, metadata: undefined, metadataPaths: [] };
  }
  const resource = parseResource(given instanceof URL ? given.href : given);
  const locations = metadataLocations(resource);
  if (resource.url === undefined || locations === undefined) {
    throw invalid("`resource` must be the https URL of this server, such as https://mcp.example.com/mcp");
  }
  const { advice, issuers } = servers ? parseAuthorizationServers(servers) : { advice: [], issuers: [] };
  for (const sentence of options.resource ? [...resource.advice, ...advice] : []) {
    warn("MCP_NATIVE_AUTH_OAUTH_OPTION", `${NAME}: ${sentence}`);
  }
  if (issuers.length === 0) {
    // The MCP specification asks for at least one.
    return {
      resource: resource.id,
      url: resource.url,
      resourceMetadataUrl: undefined,
      metadata: undefined,
      metadataPaths: [],
    };
  }
  return {
    resource: resource.id,
    url: resource.url,
    resourceMetadataUrl: locations.inserted,
    metadata: resourceMetadata({
      resource,
      authorizationServers: issuers,
      scopesSupported: options.scopesSupported ?? (requiredScopes.length > 0 ? requiredScopes : undefined),
      resourceName: options.resourceName,
      resourceDocumentation: options.resourceDocumentation,
    }),
    metadataPaths: locations.paths,
  };
}

function invalid(message) {
  return codedError("ERR_MCP_AUTH_OPTION_INVALID", message);
}

function isNone(value) {
  return value === undefined || value === null;
}

function scopesOption(path, value) {
  if (isNone(value)) {
    return undefined;
  }
  const scopes = isArray(value) ? readArray(value, `\`${path}\``) : undefined;
  if (scopes === undefined || !scopes.every((scope) => typeof scope === "string" && SCOPE.test(scope))) {
    throw invalid(`\`${path}\` must be an array of scopes such as ["mcp"] (RFC 6749 §3.3)`);
  }
  return [...new Set(scopes)];
}

/** By the own names of an object, so that `constructor` is a tool like any other. */
function scopeMap(path, value, example) {
  const entries = readPlainObject(value);
  if (entries === undefined) {
    throw invalid(`\`${path}\` must be a plain object such as ${example}, or a function`);
  }
  return new Map(
    entries.map(([name, scopes]) => {
      if (scopes === undefined) {
        throw invalid(
          `\`${path}.${name}\` is undefined; is a variable missing? Pass [] if that is on purpose`,
        );
      }
      return [name, scopesOption(`${path}.${name}`, scopes) ?? []];
    }),
  );
}

function toolScopesOption(value) {
  if (isNone(value)) {
    return undefined;
  }
  if (typeof value === "function") {
    return (call) => readScopes(value(call));
  }
  const scopes = scopeMap("toolScopes", value, '{ write_file: ["files:write"] }');
  return ({ name }) => scopes.get(name);
}

/** What a function gives. A promise, or a name that was forgotten to be put in an array, is not "nothing". */
function readScopes(given) {
  if (isNone(given)) {
    return undefined;
  }
  if (!Array.isArray(given) || !given.every((scope) => typeof scope === "string" && SCOPE.test(scope))) {
    throw invalid("`toolScopes` must give an array of scopes, or undefined");
  }
  return given;
}

function hierarchyOption(value) {
  if (isNone(value) || typeof value === "function") {
    return value ?? undefined;
  }
  return Object.fromEntries(scopeMap("scopeHierarchy", value, '{ admin: ["files:write"] }'));
}

function scopeClaimsOption(value) {
  if (isNone(value)) {
    return DEFAULT_SCOPE_CLAIMS;
  }
  if (typeof value === "function") {
    return value;
  }
  const names = isArray(value) ? readArray(value, "`scopeClaims`") : undefined;
  if (!names?.length || !names.every((name) => typeof name === "string" && name !== "")) {
    throw invalid('`scopeClaims` must be an array of claim names such as ["scope", "scp"], or a function');
  }
  return names;
}

/** Origins or hosts, compared in lower case, as browsers and this package write them. */
function listOption(path, value, special, form, example) {
  if (isNone(value)) {
    return undefined;
  }
  const items = isArray(value) ? readArray(value, `\`${path}\``) : undefined;
  const isFitting = (item) =>
    typeof item === "string" && (special.test(item.toLowerCase()) || form.test(item.toLowerCase()));
  if (items === undefined || !items.every(isFitting)) {
    throw invalid(`\`${path}\` must be an array such as ["${example}"]`);
  }
  return new Set(items.map((item) => item.toLowerCase()));
}

function storeOption(value) {
  if (isNone(value)) {
    return undefined;
  }
  if (typeof value?.get !== "function" || typeof value.set !== "function") {
    throw invalid("`sessionStore` must have the methods `get(id)` and `set(id, principal)`");
  }
  return value;
}
