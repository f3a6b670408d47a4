/**
 * Where a request carries its API key. The order and the leniency are the framework's, case by
 * case, so that whoever is let in there is let in here.
 */

/** The header that is always accepted for API keys beside the configured one. */
const ALWAYS_ACCEPTED = "x-api-key";

/**
 * What a request presents as API key: any value if it is not one.
 *
 * The first header, in the order of the request, that is the configured one or `x-api-key`; if it is
 * absent or empty, `Authorization: Bearer <key>`; then, unless switched off, the query parameter
 * `api_key` or `apiKey`.
 *
 * @param {import("node:http").IncomingMessage} req
 * @param {string} headerName lower case
 * @param {boolean} queryFallback
 * @returns {unknown}
 */
export function presentedApiKey(req, headerName, queryFallback) {
  const { headers } = req;
  return (
    keyHeader(headers, headerName) || bearerKey(headers.authorization) || (queryFallback && queryKey(req))
  );
}

/** The token in a header's value, with `Bearer` or without; falsy, but not `undefined`, if there is none. */
export function presentedToken(value) {
  return typeof value === "string" ? value.replace(/^bearer /i, "").trim() : false;
}

function keyHeader(headers, headerName) {
  for (const name of Object.keys(headers)) {
    const lowerCase = name.toLowerCase();
    if (lowerCase === headerName || lowerCase === ALWAYS_ACCEPTED) {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    }
  }
  return undefined;
}

function bearerKey(authorization) {
  return typeof authorization === "string" && authorization.startsWith("Bearer ")
    ? authorization.slice(7).trim()
    : undefined;
}

function queryKey(req) {
  if (!req.url) {
    return undefined;
  }
  let searchParams;
  try {
    // Not `URL.canParse`: once optimised, Node 20's says no to hosts that `new URL` takes.
    ({ searchParams } = new URL(req.url, `http://${req.headers.host || "localhost"}`));
  } catch {
    return undefined;
  }
  return searchParams.get("api_key") || searchParams.get("apiKey");
}
