export { anyOf } from "./lib/any-of.js";
export { APIKeyAuthProvider, DEFAULT_API_KEY_HEADER_NAME } from "./lib/api-key-provider.js";
export { linkFramework } from "./lib/framework.js";
export { checkApiKey, generateApiKey } from "./lib/generate-api-key.js";
export { JWTAuthProvider } from "./lib/jwt-provider.js";
export { DEFAULT_AUTH_ERROR } from "./lib/words.js";
