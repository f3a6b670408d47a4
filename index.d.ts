import type { JsonWebKey, KeyObject } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Default of {@link APIKeyOptions.headerName}. */
export declare const DEFAULT_API_KEY_HEADER_NAME = "X-API-Key";

/** The answer of a refusal without words of its own: 401 `Unauthorized`. */
export declare const DEFAULT_AUTH_ERROR: { status: number; message: string };

/** What a provider resolves to when it lets a request in and knows something about the caller. */
export interface AuthResult {
  /** Reaches tools through the framework's `getRequestContext()`. For JWTs: the claims. */
  data?: Record<string, unknown>;
}

/** What `mcp-framework` asks of a provider. */
export interface AuthProvider {
  /**
   * Decides about a request. Resolves to `true` or an {@link AuthResult} to let it in, to `false` to
   * refuse it. The providers of this package never throw or reject for anything in a request.
   */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /** Status and message of the answer to a refused request. */
  getAuthError?(): AuthError;
}

/** The answer to a refused request. The framework's transports ignore `headers`. */
export interface AuthError {
  status: number;
  message: string;
  headers?: Record<string, string>;
}

/** Where a provider goes: `transport.options.auth` of an `MCPServer`. */
export interface AuthConfig {
  provider: AuthProvider;
  /** Which endpoints ask the provider. Enforced by the framework's transports. */
  endpoints?: {
    /**
     * SSE: whether opening the stream needs a credential, default `false`.
     * HTTP stream: whether `initialize` does, default `true`.
     */
    sse?: boolean;
    /** Whether messages need a credential. Default `true`. */
    messages?: boolean;
    /** Has no effect in mcp-framework 0.2.22. Default `false`. */
    oauth?: boolean;
  };
}

/** A configuration that can never work, thrown by the constructors. Never holds a key or secret. */
export interface ConfigurationError extends Error {
  code:
    | "ERR_MCP_AUTH_KEYS_REQUIRED"
    | "ERR_MCP_AUTH_KEYS_INVALID"
    | "ERR_MCP_AUTH_KEYS_WEAK"
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
    | "ERR_MCP_AUTH_ALGORITHMS_INVALID"
    | "ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE"
    | "ERR_MCP_AUTH_HEADER_NAME_INVALID"
    | "ERR_MCP_AUTH_OPTION_INVALID";
}

/**
 * A limit on failed authentication attempts, counted per client address. Good credentials are let in
 * over the limit too, and with them a right guess: only `lockout` stops whoever goes on guessing.
 *
 * A failure is a credential that was presented and is not genuine. Not counted and always answered by
 * 401: requests without a credential, and genuine tokens that have expired or are not valid yet.
 *
 * One client is an IPv4 address, or the /64 of an IPv6 address; IPv4 in IPv6 counts as IPv4. Clients of
 * which no address is known, such as those of a Unix socket, count as one.
 *
 * Members not listed here are ignored with a process warning; bad values throw
 * `ERR_MCP_AUTH_OPTION_INVALID`.
 */
export interface ThrottleConfig {
  /**
   * How many failures of an address are answered by 401 within a window; further ones get 429. A whole
   * number from 1 to 1,000,000. Not together with `limiter`, whose `points` it is.
   * @default 10
   */
  failures?: number | null;
  /**
   * Length of the window in seconds. It begins with the first failure of an address and ends then,
   * whatever comes in between. Measured by a clock that does not follow the time of day. A whole number
   * from 1 to 86,400. Not together with `limiter`, whose `duration` it is.
   * @default 60
   */
  windowSeconds?: number | null;
  /**
   * How many addresses are remembered, each in about 260 bytes. When there is no room, the one whose
   * window began first is forgotten; nobody is refused for want of room. A whole number from 1 to
   * 1,000,000. Not together with `limiter`.
   * @default 10_000
   */
  maxAddresses?: number | null;
  /**
   * How many proxies in front of the server are trusted to append to `X-Forwarded-For`: the client's
   * address is the entry in that place, counted from the right. Where it is missing or is no address, the
   * socket's counts. 0 reads the socket alone. Whoever can reach the server past the proxies can name any
   * address then. A whole number from 0 to 100.
   * @default 0
   */
  trustProxy?: number | null;
  /**
   * Whether an address that has used up its failures is refused altogether, good credentials included,
   * until its window ends. Whoever shares the address with an attacker is then kept out with him.
   * @default false
   */
  lockout?: boolean | null;
  /**
   * Counts in its own store, for several machines: a limiter of `rate-limiter-flexible`. It is asked after
   * a failure only, with `lockout` before each decision. When its store fails, requests are decided as
   * without `throttle`, events say `limiterError`, and a process warning at most once a minute.
   */
  limiter?: FailureLimiter | null;
  /**
   * How long the limiter may take to answer, in milliseconds, before its store counts as failing. A whole
   * number from 1 to 60,000.
   * @default 500
   */
  limiterTimeoutMs?: number | null;
}

