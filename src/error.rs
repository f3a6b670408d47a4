//! Why a configuration cannot work ([`ConfigError`]) and why a token is refused ([`Rejection`]).
//!
//! Neither ever carries a key, a secret, a token or a part of one: values in messages are lengths,
//! names of algorithms and names of formats.

use thiserror::Error;

use crate::jwt::MAX_KEYS;

/// A key or option that can never work, found at construction.
///
/// Each message is one sentence that says what to change. [`ConfigError::code`] is stable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An HMAC secret of no bytes, with which anyone can sign.
    #[error("`secret` is empty; set it to the secret that your tokens are signed with")]
    EmptySecret,

    /// An API key of no bytes.
    #[error("`keys[{index}]` is empty; remove it or set it to a key")]
    EmptyApiKey {
        /// Position in the caller's list, from 0.
        index: usize,
    },

    /// PEM or DER that names a key but cannot be read as one.
    #[error("`secret` looks like {found}, but {problem}; pass the key again as it was generated")]
    UnreadableKey {
        /// What the text or bytes announce themselves to be.
        found: String,
        /// What went wrong while reading it.
        problem: String,
    },

    /// Key material of a kind that never verifies a token here.
    #[error("`secret` is {found}, which cannot verify tokens; {remedy}")]
    UnsuitableKey {
        /// What was found.
        found: String,
        /// What to pass instead.
        remedy: String,
    },

    /// An RSA or RSASSA-PSS key outside the accepted range.
    #[error(
        "`secret` is an RSA key {problem}; use a key of 2048 to 8192 bits with an odd public exponent of 3 or more"
    )]
    WeakRsaKey {
        /// Which bound the key breaks.
        problem: String,
    },

    /// No listed algorithm can be served by the key.
    #[error(
        "`algorithms` allows {allowed}, which {key} cannot verify; set `algorithms` to one or more of {fitting}"
    )]
    NoFittingAlgorithm {
        /// What the configuration allows.
        allowed: String,
        /// What the key is.
        key: String,
        /// What the key can verify.
        fitting: String,
    },

    /// Names of which none is one of the thirteen supported algorithms.
    #[error("`algorithms` names no supported algorithm; use one or more of {supported}")]
    UnknownAlgorithms {
        /// The supported names.
        supported: String,
    },

    /// An empty list of algorithms.
    #[error("`algorithms` is empty; name at least one algorithm or leave it out for HS256")]
    NoAlgorithms,

    /// Symmetric and asymmetric intake: a JWK that its own metadata forbids to use here.
    #[error("`secret` is a JWK that {problem}; use a JWK meant for verifying signatures")]
    JwkNotForVerification {
        /// Which member forbids it.
        problem: String,
    },

    /// More keys than are ever tried.
    #[error("`keys` holds {count} keys; {limit}")]
    TooManyKeys {
        /// How many there are.
        count: usize,
        /// How many there may be, and what to do.
        limit: String,
    },

    /// One of several keys cannot work.
    #[error("{}", source.to_string().replace("`secret`", &format!("`keys[{index}]`")))]
    InKey {
        /// Position in the caller's list, from 0.
        index: usize,
        /// What would be said of it as the only key.
        source: Box<Self>,
    },
}

impl ConfigError {
    /// More keys than a verifier may have.
    pub(crate) fn too_many_keys(count: usize) -> Self {
        Self::TooManyKeys { count, limit: format!("use {MAX_KEYS} at most") }
    }

    /// The stable code that JavaScript sees as `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptySecret => "SECRET_EMPTY",
            Self::EmptyApiKey { .. } => "KEYS_INVALID",
            Self::UnreadableKey { .. } => "SECRET_UNREADABLE",
            Self::UnsuitableKey { .. } => "SECRET_UNSUITABLE",
            Self::WeakRsaKey { .. } => "SECRET_WEAK_RSA",
            Self::NoFittingAlgorithm { .. } => "ALGORITHMS_UNFIT",
            Self::UnknownAlgorithms { .. } | Self::NoAlgorithms => "ALGORITHMS_INVALID",
            Self::JwkNotForVerification { .. } => "SECRET_JWK_USE",
            Self::TooManyKeys { .. } => "SECRET_TOO_MANY_KEYS",
            Self::InKey { source, .. } => source.code(),
        }
    }
}

