/**
 * The deliberate differences by name, each a row of the tables in docs/migrating.md. A difference that none of
 * these explains fails the run; one that is never met in a long run fails it too.
 */

export const DIFFERENCES = {
  // API keys
  keysNotArray: "`keys` is a string or another non-array with a length",
  keyUnusable: "a key is empty, no string, or holds a lone surrogate",
  keysChangedLater: "`keys` array changed after construction",
  frameworkThrows: "a request without `socket`, or with a header that JSON cannot express",
  queryFallbackOff: "`queryFallback: false`",
  // Both
  headerNameInvalid: "`headerName` is no HTTP field name",
  headerNameNotGiven: "`headerName: undefined` or `null` is the default",
  requestUnreadable: "a request object that throws when read, or without `headers`",
  optionInvalid: "an option is of another type than documented",
  // Tokens
  nonCanonicalBase64url: "base64url with stray or non-canonical trailing characters",
  criticalHeader: "`crit` in the header",
  unencodedPayload: "`b64: false`",
  duplicateHeaderName: "a name twice in the header",
  duplicateRegisteredClaim: "a registered claim twice",
  headerNotUtf8: "header not UTF-8",
  payloadNotUtf8: "payload not UTF-8",
  payloadNotJson: "payload that is no JSON",
  expInfinite: "`exp` beyond the range of a double",
  nestedTooDeep: "payload nested deeper than 1024",
  headerMembers: "header of more than 32 members",
  headerTooLong: "header of more than 16 KiB",
  pssShortened: "PS256, PS384 or PS512 signature without its leading zeros",
  tokenTooLong: "token over 16 MiB",
  // Keys of tokens
  damagedPem:
    "text in which a PEM block begins or ends, and that cannot be read as a key, or is read all the same",
  keyInAnotherForm: "a public key in any other form or encoding",
  placeOfKey: "a file name or an address as the secret",
  rsaSize: "RSA under 2048 or over 8192 bits",
  rsaExponent: "RSA with an exponent of 1, even, or over 33 bits",
  pssParameters: "RSASSA-PSS key without or with unusable parameters",
  jwkForbidden: "JWK whose `use`, `key_ops` or `alg` forbids it or is malformed",
  smallOrder: "Ed25519 key of small order",
  explicitCurve: "EC key with explicit curve parameters and a compressed point",
  unsupportedKeyType: "a key of a type or curve that no algorithm has",
  privateKeyObject: "private `KeyObject`",
  secretIsNoKey: "number, `{}`, array, function, or an object that is no key",
  emptyBytes: "empty Buffer",
  cryptoKey: "`CryptoKey`",
  secretLoneSurrogate: "HMAC secret with a lone surrogate",
  bareJwk: "a JWK is accepted bare",
  octJwk: "a JWK of an HMAC secret is accepted",
  // Options
  algorithmsUnfit: "`algorithms` names nothing that the key can verify",
  algorithmsInvalid: "`algorithms` is no array of known names",
  noneListed: "`algorithms` names `none`",
  algorithmsNotGiven: "`algorithms: undefined`, `null` or an empty string is the default",
  requireBearerNotGiven: "`requireBearer: undefined` or `null` is the default",
  schemeInAnyCase: "`caseInsensitiveScheme`",
  expirationRequired: "`requireExpiration`",
  edDsa: "`EdDSA` and `Ed25519` are supported",
};
