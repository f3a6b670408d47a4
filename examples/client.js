import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const ANSWER_LIMIT_MS = 5_000;

const TRANSPORTS = { sse: SSEClientTransport, "http-stream": StreamableHTTPClientTransport };

/**
 * Connects the official client, calls `whoami` and closes.
 *
 * `credential.headers` go with every request, `credential.apiKeyQuery` is its `?api_key=`; with
 * `credential.streamOnly` the messages posted after the stream is open carry neither.
 *
 * Resolves to every HTTP exchange the client had, and the tool's answer or the client's error.
 */
export async function ask({ type, url }, credential) {
  const exchanges = [];
  const transport = new TRANSPORTS[type](new URL(url), {
    requestInit: { headers: credential.headers },
    fetch: recordingFetch(exchanges, credential),
  });
  const client = new Client({ name: "demo", version: "1.0.0" });
  try {
    return { exchanges, answer: await withinLimit(whoami(client, transport)) };
  } catch (error) {
    return { exchanges, error };
  } finally {
    await client.close();
  }
}

async function whoami(client, transport) {
  await client.connect(transport);
  const { content } = await client.callTool({ name: "whoami" });
  await transport.terminateSession?.(); // close() alone would leave an HTTP session behind on the server
  return content[0].text;
}

// The SDK puts no limit on the opening of an SSE stream.
async function withinLimit(promise) {
  let timer;
  const limit = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_LIMIT_MS} ms`)), ANSWER_LIMIT_MS);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

// The SDK's errors drop the challenge, and the body of a rejected SSE stream: keep them as they pass.
function recordingFetch(exchanges, { headers, apiKeyQuery, streamOnly }) {
  return async (input, init = {}) => {
    const url = new URL(input);
    const method = init.method ?? "GET";
    const sent = new Headers(init.headers);
    if (streamOnly && method === "POST") {
      for (const name of Object.keys(headers ?? {})) sent.delete(name);
    } else if (apiKeyQuery) {
      url.searchParams.set("api_key", apiKeyQuery);
    }
    const exchange = { request: `${method} ${url.pathname}` };
    exchanges.push(exchange);
    const response = await fetch(url, { ...init, headers: sent });
    exchange.status = response.status;
    exchange.challenge = response.headers.get("www-authenticate");
    if (!response.ok) exchange.body = await response.clone().text();
    return response;
  };
}