/// Why a token is refused. The HTTP answer is the same 401 for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The header's value carries no token. RFC 6750 §2.1.
    #[error("there is no token where one is expected")]
    Missing,
    /// Not three non-empty base64url segments, or longer than [`crate::jwt::MAX_TOKEN_BYTES`].
    /// RFC 7515 §3.1, §7.1.
    #[error("the token is not a compact JWS of three base64url segments")]
    Malformed,
    /// The JOSE header is not a JSON object in UTF-8 with unique names, or exceeds
    /// [`crate::jwt::MAX_HEADER_BYTES`] or [`crate::jwt::MAX_HEADER_MEMBERS`]. RFC 7515 §4, §5.2.
    #[error("the JOSE header is not a JSON object with unique names")]
    HeaderInvalid,
    /// `crit` is present, or `b64` is false. RFC 7515 §4.1.11, RFC 7797 §6.
    #[error("the token demands an extension that is not supported")]
    CriticalExtension,
    /// `alg` is absent, no string, or not allowed for this key. RFC 8725 §3.1.
    #[error("the token's algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// The signature or MAC does not match. RFC 7515 §5.2.
    #[error("the signature does not match")]
    SignatureInvalid,
    /// The payload is not well-formed JSON in UTF-8, repeats a registered claim, nests deeper than
    /// [`crate::jwt::MAX_PAYLOAD_DEPTH`], or is null. RFC 7519 §4, §7.2.
    #[error("the payload is not an acceptable JSON text")]
    PayloadInvalid,
    /// `exp` or `nbf` is not a finite number, or `iat` where an age is configured. RFC 7519 §2
    /// (NumericDate).
    #[error("a time claim is not a number")]
    TimeClaimInvalid,
    /// `nbf` is after the current time. RFC 7519 §4.1.5.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` is at or before the current time. RFC 7519 §4.1.4.
    #[error("the token has expired")]
    Expired,
    /// No `exp`, where the configuration requires one.
    #[error("the token has no expiry")]
    ExpirationMissing,
    /// `typ` is not the configured one. RFC 8725 §3.11.
    #[error("the token is of another type")]
    TypeNotAllowed,
    /// `iat` is longer ago than the configured age, or absent where one is configured. RFC 7519 §4.1.6.
    #[error("the token is too old")]
    TooOld,
    /// `iat` is after the current time, where an age is configured.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// A claim is absent that the configuration requires.
    #[error("a required claim is missing")]
    ClaimMissing,
    /// `iss` is absent or not one of the configured ones. RFC 7519 §4.1.1.
    #[error("the token's issuer is not allowed")]
    IssuerNotAllowed,
    /// `aud` is absent or holds none of the configured ones. RFC 7519 §4.1.3.
    #[error("the token is for another audience")]
    AudienceNotAllowed,
    /// `sub` is absent or fits none of the configured ones. RFC 7519 §4.1.2.
    #[error("the token's subject is not allowed")]
    SubjectNotAllowed,
}

impl Rejection {
    /// Every reason. The binding passes a reason as its position here.
    pub const ALL: [Self; 18] = [
        Self::Missing,
        Self::Malformed,
        Self::HeaderInvalid,
        Self::CriticalExtension,
        Self::AlgorithmNotAllowed,
        Self::SignatureInvalid,
        Self::PayloadInvalid,
        Self::TimeClaimInvalid,
        Self::NotYetValid,
        Self::Expired,
        Self::ExpirationMissing,
        Self::TypeNotAllowed,
        Self::TooOld,
        Self::IssuedInFuture,
        Self::ClaimMissing,
        Self::IssuerNotAllowed,
        Self::AudienceNotAllowed,
        Self::SubjectNotAllowed,
    ];

    /// The stable code of the reason.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::HeaderInvalid => "TOKEN_HEADER_INVALID",
            Self::CriticalExtension => "TOKEN_CRITICAL_EXTENSION",
            Self::AlgorithmNotAllowed => "TOKEN_ALGORITHM_NOT_ALLOWED",
            Self::SignatureInvalid => "TOKEN_SIGNATURE_INVALID",
            Self::PayloadInvalid => "TOKEN_PAYLOAD_INVALID",
            Self::TimeClaimInvalid => "TOKEN_TIME_CLAIM_INVALID",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::Expired => "TOKEN_EXPIRED",
            Self::ExpirationMissing => "TOKEN_EXPIRATION_MISSING",
            Self::TypeNotAllowed => "TOKEN_TYPE_NOT_ALLOWED",
            Self::TooOld => "TOKEN_TOO_OLD",
            Self::IssuedInFuture => "TOKEN_ISSUED_IN_FUTURE",
            Self::ClaimMissing => "TOKEN_CLAIM_MISSING",
            Self::IssuerNotAllowed => "TOKEN_ISSUER_NOT_ALLOWED",
            Self::AudienceNotAllowed => "TOKEN_AUDIENCE_NOT_ALLOWED",
            Self::SubjectNotAllowed => "TOKEN_SUBJECT_NOT_ALLOWED",
        }
    }
}
