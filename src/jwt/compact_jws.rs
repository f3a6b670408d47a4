//! The JWS compact serialization: `BASE64URL(header) . BASE64URL(payload) . BASE64URL(signature)`.
//! RFC 7515 §3.1, §7.1.

use base64_simd::URL_SAFE_NO_PAD;

use crate::rejection::Rejection;

/// Longer tokens are rejected unread. Far above what any HTTP server accepts in a header.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024 * 1024;

/// Tokens with a longer header, in bytes of base64url, are rejected. By default, Node rejects requests with
/// more than this in all headers together.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The three segments of a token, still encoded, and the bytes that were signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompactJws<'t> {
    /// The encoded header.
    pub(super) header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
    /// `header.payload`, the JWS Signing Input. RFC 7515 §2.
    pub(super) signing_input: &'t [u8],
}

impl<'t> CompactJws<'t> {
    /// Splits a token at its two dots. Each segment must hold something: an unsecured JWS (`alg` `none`,
    /// RFC 7515 Appendix A.5) has no signature and ends here.
    pub(super) fn split(token: &'t [u8]) -> Result<Self, Rejection> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Rejection::Malformed);
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(Rejection::Malformed);
        };
        let (Some(signing_input), Some(header), Some(payload), Some(signature)) =
            (token.get(..second), token.get(..first), token.get(first + 1..second), token.get(second + 1..))
        else {
            return Err(Rejection::Malformed);
        };
        if header.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(Rejection::Malformed);
        }
        if header.len() > MAX_HEADER_BYTES {
            return Err(Rejection::HeaderInvalid);
        }
        Ok(Self { header, payload, signature, signing_input })
    }

    pub(super) fn decode_header(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.header)
    }

    pub(super) fn decode_payload(&self) -> Result<String, Rejection> {
        String::from_utf8(decode(self.payload)?).map_err(|_| Rejection::PayloadInvalid)
    }

    pub(super) fn decode_signature(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.signature)
    }

    /// The length in bytes of the signature, if it is base64url.
    pub(super) fn signature_length(&self) -> usize {
        self.signature.len() * 3 / 4
    }

    /// The end of the encoded signature, if it is long enough to tell tokens apart.
    pub(super) fn signature_tail<const LENGTH: usize>(&self) -> Option<[u8; LENGTH]> {
        self.signature.last_chunk().copied()
    }
}

/// base64url without padding, and only the canonical spelling of each value: a token that can be respelled
/// while staying valid defeats deny lists. RFC 4648 §3.5, §5.
fn decode(segment: &[u8]) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode_to_vec(segment).map_err(|_| Rejection::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_exactly_two_dots_with_something_between() {
        let jws = CompactJws::split(b"aa.bbb.c").unwrap();
        assert_eq!(jws.signing_input, b"aa.bbb");
        assert_eq!(jws.signature, b"c");
        for token in ["", "a", "a.b", "a.b.", ".b.c", "a..c", "..", "...", "a.b.c.", "a.b.c.d", ".a.b.c"] {
            assert_eq!(CompactJws::split(token.as_bytes()).err(), Some(Rejection::Malformed), "{token:?}");
        }
    }

    #[test]
    fn rejects_a_token_over_the_limit_and_not_at_it() {
        let mut token = b"a.b.".to_vec();
        token.resize(MAX_TOKEN_BYTES, b'c');
        assert!(CompactJws::split(&token).is_ok());
        token.push(b'c');
        assert_eq!(CompactJws::split(&token).err(), Some(Rejection::Malformed));
    }

    #[test]
    fn decodes_only_the_canonical_spelling() {
        assert_eq!(decode(b"Zm9v").unwrap(), b"foo");
        assert_eq!(decode(b"AA").unwrap(), [0]);
        for other in ["AB", "AA==", "AA=", "A", "A A", "AA\n", "A+", "A/", "Zm9vA", "Zm9v\u{e9}"] {
            assert_eq!(decode(other.as_bytes()), Err(Rejection::Malformed), "{other:?}");
        }
    }

    #[test]
    fn rejects_a_payload_that_is_not_utf8() {
        let payload_of = |payload: &[u8]| {
            let token = format!("a.{}.c", URL_SAFE_NO_PAD.encode_to_string(payload));
            CompactJws::split(token.as_bytes()).unwrap().decode_payload()
        };
        assert_eq!(payload_of("{\"a\":\"\u{e9}\"}".as_bytes()).as_deref(), Ok("{\"a\":\"\u{e9}\"}"));
        for payload in [b"{\"a\":\"\xff\"}".as_slice(), b"{\"a\":\"\xed\xa0\x80\"}"] {
            assert_eq!(payload_of(payload), Err(Rejection::PayloadInvalid));
        }
    }

    #[test]
    fn rejects_a_header_over_the_limit_and_not_at_it() {
        let token = |length: usize| [&vec![b'a'; length], b".b.c".as_slice()].concat();
        assert!(CompactJws::split(&token(MAX_HEADER_BYTES)).is_ok());
        assert_eq!(CompactJws::split(&token(MAX_HEADER_BYTES + 1)).err(), Some(Rejection::HeaderInvalid));
    }
}
