//! Payloads that are not claims sets, read as npm's `jsonwebtoken` reads them: the framework that this
//! package replaces hands them on that way, though RFC 7519 §7.2 wants an object.

use std::borrow::Cow;

use super::json;
use crate::rejection::Rejection;

/// How deep arrays and objects of a payload may nest.
///
/// Deeper JSON parses, but recursive code that receives it (`JSON.stringify` for one) runs out of stack.
pub const MAX_PAYLOAD_DEPTH: usize = 1024;

/// What a payload stands for.
#[derive(Debug, PartialEq)]
pub(super) struct Payload<'p> {
    /// A JSON text whose value the provider hands on as `data`.
    pub(super) json: Cow<'p, str>,
    /// Whether it begins like an object, which must still be read. Everything else is JSON and has no claims.
    pub(super) is_object: bool,
}

impl<'p> Payload<'p> {
    /// Reads a payload.
    ///
    /// | payload | `typ` is `JWT` | any other `typ` |
    /// |---|---|---|
    /// | object, array | itself | itself |
    /// | string holding the JSON text of an object or array | that object or array | `{sub: <the payload's text>}` |
    /// | other string, number, boolean | `{sub: <the value>}` | `{sub: <the payload's text>}` |
    /// | null | rejected | `{sub: "null"}` |
    /// | not JSON | rejected | rejected |
    pub(super) fn read(text: &'p str, typ_is_jwt: bool) -> Result<Self, Rejection> {
        let bytes = text.as_bytes();
        if json::nests_deeper_than(bytes, MAX_PAYLOAD_DEPTH) {
            return Err(Rejection::PayloadInvalid);
        }
        let first = json::first_token(bytes);
        if first == Some(b'{') {
            return Ok(Self { json: Cow::Borrowed(text), is_object: true });
        }
        if !json::is_json(bytes) {
            return Err(Rejection::PayloadInvalid);
        }
        match first {
            Some(b'[') => Ok(Self { json: Cow::Borrowed(text), is_object: false }),
            Some(b'"') if typ_is_jwt => Self::from_string(text),
            _ if !typ_is_jwt => {
                Ok(Self::from_subject(&serde_json::to_string(text).map_err(|_| Rejection::PayloadInvalid)?))
            }
            Some(b'n') => Err(Rejection::PayloadInvalid),
            _ => Ok(Self::from_subject(text)),
        }
    }

    /// Reads a JSON string. `jsonwebtoken` decodes one that holds an object or array a second time, and
    /// checks the claims of that.
    fn from_string(text: &str) -> Result<Self, Rejection> {
        let inner = json::string(text.as_bytes()).ok_or(Rejection::PayloadInvalid)?;
        let first = json::first_token(&inner);
        if !matches!(first, Some(b'{' | b'[')) || !json::is_json(&inner) {
            return Ok(Self::from_subject(text));
        }
        if json::nests_deeper_than(&inner, MAX_PAYLOAD_DEPTH) {
            return Err(Rejection::PayloadInvalid);
        }
        let json = json::escape_lone_surrogates(&inner).ok_or(Rejection::PayloadInvalid)?;
        Ok(Self { json: Cow::Owned(json), is_object: first == Some(b'{') })
    }

    fn from_subject(json: &str) -> Self {
        Self { json: Cow::Owned(format!("{{\"sub\":{json}}}")), is_object: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::claims::ClaimsReader;

    fn json(payload: &str, typ_is_jwt: bool) -> Result<String, Rejection> {
        let Payload { json, is_object } = Payload::read(payload, typ_is_jwt)?;
        if is_object {
            ClaimsReader::new([]).read(&json)?;
        }
        Ok(json.into_owned())
    }

    const REJECTED: Result<String, Rejection> = Err(Rejection::PayloadInvalid);

    #[test]
    fn objects_and_arrays_pass_as_they_are() {
        for payload in
            [r#"{"a":1}"#, " {\"a\" : 1 } ", "[1,2]", "[]", "{}", r#"{"x":"\ud800","\udc00":1e400}"#]
        {
            for typ_is_jwt in [true, false] {
                assert_eq!(json(payload, typ_is_jwt).as_deref(), Ok(payload));
            }
        }
    }

    #[test]
    fn scalars_become_the_subject() {
        assert_eq!(json("5", true).as_deref(), Ok(r#"{"sub":5}"#));
        assert_eq!(json("-0", true).as_deref(), Ok(r#"{"sub":-0}"#));
        assert_eq!(json("true", true).as_deref(), Ok(r#"{"sub":true}"#));
        assert_eq!(json(r#""a\ud800""#, true).as_deref(), Ok(r#"{"sub":"a\ud800"}"#));
        assert_eq!(json("1.50", false).as_deref(), Ok(r#"{"sub":"1.50"}"#));
        assert_eq!(json(" \"a\" ", false).as_deref(), Ok(r#"{"sub":" \"a\" "}"#));
        assert_eq!(json("null", false).as_deref(), Ok(r#"{"sub":"null"}"#));
        assert_eq!(json(" null", true), REJECTED);
    }

    #[test]
    fn rejects_what_is_not_json_under_any_typ() {
        for payload in [
            "",
            "hello",
            "{\"a\":",
            "{}{}",
            "\u{feff}{}",
            "[1,]",
            "{'a':1}",
            "01",
            "\"a\nb\"",
            "{\"a\nb\":1}",
            "nul",
        ] {
            assert_eq!(json(payload, true), REJECTED, "{payload:?}");
            assert_eq!(json(payload, false), REJECTED, "{payload:?}");
        }
    }

    #[test]
    fn a_string_that_holds_an_object_is_decoded_twice_under_typ_jwt() {
        let payload = r#""{\"exp\":10,\"s\":\"\ud800\"}""#;
        assert_eq!(json(payload, true).as_deref(), Ok(r#"{"exp":10,"s":"\ud800"}"#));
        assert!(Payload::read(payload, true).is_ok_and(|payload| payload.is_object));
        assert_eq!(json(r#""[1]""#, true).as_deref(), Ok("[1]"));
        assert_eq!(json(r#""{broken""#, true).as_deref(), Ok(r#"{"sub":"{broken"}"#));
        assert_eq!(json(r#""{\"exp\":1,\"exp\":2}""#, true), REJECTED);
        assert_eq!(json(r#""{}""#, false).as_deref(), Ok(r#"{"sub":"\"{}\""}"#));
    }

    #[test]
    fn a_surrogate_pair_split_over_two_escapes_survives_the_second_decoding() {
        assert_eq!(json(r#""{\"s\":\"\ud83d\ude00\"}""#, true).as_deref(), Ok("{\"s\":\"\u{1f600}\"}"));
        assert_eq!(json(r#""{\"s\":\"\ude00\ud83d\"}""#, true).as_deref(), Ok(r#"{"s":"\ude00\ud83d"}"#));
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(json(&nested(MAX_PAYLOAD_DEPTH), true).is_ok());
        assert_eq!(json(&nested(MAX_PAYLOAD_DEPTH + 1), true), REJECTED);
        assert_eq!(json(&nested(1_000_000), true), REJECTED);
        let wrapped = format!("\"{}\"", nested(MAX_PAYLOAD_DEPTH + 1));
        assert_eq!(json(&wrapped, true), REJECTED);
        let text = format!(r#"{{"s":"\"{}"}}"#, "[{".repeat(MAX_PAYLOAD_DEPTH));
        assert!(json(&text, true).is_ok());
        let siblings = format!("[{}[]]", "[],".repeat(MAX_PAYLOAD_DEPTH));
        assert!(json(&siblings, true).is_ok());
    }
}
