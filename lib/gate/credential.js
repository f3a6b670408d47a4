import { isBearer } from "../core/challenge.js";
import { socketAddress } from "../core/request.js";

/** RFC 6750 §2.1: one word. What characters it may have is the provider's business: API keys are sent so too. */
const ONE_WORD = /^Bearer +[^\s,]+ *$/i;

/** Never a way in here: RFC 6750 §2.3 is gone from OAuth 2.1, §5.1. */
const QUERY_PARAMETER = "access_token";

/**
 * Whether the credential is malformed, or sent in more than one place, so that servers could read different ones.
 * RFC 6750 §2, §3.1.
 *
 * @param {import("./gate.js").GateRequest} request
 */
export function credentialFault({ headers: { authorization }, url, isRepeated }) {
  if (isRepeated) {
    return true;
  }
  if (!isBearer(authorization) && !/^bearer$/i.test(authorization)) {
    return false;
  }
  if (!ONE_WORD.test(authorization)) {
    return true;
  }
  const query = url.indexOf("?");
  return query !== -1 && new URLSearchParams(url.slice(query)).has(QUERY_PARAMETER);
}

/**
 * A request as providers read it: `Bearer` in exactly this case, which some of them insist on (RFC 9110 §11.1 does
 * not), and the address that the gate knows. The request itself where nothing changes: a provider of somebody else may
 * read more of it.
 *
 * @param {import("./gate.js").GateRequest} request
 * @param {(view: any) => string | undefined} addressOf
 * @returns {import("../core/request.js").RequestView}
 */
export function normalize({ headers, view }, addressOf) {
  const { authorization } = headers;
  const isWritten = !isBearer(authorization) || /^Bearer [^ ]+$/.test(authorization);
  if (isWritten && addressOf === socketAddress) {
    return view;
  }
  const [, token] = isWritten ? [] : authorization.trim().split(/ +/);
  return Object.create(view, {
    headers: { value: isWritten ? headers : { ...headers, authorization: `Bearer ${token}` } },
    ...(addressOf !== socketAddress && { socket: { value: { remoteAddress: addressOf(view) } } }),
  });
}
