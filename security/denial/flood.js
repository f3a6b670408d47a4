/** Good clients of real servers while others flood these with bad credentials. */

import { setTimeout as sleep } from "node:timers/promises";
import { API_KEY, FRAMEWORK, HTTP_STREAM, OURS, SSE } from "../../bench/server/names.js";
import { startChild } from "./child.js";
import { attackOn } from "./flood-credentials.js";
import { connectGoodClients } from "./good-clients.js";

const CELLS = [
  { transport: HTTP_STREAM, credential: "HS256" },
  { transport: HTTP_STREAM, credential: API_KEY },
  { transport: HTTP_STREAM, credential: "ES256" },
  { transport: SSE, credential: "RS256" },
];

const CONNECTIONS = 64;
/** So that a connection has its next request with the server while it waits for an answer. */
const DEPTH = 2;
const WARM_UP_MS = 1500;
const QUIET_MS = 1500;
const FLOOD_MS = 2500;
const LATER_MS = 200;

/** What garbage and the system's own books leave behind, in bytes; nothing may stay open. */
export const MAX_GROWTH = { used: 2 * 1024 * 1024, rss: 64 * 1024 * 1024, descriptors: 0 };
const SETTLING_LIMIT_MS = 5000;

/**
 * @typedef {object} Phase
 * @property {{ latencies: number[], failures: string[] }} good clients
 * @property {import("./flooder.js").FloodReport} [bad] the flood, if there was one
 *
 * @typedef {object} Side what one library's server went through
 * @property {Phase} quiet without a flood
 * @property {Phase} full with bad requests as fast as they are answered
 * @property {Phase} paced with as many bad requests per second as the other library's server gets
 * @property {Phase} later clients that connect after all that
 * @property {{ used: number, rss: number, descriptors: number }} growth
 * @property {number | null} exitCode of the server when it was told to close
 *
 * @typedef {object} FloodOutcome
 * @property {string} transport
 * @property {string} credential
 * @property {number} pace bad requests per second of the paced flood
 * @property {Record<string, Side>} sides by library
 */

/** @returns {AsyncGenerator<FloodOutcome>} */
export async function* floodServers() {
  for (const { transport, credential } of CELLS) {
    const attack = attackOn(credential, transport);
    const servers = [];
    try {
      for (const library of [FRAMEWORK, OURS])
        servers.push(await startServer({ transport, library, attack }));
      const capacities = [];
      for (const { url } of servers) capacities.push(await warmUp(url, attack));
      // Between what one can reject and what the other can, as many times the one as a part of the other.
      const pace = Math.round(Math.sqrt(capacities[0] * capacities[1]));
      const sides = {};
      for (const server of servers) sides[server.library] = await sideOf(server, transport, attack, pace);
      yield { transport, credential, pace, sides };
    } finally {
      await Promise.all(servers.map(({ stop }) => stop()));
    }
  }
}

async function startServer({ transport, library, attack: { kind, config } }) {
  const server = startChild("server-child.js", ["--expose-gc"]);
  const { url } = await server.ask({ transport, library, kind, config });
  return { ...server, library, url };
}

/** Bad requests per second that the server can reject. */
async function warmUp(url, attack) {
  const { bad } = await flooded(url, attack, undefined, () => sleep(WARM_UP_MS));
  return bad.perSecond;
}

async function sideOf({ ask, stop, url }, transport, attack, pace) {
  const connect = () => connectGoodClients({ transport, url, good: attack.good, identity: attack.identity });
  const before = await settled(ask);
  const clients = await connect();
  const call = (milliseconds) => () => clients.callFor(milliseconds);
  const quiet = { good: await clients.callFor(QUIET_MS) };
  const full = await flooded(url, attack, undefined, call(FLOOD_MS));
  const paced = await flooded(url, attack, pace, call(FLOOD_MS));
  await clients.close();
  const after = await settled(ask, before.descriptors);
  const growth = Object.fromEntries(
    Object.keys(MAX_GROWTH).map((name) => [name, after[name] - before[name]]),
  );
  const latecomers = await connect();
  const later = { good: await latecomers.callFor(LATER_MS) };
  await latecomers.close();
  return { quiet, full, paced, later, growth, exitCode: await stop() };
}

/** What `during()` sees as `good`, and the report of the flood as `bad`. */
async function flooded(url, { requests, rejection }, perSecond, during) {
  const flooder = startChild("flooder-child.js");
  try {
    const port = Number(new URL(url).port);
    await flooder.ask({ port, requests, rejection, perSecond, connections: CONNECTIONS, depth: DEPTH });
    const good = await during();
    return { good, bad: await flooder.ask("stop") };
  } finally {
    await flooder.stop();
  }
}

/** The server's vitals once it has seen that its clients are gone. */
async function settled(ask, descriptors = Number.POSITIVE_INFINITY) {
  const limit = performance.now() + SETTLING_LIMIT_MS;
  for (;;) {
    await sleep(250);
    const vitals = await ask("vitals");
    if (vitals.descriptors <= descriptors || performance.now() > limit) return vitals;
  }
}
