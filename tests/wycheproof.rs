//! The signature layer against Project Wycheproof, read from `$VECTORS_DIR/public/primitives`.
//!
//! The vectors are not part of this repository; without the variable the test says so and passes.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

use std::path::PathBuf;

use mcp_native_auth::jwt::{Algorithm, Key, KeyMaterial};
use serde_json::Value;

#[test]
fn wycheproof_signature_vectors_are_decided_as_published() {
    let Some(folder) = std::env::var_os("VECTORS_DIR").map(PathBuf::from) else {
        println!("left out: VECTORS_DIR is not set");
        return;
    };
    let mut cases = 0;
    let mut wrong = Vec::new();
    for algorithm in Algorithm::ALL.iter().copied() {
        // One signature of two names: RFC 9864 §2.2.
        let vectors_of = if algorithm == Algorithm::Ed25519 { Algorithm::EdDSA } else { algorithm };
        let file = folder.join(format!("public/primitives/{vectors_of}.json"));
        let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let keys = vectors["keys"].as_object().unwrap();
        let keys: std::collections::HashMap<_, _> = keys
            .iter()
            .map(|(id, key)| {
                let material =
                    key["pem"].as_str().map_or_else(|| hex(&key["hex"]), |pem| pem.as_bytes().to_vec());
                let key = Key::read(KeyMaterial::TextOrBytes(&material))
                    .and_then(|key| key.for_algorithm(algorithm));
                (id.as_str(), key)
            })
            .collect();
        for (position, case) in vectors["cases"].as_array().unwrap().iter().enumerate() {
            let verdict = keys[case["key"].as_str().unwrap()]
                .as_ref()
                .is_ok_and(|key| key.verifies(&hex(&case["msgHex"]), &hex(&case["sigHex"])));
            cases += 1;
            let expected = case["expect"].as_str().unwrap();
            if expected != "either" && verdict != (expected == "accept") {
                wrong.push(format!("{algorithm} case {position}: expected {expected}; {case}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 5_000, "only {cases} cases");
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
