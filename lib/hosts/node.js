import { codedError } from "../core/errors.js";
import { isPromise } from "../core/promise.js";
import { refuse, refuseBody } from "../gate/answer.js";

/**
 * node:http and what is built on it: Express, Connect, Nest, xmcp.
 *
 * @typedef {import("../gate/gate.js").Gate} Gate
 * @typedef {import("../gate/gate.js").Admitted} Admitted
 * @typedef {import("../gate/answer.js").Answer} Answer
 */

/** As the official SDK reads at most. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

const UNREADABLE = "The body must be JSON in UTF-8, without a byte order mark and not compressed";

/** A stream that does not take its end is cut off after this time. */
const END_MS = 1000;

/** @param {Gate} gate */
export function nodeHost(gate) {
  async function enter(req, res, next) {
    const admitting = gate.admit(requestOf(req));
    const admission = isPromise(admitting) ? await admitting : admitting;
    if (admission.answer !== undefined) {
      writeAnswer(res, admission.answer);
      return;
    }
    const isJudged = gate.judgesBodies && req.method === "POST";
    const answer = isJudged ? await judgeBody(gate, admission, req) : undefined;
    if (answer !== undefined) {
      writeAnswer(res, answer);
      return;
    }
    req.auth = admission.authInfo;
    followResponse(gate, admission, req, res);
    gate.run(admission, () => next());
  }

  // Not async, so that the mistake is thrown where it is made.
  return function authenticate(req, res, next) {
    if (req === undefined) {
      throw calledInstead("express", "app.use(auth.express)");
    }
    return enter(req, res, next);
  };
}

/** Whoever sets up a member by calling it, as many middlewares are, gets told. */
export function calledInstead(member, use) {
  return codedError(
    "ERR_MCP_AUTH_OPTION_INVALID",
    `\`auth.${member}\` was called without a request; pass it instead: \`${use}\``,
  );
}

/** @returns {import("../gate/gate.js").GateRequest} */
export function requestOf(req) {
  return {
    method: req.method,
    // Routers cut off what they have matched.
    url: req.originalUrl ?? req.url ?? "/",
    headers: headersOf(req),
    view: req,
    localAddress: req.socket?.localAddress,
    isRepeated: isRepeated(req.rawHeaders),
  };
}

/** HTTP/2 has `:authority` in place of `Host`, RFC 9113 §8.3.1. */
function headersOf({ headers }) {
  const { host, ":authority": authority } = headers;
  return host === undefined && authority !== undefined ? { ...headers, host: authority } : headers;
}

/** Node keeps the first `Authorization` and drops the others. */
function isRepeated(rawHeaders = []) {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name.length === 13 && name.toLowerCase() === "authorization") {
      count += 1;
    }
  }
  return count > 1;
}

/** What is judged is handed on as `req.body`, so that nothing else runs. */
async function judgeBody(gate, admitted, req) {
  const read = isUnread(req) ? await readBody(req) : parse(req.body);
  if (read.answer !== undefined) {
    return gate.refuseBody(admitted, read.reason, read.answer);
  }
  const answer = gate.judge(admitted, read.message);
  req.body = read.message;
  // Body parsers of Connect's kind leave alone what has been read.
  req._body = true;
  return answer;
}

/** A parser that does not know the type leaves `{}` behind, and the body to whoever reads it next. */
function isUnread(req) {
  return req.body === undefined || (req.readableDidRead === false && req.readableEnded === false);
}

/** @typedef {{ message: unknown, answer?: undefined } | { reason: string, answer: Answer }} Body */

/**
 * What a body parser has left is judged as it is, if it can have come from JSON: a stream that was not read says nothing
 * of what it holds.
 *
 * @returns {Body}
 */
export function parse(body) {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    return isPlain(body) ? { message: body } : unreadable();
  }
  try {
    const text =
      typeof body === "string"
        ? body
        : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return { message: JSON.parse(text) };
  } catch {
    return unreadable();
  }
}

function isPlain(body) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return body !== undefined && body !== null;
  }
  const prototype = Object.getPrototypeOf(body);
  // Of any realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function unreadable() {
  return { reason: "BODY_UNREADABLE", answer: refuseBody(UNREADABLE) };
}

