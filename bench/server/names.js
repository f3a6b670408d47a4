// The words in the rows. Those of the transports and of the two packages are the framework's and npm's.

export const HTTP_STREAM = "http-stream";
export const SSE = "sse";

export const NONE = "none";
export const FRAMEWORK = "mcp-framework";
export const OURS = "mcp-native-auth";
/** A provider that accepts all requests unseen: what a server loses with it, the framework spends on having one. */
export const STUB = "accepts all";

export const HS256 = "HS256";
export const API_KEY = "API key";
