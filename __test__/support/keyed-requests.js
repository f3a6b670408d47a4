/** Requests that carry an API key, and what is published of them. */

import { eventsOf } from "./events.js";

/** As Node's server gives it, of a client at this address. */
export function withKey(key) {
  return { headers: { "x-api-key": key }, url: "/mcp", socket: { remoteAddress: "192.0.2.7" } };
}

/** The answer of a provider to a key, and the reason and key id of its event. */
export async function outcomeOf(provider, key) {
  let answer;
  const [{ reason, keyId }] = await eventsOf(async () => {
    answer = await provider.authenticate(withKey(key));
  });
  return { answer, reason, keyId };
}

/** `true` or `{ data }`, or the reason of a refusal. */
export async function verdictOn(provider, key) {
  const { answer, reason } = await outcomeOf(provider, key);
  return answer === false ? reason : answer;
}
