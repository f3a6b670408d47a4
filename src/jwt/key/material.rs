//! Key material as people configure it.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::verification_key::{Key, Kind};
use super::{der, encoding, jwk, pem};
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
    /// which a PEM block begins is never taken for an HMAC secret: anyone who knows the public key could sign
    /// with it. RFC 8725 §2.1.
    pub fn read(material: KeyMaterial<'_>) -> Result<Self, KeyError> {
        match material {
            KeyMaterial::TextOrBytes(bytes) => {
                if pem::is_pem(bytes) {
                    return pem::read(bytes).map(Self::unrestricted);
                }
                Self::read_secret(bytes)
            }
            KeyMaterial::Secret(bytes) => {
                if pem::is_pem(bytes) {
                    return Err(KeyError::Unsuitable {
                        found: "a secret KeyObject that holds PEM text".into(),
                        remedy: "make it with crypto.createPublicKey() instead of crypto.createSecretKey()"
                            .into(),
                    });
                }
                Self::read_secret(bytes)
            }
            KeyMaterial::Spki(der) => der::spki(der).map(Self::unrestricted),
            KeyMaterial::Jwk { json, k } => jwk::read(json, k),
        }
    }

    /// An HMAC secret, unless it is plainly a public or private key in a form that OpenSSL does not read from
    /// text, which npm's `jsonwebtoken` would silently take for a secret.
    fn read_secret(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.is_empty() {
            return Err(KeyError::Empty);
        }
        let mistaken = |found: &str, remedy: &str| {
            Err(KeyError::Unsuitable { found: found.into(), remedy: remedy.into() })
        };
        if let Some(found) = der::detect_key(bytes) {
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
        for decoded in encoding::decode_any(text) {
            if let Some(found) = der::detect_key(&decoded) {
                let found = format!("{found} in base64 or hexadecimal");
                return mistaken(&found, "pass it as PEM, with its BEGIN and END lines");
            }
            if pem::is_pem(&decoded) {
                return mistaken("PEM in base64 or hexadecimal", "decode it first");
            }
        }
        Ok(Self::unrestricted(Kind::Hmac(Zeroizing::new(bytes.to_vec()))))
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
