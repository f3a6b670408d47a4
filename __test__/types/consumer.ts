// Uses of the package that must compile under `strict`.

import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { JSONWebKeySet as JoseKeySet } from "jose";
import type { AuthProvider as FrameworkAuthProvider } from "mcp-framework";
import * as framework from "mcp-framework";
import {
  type AcceptedEvent,
  type Algorithm,
  APIKeyAuthProvider,
  type APIKeyConfig,
  type AuthConfig,
  type AuthProvider,
  type AuthResult,
  anyOf,
  type ConfigurationError,
  checkApiKey,
  DEFAULT_API_KEY_HEADER_NAME,
  DEFAULT_AUTH_ERROR,
  type GeneratedApiKey,
  generateApiKey,
  type JSONWebKeySet,
  JWTAuthProvider,
  type JWTConfig,
  type JWTKeys,
  linkFramework,
  OAuthAuthProvider,
  type OAuthConfig,
  type RejectedEvent,
  type RejectionReason,
  type ReloadFailedEvent,
  type ThrottleConfig,
  type TrustProxy,
} from "mcp-native-auth";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterUnion } from "rate-limiter-flexible";

const headerName: "X-API-Key" = DEFAULT_API_KEY_HEADER_NAME;
const apiKeyConfig: APIKeyConfig = { keys: ["k1", "k2"], headerName, queryFallback: false };
const apiKeys: APIKeyAuthProvider = new APIKeyAuthProvider(apiKeyConfig);
new APIKeyAuthProvider({ keys: Object.freeze(["k1"]), headerName: undefined, queryFallback: null });
new APIKeyAuthProvider({ keys: [{ key: undefined, hash: "sha256:…", id: "alice", expiresAt: undefined }] });
new APIKeyAuthProvider({ loadKeys: async () => ["k1"], reloadIntervalSeconds: 60, keys: undefined });
apiKeys.replaceKey("alice", "k2", { overlapSeconds: undefined });
const count: number = apiKeys.getKeyCount();
const name: string = apiKeys.getHeaderName();

const oauthConfigs: OAuthConfig[] = [
  { resource: "https://mcp.example.com/mcp", authorizationServers: ["https://login.example.com"] as const },
  // As it is written for the framework.
  {
    resource: "https://mcp.example.com",
    authorizationServers: ["https://login.example.com"],
    validation: {
      type: "introspection",
      issuer: "https://login.example.com",
      audience: "https://mcp.example.com",
      introspection: { endpoint: "https://login.example.com/introspect", clientId: "a", clientSecret: "b" },
    },
    headerName: "Authorization",
  },
  {
    resource: "https://mcp.example.com/mcp",
    authorizationServers: ["https://a.example", "https://b.example"],
    validation: [
      { issuer: "https://a.example", audience: ["x", "y"], algorithms: ["PS256"], rejectBoundTokens: true },
      { issuer: ["https://b.example"], jwksUri: "https://b.example/jwks", allowIdTokens: null },
    ],
    requiredScopes: ["mcp"],
    resourceMetadataUrl: false,
    throttle: { failures: 10 },
    maxTokenAge: undefined,
    strict: true,
  },
];
const oauthProvider: OAuthAuthProvider = new OAuthAuthProvider(oauthConfigs[0] as OAuthConfig);
const challenge: string = oauthProvider.getWWWAuthenticateHeader("invalid_token", "why");
const servers: string[] = oauthProvider.getAuthorizationServers();
const resource: string = oauthProvider.getResource();
await oauthProvider.ready();
oauthProvider.close();
const frameworkOAuthConfig: ConstructorParameters<typeof framework.OAuthAuthProvider>[0] = {
  resource,
  authorizationServers: servers,
  validation: { type: "jwt", audience: "a", issuer: "b", jwksUri: "https://b.example/jwks" },
};
new OAuthAuthProvider(frameworkOAuthConfig);

declare const publicKey: KeyObject;
const algorithms: Algorithm[] = ["RS256", "PS512", "ES512", "EdDSA", "Ed25519"];
const configs: JWTConfig[] = [
  { secret: "text" },
  { secret: Buffer.from("bytes"), algorithms: ["HS256"] },
  { secret: new Uint16Array(8) },
  { jwksUri: "https://a.example/jwks", requireHttps: true, secret: undefined },
  { loadKeys: async ({ signal }) => (signal.aborted ? [] : { keys: [] }), algorithms: ["HS256"] },
  { loadKeys: () => [{ kid: "a", secret: "s" }] },
  { secret: new ArrayBuffer(32) },
  { secret: createSecretKey(Buffer.from("bytes")) },
  { secret: publicKey, algorithms },
  { secret: createPublicKey("pem"), algorithms: ["RS256"] as const },
  { secret: publicKey.export({ format: "jwk" }), algorithms: ["ES256"] },
  { secret: { key: { kty: "RSA", n: "AQAB", e: "AQAB" }, format: "jwk" } },
  { secret: { key: "pem", format: "pem" } },
  { secret: { key: publicKey.export({ format: "jwk" }), format: "jwk" } },
  { secret: await crypto.subtle.exportKey("jwk", {} as never) },
  {
    secret: "text",
    audience: process.env.AUDIENCE,
    issuer: undefined,
    keys: undefined,
    throttle: undefined,
  },
  {
    secret: "text",
    headerName: "X-Token",
    requireBearer: false,
    caseInsensitiveScheme: true,
    requireExpiration: true,
    cacheSize: 0,
  },
];
const jwt: JWTAuthProvider = new JWTAuthProvider(configs[0] as JWTConfig);

