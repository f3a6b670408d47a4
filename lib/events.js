import diagnostics from "node:diagnostics_channel";
import { socketAddress } from "./throttle/client-address.js";

/**
 * Every decision, for whoever subscribes. Messages are documented in index.d.ts as AcceptedEvent and
 * RejectedEvent. They are frozen, so that no subscriber changes what the next one reads, and hold what
 * was proven, never what was presented: no credential, header or URL, and not the request that has them.
 */

// Kept here: Node forgets a channel that nobody holds.
const accepted = diagnostics.channel("mcp-native-auth:accepted");
const rejected = diagnostics.channel("mcp-native-auth:rejected");

/**
 * Publishes a decision and gives what `authenticate` resolves to. Without a subscriber nothing is built.
 *
 * @template T
 * @param {unknown} req
 * @param {true | { data: T } | string} decision what lets the request in, or the code of why not
 * @param {(decision: unknown) => { provider: string, keyId?: string }} describe the class that decided, and the id of the configured key that matched
 * @param {import("./throttle/throttle.js").Throttling} [throttling] where failures are counted
 * @returns {boolean | { data: T }}
 */
export function announced(req, decision, describe, throttling) {
  const isRefused = typeof decision === "string";
  if (isOverhearing && isHeard(req, decision, describe)) {
    return isRefused ? false : decision;
  }
  const channel = isRefused ? rejected : accepted;
  if (channel.hasSubscribers) {
    const remoteAddress = throttling === undefined ? socketAddress(req) : throttling.addressOf(req);
    const limiterError = throttling?.limiterError ?? false;
    const { provider, keyId } = describe(decision);
    // Exceptions of subscribers do not come back here: Node throws them again outside.
    channel.publish(
      Object.freeze(
        isRefused
          ? {
              provider,
              reason: decision,
              credentialReason: throttling?.credentialReason,
              keyId,
              remoteAddress,
              limiterError,
            }
          : { provider, keyId, subject: subjectOf(decision), remoteAddress, limiterError },
      ),
    );
  }
  return isRefused ? false : decision;
}

/** Notes the decision where somebody listens for it, who then publishes it. */
function isHeard(req, decision, describe) {
  const heard = placeToHear(req);
  if (heard !== undefined) {
    heard.decision = decision;
    heard.described = describe(decision);
  }
  return heard !== undefined;
}

/** Where a request keeps what is heard of it. */
const HEARD = Symbol("mcp-native-auth: heard");
let isOverhearing = false;

/**
 * Asks a provider in the name of another one, which publishes the decision: what one of this package
 * would publish meanwhile is heard instead.
 *
 * @template T
 * @param {unknown} req
 * @param {() => Promise<T>} ask
 * @returns {Promise<{ result: T, heard: { decision: unknown, described: object } | undefined }>} the decision that was heard last
 */
export async function overheard(req, ask) {
  isOverhearing = true;
  const before = placeToHear(req);
  const place = {};
  listenAt(req, place);
  try {
    const result = await ask();
    return { result, heard: "decision" in place ? place : undefined };
  } finally {
    listenAt(req, before);
  }
}

function placeToHear(req) {
  try {
    return req[HEARD];
  } catch {
    // A request object that throws when it is read.
    return undefined;
  }
}

function listenAt(req, place) {
  try {
    req[HEARD] = place;
  } catch {
    // One that takes no property: the decision is published twice.
  }
}

/** The verified `sub`. */
function subjectOf({ data }) {
  const subject = data !== undefined && Object.hasOwn(data, "sub") ? data.sub : undefined;
  return typeof subject === "string" ? subject : undefined;
}
