//! Several keys and rules on claims, against a second reading of what index.d.ts says of them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set itself up must fail"
)]

#[expect(dead_code, reason = "tokens are made with headers of their own here")]
#[path = "support/signer.rs"]
mod signer;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_native_auth::error::{ConfigError, Rejection};
use mcp_native_auth::jwt::{
    Accepted, Algorithm, ConfiguredKey, Key, KeyMaterial, MAX_KEYS, MAX_TRIALS, Rules, Verifier,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use signer::{NOW, Signer};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() }
}

/// Somebody who signs: with a secret under any of the HMACs, or with a key pair.
struct Issuer {
    key: Key,
    secret: Option<[u8; 64]>,
    pair: Option<Signer>,
}

impl Issuer {
    fn with_secret(byte: u8) -> Self {
        let secret = [byte; 64];
        let key = Key::read(KeyMaterial::Secret(&secret)).unwrap();
        Self { key, secret: Some(secret), pair: None }
    }

    fn with_pair(algorithm: Algorithm) -> Self {
        let pair = Signer::new(algorithm);
        Self { key: pair.key(), secret: None, pair: Some(pair) }
    }

    fn serves(&self, algorithm: Algorithm) -> bool {
        match &self.pair {
            Some(pair) => pair.algorithm == algorithm,
            None => algorithm.is_mac(),
        }
    }

