/** The types of index.d.ts, for CommonJS. */

import type * as esm from "./index.js" with { "resolution-mode": "import" };

export type * from "./index.js" with { "resolution-mode": "import" };
/** Accepts requests that carry a configured API key. See {@link esm.APIKeyAuthProvider}. */
export declare const APIKeyAuthProvider: typeof esm.APIKeyAuthProvider;
export type APIKeyAuthProvider = esm.APIKeyAuthProvider;
/** Accepts requests that carry a JSON Web Token signed with a configured key. See {@link esm.JWTAuthProvider}. */
export declare const JWTAuthProvider: typeof esm.JWTAuthProvider;
export type JWTAuthProvider = esm.JWTAuthProvider;
/** Accepts requests that carry an access token of an OAuth authorization server. See {@link esm.OAuthAuthProvider}. */
export declare const OAuthAuthProvider: typeof esm.OAuthAuthProvider;
export type OAuthAuthProvider = esm.OAuthAuthProvider;
/** Default of {@link esm.APIKeyOptions.headerName}. */
export declare const DEFAULT_API_KEY_HEADER_NAME: typeof esm.DEFAULT_API_KEY_HEADER_NAME;
/** Status and message of a rejection that has no message of its own. See {@link esm.DEFAULT_AUTH_ERROR}. */
export declare const DEFAULT_AUTH_ERROR: typeof esm.DEFAULT_AUTH_ERROR;
/** Makes this package's classes extend the given framework's. See {@link esm.linkFramework}. */
export declare const linkFramework: typeof esm.linkFramework;
/** Combines several providers into one. See {@link esm.anyOf}. */
export declare const anyOf: typeof esm.anyOf;
/** Generates an API key. See {@link esm.generateApiKey}. */
export declare const generateApiKey: typeof esm.generateApiKey;
/** Checks whether text has the form of a generated API key. See {@link esm.checkApiKey}. */
export declare const checkApiKey: typeof esm.checkApiKey;
/** Puts a provider in front of any MCP server on Node. See {@link esm.requireAuth}. */
export declare const requireAuth: typeof esm.requireAuth;
/** Who calls, while a request is served. See {@link esm.currentAuth}. */
export declare const currentAuth: typeof esm.currentAuth;
