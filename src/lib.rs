//! The core of the npm package `mcp-native-auth`: API key membership in constant time and JSON
//! Web Token verification with keys that are parsed once.
//!
//! | module | holds |
//! |---|---|
//! | [`api_key`] | [`api_key::KeyRing`]: which keys are known, without telling by timing |
//! | [`jwt`] | [`jwt::Verifier`]: compact JWS parsing, algorithms, keys, claims |
//! | [`error`] | why a configuration or a token is refused, each with a stable code |
//! | `node` (feature `node`) | the Node-API binding: converts, calls, converts back |
//!
//! The core takes bytes and the time of day as arguments. It reads no clock, no file, no
//! environment and writes no log; `cargo test --no-default-features` builds and tests it without
//! Node-API.

pub mod api_key;
pub mod error;
pub mod jwt;
#[cfg(feature = "node")]
pub mod node;
pub mod strength;
