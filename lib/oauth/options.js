import {
  booleanOption,
  canHoldOptions,
  checkUnknownOptions,
  integerOption,
  isArray,
  readArray,
  readOptions,
} from "../core/options.js";
import { warn } from "../core/warnings.js";
import { optionError } from "./errors.js";
import { parseIssuerOption } from "./metadata.js";
import { parseAuthorizationServers, parseResource } from "./resource-metadata.js";
import { isLoopback, parseUrlOption } from "./urls.js";

export const DEFAULT_ALGORITHMS = ["RS256", "ES256"];
const SUPPORTED = /^(?:RS|PS|ES)(?:256|384|512)$|^Ed(?:DSA|25519)$/;
export const HMAC = /^HS(?:256|384|512)$/;

export const VALIDATION_OPTIONS = [
  "type",
  "issuer",
  "audience",
  "jwksUri",
  "algorithms",
  "introspection",
  "allowIdTokens",
  "rejectBoundTokens",
];
const INTROSPECTION_OPTIONS = [
  "endpoint",
  "clientId",
  "clientSecret",
  "cacheTTL",
  "authMethod",
  "tokenTypeHint",
];
const DEFAULT_CACHE_TTL_MS = 300_000;
const MAX_CACHE_TTL_MS = 86_400_000;

/**
 * One authorization server with its keys or its introspection endpoint.
 *
 * @typedef {object} Validation
 * @property {"jwt" | "introspection"} type
 * @property {string[]} issuers
 * @property {string[] | null} audiences `null` accepts any
 * @property {string | undefined} jwksUri `undefined` to discover it
 * @property {string[]} algorithms
 * @property {Record<string, any> | undefined} introspection
 * @property {boolean} allowIdTokens
 * @property {boolean} rejectBound
 *
 * @typedef {object} OAuthConfig
 * @property {import("./resource-metadata.js").Resource} resource
 * @property {string[]} authorizationServers
 * @property {Validation[]} validations
 * @property {boolean} requireHttps
 */

/**
 * Reads what is particular to OAuth. Documented in index.d.ts.
 *
 * @param {string} owner name of the class
 * @param {Record<string, any>} options
 * @param {boolean} strict
 * @returns {OAuthConfig}
 */
export function readOAuthConfig(owner, options, strict) {
  const servers = parseAuthorizationServers(options.authorizationServers);
  const resource = parseResource(options.resource);
  const requireHttps = booleanOption("requireHttps", options.requireHttps, strict);
  const advice = [...servers.advice, ...resource.advice];
  const context = { owner, strict, requireHttps, resource, servers: servers.issuers, advice };
  const validations = readValidations(options.validation, context);
  const claimed = new Set();
  for (const issuer of validations.flatMap(({ issuers }) => issuers)) {
    if (claimed.has(issuer)) {
      throw optionError("`validation` names an issuer twice; give each issuer one entry");
    }
    claimed.add(issuer);
  }
  if (advice.length > 0) {
    warn("MCP_NATIVE_AUTH_OAUTH_OPTION", `${owner}: ${[...new Set(advice)].join(". ")}`);
  }
  return { resource, authorizationServers: servers.issuers, validations, requireHttps };
}

/** @returns {Validation[]} */
function readValidations(value, context) {
  if (value === undefined || value === null) {
    return context.servers.map((issuer) => readValidation({ issuer }, "validation", context));
  }
  if (isArray(value)) {
    if (value.length === 0) {
      throw optionError("`validation` is empty; add an entry for each issuer or remove it");
    }
    return readArray(value, "`validation`").map((entry, index) =>
      readValidation(entry, `validation[${index}]`, context),
    );
  }
  return [readValidation(value, "validation", context)];
}

/** @returns {Validation} */
function readValidation(value, path, context) {
  if (!canHoldOptions(value)) {
    throw optionError(`\`${path}\` must be an object such as { type: "jwt", issuer, audience, jwksUri }`);
  }
  const given = readOptions(value, VALIDATION_OPTIONS);
  checkUnknownOptions(`${context.owner}: \`${path}\``, given, VALIDATION_OPTIONS, context.strict);
  // Next to `introspection`, leaving the type out is a mistake: the block would be ignored.
  const type = given.type ?? (given.introspection === undefined ? "jwt" : undefined);
  if (type !== "jwt" && type !== "introspection") {
    throw optionError(`\`${path}.type\` must be "jwt" or "introspection"`);
  }
  const isJwt = type === "jwt";
  return {
    type,
    issuers: readIssuers(given, path, context),
    audiences: readAudiences(given, path, context),
    jwksUri: isJwt ? readJwksUri(given, path, context) : undefined,
    algorithms: isJwt ? readAlgorithms(given.algorithms, path, context) : [],
    introspection: isJwt ? undefined : readIntrospection(given.introspection, path, context),
    allowIdTokens: booleanOption(`${path}.allowIdTokens`, given.allowIdTokens, false),
    rejectBound: booleanOption(`${path}.rejectBoundTokens`, given.rejectBoundTokens, false),
  };
}

