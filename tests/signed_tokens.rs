//! Tokens of every algorithm, signed by another implementation: genuine ones are accepted, ones with
//! any changed bit are not, and the crate `jsonwebtoken` agrees where it knows the algorithm.

#[path = "support/signer.rs"]
mod signer;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_native_auth::config_error::{ConfigError, KeyError};
use mcp_native_auth::jwt::{
    Accepted, Algorithm, ClaimRules, KeyConfig, KeyMaterial, MAX_CACHED_TOKEN_BYTES, Verifier, VerifierConfig,
};
use mcp_native_auth::rejection::Rejection;
use signer::{NOW, SECRET, Signer};

const CLAIMS: &str = r#"{"sub":"alice","exp":1767225601,"nbf":1767225600,"scope":["a","b"]}"#;

fn new(claims: &str) -> Accepted {
    Accepted::New { key: 0, claims: claims.into() }
}

fn configure(signer: &Signer, algorithm: Algorithm) -> Result<Verifier, ConfigError> {
    let config = VerifierConfig {
        keys: vec![signer.key_config(None)],
        algorithms: vec![algorithm.name()],
        ..VerifierConfig::default()
    };
    Verifier::from_config(config).map(|configured| configured.verifier)
}

#[test]
fn genuine_tokens_of_every_algorithm_are_accepted() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let accepted = signer.verifier().verify(signer.token(CLAIMS).as_bytes(), NOW);
        assert_eq!(accepted, Ok(new(CLAIMS)), "{algorithm}");
    }
}

#[test]
fn rejects_any_changed_bit_of_a_token() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let mut verifier = signer.verifier();
        let token = signer.token(CLAIMS).into_bytes();
        for bit in 0..token.len() * 8 {
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verifier.verify(&changed, NOW).is_err(), "{algorithm}, bit {bit}");
        }
        for end in 0..token.len() {
            assert!(verifier.verify(&token[..end], NOW).is_err(), "{algorithm}, cut at {end}");
        }
    }
}

#[test]
fn a_cached_token_is_known_until_a_bit_of_it_changes_and_while_its_time_lasts() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let mut verifier = signer.verifier_with(&[algorithm], ClaimRules::default(), 2);
        let token = signer.token(CLAIMS).into_bytes();
        for _ in 0..2 {
            assert_eq!(verifier.verify(&token, NOW), Ok(new(CLAIMS)));
        }
        let Ok(Accepted::Cached(id)) = verifier.verify(&token, NOW) else { unreachable!("{algorithm}") };
        assert_eq!(verifier.cached_claims(id), Some((0, CLAIMS)));
        for bit in 0..token.len() * 8 {
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verifier.verify(&changed, NOW).is_err(), "{algorithm}, bit {bit}");
        }
        assert_eq!(verifier.verify(&token, NOW + 1.0), Err(Rejection::Expired));
        assert_eq!(verifier.verify(&token, NOW - 1.0), Err(Rejection::NotYetValid));
        assert_eq!(verifier.verify(&token, NOW), Ok(Accepted::Cached(id)));
    }
}

#[test]
fn rejects_a_token_under_another_key_of_the_same_kind_and_under_another_algorithm() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let token = signer.token(CLAIMS);
        if !algorithm.name().starts_with("HS") {
            let stranger = Signer::new(algorithm);
            let verdict = stranger.verifier().verify(token.as_bytes(), NOW);
            assert_eq!(verdict, Err(Rejection::SignatureInvalid), "{algorithm}");
        }
        for other in signer.key().supported_algorithms().into_iter().filter(|other| *other != algorithm) {
            let mut verifier = signer.verifier_with(&[other], ClaimRules::default(), 0);
            let verdict = verifier.verify(token.as_bytes(), NOW);
            assert_eq!(verdict, Err(Rejection::AlgorithmNotAllowed), "{algorithm} under {other}");
        }
    }
}

#[test]
fn a_key_rejects_every_algorithm_of_another_family() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let key = signer.key();
        for other in Algorithm::ALL.iter().copied() {
            let verifier = configure(&signer, other);
            let is_supported = key.supported_algorithms().contains(&other);
            assert_eq!(verifier.is_ok(), is_supported, "{algorithm} key for {other}");
        }
    }
}

#[test]
fn rejects_a_mac_keyed_with_the_text_of_the_public_key() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let signer = Signer::new(algorithm);
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(CLAIMS));
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &signer.configured), input.as_bytes());
        let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac));
        let mut verifier = signer.verifier_with(&[Algorithm::HS256, algorithm], ClaimRules::default(), 0);
        assert_eq!(verifier.verify(token.as_bytes(), NOW), Err(Rejection::AlgorithmNotAllowed));
        let only_hmac = configure(&signer, Algorithm::HS256).err();
        assert!(matches!(
            only_hmac,
            Some(ConfigError::Key { error: KeyError::NoUsableAlgorithm { .. }, .. })
        ));
    }
}

