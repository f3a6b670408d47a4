/** Requests that carry an API key, and what is published of them. */

import diagnostics from "node:diagnostics_channel";

/** As Node's server gives it, of a client at this address. */
export function withKey(key) {
  return { headers: { "x-api-key": key }, url: "/mcp", socket: { remoteAddress: "192.0.2.7" } };
}

/** The answer of a provider to a key, and the reason and key id of its event. */
export async function outcomeOf(provider, key) {
  const events = [];
  const take = ({ reason, keyId }) => events.push({ reason, keyId });
  const names = ["mcp-native-auth:accepted", "mcp-native-auth:rejected"];
  for (const name of names) diagnostics.subscribe(name, take);
  try {
    const answer = await provider.authenticate(withKey(key));
    const [{ reason, keyId }] = events;
    return { answer, reason, keyId };
  } finally {
    for (const name of names) diagnostics.unsubscribe(name, take);
  }
}

/** `true` or `{ data }`, or the reason of a refusal. */
export async function verdictOn(provider, key) {
  const { answer, reason } = await outcomeOf(provider, key);
  return answer === false ? reason : answer;
}
