//! What must hold for any input: random and structured ones here, mutated and guided by coverage in
//! `fuzz/`, both judged by `support/invariants.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set itself up must fail"
)]

#[path = "support/invariants.rs"]
mod invariants;
#[path = "support/model.rs"]
mod model;
#[expect(dead_code, reason = "keys come in verifiers only here")]
#[path = "support/signer.rs"]
mod signer;

use mcp_native_auth::jwt::{Accepted, Algorithm, Verifier};
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use signer::Signer;

/// Cases of each property. Nothing is written to the source tree when one fails: it is printed.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() }
}

/// Algorithms whose signatures cost microseconds; the others are in signed_tokens.rs.
const QUICK: [Algorithm; 4] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512, Algorithm::EdDSA];

fn with_signer<R>(algorithm: Algorithm, run: impl FnOnce(&Signer, &mut Verifier) -> R) -> R {
    thread_local! {
        static SIGNERS: Vec<Signer> = QUICK.map(Signer::new).into();
    }
    SIGNERS.with(|signers| {
        let signer = &signers[QUICK.iter().position(|quick| *quick == algorithm).unwrap()];
        run(signer, &mut signer.verifier())
    })
}

/// Values that a member of some name has in good tokens and in attacks.
const TELLING: [(&str, &[&str]); 15] = [
    ("alg", &["\"HS256\"", "\"\\u0048S256\"", "\"none\"", "\"HS512\"", "null", "[\"HS256\"]"]),
    ("\\u0061lg", &["\"HS256\"", "1"]),
    (
        "typ",
        &["\"JWT\"", "\"\\u004aWT\"", "\"jwt\"", "\"application/AT+jwt\"", "\"application/x/jwt\"", "null"],
    ),
    (
        "iss",
        &[
            "\"joe\"",
            "\"j\\u006fe\"",
            "\"https://login/a-1/v2\"",
            "\"https://login/a-2/v2\"",
            "\"https://login//v2\"",
            "\"https://login/a/b\"",
            "[\"joe\"]",
        ],
    ),
    ("tid", &["\"a-1\"", "\"a\\u002d1\"", "[\"a-1\"]", "\"a-2\"", "null"]),
    (
        "azp",
        &["\"a\"", "[[],\"\\u0061\"]", "5e0", "[true,[]]", "\"5\"", "[[5]]", "{\"a\":5}", "false", "5.0"],
    ),
    ("crit", &["[]", "[\"exp\"]", "null"]),
    ("b64", &["false", "true", "\"false\"", "0"]),
    (
        "exp",
        &[
            "1767225600.5",
            "1767225599",
            "1767225600",
            "1767225601",
            "1767226600.0",
            "1767226601",
            "1e400",
            "-1e400",
            "0",
            "-0",
            "\"9e9\"",
            "null",
        ],
    ),
    ("e\\u0078p", &["1767225599", "1767225601", "true"]),
    ("nbf", &["1767225600", "1767225600.5", "17672256e2", "1e400", "null", "[]"]),
    ("sub", &["\"alice\"", "5", "{\"exp\":0}"]),
    ("__proto__", &["{}", "1"]),
    ("\\ud800", &["\"\\udc00\"", "1E-7", "01"]),
    ("", &["NaN", "\"\u{1}\"", "\"\\", "[[],{},[1 , 2\n]]"]),
];

/// One of the telling members, or one of any name and value.
fn member(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let telling = (select(&TELLING[..]), any::<Index>())
        .prop_map(|((name, values), pick)| format!("\"{name}\":{}", pick.get(values)));
    let any = ("[a-z]{0,3}", value).prop_map(|(name, value)| format!(" \"{name}\" : {value}"));
    prop_oneof![3 => telling, 1 => any]
}

/// JSON texts, some with a mistake.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        select(vec![
            "null",
            " null\n",
            "true",
            "false",
            "-0",
            "1e400",
            "1.",
            "-",
            "+1",
            "Infinity",
            "\"\"",
            "\"a\\",
            "\"é€😀\"",
            "{}",
            "[]",
            "\"{\\\"exp\\\":1}\"",
            "\"[\\\"\\\\ud800\\\"]\"",
            "\" {}\"",
            "\"\\u007b}\"",
            "\"[1\"",
        ])
        .prop_map(str::to_owned),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let value = scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            3 => vec(member(inner.clone()), 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
            1 => vec(inner, 0..4).prop_map(|values| format!("[ {}\n]", values.join(" ,\t"))),
        ]
    });
    (value, 0..8, any::<Index>(), any::<char>()).prop_map(|(mut text, fate, at, character)| {
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = *at.get(&places);
        match fate {
            0 => drop(text.remove(place)),
            1 => text.insert(place, character),
            _ => {}
        }
        text
    })
}

/// Headers, most of which name the algorithm.
fn header() -> impl Strategy<Value = String> {
    let named = vec(member(json()), 0..3)
        .prop_map(|members| [vec!["\"alg\":\"HS256\"".to_owned()], members].concat().join(","))
        .prop_map(|members| format!("{{{members}}}"));
    prop_oneof![3 => named, 1 => json()]
}

