import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { isDeepStrictEqual } from "node:util";
import * as framework from "mcp-framework";
import * as ours from "mcp-native-auth";
import { ask } from "./client.js";
import { freePort, running } from "./running.js";
import { whoamiServer } from "./server.js";

/** Puts each row of a round to a server with our provider, and to one with the framework's. */
export async function compare({ type, provider, rows }) {
  const server = await start(type, () => provider(ours));
  const theirs = await start(type, () => provider(framework));
  try {
    const outcomes = [];
    for (const row of rows) {
      const { result, why } = await withReason(() => ask({ type, url: server.url }, row.credential));
      const seen = outcome(result);
      const { status: frameworkStatus } = outcome(await ask({ type, url: theirs.url }, row.credential));
      outcomes.push({
        ...row,
        ...seen,
        exchanges: result.exchanges,
        why,
        frameworkStatus,
        asExpected:
          why === row.expected.why &&
          frameworkStatus === row.expected.frameworkStatus &&
          isDeepStrictEqual(seen, row.expected.outcome),
      });
    }
    return outcomes;
  } finally {
    await server.stop();
    await theirs.stop();
  }
}

/**
 * @param {"sse" | "http-stream"} type
 * @param {(url: string) => object} providerAt makes the provider of the server with that URL
 */
export async function start(type, providerAt) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${type === "sse" ? "/sse" : "/mcp"}`;
  const server = whoamiServer({ type, port, provider: providerAt(url) });
  await running(server, port);
  return { url, stop: () => server.stop() };
}

/** What `work` gives, and why our provider decided as it did: the code of a rejection, or whom it accepted. */
export async function withReason(work) {
  let why;
  const accepted = ({ subject }) => {
    why = subject === undefined ? "the key is known" : `sub is ${subject}`;
  };
  const rejected = ({ reason }) => {
    why = reason;
  };
  subscribe("mcp-native-auth:accepted", accepted);
  subscribe("mcp-native-auth:rejected", rejected);
  try {
    return { result: await work(), why };
  } finally {
    unsubscribe("mcp-native-auth:accepted", accepted);
    unsubscribe("mcp-native-auth:rejected", rejected);
  }
}

// A client stops at the first rejection, so the last exchange is the one that counts.
function outcome({ exchanges, answer }) {
  if (answer !== undefined) return { status: 200, answer: JSON.parse(answer) };
  const { request, status, body, challenge } = exchanges.at(-1) ?? {};
  return { request, status, body, challenge };
}
