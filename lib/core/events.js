import diagnostics from "node:diagnostics_channel";
import { debuglog } from "node:util";
import { socketAddress } from "./request.js";

/**
 * Every decision, for monitoring. Messages are documented in index.d.ts as AcceptedEvent and RejectedEvent. They are
 * frozen, so that no subscriber changes what the next one reads, and hold what was proven, never what was
 * presented: no credential, header or URL, and not the request that has them.
 */

// Kept here: Node forgets a channel that nothing holds.
const accepted = diagnostics.channel("mcp-native-auth:accepted");
const rejected = diagnostics.channel("mcp-native-auth:rejected");
const reloaded = diagnostics.channel("mcp-native-auth:reloaded");
const reloadFailed = diagnostics.channel("mcp-native-auth:reload-failed");

/** `NODE_DEBUG=mcp-native-auth` prints a line for each rejection. */
const debug = debuglog("mcp-native-auth");

export function areRejectionsLogged() {
  return debug.enabled;
}

/** Whether anything looks at rejections. */
export function areRejectionsObserved() {
  return rejected.hasSubscribers || debug.enabled;
}

/**
 * Without a subscriber, nothing is read or built.
 *
 * @param {import("./verdict.js").Verdict} verdict
 * @param {import("./request.js").RequestView} request
 * @param {import("./authenticator.js").Attempt} [attempt] where the address was noted
 */
export function publishVerdict(verdict, request, attempt) {
  if (!verdict.accepted && debug.enabled) {
    logRejection(verdict, request, attempt);
  }
  const channel = verdict.accepted ? accepted : rejected;
  if (!channel.hasSubscribers) {
    return;
  }
  const { provider, keyId } = verdict;
  const remoteAddress = attempt === undefined ? socketAddress(request) : attempt.address;
  const limiterError = attempt?.limiterError ?? false;
  const event = verdict.accepted
    ? { provider, keyId, subject: subjectOf(verdict.data), remoteAddress, limiterError }
    : {
        provider,
        reason: verdict.reason,
        credentialReason: verdict.credentialReason,
        keyId,
        remoteAddress,
        limiterError,
      };
  // Exceptions of subscribers do not come back here: Node throws them again outside.
  channel.publish(Object.freeze(event));
}

function logRejection({ provider, reason, credentialReason, status, detail }, request, attempt) {
  const address = attempt === undefined ? socketAddress(request) : attempt.address;
  debug(
    "%s rejected a request from %s with %d: %s%s%s; see docs/monitoring.md#reasons",
    provider,
    address ?? "an unknown address",
    status,
    reason,
    credentialReason === undefined ? "" : ` after ${credentialReason}`,
    detail === undefined ? "" : `, ${detail}`,
  );
}

/**
 * @param {object} event
 * @param {string} event.provider
 * @param {number} event.keys in use
 * @param {number} event.failures loads that failed since the last good one
 * @param {number} event.leftOut rows that are not used
 * @param {readonly { readonly index: number, readonly message: string }[]} event.firstLeftOut
 */
export function publishReloaded(event) {
  if (reloaded.hasSubscribers) {
    reloaded.publish(Object.freeze(event));
  }
}

/** @param {{ provider: string, failures: number, message: string, usingStaleKeys: boolean }} event */
export function publishReloadFailed(event) {
  if (reloadFailed.hasSubscribers) {
    reloadFailed.publish(Object.freeze(event));
  }
}

/** The verified `sub`. */
function subjectOf(data) {
  const subject = data !== undefined && Object.hasOwn(data, "sub") ? data.sub : undefined;
  return typeof subject === "string" ? subject : undefined;
}
