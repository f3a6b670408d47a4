//! What is asked: of rings of keys, of MACs, of whole tokens.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_native_auth::api_key::KeyRingBuilder;
use mcp_native_auth::jwt::{Algorithm, ClaimRules};

use crate::measure::{Class, Question, Role, Subject};
use crate::random::Random;
use crate::signer::{NOW, Signer};

/// Without anything that takes long to read.
const CLAIMS: &str = r#"{"sub":"alice","exp":1767229200}"#;

pub(crate) fn questions(random: &mut Random) -> Vec<Question> {
    let mut questions = Vec::new();
    let thousand: Vec<Vec<u8>> = (0..1_000).map(|_| random.key()).collect();
    let one: Vec<Vec<u8>> = thousand.iter().take(1).cloned().collect();
    for (keys, count) in [(&thousand, "1,000 keys"), (&one, "1 key")] {
        let mut ask = |role, name: &str, classes, subject| {
            questions.push(Question { role, name: format!("{count}: {name}"), classes, subject });
        };
        for (name, classes) in key_questions(keys) {
            ask(Role::Leak, name, classes.clone(), scan(keys));
            ask(Role::Promise, name, classes, ring(keys));
        }
        for (name, class) in [("a key twice", Class::one_of(keys)), ("a stranger twice", Class::strangers())]
        {
            ask(Role::Same, name, [class.clone(), class], ring(keys));
        }
    }
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        questions.extend(mac_questions(algorithm));
    }
    questions.sort_by_key(|question| match question.role {
        Role::Leak => 0,
        Role::Same => 1,
        Role::Promise => 2,
    });
    questions
}

/// What an attacker would like to know of a ring of keys.
fn key_questions(keys: &[Vec<u8>]) -> Vec<(&'static str, [Class; 2])> {
    let first_wrong = Class::guesses(keys, |key, random| with_wrong_letter(key, 0, random));
    let last_wrong = Class::guesses(keys, |key, random| with_wrong_letter(key, key.len() - 1, random));
    let nothing_right = Class::guesses(keys, |key, random| {
        let mut guess = with_wrong_letter(key, 0, random);
        guess.iter_mut().skip(1).for_each(|byte| *byte = random.letter());
        guess
    });
    let mut questions = vec![
        ("a wrong guess fails in its first or in its last byte", [first_wrong, last_wrong.clone()]),
        ("0 or 31 of the first 32 bytes of a guess are right", [nothing_right, last_wrong]),
        ("a key or a stranger", [Class::one_of(keys), Class::strangers()]),
    ];
    if let [first, .., last] = keys {
        let (first_half, second_half) = keys.split_at(keys.len() / 2);
        questions.push((
            "the first key or the last one",
            [first, last].map(|key| Class::one_of(std::slice::from_ref(key))),
        ));
        questions
            .push(("one of the first half or of the second", [first_half, second_half].map(Class::one_of)));
    }
    questions
}

fn ring(keys: &[Vec<u8>]) -> Subject {
    let keys = keys.to_vec();
    Box::new(move || {
        let mut builder = KeyRingBuilder::default();
        assert!(keys.iter().all(|key| builder.add(key).is_ok()));
        let ring = builder.build();
        Box::new(move |presented| ring.contains(presented))
    })
}

/// A leaky control: compares with one key after the other, until one fits.
fn scan(keys: &[Vec<u8>]) -> Subject {
    let keys = keys.to_vec();
    Box::new(move || {
        let keys = keys.clone();
        Box::new(move |presented| keys.iter().any(|key| leaky_equal(key, presented)))
    })
}

/// Byte by byte up to the first difference. The `==` of slices compares 32 bytes in one instruction
/// where the processor can, and would hide the leak that it is.
fn leaky_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one == other)
}

/// What an attacker would like to know of a MAC.
fn mac_questions(algorithm: Algorithm) -> Vec<Question> {
    let signer = Rc::new(Signer::new(algorithm));
    let signed = signing_input(&signer.token(CLAIMS)).as_bytes().to_vec();
    let mac = (signer.sign)(&signed);
    let last = mac.len() - 1;

    let forged_mac = |place| {
        let mac = mac.clone();
        Class::new(false, move |random| with_wrong_byte(&mac, place, random))
    };
    let forged_token = |place| {
        let signer = Rc::clone(&signer);
        Class::new(false, move |random| {
            let claims = format!(r#"{{"sub":"{}"}}"#, String::from_utf8_lossy(&random.key()));
            let token = signer.token(&claims);
            let signed = signing_input(&token);
            let mac = with_wrong_byte(&(signer.sign)(signed.as_bytes()), place, random);
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac)).into_bytes()
        })
    };
    let right_mac = {
        let mac = mac.clone();
        Class::new(true, move |_| mac.clone())
    };

    let check = || -> Subject {
        let (signer, signed) = (Rc::clone(&signer), signed.clone());
        Box::new(move || {
            let Ok(key) = signer.key().for_algorithm(algorithm) else { unreachable!("the key fits") };
            let signed = signed.clone();
            Box::new(move |presented| key.verifies(&signed, presented))
        })
    };
    let leaky_check: Subject = {
        let (signer, signed) = (Rc::clone(&signer), signed.clone());
        Box::new(move || {
            let (signer, signed) = (Rc::clone(&signer), signed.clone());
            Box::new(move |presented| leaky_equal(&(signer.sign)(&signed), presented))
        })
    };
    let verify: Subject = {
        let signer = Rc::clone(&signer);
        Box::new(move || {
            let genuine = signer.token(CLAIMS);
            let mut verifier = signer.verifier_with(&[algorithm], ClaimRules::default(), 1024);
            // As on a server in use: header and token are known, the token from the second time on.
            assert!((0..3).all(|_| verifier.verify(genuine.as_bytes(), NOW).is_ok()));
            Box::new(move |presented| verifier.verify(presented, NOW).is_ok())
        })
    };

    let question = |role, name: &str, classes, subject| Question {
        role,
        name: format!("{algorithm}: {name}"),
        classes,
        subject,
    };
    let places = "a forged MAC differs in its first or in its last byte";
    vec![
        question(Role::Leak, places, [forged_mac(0), forged_mac(last)], leaky_check),
        question(Role::Same, "a forged MAC twice", [forged_mac(0), forged_mac(0)], check()),
        question(Role::Promise, places, [forged_mac(0), forged_mac(last)], check()),
        question(Role::Promise, "the right MAC or a forged one", [right_mac, forged_mac(last)], check()),
        question(
            Role::Promise,
            "the MAC of a forged token differs in its first or in its last byte",
            [forged_token(0), forged_token(last)],
            verify,
        ),
    ]
}

fn signing_input(token: &str) -> &str {
    token.rsplit_once('.').map_or("", |(signed, _)| signed)
}

fn with_wrong_letter(key: &[u8], place: usize, random: &mut Random) -> Vec<u8> {
    let mut guess = key.to_vec();
    if let Some(byte) = guess.get_mut(place) {
        let right = *byte;
        while *byte == right {
            *byte = random.letter();
        }
    }
    guess
}

fn with_wrong_byte(mac: &[u8], place: usize, random: &mut Random) -> Vec<u8> {
    let mut forged = mac.to_vec();
    if let Some(byte) = forged.get_mut(place) {
        // Any change but none.
        *byte ^= (1..=u8::MAX).nth(random.below(255)).unwrap_or(1);
    }
    forged
}
