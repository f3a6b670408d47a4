import { refuseBody } from "../../gate/answer.js";
import { followResponse, MAX_BODY_BYTES, parse, requestOf, tooLarge, writeAnswer } from "../node.js";
import { frameworkBody } from "./guard-answer.js";
import { endpointsOf, httpServerOf } from "./guard-fit.js";
import { noteAsked } from "./open-server.js";

/**
 * The transports of mcp-framework that make a server of node:http: the gate takes the place of its `request` listener,
 * and the listener gets what was admitted.
 *
 * @typedef {import("../../gate/gate.js").Gate} Gate
 */

const URL_UNREADABLE = "The URL or the Host of the request cannot be read";

/**
 * @param {Gate} gate
 * @param {object} provider
 * @param {any} transport
 * @param {(admitted: import("../../gate/gate.js").Admitted, request: object, run: () => any) => any} serve
 */
export function guardTransport(gate, provider, transport, serve) {
  const endpoints = endpointsOf(transport);
  const { start, _healthPath, _config } = transport;
  const allowOrigin = _config?.cors?.allowOrigin;
  const maxBytes = Math.min(MAX_BODY_BYTES, Number(_config?.maxMessageSize) || MAX_BODY_BYTES);

  transport.start = function startGuarded() {
    // The server is made at once, and listens later.
    const started = start.call(transport);
    try {
      const server = httpServerOf(transport);
      const listeners = server.rawListeners("request");
      server.removeAllListeners("request");
      server.on("request", (req, res) => {
        const passOn = () => Promise.all(listeners.map((listener) => listener.call(server, req, res)));
        handle(req, res, passOn).catch(() => res.destroy());
      });
      return started;
    } catch (error) {
      // What is not admitted is not accepted either, so this is an end and not a gap.
      return Promise.resolve(started)
        .then(() => transport.close?.())
        .then(() => Promise.reject(error));
    }
  };

  async function handle(req, res, passOn) {
    const path = pathOf(req);
    const isOptions = req.method === "OPTIONS";
    if (path === _healthPath && (req.method === "GET" || isOptions)) {
      await passOn();
    } else if (path === undefined) {
      writeAnswer(res, refuseBody(URL_UNREADABLE));
    } else if (endpoints.has(path) || gate.metadataPaths.includes(path)) {
      await admit(req, res, passOn);
    } else if (isOptions) {
      await passOn();
    } else {
      // As the framework answers. Not handed on: a version to come may serve more.
      if (typeof allowOrigin === "string") {
        res.setHeader("Access-Control-Allow-Origin", allowOrigin);
      }
      res.writeHead(404).end("Not Found");
    }
  }

  async function admit(req, res, passOn) {
    noteAsked(req);
    const admission = await gate.admit(requestOf(req));
    if (admission.answer !== undefined) {
      refuse(req, res, admission.answer);
      return;
    }
    const answer = await judgeBody(req, admission);
    if (answer !== undefined) {
      refuse(req, res, answer);
      return;
    }
    req.auth = admission.authInfo;
    followResponse(gate, admission, req, res);
    await serve(admission, req, passOn);
  }

  function refuse(req, res, answer) {
    allowSites(req, res);
    writeAnswer(res, { ...answer, body: frameworkBody(answer.status, answer.body, provider) });
  }

  async function judgeBody(req, admitted) {
    if (req.method !== "POST") {
      return undefined;
    }
    const read = isOtherCharset(req) ? parse(undefined) : await takeBody(req, maxBytes);
    return read.answer !== undefined
      ? gate.refuseBody(admitted, read.reason, read.answer)
      : gate.judge(admitted, read.message);
  }

  /** What the application says of other sites goes before what a gate says. */
  function allowSites({ headers }, res) {
    if (headers.origin !== undefined && typeof allowOrigin === "string" && allowOrigin !== "*") {
      res.setHeader("Access-Control-Allow-Origin", allowOrigin);
    }
  }
}

/** By the same expression as the framework, so that both see the same path. */
function pathOf({ url, headers }) {
  try {
    return new URL(url, `http://${headers.host}`).pathname;
  } catch {
    return undefined;
  }
}

/** The SSE transport would decode the body by it, and find another message than was judged. */
function isOtherCharset({ headers }) {
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers["content-type"] ?? "") ?? [];
  return !/^utf-?8$/i.test(charset);
}

/**
 * Reads a body and puts it back, so that the framework, which reads the request itself, reads what was judged. See
 * `readable.unshift` in Node's documentation.
 *
 * @param {import("node:http").IncomingMessage} req
 * @param {number} maxBytes
 * @returns {Promise<import("../node.js").Body>}
 */
export function takeBody(req, maxBytes) {
  if (Number(req.headers["content-length"]) > maxBytes) {
    return Promise.resolve(tooLarge());
  }
  return new Promise((resolve) => {
    const chunks = [];
    let size = 0;
    const settle = (body) => {
      req.off("readable", read).off("end", fail).off("error", fail).off("close", fail);
      resolve(body);
    };
    /** The client went away, or sent nothing. */
    const fail = () => settle(parse(undefined));
    const read = () => {
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) {
        size += chunk.length;
        if (size > maxBytes) {
          settle(tooLarge());
          return;
        }
        chunks.push(chunk);
      }
      // All is read, and `end` is not emitted before the next turn: it waits for what is put back.
      if (req.complete && size > 0) {
        const bytes = Buffer.concat(chunks);
        req.unshift(bytes);
        settle(parse(bytes));
      }
    };
    req.on("readable", read).on("end", fail).on("error", fail).on("close", fail);
  });
}
