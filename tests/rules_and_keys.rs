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
use mcp_native_auth::config_error::ConfigError;
use mcp_native_auth::jwt::{
    Accepted, Algorithm, ClaimRule, ClaimRules, ClaimValue, ConfiguredVerifier, Issuer as AcceptedIssuer,
    KeyConfig, KeyMaterial, MAX_KEYS, MAX_TRIALS, Verifier, VerifierConfig, WeakSecret,
};
use mcp_native_auth::rejection::Rejection;
use mcp_native_auth::strength::Problem;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use signer::{NOW, Signer};

fn cases() -> ProptestConfig {
    ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() }
}

/// Signs with a secret under any of the HMACs, or with a key pair.
struct Issuer {
    secret: [u8; 64],
    pair: Option<Signer>,
}

impl Issuer {
    fn with_secret(byte: u8) -> Self {
        Self { secret: [byte; 64], pair: None }
    }

    fn with_pair(algorithm: Algorithm) -> Self {
        Self { secret: [0; 64], pair: Some(Signer::new(algorithm)) }
    }

    fn material(&self) -> KeyMaterial<'_> {
        match &self.pair {
            Some(pair) => KeyMaterial::TextOrBytes(&pair.configured),
            None => KeyMaterial::Secret(&self.secret),
        }
    }

    fn supports(&self, algorithm: Algorithm) -> bool {
        match &self.pair {
            Some(pair) => pair.algorithm == algorithm,
            None => algorithm.mac_length().is_some(),
        }
    }

    /// A verifier with this key alone.
    fn verifier(&self, algorithm: Algorithm, rules: ClaimRules) -> Verifier {
        self.verifier_for(algorithm, rules, &[])
    }

    /// A verifier with this key alone, which is for these issuers.
    fn verifier_for(&self, algorithm: Algorithm, rules: ClaimRules, issuers: &[&str]) -> Verifier {
        let mut config = VerifierConfig { rules, ..config(&[(None, self)], &[algorithm]) };
        config.keys[0].issuers = accepted_issuers(issuers);
        Verifier::from_config(config).map(|configured| configured.verifier).unwrap()
    }

    /// A token with this header. One whose algorithm is not the issuer's is signed all the same.
    fn token(&self, algorithm: Algorithm, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = match &self.pair {
            Some(pair) => (pair.sign)(input.as_bytes()),
            None => {
                let digest = match algorithm {
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                let key = hmac::Key::new(digest, &self.secret);
                hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

const ALLOWED: [Algorithm; 5] =
    [Algorithm::HS256, Algorithm::EdDSA, Algorithm::HS512, Algorithm::ES256, Algorithm::HS256];

fn config<'c>(keys: &[(Option<&'c str>, &'c Issuer)], allowed: &[Algorithm]) -> VerifierConfig<'c> {
    let key_config = |(id, issuer): &(Option<&'c str>, &'c Issuer)| KeyConfig {
        material: issuer.material(),
        id: *id,
        issuers: Vec::new(),
        path: "keys[…]",
    };
    VerifierConfig {
        keys: keys.iter().map(key_config).collect(),
        algorithms: allowed.iter().map(|algorithm| algorithm.name()).collect(),
        cache_size: 8,
        cache_seed: [7; 32],
        ..VerifierConfig::default()
    }
}

fn verifier(keys: &[(Option<&str>, &Issuer)], allowed: &[Algorithm]) -> Result<Verifier, ConfigError> {
    Verifier::from_config(config(keys, allowed)).map(|configured| configured.verifier)
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
    let usable: Vec<usize> = (0..keys.len()).filter(|at| keys[*at].1.supports(algorithm)).collect();
    if usable.is_empty() || !ALLOWED.contains(&algorithm) {
        return Err(Rejection::AlgorithmNotAllowed);
    }
    let of = |id: Option<&str>| usable.iter().copied().filter(|at| keys[*at].0 == id).collect::<Vec<_>>();
    let mut chosen = match kid {
        Some(_) if !of(kid).is_empty() => of(kid),
        Some(_) => of(None),
        None => {
            let others = usable.iter().copied().filter(|at| keys[*at].0.is_some());
            of(None).into_iter().chain(others).collect()
        }
    };
    chosen.truncate(4);
    Ok(chosen)
}

proptest! {
    #![proptest_config(cases())]

    /// For any signer, `kid` and `alg`, a short, long, new, cached or changing header, a new, noted or cached
    /// token: the verdict is that of the second reading.
    #[test]
    fn a_token_is_tried_with_the_keys_that_its_kid_selects_and_no_others(
        keys in vec((select(&IDS[..]), any::<Index>()), 1..9),
        tokens in vec((any::<Index>(), select(Algorithm::ALL), select(&KIDS[..]), any::<bool>()), 1..6),
        caches in any::<bool>(),
    ) {
        with_issuers(|issuers| {
            let keys: Vec<_> = keys.iter().map(|(id, pick)| (*id, pick.get(issuers))).collect();
            let crowds = |algorithm: Algorithm| IDS.iter().any(|id| {
                keys.iter().filter(|(other, issuer)| other == id && issuer.supports(algorithm)).count() > 4
            });
            if ALLOWED.into_iter().any(crowds) {
                prop_assert_eq!(verifier(&keys, &ALLOWED).err().map(|error| error.code()), Some("ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS"));
                return Ok(());
            }
            let cache_size = if caches { 8 } else { 0 };
            let config = VerifierConfig { cache_size, ..config(&keys, &ALLOWED) };
            let mut verifier = Verifier::from_config(config).map(|configured| configured.verifier).unwrap();
            for _ in 0..4 {
                for (number, (signer, algorithm, (member, kid), is_long)) in tokens.iter().enumerate() {
                    let issuer = signer.get(issuers);
                    let padding = if *is_long { "x".repeat(60) } else { String::new() };
                    let header = format!(r#"{{"alg":"{algorithm}"{member},"x":"{padding}"}}"#);
                    let payload = format!(r#"{{"sub":"{number}"}}"#);
                    let token = issuer.token(*algorithm, &header, &payload);
                    let holds = |at: &&usize| std::ptr::eq(keys[**at].1, issuer) && issuer.supports(*algorithm);
                    let expected = tried(&keys, *algorithm, *kid)
                        .and_then(|chosen| chosen.iter().find(holds).copied().ok_or(Rejection::SignatureInvalid));
                    let verdict = verifier.verify(token.as_bytes(), NOW).map(|accepted| match accepted {
                        Accepted::New { key, claims } => (key, claims),
                        Accepted::Cached(id) => {
                            let (key, claims) = verifier.cached_claims(id).unwrap();
                            (key, claims.to_owned())
                        }
                    });
                    match expected {
                        Ok(at) => {
                            let (key, claims) = verdict.unwrap();
                            prop_assert_eq!((key, claims), (at, payload));
                        }
                        // The signature of a long header comes first, if its length tells the key.
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
fn a_kid_that_is_repeated_or_too_long_selects_nothing() {
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
    assert_eq!(verdict(r#""kid":"a""#), Ok(Accepted::New { key: 0, claims: "{}".into() }));
}

#[test]
fn a_public_key_next_to_a_secret_is_not_a_secret() {
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
        let mut verifier = verifier(&keys, &[Algorithm::HS256, Algorithm::ES256]).unwrap();
        for _ in 0..3 {
            assert!(verifier.verify(forger(&configured).as_bytes(), NOW).is_err(), "{secret_id:?}");
            assert!(verifier.verify(forger(configured.trim_ascii_end()).as_bytes(), NOW).is_err());
            let good = pair.token(Algorithm::ES256, r#"{"alg":"ES256","kid":"pair"}"#, "{}");
            assert!(verifier.verify(good.as_bytes(), NOW).is_ok());
        }
    }
}

#[test]
fn cached_tokens_of_secrets_and_pairs_in_one_verifier_stay_apart_to_the_bit() {
    let (secret, pair) = (Issuer::with_secret(1), Issuer::with_pair(Algorithm::EdDSA));
    let keys = [(None, &secret), (Some("pair"), &pair)];
    let allowed = [Algorithm::HS256, Algorithm::HS512, Algorithm::EdDSA];
    let mut verifier = verifier(&keys, &allowed).unwrap();
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
            assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::New { .. })));
        }
    }
    for (token, algorithm) in tokens.iter().zip(allowed) {
        for bit in 0..token.len() * 8 {
            let mut changed = token.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verifier.verify(&changed, NOW).is_err(), "{algorithm}, bit {bit}");
        }
        let Ok(Accepted::Cached(id)) = verifier.verify(token.as_bytes(), NOW) else {
            unreachable!("{token}")
        };
        let key = usize::from(algorithm == Algorithm::EdDSA);
        assert_eq!(verifier.cached_claims(id), Some((key, format!(r#"{{"sub":"{algorithm}"}}"#).as_str())));
        // The end of one on the body of another.
        for other in &tokens {
            let spliced = [&token[..token.len() - 22], &other[other.len() - 22..]].concat();
            assert_eq!(verifier.verify(spliced.as_bytes(), NOW).is_ok(), token == other);
        }
    }
}

/// (r, n − s) is a signature if (r, s) is one. Neither FIPS 186-5 nor the framework forbids it.
#[test]
fn the_twin_of_a_cached_ecdsa_signature_is_verified_on_its_own() {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let pair = Issuer::with_pair(Algorithm::ES256);
    let mut verifier = verifier(&[(None, &pair)], &[Algorithm::ES256]).unwrap();
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
        assert_eq!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::New { key: 0, claims: "{}".into() }));
    }
    assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Cached(_))));
    assert_eq!(
        verifier.verify(twin.as_bytes(), NOW),
        Ok(Accepted::New { key: 0, claims: "{}".into() }),
        "not taken from the cache"
    );
    assert!(matches!(verifier.verify(token.as_bytes(), NOW), Ok(Accepted::Cached(_))));
}

#[test]
fn rejects_keys_that_would_never_be_tried() {
    let issuers: Vec<_> = (0..=100).map(Issuer::with_secret).collect();
    let with = |ids: &[Option<&str>]| {
        let keys: Vec<_> = ids.iter().copied().zip(&issuers).collect();
        verifier(&keys, &[Algorithm::HS256]).map(|_| ()).map_err(|error| (error.code(), error.to_string()))
    };
    assert_eq!(with(&[None; MAX_TRIALS]), Ok(()));
    assert_eq!(
        with(&[None; MAX_TRIALS + 1]),
        Err((
            "ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS",
            "`keys` holds 5 keys; 5 of them without `kid` are for HS256, but a token is tried with 4 at most; \
             give each a `kid` of its own or remove old ones"
                .into()
        ))
    );
    assert_eq!(with(&[Some("a"); MAX_TRIALS]), Ok(()));
    assert!(with(&[Some("a"); MAX_TRIALS + 1]).unwrap_err().1.contains("5 of them with the same `kid`"));
    let ids: Vec<_> = (0..=MAX_KEYS).map(|id| id.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(|id| Some(id.as_str())).collect();
    assert_eq!(with(&ids[..MAX_KEYS]), Ok(()));
    assert_eq!(
        with(&ids),
        Err(("ERR_MCP_AUTH_SECRET_TOO_MANY_KEYS", "`keys` holds 101 keys; use 100 at most".into()))
    );
    assert_eq!(with(&[]), Err(("ERR_MCP_AUTH_SECRET_REQUIRED", ConfigError::NoKeys.to_string())));
}

/// What becomes of keys under HS256 and HS512, each with its option path.
fn configure(
    materials: &[(KeyMaterial<'_>, &str)],
    skips_unusable: bool,
) -> Result<ConfiguredVerifier, ConfigError> {
    Verifier::from_config(VerifierConfig {
        keys: materials
            .iter()
            .map(|(material, path)| KeyConfig { material: *material, id: None, issuers: Vec::new(), path })
            .collect(),
        skips_unusable,
        algorithms: vec!["HS256", "unknown", "HS512", "HS256", "RS256"],
        ..VerifierConfig::default()
    })
}

const GOOD: KeyMaterial<'_> = KeyMaterial::TextOrBytes(signer::SECRET);
const EMPTY: KeyMaterial<'_> = KeyMaterial::TextOrBytes(b"");

#[test]
fn the_key_that_cannot_work_is_named_by_its_path() {
    let pair = Issuer::with_pair(Algorithm::EdDSA);
    for (keys, code, message) in [
        (
            vec![(EMPTY, "secret")],
            "ERR_MCP_AUTH_SECRET_EMPTY",
            "`secret` is empty; set it to the secret that your tokens are signed with",
        ),
        (
            vec![(GOOD, "keys[0]"), (pair.material(), "keys[1].secret"), (EMPTY, "keys[2]")],
            "ERR_MCP_AUTH_ALGORITHMS_INCOMPATIBLE",
            "`keys[1].secret` is an Ed25519 key, which cannot verify HS256, HS512, RS256; set `algorithms` to one \
             or more of EdDSA, Ed25519",
        ),
    ] {
        let error = configure(&keys, false).err().unwrap();
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    }
}

#[test]
fn unusable_keys_are_skipped_where_configured_and_the_first_is_reported_if_no_other_is_left() {
    let pair = Issuer::with_pair(Algorithm::EdDSA);
    let keys = [(EMPTY, "keys[0]"), (GOOD, "keys[1]"), (pair.material(), "keys[2]")];
    let ConfiguredVerifier { mut verifier, algorithms, skipped_keys, .. } = configure(&keys, true).unwrap();
    assert_eq!(skipped_keys, [0, 2]);
    assert_eq!(algorithms, [Algorithm::HS256, Algorithm::HS512]);
    let token = Signer::new(Algorithm::HS512).token("{}");
    let accepted = Accepted::New { key: 1, claims: "{}".into() };
    assert_eq!(verifier.verify(token.as_bytes(), NOW), Ok(accepted), "positions count skipped keys, too");

    let error = configure(&[(pair.material(), "keys[0]"), (EMPTY, "keys[1]")], true).err().unwrap();
    assert!(error.to_string().starts_with("`keys[0]` is an Ed25519 key"), "{error}");
}

#[test]
fn unknown_algorithms_are_ignored_unless_all_are() {
    let issuer = Issuer::with_secret(1);
    let error = |algorithms: &[&'static str]| {
        let algorithms = algorithms.to_vec();
        let config = VerifierConfig { algorithms, ..config(&[(None, &issuer)], &[]) };
        Verifier::from_config(config).err()
    };
    assert_eq!(error(&["none", "HS256"]), None);
    assert_eq!(error(&[]), Some(ConfigError::NoAlgorithms));
    let unknown = error(&["none", "hs256"]).unwrap();
    assert_eq!(unknown.code(), "ERR_MCP_AUTH_ALGORITHMS_INVALID");
    assert!(unknown.to_string().ends_with("use one or more of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519"));
}

#[test]
fn a_weak_secret_is_judged_by_the_algorithms_that_it_is_used_for() {
    let jwk = |alg: &str| format!(r#"{{"kty":"oct"{alg}}}"#);
    let (free, pinned) = (jwk(""), jwk(r#","alg":"HS256""#));
    let k = b"zK7vQ2mXp9RtW4cYb3Ns8Dq1LfGh6JkTzK0wE5uVnMx";
    let keys = [
        (KeyMaterial::Jwk { json: &free, k: Some(k) }, "keys[0]"),
        (KeyMaterial::Jwk { json: &pinned, k: Some(k) }, "keys[1]"),
        (KeyMaterial::TextOrBytes(b"your-jwt-secret\n"), "keys[2]"),
        (GOOD, "keys[3]"),
    ];
    let weak =
        |position, problems| WeakSecret { position, problems, algorithm: Algorithm::HS512, min_bytes: 64 };
    assert_eq!(
        configure(&keys, false).unwrap().weak_secrets,
        [
            weak(0, vec![Problem::TooShort]),
            weak(2, vec![Problem::TooShort, Problem::WellKnown, Problem::WhiteSpace])
        ]
    );
}

fn accepted_issuers(texts: &[&str]) -> Vec<AcceptedIssuer> {
    texts.iter().map(|text| AcceptedIssuer::parse(text, "issuer").unwrap()).collect()
}

/// Names of claims and JSON texts that each may have.
const CLAIMS: [(&str, &[&str]); 10] = [
    ("nbf", &["5", "10", "10.5", "-0", "1e400", "-1e400", "\"5\"", "null"]),
    ("exp", &["9", "10", "12", "12.5", "1e3", "1e400", "-1e400", "0", "\"99\"", "[99]"]),
    ("iat", &["0", "3", "8", "9.5", "12", "1e400", "-1e400", "-0", "\"3\"", "true"]),
    (
        "iss",
        &[
            "\"i1\"",
            "\"i\\u0032\"",
            "\"I1\"",
            "[\"i1\"]",
            "null",
            "1",
            "\"s://i/t-1/v2\"",
            "\"s://i/t2/v2\"",
            "\"s://i//v2\"",
            "\"s://i/t-1/t2/v2\"",
            "\"s://i/t-1/v2/\"",
            "\"s://i/t_1/v2\"",
        ],
    ),
    ("tid", &["\"t-1\"", "\"t2\"", "\"t-1/t2\"", "\"t_1\"", "\"\"", "[\"t-1\"]", "1"]),
    ("aud", &["\"a1\"", "[\"x\",\"a2\"]", "[]", "[[\"a1\"]]", "{\"a1\":1}", "\"a1 a2\"", "[1,null,\"a1\"]"]),
    ("sub", &["\"s1\"", "\"svc-x@y\"", "\"svc-@\"", "\"\"", "\"*\"", "7", "\"\\ud800\""]),
    ("jti", &["\"j\"", "null"]),
    ("role", &["1", "{\"jti\":1}"]),
    (
        "client_id",
        &[
            "\"c\"",
            "[\"x\",\"c\"]",
            "5",
            "[5.0,null]",
            "true",
            "\"5\"",
            "\"true\"",
            "[[\"c\"]]",
            "{\"c\":5}",
            "false",
        ],
    ),
];

/// The seconds of a time claim, if it is a number.
fn seconds(json: &str) -> Option<f64> {
    if json.starts_with(['"', '[', 't', 'n']) { None } else { json.parse().ok() }
}

/// Issuers and patterns of them.
const ISSUERS: [&str; 5] = ["i1", "i2", "s://i/*/v2", "s://i/{tenantid}/v2", "s://i/*/*/v2"];

/// Whether an issuer is one of a pattern, character by character.
fn fits_issuer(text: &str, pattern: &str, tenant: Option<&str>) -> bool {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    if let Some(pattern) = pattern.strip_prefix("{tenantid}") {
        let after = tenant.filter(|tenant| is_name(tenant)).and_then(|tenant| text.strip_prefix(tenant));
        return after.is_some_and(|after| fits_issuer(after, pattern, tenant));
    }
    if let Some(pattern) = pattern.strip_prefix('*') {
        return (1..=text.len())
            .any(|end| is_name(&text[..end]) && fits_issuer(&text[end..], pattern, tenant));
    }
    match pattern.chars().next() {
        None => text.is_empty(),
        Some(first) => text.strip_prefix(first).is_some_and(|text| fits_issuer(text, &pattern[1..], tenant)),
    }
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

/// Rules as they are configured, with the issuers that are accepted and those of the key.
#[derive(Debug)]
struct Configured {
    rules: ClaimRules,
    issuers: Vec<&'static str>,
    key_issuers: Vec<&'static str>,
}

/// What the rules say of claims at a time: a second reading.
fn judge(claims: &[(&str, &str)], configured: &Configured, now: f64) -> Result<(), Rejection> {
    let Configured { rules, issuers, key_issuers } = configured;
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
        Some(end) if end > now + rules.max_time_to_expiration.unwrap_or(1e300) => {
            return Err(Rejection::TimeClaimInvalid);
        }
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
    let rejects = |accepted: &[String], name: &str| {
        !accepted.is_empty() && !texts(name).iter().any(|text| accepted.contains(text))
    };
    let tenant = texts("tid").first().cloned();
    for accepted in [issuers, key_issuers] {
        let is_accepted =
            |text: &String| accepted.iter().any(|pattern| fits_issuer(text, pattern, tenant.as_deref()));
        if !accepted.is_empty() && !texts("iss").iter().any(is_accepted) {
            return Err(Rejection::IssuerNotAllowed);
        }
    }
    if rejects(&rules.audiences, "aud") {
        return Err(Rejection::AudienceNotAllowed);
    }
    let is_accepted = |text: &String| rules.subjects.iter().any(|pattern| fits(text, pattern));
    // A lone surrogate is text too, which only `*` fits; Rust's JSON does not read it.
    let is_surrogate =
        claim("sub").is_some_and(|json| json.contains("ud800")) && rules.subjects.iter().any(|p| p == "*");
    if !rules.subjects.is_empty() && !is_surrogate && !texts("sub").iter().any(is_accepted) {
        return Err(Rejection::SubjectNotAllowed);
    }
    for ClaimRule { name, accepted } in &rules.claims {
        let value: Option<serde_json::Value> = claim(name).and_then(|json| serde_json::from_str(json).ok());
        let is_accepted = |value: &serde_json::Value| {
            accepted.iter().any(|accepted| match accepted {
                ClaimValue::Text(text) => value.as_str() == Some(text),
                ClaimValue::Number(number) => value.as_f64() == Some(*number),
                ClaimValue::Boolean(boolean) => value.as_bool() == Some(*boolean),
            })
        };
        let is_allowed = match value {
            Some(serde_json::Value::Array(values)) => values.iter().any(is_accepted),
            Some(value) => is_accepted(&value),
            None => false,
        };
        if !is_allowed {
            return Err(Rejection::ClaimNotAllowed);
        }
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

fn claim_rules() -> impl Strategy<Value = Vec<ClaimRule>> {
    let value =
        select(vec![ClaimValue::Text("c".into()), ClaimValue::Number(5.0), ClaimValue::Boolean(true)]);
    let rule = (select(vec!["client_id", "tid", "jti"]), vec(value, 1..3));
    vec(rule.prop_map(|(name, accepted)| ClaimRule { name: name.into(), accepted }), 0..2)
}

fn rules() -> impl Strategy<Value = Configured> {
    let age = select(vec![None, Some(1.0), Some(2.0), Some(6.5)]);
    let rules = (
        any::<bool>(),
        select(vec![0.0, 0.5, 2.0]),
        age,
        some_of(&["a1", "a2"]),
        some_of(&["s1", "svc-*@*", "*", "s*1"]),
        some_of(&["jti", "role", "exp", "aud"]),
        claim_rules(),
        select(vec![None, Some(0.5), Some(100.0)]),
    )
        .prop_map(
            |(
                require_expiration,
                clock_tolerance,
                max_token_age,
                audiences,
                subjects,
                required_claims,
                claims,
                max_time_to_expiration,
            )| {
                ClaimRules {
                    require_expiration,
                    clock_tolerance,
                    max_time_to_expiration,
                    max_token_age,
                    audiences,
                    subjects,
                    required_claims,
                    claims,
                    ..ClaimRules::default()
                }
            },
        );
    let issuers = || vec(select(&ISSUERS[..]), 0..3);
    (rules, issuers(), issuers()).prop_map(|(rules, issuers, key_issuers)| {
        let rules = ClaimRules { issuers: accepted_issuers(&issuers), ..rules };
        Configured { rules, issuers, key_issuers }
    })
}

proptest! {
    #![proptest_config(cases())]

    /// The clock goes back and forth over a token that is new, noted and cached, even if it was rejected in
    /// between.
    #[test]
    fn every_rule_is_checked_on_every_use(
        claims in claims(),
        configured in rules(),
        times in vec(select(vec![0.0, 2.0, 5.0, 7.5, 8.0, 10.0, 11.0, 12.0, 14.0, 99.0]), 1..12),
        is_mac in any::<bool>(),
    ) {
        with_issuers(|issuers| {
            let (issuer, algorithm) =
                if is_mac { (&issuers[0], Algorithm::HS256) } else { (&issuers[5], Algorithm::EdDSA) };
            let members: Vec<_> = claims.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
            let payload = format!("{{{}}}", members.join(","));
            let token = issuer.token(algorithm, &format!(r#"{{"alg":"{algorithm}"}}"#), &payload);
            let mut verifier = issuer.verifier_for(algorithm, configured.rules.clone(), &configured.key_issuers);
            for now in times {
                let verdict = verifier.verify(token.as_bytes(), now).map(|_| ());
                let expected = judge(&claims, &configured, now);
                prop_assert_eq!(verdict, expected, "{} at {} under {:?}", payload, now, configured);
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_key_accepts_the_tokens_of_its_own_issuers_alone() {
    let issuers = [1, 2, 3].map(Issuer::with_secret);
    let keys = [(Some("a"), &issuers[0]), (Some("b"), &issuers[1]), (None, &issuers[2])];
    let mut config = config(&keys, &[Algorithm::HS256]);
    config.keys[0].issuers = accepted_issuers(&["https://a.example"]);
    config.keys[1].issuers = accepted_issuers(&["https://b.example", "https://c.example/*"]);
    let mut verifier = Verifier::from_config(config).map(|configured| configured.verifier).unwrap();
    for _ in 0..3 {
        for (key, kid, accepted) in [
            (0, r#","kid":"a""#, &["https://a.example"][..]),
            (0, "", &["https://a.example"]),
            (1, r#","kid":"b""#, &["https://b.example", "https://c.example/x"]),
            (1, "", &["https://b.example", "https://c.example/x"]),
            (2, "", &["https://a.example", "https://b.example", "https://c.example/x", "https://d.example"]),
        ] {
            for iss in ["https://a.example", "https://b.example", "https://c.example/x", "https://d.example"]
            {
                let header = format!(r#"{{"alg":"HS256"{kid}}}"#);
                let token = issuers[key].token(Algorithm::HS256, &header, &format!(r#"{{"iss":"{iss}"}}"#));
                let expected =
                    if accepted.contains(&iss) { Ok(()) } else { Err(Rejection::IssuerNotAllowed) };
                assert_eq!(verifier.verify(token.as_bytes(), NOW).map(|_| ()), expected, "{key} {kid} {iss}");
            }
        }
    }
}

#[test]
fn an_ed25519_key_accepts_the_names_of_its_signature_that_are_allowed() {
    let issuer = Issuer::with_pair(Algorithm::EdDSA);
    let names = [Algorithm::EdDSA, Algorithm::Ed25519];
    for allowed in [&names[..1], &names[1..], &names] {
        let mut verifier = verifier(&[(None, &issuer)], allowed).unwrap();
        for name in names {
            let token = issuer.token(name, &format!(r#"{{"alg":"{name}"}}"#), "{}");
            let expected = if allowed.contains(&name) { Ok(()) } else { Err(Rejection::AlgorithmNotAllowed) };
            assert_eq!(verifier.verify(token.as_bytes(), NOW).map(|_| ()), expected, "{name} of {allowed:?}");
        }
    }
}

#[test]
fn typ_is_checked_in_short_and_long_headers_cached_or_not() {
    let issuer = Issuer::with_secret(1);
    let rules = ClaimRules { types: vec!["logout+jwt".into(), "at+jwt".into()], ..ClaimRules::default() };
    for padding in [String::new(), "x".repeat(100)] {
        let mut verifier = issuer.verifier(Algorithm::HS256, rules.clone());
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
                // A forged token is a guess, whatever its type.
                let forged = Issuer::with_secret(2).token(Algorithm::HS256, &header, "{}");
                assert_eq!(
                    verifier.verify(forged.as_bytes(), NOW),
                    Err(Rejection::SignatureInvalid),
                    "{header}"
                );
            }
        }
    }
}

#[test]
fn a_payload_that_is_not_an_object_has_no_claims() {
    let issuer = Issuer::with_secret(1);
    let some = || vec!["a".to_owned()];
    let issuers = || accepted_issuers(&["a"]);
    let claims = vec![ClaimRule { name: "a".into(), accepted: vec![ClaimValue::Text("a".into())] }];
    for (rules, expected) in [
        (ClaimRules { issuers: issuers(), ..ClaimRules::default() }, Rejection::IssuerNotAllowed),
        (ClaimRules { audiences: some(), ..ClaimRules::default() }, Rejection::AudienceNotAllowed),
        (ClaimRules { subjects: some(), ..ClaimRules::default() }, Rejection::SubjectNotAllowed),
        (ClaimRules { required_claims: some(), ..ClaimRules::default() }, Rejection::ClaimMissing),
        (ClaimRules { claims, ..ClaimRules::default() }, Rejection::ClaimNotAllowed),
        (ClaimRules { max_token_age: Some(60.0), ..ClaimRules::default() }, Rejection::TooOld),
        (ClaimRules { require_expiration: true, ..ClaimRules::default() }, Rejection::ExpirationMissing),
    ] {
        let mut verifier = issuer.verifier(Algorithm::HS256, rules);
        for payload in ["[]", r#"["a"]"#, r#"[{"iss":"a"}]"#, "5", r#""a""#, r#""[{}]""#, r#""{}""#] {
            for header in [r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"alg":"HS256"}"#] {
                let token = issuer.token(Algorithm::HS256, header, payload);
                assert_eq!(verifier.verify(token.as_bytes(), NOW), Err(expected), "{payload}");
            }
        }
    }
    // Decoded twice, it is one.
    let rules = ClaimRules { issuers: issuers(), required_claims: some(), ..ClaimRules::default() };
    let mut verifier = issuer.verifier(Algorithm::HS256, rules);
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
    let rules = ClaimRules {
        required_claims: (0..50).map(|name| format!("n{name}")).collect(),
        audiences: vec!["last".into()],
        ..ClaimRules::default()
    };
    let mut verifier = issuer.verifier(Algorithm::HS256, rules);
    let names: Vec<_> = (0..20_000).rev().map(|name| format!("\"n{name}\":0")).collect();
    let audiences: Vec<_> = (0..20_000).map(|name| format!("\"a{name}\"")).collect();
    for (last, expected) in [("last", Ok(())), ("lost", Err(Rejection::AudienceNotAllowed))] {
        let payload = format!(r#"{{{},"aud":[{},"{last}"]}}"#, names.join(","), audiences.join(","));
        let token = issuer.token(Algorithm::HS256, r#"{"alg":"HS256"}"#, &payload);
        assert_eq!(verifier.verify(token.as_bytes(), NOW).map(|_| ()), expected);
    }
}
