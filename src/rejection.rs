//! Why a token is rejected.

use thiserror::Error;

/// The table of reasons: variant, code, message. A reason's number is its row, counted from 0.
macro_rules! rejections {
    ($($(#[doc = $doc:literal])+ $reason:ident, $code:literal, $message:literal;)+) => {
        /// Why a token is rejected. HTTP answers 401 for each of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
        #[non_exhaustive]
        pub enum Rejection {
            $($(#[doc = $doc])+ #[error($message)] $reason,)+
        }

        impl Rejection {
            /// Every reason, each at the position `reason as usize`.
            pub const ALL: &[Self] = &[$(Self::$reason,)+];

            /// The stable code of the reason.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$reason => $code,)+
                }
            }
        }
    };
}

rejections! {
    /// The header's value carries no token. RFC 6750 §2.1.
    Missing, "TOKEN_MISSING", "the token is missing";
    /// Not three non-empty base64url segments, or longer than [`crate::jwt::MAX_TOKEN_BYTES`].
    /// RFC 7515 §3.1, §7.1.
    Malformed, "TOKEN_MALFORMED", "the token is not a compact JWS of three base64url segments";
    /// The JOSE header is not a JSON object in UTF-8 with unique names, or exceeds
    /// [`crate::jwt::MAX_HEADER_BYTES`] or [`crate::jwt::MAX_HEADER_PARAMETERS`]. RFC 7515 §4, §5.2.
    HeaderInvalid, "TOKEN_HEADER_INVALID", "the JOSE header is not a JSON object with unique names";
    /// `crit` is present, or `b64` is false. RFC 7515 §4.1.11, RFC 7797 §6.
    CriticalExtension, "TOKEN_CRITICAL_EXTENSION", "the token requires an unsupported extension";
    /// `alg` is absent, not a string, or not allowed for this key. RFC 8725 §3.1.
    AlgorithmNotAllowed, "TOKEN_ALGORITHM_NOT_ALLOWED", "the token's algorithm is not allowed";
    /// The signature or MAC does not match. RFC 7515 §5.2.
    SignatureInvalid, "TOKEN_SIGNATURE_INVALID", "the signature does not match";
    /// The payload is not well-formed JSON in UTF-8, repeats a registered claim, nests deeper than
    /// [`crate::jwt::MAX_PAYLOAD_DEPTH`], or is null. RFC 7519 §4, §7.2.
    PayloadInvalid, "TOKEN_PAYLOAD_INVALID", "the payload is not an acceptable JSON text";
    /// `exp` or `nbf` is not a finite number, or `iat` where an age is configured; or `exp` is further ahead than
    /// is configured. RFC 7519 §2 (NumericDate).
    TimeClaimInvalid, "TOKEN_TIME_CLAIM_INVALID", "a time claim is not a number of seconds";
    /// `nbf` is after the current time. RFC 7519 §4.1.5.
    NotYetValid, "TOKEN_NOT_YET_VALID", "the token is not valid yet";
    /// `exp` is at or before the current time. RFC 7519 §4.1.4.
    Expired, "TOKEN_EXPIRED", "the token has expired";
    /// `exp` is absent, and the configuration requires it.
    ExpirationMissing, "TOKEN_EXPIRATION_MISSING", "the token has no expiry";
    /// `typ` is not one of the configured ones. RFC 8725 §3.11.
    TypeNotAllowed, "TOKEN_TYPE_NOT_ALLOWED", "the token's type is not allowed";
    /// `iat` is longer ago than the configured age, or absent where one is configured. RFC 7519 §4.1.6.
    TooOld, "TOKEN_TOO_OLD", "the token is too old";
    /// `iat` is after the current time, where an age is configured.
    IssuedInFuture, "TOKEN_ISSUED_IN_FUTURE", "the token was issued in the future";
    /// A claim is absent that the configuration requires.
    ClaimMissing, "TOKEN_CLAIM_MISSING", "a required claim is missing";
    /// `iss` is absent, or not one of those configured, for all keys or for the key. RFC 7519 §4.1.1.
    IssuerNotAllowed, "TOKEN_ISSUER_NOT_ALLOWED", "the token's issuer is not allowed";
    /// `aud` is absent or holds none of the configured ones. RFC 7519 §4.1.3.
    AudienceNotAllowed, "TOKEN_AUDIENCE_NOT_ALLOWED", "the token's audience is not allowed";
    /// `sub` is absent or matches none of the configured ones. RFC 7519 §4.1.2.
    SubjectNotAllowed, "TOKEN_SUBJECT_NOT_ALLOWED", "the token's subject is not allowed";
    /// Another claim is absent or has none of the configured values.
    ClaimNotAllowed, "TOKEN_CLAIM_NOT_ALLOWED", "a claim of the token is not allowed";
}

#[cfg(test)]
mod tests {
    use super::Rejection;

    #[test]
    fn a_reason_stands_at_its_number() {
        for (position, reason) in Rejection::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, position);
        }
    }
}
