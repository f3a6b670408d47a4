//! JSON Web Tokens in the JWS compact serialization: RFC 7519 over RFC 7515.
//!
//! | module | holds |
//! |---|---|
//! | [`Verifier`] | the whole check, in the order that matters: shape, header, algorithm, signature, claims |
//! | [`Key`] | key material as people configure it, read once |
//! | [`Algorithm`] | the thirteen names |
//! | [`Presentation`] | where in a header's value the token stands |
//! | `verified` | tokens that were verified before |
//! | `token` | splitting and decoding the three segments |
//! | `json` | what JSON reading needs beyond serde_json |
//! | `claims` | the payload: well-formedness, time claims |
//! | `plain` | the same of payloads as they usually are, faster |
//! | [`Rules`] | what is asked of a token beyond that |
//!
//! Signatures are checked by aws-lc-rs directly and not through the crate `jsonwebtoken`, which
//! knows no ES512, reads the key anew for each token, ignores `crit`, and whose claim rules are
//! not those of the framework this package replaces. That crate reads JWKs here and is the second
//! opinion in the tests.

mod algorithm;
mod claims;
mod json;
mod key;
mod plain;
mod presentation;
mod rules;
mod token;
mod verified;
mod verifier;

pub use algorithm::Algorithm;
pub use claims::MAX_PAYLOAD_DEPTH;
pub use key::{Key, KeyMaterial, SignatureKey};
pub use presentation::Presentation;
pub use rules::Rules;
pub use token::{MAX_HEADER_BYTES, MAX_HEADER_MEMBERS, MAX_TOKEN_BYTES};
pub use verified::{EntryId, LONGEST_TOKEN};
pub use verifier::{Accepted, ConfiguredKey, MAX_KEYS, MAX_TRIALS, Verifier};
