import { AsyncLocalStorage } from "node:async_hooks";
import { reportAtCaller } from "../../core/errors.js";
import { decide, followed } from "../web.js";
import { frameworkBody } from "./guard-answer.js";
import { checkProviders, checkServer, invalid } from "./guard-fit.js";
import { guardTransport } from "./guard-http.js";
import { isolateSessions, isolateState } from "./guard-isolation.js";
import { noteAsked } from "./open-server.js";

/**
 * A gate in front of an MCPServer of mcp-framework. The framework shows a provider the request and nothing else: not
 * the body, not the session, not the response. What the guard needs beyond that it takes from the instance that it is
 * given, by members that are checked first; no class of the framework is changed.
 *
 * What the guard holds of a request while the framework serves it.
 *
 * @typedef {object} Served
 * @property {import("../../gate/gate.js").Admitted} admitted
 * @property {object | undefined} request of node:http; a serverless one is shown to providers as another object
 * @property {() => string} principal
 * @property {Map<object, Record<string, unknown>>} toolState
 */

/** @type {AsyncLocalStorage<Served>} */
const served = new AsyncLocalStorage();

/** Servers that are guarded. */
const guarded = new WeakSet();

export function isGuarded(server) {
  return guarded.has(server);
}

/**
 * @param {import("../../gate/gate.js").Gate} gate
 * @param {object} provider that the gate asks
 */
export function guardHost(gate, provider) {
  return function guard(server) {
    return reportAtCaller(guard, () => {
      checkServer(server);
      if (guarded.has(server)) {
        throw invalid("`guard`: this server is guarded already");
      }
      checkProviders(server, provider);
      guarded.add(server);
      const isolate = isolateState(server, () => served.getStore());
      guardTransports(server, isolate);
      guardServerless(server);
      return server;
    });
  };

  function guardTransports(server, isolate) {
    const { createTransportFromConfig } = server;
    server.createTransportFromConfig = function createGuarded(config) {
      if (config.type === "stdio") {
        return createTransportFromConfig.call(server, config);
      }
      isolate();
      const transport = createTransportFromConfig.call(server, { ...config, auth: HANDED_OVER });
      guardTransport(gate, provider, transport, serve);
      if (transport.type === "http-stream") {
        isolateSessions(server, transport);
      }
      return transport;
    };
  }

  function guardServerless(server) {
    const { handleRequest } = server;
    server._authConfig = HANDED_OVER;
    server.handleRequest = async function handleGuarded(request, options) {
      noteAsked(undefined);
      const { response, admitted } = await decide(gate, request, { ip: options?.sourceIp });
      if (response !== undefined) {
        const body = frameworkBody(response.status, await response.text(), provider);
        return new Response(body === "" ? null : body, response);
      }
      const answered = await serve(admitted, undefined, () => handleRequest.call(server, request, options));
      return followed(gate, admitted, answered);
    };
  }

  /** Runs the framework for a request that was admitted. */
  function serve(admitted, request, run) {
    const context = {
      admitted,
      request,
      principal: () => gate.principalOf(admitted),
      toolState: new Map(),
    };
    return served.run(context, () => gate.run(admitted, run));
  }
}

/**
 * What the framework asks in the place of the provider, which was asked: a second question would count and publish a
 * second decision. It accepts what is being served and nothing else.
 */
class Guard {
  async authenticate(request) {
    const context = served.getStore();
    if (context === undefined || (context.request !== undefined && context.request !== request)) {
      return false;
    }
    const data = context.admitted.verdict?.data;
    return data === undefined ? true : { data };
  }
}

const HANDED_OVER = Object.freeze({
  provider: Object.freeze(new Guard()),
  endpoints: Object.freeze({ sse: true, messages: true }),
});