#[test]
fn tokens_of_the_crate_jsonwebtoken_are_accepted_and_its_verdicts_shared() {
    use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};

    let secrets: [&[u8]; 3] = [SECRET, b"x", &[0xff; 200]];
    for secret in secrets {
        for (theirs, ours) in [
            (jsonwebtoken::Algorithm::HS256, Algorithm::HS256),
            (jsonwebtoken::Algorithm::HS384, Algorithm::HS384),
            (jsonwebtoken::Algorithm::HS512, Algorithm::HS512),
        ] {
            let claims = serde_json::json!({ "sub": "alice", "exp": 4_102_444_800_u64 });
            let token =
                jsonwebtoken::encode(&Header::new(theirs), &claims, &EncodingKey::from_secret(secret))
                    .unwrap();
            let config = VerifierConfig {
                keys: vec![KeyConfig {
                    material: KeyMaterial::TextOrBytes(secret),
                    id: None,
                    issuers: Vec::new(),
                    path: "secret",
                }],
                algorithms: vec![ours.name()],
                ..VerifierConfig::default()
            };
            let mut verifier = Verifier::from_config(config).unwrap().verifier;
            for (position, _) in token.char_indices() {
                let mut changed = token.clone().into_bytes();
                changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
                let their_verdict = jsonwebtoken::decode::<serde_json::Value>(
                    &changed,
                    &DecodingKey::from_secret(secret),
                    &Validation::new(theirs),
                );
                assert!(their_verdict.is_err() && verifier.verify(&changed, NOW).is_err(), "{position}");
            }
            let Ok(Accepted::New { claims: ours, .. }) = verifier.verify(token.as_bytes(), NOW) else {
                unreachable!("the token is genuine")
            };
            let ours: serde_json::Value = serde_json::from_str(&ours).unwrap();
            assert_eq!(ours, claims);
        }
    }
}

/// A token signed with one algorithm whose header names another, long enough to be read last.
#[test]
fn a_long_header_must_name_the_algorithm_of_its_signature() {
    let signer = Signer::new(Algorithm::HS256);
    let all = [Algorithm::HS512, Algorithm::HS256, Algorithm::HS384];
    let padding = "x".repeat(100);
    for (named, accepts) in [("HS256", true), ("HS384", false), ("HS512", false), ("none", false)] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{named}","kid":"{padding}"}}"#));
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(CLAIMS));
        let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode((signer.sign)(input.as_bytes())));
        let mut verifier = signer.verifier_with(&all, ClaimRules::default(), 2);
        for _ in 0..3 {
            assert_eq!(verifier.verify(token.as_bytes(), NOW).is_ok(), accepts, "{named}");
        }
        // A signature of a length that no key has: the header is not read.
        let short = token.get(..token.len() - 4).unwrap();
        assert_eq!(
            verifier.verify(short.as_bytes(), NOW).err(),
            Some(Rejection::SignatureInvalid),
            "{named}"
        );
    }
}

#[test]
fn a_cached_token_with_a_long_header_stays_known_when_other_headers_come_between() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let mut verifier = signer.verifier_with(&[algorithm], ClaimRules::default(), 4);
        let tokens = ["a", "b"].map(|kid| {
            let kid = kid.repeat(100);
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#));
            let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(CLAIMS));
            format!("{input}.{}", URL_SAFE_NO_PAD.encode((signer.sign)(input.as_bytes())))
        });
        for round in 0..4 {
            for token in &tokens {
                match verifier.verify(token.as_bytes(), NOW) {
                    Ok(Accepted::New { claims, .. }) if round < 2 => assert_eq!(claims, CLAIMS),
                    Ok(Accepted::Cached(id)) if round >= 2 => {
                        assert_eq!(verifier.cached_claims(id), Some((0, CLAIMS)))
                    }
                    other => unreachable!("{algorithm}, round {round}: {other:?}"),
                }
                assert!(verifier.verify(token.as_bytes(), NOW + 1.0).is_err());
                let forged = &token.as_bytes()[..token.len() - 4];
                assert!(verifier.verify(forged, NOW).is_err());
            }
        }
    }
}

#[test]
fn claims_that_are_longer_than_a_cached_token_may_be_are_not_cached() {
    let signer = Signer::new(Algorithm::HS256);
    let mut verifier = signer.verifier_with(&[Algorithm::HS256], ClaimRules::default(), 4);
    // Becomes the `sub` of an object, where each of its characters is escaped.
    let payload = format!("\"{}\"", "\\\"".repeat(1_450));
    let input =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(&payload));
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode((signer.sign)(input.as_bytes())));
    assert!(token.len() <= MAX_CACHED_TOKEN_BYTES);
    for _ in 0..4 {
        let Ok(Accepted::New { claims, .. }) = verifier.verify(token.as_bytes(), NOW) else {
            unreachable!("cached or rejected")
        };
        assert!(claims.len() > MAX_CACHED_TOKEN_BYTES);
    }
}
