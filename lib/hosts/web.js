import { isPromise } from "../core/promise.js";
import { MAX_BODY_BYTES, parse, tooLarge, watchStream } from "./node.js";

/**
 * The Fetch standard's Request and Response: the official SDK's web handlers, Next, Deno, Bun, Lambda.
 *
 * @typedef {import("../gate/gate.js").Gate} Gate
 * @typedef {{ ip?: string, localAddress?: string, parsedBody?: unknown }} From
 */

/** @param {Gate} gate */
export function webHost(gate) {
  return {
    /** @param {From} [from] */
    web: async (request, from) => {
      const { response, admitted } = await decide(gate, request, from);
      return response ?? admitted.authInfo;
    },
    wrap:
      (handler) =>
      async (request, ...rest) => {
        const { response, admitted, parsedBody } = await decide(gate, request, {
          ip: addressIn(request, rest[0]),
          localAddress: rest[0]?.incoming?.socket?.localAddress,
        });
        if (response !== undefined) {
          return response;
        }
        const { authInfo } = admitted;
        request.auth = authInfo;
        const answered = await gate.run(admitted, () => handler(request, { authInfo, parsedBody }, ...rest));
        return followed(gate, admitted, answered, rest[0]?.outgoing);
      },
  };
}

/**
 * @param {Gate} gate
 * @param {any} request
 * @param {From} [from]
 */
export async function decide(gate, request, { ip, localAddress, parsedBody } = {}) {
  const admitting = gate.admit(requestOf(request, ip, localAddress));
  const admission = isPromise(admitting) ? await admitting : admitting;
  if (admission.answer !== undefined) {
    return { response: toResponse(admission.answer) };
  }
  if (!gate.judgesBodies || request.method !== "POST") {
    return { admitted: admission, parsedBody };
  }
  const read = parsedBody === undefined ? await readBody(request) : parse(parsedBody);
  if (read.answer !== undefined) {
    return { response: toResponse(gate.refuseBody(admission, read.reason, read.answer)) };
  }
  const answer = gate.judge(admission, read.message);
  return answer === undefined
    ? { admitted: admission, parsedBody: read.message }
    : { response: toResponse(answer) };
}

function requestOf(request, ip, localAddress) {
  const { host, pathname, search } = new URL(request.url);
  const headers = { host, ...Object.fromEntries(request.headers) };
  const url = pathname + search;
  const { method } = request;
  const view = { headers, url, method, socket: { remoteAddress: ip } };
  return { method, url, headers, view, localAddress };
}

/** Deno, Bun and Hono's server for Node hand on who asks, next to the request. */
function addressIn(request, info) {
  return (
    info?.remoteAddr?.hostname ?? info?.requestIP?.(request)?.address ?? info?.incoming?.socket?.remoteAddress
  );
}

/** Of a copy: the request is handed on as it came. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  try {
    const reader = request.clone().body?.getReader();
    for (let read = await reader?.read(); read?.done === false; read = await reader.read()) {
      size += read.value.length;
      if (size > MAX_BODY_BYTES) {
        // Not awaited: the copy ends when the request itself does.
        reader.cancel().catch(() => {});
        request.body.cancel().catch(() => {});
        // What becomes of the connection is for the server to say.
        return tooLarge({});
      }
      chunks.push(read.value);
    }
  } catch {
    return parse(undefined);
  }
  return parse(Buffer.concat(chunks));
}

/** @param {import("../gate/answer.js").Answer} answer */
export function toResponse({ status, headers, body }) {
  return new Response(body === "" ? null : body, { status, headers });
}

/**
 * Notes a session that begins, and ends a stream in time: by the response of node:http where there is one, since a
 * stream around a stream costs as much as the request.
 *
 * @param {Gate} gate
 * @param {import("../gate/gate.js").Admitted} admitted
 * @param {Response} response
 * @param {import("node:http").ServerResponse} [outgoing]
 */
export async function followed(gate, admitted, response, outgoing) {
  const id = response.headers?.get("mcp-session-id");
  if (id && response.status < 400) {
    await gate.beginSession(admitted, id);
  }
  const isStream = response.headers?.get("content-type")?.startsWith("text/event-stream");
  if (isStream && typeof outgoing?.on === "function") {
    watchStream(gate, admitted, outgoing);
    return response;
  }
  return isStream && response.body ? endable(gate, admitted, response) : response;
}

function endable(gate, admitted, response) {
  const reader = response.body.getReader();
  let isOpen = true;
  let forget;
  const stop = () => {
    isOpen = false;
    forget();
  };
  const body = new ReadableStream({
    start(controller) {
      forget = gate.watchStream(admitted, () => {
        isOpen = false;
        controller.close();
        reader.cancel().catch(() => {});
      });
    },
    async pull(controller) {
      const { done, value } = await reader.read().catch((error) => {
        stop();
        throw error;
      });
      if (!isOpen) {
        return;
      }
      if (done) {
        stop();
        controller.close();
      } else {
        controller.enqueue(value);
      }
    },
    cancel(reason) {
      stop();
      return reader.cancel(reason);
    },
  });
  return new Response(body, response);
}
