//! The Node-API binding. It converts, calls and converts back; decisions are the core's.
//!
//! Every export catches unwinding, because a panic that reaches Node-API aborts the process.
//! JavaScript sees configuration errors as exceptions with a `code`, and refusals of tokens as
//! numbers, which cost far less than exceptions.

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{ConfigError, Rejection};
use crate::jwt::{Algorithm, Key, KeyMaterial, Rules};
use crate::{api_key, jwt};

type Result<T> = std::result::Result<T, napi::Error<&'static str>>;

impl From<ConfigError> for napi::Error<&'static str> {
    fn from(error: ConfigError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// A mistake of the facade, not of the user.
fn misuse(reason: &str) -> napi::Error<&'static str> {
    napi::Error::new("INTERNAL", format!("mcp-native-auth: {reason}; this is a bug, please report it"))
}

/// The configured API keys, as digests.
#[napi]
pub struct KeyRing(api_key::KeyRing);

#[napi]
impl KeyRing {
    /// Takes the keys and forgets their text.
    #[napi(constructor, catch_unwind)]
    pub fn new(mut keys: Vec<String>) -> Result<Self> {
        let ring = api_key::KeyRing::new(&keys);
        keys.zeroize();
        Ok(Self(ring?))
    }

    /// Whether this is one of the keys. The caller passes well-formed strings only: lone surrogates
    /// would all arrive as U+FFFD.
    #[napi(catch_unwind)]
    pub fn contains(&self, presented: String) -> bool {
        self.0.contains(Zeroizing::new(presented).as_bytes())
    }
}

/// A JWT verifier with its key parsed.
#[napi]
pub struct Verifier(jwt::Verifier);

#[napi]
impl Verifier {
    /// `kind` says how to read `material`: `text` and `bytes` as configured, `secret` for the bytes
    /// of a secret KeyObject, `spki` for DER, `jwk` for JSON text.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        kind: String,
        material: &[u8],
        algorithms: Vec<String>,
        require_expiration: bool,
    ) -> Result<Self> {
        let material = match kind.as_str() {
            "text" | "bytes" => KeyMaterial::TextOrBytes(material),
            "secret" => KeyMaterial::Secret(material),
            "spki" => KeyMaterial::Spki(material),
            "jwk" => KeyMaterial::Jwk(str::from_utf8(material).map_err(|_| misuse("a JWK is not UTF-8"))?),
            _ => return Err(misuse("unknown kind of key material")),
        };
        // An unknown name lets nobody in; a list of nothing else can never work.
        let known: Vec<_> = algorithms.iter().filter_map(|name| Algorithm::from_name(name)).collect();
        if known.is_empty() && !algorithms.is_empty() {
            let supported = Algorithm::ALL.map(Algorithm::name).join(", ");
            return Err(ConfigError::UnknownAlgorithms { supported }.into());
        }
        let key = Key::read(material)?;
        Ok(Self(jwt::Verifier::new(&key, &known, Rules { require_expiration })?))
    }

    /// The algorithms that the key serves among those allowed.
    #[napi(catch_unwind)]
    pub fn algorithms(&self) -> Vec<&'static str> {
        self.0.algorithms().map(Algorithm::name).collect()
    }

    /// The JSON text of the claims, or the position in `rejectionCodes()` of why not. `now` is in
    /// seconds since 1970 UTC.
    #[napi(catch_unwind)]
    pub fn verify(&self, token: String, now: f64) -> Either<String, u32> {
        match self.0.verify(token.as_bytes(), now) {
            Ok(claims) => Either::A(claims),
            Err(rejection) => {
                let position = Rejection::ALL.iter().position(|known| *known == rejection);
                Either::B(position.and_then(|position| u32::try_from(position).ok()).unwrap_or(u32::MAX))
            }
        }
    }
}

/// The stable codes of refusals, in the order of the numbers that `verify` returns.
#[napi(catch_unwind)]
pub fn rejection_codes() -> Vec<&'static str> {
    Rejection::ALL.iter().map(|rejection| rejection.code()).collect()
}

/// Panics, to show that Node survives it.
#[cfg(feature = "panic-probe")]
#[napi(catch_unwind)]
#[allow(clippy::panic, clippy::allow_attributes, reason = "the purpose of the probe")]
pub fn panic_probe() {
    panic!("panic probe");
}
