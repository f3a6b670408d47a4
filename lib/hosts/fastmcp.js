import { calledInstead, requestOf } from "./node.js";
import { toResponse } from "./web.js";

/** What fastmcp takes for no session, where no credential is needed. */
const ANONYMOUS = { token: "", clientId: "", scopes: [], extra: {} };

/**
 * `authenticate` of fastmcp, which sends a `Response` that is thrown as it is.
 *
 * @param {import("../gate/gate.js").Gate} gate
 */
export function fastmcpHost(gate) {
  return async function authenticate(req) {
    if (req === undefined) {
      throw calledInstead("fastmcp", "authenticate: auth.fastmcp");
    }
    const { answer, authInfo } = await gate.admit(requestOf(req));
    if (answer !== undefined) {
      throw toResponse(answer);
    }
    return authInfo ?? structuredClone(ANONYMOUS);
  };
}
