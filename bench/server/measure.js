// Servers that do the same work, side by side: each takes turns of a tenth of a second, which alternate with the
// others' turns, so that whatever else the machine does falls on all of them alike.

import { openClients } from "./clients.js";

export const IN_FLIGHT = 16;
const TURN_MS = 100;
const REQUESTS_PER_TURN_LIMIT = 20_000;

/**
 * What `servers` make of credentials that are due `verdict`, `{ [provider]: result }`, each over
 * `turns` turns and after `warmUpRequests` requests.
 */
export async function measure({ transport, verdict, servers, credentials, turns, warmUpRequests }) {
  const lanes = [];
  try {
    for (const server of servers) {
      lanes.push(await openLane({ transport, verdict, server, credentials }));
    }
    for (const lane of lanes) await askWithEachCredential(lane, credentials[verdict].length);
    await warmUp(lanes, warmUpRequests);
    for (const lane of lanes) lane.cpuBefore = await lane.server.cpuMs();
    for (let turn = 0; turn < turns; turn++) {
      // There and back again, so that nobody has always the same predecessor.
      for (const lane of turn % 2 === 0 ? lanes : lanes.toReversed()) lane.turns.push(await takeTurn(lane));
    }
    return Object.fromEntries(await Promise.all(lanes.map(resultOf)));
  } finally {
    for (const { close } of lanes) close();
  }
}

async function openLane({ transport, verdict, server, credentials }) {
  const { accepted, rejected, rejection } = credentials;
  const { clients, close } = await openClients({
    transport,
    port: server.port,
    count: IN_FLIGHT,
    admission: accepted[0],
    credentials: verdict === "accepted" ? accepted : rejected,
    rejection: verdict === "accepted" ? undefined : rejection,
  });
  return { server, clients, close, asked: 0, turns: [] };
}

// Clients throw at any answer but the due one: nothing is timed that was not seen to be right.
async function askWithEachCredential({ clients }, credentialCount) {
  for (let turn = 0; turn < Math.max(credentialCount, clients.length); turn++) {
    await clients[turn % clients.length](turn);
  }
}

// Counted in requests, so that each server has compiled and optimized as much as the others; and in turns, because a
// server closes connections that it has not heard from for five seconds: those that are done go on with a few requests.
async function warmUp(lanes, requests) {
  const left = new Map(lanes.map((lane) => [lane, requests]));
  while ([...left.values()].some((count) => count > 0)) {
    for (const [lane, count] of left) {
      const { latencies } = await takeTurn(lane, Math.max(count, IN_FLIGHT));
      left.set(lane, count - latencies.length);
    }
  }
}

/** A closed loop: each client asks again as soon as it is answered. What is under way at the end is waited for. */
async function takeTurn(lane, requests = REQUESTS_PER_TURN_LIMIT) {
  const latencies = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const ends = lane.clients.map(async (ask) => {
    let now = start;
    while (now < start + TURN_MS && latencies.length < requests) {
      const asked = now;
      await ask(lane.asked++);
      now = performance.now();
      latencies.push(now - asked);
    }
    return now;
  });
  const elapsed = Math.max(...(await Promise.all(ends))) - start;
  const { user, system } = process.cpuUsage(cpu);
  return { latencies, elapsed, clientCpu: (user + system) / 1000 };
}

async function resultOf({ server, turns, cpuBefore }) {
  const serverCpu = (await server.cpuMs()) - cpuBefore;
  const latencies = turns.flatMap((turn) => turn.latencies);
  const elapsed = sum(turns.map((turn) => turn.elapsed));
  const result = {
    latencies,
    requestsPerSecond: (latencies.length / elapsed) * 1000,
    serverCpuMicros: (serverCpu / latencies.length) * 1000,
    serverBusy: serverCpu / elapsed,
    clientBusy: sum(turns.map((turn) => turn.clientCpu)) / elapsed,
  };
  return [server.provider, result];
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
