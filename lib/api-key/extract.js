/**
 * Where a request carries its API key. The order and the leniency are the framework's, case by case, so that what is
 * accepted there is accepted here.
 */

import { bearerText } from "../core/challenge.js";

/** The header that is always read for API keys, next to the configured one. */
const DEFAULT_HEADER = "x-api-key";

/**
 * What a request presents as API key: any falsy value if there is none.
 *
 * The first header, in the order of the request, that is the configured one or `x-api-key`; if it is absent or empty,
 * `Authorization: Bearer <key>`; then, unless switched off, the query parameter `api_key` or `apiKey`.
 *
 * @param {import("../core/request.js").RequestView} request
 * @param {string} headerName lower case
 * @param {boolean} queryFallback
 * @returns {unknown}
 */
export function extractApiKey(request, headerName, queryFallback) {
  const { headers } = request;
  return (
    headerKey(headers, headerName) ||
    bearerText(headers.authorization) ||
    (queryFallback && queryKey(request))
  );
}

function headerKey(headers, headerName) {
  for (const name of Object.keys(headers)) {
    const lowerCase = name.toLowerCase();
    if (lowerCase === headerName || lowerCase === DEFAULT_HEADER) {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    }
  }
  return undefined;
}

function queryKey(request) {
  if (!request.url) {
    return undefined;
  }
  let searchParams;
  try {
    // Not `URL.canParse`: once optimised, Node 20's says no to hosts that `new URL` takes.
    ({ searchParams } = new URL(request.url, `http://${request.headers.host || "localhost"}`));
  } catch {
    return undefined;
  }
  return searchParams.get("api_key") || searchParams.get("apiKey");
}