/** What is used of a limiter of `rate-limiter-flexible`. */
export interface FailureLimiter {
  /** Counts a failure. Resolves if it is within the limit, rejects with `{ msBeforeNext }` if it is not. */
  consume(key: string, points?: number): Promise<unknown>;
  /** The count of an address, needed for `lockout` only. */
  get?(key: string): Promise<{ remainingPoints: number; msBeforeNext: number } | null>;
}

/**
 * Why a request was refused, in {@link RejectedEvent}. Stable: codes are added, never renamed. Cause and
 * cure of each stand in docs/monitoring.md.
 */
export type RefusalReason =
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
  | "REQUEST_UNREADABLE"
  | "PROVIDER_REFUSED"
  | "THROTTLED"
  | "LOCKED_OUT";

/** Published on the channel `mcp-native-auth:accepted` of `node:diagnostics_channel`. Frozen. */
export interface AcceptedEvent {
  /** The class that decided; of providers of others, their name. */
  readonly provider: "APIKeyAuthProvider" | "JWTAuthProvider" | (string & {});
  /** Id of the configured key that matched, if it has one. */
  readonly keyId: string | undefined;
  /** `sub` of the verified token, if it is a string. */
  readonly subject: string | undefined;
  /** The client's address: the socket's, or what {@link ThrottleConfig.trustProxy} makes of it. */
  readonly remoteAddress: string | undefined;
  /** Whether the store of {@link ThrottleConfig.limiter} failed for this request. */
  readonly limiterError: boolean;
}

/** Published on the channel `mcp-native-auth:rejected` of `node:diagnostics_channel`. Frozen. */
export interface RejectedEvent {
  /** The class that decided; of providers of others, their name. */
  readonly provider: "APIKeyAuthProvider" | "JWTAuthProvider" | (string & {});
  readonly reason: RefusalReason;
  /** With the reason `THROTTLED`: what was wrong with the credential. */
  readonly credentialReason: RefusalReason | undefined;
  /** Id of the configured key that matched, if there is one and it has one. */
  readonly keyId: string | undefined;
  /** The client's address: the socket's, or what {@link ThrottleConfig.trustProxy} makes of it. */
  readonly remoteAddress: string | undefined;
  /** Whether the store of {@link ThrottleConfig.limiter} failed for this request. */
  readonly limiterError: boolean;
}

/** Published on the channel `mcp-native-auth:reload-failed` of `node:diagnostics_channel`. Frozen. */
export interface ReloadFailedEvent {
  readonly provider: "APIKeyAuthProvider";
  /** How many loads have failed since the last good one, this one counted. */
  readonly failures: number;
  /** What may be said of it: a code of the system, or what is wrong with the keys. Never the loader's own message. */
  readonly why: string;
  /** Whether keys of an earlier load stay in use. */
  readonly keepsLastKeys: boolean;
}

/**
 * A key with a name, bounds and data of its own. Members not listed here are refused, and so are listed ones
 * that are inherited or not enumerable.
 */
