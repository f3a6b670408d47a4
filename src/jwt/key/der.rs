//! Keys in DER form: SubjectPublicKeyInfo, PKCS#1, PKCS#8, SEC1 and X.509.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, ParsedPublicKey,
};
use der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Header, Reader, SliceReader, TagNumber};
use pkcs1::{RsaPrivateKeyRef, RsaPssParamsOwned, RsaPublicKeyRef};
use pkcs8::PrivateKeyInfoRef;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::verification_key::{Kind, ecdsa};
use crate::config_error::KeyError;
use crate::jwt::algorithm::Algorithm;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// RFC 7518 §3.3 and §3.5 require 2048 bits; the backend supports 8192 at most.
const ACCEPTED_RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The backend's bound on the public exponent, which keeps the cost of a check bounded.
const MAX_RSA_EXPONENT_BITS: usize = 33;

/// The key of a SubjectPublicKeyInfo. RFC 5280 §4.1.2.7, RFC 3279, RFC 4055, RFC 8410.
pub(super) fn spki(der: &[u8]) -> Result<Kind, KeyError> {
    let der = first_value(der);
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| unreadable("a public key"))?;
    let bits = info.subject_public_key.as_bytes().ok_or_else(|| unreadable("a public key"))?;
    match info.algorithm.oid {
        RSA => pkcs1_public(bits),
        RSASSA_PSS => pss(bits, &info.algorithm),
        EC => ec(der),
        ED25519 => ed25519(bits),
        other => Err(unsupported(other)),
    }
}

/// A PKCS#1 RSAPublicKey. RFC 8017 A.1.1.
pub(super) fn pkcs1_public(der: &[u8]) -> Result<Kind, KeyError> {
    let key = RsaPublicKeyRef::from_der(first_value(der)).map_err(|_| unreadable("an RSA public key"))?;
    rsa(&key, None)
}

/// A PKCS#1 RSAPrivateKey. RFC 8017 A.1.2.
pub(super) fn pkcs1_private(der: &[u8]) -> Result<Kind, KeyError> {
    let key = RsaPrivateKeyRef::from_der(first_value(der)).map_err(|_| unreadable("an RSA private key"))?;
    rsa(&key.public_key(), None)
}

/// A SEC1 ECPrivateKey with its curve. RFC 5915.
pub(super) fn sec1_private(der: &[u8]) -> Result<Kind, KeyError> {
    let der = first_value(der);
    ec_private(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok())
}

/// A PKCS#8 PrivateKeyInfo. RFC 5958.
pub(super) fn pkcs8(der: &[u8]) -> Result<Kind, KeyError> {
    let der = first_value(der);
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| unreadable("a private key"))?;
    let rsa_public = |key: &[u8], restricted_to| {
        let key = RsaPrivateKeyRef::from_der(key).map_err(|_| unreadable("an RSA private key"))?;
        rsa(&key.public_key(), restricted_to)
    };
    match info.algorithm.oid {
        RSA => rsa_public(info.private_key.as_bytes(), None),
        RSASSA_PSS => rsa_public(info.private_key.as_bytes(), Some(pss_algorithm(&info.algorithm)?)),
        EC => ec_private(|curve| EcdsaKeyPair::from_pkcs8(curve, der).ok()),
        ED25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(|pair| Kind::Ed25519 { public_key: pair.public_key().as_ref().to_vec() })
            .map_err(|_| unreadable("an Ed25519 private key")),
        other => Err(unsupported(other)),
    }
}

/// The key that an X.509 certificate certifies. Its signature, names and dates are ignored: as in
/// the framework, the operator's configuration is what makes it trusted. RFC 5280 §4.1.
pub(super) fn certificate(der: &[u8]) -> Result<Kind, KeyError> {
    let spki_der = subject_public_key_info(der).map_err(|_| unreadable("a certificate"))?;
    spki(spki_der)
}

/// Whether these bytes begin with a key or certificate in DER.
pub(super) fn is_key(der: &[u8]) -> bool {
    let der = first_value(der);
    SubjectPublicKeyInfoRef::from_der(der).is_ok()
        || RsaPublicKeyRef::from_der(der).is_ok()
        || PrivateKeyInfoRef::from_der(der).is_ok()
        || RsaPrivateKeyRef::from_der(der).is_ok()
        || sec1_private(der).is_ok()
        || subject_public_key_info(der).is_ok_and(|spki| SubjectPublicKeyInfoRef::from_der(spki).is_ok())
}

