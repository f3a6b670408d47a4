import type { KeyObject } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { URL } from "node:url";

/** Default of {@link APIKeyOptions.headerName}. */
export declare const DEFAULT_API_KEY_HEADER_NAME = "X-API-Key";

/** Status and message of a rejection that has no message of its own: 401 `Unauthorized`. RFC 9110 §15.5.2. */
export declare const DEFAULT_AUTH_ERROR: { status: number; message: string };

/** What a provider resolves to when it accepts a request and knows something about the caller. */
export interface AuthResult {
  /**
   * Reaches tools through the framework's `getRequestContext()`: the claims of a token, or the
   * {@link APIKeyData} of a key.
   */
  data?: Record<string, unknown>;
}

/** The interface that `mcp-framework` asks of a provider. */
export interface AuthProvider {
  /**
   * Decides on a request. Resolves to `true` or an {@link AuthResult} to accept it, to `false` to reject it.
   * The providers of this package never throw or reject, whatever the request holds.
   */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /** Status and message of the response to the rejected request. */
  getAuthError?(): AuthError;
}

/** The response to a rejected request. The framework's transports ignore `headers`. */
export interface AuthError {
  status: number;
  message: string;
  headers?: Record<string, string>;
}

/** The value of `transport.options.auth` of an `MCPServer`. */
export interface AuthConfig {
  provider: AuthProvider;
  /** Which endpoints ask the provider. The framework's transports enforce it. */
  endpoints?: {
    /**
     * SSE: whether opening the stream requires a credential. If absent, `false`.
     * HTTP stream: whether `initialize` does. If absent, `true`.
     */
    sse?: boolean;
    /**
     * Whether messages require a credential.
     * @default true
     */
    messages?: boolean;
    /**
     * Has no effect in mcp-framework 0.2.22.
     * @default false
     */
    oauth?: boolean;
  };
}

/**
 * Thrown for a configuration that cannot work. The message names the option and the fix, never a key or a
 * secret. docs/troubleshooting.md has the cause and the fix of each code.
 */
export interface ConfigurationError extends Error {
  code:
    | "ERR_MCP_AUTH_KEYS_REQUIRED"
    | "ERR_MCP_AUTH_KEYS_INVALID"
    | "ERR_MCP_AUTH_KEYS_WEAK"
    | "ERR_MCP_AUTH_KEYS_DAMAGED"
    | "ERR_MCP_AUTH_KEYS_RELOAD_FAILED"
    | "ERR_MCP_AUTH_SECRET_REQUIRED"
    | "ERR_MCP_AUTH_SECRET_INVALID"
    | "ERR_MCP_AUTH_SECRET_EMPTY"
    | "ERR_MCP_AUTH_SECRET_UNREADABLE"
    | "ERR_MCP_AUTH_SECRET_UNSUITABLE"
    | "ERR_MCP_AUTH_SECRET_WEAK_RSA"
    | "ERR_MCP_AUTH_SECRET_JWK_USE"
    | "ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS"
    | "ERR_MCP_AUTH_SECRET_WEAK"
    | "ERR_MCP_AUTH_SECRET_DAMAGED"
    | "ERR_MCP_AUTH_ALGORITHMS_INVALID"
    | "ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE"
    | "ERR_MCP_AUTH_HEADER_NAME_INVALID"
    | "ERR_MCP_AUTH_OPTION_INVALID"
    | "ERR_MCP_AUTH_OPTION_UNKNOWN"
    | "ERR_MCP_AUTH_GUARD_UNSUPPORTED"
    | "ERR_MCP_AUTH_INTERNAL";
}

/**
 * Limits failed authentication attempts per client address. Valid credentials are accepted over the limit
 * too, and so is a correct guess: only {@link ThrottleConfig.lockout} stops a client that keeps guessing.
 *
 * A failure is a credential that was presented and is not genuine. Requests without a credential, and genuine
 * credentials that are rejected, for example because they have expired, are not counted and always get 401.
 *
 * One client is an IPv4 address or the /64 of an IPv6 address. IPv4 in IPv6 counts as IPv4 (RFC 4291 §2.5.5.2,
 * RFC 6052 §2.1). Clients without a known address, such as those of a Unix socket, count as one.
 *
 * An unknown option is ignored with a process warning `MCP_NATIVE_AUTH_UNKNOWN_OPTION`; if the provider is
 * `strict`, and of {@link anyOf} and {@link requireAuth} always, it throws `ERR_MCP_AUTH_OPTION_UNKNOWN`.
 */
