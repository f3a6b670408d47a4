//! Keys in the form that each algorithm verifies with.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use zeroize::Zeroizing;

use crate::config_error::KeyError;
use crate::jwt::algorithm::{self, Algorithm};

/// A key that can verify tokens of the algorithms that [`Key::supported_algorithms`] lists.
#[derive(Debug)]
pub struct Key {
    pub(super) kind: Kind,
    /// The `alg` member of a JWK, which narrows what the key is for. RFC 7517 §4.4.
    pub(super) restricted_to_alg: Option<Algorithm>,
}

pub(super) enum Kind {
    Hmac(Zeroizing<Vec<u8>>),
    Rsa {
        /// DER RSAPublicKey. RFC 8017 A.1.1.
        public_key: Vec<u8>,
        /// The one PSS algorithm that an RSASSA-PSS key's parameters allow. RFC 4055 §3.1.
        restricted_to: Option<Algorithm>,
    },
    Ec {
        /// The one algorithm of the curve. RFC 7518 §3.4.
        algorithm: Algorithm,
        public_key: Vec<u8>,
    },
    Ed25519 {
        public_key: Vec<u8>,
    },
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

impl Kind {
    /// Names the key in messages, with its article.
    fn description(&self) -> &'static str {
        match self {
            Self::Hmac(_) => "an HMAC secret",
            Self::Rsa { restricted_to: None, .. } => "an RSA key",
            Self::Rsa { .. } => "an RSASSA-PSS key",
            Self::Ec { algorithm: Algorithm::ES256, .. } => "a P-256 key",
            Self::Ec { algorithm: Algorithm::ES384, .. } => "a P-384 key",
            Self::Ec { .. } => "a P-521 key",
            Self::Ed25519 { .. } => "an Ed25519 key",
        }
    }
}

impl Key {
    /// A key for every algorithm that its kind supports.
    pub(super) fn unrestricted(kind: Kind) -> Self {
        Self { kind, restricted_to_alg: None }
    }

    /// The bytes of an HMAC secret.
    pub(crate) fn secret(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Hmac(secret) => Some(secret),
            _ => None,
        }
    }

    /// The algorithms that this key can verify.
    #[must_use]
    pub fn supported_algorithms(&self) -> Vec<Algorithm> {
        use Algorithm::{
            ES256, Ed25519, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
        };
        let supported: &[Algorithm] = match &self.kind {
            Kind::Hmac(_) => &[HS256, HS384, HS512],
            Kind::Rsa { restricted_to: None, .. } => &[RS256, RS384, RS512, PS256, PS384, PS512],
            Kind::Rsa { restricted_to: Some(algorithm), .. } => std::slice::from_ref(algorithm),
            Kind::Ec { algorithm, .. } => std::slice::from_ref(algorithm),
            Kind::Ed25519 { .. } => &[EdDSA, Ed25519],
        };
        debug_assert!(!supported.contains(&ES256) || supported.len() == 1, "a curve has one algorithm");
        supported
            .iter()
            .copied()
            .filter(|algorithm| self.restricted_to_alg.is_none_or(|alg| is_same_signature(alg, *algorithm)))
            .collect()
    }

    /// Names the key in messages, with its article: `an RSA key`.
    #[must_use]
    pub fn description(&self) -> String {
        let kind = self.kind.description();
        self.restricted_to_alg
            .map_or_else(|| kind.into(), |algorithm| format!("{kind} in a JWK with `alg` {algorithm}"))
    }

    /// The key in the form that verifies signatures of one algorithm.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoUsableAlgorithm`] if the algorithm is not one of [`Key::supported_algorithms`];
    /// [`KeyError::Unreadable`] if the backend rejects the key's numbers.
    pub fn for_algorithm(&self, algorithm: Algorithm) -> Result<SignatureKey, KeyError> {
        if !self.supported_algorithms().contains(&algorithm) {
            return Err(KeyError::NoUsableAlgorithm {
                found: self.description(),
                allowed: algorithm.name().into(),
                supported: algorithm::format_list(&self.supported_algorithms()),
            });
        }
        let parse = |verification: &'static dyn VerificationAlgorithm, public_key: &[u8]| {
            ParsedPublicKey::new(verification, public_key).map(SignatureKey::Public).map_err(|_| {
                KeyError::Unreadable {
                    found: self.description(),
                    problem: "its numbers are not those of a valid key".into(),
                }
            })
        };
        match &self.kind {
            Kind::Hmac(secret) => {
                let digest = match algorithm {
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                Ok(SignatureKey::Mac(hmac::Key::new(digest, secret)))
            }
            Kind::Rsa { public_key, .. } => parse(
                match algorithm {
                    Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
                    Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
                    Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => &signature::RSA_PKCS1_2048_8192_SHA256,
                },
                public_key,
            ),
            Kind::Ec { public_key, .. } => parse(ecdsa(algorithm), public_key),
            Kind::Ed25519 { public_key } => parse(&signature::ED25519, public_key),
        }
    }
}

/// Whether two names stand for the same signature. `EdDSA` with an Ed25519 key is what RFC 9864 §2.2 calls
/// `Ed25519`.
fn is_same_signature(one: Algorithm, other: Algorithm) -> bool {
    let full_name = |algorithm| if algorithm == Algorithm::EdDSA { Algorithm::Ed25519 } else { algorithm };
    full_name(one) == full_name(other)
}

/// The ECDSA of an algorithm name, with signatures as fixed-length `r || s`. RFC 7518 §3.4.
pub(super) fn ecdsa(algorithm: Algorithm) -> &'static signature::EcdsaVerificationAlgorithm {
    match algorithm {
        Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::ES512 => &signature::ECDSA_P521_SHA512_FIXED,
        _ => &signature::ECDSA_P256_SHA256_FIXED,
    }
}

/// One key, ready to verify signatures of one algorithm.
#[expect(clippy::large_enum_variant, reason = "a verifier holds a handful; a box costs a hop per token")]
pub enum SignatureKey {
    /// HMAC. The inner and outer hash states, not the secret. RFC 2104 §4.
    Mac(hmac::Key),
    /// RSA, ECDSA or Ed25519.
    Public(ParsedPublicKey),
}

impl SignatureKey {
    /// Whether the signature is one of the signing input under this key. MACs are compared in constant time.
    #[must_use]
    pub fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Mac(key) => hmac::verify(key, signing_input, signature).is_ok(),
            Self::Public(key) => key.verify_sig(signing_input, signature).is_ok(),
        }
    }
}
