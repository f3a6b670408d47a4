//! Key material as people configure it.

use zeroize::Zeroizing;

use super::verification_key::{Key, Kind};
use super::{der, disguise, jwk, pem};
use crate::config_error::KeyError;

/// Where key material comes from, which decides how it may be read.
#[derive(Clone, Copy)]
pub enum KeyMaterial<'a> {
    /// Text, or a buffer of bytes: PEM if it announces itself as PEM, else an HMAC secret.
    TextOrBytes(&'a [u8]),
    /// The bytes of a secret that was declared as such (a `KeyObject` of type `secret`).
    Secret(&'a [u8]),
    /// A DER SubjectPublicKeyInfo. RFC 5280 §4.1.2.7.
    Spki(&'a [u8]),
    /// A JWK. RFC 7517.
    Jwk {
        /// Its JSON text.
        json: &'a str,
        /// Its member `k`, if that is not in the text: a text with a secret is one more copy to wipe.
        k: Option<&'a [u8]>,
    },
}

impl Key {
    /// Reads key material.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for what is empty, unreadable, too weak, or of a kind that cannot verify tokens. Text in
    /// which a public key is found is never taken for an HMAC secret: anyone who knows the public key could sign
    /// with it. RFC 8725 §2.1.
    pub fn read(material: KeyMaterial<'_>) -> Result<Self, KeyError> {
        match material {
            KeyMaterial::TextOrBytes(bytes) => {
                if pem::is_pem(bytes) {
                    return pem::read(bytes).map(Self::unrestricted);
                }
                Self::read_secret(bytes, false)
            }
            KeyMaterial::Secret(bytes) => {
                if pem::is_pem(bytes) {
                    return Err(KeyError::Unsuitable {
                        found: "a secret KeyObject that holds PEM text".into(),
                        remedy: "make it with crypto.createPublicKey() instead of crypto.createSecretKey()"
                            .into(),
                    });
                }
                Self::read_secret(bytes, true)
            }
            KeyMaterial::Spki(der) => der::spki(der).map(Self::unrestricted),
            KeyMaterial::Jwk { json, k } => jwk::read(json, k),
        }
    }

    /// An HMAC secret, unless a public key is in it or it says where one is. npm's `jsonwebtoken` would silently take
    /// that for a secret.
    fn read_secret(bytes: &[u8], is_declared: bool) -> Result<Self, KeyError> {
        if bytes.is_empty() {
            return Err(KeyError::Empty);
        }
        match disguise::find_public_key(bytes, is_declared) {
            Some(error) => Err(error),
            None => Ok(Self::unrestricted(Kind::Hmac(Zeroizing::new(bytes.to_vec())))),
        }
    }
}