export interface APIKeyEntry {
  /** The key: as a plain string in `keys`, but not what looks like a hash. Either this or {@link hash}. */
  key?: string | null;
  /**
   * `sha256:` and the SHA-256 of the key's UTF-8 bytes, as 64 hexadecimal digits in lower case, so that
   * the configuration holds nothing that lets anybody in. For keys of high entropy only, such as
   * {@link generateApiKey} makes: others can be guessed from it.
   */
  hash?: string | null;
  /**
   * Names the key in events and to {@link APIKeyAuthProvider.revokeKey}: 1 to 128 visible ASCII characters,
   * unique, and not the key.
   */
  id: string;
  /** What the key is for, handed on as it is. @default [] */
  scopes?: readonly string[] | null;
  /** From when on the key is accepted: a Date, or RFC 3339 with seconds and zone. Default: always. */
  notBefore?: Date | string | null;
  /** From when on the key is no longer accepted: a Date, or RFC 3339 with seconds and zone. Default: never. */
  expiresAt?: Date | string | null;
  /** Handed on as JSON holds it: an object, nested 100 levels deep at the most. @default {} */
  metadata?: object | null;
}

/** What an {@link APIKeyEntry} that matches resolves to. Each caller gets one of its own. */
export interface APIKeyData extends Record<string, unknown> {
  keyId: string;
  scopes: string[];
  metadata: Record<string, unknown>;
  /** RFC 3339 in UTC, if the key ends. */
  expiresAt?: string;
}

/** What to load keys with: see {@link APIKeyLoaderConfig.loadKeys}. */
export type KeyLoader = (context: {
  /** Aborted when loading takes longer than {@link APIKeyOptions.loadTimeoutSeconds}. */
  signal: AbortSignal;
}) => readonly (string | APIKeyEntry)[] | PromiseLike<readonly (string | APIKeyEntry)[]>;

/** Options of {@link APIKeyAuthProvider}. Options not listed here are ignored with a process warning. */
export interface APIKeyOptions {
  /**
   * Seconds between the beginnings of two loads, 0 for none, at most 2,147,483; one that is still under way
   * is not joined by another. Without `loadKeys` it throws `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default 0
   */
  reloadIntervalSeconds?: number | null;
  /**
   * Seconds that a load may take, from 0.001 to 2,147,483. Without `loadKeys` it throws
   * `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default 10
   */
  loadTimeoutSeconds?: number | null;
  /**
   * Whether keys that can be guessed throw `ERR_MCP_AUTH_KEYS_WEAK` instead of being named in a process
   * warning `MCP_NATIVE_AUTH_WEAK_KEYS`: shorter than 16 characters, well-known, predictable, with white
   * space at an end. Those given as a hash cannot be judged.
   * @default false
   */
  strict?: boolean | null;
  /**
   * Name of the header that carries the key, matched without regard to case. `X-API-Key` is accepted
   * beside it. An HTTP field name (RFC 9110 §5.1), else throws `ERR_MCP_AUTH_HEADER_NAME_INVALID`.
   * @default "X-API-Key"
   */
  headerName?: string | null;
  /**
   * Whether a key may come as `?api_key=` or `?apiKey=`, for `EventSource` clients, which cannot set
   * headers. URLs end up in logs and histories: switch it off if no client needs it. Anything but a
   * boolean throws `ERR_MCP_AUTH_OPTION_INVALID`.
   *
   * The framework's own pre-check still looks at the query and leaves the decision to the provider.
   * @default true
   */
  queryFallback?: boolean | null;
  /**
   * Answers failures that are too many from one address with 429; good credentials are not affected,
   * unless `lockout` says so. Not given: no limit.
   */
  throttle?: ThrottleConfig | null;
}

/** {@link APIKeyOptions} with keys. */
export interface APIKeyListConfig extends APIKeyOptions {
  /**
   * The valid API keys: at least one, each a non-empty string without lone surrogates, compared
   * byte for byte in UTF-8 without trimming, or an {@link APIKeyEntry}. Copied: changing the array later
   * has no effect, see {@link APIKeyAuthProvider.setKeys}.
   *
   * Throws `ERR_MCP_AUTH_KEYS_REQUIRED` if there is none, `ERR_MCP_AUTH_KEYS_INVALID` if one cannot
   * be a key, is there twice with an entry among the two, or has another one's id; named by its index.
   */
  keys: readonly (string | APIKeyEntry)[];
  loadKeys?: null;
}