function readIssuers(given, path, { servers, requireHttps }) {
  if (!Object.hasOwn(given, "issuer")) {
    if (servers.length > 1) {
      throw optionError(`\`${path}.issuer\` must be given where there are several \`authorizationServers\``);
    }
    return servers;
  }
  const issuers = readNames(given.issuer, `${path}.issuer`);
  if (issuers.some((issuer) => /[*{}]/.test(issuer))) {
    // The native core reads them as patterns, but here `iss` says whose keys are used.
    throw optionError(
      `\`${path}.issuer\` must not have \`*\` or braces: each issuer is one; for all tenants of one, use JWTAuthProvider with \`jwksUri\``,
    );
  }
  if (!Object.hasOwn(given, "jwksUri") && given.introspection?.endpoint === undefined) {
    if (issuers.length > 1) {
      throw optionError(
        `\`${path}.issuer\` must be one issuer where its keys are discovered; add an entry for each`,
      );
    }
    parseIssuerOption(`${path}.issuer`, issuers[0], { requireHttps });
  }
  return issuers;
}

function readAudiences(given, path, { resource, advice }) {
  if (!Object.hasOwn(given, "audience")) {
    return [resource.id];
  }
  if (given.audience === "*") {
    advice.push(`\`${path}.audience\` is "*", so access tokens for other servers of the issuer are accepted`);
    return null;
  }
  const audiences = readNames(given.audience, `${path}.audience`);
  if (audiences.includes("*")) {
    throw optionError(`\`${path}.audience\` must be "*" itself, not in an array, or names`);
  }
  return audiences;
}

function readNames(value, path) {
  const list = typeof value === "string" ? [value] : value;
  if (!isArray(list) || list.length === 0) {
    throw optionError(`\`${path}\` must be a non-empty string or an array of such strings`);
  }
  return readArray(list, `\`${path}\``).map((name) => {
    if (typeof name !== "string" || name === "" || !name.isWellFormed()) {
      throw optionError(`\`${path}\` must be a non-empty string or an array of such strings`);
    }
    return name;
  });
}

function readJwksUri(given, path, { requireHttps, advice }) {
  if (!Object.hasOwn(given, "jwksUri")) {
    return undefined;
  }
  if (!given.jwksUri) {
    // The framework's sentence. To discover the URL, leave the option out.
    throw optionError("OAuth JWT validation requires jwksUri");
  }
  return readUrl(given.jwksUri, `${path}.jwksUri`, requireHttps, advice);
}

/**
 * A URL that is asked for keys or about tokens.
 *
 * @param {any} value
 * @param {string} path
 * @param {boolean} requireHttps
 * @param {string[]} advice gets a sentence for one that works but is not advisable
 */
export function readUrl(value, path, requireHttps, advice) {
  const url = parseUrlOption(path, value, { requireHttps });
  if (url.protocol === "http:" && !isLoopback(url)) {
    advice.push(`\`${path}\` should be an https URL: anyone on the way can answer in its place`);
  }
  return value;
}

function readAlgorithms(value, path, { advice }) {
  if (value === undefined || value === null || value === "") {
    return DEFAULT_ALGORITHMS;
  }
  const names = readNames(value, `${path}.algorithms`);
  const unsupported = names.find((name) => !SUPPORTED.test(name) && !HMAC.test(name));
  if (unsupported !== undefined) {
    throw optionError(
      `\`${path}.algorithms\` must name algorithms such as "RS256", "PS256", "ES256" or "EdDSA"`,
    );
  }
  const usable = names.filter((name) => SUPPORTED.test(name));
  if (usable.length === 0) {
    throw optionError(`\`${path}.algorithms\` must name an algorithm with a public key, such as "RS256"`);
  }
  if (usable.length < names.length) {
    advice.push(`\`${path}.algorithms\`: HMAC algorithms are never accepted; remove them`);
  }
  return usable;
}

function readIntrospection(value, path, { owner, strict, requireHttps, advice }) {
  if (!canHoldOptions(value)) {
    throw optionError("OAuth introspection validation requires introspection config");
  }
  const given = readOptions(value, INTROSPECTION_OPTIONS);
  checkUnknownOptions(`${owner}: \`${path}.introspection\``, given, INTROSPECTION_OPTIONS, strict);
  const { endpoint, cacheTTL } = given;
  if (Object.hasOwn(given, "endpoint")) {
    readUrl(endpoint, `${path}.introspection.endpoint`, requireHttps, advice);
  }
  const cacheTtlMs = integerOption(
    `${path}.introspection.cacheTTL`,
    cacheTTL,
    DEFAULT_CACHE_TTL_MS,
    MAX_CACHE_TTL_MS,
  );
  return { ...given, cacheTtlMs, path: `${path}.introspection` };
}
