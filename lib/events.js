import diagnostics from "node:diagnostics_channel";
import { socketAddress } from "./client-address.js";

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
 * @param {(decision: unknown, req: unknown) => { provider: string, keyId?: string }} describe the class that decided, and the id of the configured key that matched
 * @param {import("./throttle.js").Throttling} [throttling] where failures are counted
 * @returns {boolean | { data: T }}
 */
export function announced(req, decision, describe, throttling) {
  const isRefused = typeof decision === "string";
  const channel = isRefused ? rejected : accepted;
  if (channel.hasSubscribers) {
    const remoteAddress = throttling === undefined ? socketAddress(req) : throttling.addressOf(req);
    const limiterError = throttling?.limiterError ?? false;
    const { provider, keyId } = describe(decision, req);
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

/** The verified `sub`. */
function subjectOf({ data }) {
  const subject = data !== undefined && Object.hasOwn(data, "sub") ? data.sub : undefined;
  return typeof subject === "string" ? subject : undefined;
}