/** {@link APIKeyOptions} with what loads keys. */
export interface APIKeyLoaderConfig extends APIKeyOptions {
  /**
   * Loads the keys instead of `keys`: called at once, then at {@link APIKeyOptions.reloadIntervalSeconds} and by
   * {@link APIKeyAuthProvider.reload}, one call at a time. What it gives replaces all keys; an empty
   * array lets nobody in. When it throws, takes too long or gives what cannot be keys, the last good
   * keys stay, which is told by a process warning `MCP_NATIVE_AUTH_KEYS_RELOAD_FAILED` and on the channel
   * `mcp-native-auth:reload-failed`. Requests wait for the first load, at most as long as it may take.
   * What is given too late goes nowhere. When keys are changed by hand while a load is under way, it is begun
   * anew, three times in all, so that what it has read before does not bring back a revoked key.
   * Anything but a function throws `ERR_MCP_AUTH_OPTION_INVALID`.
   */
  loadKeys: KeyLoader;
  keys?: null;
}

/** What {@link APIKeyAuthProvider} takes: either `keys` or `loadKeys`. */
export type APIKeyConfig = APIKeyListConfig | APIKeyLoaderConfig;

/**
 * Lets in requests that carry a configured API key: in the configured header or `X-API-Key`, else as
 * `Authorization: Bearer`, else in the query. An instance of the framework's class of the same name
 * when `mcp-framework` is installed.
 *
 * Keys are kept as SHA-256 digests and compared in constant time: the time of `authenticate` does
 * not tell which key matched or how much of one. It does tell the length of what was presented.
 */
export declare class APIKeyAuthProvider implements AuthProvider {
  /** @throws {ConfigurationError} for a configuration that can never work */
  constructor(config: APIKeyConfig);
  /**
   * Replaces all keys from the next request on; none lets nobody in. All or nothing, as are the other
   * changes: what throws changes no key.
   *
   * @throws {ConfigurationError} as for `keys`
   */
  setKeys(keys: readonly (string | APIKeyEntry)[]): void;
  /** Adds keys. @throws {ConfigurationError} as for `keys`, positions counted in what is added */
  addKeys(keys: readonly (string | APIKeyEntry)[]): void;
  /**
   * Puts a key in the place of that with the id. With an overlap, in seconds up to a year, the old key
   * stays good so long beside it, but not beyond its own end, and the new one needs another id. Keys that
   * ended more than a day ago go when keys are added, replaced or revoked.
   *
   * @throws {ConfigurationError} `ERR_MCP_AUTH_KEYS_INVALID` if there is no key with the id, or as for `keys`
   */
  replaceKey(
    id: string,
    key: string | APIKeyEntry,
    options?: { overlapSeconds?: number | null } | null,
  ): void;
  /** Takes a key away from the next request on. Returns whether there was one with the id. */
  revokeKey(id: string): boolean;
  /**
   * Loads the keys now, after a load that is under way, whose outcome may be older. Rejects with `ERR_MCP_AUTH_KEYS_RELOAD_FAILED` when that fails; the last good
   * keys stay in use. What was added or revoked by hand since the last load is forgotten.
   */
  reload(): Promise<void>;
  /** Resolves when keys were loaded; loads once more if that failed, and rejects if it fails again. At once without `loadKeys`. */
  ready(): Promise<void>;
  /** Ends reloading at intervals. The keys stay in use. */
  close(): void;
  /** Number of configured keys, equal ones counted each. */
  getKeyCount(): number;
  /** The header name as configured. */
  getHeaderName(): string;
  /** Resolves to `true`, to `{ data: APIKeyData }` for a key that is an entry, or to `false`; never rejects. */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /**
   * `{ status: 401, message: "Invalid API key" }`. With `throttle`, for a request that was one too many:
   * `{ status: 429, message: "Too many failed authentication attempts", headers }`, once.
   */
  getAuthError(): AuthError;
}

/** The supported values of `alg`. RFC 7518 §3.1, RFC 8037 §3.1 (EdDSA with Ed25519). */
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
  | "EdDSA";

