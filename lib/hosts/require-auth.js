import { Authenticator, authenticatorOf } from "../core/authenticator.js";
import { codedError, reportAtCaller } from "../core/errors.js";
import { warn } from "../core/warnings.js";
import { Gate } from "../gate/gate.js";
import { readGateOptions } from "../gate/options.js";
import { fastifyHost } from "./fastify.js";
import { fastmcpHost } from "./fastmcp.js";
import { honoHost } from "./hono.js";
import { isUnmodified } from "./mcp-framework/framework-host.js";
import { guardHost } from "./mcp-framework/guard.js";
import { noteAsked } from "./mcp-framework/open-server.js";
import { isFrameworkOAuthProvider, thirdPartyMethod } from "./mcp-framework/third-party.js";
import { nodeHost } from "./node.js";
import { verifierHost } from "./verifier.js";
import { webHost } from "./web.js";

/** Documented in index.d.ts. */
export function requireAuth(provider, options) {
  return reportAtCaller(requireAuth, () => {
    const authenticator = authenticatorFor(provider);
    const facts = factsOf(provider);
    // A server behind a gate is not open to anyone.
    const asked = () => noteAsked(undefined);
    const gate = new Gate(authenticator, readGateOptions(options, facts), facts.requiredScopes, asked);
    const { web, wrap } = webHost(gate);
    return Object.freeze({
      express: nodeHost(gate),
      web,
      wrap,
      hono: honoHost(gate),
      fastify: fastifyHost(gate),
      fastmcp: warningOfTools(
        gate,
        "fastmcp",
        "check the scopes in `canAccess` and `execute`",
        fastmcpHost(gate),
      ),
      verifier: warningOfTools(
        gate,
        "verifier",
        "check the scopes where the stack has a place for it",
        verifierHost(gate),
      ),
      guard: guardHost(gate, provider),
      metadata: gate.metadata,
    });
  });
}

/** A provider of this package decides at once; any other one is asked as mcp-framework asks it. */
function authenticatorFor(provider) {
  if (typeof provider?.authenticate !== "function") {
    throw codedError(
      "ERR_MCP_AUTH_OPTION_INVALID",
      "`requireAuth` takes a provider, with a method `authenticate`, as its first argument",
    );
  }
  const own = isUnmodified(provider) ? authenticatorOf(provider) : undefined;
  return own ?? new Authenticator(thirdPartyMethod(provider, "AuthProvider"));
}

/** @returns {import("../gate/options.js").ProviderFacts} */
function factsOf(provider) {
  const method = authenticatorOf(provider)?.method;
  const methods = method?.members?.() ?? (method ? [method] : []);
  const isOAuth = isFrameworkOAuthProvider(provider);
  return {
    resource: isOAuth ? provider.getResource() : undefined,
    authorizationServers: isOAuth ? provider.getAuthorizationServers() : undefined,
    requiredScopes: [...new Set(methods.flatMap((one) => one.requiredScopes ?? []))],
    checksAudience: methods.every((one) => one.checksAudience ?? true),
  };
}

/**
 * Such a host never shows the body. Says so at the first use: members are read, too, by what copies or prints a gate.
 *
 * @template {(...args: any[]) => any} Host
 * @param {Gate} gate
 * @param {string} member
 * @param {string} cure
 * @param {Host} host
 */
function warningOfTools(gate, member, cure, host) {
  let isDue = gate.judgesBodies;
  return /** @type {Host} */ (
    (...args) => {
      if (isDue) {
        isDue = false;
        warn(
          "MCP_NATIVE_AUTH_TOOL_SCOPES_UNENFORCED",
          `requireAuth: \`toolScopes\` has no effect with \`${member}\`, which does not see what a request asks for; ${cure}`,
        );
      }
      return host(...args);
    }
  );
}
