export { checkApiKey, generateApiKey } from "./lib/api-key/generate.js";
export { currentAuth } from "./lib/gate/gate.js";
export { anyOf } from "./lib/hosts/mcp-framework/any-of-provider.js";
export {
  APIKeyAuthProvider,
  DEFAULT_API_KEY_HEADER_NAME,
} from "./lib/hosts/mcp-framework/api-key-provider.js";
export { DEFAULT_AUTH_ERROR } from "./lib/hosts/mcp-framework/auth-errors.js";
export { JWTAuthProvider } from "./lib/hosts/mcp-framework/jwt-provider.js";
export { linkFramework } from "./lib/hosts/mcp-framework/link.js";
export { OAuthAuthProvider } from "./lib/hosts/mcp-framework/oauth-provider.js";
export { requireAuth } from "./lib/hosts/require-auth.js";