/** Forms of key material that {@link JWTSecretConfig.secret} takes. */
export type KeyMaterial =
  | string
  | NodeJS.ArrayBufferView
  | ArrayBufferLike
  | KeyObject
  | JsonWebKey
  | { key: JsonWebKey; format: "jwk" }
  | { key: string | Buffer | KeyObject; format?: "pem" | "der"; type?: string; passphrase?: string | Buffer };

/** One of several keys. Members not listed here are ignored with a process warning. */
export interface JWTKeyEntry {
  /**
   * The `kid` of the tokens that the key is for, compared character by character. A string that is not
   * empty and holds no lone surrogate, else throws `ERR_MCP_AUTH_SECRET_INVALID`. Default: a JWK's own, if
   * it has one.
   */
  kid?: string | null;
  secret: KeyMaterial;
}

/** RFC 7517 §5. */
export interface JSONWebKeySet {
  keys: readonly JsonWebKey[];
}

/** Forms of {@link JWTKeysConfig.keys}. */
export type JWTKeys = readonly (KeyMaterial | JWTKeyEntry)[] | JSONWebKeySet;

/** Options of {@link JWTAuthProvider}. Options not listed here are ignored with a process warning. */
export interface JWTOptions {
  /**
   * The algorithms that tokens may use; what the key cannot verify is never accepted and named in a
   * process warning. Throws `ERR_MCP_AUTH_ALGORITHMS_INVALID` for anything but an array that names a
   * supported algorithm and not `none`, `ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE` if the key fits none of them.
   * @default ["HS256"]
   */
  algorithms?: readonly Algorithm[] | null;
  /**
   * Name of the header that carries the token, matched without regard to case. An HTTP field name
   * (RFC 9110 §5.1), else throws `ERR_MCP_AUTH_HEADER_NAME_INVALID`.
   * @default "Authorization"
   */
  headerName?: string | null;
  /**
   * Whether the header's value is `Bearer <token>` (RFC 6750 §2.1) rather than the token alone.
   * Anything but a boolean throws `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default true
   */
  requireBearer?: boolean | null;
  /**
   * Whether `bearer` in other cases is accepted too, as RFC 9110 §11.1 says. Anything but a boolean
   * throws `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default false, under {@link strict} true
   */
  caseInsensitiveScheme?: boolean | null;
  /**
   * Whether a token without `exp` is refused. `exp` is always checked when present. Anything but a
   * boolean throws `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default false, under {@link strict} true
   */
  requireExpiration?: boolean | null;
  /** What `iss` must be, or one of them. RFC 7519 §4.1.1. Default: anything. */
  issuer?: string | readonly string[] | null;
  /** What `aud` must be or hold, or one of them. RFC 7519 §4.1.3. Default: anything. */
  audience?: string | readonly string[] | null;
  /**
   * What `sub` must be, or one of them; `*` stands for any run of characters. RFC 7519 §4.1.2.
   * Default: anything.
   */
  subject?: string | readonly string[] | null;
  /**
   * Skew allowed on `exp`, `nbf` and, with {@link maxTokenAge}, `iat`, in seconds up to a day.
   * RFC 7519 §4.1.4–5.
   * @default 0
   */
  clockTolerance?: number | null;
  /**
   * How many seconds ago `iat` may be, from 1 to a hundred years; tokens without it, or from the future,
   * are then refused. RFC 7519 §4.1.6. Default: `iat` is not looked at.
   */
  maxTokenAge?: number | null;
  /** Claims that must be there, with whatever value. Default: none. */
  requiredClaims?: readonly string[] | null;
  /**
   * What the header's `typ` must be, such as `at+jwt`, without regard to case and to `application/`.
   * RFC 7515 §4.1.9, RFC 8725 §3.11. Default: anything.
   */
  typ?: string | null;
  /**
   * What RFC 8725 asks for: {@link audience} must be given, tokens must expire, HMAC secrets that can be
   * guessed or are shorter than their hash throw `ERR_MCP_AUTH_SECRET_WEAK` instead of being named in a
   * process warning `MCP_NATIVE_AUTH_WEAK_SECRET`, and `bearer` is accepted in any case.
   * @default false
   */
  strict?: boolean | null;
  /**
   * How many verified tokens to remember, so that one that comes for the third time or more need not
   * be verified again; 0 for none. `exp`, `nbf` and the other rules are checked on every use, each caller
   * gets claims of its own. Tokens of up to 4096 bytes are remembered, by a keyed SHA-256 digest or their
   * MAC: at most about 4 MB of claims text per 1024, and as much again for what is handed out. A whole number up to 1,000,000, else throws
   * `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default 1024
   */
  cacheSize?: number | null;
  /**
   * Answers failures that are too many from one address with 429; good credentials are not affected,
   * unless `lockout` says so. Not given: no limit.
   */
  throttle?: ThrottleConfig | null;
}

