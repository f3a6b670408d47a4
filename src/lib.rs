//! The core of the npm package `mcp-native-auth`: API key membership in constant time, and JSON Web Token
//! verification with keys that are parsed once.
//!
//! | module | holds |
//! |---|---|
//! | [`api_key`] | [`api_key::KeyRing`]: which keys are accepted, without telling by timing |
//! | [`jwt`] | [`jwt::Verifier`]: compact JWS parsing, algorithms, keys, claims |
//! | [`strength`] | which API keys and HMAC secrets can be guessed |
//! | [`rejection`] | why a token is rejected, each reason with a stable code |
//! | [`config_error`] | why a configuration cannot work, each reason with a stable code |
//! | `node` (feature `node`) | the Node-API binding: converts, calls, converts back |
//!
//! The core takes bytes, random bytes and the time of day as arguments. It reads no clock, no file, no
//! environment and writes no log; `cargo test --no-default-features` builds and tests it without Node-API.

pub mod api_key;
pub mod config_error;
pub mod jwt;
#[cfg(feature = "node")]
pub mod node;
pub mod rejection;
pub mod strength;
