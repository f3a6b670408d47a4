import { codedError } from "../core/errors.js";
import { calledInstead } from "./node.js";
import { decide, followed } from "./web.js";

/**
 * A middleware of Hono. The SDK's app leaves the parsed body in `parsedBody`.
 *
 * @param {import("../gate/gate.js").Gate} gate
 */
export function honoHost(gate) {
  return async function authenticate(c, next) {
    if (c === undefined) {
      throw calledInstead("hono", 'app.use("*", auth.hono)');
    }
    if (c.req?.raw === undefined) {
      throw codedError(
        "ERR_MCP_AUTH_OPTION_INVALID",
        "`auth.hono` is for Hono; on Express, use `auth.express`",
      );
    }
    // What an earlier middleware has read, Hono keeps.
    const parsedBody =
      c.get("parsedBody") ?? (c.req.raw.bodyUsed ? await c.req.text().catch(() => null) : undefined);
    const { remoteAddress, localAddress } = c.env?.incoming?.socket ?? {};
    const { response, admitted } = await decide(gate, c.req.raw, {
      ip: remoteAddress,
      localAddress,
      parsedBody,
    });
    if (response !== undefined) {
      return response;
    }
    c.set("auth", admitted.authInfo);
    await gate.run(admitted, next);
    const { res } = c;
    const same = await followed(gate, admitted, res, c.env?.outgoing);
    if (same !== res) {
      c.res = same;
    }
    return undefined;
  };
}
