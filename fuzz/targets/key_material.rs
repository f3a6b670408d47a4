//! See `key_material` in tests/support/invariants.rs.
#![no_main]

#[expect(dead_code, reason = "each target checks one of them")]
#[path = "../../tests/support/invariants.rs"]
mod invariants;
#[path = "../../tests/support/model.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::key_material(input));