export interface ThrottleConfig {
  /**
   * Number of failures per address and window that get 401; further ones get 429 (RFC 6585 §4). An integer
   * from 1 to 1,000,000. Excludes `limiter`, which has `points`.
   * @default 10
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  failures?: number | null | undefined;
  /**
   * Length of the window in seconds. It starts with the first failure of an address and retries do not extend
   * it. Measured by a monotonic clock. An integer from 1 to 86,400. Excludes `limiter`, which has `duration`.
   * @default 60
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  windowSeconds?: number | null | undefined;
  /**
   * Whether an address that has used up its failures is rejected altogether until its window ends, valid
   * credentials included. This also locks out every other client behind the same address.
   * @default false
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  lockout?: boolean | null | undefined;
  /**
   * The same as `trustProxy` of the provider, from which it must not differ.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  trustProxy?: TrustProxy | null | undefined;
  /**
   * Number of addresses to remember, about 260 bytes each. When it is reached, the address with the oldest
   * window is evicted; eviction never blocks a client. An integer from 1 to 1,000,000. Excludes `limiter`.
   * @default 10_000
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  maxAddresses?: number | null | undefined;
  /**
   * Counts in a shared store, for several machines: a limiter of `rate-limiter-flexible`. It is asked after a
   * failure, and with `lockout` before each decision. If its store fails, requests are decided as without
   * `throttle`, events have `limiterError: true`, and a process warning is emitted at most once a minute.
   * If absent, failures are counted in memory.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` if a method is missing
   */
  limiter?: FailureLimiter | null | undefined;
  /**
   * Time that the limiter has to answer, in milliseconds. After it the store counts as failed. An integer from
   * 1 to 60,000.
   * @default 500
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  limiterTimeoutMs?: number | null | undefined;
}

/**
 * How the address of a client behind proxies is found. If there is no address in that place, the socket's address
 * counts. A client that can reach the server past the proxies can claim any address.
 *
 * - A number: how many proxies append to `X-Forwarded-For`. The address is the entry at that position, counted
 *   from the right. 0 reads the socket only. An integer from 0 to 100.
 * - `header`: one that the proxy overwrites, such as `CF-Connecting-IP` or `X-Real-IP`. Of `Forwarded` (RFC 7239)
 *   it is `for` of the last element.
 *
 * @example
 * ```ts
 * import { APIKeyAuthProvider } from "mcp-native-auth";
 *
 * const keys = [process.env.API_KEY ?? ""];
 * const behindNginx = new APIKeyAuthProvider({ keys, trustProxy: 1 });
 * const behindCloudflare = new APIKeyAuthProvider({ keys, trustProxy: { header: "CF-Connecting-IP" } });
 * ```
 */
export type TrustProxy = number | { readonly header: string };

/** The methods of a `rate-limiter-flexible` limiter that {@link ThrottleConfig.limiter} uses. */
export interface FailureLimiter {
  /** Counts a failure. Resolves within the limit, rejects with `{ msBeforeNext }` over it. */
  consume(key: string, points?: number): Promise<unknown>;
  /** The count of an address. Required for {@link ThrottleConfig.lockout} only. */
  get?(key: string): Promise<{ remainingPoints: number; msBeforeNext: number } | null>;
}

/**
 * Why a request was rejected, in {@link RejectedEvent}. Stable: codes are added, never renamed.
 * docs/monitoring.md has the cause and the fix of each.
 */
export type RejectionReason =
  | "KEY_MISSING"
  | "KEY_UNKNOWN"
  | "KEY_EXPIRED"
  | "KEY_NOT_YET_VALID"
  | "KEYS_NOT_LOADED"
  | "TOKEN_MISSING"
  | "TOKEN_MALFORMED"
  | "TOKEN_HEADER_INVALID"
  | "TOKEN_CRITICAL_EXTENSION"
  | "TOKEN_ALGORITHM_NOT_ALLOWED"
  | "TOKEN_SIGNATURE_INVALID"
  | "TOKEN_PAYLOAD_INVALID"
  | "TOKEN_TIME_CLAIM_INVALID"
  | "TOKEN_NOT_YET_VALID"
  | "TOKEN_EXPIRED"
  | "TOKEN_EXPIRATION_MISSING"
  | "TOKEN_TYPE_NOT_ALLOWED"
  | "TOKEN_TOO_OLD"
  | "TOKEN_ISSUED_IN_FUTURE"
  | "TOKEN_CLAIM_MISSING"
  | "TOKEN_ISSUER_NOT_ALLOWED"
  | "TOKEN_AUDIENCE_NOT_ALLOWED"
  | "TOKEN_SUBJECT_NOT_ALLOWED"
  | "TOKEN_CLAIM_NOT_ALLOWED"
  | "TOKEN_IN_QUERY"
  | "TOKEN_KEY_UNKNOWN"
  | "TOKEN_INACTIVE"
  | "TOKEN_BOUND"
  | "SCOPE_INSUFFICIENT"
  | "ISSUER_UNAVAILABLE"
  | "REQUEST_UNREADABLE"
  | "CREDENTIAL_MALFORMED"
  | "ORIGIN_NOT_ALLOWED"
  | "SESSION_OF_ANOTHER"
  | "SESSIONS_UNAVAILABLE"
  | "BODY_UNREADABLE"
  | "BODY_TOO_LARGE"
  | "PROVIDER_REJECTED"
  | "PROVIDER_FAILED"
  | "THROTTLED"
  | "LOCKED_OUT";

/** Published on the channel `mcp-native-auth:accepted` of `node:diagnostics_channel`. Frozen. */
export interface AcceptedEvent {
  /** Class of the provider that decided. For a third-party provider, the name of its class. */
  readonly provider: "APIKeyAuthProvider" | "JWTAuthProvider" | "OAuthAuthProvider" | (string & {});
  /** Id of the configured key that matched, if it has one. */
  readonly keyId: string | undefined;
  /** `sub` of the verified token, if it is a string. RFC 7519 §4.1.2. */
  readonly subject: string | undefined;
  /** The client's address: that of the socket, or the one that `trustProxy` selects. */
  readonly remoteAddress: string | undefined;
  /** Whether the store of {@link ThrottleConfig.limiter} failed for this request. */
  readonly limiterError: boolean;
}

/** Published on the channel `mcp-native-auth:rejected` of `node:diagnostics_channel`. Frozen. */
export interface RejectedEvent {
  /** Class of the provider that decided. For a third-party provider, the name of its class. */
  readonly provider: "APIKeyAuthProvider" | "JWTAuthProvider" | "OAuthAuthProvider" | (string & {});
  readonly reason: RejectionReason;
  /** With the reason `THROTTLED`: why the credential itself was rejected. */
  readonly credentialReason: RejectionReason | undefined;
  /** Id of the configured key that matched, if one matched and it has an id. */
  readonly keyId: string | undefined;
  /** The client's address: that of the socket, or the one that `trustProxy` selects. */
  readonly remoteAddress: string | undefined;
  /** Whether the store of {@link ThrottleConfig.limiter} failed for this request. */
  readonly limiterError: boolean;
}

/** Published on the channel `mcp-native-auth:reloaded` of `node:diagnostics_channel` after each good load. Frozen. */
export interface ReloadedEvent {
  readonly provider: "APIKeyAuthProvider";
  /** Number of keys in use. */
  readonly keys: number;
  /** Number of loads that failed since the previous good one. */
  readonly failures: number;
  /** Number of rows that are left out because they cannot be keys or contradict each other. */
  readonly leftOut: number;
  /** Up to ten of them, by their index in what {@link APIKeyLoaderConfig.loadKeys} returned. Never a value. */
  readonly firstLeftOut: readonly { readonly index: number; readonly message: string }[];
}

/**
 * Published on the channel `mcp-native-auth:reload-failed` of `node:diagnostics_channel` after each failed load, and
 * when {@link APIKeyLoaderConfig.maxStaleSeconds} are over. Frozen.
 */
export interface ReloadFailedEvent {
  readonly provider: "APIKeyAuthProvider" | "JWTAuthProvider" | "OAuthAuthProvider";
  /** Number of failed loads since the last good one, including this one. */
  readonly failures: number;
  /**
   * What failed: class and code of the loader's error and, for a system error, the call and the file. Never the
   * loader's own message. For an issuer, its URL without the query, and what happened.
   */
  readonly message: string;
  /** Whether keys of an earlier load stay in use. */
  readonly usingStaleKeys: boolean;
}

/**
 * A key with a name, a validity period and data of its own. An unknown, inherited or non-enumerable property
 * throws `ERR_MCP_AUTH_KEYS_INVALID`.
 */
export interface APIKeyEntry {
  /** The key, as a plain string in `keys`. It must not look like a hash. Required unless {@link hash} is given. */
  key?: string | null | undefined;
  /**
   * `sha256:` and the SHA-256 of the key's UTF-8 bytes as 64 lowercase hexadecimal digits, so that the
   * configuration holds no credential. Only for random keys, such as those of {@link generateApiKey}: any
   * other key can be guessed from its hash. Required unless {@link key} is given.
   */
  hash?: string | null | undefined;
  /**
   * Identifies the key in events, and to {@link APIKeyAuthProvider.replaceKey} and
   * {@link APIKeyAuthProvider.revokeKey}. 1 to 128 visible ASCII characters, unique, and not the key.
   */
  id: string;
  /**
   * What the key is for. Passed on unchanged.
   * @default []
   */
  scopes?: readonly string[] | null | undefined;
  /** When the key becomes valid: a Date, or RFC 3339 text with seconds and zone. If absent, always. */
  notBefore?: Date | string | null | undefined;
  /** When the key stops being valid: a Date, or RFC 3339 text with seconds and zone. If absent, never. */
  expiresAt?: Date | string | null | undefined;
  /**
   * An object that JSON can represent, at most 100 levels deep. Passed on unchanged.
   * @default {}
   */
  metadata?: object | null | undefined;
}

/** The `data` of a request with the key of an {@link APIKeyEntry}. Each caller gets its own copy. */
export interface APIKeyData extends Record<string, unknown> {
  keyId: string;
  scopes: string[];
  metadata: Record<string, unknown>;
  /** RFC 3339 in UTC. Absent if the key does not expire. */
  expiresAt?: string;
}

/** Loads keys. See {@link APIKeyLoaderConfig.loadKeys}. */
export type KeyLoader = (context: {
  /** Aborted after {@link APIKeyLoaderConfig.loadTimeoutSeconds}. */
  signal: AbortSignal;
}) => readonly (string | APIKeyEntry)[] | PromiseLike<readonly (string | APIKeyEntry)[]>;

/**
 * Options of {@link APIKeyAuthProvider}. An unknown option is ignored with a process warning
 * `MCP_NATIVE_AUTH_UNKNOWN_OPTION`; under {@link strict} it throws `ERR_MCP_AUTH_OPTION_UNKNOWN`.
 */
export interface APIKeyOptions {
  /**
   * Name of the header that carries the key, an HTTP field name (RFC 9110 §5.1), case-insensitive. `X-API-Key`
   * is accepted as well.
   * @default "X-API-Key"
   * @throws {ConfigurationError} `ERR_MCP_AUTH_HEADER_NAME_INVALID`
   */
  headerName?: string | null | undefined;
  /**
   * Whether a key is accepted as `?api_key=` or `?apiKey=`, for `EventSource` clients, which cannot set
   * headers. URLs end up in logs and histories: set it to `false` unless a client needs it.
   *
   * The framework's own pre-check still looks at the query and leaves the decision to the provider.
   * @default true
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  queryFallback?: boolean | null | undefined;
  /**
   * Whether a key that can be guessed throws `ERR_MCP_AUTH_KEYS_WEAK` instead of a process warning
   * `MCP_NATIVE_AUTH_WEAK_KEYS`: shorter than 16 characters, well-known, predictable, or with leading or
   * trailing white space. A key given as a hash cannot be judged.
   * @default false
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  strict?: boolean | null | undefined;
  /**
   * Responds with 429 to too many failures from one address. Valid credentials are still accepted, unless
   * {@link ThrottleConfig.lockout} is set. If absent, there is no limit.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  throttle?: ThrottleConfig | null | undefined;
  /**
   * How proxies in front of the server hand on the client's address, which events show and {@link throttle} counts.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also if {@link ThrottleConfig.trustProxy} differs
   */
  trustProxy?: TrustProxy | null | undefined;
}

/** {@link APIKeyOptions} with a list of keys. */
export interface APIKeyListConfig extends APIKeyOptions {
  /**
   * The valid API keys, at least one: each a non-empty string without lone surrogates, compared byte for byte
   * in UTF-8 without trimming, or an {@link APIKeyEntry}. Copied: changing the array later has no effect, use
   * {@link APIKeyAuthProvider.setKeys}.
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_KEYS_REQUIRED` if there is none; `ERR_MCP_AUTH_KEYS_INVALID`,
   *   with the index, if one cannot be a key, repeats the key of an entry, or repeats an id
   */
  keys: readonly (string | APIKeyEntry)[];
  loadKeys?: null | undefined;
  reloadIntervalSeconds?: null | undefined;
  loadTimeoutSeconds?: null | undefined;
  maxStaleSeconds?: null | undefined;
}

/** {@link APIKeyOptions} with a function that loads the keys. */
export interface APIKeyLoaderConfig extends APIKeyOptions {
  /**
   * Loads the keys instead of `keys`: called at construction, then every {@link reloadIntervalSeconds} and by
   * {@link APIKeyAuthProvider.reload}, one call at a time. Its result replaces all keys, except for changes by hand
   * since the call, which hold; an empty array rejects every request. A good load is an event on
   * `mcp-native-auth:reloaded`.
   *
   * Rows that cannot be keys are left out, with a process warning `MCP_NATIVE_AUTH_KEYS_LEFT_OUT`; the other rows
   * take effect. Rows for one id or one key that differ are all left out.
   *
   * If it throws, times out or does not return an array, the last good keys stay in use for
   * {@link maxStaleSeconds}, with a process warning `MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED` and an event on
   * `mcp-native-auth:reload-failed`. Requests wait for the first load, at most {@link loadTimeoutSeconds}. A late
   * result is ignored.
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a function
   */
  loadKeys: KeyLoader;
  /**
   * Time from the end of a load to the start of the next, in seconds, from 0 to 2,147,483; 0 loads once. Requires
   * `loadKeys`.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also without `loadKeys`
   */
  reloadIntervalSeconds?: number | null | undefined;
  /**
   * Time that one call of `loadKeys` and reading its result may take, in seconds, from 0.001 to 2,147,483. Requires
   * `loadKeys`.
   * @default 10
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also without `loadKeys`
   */
  loadTimeoutSeconds?: number | null | undefined;
  /**
   * Time that loaded keys stay in use without another good load, in seconds from the start of the last good one, from
   * 0.001 to 2,147,483. Then they are rejected until a load succeeds, with a process warning
   * `MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED` and an event on `mcp-native-auth:reload-failed`. Keys that were added by hand
   * since then stay in use. Must be greater than {@link reloadIntervalSeconds}. Requires `loadKeys`. Absent: no limit.
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also without `loadKeys`
   */
  maxStaleSeconds?: number | null | undefined;
  keys?: null | undefined;
}

// The compiler explains an error by the last type of the union, so the usual one comes last.
/** Configuration of {@link APIKeyAuthProvider}: either `keys` or `loadKeys`. */
export type APIKeyConfig = APIKeyLoaderConfig | APIKeyListConfig;

/**
 * Accepts requests that carry a configured API key: in the configured header or `X-API-Key`, else as
 * `Authorization: Bearer`, else in the query. An instance of the framework's class of the same name if
 * `mcp-framework` is installed.
 *
 * Keys are kept as SHA-256 digests and compared in constant time: the time that `authenticate` takes does not
 * reveal which key matched or how much of one. It does reveal the length of what was presented.
 *
 * @example
 * ```ts
 * import { MCPServer } from "mcp-framework";
 * import { APIKeyAuthProvider } from "mcp-native-auth";
 *
 * const provider = new APIKeyAuthProvider({ keys: [process.env.API_KEY ?? ""] });
 * const server = new MCPServer({
 *   transport: {
 *     type: "sse",
 *     options: { port: 8080, auth: { provider, endpoints: { sse: true, messages: true } } },
 *   },
 * });
 * ```
 */
export declare class APIKeyAuthProvider implements AuthProvider {
  /** @throws {ConfigurationError} with the code that each option names, for a configuration that cannot work */
  constructor(config: APIKeyConfig);
  /**
   * Replaces all keys from the next request on; an empty array rejects every request. Like every change, it is
   * all or nothing: if it throws, no key changes.
   *
   * @throws {ConfigurationError} as for {@link APIKeyListConfig.keys}
   */
  setKeys(keys: readonly (string | APIKeyEntry)[]): void;
  /**
   * Adds keys. Indices in messages count the added keys.
   *
   * @throws {ConfigurationError} as for {@link APIKeyListConfig.keys}
   */
  addKeys(keys: readonly (string | APIKeyEntry)[]): void;
  /**
   * Replaces the key with the given id. With an overlap, the old key stays valid for `overlapSeconds` (0 to
   * 31,622,400), but not past its own `expiresAt`, and the new key needs another id. Without one, the old key
   * is rejected at once. Keys that expired more than a day ago are removed when keys are added, replaced or
   * revoked.
   *
   * @example
   * ```ts
   * import { APIKeyAuthProvider, generateApiKey } from "mcp-native-auth";
   *
   * const { hash } = generateApiKey();
   * const provider = new APIKeyAuthProvider({ keys: [{ hash, id: "alice-1" }] });
   *
   * const next = generateApiKey();
   * provider.replaceKey("alice-1", { hash: next.hash, id: "alice-2" }, { overlapSeconds: 86_400 });
   * ```
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_KEYS_INVALID` if no key has the id, or as for
   *   {@link APIKeyListConfig.keys}; `ERR_MCP_AUTH_OPTION_INVALID` for the overlap,
   *   `ERR_MCP_AUTH_OPTION_UNKNOWN` for another option
   */
  replaceKey(
    id: string,
    key: string | APIKeyEntry,
    options?: { overlapSeconds?: number | null | undefined } | null,
  ): void;
  /** Removes a key from the next request on. Returns whether a key had the id. */
  revokeKey(id: string): boolean;
  /**
   * Loads the keys now. If a load is in progress, it waits for it and then loads again. Changes by hand hold against a
   * load that was in progress; a load that starts later replaces them.
   *
   * @throws {ConfigurationError} rejects with `ERR_MCP_AUTH_KEYS_RELOAD_FAILED` if loading fails, in which case
   *   the last good keys stay in use, after `close()`, and without `loadKeys`
   */
  reload(): Promise<void>;
  /**
   * Resolves once keys are loaded, at once without `loadKeys`. If the first load failed, it loads once more.
   *
   * @throws {ConfigurationError} rejects with `ERR_MCP_AUTH_KEYS_RELOAD_FAILED` if that fails as well
   */
  ready(): Promise<void>;
  /** Ends loading; a load in progress is aborted. Keys stay in use, for `maxStaleSeconds` at most. */
  close(): void;
  /** The number of configured keys. Equal keys count each. */
  getKeyCount(): number;
  /** The header name as configured. */
  getHeaderName(): string;
  /** Resolves to `true`, to `{ data: APIKeyData }` for the key of an entry, or to `false`. Never rejects. */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /**
   * `{ status: 401, message: "Invalid API key" }`. For a request over the limit of `throttle`, once:
   * `{ status: 429, message: "Too many failed authentication attempts", headers }`.
   */
  getAuthError(): AuthError;
}

/**
 * The supported values of `alg`. RFC 7518 §3.1. `Ed25519` (RFC 9864 §2.2) and `EdDSA` (RFC 8037 §3.1) are names of the
 * same signature: a token is accepted under the name that it has. List both if your issuer changes from one to the other.
 */
export type Algorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519";

/**
 * A JSON Web Key. RFC 7517 §4, RFC 7518 §6, RFC 8037 §2. Private members and certificates are ignored.
 *
 * The types of other libraries are assignable to it, such as the result of `KeyObject.export({ format: "jwk" })`
 * with any version of @types/node.
 */
export interface JSONWebKey {
  kty?: string | undefined;
  use?: string | undefined;
  key_ops?: readonly string[] | undefined;
  alg?: string | undefined;
  kid?: string | undefined;
  crv?: string | undefined;
  n?: string | undefined;
  e?: string | undefined;
  x?: string | undefined;
  y?: string | undefined;
  /** The secret of an `oct` key, in base64url. */
  k?: string | undefined;
  d?: string | undefined;
  p?: string | undefined;
  q?: string | undefined;
  dp?: string | undefined;
  dq?: string | undefined;
  qi?: string | undefined;
  oth?: readonly unknown[] | undefined;
  ext?: boolean | undefined;
  x5u?: string | undefined;
  x5c?: readonly string[] | undefined;
  x5t?: string | undefined;
  "x5t#S256"?: string | undefined;
}

/** The forms of a key that {@link JWTSecretConfig.secret} accepts. */
export type KeyMaterial =
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | KeyObject
  | JSONWebKey
  | { key: JSONWebKey; format: "jwk" }
  | {
      key: string | Buffer | KeyObject;
      format?: "pem" | "der" | undefined;
      type?: string | undefined;
      passphrase?: string | Buffer | undefined;
    };

/** What can stand next to a key. */
export interface JWTKeyBinding {
  /**
   * The `kid` of the tokens that the key verifies, compared character by character (RFC 7515 §4.1.4). A
   * non-empty string without lone surrogates. If absent, the `kid` of a JWK counts.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_SECRET_INVALID`
   */
  kid?: string | null | undefined;
  /**
   * The issuers that sign with the key: a token that the key verifies must have one of them as `iss`, besides what
   * {@link JWTOptions.issuer} accepts. Patterns as there. If absent, all issuers.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  issuer?: string | readonly string[] | null | undefined;
}

/**
 * One of several keys. An unknown property is ignored with a process warning; under {@link JWTOptions.strict} it
 * throws `ERR_MCP_AUTH_OPTION_UNKNOWN`. An inherited or non-enumerable `kid` or `issuer` throws
 * `ERR_MCP_AUTH_SECRET_INVALID`.
 *
 * @example
 * ```ts
 * import { JWTAuthProvider, type JWTKeyEntry } from "mcp-native-auth";
 *
 * const keys: JWTKeyEntry[] = [
 *   { kid: "2026", issuer: "https://issuer.example", secret: process.env.JWT_PUBLIC_KEY ?? "" },
 *   { kid: "partner", issuer: "https://partner.example", secret: process.env.JWT_SECRET ?? "" },
 * ];
 * new JWTAuthProvider({ keys, algorithms: ["RS256", "HS256"] });
 * ```
 */
export interface JWTKeyEntry extends JWTKeyBinding {
  /** The key. See {@link JWTSecretConfig.secret}. */
  secret: KeyMaterial;
}

/** One of several public keys, in the form that `crypto.createPublicKey` accepts. Else like {@link JWTKeyEntry}. */
export type JWTPublicKeyEntry = JWTKeyBinding & {
  key: string | Buffer | KeyObject | JSONWebKey;
  format?: "pem" | "der" | "jwk" | undefined;
  type?: string | undefined;
  passphrase?: string | Buffer | undefined;
};

/** A JWK Set. RFC 7517 §5. */
export interface JSONWebKeySet {
  keys: readonly JSONWebKey[];
}

/** The forms that {@link JWTKeysConfig.keys} accepts. */
export type JWTKeys = readonly (KeyMaterial | JWTPublicKeyEntry | JWTKeyEntry)[] | JSONWebKeySet;

/** A value that a claim may have: compared with its type, strings to the character, numbers as JavaScript has them. */
export type ClaimValue = string | number | boolean;

/**
 * Options of {@link JWTAuthProvider}. An unknown option is ignored with a process warning
 * `MCP_NATIVE_AUTH_UNKNOWN_OPTION`; under {@link strict} it throws `ERR_MCP_AUTH_OPTION_UNKNOWN`.
 */
export interface JWTOptions {
  /**
   * The values of `alg` that tokens may have. RFC 7518 §3.1, RFC 8725 §3.1. One that the key cannot verify is
   * never accepted and is named in a process warning `MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS`.
   * @default ["HS256"]; with jwksUri and loadKeys ["RS256", "ES256"]
   * @throws {ConfigurationError} `ERR_MCP_AUTH_ALGORITHMS_INVALID` unless an array that names a supported
   *   algorithm and not `none`, with `jwksUri` also for an HMAC algorithm; `ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE` if the
   *   key can verify none of them
   */
  algorithms?: readonly Algorithm[] | null | undefined;
  /**
   * The accepted values of `aud`: a token must have one of them. RFC 7519 §4.1.3, RFC 8725 §3.9. If absent,
   * `aud` is not checked, and tokens that the issuer made for another server are accepted.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also under {@link strict} if absent
   */
  audience?: string | readonly string[] | null | undefined;
  /**
   * The accepted values of `iss`, compared character by character. RFC 7519 §4.1.1. If absent, `iss` is not checked.
   *
   * In the path of a URL, a segment `*` stands for any one segment of letters, digits and hyphens, and `{tenantid}` for
   * one that also equals the claim `tid`, for the tenants of Microsoft Entra. `*` and braces elsewhere throw, and so
   * does a list in one string.
   *
   * Several issuers with several keys that are not bound by {@link JWTKeyBinding.issuer} cause a process warning
   * `MCP_NATIVE_AUTH_UNBOUND_KEYS`: each key can sign in the name of each issuer. Under {@link strict} it throws.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  issuer?: string | readonly string[] | null | undefined;
  /**
   * The accepted values of `sub`; `*` matches any run of characters. RFC 7519 §4.1.2. If absent, `sub` is not
   * checked.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  subject?: string | readonly string[] | null | undefined;
  /**
   * Claims that a token must have, by name, each with the value or values that are accepted. A claim that is an array
   * must hold one of them. `iss`, `aud`, `sub` and times have options of their own. A value that is `undefined` or empty
   * throws. If absent, no further claims are checked.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  claims?: Readonly<Record<string, ClaimValue | readonly ClaimValue[]>> | null | undefined;
  /**
   * Names of claims that a token must have, with any value. If absent, none.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  requiredClaims?: readonly string[] | null | undefined;
  /**
   * The accepted values of `typ` in the header, such as `at+jwt`, case-insensitive and with or without `application/`.
   * RFC 7515 §4.1.9, RFC 8725 §3.11. If absent, `typ` is not checked.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a media type or an array of them
   */
  typ?: string | readonly string[] | null | undefined;
  /**
   * Whether a token without `exp` is rejected. If present, `exp` is always checked. RFC 7519 §4.1.4.
   * @default false, under {@link strict} true
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean, and if `false` under
   *   {@link strict}
   */
  requireExpiration?: boolean | null | undefined;
  /**
   * Maximum age of a token by its `iat`, in seconds, from 1 to 3,155,760,000 (a hundred years). RFC 7519 §4.1.6.
   * Tokens without `iat`, or with one in the future, are then rejected. If absent, `iat` is not checked.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  maxTokenAge?: number | null | undefined;
  /**
   * Clock skew allowed on `exp`, `nbf` and, with {@link maxTokenAge}, `iat`, in seconds, from 0 to 86,400 (a
   * day). RFC 7519 §4.1.4–§4.1.5.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  clockTolerance?: number | null | undefined;
  /**
   * Name of the header that carries the token, an HTTP field name (RFC 9110 §5.1), case-insensitive.
   * @default "Authorization"
   * @throws {ConfigurationError} `ERR_MCP_AUTH_HEADER_NAME_INVALID`
   */
  headerName?: string | null | undefined;
  /**
   * Whether the header's value is `Bearer <token>` (RFC 6750 §2.1) or the token alone.
   * @default true
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  requireBearer?: boolean | null | undefined;
  /**
   * Whether `bearer` is accepted in any case. RFC 9110 §11.1.
   * @default false, under {@link strict} true
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  caseInsensitiveScheme?: boolean | null | undefined;
  /**
   * Enforces RFC 8725: {@link audience} is required (§3.9), tokens must expire within ten years, and an HMAC secret
   * that can be guessed or is shorter than its hash (§3.5) throws `ERR_MCP_AUTH_SECRET_WEAK` instead of a process
   * warning `MCP_NATIVE_AUTH_WEAK_SECRET`. Keys that are not bound to an issuer throw where there are several of both.
   * `bearer` is accepted in any case. `audience: null` is accepted together with `client_id` or `azp` in {@link claims},
   * for issuers that write no `aud` into access tokens.
   * @default false
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  strict?: boolean | null | undefined;
  /**
   * Responds with 429 to too many failures from one address. Valid credentials are still accepted, unless
   * {@link ThrottleConfig.lockout} is set. If absent, there is no limit.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  throttle?: ThrottleConfig | null | undefined;
  /**
   * How proxies in front of the server hand on the client's address, which events show and {@link throttle} counts.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also if {@link ThrottleConfig.trustProxy} differs
   */
  trustProxy?: TrustProxy | null | undefined;
  /**
   * Number of verified tokens to remember, so that the signature of one that comes again is not verified again;
   * 0 for none. Expiry and all other rules are checked on every use, and each caller gets its own claims. Only
   * tokens of up to 4096 bytes are remembered, by a keyed SHA-256 digest or their MAC. The text of their claims
   * takes at most 4 MB per 1024 tokens, and the parsed claims at most 16 MB more: those with more than 16 objects and
   * arrays, or 64 properties and items, are parsed again on each use. An integer from 0 to 1,000,000.
   * @default 1024
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  cacheSize?: number | null | undefined;
}

/** {@link JWTOptions} with one key. */
export interface JWTSecretConfig extends JWTOptions {
  /**
   * The key that verifies tokens. Read once, at construction.
   *
   * - HMAC secret: a string (its UTF-8 bytes), bytes, a secret `KeyObject`, or an `oct` JWK. Not empty.
   * - Public key: PEM text or bytes (SPKI, PKCS#1, X.509 certificate, or a private key, of which only the
   *   public part is kept), a public `KeyObject`, a JWK, or an object that `crypto.createPublicKey` accepts.
   *   RSA of 2048 to 8192 bits (RFC 7518 §3.3), P-256, P-384, P-521 or Ed25519.
   *
   * Text that holds a public key in any usual form and encoding is never an HMAC secret, and neither is a file name or
   * an address (RFC 8725 §2.1).
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_SECRET_REQUIRED` if falsy, another `ERR_MCP_AUTH_SECRET_…` if it
   *   cannot be used
   */
  secret: KeyMaterial;
  keys?: null | undefined;
  jwksUri?: null | undefined;
  loadKeys?: null | undefined;
}

/** {@link JWTOptions} with several keys. */
export interface JWTKeysConfig extends JWTOptions {
  /**
   * Up to 100 keys instead of `secret`, for rotation: an array or a JWK Set (RFC 7517 §5). The `kid` of a token
   * (RFC 7515 §4.1.4) selects the keys with the same `kid`. If there is none, or the token's `kid` is not a
   * string, the keys without `kid` are tried. A token without `kid` is tried with the keys without `kid` first,
   * then with the others. At most four keys are tried. Each key verifies the algorithms that it supports.
   *
   * An unusable key of an array throws as for `secret`, with its index. In a JWK Set it is skipped with a
   * process warning `MCP_NATIVE_AUTH_UNUSABLE_KEYS`, as long as another key can be used.
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS` for more than 100 keys, or more than four
   *   for one algorithm with the same `kid` or without one; `ERR_MCP_AUTH_SECRET_REQUIRED` for none;
   *   `ERR_MCP_AUTH_SECRET_INVALID` unless an array or a JWK Set
   */
  keys: JWTKeys;
  secret?: null | undefined;
  jwksUri?: null | undefined;
  loadKeys?: null | undefined;
}

/**
 * {@link JWTOptions} with the keys that an issuer publishes.
 *
 * @example
 * ```ts
 * import { JWTAuthProvider } from "mcp-native-auth";
 *
 * const provider = new JWTAuthProvider({
 *   jwksUri: "https://login.example.com/.well-known/jwks.json",
 *   issuer: "https://login.example.com",
 *   audience: "https://notes.example/mcp",
 * });
 * await provider.ready();
 * ```
 */
export interface JWTJwksConfig extends JWTOptions {
  /**
   * URL of the issuer's JWK Set (RFC 7517 §5). It is fetched when the first token comes, refreshed in the background,
   * fetched at most once in three seconds for a `kid` that is not in it, and kept for an hour while the issuer cannot be
   * asked: the rules of {@link OAuthValidation.jwksUri}. A token without `kid` is rejected.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  jwksUri: string;
  /**
   * Whether {@link jwksUri} must use https, but on loopback. Otherwise http gets a process warning.
   * @default false, under strict true
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean, and without `jwksUri`
   */
  requireHttps?: boolean | null | undefined;
  secret?: null | undefined;
  keys?: null | undefined;
  loadKeys?: null | undefined;
}

/**
 * {@link JWTOptions} with keys from a function.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { JWTAuthProvider } from "mcp-native-auth";
 *
 * const provider = new JWTAuthProvider({
 *   loadKeys: async ({ signal }) => JSON.parse(await readFile("jwks.json", { encoding: "utf8", signal })),
 *   audience: "https://notes.example/mcp",
 * });
 * await provider.ready();
 * ```
 */
export interface JWTLoaderConfig extends JWTOptions {
  /**
   * Gives all valid keys, as {@link JWTKeysConfig.keys} takes them, or a promise of them. It is called when the first
   * token comes, every 12 minutes in the background, and for a `kid` that is unknown, but never twice within three
   * seconds. `signal` is aborted after five seconds and by {@link JWTAuthProvider.close}.
   *
   * A key that cannot be used is left out with a process warning `MCP_NATIVE_AUTH_UNUSABLE_KEYS`. If the call fails, the
   * last good keys stay in use for an hour. HMAC secrets are used only if {@link JWTOptions.algorithms} says so.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a function
   */
  loadKeys: (context: { signal: AbortSignal }) => JWTKeys | Promise<JWTKeys>;
  secret?: null | undefined;
  keys?: null | undefined;
  jwksUri?: null | undefined;
  requireHttps?: null | undefined;
}

// The last type is the usual one, as above.
/** Configuration of {@link JWTAuthProvider}: one of `secret`, `keys`, `jwksUri` and `loadKeys`. */
export type JWTConfig = JWTKeysConfig | JWTJwksConfig | JWTLoaderConfig | JWTSecretConfig;

/**
 * Accepts requests that carry a JSON Web Token signed with a configured key, and passes on its claims. An
 * instance of the framework's class of the same name if `mcp-framework` is installed.
 *
 * The signature, `nbf` and `exp` are always checked, to the second. `iss`, `aud`, `sub`, `iat`, `typ` and other claims
 * are checked where an option says so. Rejected are tokens of more than 16 MiB, headers of more than 16 KiB or 32
 * members, and payloads nested more than 1024 levels deep. RFC 7515, RFC 7519, RFC 8725.
 *
 * @example
 * ```ts
 * import { MCPServer } from "mcp-framework";
 * import { JWTAuthProvider } from "mcp-native-auth";
 *
 * const provider = new JWTAuthProvider({
 *   secret: process.env.JWT_PUBLIC_KEY ?? "",
 *   algorithms: ["RS256"],
 *   issuer: "https://issuer.example/",
 *   audience: "https://notes.example/mcp",
 * });
 * const server = new MCPServer({
 *   transport: { type: "http-stream", options: { port: 8080, auth: { provider } } },
 * });
 * ```
 */
export declare class JWTAuthProvider implements AuthProvider {
  /** @throws {ConfigurationError} with the code that each option names, for a configuration that cannot work */
  constructor(config: JWTConfig);
  /**
   * Replaces all keys with this one from the next request on. Remembered tokens are forgotten. If it throws,
   * nothing changes.
   *
   * @throws {ConfigurationError} as for {@link JWTSecretConfig.secret}; `ERR_MCP_AUTH_OPTION_INVALID` with `jwksUri` or
   *   `loadKeys`
   */
  setSecret(secret: KeyMaterial): void;
  /**
   * Replaces all keys with these from the next request on. Remembered tokens are forgotten. If it throws,
   * nothing changes.
   *
   * @throws {ConfigurationError} as for {@link JWTKeysConfig.keys}; `ERR_MCP_AUTH_OPTION_INVALID` with `jwksUri` or
   *   `loadKeys`
   */
  setKeys(keys: JWTKeys): void;
  /**
   * Fetches the keys of `jwksUri`, or calls `loadKeys`, so that the first request does not wait. Resolves at once where
   * keys are configured.
   *
   * @throws rejects if that fails
   */
  ready(): Promise<void>;
  /** Ends fetches and timers. Keys stay in use until their time is over. */
  close(): void;
  /** Resolves to `{ data: <claims> }` or to `false`. Never rejects. */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /**
   * `{ status: 401, message: "Invalid or expired JWT token" }`. For a request over the limit of `throttle`,
   * once: `{ status: 429, message: "Too many failed authentication attempts", headers }`. With `jwksUri` or `loadKeys`,
   * status 503 for a request that cannot be decided.
   */
  getAuthError(): AuthError;
}

/** How tokens of an issuer are verified. An unknown property is handled as in {@link OAuthConfig}. */
export interface OAuthValidation {
  /**
   * `"jwt"` verifies tokens here, with keys that the issuer publishes. `"introspection"` asks the issuer about each
   * token (RFC 7662) and requires {@link introspection}.
   * @default "jwt"
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  type?: "jwt" | "introspection" | null | undefined;
  /**
   * The accepted values of `iss`, compared character by character. If absent, the one of
   * {@link OAuthConfig.authorizationServers}. Where keys or the endpoint are discovered, exactly one issuer.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also if absent with several servers
   */
  issuer?: string | readonly string[];
  /**
   * The accepted values of `aud`: a token must have one of them, character by character. A verified token without
   * `aud` may have one in `client_id`, as those of Amazon Cognito. `"*"` accepts tokens for every server of the
   * issuer, with a process warning.
   * @default resource
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  audience?: string | readonly string[];
  /**
   * URL of the issuer's JWK Set. If absent, it is discovered from the issuer's metadata (RFC 8414, OpenID Connect
   * Discovery), which must name exactly this issuer.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  jwksUri?: string;
  /**
   * The values of `alg` that tokens may have. HMAC algorithms are ignored with a process warning.
   * @default ["RS256", "ES256"]
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` for a name that is not supported
   */
  algorithms?: string | readonly string[] | null | undefined;
  /** The introspection endpoint. Required for the type `"introspection"`. */
  introspection?: OAuthIntrospection;
  /**
   * Whether ID, refresh and logout tokens are accepted as access tokens. They are told by their claims and `typ`.
   * @default false
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  allowIdTokens?: boolean | null | undefined;
  /**
   * Whether tokens that are bound to a key of the client are rejected: `cnf` (RFC 8705, RFC 9449). The binding itself
   * is not checked.
   * @default false
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  rejectBoundTokens?: boolean | null | undefined;
}

/** An introspection endpoint and the credentials for it. RFC 7662. */
export interface OAuthIntrospection {
  /** URL of the endpoint. If absent, it is discovered from the issuer's metadata. */
  endpoint?: string;
  /** Visible ASCII without a colon. */
  clientId: string;
  /** Visible ASCII. */
  clientSecret: string;
  /**
   * How long an active token is accepted without asking again, in milliseconds, from 0 to 86,400,000, but never beyond
   * its `exp`: so long a revocation may go unnoticed. 0 asks for each request.
   * @default 300_000
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  cacheTTL?: number | null | undefined;
  /**
   * Where the credentials are sent: in the header, form-encoded (RFC 6749 §2.3.1), or in the body.
   * @default "client_secret_basic"
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  authMethod?: "client_secret_basic" | "client_secret_post" | null | undefined;
  /** Sent as `token_type_hint`. RFC 7662 §2.1. If absent, none. */
  tokenTypeHint?: string | null | undefined;
}

/**
 * Configuration of {@link OAuthAuthProvider}. An unknown option is ignored with a process warning
 * `MCP_NATIVE_AUTH_UNKNOWN_OPTION`; under {@link strict} it throws `ERR_MCP_AUTH_OPTION_UNKNOWN`.
 */
export interface OAuthConfig {
  /**
   * Identifier of this server: the URL that clients connect to, such as `https://mcp.example.com/mcp`. It is published
   * in the metadata, named in challenges, and the default of {@link OAuthValidation.audience}. Visible ASCII without
   * `"` and `\`. Clients reject an identifier that is not an http(s) URL, so one gets a process warning.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  resource: string;
  /**
   * Issuer identifiers of the authorization servers, at least one, as they are published. RFC 9728 §2.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  authorizationServers: readonly string[];
  /**
   * How tokens are verified: one entry, or an array with one for each issuer, which then has its own keys, audience
   * and rules. If absent, keys are discovered for each authorization server, and the audience is {@link resource}.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  validation?: OAuthValidation | readonly OAuthValidation[] | null | undefined;
  /**
   * Name of the header that carries `Bearer <token>`, an HTTP field name (RFC 9110 §5.1), case-insensitive.
   * @default "Authorization"
   * @throws {ConfigurationError} `ERR_MCP_AUTH_HEADER_NAME_INVALID`
   */
  headerName?: string | null | undefined;
  /**
   * Scopes that each token must have, in `scope`, `scp` or `scopes`. A token without one gets 403 with
   * `error="insufficient_scope"` (RFC 6750 §3.1). If absent, scopes are not checked.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless an array of scopes (RFC 6749 §3.3), not empty
   */
  requiredScopes?: readonly string[] | null | undefined;
  /** See {@link JWTOptions.subject}. */
  subject?: string | readonly string[] | null | undefined;
  /** See {@link JWTOptions.claims}. */
  claims?: Readonly<Record<string, ClaimValue | readonly ClaimValue[]>> | null | undefined;
  /** See {@link JWTOptions.requiredClaims}. */
  requiredClaims?: readonly string[] | null | undefined;
  /**
   * The accepted values of `typ` in the header, such as `at+jwt` (RFC 9068 §4). See {@link JWTOptions.typ}. Excludes
   * introspection.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  typ?: string | readonly string[] | null | undefined;
  /** See {@link JWTOptions.maxTokenAge}. */
  maxTokenAge?: number | null | undefined;
  /**
   * Clock skew allowed on `exp`, `nbf` and, with {@link maxTokenAge}, `iat`, in seconds, from 0 to 300.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  clockTolerance?: number | null | undefined;
  /**
   * URL of the metadata in challenges (RFC 9728 §5.1); `false` for none.
   * @default the well-known URL at the root of `resource`, which mcp-framework serves
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  resourceMetadataUrl?: string | false | null | undefined;
  /**
   * Whether keys, metadata and introspection must use https, but on loopback. Otherwise http gets a process warning.
   * @default false, under {@link strict} true
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  requireHttps?: boolean | null | undefined;
  /**
   * Number of verified tokens to remember, for each issuer; see {@link JWTOptions.cacheSize}. For introspection, the
   * number of answers. An integer from 0 to 1,000,000.
   * @default 10_000
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  cacheSize?: number | null | undefined;
  /**
   * Where the client's address is found. See {@link TrustProxy}.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also if {@link ThrottleConfig.trustProxy} differs
   */
  trustProxy?: TrustProxy | null | undefined;
  /**
   * Responds with 429 to too many failures from one address. Valid credentials are still accepted, unless
   * {@link ThrottleConfig.lockout} is set. If absent, there is no limit.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  throttle?: ThrottleConfig | null | undefined;
  /**
   * Requires https, and makes a misspelled option an error.
   * @default false
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` unless a boolean
   */
  strict?: boolean | null | undefined;
}

/**
 * Accepts requests that carry an access token of an authorization server, as `Authorization: Bearer`, and passes on
 * its claims and the token. An instance of the framework's class of the same name if `mcp-framework` is installed, so
 * that the framework serves the metadata of the resource (RFC 9728).
 *
 * Issuer, audience, expiry and the kind of token are always checked (RFC 9068 §4, RFC 8725). Keys are fetched when the
 * first token comes, refreshed in the background, and kept for an hour while the issuer cannot be asked. What cannot be
 * decided gets 503 with `Retry-After`, never 401. docs/oauth.md has recipes for identity providers.
 *
 * @example
 * ```ts
 * import { MCPServer } from "mcp-framework";
 * import { OAuthAuthProvider } from "mcp-native-auth";
 *
 * const provider = new OAuthAuthProvider({
 *   resource: "https://mcp.example.com/mcp",
 *   authorizationServers: ["https://login.example.com"],
 * });
 * const server = new MCPServer({
 *   transport: { type: "http-stream", options: { port: 8080, auth: { provider } } },
 * });
 * ```
 */
export declare class OAuthAuthProvider implements AuthProvider {
  /** @throws {ConfigurationError} with the code that each option names, for a configuration that cannot work */
  constructor(config: OAuthConfig);
  /** Resolves to `{ data: { …claims, token } }` or to `false`. Never rejects. */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /**
   * `{ status: 401, message: "Unauthorized" }`. For a request that was rejected otherwise, once: status 403 for a
   * missing scope, 503 for an issuer that cannot be asked, 429 over the limit of `throttle`.
   */
  getAuthError(): AuthError;
  /** The challenge for the request that was rejected last in this asynchronous context, else one with these values. */
  getWWWAuthenticateHeader(error?: string, errorDescription?: string): string;
  /** The issuer identifiers of the authorization servers. A copy. */
  getAuthorizationServers(): string[];
  /** The identifier of this server. */
  getResource(): string;
  /**
   * Fetches the keys of all issuers, so that the first request does not wait.
   *
   * @throws rejects if an issuer cannot be asked, with a message that names it
   */
  ready(): Promise<void>;
  /** Ends fetches and timers. Keys that were fetched stay in use until their time is over. */
  close(): void;
}

/**
 * Makes instances of this package's classes instances of the given framework's classes, including instances
 * that already exist. Needed only where the application's copy of `mcp-framework` is not found, for example in a
 * bundle.
 *
 * @example
 * ```ts
 * import * as framework from "mcp-framework";
 * import { linkFramework } from "mcp-native-auth";
 *
 * linkFramework(framework);
 * ```
 *
 * @returns whether all classes were found and linked
 */
export declare function linkFramework(framework: object): boolean;

/** Options of {@link generateApiKey}. An unknown option is an error. */
export interface GenerateApiKeyOptions {
  /**
   * The part before the last underscore: 2 to 20 ASCII letters and digits, the first a letter, with single
   * underscores in between. Give each system and environment its own, such as `acme_live` and `acme_test`, so
   * that a scanner for leaked secrets can tell whose key it found.
   * @default "mcp"
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  prefix?: string | null | undefined;
}

/** A new API key, and what to store instead of it. */
export interface GeneratedApiKey {
  /**
   * `<prefix>_`, 43 random characters and a checksum of 6: letters, digits and underscores, which need no
   * escaping in headers and URLs. For the client only. It cannot be recovered from `hash` or `id`.
   */
  key: string;
  /** `sha256:` and the SHA-256 of the key's UTF-8 bytes as 64 lowercase hexadecimal digits. */
  hash: `sha256:${string}`;
  /** A name for logs, independent of the key: `key_` and 16 random letters and digits. */
  id: `key_${string}`;
}

/**
 * Generates an API key with 256 random bits from the system's generator.
 *
 * Scanners can match keys with `\b<prefix>_[0-9A-Za-z]{49}\b`. {@link checkApiKey} tells keys from other text of
 * that form.
 *
 * @example
 * ```ts
 * import { APIKeyAuthProvider, generateApiKey } from "mcp-native-auth";
 *
 * const { key, hash, id } = generateApiKey({ prefix: "acme_live" });
 * console.log("For the client:", key);
 * const provider = new APIKeyAuthProvider({ keys: [{ hash, id }] });
 * ```
 *
 * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` for an invalid prefix, `ERR_MCP_AUTH_OPTION_UNKNOWN`
 */
export declare function generateApiKey(options?: GenerateApiKeyOptions | null): GeneratedApiKey;

/**
 * Checks whether text has the form of a key of {@link generateApiKey}, with any prefix, and is intact. It looks
 * nothing up: `"ok"` does not mean that a provider accepts the key, and anyone can compute a checksum.
 *
 * @example
 * ```ts
 * import { checkApiKey, generateApiKey } from "mcp-native-auth";
 *
 * const { key } = generateApiKey();
 * checkApiKey(key); // "ok"
 * checkApiKey(key.slice(0, -1)); // "typo"
 * checkApiKey("something else"); // "unrecognized"
 * ```
 *
 * @returns `"ok"` for an intact key; `"typo"` for text that is nearly a key: with changed characters, one lost or
 *   doubled, or white space at an end; `"unrecognized"` for anything else
 */
export declare function checkApiKey(key: string): "ok" | "typo" | "unrecognized";

/** Options of {@link anyOf}. An unknown option is an error. */
export interface AnyOfOptions {
  /**
   * Counts each wrong credential of a request once, even if several providers reject it. The combined providers
   * must not have a `throttle` of their own. If absent, there is no limit.
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`
   */
  throttle?: ThrottleConfig | null | undefined;
  /**
   * How proxies in front of the server hand on the client's address, which events show and {@link throttle} counts.
   * @default 0
   * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID`, also if {@link ThrottleConfig.trustProxy} differs
   */
  trustProxy?: TrustProxy | null | undefined;
}

/**
 * Combines several providers into one: asks each in turn and accepts a request that one of them accepts.
 * Otherwise it publishes one event, with the most specific reason, and responds with one 401 `Unauthorized`. Its
 * `WWW-Authenticate` has the challenges of all providers (RFC 9110 §11.6.1), with an error code only if a Bearer
 * credential was presented (RFC 6750 §3.1). Serverless handlers of the framework send it only if an
 * OAuthAuthProvider is among the providers.
 *
 * The result is not an instance of the framework's APIKeyAuthProvider, whose pre-check would reject requests
 * without an API key. It is an instance of the framework's OAuthAuthProvider if one is among the providers, so
 * that the metadata of the first one is served.
 *
 * A third-party provider accepts a request only by returning `true` or `{ data: object }`. One that throws
 * rejects. One that never settles blocks the request, so list it last. With `throttle`, its rejection counts as a
 * failure if the request carries a header or a query that could be a credential. An exception does not count.
 *
 * @example
 * ```ts
 * import { anyOf, APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
 *
 * const provider = anyOf(
 *   [
 *     new APIKeyAuthProvider({ keys: [process.env.API_KEY ?? ""] }),
 *     new JWTAuthProvider({ secret: process.env.JWT_PUBLIC_KEY ?? "", algorithms: ["RS256"] }),
 *   ],
 *   { throttle: { failures: 10, windowSeconds: 60 } },
 * );
 * ```
 *
 * @param providers at least one, in the order in which they are asked; third-party providers and results of
 *   `anyOf` are allowed
 * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` for an empty array, a value that is not a provider,
 *   or a provider with a `throttle` of its own; `ERR_MCP_AUTH_OPTION_UNKNOWN`
 */
export declare function anyOf(
  providers: readonly AuthProvider[],
  options?: AnyOfOptions | null,
): AuthProvider & Required<Pick<AuthProvider, "getAuthError">>;

/**
 * Who calls, in the form that the official SDK hands to tools, v1 (`extra.authInfo`) and v2 (`ctx.http.authInfo`).
 */
export interface AuthInfo {
  /** The access token as it was sent; empty for an API key, which no tool needs. */
  token: string;
  /**
   * Of a token, the first of `client_id`, `azp`, `cid`, `appid` and `sub` that it has (RFC 9068 §2.2); of an API key,
   * its id. Empty if there is none.
   */
  clientId: string;
  /** What was granted: see {@link RequireAuthOptions.scopeClaims}; of an API key, its `scopes`. */
  scopes: string[];
  /** End of the credential, in seconds since the epoch. Absent if it has none. */
  expiresAt?: number;
  /** {@link RequireAuthOptions.resource}. RFC 8707. */
  resource?: URL;
  /** Where the metadata of the resource lies. RFC 9728 §5.1. */
  resourceMetadataUrl?: string;
  /** The claims of the token, or the {@link APIKeyData} of the key. */
  extra?: Record<string, unknown>;
}

/** A call of a tool, as {@link RequireAuthOptions.toolScopes} judges it. */
export interface ToolCall {
  name: string;
  arguments?: unknown;
}

/**
 * Where {@link requireAuth} keeps which principal began which session, for servers with several processes. Each method
 * may give a promise. What it throws is answered with 503.
 *
 * @example
 * ```ts
 * const sessionStore = {
 *   get: (id) => redis.get(`mcp:session:${id}`),
 *   set: (id, principal) => redis.set(`mcp:session:${id}`, principal, { EX: 86_400 }),
 * };
 * ```
 */
export interface SessionStore {
  /** The principal of a session; `null` or `undefined` if the session is not known. */
  get(id: string): string | null | undefined | Promise<string | null | undefined>;
  /**
   * Notes the principal of a session: a digest of 43 characters. Where the principal is a plain API key, it is the
   * SHA-256 of the key, so give entries with an `id`.
   */
  set(id: string, principal: string): unknown;
}

/** What {@link requireAuth} asks of each request next to a credential. */
export interface RequireAuthOptions<Optional extends boolean = boolean> {
  /** Scopes that every request needs; without them, 403 `insufficient_scope`. @default none */
  requiredScopes?: readonly string[] | null | undefined;
  /**
   * Scopes that calls of a tool need, by its name, or a function that gives them. Without them, the answer is 403 before
   * the tool runs; it names all scopes of the operation. Other tools need none. If the function throws or gives
   * anything but an array or `undefined`, the call is rejected. @default none
   *
   * @example { write_file: ["files:write"] }
   */
  toolScopes?:
    | Readonly<Record<string, readonly string[]>>
    | ((call: ToolCall) => readonly string[] | undefined)
    | null
    | undefined;
  /**
   * Narrower scopes that a broader one satisfies, or a function that says whether the granted scopes hold a needed one
   * (only `true` does). @default none
   *
   * @example { admin: ["files:write"], "files:write": ["files:read"] }
   */
  scopeHierarchy?:
    | Readonly<Record<string, readonly string[]>>
    | ((granted: readonly string[], needed: string) => boolean)
    | null
    | undefined;
  /**
   * Claims that hold the scopes of a token, each a string (RFC 6749 §3.3) or an array, or a function of the claims.
   * `permissions` and `roles` say what a user may do, not what this client was granted; name them to count them.
   * @default ["scope", "scp"]
   */
  scopeClaims?:
    | readonly string[]
    | ((claims: Record<string, unknown>) => readonly string[] | string)
    | null
    | undefined;
  /**
   * The URL of this server, as clients enter it. Becomes {@link AuthInfo.resource}; with `authorizationServers`, the
   * metadata of the resource is served and every challenge names it (RFC 9728).
   * @default `resource` of an {@link OAuthAuthProvider} within the provider
   */
  resource?: string | URL | null | undefined;
  /** Issuers of tokens for the resource. @default those of an {@link OAuthAuthProvider} within the provider */
  authorizationServers?: readonly string[] | null | undefined;
  /** `scopes_supported` of the metadata: the least that is of use. @default `requiredScopes` */
  scopesSupported?: readonly string[] | null | undefined;
  /** `resource_name` of the metadata. */
  resourceName?: string | null | undefined;
  /** `resource_documentation` of the metadata: a URL. */
  resourceDocumentation?: string | null | undefined;
  /**
   * Whether requests without a credential go on, without identity. A wrong credential is rejected all the same.
   * @default false
   */
  optional?: Optional | null | undefined;
  /**
   * Origins of web pages that may call, such as `"https://app.example.com"`; `"*"` for all. Others get 403. Requests
   * without `Origin` are not affected. @default on loopback, loopback origins and that of `resource`; elsewhere all
   */
  allowedOrigins?: readonly string[] | null | undefined;
  /**
   * Names under which the server may be called, with a port or without. Others get 403. @default on loopback, loopback
   * names and that of `resource`; elsewhere all
   */
  allowedHosts?: readonly string[] | null | undefined;
  /**
   * Whether a session (`Mcp-Session-Id`, or `sessionId` of an SSE transport) belongs to the principal that began it.
   * Others get 404, as for a session that does not exist. @default true
   */
  bindSessions?: boolean | null | undefined;
  /** Where sessions are kept. @default in memory: 100,000 sessions, 1,000 of each principal; the least used go */
  sessionStore?: SessionStore | null | undefined;
  /** How the client's address is found behind proxies. See {@link TrustProxy}. @default 0 */
  trustProxy?: TrustProxy | null | undefined;
}

/** What serves a request after {@link RequiredAuth.wrap}. */
export interface WrapContext<Identity> {
  authInfo: Identity;
  /** The body, where `toolScopes` is set and the request is a `POST`: what was judged. */
  parsedBody?: unknown;
}

/** One gate in front of a server, in the form that each stack takes. */
export interface RequiredAuth<Identity extends AuthInfo | undefined = AuthInfo> {
  /**
   * Middleware for Express and what is built like it; with a `next` of your own, for `node:http`. Sets `req.auth`, and
   * with `toolScopes` `req.body`.
   *
   * @example app.use(["/mcp", "/.well-known/oauth-protected-resource"], auth.express);
   */
  express(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => unknown): Promise<void>;
  /**
   * Decides about a `Request`: gives the identity, or the response to send. Sessions that begin and streams are not
   * seen; {@link RequiredAuth.wrap} sees them.
   */
  web(request: Request, from?: { ip?: string; parsedBody?: unknown }): Promise<Identity | Response>;
  /**
   * A fetch handler with the gate in front. Sets `request.auth` too.
   *
   * @example export default { fetch: auth.wrap((request, { authInfo }) => handler.fetch(request, { authInfo })) };
   */
  wrap<Rest extends unknown[]>(
    handler: (
      request: Request,
      context: WrapContext<Identity>,
      ...rest: Rest
    ) => Response | Promise<Response>,
  ): (request: Request, ...rest: Rest) => Promise<Response>;
  /** Middleware of Hono. Sets `c.get("auth")`. @example app.use("/mcp", auth.hono); */
  hono(c: { req: { raw: Request }; res: Response }, next: () => Promise<void>): Promise<Response | undefined>;
  /** Plugin of Fastify. Sets `request.auth` and `request.raw.auth`. @example await app.register(auth.fastify); */
  fastify(app: {
    addHook: (...args: never) => unknown;
    decorateRequest: (...args: never) => unknown;
    route: (...args: never) => unknown;
  }): Promise<void>;
  /** `authenticate` of fastmcp. Throws the `Response` to a request that it rejects. `toolScopes` has no effect. */
  readonly fastmcp: (req: IncomingMessage) => Promise<AuthInfo & Record<string, unknown>>;
  /**
   * A token verifier for stacks that read the header themselves, such as `requireBearerAuth` of the official SDK.
   * `invalidToken` makes the error that the stack takes for a 401. `toolScopes` has no effect.
   *
   * @example requireBearerAuth({ verifier: auth.verifier({ invalidToken: (m) => new InvalidTokenError(m) }) });
   */
  readonly verifier: (options?: { invalidToken?: (message: string) => Error }) => {
    verifyAccessToken(token: string): Promise<AuthInfo & { expiresAt: number }>;
  };
  /**
   * Puts the gate in front of a server of `mcp-framework`: call it before `start()`, or before the first
   * `handleRequest()`. What it adds to the framework's own check is in docs/mcp-framework.md. Gives the same server.
   *
   * @throws {ConfigurationError} if the server runs, has another provider, or is of a version that the guard does not fit
   * @example
   * const server = new MCPServer({ transport: { type: "http-stream", options: { port: 8080 } } });
   * await requireAuth(provider, { toolScopes: { write_file: ["files:write"] } }).guard(server).start();
   */
  guard<Server extends object>(server: Server): Server;
  /** The metadata of the resource, RFC 9728 §2; `undefined` without `resource` or `authorizationServers`. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Puts a provider in front of any MCP server on Node: the official SDK on Express, Fastify, Hono, node:http or a fetch
 * handler, and whatever is built on them. Rejections follow RFC 6750 and the MCP specification 2026-07-28: 401 and 403
 * with a challenge that names the metadata, 400 for a malformed credential, 429, 503. Both forms of the metadata URL
 * and preflights are answered.
 *
 * @throws {ConfigurationError} for a configuration that cannot work
 * @example
 * ```ts
 * import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
 * import { JWTAuthProvider, requireAuth } from "mcp-native-auth";
 *
 * declare function handle(req: IncomingMessage, res: ServerResponse, body: unknown): void;
 *
 * const provider = new JWTAuthProvider({
 *   secret: process.env.JWT_PUBLIC_KEY ?? "",
 *   algorithms: ["RS256"],
 *   audience: "https://mcp.example.com/mcp",
 * });
 * const auth = requireAuth(provider, { toolScopes: { write_file: ["files:write"] } });
 * createServer((req, res) => {
 *   auth.express(req, res, () => handle(req, res, "body" in req ? req.body : undefined));
 * });
 * ```
 */
export declare function requireAuth<Optional extends boolean = false>(
  provider: AuthProvider,
  options?: RequireAuthOptions<Optional> | null,
): RequiredAuth<Optional extends false ? AuthInfo : AuthInfo | undefined>;

/**
 * Who calls, while a request that {@link requireAuth} admitted is served: the same {@link AuthInfo} that its host sets.
 * `undefined` elsewhere, and where `optional` admitted a request without a credential.
 *
 * @example
 * ```ts
 * import { currentAuth } from "mcp-native-auth";
 *
 * const whoami = async () => `Hello, ${currentAuth()?.extra?.sub}`;
 * ```
 */
export declare function currentAuth(): AuthInfo | undefined;
