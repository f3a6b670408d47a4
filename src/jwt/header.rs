//! The JOSE header. RFC 7515 §4.

use super::json;
use crate::rejection::Rejection;

/// Headers with more parameters are rejected before more of them are read: telling apart thousands of names
/// costs more than the signature. RFC 7515 registers eleven.
pub const MAX_HEADER_PARAMETERS: usize = 32;

/// What verification needs of the JOSE header. Parameters that bring or point to keys (`jku`, `jwk`, `x5u`,
/// `x5c`) are ignored: keys are the configured ones. `kid` selects among these.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct JoseHeader {
    /// `alg` if it is a string. Not yet known to be an algorithm.
    pub(super) algorithm: Option<String>,
    /// `typ` if it is a string.
    pub(super) typ: Option<String>,
    pub(super) key_id: KeyId,
}

/// The `kid` of a header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum KeyId {
    #[default]
    Absent,
    Text(String),
    /// Not a string, or one with a lone surrogate. Matches no key, whereas any key may do where `kid` is
    /// absent.
    Invalid,
}

impl JoseHeader {
    pub(super) fn parse(json: &[u8]) -> Result<Self, Rejection> {
        let json = str::from_utf8(json).map_err(|_| Rejection::HeaderInvalid)?;
        let mut header = Self::default();
        let mut names = Vec::new();
        let mut is_critical = false;
        json::each_member(json, |name, value| {
            match &*name {
                b"alg" => header.algorithm = text(value),
                b"typ" => header.typ = text(value),
                b"kid" => header.key_id = text(value).map_or(KeyId::Invalid, KeyId::Text),
                // `crit` with any value: no extension is supported, and an empty or malformed list is as
                // invalid as an unknown name. RFC 7515 §4.1.11.
                b"crit" => is_critical = true,
                // With `b64: false`, another verifier reads another payload. RFC 7797 §3.
                b"b64" => is_critical |= value == b"false",
                _ => {}
            }
            // RFC 7515 §4: names must be unique. Two parsers may take different values.
            if names.len() == MAX_HEADER_PARAMETERS || names.contains(&name) {
                return None;
            }
            names.push(name);
            Some(())
        })
        .ok_or(Rejection::HeaderInvalid)?;
        if is_critical { Err(Rejection::CriticalExtension) } else { Ok(header) }
    }
}

/// A string. One with a lone surrogate makes no `String`; nor does any rule ask for one.
fn text(raw: &[u8]) -> Option<String> {
    serde_json::from_slice(raw).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Result<JoseHeader, Rejection> {
        JoseHeader::parse(json.as_bytes())
    }

    #[test]
    fn reads_alg_typ_and_kid_through_escapes() {
        let some = |text: &str| Some(text.into());
        let key_id = KeyId::Text("1".into());
        let expected = JoseHeader { algorithm: some("HS256"), typ: some("JWT"), key_id };
        assert_eq!(header(r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#).unwrap(), expected);
        assert_eq!(
            header(r#" {"\u0061lg":"\u0048S256","typ":"\u004aWT","k\u0069d":"\u0031"} "#).unwrap(),
            expected
        );
    }

    #[test]
    fn an_alg_that_is_not_a_string_is_absent() {
        for value in ["null", "1", "true", "[\"HS256\"]", "{\"a\":1}", r#""\ud800""#] {
            let header = header(&format!(r#"{{"alg":{value}}}"#)).unwrap();
            assert_eq!(header.algorithm, None, "{value}");
        }
        assert_eq!(header("{}").unwrap().algorithm, None);
    }

    #[test]
    fn a_typ_that_is_not_a_string_is_absent_and_a_kid_invalid() {
        for value in ["[\"JWT\"]", "null", "1", "{}", r#""\udc00""#] {
            let header = header(&format!(r#"{{"alg":"HS256","typ":{value},"kid":{value}}}"#)).unwrap();
            assert_eq!((header.typ, header.key_id), (None, KeyId::Invalid), "{value}");
        }
        assert_eq!(header(r#"{"alg":"HS256"}"#).unwrap().key_id, KeyId::Absent);
    }

    #[test]
    fn rejects_what_is_not_a_json_object_in_utf8() {
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
        assert_eq!(JoseHeader::parse(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}"), Err(Rejection::HeaderInvalid));
    }

    #[test]
    fn rejects_a_repeated_name_however_it_is_spelled() {
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
    fn rejects_more_parameters_than_the_limit_and_not_as_many() {
        let of = |count: usize| {
            let members: Vec<_> = (1..count).map(|n| format!(r#""x{n}":{n}"#)).collect();
            header(&format!(r#"{{"alg":"HS256",{}}}"#, members.join(",")))
        };
        assert!(of(MAX_HEADER_PARAMETERS).is_ok());
        assert_eq!(of(MAX_HEADER_PARAMETERS + 1), Err(Rejection::HeaderInvalid));
    }

    #[test]
    fn rejects_crit_in_any_form_and_b64_false() {
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
