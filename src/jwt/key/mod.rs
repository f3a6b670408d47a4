//! Key material as people configure it, read once into the form that each algorithm verifies with.

mod der;
mod jwk;
mod pem;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::algorithm::{self, Algorithm};
use crate::error::ConfigError;

/// Where key material comes from, which decides how it may be read.
#[derive(Clone, Copy)]
pub enum KeyMaterial<'a> {
    /// Text, or a buffer of bytes: PEM if it announces itself as PEM, else an HMAC secret.
    TextOrBytes(&'a [u8]),
    /// The bytes of a secret that was declared as such (a `KeyObject` of type `secret`).
    Secret(&'a [u8]),
    /// A DER SubjectPublicKeyInfo. RFC 5280 §4.1.2.7.
    Spki(&'a [u8]),
    /// The JSON text of a JWK. RFC 7517.
    Jwk(&'a str),
}

/// A key that can verify tokens of the algorithms that [`Key::fitting`] lists.
#[derive(Debug)]
pub struct Key {
    kind: Kind,
    /// The `alg` member of a JWK, which narrows what the key is for. RFC 7517 §4.4.
    pinned: Option<Algorithm>,
}

enum Kind {
    Hmac(Zeroizing<Vec<u8>>),
    Rsa {
        /// DER RSAPublicKey. RFC 8017 A.1.1.
        public_key: Vec<u8>,
        /// The one PSS algorithm that an RSASSA-PSS key's parameters allow. RFC 4055 §3.1.
        restricted_to: Option<Algorithm>,
    },
    Ec {
        /// The one algorithm that fits the curve. RFC 7518 §3.4.
        algorithm: Algorithm,
        public_key: Vec<u8>,
    },
    Ed25519 {
        public_key: Vec<u8>,
    },
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    /// Reads key material.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for what is empty, unreadable, too weak, or of a kind that cannot verify
    /// tokens. Text in which a PEM block begins is never taken for an HMAC secret: whoever knows
    /// the public key could sign with it. RFC 8725 §2.1.
    pub fn read(material: KeyMaterial<'_>) -> Result<Self, ConfigError> {
        match material {
            KeyMaterial::TextOrBytes(bytes) => {
                if pem::is_pem(bytes) {
                    return pem::read(bytes).map(Self::unpinned);
                }
                Self::secret(bytes)
            }
            KeyMaterial::Secret(bytes) => {
                if pem::is_pem(bytes) {
                    return Err(ConfigError::UnsuitableKey {
                        found: "a secret KeyObject that holds PEM text".into(),
                        remedy: "make it with crypto.createPublicKey() instead of crypto.createSecretKey()"
                            .into(),
                    });
                }
                Self::secret(bytes)
            }
            KeyMaterial::Spki(der) => der::spki(der).map(Self::unpinned),
            KeyMaterial::Jwk(json) => jwk::read(json),
        }
    }

    fn unpinned(kind: Kind) -> Self {
        Self { kind, pinned: None }
    }

    /// An HMAC secret, unless it is plainly a public or private key in a form that OpenSSL does
    /// not read from text, which npm's `jsonwebtoken` would silently take for a secret.
    fn secret(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.is_empty() {
            return Err(ConfigError::EmptySecret);
        }
        let mistaken = |found: &str, remedy: &str| {
            Err(ConfigError::UnsuitableKey { found: found.into(), remedy: remedy.into() })
        };
        if let Some(found) = der::recognise(bytes) {
            let found = format!("{found} in DER form");
            return mistaken(&found, "pass the key as PEM text or as a KeyObject of type public");
        }
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii();
        if is_jwk_text(text) {
            return mistaken(
                "the JSON text of a JWK or JWK Set",
                "pass one JWK as an object: JSON.parse() it first",
            );
        }
        if ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
            .iter()
            .any(|name| text.starts_with(name.as_bytes()))
            && text.windows(5).any(|window| window == b" AAAA")
        {
            return mistaken(
                "an OpenSSH public key",
                "convert it to PEM with `ssh-keygen -e -m pkcs8 -f key.pub`",
            );
        }
        for decoded in pem::decoded(text) {
            if let Some(found) = der::recognise(&decoded) {
                let found = format!("{found} in base64 or hexadecimal");
                return mistaken(&found, "pass it as PEM, with its BEGIN and END lines");
            }
            if pem::is_pem(&decoded) {
                return mistaken("PEM in base64 or hexadecimal", "decode it first");
            }
        }
        Ok(Self::unpinned(Kind::Hmac(Zeroizing::new(bytes.to_vec()))))
    }

    /// The algorithms that this key can verify.
    #[must_use]
    pub fn fitting(&self) -> Vec<Algorithm> {
        use Algorithm::{ES256, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
        let fitting: &[Algorithm] = match &self.kind {
            Kind::Hmac(_) => &[HS256, HS384, HS512],
            Kind::Rsa { restricted_to: None, .. } => &[RS256, RS384, RS512, PS256, PS384, PS512],
            Kind::Rsa { restricted_to: Some(algorithm), .. } => std::slice::from_ref(algorithm),
            Kind::Ec { algorithm, .. } => std::slice::from_ref(algorithm),
            Kind::Ed25519 { .. } => &[EdDSA],
        };
        debug_assert!(!fitting.contains(&ES256) || fitting.len() == 1, "a curve fits one algorithm");
        fitting
            .iter()
            .copied()
            .filter(|algorithm| self.pinned.is_none_or(|pinned| pinned == *algorithm))
            .collect()
    }

    /// Names the key in messages, with its article: `an RSA key`.
    #[must_use]
    pub fn description(&self) -> String {
        let kind = self.kind.description();
        self.pinned.map_or_else(|| kind.into(), |algorithm| format!("{kind} in a JWK with `alg` {algorithm}"))
    }

    /// The key in the form that verifies signatures of one algorithm.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoFittingAlgorithm`] if the algorithm is not one of [`Key::fitting`];
    /// [`ConfigError::UnreadableKey`] if the backend refuses the key's numbers.
    pub fn for_algorithm(&self, algorithm: Algorithm) -> Result<SignatureKey, ConfigError> {
        if !self.fitting().contains(&algorithm) {
            return Err(ConfigError::NoFittingAlgorithm {
                allowed: algorithm.name().into(),
                key: self.description(),
                fitting: algorithm::list(&self.fitting()),
            });
        }
        let parse = |verification: &'static dyn VerificationAlgorithm, public_key: &[u8]| {
            ParsedPublicKey::new(verification, public_key).map(SignatureKey::Public).map_err(|_| {
                ConfigError::UnreadableKey {
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

/// The ECDSA of an algorithm name, with signatures as fixed-length `r || s`. RFC 7518 §3.4.
fn ecdsa(algorithm: Algorithm) -> &'static signature::EcdsaVerificationAlgorithm {
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
    /// Whether the signature is one of the signing input under this key. MACs are compared in
    /// constant time.
    #[must_use]
    pub fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Mac(key) => hmac::verify(key, signing_input, signature).is_ok(),
            Self::Public(key) => key.verify_sig(signing_input, signature).is_ok(),
        }
    }
}

fn is_jwk_text(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Jwk {
        #[serde(rename = "kty")]
        _key_type: String,
    }
    #[derive(Deserialize)]
    struct JwkSet {
        keys: Vec<Jwk>,
    }

    matches!(text.first(), Some(b'{' | b'['))
        && (serde_json::from_slice::<Jwk>(text).is_ok()
            || serde_json::from_slice::<Vec<Jwk>>(text).is_ok_and(|keys| !keys.is_empty())
            || serde_json::from_slice::<JwkSet>(text).is_ok_and(|set| !set.keys.is_empty()))
}
