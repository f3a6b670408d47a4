//! What the core costs, next to the check of the backend alone: `cargo bench --bench core`.
//!
//! Prints the median of many batches in nanoseconds; with `--json`, one JSON object a line.
//! Every answer is asserted before it is timed.

#[path = "../tests/support/signer.rs"]
mod signer;

use std::hint::black_box;
use std::time::{Duration, Instant};

use mcp_native_auth::api_key::KeyRingBuilder;
use mcp_native_auth::jwt::{Accepted, Algorithm, ClaimRules, Issuer};
use signer::{NOW, Signer};

/// About 450 characters as a token, like those of the JavaScript benchmark.
const CLAIMS: &str = r#"{"sub":"alice","name":"Alice Example","role":"reader","scope":["mcp:read","mcp:write"],"email":"alice@example.com","iss":"https://issuer.example.com","aud":"https://api.example.com","jti":"0b7e2d7c-8f0a-4a57-9a6c-000000000000","iat":1767225600,"exp":1767229200}"#;

/// As configured in production.
fn rules() -> ClaimRules {
    ClaimRules {
        issuers: Issuer::parse("https://issuer.example.com", "issuer").into_iter().collect(),
        audiences: vec!["https://api.example.com".into()],
        ..ClaimRules::default()
    }
}

fn main() {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let report = |name: &str, nanoseconds: f64| {
        if as_json {
            println!(r#"{{"name":"{name}","nanoseconds":{nanoseconds:.1}}}"#);
        } else {
            println!("{name:<28}{nanoseconds:>12.1} ns");
        }
    };

    for algorithm in Algorithm::ALL.iter().copied() {
        let signer = Signer::new(algorithm);
        let token = signer.token(CLAIMS);
        let (signing_input, _) = token.rsplit_once('.').unwrap_or_default();
        let signature = (signer.sign)(signing_input.as_bytes());
        let Ok(key) = signer.key().for_algorithm(algorithm) else { unreachable!("the key fits") };
        assert!(key.verifies(signing_input.as_bytes(), &signature));
        report(
            algorithm.name(),
            median(|| key.verifies(black_box(signing_input.as_bytes()), black_box(&signature))),
        );

        let mut verifier = signer.verifier();
        let genuine = Ok(Accepted::New { key: 0, claims: CLAIMS.into() });
        assert_eq!(verifier.verify(token.as_bytes(), NOW), genuine);
        report(&format!("verify {algorithm}"), median(|| verifier.verify(black_box(token.as_bytes()), NOW)));

        let mut verifier = signer.verifier_with(&[algorithm], rules(), 0);
        assert_eq!(verifier.verify(token.as_bytes(), NOW), genuine);
        report(
            &format!("verify {algorithm} iss aud"),
            median(|| verifier.verify(black_box(token.as_bytes()), NOW)),
        );

        let mut verifier = signer.verifier_with(&[algorithm], rules(), 1024);
        assert_eq!(verifier.verify(token.as_bytes(), NOW), genuine);
        assert_eq!(verifier.verify(token.as_bytes(), NOW), genuine);
        assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Cached(_))));
        report(
            &format!("verify {algorithm} again"),
            median(|| verifier.verify(black_box(token.as_bytes()), NOW)),
        );
    }

    for count in [1, 10, 1_000, 100_000] {
        let keys: Vec<String> =
            (0..count).map(|n| format!("key-{n:06}-0123456789abcdef0123456789abcdef")).collect();
        let mut builder = KeyRingBuilder::default();
        assert!(keys.iter().all(|key| builder.add(key.as_bytes()).is_ok()));
        let ring = builder.build();
        for (place, presented) in
            [("first", keys.first()), ("last", keys.last()), ("unknown", Some(&"x".repeat(43)))]
        {
            let presented = presented.map_or(&[][..], |key| key.as_bytes());
            assert_eq!(ring.contains(presented), place != "unknown");
            report(&format!("{count} keys, {place}"), median(|| ring.contains(black_box(presented))));
        }
    }
}

/// Nanoseconds of one run: the median of batches that each last about two milliseconds.
fn median<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut batch = 1_u32;
    let mut time = |batch: u32| {
        let start = Instant::now();
        for _ in 0..batch {
            black_box(run());
        }
        start.elapsed()
    };
    while time(batch) < Duration::from_millis(2) {
        batch *= 2;
    }
    let mut samples: Vec<f64> = (0..101).map(|_| time(batch).as_nanos() as f64 / f64::from(batch)).collect();
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
