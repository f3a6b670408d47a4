import http from "node:http";
import https from "node:https";

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 256 * 1024;

/** How long a body may take after its header. A stream may never end, and its header says enough. */
const BODY_MS = 2000;

/** The same, once a body did not end in time. */
const NEXT_BODY_MS = 200;

/** Why an exchange failed, by the code of Node's error. */
const FAILURES = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was closed before an answer",
  ENOTFOUND: "the name of the host cannot be resolved",
  EAI_AGAIN: "the name of the host cannot be resolved now",
  EPIPE: "the connection was closed before an answer",
  HPE_HEADER_OVERFLOW: `the header of the answer is longer than ${MAX_HEADER_BYTES / 1024} KiB`,
};

/** An exchange without an answer. The message may be shown. */
export class ProbeError extends Error {}

/**
 * @typedef {object} Request
 * @property {string} [method] default: `POST`
 * @property {string | URL} [url] default: the audited one
 * @property {Record<string, string | string[]>} [headers]
 * @property {string} [body]
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {(name: string) => string[]} fields the values of a header field, as often as it is there
 * @property {(name: string) => string | undefined} field its first value
 * @property {string} text the body, or the start of it
 * @property {any} json the body, or the answer to a JSON-RPC request in an event stream; `undefined` if it is neither
 */

/**
 * Sends requests to one origin, each bounded in time and size and on a connection of its own. Follows no redirect.
 */
export class Client {
  #origin;
  #url;
  #timeoutMs;
  #maxRequests;
  #signal;
  #bodyMs = BODY_MS;
  requests = 0;

  /** @param {{ url: URL, timeoutMs: number, maxRequests: number, signal?: AbortSignal }} options */
  constructor({ url, timeoutMs, maxRequests, signal }) {
    this.#signal = signal;
    this.#url = url;
    this.#origin = url.origin;
    this.#timeoutMs = timeoutMs;
    this.#maxRequests = maxRequests;
  }

  /**
   * @param {Request} request
   * @returns {Promise<Answer>}
   * @throws {ProbeError}
   */
  async send({ method = "POST", url = this.#url, headers = {}, body }) {
    const target = new URL(url);
    if (target.origin !== this.#origin) {
      throw new Error("a request to another origin");
    }
    if (++this.requests > this.#maxRequests) {
      throw new ProbeError(`the audit sends no more than ${this.#maxRequests} requests`);
    }
    if (this.#signal?.aborted) {
      throw new ProbeError("interrupted");
    }
    return new Promise((resolve, reject) => {
      const request = (target.protocol === "https:" ? https : http).request(target, {
        method,
        headers: body === undefined ? headers : { ...headers, "content-length": Buffer.byteLength(body) },
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        insecureHTTPParser: false,
        rejectUnauthorized: true,
      });
      const fail = (message) => {
        clearTimeout(deadline);
        this.#signal?.removeEventListener("abort", abort);
        reject(new ProbeError(message));
        request.destroy();
      };
      const deadline = setTimeout(
        () => fail(`no answer within ${this.#timeoutMs / 1000} s`),
        this.#timeoutMs,
      );
      const abort = () => fail("interrupted");
      this.#signal?.addEventListener("abort", abort, { once: true });
      request.on("error", (error) => fail(describeError(error)));
      request.on("upgrade", (_response, socket) => {
        socket.destroy();
        fail("the answer is 101, which was not asked for");
      });
      request.on("response", (response) => {
        clearTimeout(deadline);
        readBody(response, this.#bodyMs, (text, isLate) => {
          this.#signal?.removeEventListener("abort", abort);
          this.#bodyMs = isLate ? NEXT_BODY_MS : this.#bodyMs;
          request.destroy();
          resolve(new ReceivedAnswer(response, text));
        });
      });
      request.end(body);
    });
  }
}

/** @implements {Answer} */
class ReceivedAnswer {
  #raw;
  status;
  text;
  json;

  /** @param {http.IncomingMessage} response @param {string} text */
  constructor({ statusCode = 0, rawHeaders, headers }, text) {
    this.status = statusCode;
    this.text = text;
    this.#raw = rawHeaders;
    this.json = isEventStream(headers) ? readEvents(text) : parseJson(text);
  }

  fields(name) {
    return this.#raw.filter((_, index) => index % 2 === 1 && this.#raw[index - 1].toLowerCase() === name);
  }

  field(name) {
    return this.fields(name)[0];
  }
}

/** Gives what was received, whether or not it is all. */
function readBody(response, ms, done) {
  const chunks = [];
  let size = 0;
  const isStream = isEventStream(response.headers);
  const end = (isLate = false) => {
    clearTimeout(deadline);
    response.removeAllListeners("data");
    done(Buffer.concat(chunks).toString(), isLate);
  };
  const deadline = setTimeout(end, ms, true);
  response.on("error", () => {});
  response.once("close", () => end());
  response.on("data", (chunk) => {
    size += chunk.length;
    chunks.push(
      size > MAX_BODY_BYTES ? chunk.subarray(0, Math.max(0, MAX_BODY_BYTES - size + chunk.length)) : chunk,
    );
    if (size >= MAX_BODY_BYTES || (isStream && readEvents(Buffer.concat(chunks).toString()) !== undefined)) {
      end();
    }
  });
}

function isEventStream(headers) {
  return /^text\/event-stream\b/i.test(headers["content-type"] ?? "");
}

/** The first answer to a request among the events. Each ends with an empty line. */
function readEvents(text) {
  for (const event of text.split(/\r?\n\r?\n/).slice(0, -1)) {
    const data = [...event.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line.trimEnd()).join("\n");
    const message = parseJson(data);
    if (message?.id !== undefined && message.method === undefined) {
      return message;
    }
  }
  return undefined;
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Without the text of the error, which may have been written by the other side.
 *
 * @param {NodeJS.ErrnoException} error
 */
function describeError({ code = "" }) {
  if (Object.hasOwn(FAILURES, code)) {
    return FAILURES[code];
  }
  if (/^HPE_/.test(code)) {
    return `the answer is not HTTP (${code})`;
  }
  if (/CERT|^ERR_TLS|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return `the certificate is not accepted (${code}); for one of your own authority, set NODE_EXTRA_CA_CERTS`;
  }
  return `the exchange failed (${/^[A-Z0-9_]{1,60}$/.test(code) ? code : "unknown error"})`;
}
