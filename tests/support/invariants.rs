//! What must hold for any input at all, for property tests and fuzz targets alike. Each function takes
//! arbitrary bytes and panics if they break a rule.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic reports a broken rule"
)]

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use mcp_native_auth::api_key::{EmptyKey, KeyRingBuilder};
use mcp_native_auth::config_error::{ConfigError, KeyError};
use mcp_native_auth::jwt::{
    Accepted, Algorithm, ClaimRules, Key, KeyConfig, KeyMaterial, Verifier, VerifierConfig,
};
use mcp_native_auth::rejection::Rejection;

use crate::model::{self, Claims, Terms};

/// Midnight of 1 January 2026, UTC.
pub(crate) const NOW: f64 = 1_767_225_600.0;
const SECRET: &[u8] = b"the secret of invariants.rs, of 32 bytes or more";

/// A key of the vectors with two verifiers of its tokens.
struct Subject {
    /// None for keys that the other code does not read: RSASSA-PSS.
    opinion: Option<Opinion>,
    algorithms: Vec<&'static str>,
    plain: Verifier,
    caching: Verifier,
}

/// The secrets and SPKI keys of the vectors, in their order there. Their tokens are the seeds of the fuzzer.
fn subjects() -> Vec<Subject> {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../__test__/vectors/attacks.json")).unwrap();
    let texts = vectors["keys"].as_object().unwrap().values().filter_map(|key| key["text"].as_str());
    texts
        .filter(|text| !text.starts_with("-----") || text.starts_with("-----BEGIN PUBLIC KEY-----"))
        .filter_map(|text| {
            let material = KeyMaterial::TextOrBytes(text.as_bytes());
            let supported = Key::read(material).ok()?.supported_algorithms();
            let algorithms: Vec<_> = supported.into_iter().map(Algorithm::name).collect();
            let verifier = |cache_size| {
                verifier(material, &algorithms, ClaimRules::default(), (cache_size, [7; 32])).ok()
            };
            Some(Subject {
                opinion: Opinion::of(text, &algorithms),
                plain: verifier(0)?,
                caching: verifier(16)?,
                algorithms,
            })
        })
        .collect()
}

fn verifier(
    material: KeyMaterial<'_>,
    algorithms: &[&str],
    rules: ClaimRules,
    (cache_size, cache_seed): (usize, [u8; 32]),
) -> Result<Verifier, ConfigError> {
    let keys = vec![KeyConfig { material, id: None, issuers: Vec::new(), path: "secret" }];
    let algorithms = algorithms.to_vec();
    let config = VerifierConfig { keys, skips_unusable: false, algorithms, rules, cache_size, cache_seed };
    Verifier::from_config(config).map(|configured| configured.verifier)
}

/// A token as it comes over the wire. The first byte picks the key.
pub(crate) fn token(input: &[u8]) {
    thread_local! {
        static SUBJECTS: RefCell<Vec<Subject>> = RefCell::new(subjects());
    }
    let Some((pick, token)) = input.split_first() else { return };
    SUBJECTS.with_borrow_mut(|subjects| {
        let count = subjects.len();
        let Subject { opinion: Some(opinion), algorithms, plain, caching } =
            &mut subjects[usize::from(*pick) % count]
        else {
            return;
        };
        let terms = Terms { algorithms, require_expiration: false, now: NOW };
        let expected = model::judge(token, &terms, |algorithm, input, signature| {
            opinion.holds(algorithm, input, signature)
        });
        agree(plain, token, &expected);
        // Noted, kept, known: the cache must not change a verdict.
        for _ in 0..3 {
            agree(caching, token, &expected);
        }
    });
}

