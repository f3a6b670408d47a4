//! The JWS compact serialization: `BASE64URL(header) . BASE64URL(payload) . BASE64URL(signature)`.
//! RFC 7515 §3.1, §7.1.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{self, Name};
use crate::error::Rejection;

/// Longer tokens are refused unread. Far above what any HTTP server lets through in a header.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024 * 1024;

/// Tokens with a longer header, in bytes of base64url, are refused. Node refuses requests with more than
/// this in all headers together, unless it is told otherwise.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Headers with more members are refused before more of them are read: telling apart thousands of names
/// costs more than the signature. RFC 7515 registers eleven.
pub const MAX_HEADER_MEMBERS: usize = 32;

/// The three segments of a token, still encoded, and the bytes that were signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segments<'t> {
    /// The encoded header.
    pub(super) header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
    /// `header.payload`, the JWS Signing Input. RFC 7515 §2.
    pub(super) signing_input: &'t [u8],
}

impl<'t> Segments<'t> {
    /// Cuts a token at its two dots. Each segment must hold something: an unsecured JWS (`alg`
    /// `none`, RFC 7515 Appendix A.5) has no signature and ends here.
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

    pub(super) fn decoded_header(&self) -> Result<Header, Rejection> {
        Header::parse(&decode(self.header)?)
    }

    pub(super) fn decoded_payload(&self) -> Result<String, Rejection> {
        String::from_utf8(decode(self.payload)?).map_err(|_| Rejection::PayloadInvalid)
    }

    /// The length in bytes of the signature, if it is base64url.
    pub(super) fn signature_length(&self) -> usize {
        self.signature.len() * 3 / 4
    }

    /// The end of the encoded signature, if it is long enough to tell tokens apart.
    pub(super) fn signature_end<const LENGTH: usize>(&self) -> Option<[u8; LENGTH]> {
        self.signature.last_chunk().copied()
    }

    pub(super) fn decoded_signature(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.signature)
    }
}

/// base64url without padding, and only the one canonical spelling of each value: a token that can
/// be respelled while staying valid defeats deny lists. RFC 4648 §3.5, §5.
fn decode(segment: &[u8]) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode_to_vec(segment).map_err(|_| Rejection::Malformed)
}

/// What verification needs of the JOSE header. Parameters that bring or point to keys (`jku`, `jwk`,
/// `x5u`, `x5c`) are not among it: keys are the configured ones. `kid` picks among these.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// `alg` when it is a string. Not yet known to be an algorithm.
    pub(super) algorithm: Option<String>,
    /// `typ` when it is a string.
    pub(super) typ: Option<String>,
    pub(super) key_id: KeyId,
}

/// What a header says in `kid`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum KeyId {
    #[default]
    Absent,
    Text(String),
    /// No string, or one with a lone surrogate: no key's. Not the same as none, for which any key may do.
    Unusable,
}

