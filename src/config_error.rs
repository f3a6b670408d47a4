//! Why a configuration cannot work.
//!
//! Messages never carry a key, a secret or a part of one: values in them are option paths, lengths, and names
//! of algorithms and formats.

use thiserror::Error;

/// An option that can never work, found at construction.
///
/// Each message is one sentence that says what to change. [`ConfigError::code`] is stable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A key cannot be used.
    #[error("`{path}` {error}")]
    Key {
        /// The option that holds the key: `secret`, `keys[1]`.
        path: String,
        /// What is wrong with the key.
        error: KeyError,
    },

    /// None of the configured names is one of the supported algorithms.
    #[error("`algorithms` names no supported algorithm; use one or more of {supported}")]
    UnknownAlgorithms {
        /// The supported names.
        supported: String,
    },

    /// An accepted issuer is not one.
    #[error("`{path}` {problem}")]
    Issuer {
        /// The option that holds it: `issuer`, `keys[1].issuer`.
        path: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },

    /// The list of algorithms is empty.
    #[error("`algorithms` is empty; name at least one algorithm or leave it out for HS256")]
    NoAlgorithms,

    /// There is no key.
    #[error("`keys` is empty; it must hold at least one key")]
    NoKeys,

    /// There are more keys than a token is ever tried with.
    #[error("`keys` holds {count} keys; {limit}")]
    TooManyKeys {
        /// How many there are.
        count: usize,
        /// How many there may be, and what to do.
        limit: String,
    },
}

impl ConfigError {
    /// The stable code that JavaScript sees as `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key { error, .. } => error.code(),
            Self::UnknownAlgorithms { .. } | Self::NoAlgorithms => "ERR_MCP_AUTH_ALGORITHMS_INVALID",
            Self::Issuer { .. } => "ERR_MCP_AUTH_OPTION_INVALID",
            Self::NoKeys => "ERR_MCP_AUTH_SECRET_REQUIRED",
            Self::TooManyKeys { .. } => "ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS",
        }
    }
}

/// Key material that can never verify a token. The message follows the name of the option that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An HMAC secret of no bytes, with which anyone can sign.
    #[error("is empty; set it to the secret that your tokens are signed with")]
    Empty,

    /// PEM or DER that names a key but cannot be read as one.
    #[error("looks like {found}, but {problem}; pass the key again as it was generated")]
    Unreadable {
        /// What the text or bytes announce.
        found: String,
        /// What went wrong.
        problem: String,
    },

    /// Key material of a kind that never verifies a token here.
    #[error("is {found}, which cannot verify tokens; {remedy}")]
    Unsuitable {
        /// What was found.
        found: String,
        /// What to pass instead.
        remedy: String,
    },

    /// An RSA or RSASSA-PSS key outside the accepted range.
    #[error(
        "is an RSA key {problem}; use a key of 2048 to 8192 bits with an odd public exponent of 3 or more"
    )]
    WeakRsa {
        /// Which bound the key breaks.
        problem: String,
    },

    /// A JWK whose `use`, `key_ops` or `alg` rules out verification.
    #[error("is a JWK that {problem}; use a JWK meant for verifying signatures")]
    JwkNotForVerification {
        /// Which member rules it out.
        problem: String,
    },

    /// Text or bytes that are no public key where only public keys can verify. It is not said how an HMAC secret would
    /// be used: this may be a public key in a form that is not recognized.
    #[error(
        "is not a public key in a known form, and an HMAC secret cannot verify {allowed}; pass the public key of the \
         issuer as PEM, JWK or KeyObject"
    )]
    NotPublicKey {
        /// What the configuration allows.
        allowed: String,
    },

    /// The key supports none of the allowed algorithms.
    #[error("is {found}, which cannot verify {allowed}; set `algorithms` to one or more of {supported}")]
    NoUsableAlgorithm {
        /// What the configuration allows.
        allowed: String,
        /// What the key is.
        found: String,
        /// What the key can verify.
        supported: String,
    },
}

impl KeyError {
    /// The stable code that JavaScript sees as `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "ERR_MCP_AUTH_SECRET_EMPTY",
            Self::Unreadable { .. } => "ERR_MCP_AUTH_SECRET_UNREADABLE",
            Self::Unsuitable { .. } => "ERR_MCP_AUTH_SECRET_UNSUITABLE",
            Self::WeakRsa { .. } => "ERR_MCP_AUTH_SECRET_WEAK_RSA",
            Self::JwkNotForVerification { .. } => "ERR_MCP_AUTH_SECRET_JWK_USE",
            Self::NotPublicKey { .. } | Self::NoUsableAlgorithm { .. } => {
                "ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE"
            }
        }
    }

    /// The error as that of an option.
    #[must_use]
    pub fn at(self, path: &str) -> ConfigError {
        ConfigError::Key { path: path.into(), error: self }
    }
}
