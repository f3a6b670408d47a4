//! The signature algorithms that a token may name in `alg`. RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2.

use std::fmt::{self, Display};

/// The table of algorithms.
macro_rules! algorithms {
    ($($algorithm:ident)+) => {
        /// A supported value of the `alg` header parameter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are those of RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864 §2.2")]
        pub enum Algorithm {
            $($algorithm,)+
        }

        impl Algorithm {
            /// Every supported algorithm, in the order of RFC 7518 §3.1. `EdDSA` and `Ed25519` are two names of one
            /// signature, of which a token is accepted under the one that is allowed.
            pub const ALL: &[Self] = &[$(Self::$algorithm,)+];

            /// The `alg` value. Case-sensitive, RFC 7515 §4.1.1.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$algorithm => stringify!($algorithm),)+
                }
            }
        }
    };
}

algorithms! { HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519 }

impl Algorithm {
    /// The length in bytes of its MACs, and the least that a secret must have; `None` unless it is an HMAC.
    /// RFC 7518 §3.2.
    #[must_use]
    pub fn mac_length(self) -> Option<usize> {
        match self {
            Self::HS256 => Some(32),
            Self::HS384 => Some(48),
            Self::HS512 => Some(64),
            _ => None,
        }
    }

    /// The algorithm of exactly this name; `none` is not one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

impl Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `HS256, HS384`: for messages.
pub(crate) fn format_list(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
        }
    }

    #[test]
    fn a_mac_is_as_long_as_its_hash() {
        for algorithm in Algorithm::ALL {
            let length = match algorithm.name() {
                "HS256" => Some(32),
                "HS384" => Some(48),
                "HS512" => Some(64),
                _ => None,
            };
            assert_eq!(algorithm.mac_length(), length, "{algorithm}");
        }
    }

    #[test]
    fn other_names_are_rejected() {
        for name in
            ["none", "None", "NONE", "", "hs256", "HS256 ", "HS256\0", "ES256K", "ed25519", "Ed448", "RS1"]
        {
            assert_eq!(Algorithm::from_name(name), None, "{name:?}");
        }
    }
}
