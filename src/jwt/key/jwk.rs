//! Keys as JSON Web Keys. RFC 7517, RFC 7518 §6, RFC 8037 §2.

use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::verification_key::{Key, Kind};
use super::{der, disguise, encoding, pem};
use crate::config_error::KeyError;
use crate::jwt::algorithm::Algorithm;

/// Reads the public part of a JWK, or the secret of an `oct` one. `k` is the member of that name, if it is
/// not in the JSON text.
pub(super) fn read(json: &str, k: Option<&[u8]>) -> Result<Key, KeyError> {
    let (common, parameters) = read_parameters(json, k)?;
    let forbidden = |problem: &str| Err(KeyError::JwkNotForVerification { problem: problem.into() });
    if common.public_key_use.is_some_and(|usage| usage != PublicKeyUse::Signature) {
        return forbidden("has a `use` other than `sig`");
    }
    if common.key_operations.is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
        return forbidden("has `key_ops` without `verify`");
    }
    let restricted_to_alg = read_alg(json)?;

    let kind = match parameters {
        Parameters::Secret(encoded) => {
            let secret = encoding::decode_base64url(encoded).ok_or_else(not_base64url)?;
            if secret.is_empty() {
                return Err(KeyError::Empty);
            }
            if pem::is_pem(&secret) || disguise::find_public_key(&secret, true).is_some() {
                return Err(KeyError::Unsuitable {
                    found: "a JWK of type `oct` with a public key, a file name or an address as its `k`"
                        .into(),
                    remedy: "use the JWK of the public key itself".into(),
                });
            }
            Kind::Hmac(secret)
        }
        Parameters::Public(AlgorithmParameters::RSA(parameters)) => {
            der::rsa_numbers(&decode(&parameters.n)?, &decode(&parameters.e)?)?
        }
        Parameters::Public(AlgorithmParameters::EllipticCurve(parameters)) => {
            let (algorithm, length): (_, usize) = match parameters.curve {
                EllipticCurve::P256 => (Algorithm::ES256, 32),
                EllipticCurve::P384 => (Algorithm::ES384, 48),
                EllipticCurve::P521 => (Algorithm::ES512, 66),
                _ => return Err(unreadable("its `crv` does not belong to its `kty`")),
            };
            let mut point = vec![0x04];
            for coordinate in [&parameters.x, &parameters.y] {
                let coordinate = decode(coordinate)?;
                let zeros = coordinate.iter().take_while(|byte| **byte == 0).count();
                let coordinate = coordinate.get(zeros..).unwrap_or_default();
                let padding = length
                    .checked_sub(coordinate.len())
                    .ok_or_else(|| unreadable("a coordinate is longer than its curve's"))?;
                point.extend(std::iter::repeat_n(0, padding));
                point.extend_from_slice(coordinate);
            }
            Kind::Ec { algorithm, public_key: point }
        }
        Parameters::Public(AlgorithmParameters::OctetKeyPair(parameters))
            if parameters.curve == EllipticCurve::Ed25519 =>
        {
            der::ed25519(&decode(&parameters.x)?)?
        }
        _ => {
            return Err(KeyError::Unsuitable {
                found: "a JWK of an unsupported `kty` or `crv`, or with a required member missing".into(),
                remedy: "use a complete RSA, EC (P-256, P-384, P-521), OKP (Ed25519) or oct key".into(),
            });
        }
    };
    let key = Key { kind, restricted_to_alg };
    if key.supported_algorithms().is_empty() {
        return forbidden("has an `alg` that its `kty` cannot serve");
    }
    Ok(key)
}

enum Parameters<'j> {
    /// The `k` of an `oct` key. RFC 7518 §6.4.
    Secret(&'j [u8]),
    Public(AlgorithmParameters),
}

/// The metadata of a JWK, and its key. A secret is read where it stands: what serde buffers to find out the
/// kind of key is not wiped.
fn read_parameters<'j>(
    json: &'j str,
    k: Option<&'j [u8]>,
) -> Result<(CommonParameters, Parameters<'j>), KeyError> {
    #[derive(Deserialize)]
    struct Oct<'j> {
        kty: &'j str,
        k: Option<&'j str>,
    }

    let wrong = |_| unreadable("a member is missing or of the wrong type");
    match serde_json::from_str(json) {
        Ok(Oct { kty: "oct", k: member }) if k.or(member.map(str::as_bytes)).is_some() => {
            let common = serde_json::from_str(json).map_err(wrong)?;
            Ok((common, Parameters::Secret(k.or(member.map(str::as_bytes)).unwrap_or_default())))
        }
        _ => {
            let jwk: Jwk = serde_json::from_str(json).map_err(wrong)?;
            Ok((jwk.common, Parameters::Public(jwk.algorithm)))
        }
    }
}

/// The `alg` member. Read apart from [`Jwk`], which knows no ES512 and no EdDSA curve names.
fn read_alg(json: &str) -> Result<Option<Algorithm>, KeyError> {
    #[derive(Deserialize)]
    struct Restriction {
        alg: Option<String>,
    }

    let Restriction { alg } =
        serde_json::from_str(json).map_err(|_| unreadable("its `alg` is not a string"))?;
    match alg.as_deref() {
        None => Ok(None),
        Some(name) => match Algorithm::from_name(name) {
            Some(algorithm) => Ok(Some(algorithm)),
            None => Err(KeyError::JwkNotForVerification {
                problem: "has an `alg` that is not a supported signature algorithm".into(),
            }),
        },
    }
}

/// base64url, as leniently as Node reads it: padding, the other alphabet, white space and stray bits do not
/// matter in a key that the operator configures.
fn decode(member: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    encoding::decode_base64url(member.as_bytes()).ok_or_else(not_base64url)
}

fn not_base64url() -> KeyError {
    unreadable("a member is not base64url")
}

fn unreadable(problem: &str) -> KeyError {
    KeyError::Unreadable { found: "a JWK".into(), problem: problem.into() }
}
