import { promisify } from "node:util";
import { SourceError, safeErrorCode } from "../core/refresh.js";
import { describeUrl, parseUrlOption } from "./urls.js";

/** Length of all header fields of an answer, names and values together. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Deeper than any document of an authorization server, shallower than any stack. */
const MAX_DEPTH = 32;

/** A year. RFC 9111 §1.2.2 allows more, which means no more. */
const MAX_AGE_SECONDS = 31_536_000;

const WEB_PAGE = /^(?:text\/html|application\/xhtml\+xml)\b/i;

/** A connection that was kept open and that the server closed meanwhile: it has not seen the request. */
const CLOSED_MEANWHILE = new Set(["ECONNRESET", "EPIPE"]);

/**
 * @typedef {object} ExchangeOptions
 * @property {number} timeoutMs deadline for the whole exchange, from the look-up of the name to the last byte
 * @property {number} maxBytes of the body, before and after decompression
 * @property {AbortSignal} [signal]
 * @property {boolean} [keepAlive] whether the exchange keeps the process alive. Default: true
 * @property {boolean} [requireHttps] whether `http:` is accepted for loopback addresses only. Default: true
 *
 * @typedef {object} JsonAnswer
 * @property {any} json without duplicate members at the top, nested no deeper than 32
 * @property {string} text
 * @property {number | undefined} maxAgeSeconds how much longer the answer is fresh by its own `Cache-Control` and
 *   `Age`; 0 for `no-store` and `no-cache`; `undefined` if it does not say
 */

/**
 * Asks for a JSON document.
 *
 * @param {string} url
 * @param {ExchangeOptions} options
 * @returns {Promise<JsonAnswer>}
 * @throws {SourceError} `ERR_MCP_AUTH_HTTP_*` for any answer that is not status 200 with JSON, in time and in bounds
 */
export function getJson(url, options) {
  return exchangeJson(url, "GET", {}, undefined, options);
}

/**
 * Posts a form that is answered with JSON.
 *
 * @param {string} url
 * @param {Record<string, string>} form
 * @param {ExchangeOptions & { authorization?: string }} options
 * @returns {Promise<JsonAnswer>}
 * @throws {SourceError} as `getJson`
 */
export function postForm(url, form, options) {
  const body = Buffer.from(new URLSearchParams(form).toString());
  /** @type {Record<string, string | number>} */
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
  if (options.authorization !== undefined) {
    headers.authorization = options.authorization;
  }
  return exchangeJson(url, "POST", headers, body, options);
}

async function exchangeJson(text, method, headers, body, options) {
  const url = parseUrlOption("url", text, options);
  // Loaded when it is needed: it takes longer to load than this package.
  const { request } = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  const exchange = new Exchange(request, url, method, headers, body, options);
  const { fields, bytes } = await exchange.outcome;
  const decoded = decodeText(await decompress(bytes, fields["content-encoding"], url, options.maxBytes));
  if (decoded === undefined) {
    throw failure("NOT_JSON", url, "answered bytes that are not UTF-8");
  }
  return {
    json: parseJson(decoded, url, fields["content-type"]),
    text: decoded,
    maxAgeSeconds: readMaxAge(fields),
  };
}

/**
 * One request and its answer. Built on node:http, not on `fetch`: it does not decompress or follow redirects unasked,
 * its sockets can be let go, and what others do to the global `fetch` does not reach it. Uses Node's global agents, so
 * that the proxy settings of the process hold.
 */
class Exchange {
  #request;
  #url;
  #options;
  #isOver = false;
  #current;
  #resolve;
  #reject;
  #deadline;
  /** @type {Promise<{ fields: import("node:http").IncomingHttpHeaders, bytes: Buffer }>} */
  outcome;

