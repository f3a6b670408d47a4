/** What is published of decisions. */

import diagnostics from "node:diagnostics_channel";
import { afterEach, beforeEach } from "node:test";

const NAMES = ["mcp-native-auth:accepted", "mcp-native-auth:rejected"];

function subscribe(take) {
  for (const name of NAMES) diagnostics.subscribe(name, take);
}

function unsubscribe(take) {
  for (const name of NAMES) diagnostics.unsubscribe(name, take);
}

/** The events of what `run` does. */
export async function eventsOf(run) {
  const events = [];
  const take = (message) => events.push(message);
  subscribe(take);
  try {
    await run();
  } finally {
    unsubscribe(take);
  }
  return events;
}

/** Fills a list with the events of each test, as `shape` makes them of the message and the channel's name. */
export function recordEvents(events, shape = (message) => message) {
  const take = (message, name) => events.push(shape(message, name));
  beforeEach(() => {
    events.length = 0;
    subscribe(take);
  });
  afterEach(() => unsubscribe(take));
}