/** {@link JWTOptions} with one key. */
export interface JWTSecretConfig extends JWTOptions {
  /**
   * The key that tokens are verified with, read once at construction.
   *
   * - HMAC secret: a string (its UTF-8 bytes), bytes, a secret `KeyObject`, or an `oct` JWK. Not empty.
   * - Public key: PEM text or bytes (SPKI, PKCS#1, X.509 certificate, or a private key of which only
   *   the public part is kept), a public `KeyObject`, a JWK, or what `crypto.createPublicKey` takes as
   *   an object. RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519.
   *
   * Text in which a PEM key or certificate begins or ends is never an HMAC secret, nor are other forms
   * of keys: DER, base64 or hexadecimal of it, the text of a JWK, an OpenSSH line.
   *
   * Throws `ERR_MCP_AUTH_SECRET_REQUIRED` if falsy, another `ERR_MCP_AUTH_SECRET_*` if it cannot be
   * used.
   */
  secret: KeyMaterial;
  keys?: null;
}

/** {@link JWTOptions} with several keys. */
export interface JWTKeysConfig extends JWTOptions {
  /**
   * Several keys instead of `secret`, for rotation: 100 at most, in an array or a JWK Set. A token's `kid`
   * picks those with the same one; if there is none, or it is no string, those without `kid`; a token
   * without `kid` is tried with those without one first. Four keys at the most are tried for a token. Each
   * serves the algorithms that fit it.
   *
   * A key of an array that cannot be used throws as for `secret`, by its index; of a JWK Set it is named
   * in a process warning `MCP_NATIVE_AUTH_UNUSABLE_KEYS` as long as another one can be used. Over 100 keys,
   * or for one algorithm over four of the same `kid` or without one, throws
   * `ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS`; none, `ERR_MCP_AUTH_SECRET_REQUIRED`; anything but an array or a
   * JWK Set, `ERR_MCP_AUTH_SECRET_INVALID`.
   */
  keys: JWTKeys;
  secret?: null;
}

/** What {@link JWTAuthProvider} takes: either `secret` or `keys`. */
export type JWTConfig = JWTSecretConfig | JWTKeysConfig;

/**
 * Lets in requests that carry a JSON Web Token signed with the configured key, and hands on its
 * claims. An instance of the framework's class of the same name when `mcp-framework` is installed.
 *
 * Checked are the signature, `nbf` and `exp`, to the second; `iss`, `aud`, `sub`, `iat` and `typ` where
 * an option says so. Refused are tokens of more than 16 MiB, headers of more than 16 KiB
 * or 32 members, and payloads nested deeper than 1024.
 */
export declare class JWTAuthProvider implements AuthProvider {
  /** @throws {ConfigurationError} for a configuration that can never work */
  constructor(config: JWTConfig);
  /**
   * Verifies with this secret or key from the next request on, in the place of those before. Tokens that
   * were verified are forgotten. What throws changes nothing.
   *
   * @throws {ConfigurationError} as for `secret`
   */
  setSecret(secret: KeyMaterial): void;
  /** The same with several keys. @throws {ConfigurationError} as for `keys` */
  setKeys(keys: JWTKeys): void;
  /** Resolves to `{ data: <claims> }` or `false`; never rejects. */
  authenticate(req: IncomingMessage): Promise<boolean | AuthResult>;
  /**
   * `{ status: 401, message: "Invalid or expired JWT token" }`. With `throttle`, for a request that was one too many:
   * `{ status: 429, message: "Too many failed authentication attempts", headers }`, once.
   */
  getAuthError(): AuthError;
}