/// A header and a payload with members that rules look at, in most cases as they want them.
fn ruled() -> impl Strategy<Value = (String, String)> {
    let pick = |name: &'static str| {
        let (_, values) = TELLING.into_iter().find(|(telling, _)| *telling == name).unwrap();
        let member = move |value: &str| format!("\"{name}\":{value}");
        prop_oneof![2 => Just(member(values[0])), 3 => select(values).prop_map(member), 1 => Just(String::new())]
    };
    let object = |members: Vec<String>| {
        let members: Vec<_> = members.into_iter().filter(|member| !member.is_empty()).collect();
        format!("{{{}}}", members.join(","))
    };
    let payload = (pick("iss"), pick("tid"), pick("azp"), pick("exp"), pick("azp"));
    (pick("typ"), payload, any::<bool>()).prop_map(move |(typ, (iss, tid, azp, exp, again), repeats)| {
        let again = if repeats { again } else { String::new() };
        (object(vec!["\"alg\":\"HS256\"".into(), typ]), object(vec![iss, azp, exp, tid, again]))
    })
}

/// Claims that a token may carry in good time.
fn claims() -> impl Strategy<Value = String> {
    let name = "[a-z]{1,3}_[a-z_]{0,6}";
    let value = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<String>().prop_map(|text| { serde_json::to_string(&text).unwrap() })
    ];
    (hash_set(name, 0..6), vec(value, 6)).prop_map(|(names, values)| {
        let members: Vec<_> =
            names.iter().zip(values).map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_was_signed_is_accepted_and_any_changed_bit_is_not(
        algorithm in select(QUICK.to_vec()),
        claims in claims(),
        bits in vec(any::<Index>(), 8),
    ) {
        with_signer(algorithm, |signer, verifier| {
            let token = signer.token(&claims).into_bytes();
            prop_assert_eq!(verifier.verify(&token, signer::NOW), Ok(Accepted::New { key: 0, claims }));
            for bit in bits {
                let mut changed = token.clone();
                let bit = bit.index(token.len() * 8);
                changed[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(verifier.verify(&changed, signer::NOW).is_err(), "bit {}", bit);
            }
            Ok(())
        })?;
    }

    #[test]
    fn any_header_and_payload_under_a_good_mac_are_judged_as_the_model_does(
        switches in any::<u8>(),
        header in proptest::option::of(header()),
        payload in json(),
    ) {
        let header = header.map(|header| format!("{header}\0")).unwrap_or_default();
        invariants::claims(&[&[switches], header.as_bytes(), payload.as_bytes()].concat());
    }

    #[test]
    fn claims_that_rules_look_at_are_judged_as_the_model_does(switches in any::<u8>(), (header, payload) in ruled()) {
        invariants::claims(&[&[switches | 4], header.as_bytes(), b"\0", payload.as_bytes()].concat());
    }

    #[test]
    fn any_bytes_as_header_and_payload_are_judged_as_the_model_does(input in vec(any::<u8>(), 0..200)) {
        invariants::claims(&input);
    }

    #[test]
    fn any_bytes_as_a_token_are_judged_as_the_model_does(
        key in any::<u8>(),
        token in prop_oneof![
            "[A-Za-z0-9_=+/-]{0,40}[.][A-Za-z0-9_-]{0,40}[.]{1,2}[A-Za-z0-9_-]{0,90}",
            "eyJhbGciOiJ(IUzI1NiJ|SUzI1NiJ|FUzI1NiJ|FZERTQSJ)9[.]e30[.][A-Za-z0-9_-]{43}([A-Za-z0-9_-]{43})?",
            any::<String>(),
        ],
    ) {
        invariants::token(&[&[key], token.as_bytes()].concat());
    }

    #[test]
    fn any_key_material_is_read_or_rejected_without_telling_of_it(
        kind in any::<u8>(),
        material in prop_oneof![
            vec(any::<u8>(), 0..100),
            "(-----BEGIN (RSA |EC |ENCRYPTED )?(PUBLIC|PRIVATE) KEY-----)?[A-Za-z0-9+/=\\\\n \r\n]{0,200}(-----END PUBLIC KEY-----)?"
                .prop_map(String::into_bytes),
            "\\{\"kty\":\"(oct|RSA|EC|OKP)\"(,\"(k|n|e|x|y|crv|alg|use)\":\"[A-Za-z0-9_-]{0,50}\"){0,5}\\}"
                .prop_map(String::into_bytes),
        ],
    ) {
        invariants::key_material(&[&[kind], material.as_slice()].concat());
    }

    #[test]
    fn a_ring_contains_what_was_added_and_nothing_else(mask in any::<u8>(), keys in vec(0..9_u8, 0..200)) {
        invariants::key_ring(&[&[mask], keys.as_slice()].concat());
    }
}

#[test]
fn the_model_judges_the_tokens_of_the_vectors_as_the_verifier_does() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../__test__/vectors/attacks.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let tokens: Vec<&str> = cases.iter().filter_map(|case| case["token"].as_str()).collect();
    assert!(tokens.len() > 500, "{}", tokens.len());
    for token in tokens {
        for key in 0..20 {
            invariants::token(&[&[key], token.as_bytes()].concat());
        }
    }
}