declare const joseKeySet: JoseKeySet;
const keySet: JSONWebKeySet = { keys: [{ kty: "RSA", kid: "2026-01", n: "AQAB", e: "AQAB" }] };
const keyLists: JWTKeys[] = [
  ["text", publicKey, { kid: "2026-01", secret: "text" }, { kid: null, secret: publicKey }],
  [
    { issuer: "https://a.example", secret: "text" },
    { kid: "2026-01", issuer: ["a", "b"] as const, key: "pem" },
  ],
  [{ kid: "2026-01", key: { kty: "RSA", n: "AQAB", e: "AQAB" }, format: "jwk", issuer: undefined }],
  Object.freeze([{ secret: Buffer.from("bytes") }]),
  keySet,
  joseKeySet,
];
new JWTAuthProvider({
  keys: ["text"],
  issuer: "https://issuer.example",
  audience: ["a", "b"] as const,
  subject: "svc-*",
  clockTolerance: 5,
  maxTokenAge: 3600,
  requiredClaims: ["jti"],
  typ: "at+jwt",
  claims: { client_id: "a", tid: ["a", "b"] as const, level: [1, 2], verified: true },
  strict: true,
});
new JWTAuthProvider({ secret: "text", typ: ["at+jwt", "JWT"], claims: undefined, audience: null });
jwt.setKeys(keyLists[0] as JWTKeys);
jwt.setSecret(publicKey);

declare const redis: object;
const throttles: ThrottleConfig[] = [
  {},
  { failures: 5, windowSeconds: 300, maxAddresses: 1000, trustProxy: 1, lockout: true },
  { limiter: new RateLimiterMemory({ points: 5, duration: 300 }), lockout: true },
  { limiter: new RateLimiterRedis({ storeClient: redis, points: 5, duration: 300 }), limiterTimeoutMs: 100 },
  { limiter: new RateLimiterUnion(new RateLimiterMemory({ points: 5, duration: 300 })) },
];
new APIKeyAuthProvider({ keys: ["k1"], throttle: throttles[0] });
new JWTAuthProvider({ secret: "text", throttle: null });
new JWTAuthProvider({ secret: "text", trustProxy: { header: "CF-Connecting-IP" } satisfies TrustProxy });
anyOf([apiKeys], { trustProxy: 1, throttle: { trustProxy: null } });
subscribe("mcp-native-auth:accepted", (message) => (message as AcceptedEvent).subject?.toUpperCase());
subscribe("mcp-native-auth:rejected", (message): RejectionReason => (message as RejectedEvent).reason);
subscribe("mcp-native-auth:reload-failed", (message) => {
  const { message: text, usingStaleKeys }: { message: string; usingStaleKeys: boolean } =
    message as ReloadFailedEvent;
  return usingStaleKeys || text;
});

declare const oauth: framework.OAuthAuthProvider;
const several = anyOf([apiKeys, jwt, oauth, anyOf([jwt] as const, null)], { throttle: { failures: 3 } });
const severalError: { status: number; message: string } = several.getAuthError();
new framework.MCPServer({
  transport: { type: "http-stream", options: { port: 8082, auth: { provider: several } } },
});

const providers: AuthProvider[] = [apiKeys, jwt, several];
const forTheFramework: FrameworkAuthProvider[] = [apiKeys, jwt, ...providers];
const config: AuthConfig = { provider: jwt, endpoints: { sse: true, messages: true } };
new framework.MCPServer({ transport: { type: "sse", options: { port: 8080, auth: { provider: apiKeys } } } });
new framework.MCPServer({ transport: { type: "http-stream", options: { port: 8081, auth: config } } });
new framework.MCPServer({ transport: { type: "sse", auth: { provider: jwt } } });

export async function decide(request: IncomingMessage): Promise<unknown> {
  const results: (boolean | AuthResult)[] = [
    await apiKeys.authenticate(request),
    await jwt.authenticate(request),
  ];
  const result = results[1];
  const error: { status: number; message: string } = jwt.getAuthError();
  return typeof result === "object" ? result.data?.sub : error.message || DEFAULT_AUTH_ERROR.status;
}

export class Audited extends JWTAuthProvider {
  override async authenticate(request: IncomingMessage): Promise<boolean | AuthResult> {
    return super.authenticate(request);
  }
}

export function codeOf(error: ConfigurationError): string {
  return error.code === "ERR_MCP_AUTH_SECRET_REQUIRED" ? "no secret" : error.code;
}

export const linked: boolean = linkFramework(framework);
const generated: GeneratedApiKey[] = [
  generateApiKey(),
  generateApiKey(null),
  generateApiKey({}),
  generateApiKey({ prefix: null }),
  generateApiKey({ prefix: "acme_live" }),
];
generateApiKey({ prefix: undefined });
const form: "ok" | "typo" | "unrecognized" = checkApiKey(generated[0]?.key ?? "");
const named: [`sha256:${string}`, `key_${string}`] = [generateApiKey().hash, generateApiKey().id];

export { challenge, count, form, forTheFramework, name, named, severalError };
