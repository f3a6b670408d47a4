/**
 * What is expected of one question by the documentation:
 *
 * - `ours`: whether ours accepts; `undefined` where the documentation leaves it open
 * - `theirs`: whether the framework does, if that is known
 * - `stricter`, `lenient`: the names of the differences that explain a framework which accepts what
 *   ours rejects, and the other way round
 * - `data`: what is handed on, if ours accepts
 */

import { presentedToken } from "./reference-options.js";
import { readToken } from "./reference-token.js";
import { ask } from "./verdict.js";

const REFUSED = { ours: false, stricter: [], lenient: [] };

/** Of a request with a token. */
export function expectedOfToken(request, meaning, now) {
  const { token, unreadable, anyCase } = presentedToken(request, meaning);
  if (unreadable) {
    return { ...REFUSED, stricter: ["requestUnreadable"] };
  }
  if (meaning.key === undefined) {
    return expectedOfOpenKey(token, meaning, now);
  }
  const reading = readToken(token, meaning, now);
  const accepts = reading.rejection === undefined;
  const isEdDsa = reading.alg === "EdDSA" || reading.alg === "Ed25519";
  const { differences } = meaning;
  return {
    ours: accepts && reading.stricter.length === 0,
    theirs: differences.length > 0 ? undefined : accepts && !isEdDsa && !anyCase,
    stricter: [...reading.stricter, ...differences],
    lenient: [...(isEdDsa ? ["edDsa"] : []), ...(anyCase ? ["schemeInAnyCase"] : []), ...differences],
    data: reading.data,
  };
}

/** Whichever key was read, the token must be genuine under one of those that may have been. */
function expectedOfOpenKey(token, meaning, now) {
  const readings = meaning.keys
    .map((key) => readToken(token, { ...meaning, key }, now))
    .filter(({ rejection }) => rejection === undefined);
  const genuine = readings.find(({ stricter }) => stricter.length === 0);
  return {
    ours: genuine ? undefined : false,
    stricter: [...(readings[0]?.stricter ?? []), ...meaning.differences],
    lenient: meaning.differences,
    data: genuine?.data,
  };
}

/**
 * Of a request with an API key: what the framework says of the same request and configuration with
 * what it stumbles over or does not know removed.
 *
 * @param {() => unknown} request
 * @param {object} meaning of the configuration
 * @param {object} plain the framework's provider of what the configuration means
 */
export async function expectedOfApiKey(request, meaning, plain) {
  const { differences } = meaning;
  const { verdict, threw } = await ask(plain, withoutObstacles(request(), meaning.queryFallback));
  if (threw) {
    return { ...REFUSED, stricter: ["requestUnreadable"] };
  }
  const accepts = verdict === true && carriesKey(request(), meaning);
  return {
    ours: accepts,
    // Both accept what is not there: the framework is no judge of itself.
    theirs: verdict === true && !accepts ? false : undefined,
    stricter: [...differences, "frameworkThrows"],
    lenient: [...differences, "frameworkThrows"],
  };
}

/** The framework asks for a socket and turns every header into JSON, for its log. */
function withoutObstacles(request, queryFallback) {
  if (typeof request?.headers !== "object" || request.headers === null) {
    return request;
  }
  const prototype = Object.getPrototypeOf(request.headers);
  const entries = Object.entries(request.headers).map(([name, value]) => [name, expressible(value)]);
  const url = queryFallback ? request.url : undefined;
  return { headers: Object.assign(Object.create(prototype), Object.fromEntries(entries)), url, socket: {} };
}

/** A value of which the framework thinks the same, and that JSON can express. */
function expressible(value) {
  if (typeof value === "bigint") {
    return Number(value);
  }
  if (Array.isArray(value)) {
    return value.map(expressible);
  }
  return value?.self === value && value ? {} : value;
}

/** Whether one of the keys stands anywhere in the request, as it is. */
function carriesKey({ headers, url }, { keys, queryFallback }) {
  const values = Object.values(headers).map((value) => (Array.isArray(value) ? value[0] : value));
  const ofBearer = [headers.authorization]
    .filter((value) => typeof value === "string")
    .map((value) => value.slice(7).trim());
  const ofQuery = queryFallback ? queryValues(url, headers.host) : [];
  return [...values, ...ofBearer, ...ofQuery].some((value) => keys.includes(value));
}

function queryValues(url, host) {
  try {
    return [...new URL(url, `http://${host || "localhost"}`).searchParams.values()];
  } catch {
    return [];
  }
}