impl KeyId {
    fn read(value: &RawValue) -> Self {
        text(value).map_or(Self::Unusable, Self::Text)
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, Rejection> {
        str::from_utf8(json).map_err(|_| Rejection::HeaderInvalid)?;
        let members: Members = json::object(json).ok_or(Rejection::HeaderInvalid)?;
        if members.has_repeated_name {
            return Err(Rejection::HeaderInvalid);
        }
        if members.is_critical || members.payload_is_unencoded {
            return Err(Rejection::CriticalExtension);
        }
        Ok(Self { algorithm: members.algorithm, typ: members.typ, key_id: members.key_id })
    }
}

#[derive(Default)]
struct Members {
    algorithm: Option<String>,
    typ: Option<String>,
    key_id: KeyId,
    /// `crit` with any value: this verifier understands no extension, and an empty or malformed
    /// list is as invalid as an unknown name. RFC 7515 §4.1.11.
    is_critical: bool,
    /// `b64: false`, with which another verifier reads another payload. RFC 7797 §3.
    payload_is_unencoded: bool,
    /// RFC 7515 §4: names must be unique. Two parsers may pick different values.
    has_repeated_name: bool,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JOSE header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                let mut names = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        b"alg" => members.algorithm = text(map.next_value()?),
                        b"typ" => members.typ = text(map.next_value()?),
                        b"kid" => members.key_id = KeyId::read(map.next_value()?),
                        b"b64" => {
                            let value: &RawValue = map.next_value()?;
                            members.payload_is_unencoded = value.get() == "false";
                        }
                        b"crit" => {
                            map.next_value::<IgnoredAny>()?;
                            members.is_critical = true;
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                    if names.len() == MAX_HEADER_MEMBERS {
                        return Err(serde::de::Error::custom("too many members"));
                    }
                    members.has_repeated_name |= names.contains(&name);
                    names.push(name);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A string. One with a lone surrogate makes no valid `String`; nor is it anything that is asked for.
fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Result<Header, Rejection> {
        Header::parse(json.as_bytes())
    }

    #[test]
    fn splits_at_exactly_two_dots_with_something_between() {
        let segments = Segments::split(b"aa.bbb.c").unwrap();
        assert_eq!(segments.signing_input, b"aa.bbb");
        assert_eq!(segments.signature, b"c");
        for token in ["", "a", "a.b", "a.b.", ".b.c", "a..c", "..", "...", "a.b.c.", "a.b.c.d", ".a.b.c"] {
            assert_eq!(Segments::split(token.as_bytes()).err(), Some(Rejection::Malformed), "{token:?}");
        }
    }

    #[test]
    fn refuses_a_token_over_the_limit_and_not_at_it() {
        let mut token = b"a.b.".to_vec();
        token.resize(MAX_TOKEN_BYTES, b'c');
        assert!(Segments::split(&token).is_ok());
        token.push(b'c');
        assert_eq!(Segments::split(&token).err(), Some(Rejection::Malformed));
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
    fn a_payload_that_is_no_utf8_is_refused() {
        let payload_of = |payload: &[u8]| {
            let token = format!("a.{}.c", URL_SAFE_NO_PAD.encode_to_string(payload));
            Segments::split(token.as_bytes()).unwrap().decoded_payload()
        };
        assert_eq!(payload_of("{\"a\":\"\u{e9}\"}".as_bytes()).as_deref(), Ok("{\"a\":\"\u{e9}\"}"));
        for payload in [b"{\"a\":\"\xff\"}".as_slice(), b"{\"a\":\"\xed\xa0\x80\"}"] {
            assert_eq!(payload_of(payload), Err(Rejection::PayloadInvalid));
        }
    }

    #[test]
    fn reads_alg_typ_and_kid_through_escapes() {
        let some = |text: &str| Some(text.into());
        let key_id = KeyId::Text("1".into());
        let expected = Header { algorithm: some("HS256"), typ: some("JWT"), key_id };
        assert_eq!(header(r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#).unwrap(), expected);
        assert_eq!(
            header(r#" {"\u0061lg":"\u0048S256","typ":"\u004aWT","k\u0069d":"\u0031"} "#).unwrap(),
            expected
        );
    }

    #[test]
    fn alg_that_is_no_string_is_no_algorithm() {
        for value in ["null", "1", "true", "[\"HS256\"]", "{\"a\":1}", r#""\ud800""#] {
            let header = header(&format!(r#"{{"alg":{value}}}"#)).unwrap();
            assert_eq!(header.algorithm, None, "{value}");
        }
        assert_eq!(header("{}").unwrap().algorithm, None);
    }

    #[test]
    fn a_typ_that_is_no_string_is_none_and_a_kid_nobodys() {
        for value in ["[\"JWT\"]", "null", "1", "{}", r#""\udc00""#] {
            let header = header(&format!(r#"{{"alg":"HS256","typ":{value},"kid":{value}}}"#)).unwrap();
            assert_eq!((header.typ, header.key_id), (None, KeyId::Unusable), "{value}");
        }
        assert_eq!(header(r#"{"alg":"HS256"}"#).unwrap().key_id, KeyId::Absent);
    }

    #[test]
    fn refuses_what_is_no_json_object_in_utf8() {
        for json in [
            "",
            "5",
            "[]",
            "null",
            "\"x\"",
            "{",
            "{}{}",
            "\u{feff}{}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":1,}",
            "{\"a\nb\":1}",
            "{\"a\":\"\u{1}\"}",
        ] {
            assert_eq!(header(json), Err(Rejection::HeaderInvalid), "{json:?}");
        }
        assert_eq!(Header::parse(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}"), Err(Rejection::HeaderInvalid));
    }

    #[test]
    fn refuses_a_repeated_name_however_it_is_spelled() {
        for json in [
            r#"{"alg":"none","alg":"HS256"}"#,
            r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
            r#"{"alg":"HS256","x":1,"y":2,"x":3}"#,
            r#"{"\ud800":1,"\ud800":2}"#,
        ] {
            assert_eq!(header(json), Err(Rejection::HeaderInvalid), "{json}");
        }
        assert!(header(r#"{"alg":"HS256","\ud800":1,"\ud801":2}"#).is_ok());
    }

    #[test]
    fn refuses_a_header_of_more_members_than_the_bound_and_not_of_as_many() {
        let of = |count: usize| {
            let members: Vec<_> = (1..count).map(|n| format!(r#""x{n}":{n}"#)).collect();
            header(&format!(r#"{{"alg":"HS256",{}}}"#, members.join(",")))
        };
        assert!(of(MAX_HEADER_MEMBERS).is_ok());
        assert_eq!(of(MAX_HEADER_MEMBERS + 1), Err(Rejection::HeaderInvalid));
    }

    #[test]
    fn refuses_a_token_with_a_longer_header_than_the_bound_and_not_as_long() {
        let token = |length: usize| [&vec![b'a'; length], b".b.c".as_slice()].concat();
        assert!(Segments::split(&token(MAX_HEADER_BYTES)).is_ok());
        assert_eq!(Segments::split(&token(MAX_HEADER_BYTES + 1)).err(), Some(Rejection::HeaderInvalid));
    }

    #[test]
    fn refuses_crit_in_any_form_and_b64_false() {
        for member in
            [r#""crit":["exp"]"#, r#""crit":[]"#, r#""crit":null"#, r#""crit":"b64""#, r#""b64":false"#]
        {
            let json = format!(r#"{{"alg":"HS256",{member}}}"#);
            assert_eq!(header(&json), Err(Rejection::CriticalExtension), "{member}");
        }
        for member in [r#""b64":true"#, r#""b64":"false""#, r#""b64":0"#] {
            assert!(header(&format!(r#"{{"alg":"HS256",{member}}}"#)).is_ok(), "{member}");
        }
    }
}
