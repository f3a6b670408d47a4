//! Signers of every algorithm with keys of their own, for tests and benchmarks.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding};
use aws_lc_rs::{hmac, rsa};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mcp_native_auth::jwt::{Algorithm, ClaimRules, Key, KeyConfig, KeyMaterial, Verifier, VerifierConfig};

/// Midnight of 1 January 2026, UTC.
pub(crate) const NOW: f64 = 1_767_225_600.0;
pub(crate) const SECRET: &[u8] = b"a secret of these tests, long enough for SHA-512: 64 bytes or more!";

/// Signs a signing input.
pub(crate) type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

pub(crate) struct Signer {
    pub(crate) algorithm: Algorithm,
    pub(crate) sign: Sign,
    /// What a user configures as `secret`.
    pub(crate) configured: Vec<u8>,
}

impl Signer {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        use Algorithm::{
            ES256, ES384, ES512, Ed25519, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384,
            RS512,
        };
        let mac = |digest| {
            let key = hmac::Key::new(digest, SECRET);
            let sign: Sign = Box::new(move |input| hmac::sign(&key, input).as_ref().to_vec());
            (sign, SECRET.to_vec())
        };
        let (sign, configured) = match algorithm {
            HS256 => mac(hmac::HMAC_SHA256),
            HS384 => mac(hmac::HMAC_SHA384),
            HS512 => mac(hmac::HMAC_SHA512),
            RS256 => rsa_signer(&signature::RSA_PKCS1_SHA256),
            RS384 => rsa_signer(&signature::RSA_PKCS1_SHA384),
            RS512 => rsa_signer(&signature::RSA_PKCS1_SHA512),
            PS256 => rsa_signer(&signature::RSA_PSS_SHA256),
            PS384 => rsa_signer(&signature::RSA_PSS_SHA384),
            PS512 => rsa_signer(&signature::RSA_PSS_SHA512),
            ES256 => ec_signer(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            ES384 => ec_signer(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            ES512 => ec_signer(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            EdDSA | Ed25519 => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let public_key = pair.public_key().as_der().unwrap();
                let configured = pem("PUBLIC KEY", public_key.as_ref());
                (Box::new(move |input: &[u8]| pair.sign(input).as_ref().to_vec()) as Sign, configured)
            }
        };
        Self { algorithm, sign, configured }
    }

    pub(crate) fn token(&self, payload: &str) -> String {
        let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, self.algorithm);
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = (self.sign)(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn key(&self) -> Key {
        Key::read(KeyMaterial::TextOrBytes(&self.configured)).unwrap()
    }

    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier_with(&[self.algorithm], ClaimRules::default(), 0)
    }

    pub(crate) fn verifier_with(
        &self,
        algorithms: &[Algorithm],
        rules: ClaimRules,
        cache_size: usize,
    ) -> Verifier {
        let config = VerifierConfig {
            keys: vec![self.key_config(None)],
            algorithms: algorithms.iter().map(|algorithm| algorithm.name()).collect(),
            rules,
            cache_size,
            cache_seed: [7; 32],
            ..VerifierConfig::default()
        };
        Verifier::from_config(config).map(|configured| configured.verifier).unwrap()
    }

    pub(crate) fn key_config<'c>(&'c self, id: Option<&'c str>) -> KeyConfig<'c> {
        let material = KeyMaterial::TextOrBytes(&self.configured);
        KeyConfig { material, id, issuers: Vec::new(), path: "secret" }
    }
}

fn rsa_signer(encoding: &'static dyn RsaEncoding) -> (Sign, Vec<u8>) {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let public_key = pair.public_key().as_der().unwrap();
    let configured = pem("PUBLIC KEY", public_key.as_ref());
    let sign = move |input: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), input, &mut signature).unwrap();
        signature
    };
    (Box::new(sign), configured)
}

fn ec_signer(curve: &'static EcdsaSigningAlgorithm) -> (Sign, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(curve).unwrap();
    let public_key = pair.public_key().as_der().unwrap();
    let configured = pem("PUBLIC KEY", public_key.as_ref());
    (Box::new(move |input| pair.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec()), configured)
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}