/// An Ed25519 public key. RFC 8032 §5.1.5.
pub(super) fn ed25519(public_key: &[u8]) -> Result<Kind, KeyError> {
    /// The points of small order as encoded, sign bit cleared. Under such a key, one signature is valid
    /// for many messages, and anyone can make it.
    const SMALL_ORDER: [[u8; 32]; 7] = [
        hex32("0000000000000000000000000000000000000000000000000000000000000000"),
        hex32("0100000000000000000000000000000000000000000000000000000000000000"),
        hex32("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        hex32("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        hex32("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        hex32("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        hex32("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];
    let mut point: [u8; 32] = public_key.try_into().map_err(|_| unreadable("an Ed25519 public key"))?;
    if let Some(last) = point.last_mut() {
        *last &= 0x7f;
    }
    if SMALL_ORDER.contains(&point) {
        return Err(KeyError::Unsuitable {
            found: "an Ed25519 key of small order, under which anyone can sign".into(),
            remedy: "generate a key".into(),
        });
    }
    Ok(Kind::Ed25519 { public_key: public_key.to_vec() })
}

/// An RSA key from its numbers, big-endian.
pub(super) fn rsa_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Kind, KeyError> {
    let number = |bytes| UintRef::new(bytes).map_err(|_| unreadable("an RSA public key"));
    rsa(&RsaPublicKeyRef { modulus: number(modulus)?, public_exponent: number(exponent)? }, None)
}

fn rsa(key: &RsaPublicKeyRef<'_>, restricted_to: Option<Algorithm>) -> Result<Kind, KeyError> {
    let weak = |problem: String| Err(KeyError::WeakRsa { problem });
    let modulus_bits = bit_length(key.modulus.as_bytes());
    if !ACCEPTED_RSA_BITS.contains(&modulus_bits) {
        return weak(format!("of {modulus_bits} bits"));
    }
    let exponent = key.public_exponent.as_bytes();
    let exponent_bits = bit_length(exponent);
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    if !is_odd(exponent) || exponent_bits < 2 {
        return weak("whose public exponent is 1 or even".into());
    }
    if exponent_bits > MAX_RSA_EXPONENT_BITS {
        return weak(format!("whose public exponent has {exponent_bits} bits, over {MAX_RSA_EXPONENT_BITS}"));
    }
    if !is_odd(key.modulus.as_bytes()) {
        return weak("whose modulus is even".into());
    }
    let public_key = key.to_der().map_err(|_| unreadable("an RSA public key"))?;
    Ok(Kind::Rsa { public_key, restricted_to })
}

fn pss(key: &[u8], algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Kind, KeyError> {
    let restricted_to = pss_algorithm(algorithm)?;
    let key = RsaPublicKeyRef::from_der(key).map_err(|_| unreadable("an RSASSA-PSS public key"))?;
    rsa(&key, Some(restricted_to))
}

/// The algorithm that the parameters of an RSASSA-PSS key allow: `PSn` needs SHA-n for both hashes
/// and salts of the hash's length; the key may require fewer bytes but not more.
/// RFC 7518 §3.5, RFC 4055 §3.1.
fn pss_algorithm(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Algorithm, KeyError> {
    let unsuitable = |found: &str| KeyError::Unsuitable {
        found: found.into(),
        remedy:
            "use a plain RSA key, or an RSASSA-PSS key for SHA-256, SHA-384 or SHA-512 with MGF1 of the same \
                 hash and salts of at most its length"
                .into(),
    };
    let encoded = algorithm
        .parameters
        .ok_or_else(|| unsuitable("an RSASSA-PSS key without parameters"))?
        .to_der()
        .unwrap_or_default();
    let parameters = RsaPssParamsOwned::from_der(&encoded)
        .map_err(|_| unsuitable("an RSASSA-PSS key with unreadable parameters"))?;
    let (algorithm, hash_length) = match parameters.hash.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => (Algorithm::PS256, 32),
        "2.16.840.1.101.3.4.2.2" => (Algorithm::PS384, 48),
        "2.16.840.1.101.3.4.2.3" => (Algorithm::PS512, 64),
        _ => return Err(unsuitable("an RSASSA-PSS key for another hash")),
    };
    let mask_hash = parameters.mask_gen.parameters.map(|identifier| identifier.oid);
    if parameters.mask_gen.oid != MGF1
        || mask_hash != Some(parameters.hash.oid)
        || parameters.salt_len > hash_length
    {
        return Err(unsuitable("an RSASSA-PSS key whose parameters match no algorithm"));
    }
    Ok(algorithm)
}

/// The curve is the one under which the backend accepts the key. The backend also accepts explicit curve
/// parameters, as OpenSSL does, when they are those of a named curve.
fn ec(der: &[u8]) -> Result<Kind, KeyError> {
    [Algorithm::ES256, Algorithm::ES384, Algorithm::ES512]
        .into_iter()
        .find(|algorithm| ParsedPublicKey::new(ecdsa(*algorithm), der).is_ok())
        .map(|algorithm| Kind::Ec { algorithm, public_key: der.to_vec() })
        .ok_or_else(unsuitable_ec)
}

fn ec_private(
    parse: impl Fn(&'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
) -> Result<Kind, KeyError> {
    [
        (Algorithm::ES256, &ECDSA_P256_SHA256_FIXED_SIGNING),
        (Algorithm::ES384, &ECDSA_P384_SHA384_FIXED_SIGNING),
        (Algorithm::ES512, &ECDSA_P521_SHA512_FIXED_SIGNING),
    ]
    .into_iter()
    .find_map(|(algorithm, curve)| {
        let public_key = parse(curve)?.public_key().as_ref().to_vec();
        Some(Kind::Ec { algorithm, public_key })
    })
    .ok_or_else(unsuitable_ec)
}

pub(super) fn unsuitable_ec() -> KeyError {
    KeyError::Unsuitable {
        found: "an EC key that is not a valid point on P-256, P-384 or P-521".into(),
        remedy: "use a key on one of these curves".into(),
    }
}

/// The SubjectPublicKeyInfo of a certificate, encoded. Skips the fields before it unread, because
/// names and extensions come in more spellings than a strict reader accepts.
fn subject_public_key_info(der: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?.tag().assert_eq(der::Tag::Sequence)?;
    Header::decode(&mut reader)?.tag().assert_eq(der::Tag::Sequence)?;
    // version [0] EXPLICIT DEFAULT v1
    ContextSpecific::<AnyRef<'_>>::decode_explicit(&mut reader, TagNumber(0))?;
    // serialNumber, signature, issuer, validity, subject
    for _ in 0..5 {
        reader.tlv_bytes()?;
    }
    reader.tlv_bytes()
}

/// The first DER value, without what follows it: OpenSSL reads no further.
fn first_value(der: &[u8]) -> &[u8] {
    SliceReader::new(der).and_then(|mut reader| reader.tlv_bytes()).unwrap_or(der)
}

/// 32 bytes of a constant in hexadecimal.
const fn hex32(hex: &str) -> [u8; 32] {
    const fn digit(byte: u8) -> u8 {
        if byte.is_ascii_digit() { byte - b'0' } else { byte - b'a' + 10 }
    }
    let mut hex = hex.as_bytes();
    let mut bytes = [0; 32];
    let mut rest: &mut [u8] = &mut bytes;
    while let ([high, low, more @ ..], [byte, others @ ..]) = (hex, rest) {
        *byte = digit(*high) << 4 | digit(*low);
        hex = more;
        rest = others;
    }
    bytes
}

fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().position(|byte| *byte != 0).and_then(|start| number.get(start..));
    match significant {
        Some(digits @ [first, ..]) => digits.len() * 8 - first.leading_zeros() as usize,
        _ => 0,
    }
}

fn unsupported(oid: ObjectIdentifier) -> KeyError {
    let found = match oid.to_string().as_str() {
        "1.3.101.113" => "an Ed448 key",
        "1.3.101.110" | "1.3.101.111" => "a key for key agreement (X25519 or X448)",
        "1.2.840.10040.4.1" => "a DSA key",
        _ => "a key of an unsupported type",
    };
    KeyError::Unsuitable { found: found.into(), remedy: "use an RSA, EC or Ed25519 key".into() }
}

fn unreadable(found: &str) -> KeyError {
    KeyError::Unreadable { found: found.into(), problem: "its contents are damaged".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::key::encoding;

    #[test]
    fn a_point_of_small_order_is_not_a_key() {
        // 2^255 - 19, and the numbers next to it.
        let near_the_prime = |last_byte: u8| {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (last_byte, 0x7f);
            point
        };
        let near_zero = |last_byte: u8| {
            let mut point = [0; 32];
            point[0] = last_byte;
            point
        };
        let of_order_8 =
            ["JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU", "xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o"];
        let mut points = vec![near_zero(0), near_zero(1)];
        points.extend([0xec, 0xed, 0xee].map(near_the_prime));
        points.extend(
            of_order_8.map(|text| <[u8; 32]>::try_from(&encoding::base64(text.bytes())[..]).unwrap()),
        );
        for point in points {
            for sign in [0, 0x80] {
                let mut point = point;
                point[31] |= sign;
                assert!(matches!(ed25519(&point), Err(KeyError::Unsuitable { .. })), "{point:02x?}");
            }
        }
        // The generator, of a large order.
        let mut generator = [0x66; 32];
        generator[0] = 0x58;
        assert!(ed25519(&generator).is_ok());
    }

    #[test]
    fn the_salts_of_a_pss_key_are_no_longer_than_its_hash() {
        for (hash, algorithm, length) in
            [(1, Algorithm::PS256, 32), (2, Algorithm::PS384, 48), (3, Algorithm::PS512, 64)]
        {
            for salt in [20, length, length + 1] {
                let hash =
                    [b"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02".as_slice(), &[hash, 5, 0]].concat();
                let mgf1 = b"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
                let salt_length = [0xa2, 3, 2, 1, salt];
                let parameters = [b"\x30\x34\xa0\x0f", &hash[..], mgf1, &hash, &salt_length].concat();
                let parameters = Some(AnyRef::from_der(&parameters).unwrap());
                let found = pss_algorithm(&AlgorithmIdentifierRef { oid: RSASSA_PSS, parameters });
                assert_eq!(found.ok(), (salt <= length).then_some(algorithm), "{algorithm}, salts of {salt}");
            }
        }
    }
}