/**
 * The rest of a connection cannot be used where a body was not read to its end.
 *
 * @param {Record<string, string>} [headers]
 * @returns {Body}
 */
export function tooLarge(headers = { Connection: "close" }) {
  return { reason: "BODY_TOO_LARGE", answer: refuse(413, headers) };
}

/** @returns {Promise<Body>} */
async function readBody(req) {
  if (Number(req.headers["content-length"]) > MAX_BODY_BYTES) {
    return tooLarge();
  }
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        return tooLarge();
      }
      chunks.push(chunk);
    }
  } catch {
    // The client went away.
    return unreadable();
  }
  return parse(Buffer.concat(chunks));
}

/** @param {any} res @param {Answer} answer */
export function writeAnswer(res, answer) {
  if (res.headersSent || res.writableEnded) {
    // Answered while the gate waited, by a time limit for example.
    return;
  }
  const { status, headers, body } = answer;
  const { req, stream } = res;
  const isHttp2 = stream !== undefined;
  // RFC 9113 §8.2.2: HTTP/2 has no such header.
  const isForbidden = (name) => isHttp2 && name === "Connection";
  // What the application says of other sites goes before what a gate says.
  const isSaid = (name) => name.startsWith("Access-Control-Allow-") && res.hasHeader(name);
  const sent = Object.entries(headers).filter(([name]) => !isForbidden(name) && !isSaid(name));
  // At once: a provider that extends one of ours writes a challenge of its own when the head is written.
  res.writeHead(status, Object.fromEntries(sent));
  res.end(body);
  if (isHttp2 && headers.Connection === "close") {
    // The connection serves other requests: only the stream ends. Reset at once, clients would lose the answer.
    req.resume();
    setTimeout(() => stream.close(), END_MS).unref();
  }
}

/** Notes a session that begins, and ends a stream in time. */
export function followResponse(gate, admitted, req, res) {
  const { writeHead } = res;
  if (typeof writeHead !== "function") {
    return;
  }
  res.writeHead = (...args) => {
    const result = writeHead.apply(res, args);
    // Not before: one that throws, for a header that cannot be sent, is followed by another.
    res.writeHead = writeHead;
    const [headers] = args.filter((arg) => typeof arg === "object" && arg !== null);
    const read = (name) => headerIn(headers, name) ?? res.getHeader(name);
    const id = read("mcp-session-id");
    if (typeof id === "string" && res.statusCode < 400) {
      gate.beginSession(admitted, id);
    }
    if (String(read("content-type")).startsWith("text/event-stream")) {
      if (req.method === "GET" && gate.bindsSessions) {
        noteEndpoint(gate, admitted, res);
      }
      watchStream(gate, admitted, res);
    }
    return result;
  };
}

export function watchStream(gate, admitted, res) {
  if (res.destroyed || res.writableFinished) {
    // The client went away before: no event would follow. HTTP/2 knows the second alone.
    return;
  }
  const forget = gate.watchStream(admitted, () => end(res));
  // A response that is made up, as some serverless adapters do, is never closed.
  res.on("finish", forget);
  res.on("close", forget);
}

/** In an object or a flat list, as `writeHead` takes them. */
function headerIn(headers, name) {
  if (Array.isArray(headers)) {
    const flat = headers.flat();
    const index = flat.findIndex((one, at) => at % 2 === 0 && String(one).toLowerCase() === name);
    return index === -1 ? undefined : flat[index + 1];
  }
  const key = Object.keys(headers ?? {}).find((one) => one.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

const ENDPOINT = /^event: ?endpoint\r?\ndata: ?[^\r\n]*[?&]sessionId=([^&#\r\n]+)/m;

/** The SSE transport says the id of a session in its first event. MCP 2024-11-05, HTTP with SSE. */
function noteEndpoint(gate, admitted, res) {
  const { write } = res;
  res.write = (chunk, ...rest) => {
    res.write = write;
    const [, id] = ENDPOINT.exec(String(chunk)) ?? [];
    if (id !== undefined) {
      gate.beginSession(admitted, decodeURIComponent(id));
    }
    return write.call(res, chunk, ...rest);
  };
}

function end(res) {
  // Whoever writes on would make it fail.
  res.on("error", () => {});
  res.end();
  setTimeout(() => res.destroy(), END_MS).unref();
}
