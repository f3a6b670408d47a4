import { isPromise } from "../core/promise.js";
import { calledInstead, followResponse, parse, requestOf, writeAnswer } from "./node.js";

/**
 * A plugin of Fastify for all routes of the context that it is registered in. It answers before the body is read,
 * and judges what Fastify has parsed.
 *
 * @param {import("../gate/gate.js").Gate} gate
 */
export function fastifyHost(gate) {
  /** Where a request keeps its admission. A WeakMap instead costs microseconds a request, collecting its table. */
  const ADMISSION = Symbol("mcp-native-auth: admission");

  async function authenticate(app) {
    if (app === undefined) {
      throw calledInstead("fastify", "app.register(auth.fastify)");
    }
    if (!app.hasRequestDecorator("auth")) {
      app.decorateRequest("auth", null);
    }
    app.addHook("onRequest", (request, reply, done) => {
      const admission = gate.admit({ ...requestOf(request.raw), url: request.originalUrl });
      if (isPromise(admission)) {
        admission.then((settled) => enter(request, reply, settled, done));
      } else {
        enter(request, reply, admission, done);
      }
    });
    app.addHook("preHandler", (request, reply, done) => {
      const admitted = request[ADMISSION];
      const answer = judgeBody(admitted, request);
      if (answer !== undefined) {
        send(reply, answer);
      } else {
        gate.run(admitted, done);
      }
    });
    // Hooks run for routes alone.
    for (const url of gate.metadataPaths) {
      for (const method of ["GET", "OPTIONS"]) {
        if (!app.hasRoute({ method, url })) {
          app.route({ method, url, handler: async (_request, reply) => reply.code(404).send() });
        }
      }
    }
  }

  function enter(request, reply, admission, done) {
    if (admission.answer !== undefined) {
      send(reply, admission.answer);
      return;
    }
    request[ADMISSION] = admission;
    request.auth = admission.authInfo;
    request.raw.auth = admission.authInfo;
    followResponse(gate, admission, request.raw, reply.raw);
    done();
  }

  function judgeBody(admitted, { method, body }) {
    if (!gate.judgesBodies || method !== "POST") {
      return undefined;
    }
    const read = parse(body);
    return read.answer !== undefined
      ? gate.refuseBody(admitted, read.reason, read.answer)
      : gate.judge(admitted, read.message);
  }

  // The hooks are for the context of the caller, not for one of their own.
  return Object.assign(authenticate, { [Symbol.for("skip-override")]: true });
}

/** Past Fastify, which would change the type of the content. */
function send(reply, answer) {
  if (reply.raw.headersSent) {
    // Answered while the gate waited, by a time limit for example.
    return;
  }
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    reply.raw.setHeader(name, value);
  }
  reply.hijack();
  writeAnswer(reply.raw, answer);
}