  constructor(request, url, method, headers, body, { timeoutMs, maxBytes, signal, keepAlive = true }) {
    this.#request = request;
    this.#url = url;
    this.#options = {
      method,
      headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
      body,
      maxBytes,
      keepAlive,
    };
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const abort = () => this.#fail("ABORTED", "was given up");
    this.#deadline = setTimeout(() => {
      this.#fail("TIMEOUT", `did not answer completely within ${timeoutMs / 1000} s`);
    }, timeoutMs);
    if (!keepAlive) {
      this.#deadline.unref();
    }
    signal?.addEventListener("abort", abort, { once: true });
    this.outcome
      .finally(() => {
        clearTimeout(this.#deadline);
        signal?.removeEventListener("abort", abort);
      })
      .catch(() => {});
    if (signal?.aborted) {
      abort();
    } else {
      this.#send(true);
    }
  }

  #send(mayRepeat) {
    const { method, headers, body, keepAlive } = this.#options;
    const request = this.#request(this.#url, {
      method,
      headers,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      // Said here so that no environment variable turns it off.
      rejectUnauthorized: true,
    });
    this.#current = request;
    request.on("error", (error) => {
      if (mayRepeat && !this.#isOver && request.reusedSocket && CLOSED_MEANWHILE.has(error.code)) {
        this.#send(false);
      } else {
        this.#failConnection(error);
      }
    });
    request.on("socket", (socket) => {
      if (!keepAlive) {
        socket.unref();
      }
    });
    request.on("upgrade", () => this.#fail("STATUS", "answered with status 101"));
    request.on("response", (response) => {
      mayRepeat = false;
      this.#read(response);
    });
    request.end(body);
  }

  #read(response) {
    response.on("error", (error) => this.#failConnection(error));
    const { statusCode: status, headers: fields } = response;
    if (status !== 200) {
      const isRedirect = status >= 300 && status < 400 && status !== 304;
      const error = failure(
        isRedirect ? "REDIRECT" : "STATUS",
        this.#url,
        `answered with status ${status}${isRedirect ? ", a redirect, which is not followed" : ""}`,
      );
      this.#end(Object.assign(error, { status }));
      return;
    }
    const { maxBytes } = this.#options;
    if (Number(fields["content-length"]) > maxBytes) {
      this.#failTooLarge();
      return;
    }
    const chunks = [];
    let length = 0;
    response.on("data", (chunk) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > maxBytes) {
        chunks.length = 0;
        this.#failTooLarge();
      }
    });
    response.on("end", () => {
      if (!this.#isOver) {
        this.#isOver = true;
        this.#resolve({ fields, bytes: Buffer.concat(chunks) });
      }
    });
  }

  #failTooLarge() {
    this.#fail("TOO_LARGE", `answered with more than ${this.#options.maxBytes} bytes`);
  }

  #failConnection(error) {
    const code = safeErrorCode(error);
    this.#fail("CONNECTION", code === undefined ? "cannot be reached" : `cannot be reached: ${code}`);
  }

  #fail(code, what) {
    this.#end(failure(code, this.#url, what));
  }

  #end(error) {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#reject(error);
      this.#current?.destroy();
    }
  }
}

function failure(code, url, what) {
  return new SourceError(`ERR_MCP_AUTH_HTTP_${code}`, `${describeUrl(url)} ${what}`);
}

/** Some servers compress what they were asked not to. */
async function decompress(bytes, encoding = "identity", url, maxBytes) {
  const name = encoding.trim().toLowerCase();
  if (name === "identity" || name === "") {
    return bytes;
  }
  if (name !== "gzip" && name !== "x-gzip") {
    throw failure("CONTENT_ENCODING", url, "answered with a content encoding that it was not asked for");
  }
  const { gunzip } = await import("node:zlib");
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    throw error.code === "ERR_BUFFER_TOO_LARGE"
      ? failure("TOO_LARGE", url, `answered with more than ${maxBytes} bytes`)
      : failure("CONTENT_ENCODING", url, "answered with gzip that cannot be decompressed");
  }
}

/** Without a byte order mark, which a reader of JSON may ignore (RFC 8259 §8.1); `undefined` for what is not UTF-8. */
function decodeText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text, url, contentType = "") {
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    // What servers say of JSON is often wrong, so the type only tells a login page from a fault.
    throw WEB_PAGE.test(contentType)
      ? failure("CONTENT_TYPE", url, "answered with a web page")
      : failure("NOT_JSON", url, "answered text that is not JSON");
  }
  const problem = findStructureProblem(text);
  if (problem !== undefined) {
    throw failure("NOT_JSON", url, `answered JSON ${problem}`);
  }
  return json;
}

/**
 * What valid JSON can hide from JSON.parse: a member that is there twice, of which the last one wins, and nesting that
 * exhausts the stack of a function that walks it. RFC 8259 §4.
 */
function findStructureProblem(text) {
  const names = new Set();
  let depth = 0;
  // Where the last string is.
  let start = 0;
  let end = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      start = index;
      index = findEndOfString(text, index);
      end = index + 1;
    } else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > MAX_DEPTH) {
        return `nested deeper than ${MAX_DEPTH}`;
      }
    } else if (character === "}" || character === "]") {
      depth -= 1;
    } else if (character === ":" && depth === 1) {
      const name = JSON.parse(text.slice(start, end));
      if (names.has(name)) {
        return "with a member that is there twice";
      }
      names.add(name);
    }
  }
  return undefined;
}

/** The index of the quotation mark that ends the string which begins at `start`. */
function findEndOfString(text, start) {
  let end = text.indexOf('"', start + 1);
  for (;;) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") {
      backslashes += 1;
    }
    if (backslashes % 2 === 0) {
      return end;
    }
    end = text.indexOf('"', end + 1);
  }
}

/** RFC 9111 §5.2.2, §5.1. `s-maxage` is for shared caches. */
function readMaxAge(fields) {
  const control = fields["cache-control"] ?? "";
  if (/(?:^|[\s,])(?:no-store|no-cache)\b/i.test(control)) {
    return 0;
  }
  const stated = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,10})/i.exec(control)?.[1];
  if (stated === undefined) {
    return undefined;
  }
  const age = /^\d{1,10}$/.test(fields.age ?? "") ? Number(fields.age) : 0;
  return Math.max(0, Math.min(Number(stated), MAX_AGE_SECONDS) - age);
}