/**
 * Makes instances of this package's classes instances of the given framework's classes. Needed only
 * where the application's copy of `mcp-framework` is not found, such as in a bundle:
 * `import * as framework from "mcp-framework"; linkFramework(framework);`. Holds for instances made
 * before, too.
 *
 * @returns whether all classes were found and linked
 */
export declare function linkFramework(framework: object): boolean;

/** Options of {@link generateApiKey}. Options not listed here are ignored with a process warning. */
export interface GenerateApiKeyOptions {
  /**
   * What keys begin with, before an underscore: 2 to 20 ASCII letters and digits, the first a letter,
   * with single underscores between them if need be. Give each system and environment its own, such as
   * `acme_live` and `acme_test`, so that a scanner for leaked secrets can tell whose a key is. Throws
   * `ERR_MCP_AUTH_OPTION_INVALID`.
   * @default "mcp"
   */
  prefix?: string | null;
}

/** A new API key, and what may be written down in its place. */
export interface GeneratedApiKey {
  /**
   * `<prefix>_`, 43 random characters and a checksum of 6: letters, digits and underscores, so that it
   * passes through headers and URLs as it is. For the client alone; it cannot be had from the others.
   */
  key: string;
  /** SHA-256 of the key's UTF-8 bytes: `sha256:` and 64 hexadecimal digits in lower case. */
  hash: `sha256:${string}`;
  /** A name for logs, random and without relation to the key: `key_` and 16 letters and digits. */
  id: `key_${string}`;
}

/**
 * Makes an API key of 256 random bits from the system's generator.
 *
 * Scanners find keys with `\b<prefix>_[0-9A-Za-z]{49}\b`; {@link checkApiKey} tells keys from what only
 * looks like one.
 *
 * @throws {ConfigurationError} for a prefix that cannot be one
 */
export declare function generateApiKey(options?: GenerateApiKeyOptions | null): GeneratedApiKey;

/**
 * Whether a text has the form of a key from {@link generateApiKey}, with whatever prefix, and is intact.
 * Nothing is looked up: `"ok"` does not mean that a provider accepts the key, and anyone can make a text
 * that is `"ok"`.
 *
 * @returns `"ok"`: a key, intact. `"typo"`: nearly a key; one character or two neighbours changed, one
 *   character lost or doubled, white space at an end. `"foreign"`: something else, or changed beyond that.
 */
export declare function checkApiKey(key: string): "ok" | "typo" | "foreign";

/** Options of {@link anyOf}. Options not listed here are ignored with a process warning. */
export interface AnyOfOptions {
  /** As of the providers, which then must have none of their own. */
  throttle?: ThrottleConfig | null;
}

/**
 * One provider for several ways in: asks each in turn and lets in whom the first one lets in. A request
 * that none lets in is published once, with the reason that says most, and answered by one 401
 * `Unauthorized` whose `WWW-Authenticate` names all ways in, with an error code only if a Bearer credential
 * was presented (RFC 6750 §3.1). Serverless handlers of the framework send one with an OAuthAuthProvider only.
 *
 * It is no instance of the framework's APIKeyAuthProvider, whose pre-check would refuse requests without
 * an API key; of its OAuthAuthProvider it is when one is among the providers, so that the metadata of the
 * first one is served.
 *
 * Of providers of others, `true` and an object with an object as `data` let in, and nothing else. One that
 * throws lets nobody in; one that never settles keeps the request waiting, so put it last. With `throttle`,
 * a refusal of theirs counts unless they are the framework's and got no credential; it does so when they
 * have answered, so that requests sent meanwhile get past `lockout`.
 *
 * @param providers at least one; those of others too, and other `anyOf`
 * @throws {ConfigurationError} `ERR_MCP_AUTH_OPTION_INVALID` for what is no provider or has a throttle of its own
 */
export declare function anyOf(
  providers: readonly AuthProvider[],
  options?: AnyOfOptions | null,
): AuthProvider & Required<Pick<AuthProvider, "getAuthError">>;
