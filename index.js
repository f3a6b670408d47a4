export { anyOf } from "./lib/any-of.js";
export { checkApiKey, generateApiKey } from "./lib/api-key/generate.js";
export { APIKeyAuthProvider, DEFAULT_API_KEY_HEADER_NAME } from "./lib/api-key/provider.js";
export { linkFramework } from "./lib/framework/link.js";
export { JWTAuthProvider } from "./lib/jwt/provider.js";
export { DEFAULT_AUTH_ERROR } from "./lib/words.js";
