//! Key material as people configure it, read once into the form that each algorithm verifies with.

mod der;
mod disguise;
mod encoding;
mod jwk;
mod material;
mod pem;
mod plain_text;
mod verification_key;

pub use material::KeyMaterial;
pub use verification_key::{Key, SignatureKey};