    /// A token with this header. One whose algorithm is not the issuer's is signed all the same.
    fn token(&self, algorithm: Algorithm, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = match (&self.secret, &self.pair) {
            (_, Some(pair)) => (pair.sign)(input.as_bytes()),
            (secret, _) => {
                let digest = match algorithm {
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                let key = hmac::Key::new(digest, &secret.unwrap());
                hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

const ALLOWED: [Algorithm; 5] =
    [Algorithm::HS256, Algorithm::EdDSA, Algorithm::HS512, Algorithm::ES256, Algorithm::HS256];

fn verifier(keys: &[(Option<&str>, &Issuer)], allowed: &[Algorithm]) -> Result<Verifier, ConfigError> {
    let keys: Vec<_> = keys.iter().map(|(id, issuer)| ConfiguredKey { id: *id, key: &issuer.key }).collect();
    Verifier::with_keys(&keys, allowed, Rules::default())
}

fn with_issuers<R>(run: impl FnOnce(&[Issuer]) -> R) -> R {
    thread_local! {
        static ISSUERS: Vec<Issuer> = (1..6)
            .map(Issuer::with_secret)
            .chain([Algorithm::EdDSA, Algorithm::EdDSA, Algorithm::ES256].map(Issuer::with_pair))
            .collect();
    }
    ISSUERS.with(|issuers| run(issuers))
}

const IDS: [Option<&str>; 6] = [None, None, Some("a"), Some("b"), Some("\u{e9}"), Some("e\u{301}")];
/// Values of `kid`, and the id that each is.
const KIDS: [(&str, Option<&str>); 10] = [
    ("", None),
    (r#","kid":"a""#, Some("a")),
    (r#","k\u0069d":"\u0062""#, Some("b")),
    (",\"kid\":\"\u{e9}\"", Some("\u{e9}")),
    (r#","kid":"e\u0301""#, Some("e\u{301}")),
    (r#","kid":"A""#, Some("A")),
    (r#","kid":"""#, Some("")),
    (r#","kid":7"#, Some("another")),
    (r#","kid":["a"]"#, Some("another")),
    (r#","kid":"\ud800""#, Some("another")),
];

/// The positions of the keys that a token is tried with: a second reading.
fn tried(
    keys: &[(Option<&str>, &Issuer)],
    algorithm: Algorithm,
    kid: Option<&str>,
) -> Result<Vec<usize>, Rejection> {
    let serving: Vec<usize> = (0..keys.len()).filter(|at| keys[*at].1.serves(algorithm)).collect();
    if serving.is_empty() || !ALLOWED.contains(&algorithm) {
        return Err(Rejection::AlgorithmNotAllowed);
    }
    let of = |id: Option<&str>| serving.iter().copied().filter(|at| keys[*at].0 == id).collect::<Vec<_>>();
    let mut chosen = match kid {
        Some(_) if !of(kid).is_empty() => of(kid),
        Some(_) => of(None),
        None => {
            let others = serving.iter().copied().filter(|at| keys[*at].0.is_some());
            of(None).into_iter().chain(others).collect()
        }
    };
    chosen.truncate(4);
    Ok(chosen)
}

proptest! {
    #![proptest_config(config())]

    /// Whoever signed, whatever `kid` and `alg` say, be the header short or long, new, known or changing, the
    /// token new, noted or known: the verdict is that of the second reading.
    #[test]
    fn a_token_is_tried_with_the_keys_that_its_kid_picks_and_no_others(
        keys in vec((select(&IDS[..]), any::<Index>()), 1..9),
        tokens in vec((any::<Index>(), select(&Algorithm::ALL[..]), select(&KIDS[..]), any::<bool>()), 1..6),
        caches in any::<bool>(),
    ) {
        with_issuers(|issuers| {
            let keys: Vec<_> = keys.iter().map(|(id, pick)| (*id, pick.get(issuers))).collect();
            let crowds = |algorithm: Algorithm| IDS.iter().any(|id| {
                keys.iter().filter(|(other, issuer)| other == id && issuer.serves(algorithm)).count() > 4
            });
            let verifier = verifier(&keys, &ALLOWED);
            if ALLOWED.into_iter().any(crowds) {
                prop_assert_eq!(verifier.err().map(|error| error.code()), Some("SECRET_TOO_MANY_KEYS"));
                return Ok(());
            }
            let mut verifier = verifier.unwrap();
            if caches {
                verifier = verifier.with_cache(8, [7; 32]);
            }
            for _ in 0..4 {
                for (number, (signer, algorithm, (member, kid), is_long)) in tokens.iter().enumerate() {
                    let issuer = signer.get(issuers);
                    let padding = if *is_long { "x".repeat(60) } else { String::new() };
                    let header = format!(r#"{{"alg":"{algorithm}"{member},"x":"{padding}"}}"#);
                    let payload = format!(r#"{{"sub":"{number}"}}"#);
                    let token = issuer.token(*algorithm, &header, &payload);
                    let holds = |at: &&usize| std::ptr::eq(keys[**at].1, issuer) && issuer.serves(*algorithm);
                    let expected = tried(&keys, *algorithm, *kid)
                        .and_then(|chosen| chosen.iter().find(holds).copied().ok_or(Rejection::SignatureInvalid));
                    let verdict = verifier.verify(token.as_bytes(), NOW).map(|accepted| match accepted {
                        Accepted::Claims(claims) => claims,
                        Accepted::Known(id) => verifier.claims(id).unwrap().to_owned(),
                    });
                    match expected {
                        Ok(at) => {
                            prop_assert_eq!(verdict.as_deref(), Ok(payload.as_str()));
                            prop_assert_eq!(verifier.last_key_id(), keys[at].0);
                        }
                        // Of a long header the signature comes first, if its length tells the key.
                        Err(_) if *is_long => prop_assert!(verdict.is_err()),
                        Err(rejection) => prop_assert_eq!(verdict, Err(rejection)),
                    }
                }
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_kid_that_stands_twice_or_is_as_long_as_a_header_may_be_picks_nothing() {
    let issuer = Issuer::with_secret(1);
    let mut verifier = verifier(&[(Some("a"), &issuer)], &[Algorithm::HS256]).unwrap();
    let mut verdict = |kid: &str| {
        let header = format!(r#"{{"alg":"HS256",{kid}}}"#);
        verifier.verify(issuer.token(Algorithm::HS256, &header, "{}").as_bytes(), NOW)
    };
    assert_eq!(verdict(r#""kid":"b","kid":"a""#), Err(Rejection::HeaderInvalid));
    assert_eq!(verdict(r#""kid":"a","kid":"a""#), Err(Rejection::HeaderInvalid));
    assert_eq!(verdict(&format!(r#""kid":"{}""#, "a".repeat(12_000))), Err(Rejection::SignatureInvalid));
    assert_eq!(verdict(&format!(r#""kid":"{}""#, "a".repeat(13_000))), Err(Rejection::HeaderInvalid));
    assert_eq!(verdict(r#""kid":"a""#), Ok(Accepted::Claims("{}".into())));
}

#[test]
fn a_public_key_beside_a_secret_is_no_secret() {
    let (secret, pair) = (Issuer::with_secret(1), Issuer::with_pair(Algorithm::ES256));
    let forger = |text: &[u8]| {
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"pair"}"#),
            URL_SAFE_NO_PAD.encode("{}")
        );
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, text), input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
    };
    let configured = pair.pair.as_ref().unwrap().configured.clone();
    for secret_id in [None, Some("secret"), Some("pair")] {
        let keys = [(Some("pair"), &pair), (secret_id, &secret)];
        let mut verifier =
            verifier(&keys, &[Algorithm::HS256, Algorithm::ES256]).unwrap().with_cache(4, [7; 32]);
        for _ in 0..3 {
            assert!(verifier.verify(forger(&configured).as_bytes(), NOW).is_err(), "{secret_id:?}");
            assert!(verifier.verify(forger(configured.trim_ascii_end()).as_bytes(), NOW).is_err());
            let good = pair.token(Algorithm::ES256, r#"{"alg":"ES256","kid":"pair"}"#, "{}");
            assert!(verifier.verify(good.as_bytes(), NOW).is_ok());
        }
    }
}

#[test]
fn known_tokens_of_secrets_and_pairs_in_one_verifier_stay_apart_to_the_bit() {
    let (secret, pair) = (Issuer::with_secret(1), Issuer::with_pair(Algorithm::EdDSA));
    let keys = [(None, &secret), (Some("pair"), &pair)];
    let allowed = [Algorithm::HS256, Algorithm::HS512, Algorithm::EdDSA];
    let mut verifier = verifier(&keys, &allowed).unwrap().with_cache(4, [7; 32]);
    let tokens =
        [(&secret, allowed[0]), (&secret, allowed[1]), (&pair, allowed[2])].map(|(issuer, algorithm)| {
            issuer.token(
                algorithm,
                &format!(r#"{{"alg":"{algorithm}"}}"#),
                &format!(r#"{{"sub":"{algorithm}"}}"#),
            )
        });
    for _ in 0..2 {
        for token in &tokens {
            assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Claims(_))));
        }
    }
    for (token, algorithm) in tokens.iter().zip(allowed) {
        for bit in 0..token.len() * 8 {
            let mut changed = token.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verifier.verify(&changed, NOW).is_err(), "{algorithm}, bit {bit}");
        }
        let Ok(Accepted::Known(id)) = verifier.verify(token.as_bytes(), NOW) else { unreachable!("{token}") };
        assert_eq!(verifier.claims(id), Some(format!(r#"{{"sub":"{algorithm}"}}"#).as_str()));
        // The end of one on the body of another.
        for other in &tokens {
            let spliced = [&token[..token.len() - 22], &other[other.len() - 22..]].concat();
            assert_eq!(verifier.verify(spliced.as_bytes(), NOW).is_ok(), token == other);
        }
    }
}

/// (r, n − s) is a signature where (r, s) is one. FIPS 186-5 does not forbid it, nor does the framework.
#[test]
fn the_other_ecdsa_signature_of_a_known_token_is_verified_on_its_own() {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let pair = Issuer::with_pair(Algorithm::ES256);
    let mut verifier = verifier(&[(None, &pair)], &[Algorithm::ES256]).unwrap().with_cache(1, [7; 32]);
    let token = pair.token(Algorithm::ES256, r#"{"alg":"ES256"}"#, "{}");
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let twin = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    for _ in 0..2 {
        assert_eq!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Claims("{}".into())));
    }
    assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Known(_))));
    assert_eq!(
        verifier.verify(twin.as_bytes(), NOW),
        Ok(Accepted::Claims("{}".into())),
        "not taken for known"
    );
    assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Known(_))));
}

#[test]
fn keys_that_would_never_be_tried_are_refused() {
    let issuers: Vec<_> = (0..=100).map(Issuer::with_secret).collect();
    let with = |ids: &[Option<&str>]| {
        let keys: Vec<_> = ids.iter().copied().zip(&issuers).collect();
        verifier(&keys, &[Algorithm::HS256]).map(|_| ()).map_err(|error| (error.code(), error.to_string()))
    };
    assert_eq!(with(&[None; MAX_TRIALS]), Ok(()));
    assert_eq!(
        with(&[None; MAX_TRIALS + 1]),
        Err((
            "SECRET_TOO_MANY_KEYS",
            "`keys` holds 5 keys; 5 of them without `kid` are for HS256, of which a token is tried with 4 at \
             most; give each a `kid` of its own or remove old ones"
                .into()
        ))
    );
    assert_eq!(with(&[Some("a"); MAX_TRIALS]), Ok(()));
    assert!(with(&[Some("a"); MAX_TRIALS + 1]).unwrap_err().1.contains("5 of them with the same `kid`"));
    let ids: Vec<_> = (0..=MAX_KEYS).map(|id| id.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(|id| Some(id.as_str())).collect();
    assert_eq!(with(&ids[..MAX_KEYS]), Ok(()));
    assert_eq!(with(&ids), Err(("SECRET_TOO_MANY_KEYS", "`keys` holds 101 keys; use 100 at most".into())));
    assert_eq!(with(&[]), Err(("ALGORITHMS_INVALID", ConfigError::NoAlgorithms.to_string())));
}

#[test]
fn the_key_that_cannot_work_is_named_by_its_position() {
    let (secret, pair) = (Issuer::with_secret(1), Issuer::with_pair(Algorithm::EdDSA));
    let error = verifier(&[(None, &secret), (None, &pair)], &[Algorithm::HS256]).err().unwrap();
    assert_eq!(error.code(), "ALGORITHMS_UNFIT");
    assert!(matches!(error, ConfigError::InKey { index: 1, .. }));
}

/// Names of claims and JSON texts that each may have.
const CLAIMS: [(&str, &[&str]); 8] = [
    ("nbf", &["5", "10", "10.5", "-0", "1e400", "-1e400", "\"5\"", "null"]),
    ("exp", &["9", "10", "12", "12.5", "1e400", "-1e400", "0", "\"99\"", "[99]"]),
    ("iat", &["0", "3", "8", "9.5", "12", "1e400", "-1e400", "-0", "\"3\"", "true"]),
    ("iss", &["\"i1\"", "\"i\\u0032\"", "\"I1\"", "[\"i1\"]", "null", "1"]),
    ("aud", &["\"a1\"", "[\"x\",\"a2\"]", "[]", "[[\"a1\"]]", "{\"a1\":1}", "\"a1 a2\"", "[1,null,\"a1\"]"]),
    ("sub", &["\"s1\"", "\"svc-x@y\"", "\"svc-@\"", "\"\"", "\"*\"", "7", "\"\\ud800\""]),
    ("jti", &["\"j\"", "null"]),
    ("role", &["1", "{\"jti\":1}"]),
];

/// A number of a claim: seconds, or nothing for what is no number.
fn seconds(json: &str) -> Option<f64> {
    if json.starts_with(['"', '[', 't', 'n']) { None } else { json.parse().ok() }
}

fn fits(text: &str, pattern: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            fits(text, &pattern[1..])
                || text.chars().next().is_some_and(|first| fits(&text[first.len_utf8()..], pattern))
        }
        Some(first) => text.strip_prefix(first).is_some_and(|rest| fits(rest, &pattern[first.len_utf8()..])),
    }
}

/// What the rules say of claims at a time: a second reading.
fn judge(claims: &[(&str, &str)], rules: &Rules, now: f64) -> Result<(), Rejection> {
    let claim = |name: &str| claims.iter().find(|(other, _)| *other == name).map(|(_, json)| *json);
    let time =
        |name: &str| claim(name).map(|json| seconds(json).ok_or(Rejection::TimeClaimInvalid)).transpose();
    let texts = |name: &str| -> Vec<String> {
        let value = claim(name).and_then(|json| serde_json::from_str(json).ok());
        let list = match value {
            Some(serde_json::Value::Array(values)) if name == "aud" => values,
            other => other.into_iter().collect(),
        };
        list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let tolerance = rules.clock_tolerance;
    if time("nbf")?.is_some_and(|begin| begin > now + tolerance) {
        return Err(Rejection::NotYetValid);
    }
    match time("exp")? {
        Some(f64::INFINITY) => return Err(Rejection::TimeClaimInvalid),
        Some(end) if end <= now - tolerance => return Err(Rejection::Expired),
        None if rules.require_expiration => return Err(Rejection::ExpirationMissing),
        _ => {}
    }
    if let Some(most) = rules.max_token_age {
        let age = now - time("iat")?.ok_or(Rejection::TooOld)?;
        if age < -tolerance {
            return Err(Rejection::IssuedInFuture);
        }
        if age > most + tolerance {
            return Err(Rejection::TooOld);
        }
    }
    if rules.required_claims.iter().any(|name| claim(name).is_none()) {
        return Err(Rejection::ClaimMissing);
    }
    let refuses = |accepted: &[String], name: &str| {
        !accepted.is_empty() && !texts(name).iter().any(|text| accepted.contains(text))
    };
    if refuses(&rules.issuers, "iss") {
        return Err(Rejection::IssuerNotAllowed);
    }
    if refuses(&rules.audiences, "aud") {
        return Err(Rejection::AudienceNotAllowed);
    }
    let is_somebody = |text: &String| rules.subjects.iter().any(|pattern| fits(text, pattern));
    // A lone surrogate is text too, which only `*` fits; Rust's JSON does not read it.
    let is_surrogate =
        claim("sub").is_some_and(|json| json.contains("ud800")) && rules.subjects.iter().any(|p| p == "*");
    if !rules.subjects.is_empty() && !is_surrogate && !texts("sub").iter().any(is_somebody) {
        return Err(Rejection::SubjectNotAllowed);
    }
    Ok(())
}

fn claims() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    vec(any::<(bool, Index)>(), CLAIMS.len()).prop_map(|picks| {
        let claim =
            |((is_there, pick), (name, values)): ((bool, Index), (&'static str, &'static [&'static str]))| {
                is_there.then(|| (name, *pick.get(values)))
            };
        picks.into_iter().zip(CLAIMS).filter_map(claim).collect()
    })
}

fn some_of(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    vec(select(texts).prop_map(str::to_owned), 0..3)
}

fn rules() -> impl Strategy<Value = Rules> {
    let age = select(vec![None, Some(1.0), Some(2.0), Some(6.5)]);
    (
        any::<bool>(),
        select(vec![0.0, 0.5, 2.0]),
        age,
        some_of(&["i1", "i2"]),
        some_of(&["a1", "a2"]),
        some_of(&["s1", "svc-*@*", "*", "s*1"]),
        some_of(&["jti", "role", "exp", "aud"]),
    )
        .prop_map(
            |(
                require_expiration,
                clock_tolerance,
                max_token_age,
                issuers,
                audiences,
                subjects,
                required_claims,
            )| {
                Rules {
                    require_expiration,
                    clock_tolerance,
                    max_token_age,
                    issuers,
                    audiences,
                    subjects,
                    required_claims,
                    typ: None,
                }
            },
        )
}

proptest! {
    #![proptest_config(config())]

    /// With the clock going forth and back over a token that is new, noted and known, also when it was
    /// refused in between.
    #[test]
    fn every_rule_is_checked_on_every_use(
        claims in claims(),
        rules in rules(),
        times in vec(select(vec![0.0, 2.0, 5.0, 7.5, 8.0, 10.0, 11.0, 12.0, 14.0, 99.0]), 1..12),
        is_mac in any::<bool>(),
    ) {
        with_issuers(|issuers| {
            let (issuer, algorithm) =
                if is_mac { (&issuers[0], Algorithm::HS256) } else { (&issuers[5], Algorithm::EdDSA) };
            let members: Vec<_> = claims.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
            let payload = format!("{{{}}}", members.join(","));
            let token = issuer.token(algorithm, &format!(r#"{{"alg":"{algorithm}"}}"#), &payload);
            let mut verifier =
                Verifier::new(&issuer.key, &[algorithm], rules.clone()).unwrap().with_cache(2, [7; 32]);
            for now in times {
                let verdict = verifier.verify(token.as_bytes(), now).map(|_| ());
                prop_assert_eq!(verdict, judge(&claims, &rules, now), "{} at {} under {:?}", payload, now, rules);
            }
            Ok(())
        })?;
    }
}

#[test]
fn typ_is_asked_for_in_short_and_long_headers_known_or_not() {
    let issuer = Issuer::with_secret(1);
    let rules = Rules { typ: Some("at+jwt".into()), ..Rules::default() };
    for padding in [String::new(), "x".repeat(100)] {
        let mut verifier =
            Verifier::new(&issuer.key, &[Algorithm::HS256], rules.clone()).unwrap().with_cache(4, [7; 32]);
        for _ in 0..4 {
            for (typ, expected) in [
                (r#""typ":"at+jwt","#, Ok(())),
                (r#""typ":"Application/AT+JWT","#, Ok(())),
                (r#""typ":"JWT","#, Err(Rejection::TypeNotAllowed)),
                (r#""typ":["at+jwt"],"#, Err(Rejection::TypeNotAllowed)),
                ("", Err(Rejection::TypeNotAllowed)),
            ] {
                let header = format!(r#"{{{typ}"alg":"HS256","x":"{padding}"}}"#);
                let token = issuer.token(Algorithm::HS256, &header, "{}");
                assert_eq!(verifier.verify(token.as_bytes(), NOW).map(|_| ()), expected, "{header}");
            }
        }
    }
}

#[test]
fn of_a_payload_that_is_no_object_no_claim_is_there() {
    let issuer = Issuer::with_secret(1);
    let some = || vec!["a".to_owned()];
    for (rules, expected) in [
        (Rules { issuers: some(), ..Rules::default() }, Rejection::IssuerNotAllowed),
        (Rules { audiences: some(), ..Rules::default() }, Rejection::AudienceNotAllowed),
        (Rules { subjects: some(), ..Rules::default() }, Rejection::SubjectNotAllowed),
        (Rules { required_claims: some(), ..Rules::default() }, Rejection::ClaimMissing),
        (Rules { max_token_age: Some(60.0), ..Rules::default() }, Rejection::TooOld),
        (Rules { require_expiration: true, ..Rules::default() }, Rejection::ExpirationMissing),
    ] {
        let mut verifier =
            Verifier::new(&issuer.key, &[Algorithm::HS256], rules).unwrap().with_cache(4, [7; 32]);
        for payload in ["[]", r#"["a"]"#, r#"[{"iss":"a"}]"#, "5", r#""a""#, r#""[{}]""#, r#""{}""#] {
            for header in [r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"alg":"HS256"}"#] {
                let token = issuer.token(Algorithm::HS256, header, payload);
                assert_eq!(verifier.verify(token.as_bytes(), NOW), Err(expected), "{payload}");
            }
        }
    }
    // Decoded twice, it is one.
    let rules = Rules { issuers: some(), required_claims: some(), ..Rules::default() };
    let mut verifier = Verifier::new(&issuer.key, &[Algorithm::HS256], rules).unwrap().with_cache(4, [7; 32]);
    let payload = r#""{\"iss\":\"a\",\"a\":1}""#;
    let twice = issuer.token(Algorithm::HS256, r#"{"alg":"HS256","typ":"JWT"}"#, payload);
    let once = issuer.token(Algorithm::HS256, r#"{"alg":"HS256"}"#, payload);
    for _ in 0..3 {
        assert!(verifier.verify(twice.as_bytes(), NOW).is_ok());
        assert_eq!(verifier.verify(once.as_bytes(), NOW), Err(Rejection::ClaimMissing));
    }
}

#[test]
fn a_payload_of_many_thousand_names_is_judged_by_the_same_rules() {
    let issuer = Issuer::with_secret(1);
    let rules = Rules {
        required_claims: (0..50).map(|name| format!("n{name}")).collect(),
        audiences: vec!["last".into()],
        ..Rules::default()
    };
    let mut verifier = Verifier::new(&issuer.key, &[Algorithm::HS256], rules).unwrap();
    let names: Vec<_> = (0..20_000).rev().map(|name| format!("\"n{name}\":0")).collect();
    let audiences: Vec<_> = (0..20_000).map(|name| format!("\"a{name}\"")).collect();
    for (last, expected) in [("last", Ok(())), ("lost", Err(Rejection::AudienceNotAllowed))] {
        let payload = format!(r#"{{{},"aud":[{},"{last}"]}}"#, names.join(","), audiences.join(","));
        let token = issuer.token(Algorithm::HS256, r#"{"alg":"HS256"}"#, &payload);
        assert_eq!(verifier.verify(token.as_bytes(), NOW).map(|_| ()), expected);
    }
}