/// A header and a payload, parted by a NUL, under a good MAC. The first byte sets the terms.
pub(crate) fn claims(input: &[u8]) {
    let Some((switches, texts)) = input.split_first() else { return };
    let mut texts = texts.splitn(2, |byte| *byte == 0);
    let (first, second) = (texts.next().unwrap_or_default(), texts.next());
    let (header, payload): (&[u8], &[u8]) = match second {
        Some(payload) => (first, payload),
        None if switches & 1 == 0 => (br#"{"alg":"HS256","typ":"JWT"}"#, first),
        None => (br#"{"alg":"HS256"}"#, first),
    };
    let require_expiration = switches & 2 != 0;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signing_input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mac = hmac::sign(&key, signing_input.as_bytes());
    let token = format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(mac));

    let terms = Terms { algorithms: &["HS256"], require_expiration, now: NOW };
    let expected = model::judge(token.as_bytes(), &terms, |_, _, _| true);
    let rules = ClaimRules { require_expiration, ..ClaimRules::default() };
    let cache = (1 + usize::from(switches >> 6), [*switches; 32]);
    let mut verifier = verifier(KeyMaterial::Secret(SECRET), &["HS256"], rules, cache).unwrap();
    for _ in 0..3 {
        agree(&mut verifier, token.as_bytes(), &expected);
    }
    // The same claims under a MAC with one bit changed.
    let mut forged = mac.as_ref().to_vec();
    forged[usize::from(switches >> 3)] ^= 1 << (switches & 7);
    let forged = format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(forged));
    assert!(verifier.verify(forged.as_bytes(), NOW).is_err(), "accepts a forged MAC");
}

fn agree(verifier: &mut Verifier, token: &[u8], expected: &Result<Claims, Rejection>) {
    let accepted = match verifier.verify(token, NOW) {
        Ok(Accepted::New { key: 0, claims }) => Ok(claims),
        Ok(Accepted::New { key, .. }) => panic!("there is no key {key}"),
        Ok(Accepted::Cached(id)) => Ok(verifier.cached_claims(id).unwrap().1.to_owned()),
        Err(rejection) => Err(rejection),
    };
    match (&accepted, expected) {
        (Err(actual), Err(expected)) if actual == expected => {}
        // Long headers are read last.
        (Err(Rejection::SignatureInvalid | Rejection::Malformed), Err(_)) if has_long_header(token) => {}
        (Ok(json), Ok(Claims::Payload(payload))) if json == payload => {}
        (Ok(json), Ok(Claims::Lexemes(lexemes)))
            if model::json(&model::units_of(json)).as_ref() == Some(lexemes) => {}
        _ => panic!("the verifier says {accepted:?}, the model {expected:?}"),
    }
}

/// Whether the header is so long that the signature may be looked at before it.
fn has_long_header(token: &[u8]) -> bool {
    token.iter().position(|byte| *byte == b'.').is_some_and(|length| length > 64)
}

/// Judges signatures by other code than the verifier's: the crate `jsonwebtoken`, and for ES512, which
/// it does not know, the backend itself.
enum Opinion {
    Crate(HashMap<&'static str, DecodingKey>),
    P521(ParsedPublicKey),
}

impl Opinion {
    fn of(text: &str, algorithms: &[&'static str]) -> Option<Self> {
        if algorithms == ["ES512"] {
            let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
            let der = STANDARD.decode(body).ok()?;
            return ParsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, der).ok().map(Self::P521);
        }
        let pem = text.as_bytes();
        let keys = algorithms.iter().map(|algorithm| {
            let key = match algorithm.get(..2)? {
                "HS" => DecodingKey::from_secret(pem),
                "ES" => DecodingKey::from_ec_pem(pem).ok()?,
                "Ed" => DecodingKey::from_ed_pem(pem).ok()?,
                _ => DecodingKey::from_rsa_pem(pem).ok()?,
            };
            Some((*algorithm, key))
        });
        keys.collect::<Option<_>>().map(Self::Crate)
    }

    fn holds(&self, algorithm: &str, input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P521(key) => key.verify_sig(input, signature).is_ok(),
            Self::Crate(keys) => {
                let signature = URL_SAFE_NO_PAD.encode(signature);
                let algorithm_name = algorithm.parse().unwrap();
                jsonwebtoken::crypto::verify(&signature, input, &keys[algorithm], algorithm_name)
                    .unwrap_or(false)
            }
        }
    }
}

