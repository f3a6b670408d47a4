/** The types of index.d.ts, for CommonJS. */

import type * as esm from "./index.js" with { "resolution-mode": "import" };

export type * from "./index.js" with { "resolution-mode": "import" };
export declare const APIKeyAuthProvider: typeof esm.APIKeyAuthProvider;
export type APIKeyAuthProvider = esm.APIKeyAuthProvider;
export declare const JWTAuthProvider: typeof esm.JWTAuthProvider;
export type JWTAuthProvider = esm.JWTAuthProvider;
export declare const DEFAULT_API_KEY_HEADER_NAME: typeof esm.DEFAULT_API_KEY_HEADER_NAME;
export declare const DEFAULT_AUTH_ERROR: typeof esm.DEFAULT_AUTH_ERROR;
export declare const linkFramework: typeof esm.linkFramework;
export declare const anyOf: typeof esm.anyOf;
export declare const generateApiKey: typeof esm.generateApiKey;
export declare const checkApiKey: typeof esm.checkApiKey;
