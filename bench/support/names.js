/** Who appears in the rows, by name. */

export const OURS = "ours";
export const FRAMEWORK = "mcp-framework";
export const FAST_JWT = "fast-jwt";
export const FAST_JWT_CACHED = "fast-jwt, cache";
export const JOSE = "jose";
export const BACKEND = "the backend's bare check";
export const ACCEPTING = "ours, accepting a new token";
export const ONE_KEY = "ours, one key";