/// Key material of any kind, picked by the first byte.
pub(crate) fn key_material(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else { return };
    let material = match kind % 4 {
        0 => KeyMaterial::TextOrBytes(bytes),
        1 => KeyMaterial::Secret(bytes),
        2 => KeyMaterial::Spki(bytes),
        _ => match str::from_utf8(bytes) {
            Ok(json) => KeyMaterial::Jwk { json, k: None },
            Err(_) => return,
        },
    };
    match Key::read(material) {
        Ok(key) => {
            let supported = key.supported_algorithms();
            assert!(!supported.is_empty(), "a key that supports nothing");
            let is_secret = supported.iter().any(|algorithm| algorithm.name().starts_with("HS"));
            if is_secret {
                assert!(!announces_a_key(bytes) || kind % 4 == 3, "PEM text became an HMAC secret");
                assert!(kind % 4 != 2, "DER became an HMAC secret");
            }
            for algorithm in supported {
                match verifier(material, &[algorithm.name()], ClaimRules::default(), (0, [0; 32])) {
                    Ok(mut verifier) => {
                        // With any key: a token without a good signature.
                        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#));
                        let token = format!("{header}.e30.{}", URL_SAFE_NO_PAD.encode([0; 64]));
                        assert_eq!(verifier.verify(token.as_bytes(), NOW), Err(Rejection::SignatureInvalid));
                    }
                    Err(ConfigError::Key { error: KeyError::Unreadable { .. }, .. }) => assert!(!is_secret),
                    Err(other) => panic!("a key that supports {algorithm} is rejected: {other}"),
                }
            }
        }
        Err(error) => tells_nothing(&error.to_string(), bytes),
    }
}

/// Whether the text holds what OpenSSL takes for the beginning of a key.
fn announces_a_key(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    ["PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "CERTIFICATE"]
        .iter()
        .any(|label| text.contains(&format!("-----BEGIN {label}-----")))
}

/// A message repeats no eight letters and digits of the material, unless the source has them.
fn tells_nothing(message: &str, material: &[u8]) {
    let vocabulary = include_str!("../../src/config_error.rs").to_owned()
        + include_str!("../../src/jwt/key/material.rs")
        + include_str!("../../src/jwt/key/verification_key.rs")
        + include_str!("../../src/jwt/key/der.rs")
        + include_str!("../../src/jwt/key/jwk.rs")
        + include_str!("../../src/jwt/key/pem.rs");
    let windows: HashSet<&[u8]> = material.windows(8).collect();
    for window in message.as_bytes().windows(8).filter(|window| window.iter().all(u8::is_ascii_alphanumeric))
    {
        let is_ours = str::from_utf8(window).is_ok_and(|text| vocabulary.contains(text));
        assert!(is_ours || !windows.contains(window), "the message tells of the key: {message}");
    }
}

/// Keys, each after a byte with its length, the last of them presented and not configured. The first
/// byte spoils the hash that places digests.
pub(crate) fn key_ring(input: &[u8]) {
    let Some((mask, mut rest)) = input.split_first() else { return };
    let mut keys = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        let (key, after) = after.split_at(usize::from(*length).min(after.len()));
        keys.push(key);
        rest = after;
    }
    let presented = keys.pop().unwrap_or_default();
    let mut builder = KeyRingBuilder::default();
    let mut known = HashSet::new();
    for key in keys.iter().filter(|key| !key.is_empty()) {
        builder.add(key).unwrap();
        known.insert(*key);
        assert_eq!(builder.add(b""), Err(EmptyKey));
    }
    let spoil = BuildHasherDefault::<Spoilt>::default();
    SPOIL.set(*mask);
    let ring = builder.build_with(spoil);
    assert_eq!(ring.contains(presented), known.contains(presented), "{presented:?}");
    for key in &keys {
        assert_eq!(ring.contains(key), known.contains(key), "{key:?}");
        let mut longer = key.to_vec();
        longer.push(*mask);
        assert_eq!(ring.contains(&longer), known.contains(longer.as_slice()), "{longer:?}");
        if let Some((_, shorter)) = key.split_last() {
            assert_eq!(ring.contains(shorter), known.contains(shorter), "{shorter:?}");
        }
    }
}

thread_local! {
    static SPOIL: std::cell::Cell<u8> = const { std::cell::Cell::new(0) };
}

/// A hash with few bits left: many digests share few rows.
#[derive(Default)]
struct Spoilt(u64);

impl Hasher for Spoilt {
    fn finish(&self) -> u64 {
        self.0 & u64::from_ne_bytes([SPOIL.get(); 8])
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(9).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(*byte);
        }
    }
}
