//! JSON Web Tokens in the JWS compact serialization: RFC 7519 over RFC 7515.
//!
//! | module | holds |
//! |---|---|
//! | `config` | [`VerifierConfig`]: which keys are used, which are skipped, which error is reported |
//! | `verifier` | [`Verifier`]: the whole check, in the order that matters |
//! | `key` | [`Key`]: key material as people configure it, read once |
//! | `algorithm` | [`Algorithm`]: the names of `alg` |
//! | `scheme` | [`TokenScheme`]: where the token stands in the value of a header |
//! | `cache` | tokens that were accepted before |
//! | `compact_jws` | the three segments of a token |
//! | `header` | the JOSE header |
//! | `compat` | payloads that are not objects, as npm's `jsonwebtoken` reads them |
//! | `claims` | the claims, read in one pass |
//! | `claims_scanner` | that pass over claims as issuers write them |
//! | `json` | that pass over any JSON, and what else is needed beyond serde_json |
//! | `issuer` | [`Issuer`]: accepted values of `iss`, and patterns of them |
//! | `rules` | [`ClaimRules`]: what claims and header must satisfy |
//!
//! Signatures are checked by aws-lc-rs directly and not through the crate `jsonwebtoken`, which does not
//! support ES512, reads the key again for each token, ignores `crit`, and whose claim rules are not those of
//! the framework that this package replaces. That crate reads JWKs here and gives the second opinion in the
//! tests.

mod algorithm;
mod cache;
mod claims;
mod claims_scanner;
mod compact_jws;
mod compat;
mod config;
mod header;
mod issuer;
mod json;
mod key;
mod rules;
mod scheme;
mod verifier;

pub use algorithm::Algorithm;
pub use cache::{EntryId, MAX_CACHED_TOKEN_BYTES};
pub use compact_jws::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES};
pub use compat::MAX_PAYLOAD_DEPTH;
pub use config::{ConfiguredVerifier, KeyConfig, MAX_KEYS, VerifierConfig, WeakSecret};
pub use header::MAX_HEADER_PARAMETERS;
pub use issuer::Issuer;
pub use key::{Key, KeyMaterial, SignatureKey};
pub use rules::{ClaimRule, ClaimRules, ClaimValue};
pub use scheme::TokenScheme;
pub use verifier::{Accepted, MAX_TRIALS, Verifier};
