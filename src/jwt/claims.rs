//! The payload of a verified token: what JavaScript gets to see of it, and its time claims.
//!
//! A payload that is not a JSON object is read as npm's `jsonwebtoken` reads it, because the
//! framework this package replaces hands it on that way; see [`Claims::parse`].

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{self, Name, escape_lone_surrogates, first_token, is_json};
use super::plain;
use super::rules::{RuledClaims, Rules};
use crate::error::Rejection;

/// How deep arrays and objects of a payload may nest.
///
/// Deeper JSON parses, but whoever walks it recursively afterwards (`JSON.stringify` among them)
/// runs out of stack.
pub const MAX_PAYLOAD_DEPTH: usize = 1024;

/// A well-formed payload.
#[derive(Debug, PartialEq)]
pub(super) struct Claims<'p> {
    /// A JSON text whose value is what the provider hands on as `data`.
    pub(super) json: Cow<'p, str>,
    pub(super) facts: Facts,
}

/// What is checked of claims, each time that a token is presented.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    times: TimeClaims,
    /// Read only where rules ask for it.
    ruled: Option<Box<RuledClaims>>,
}

/// The claims whose verdict hangs on the time of day, to be asked for it again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct TimeClaims {
    pub(super) expires: TimeClaim,
    pub(super) not_before: TimeClaim,
}

/// `exp`, `nbf` or `iat`: a NumericDate, seconds since 1970 UTC that need not be whole. RFC 7519 §2.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum TimeClaim {
    #[default]
    Absent,
    At(f64),
    NotANumber,
}

impl<'p> Claims<'p> {
    /// Reads a payload.
    ///
    /// | payload | `typ` is `JWT` | any other `typ` |
    /// |---|---|---|
    /// | object, array | itself | itself |
    /// | string holding the JSON text of an object or array | that object or array | `{sub: <the payload's text>}` |
    /// | other string, number, boolean | `{sub: <the value>}` | `{sub: <the payload's text>}` |
    /// | null | refused | `{sub: "null"}` |
    /// | not JSON | refused | refused |
    pub(super) fn parse(text: &'p str, typ_is_jwt: bool, rules: &Rules) -> Result<Self, Rejection> {
        let payload = text.as_bytes();
        if json::nests_deeper_than(payload, MAX_PAYLOAD_DEPTH) {
            return Err(Rejection::PayloadInvalid);
        }
        match first_token(payload) {
            Some(b'{') => Self::of_object(payload, Cow::Borrowed(text), rules),
            Some(b'[') => Self::of_array(payload, Cow::Borrowed(text)),
            Some(b'"') if typ_is_jwt => Self::of_string(text, rules),
            _ if typ_is_jwt => {
                if is_json(payload) && text.trim_ascii() != "null" {
                    Ok(Self::of_subject(text))
                } else {
                    Err(Rejection::PayloadInvalid)
                }
            }
            _ if is_json(payload) => Ok(Self::of_subject(&quoted(text)?)),
            _ => Err(Rejection::PayloadInvalid),
        }
    }

    /// `json_bytes` is `json` before lone surrogates were escaped, which `json` then shows.
    fn of_object(json_bytes: &[u8], json: Cow<'p, str>, rules: &Rules) -> Result<Self, Rejection> {
        let members = plain::members(json_bytes)
            .or_else(|| json::object(json_bytes))
            .ok_or(Rejection::PayloadInvalid)?;
        if members.repeats_registered_name {
            return Err(Rejection::PayloadInvalid);
        }
        let ruled = if rules.look_at_claims() {
            Some(Box::new(RuledClaims::of_object(json_bytes, rules)?))
        } else {
            None
        };
        Ok(Self { json, facts: Facts { times: members.times, ruled } })
    }

    fn of_array(json_bytes: &[u8], json: Cow<'p, str>) -> Result<Self, Rejection> {
        if !is_json(json_bytes) {
            return Err(Rejection::PayloadInvalid);
        }
        Ok(Self { json, facts: Facts::default() })
    }

    /// A JSON string under `typ: JWT`, which npm's `jsonwebtoken` decodes a second time when it
    /// holds an object or array, and whose `exp` and `nbf` then count.
    fn of_string(text: &str, rules: &Rules) -> Result<Self, Rejection> {
        let inner = json::string(text.as_bytes()).ok_or(Rejection::PayloadInvalid)?;
        let holds_compound = matches!(first_token(&inner), Some(b'{' | b'['));
        if !holds_compound || !is_json(&inner) {
            return Ok(Self::of_subject(text));
        }
        if json::nests_deeper_than(&inner, MAX_PAYLOAD_DEPTH) {
            return Err(Rejection::PayloadInvalid);
        }
        let json = Cow::Owned(escape_lone_surrogates(&inner)?);
        if first_token(&inner) == Some(b'{') {
            Self::of_object(&inner, json, rules)
        } else {
            Self::of_array(&inner, json)
        }
    }

    fn of_subject(json: &str) -> Self {
        Self { json: Cow::Owned(format!("{{\"sub\":{json}}}")), facts: Facts::default() }
    }
}

impl Facts {
    /// Checks the claims against the rules and `now`, in seconds since 1970 UTC: times first.
    pub(super) fn check(&self, rules: &Rules, now: f64) -> Result<(), Rejection> {
        self.times.check(rules, now)?;
        if rules.look_at_claims() {
            // Of what is no object, no claim is there.
            return self.ruled.as_deref().unwrap_or(&RuledClaims::default()).check(rules, now);
        }
        Ok(())
    }
}

impl TimeClaims {
    /// `nbf` comes before `exp`, and either is refused when it is present and no number, as npm's
    /// `jsonwebtoken` does.
    ///
    /// Comparisons are written so that a `now` that is not a number refuses.
    fn check(self, rules: &Rules, now: f64) -> Result<(), Rejection> {
        let tolerance = rules.clock_tolerance;
        match self.not_before {
            TimeClaim::NotANumber => return Err(Rejection::TimeClaimInvalid),
            TimeClaim::At(not_before) if now + tolerance >= not_before => {}
            TimeClaim::At(_) => return Err(Rejection::NotYetValid),
            TimeClaim::Absent => {}
        }
        match self.expires {
            TimeClaim::NotANumber => return Err(Rejection::TimeClaimInvalid),
            // A number too large for a double parses as infinity. A token that claims to expire
            // never is a mistake or an attack on the parser.
            TimeClaim::At(f64::INFINITY) => return Err(Rejection::TimeClaimInvalid),
            TimeClaim::At(expires) if now - tolerance < expires => {}
            TimeClaim::At(_) => return Err(Rejection::Expired),
            TimeClaim::Absent if rules.require_expiration => return Err(Rejection::ExpirationMissing),
            TimeClaim::Absent => {}
        }
        Ok(())
    }
}

/// What the checks need of a claims object.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Members {
    pub(super) times: TimeClaims,
    seen: [bool; REGISTERED.len()],
    /// RFC 7519 §4 lets a parser refuse repeated names or take the last. For the names that
    /// decide who gets in, refuse: another parser in the chain may take the first.
    repeats_registered_name: bool,
}

impl Members {
    /// Takes note of the name of a member.
    pub(super) fn note(&mut self, name: &[u8]) {
        // Most claims are not registered, and their length tells.
        let registered = (name.len() == REGISTERED_LENGTH)
            .then(|| REGISTERED.iter().position(|registered| *registered == name))
            .flatten();
        if let Some(seen) = registered.and_then(|position| self.seen.get_mut(position)) {
            self.repeats_registered_name |= *seen;
            *seen = true;
        }
    }
}

/// The registered claim names. RFC 7519 §4.1.
const REGISTERED: [&[u8]; 7] = [b"iss", b"sub", b"aud", b"exp", b"nbf", b"iat", b"jti"];

/// They are all of this length.
const REGISTERED_LENGTH: usize = 3;

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a claims set")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(Name(name)) = map.next_key()? {
                    members.note(&name);
                    match &*name {
                        b"exp" => members.times.expires = map.next_value()?,
                        b"nbf" => members.times.not_before = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'de> Deserialize<'de> for TimeClaim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&RawValue>::deserialize(deserializer)?.get();
        // `str::parse` rounds to the nearest double as JavaScript does, and gives infinity where
        // serde_json would refuse the number. It also takes `inf` and `nan`, which JSON does not.
        let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        Ok(match value.parse() {
            Ok(seconds) if is_number => Self::At(seconds),
            _ => Self::NotANumber,
        })
    }
}

fn quoted(text: &str) -> Result<String, Rejection> {
    serde_json::to_string(text).map_err(|_| Rejection::PayloadInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(payload: &str, typ_is_jwt: bool) -> Result<String, Rejection> {
        Claims::parse(payload, typ_is_jwt, &Rules::default()).map(|claims| claims.json.into_owned())
    }

    fn check_at(payload: &str, now: f64) -> Result<(), Rejection> {
        check_under(&Rules::default(), payload, now)
    }

    fn check_under(rules: &Rules, payload: &str, now: f64) -> Result<(), Rejection> {
        Claims::parse(payload, true, rules).and_then(|claims| claims.facts.check(rules, now))
    }

    const REFUSED: Result<String, Rejection> = Err(Rejection::PayloadInvalid);

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
        assert_eq!(json(" null", true), REFUSED);
    }

    #[test]
    fn what_is_not_json_is_refused_under_any_typ() {
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
            assert_eq!(json(payload, true), REFUSED, "{payload:?}");
            assert_eq!(json(payload, false), REFUSED, "{payload:?}");
        }
    }

    #[test]
    fn a_string_that_holds_an_object_is_decoded_twice_under_typ_jwt() {
        let payload = r#""{\"exp\":10,\"s\":\"\ud800\"}""#;
        assert_eq!(json(payload, true).as_deref(), Ok(r#"{"exp":10,"s":"\ud800"}"#));
        assert_eq!(check_at(payload, 9.0), Ok(()));
        assert_eq!(check_at(payload, 10.0), Err(Rejection::Expired));
        assert_eq!(json(r#""[1]""#, true).as_deref(), Ok("[1]"));
        assert_eq!(json(r#""{broken""#, true).as_deref(), Ok(r#"{"sub":"{broken"}"#));
        assert_eq!(json(r#""{\"exp\":1,\"exp\":2}""#, true), REFUSED);
        assert_eq!(json(r#""{}""#, false).as_deref(), Ok(r#"{"sub":"\"{}\""}"#));
    }

    #[test]
    fn a_surrogate_pair_split_over_two_escapes_survives_the_second_decoding() {
        assert_eq!(json(r#""{\"s\":\"\ud83d\ude00\"}""#, true).as_deref(), Ok("{\"s\":\"\u{1f600}\"}"));
        assert_eq!(json(r#""{\"s\":\"\ude00\ud83d\"}""#, true).as_deref(), Ok(r#"{"s":"\ude00\ud83d"}"#));
    }

    #[test]
    fn refuses_a_repeated_registered_claim_however_it_is_spelled() {
        for name in REGISTERED {
            assert_eq!(name.len(), REGISTERED_LENGTH);
            let name = str::from_utf8(name).unwrap();
            assert_eq!(json(&format!(r#"{{"{name}":1,"{name}":1}}"#), true), REFUSED, "{name}");
        }
        assert_eq!(json(r#"{"exp":1,"\u0065xp":2}"#, true), REFUSED);
        assert!(json(r#"{"role":1,"role":2,"Exp":1,"exp":2,"x":{"exp":1,"exp":2}}"#, true).is_ok());
    }

    #[test]
    fn exp_ends_at_its_second_and_nbf_begins_at_it() {
        assert_eq!(check_at(r#"{"exp":100}"#, 99.0), Ok(()));
        assert_eq!(check_at(r#"{"exp":100}"#, 100.0), Err(Rejection::Expired));
        assert_eq!(check_at(r#"{"exp":100.5}"#, 100.0), Ok(()));
        assert_eq!(check_at(r#"{"nbf":100}"#, 100.0), Ok(()));
        assert_eq!(check_at(r#"{"nbf":100.5}"#, 100.0), Err(Rejection::NotYetValid));
        assert_eq!(check_at(r#"{"nbf":100,"exp":50}"#, 60.0), Err(Rejection::NotYetValid));
        assert_eq!(check_at(r#"{"sub":"a"}"#, 1e9), Ok(()));
    }

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        for exp in
            ["9223372036854775808", "18446744073709551616", "1e30", "4.1024448e9", "41024448E2", "4294967296"]
        {
            assert_eq!(check_at(&format!(r#"{{"exp":{exp}}}"#), 1.7e9), Ok(()), "{exp}");
        }
        for exp in ["0", "-0", "-1", "1e-400", "-1e400", "1699999999.9999"] {
            assert_eq!(check_at(&format!(r#"{{"exp":{exp}}}"#), 1.7e9), Err(Rejection::Expired), "{exp}");
        }
        assert_eq!(check_at(r#"{"exp":1e400}"#, 1.7e9), Err(Rejection::TimeClaimInvalid));
        assert_eq!(check_at(r#"{"nbf":1e400}"#, 1.7e9), Err(Rejection::NotYetValid));
        assert_eq!(check_at(r#"{"nbf":-1e400}"#, 1.7e9), Ok(()));
    }

    #[test]
    fn time_claims_that_are_no_numbers_are_refused() {
        for value in ["\"4102444800\"", "null", "true", "[4102444800]", "{}", "\"\\ud800\"", "\"inf\""] {
            for name in ["exp", "nbf"] {
                let payload = format!(r#"{{"{name}":{value}}}"#);
                assert_eq!(check_at(&payload, 0.0), Err(Rejection::TimeClaimInvalid), "{payload}");
            }
        }
    }

    #[test]
    fn a_clock_that_is_not_a_number_refuses_time_claims() {
        assert_eq!(check_at(r#"{"exp":4102444800}"#, f64::NAN), Err(Rejection::Expired));
        assert_eq!(check_at(r#"{"nbf":1}"#, f64::NAN), Err(Rejection::NotYetValid));
    }

    #[test]
    fn requires_an_expiry_where_the_rules_say_so() {
        let rules = Rules { require_expiration: true, ..Rules::default() };
        for payload in ["{}", "[]", "5", r#"{"EXP":1}"#] {
            assert_eq!(check_under(&rules, payload, 0.0), Err(Rejection::ExpirationMissing), "{payload}");
        }
        assert_eq!(check_under(&rules, r#"{"exp":1}"#, 0.0), Ok(()));
    }

    #[test]
    fn the_tolerance_moves_exp_and_nbf_and_no_further() {
        let rules = Rules { clock_tolerance: 5.0, ..Rules::default() };
        for (payload, now, expected) in [
            (r#"{"exp":100}"#, 104.0, Ok(())),
            (r#"{"exp":100}"#, 105.0, Err(Rejection::Expired)),
            (r#"{"nbf":100}"#, 95.0, Ok(())),
            (r#"{"nbf":100}"#, 94.0, Err(Rejection::NotYetValid)),
        ] {
            assert_eq!(check_under(&rules, payload, now), expected, "{payload} at {now}");
        }
    }

    #[test]
    fn the_age_counts_from_iat_which_must_be_there_and_past() {
        let rules = Rules { max_token_age: Some(60.0), clock_tolerance: 2.0, ..Rules::default() };
        for (payload, now, expected) in [
            (r#"{"iat":100}"#, 162.0, Ok(())),
            (r#"{"iat":100}"#, 163.0, Err(Rejection::TooOld)),
            (r#"{"iat":100}"#, 98.0, Ok(())),
            (r#"{"iat":100}"#, 97.0, Err(Rejection::IssuedInFuture)),
            (r#"{"iat":"100"}"#, 100.0, Err(Rejection::TimeClaimInvalid)),
            (r#"{"iat":1e400}"#, 100.0, Err(Rejection::IssuedInFuture)),
            (r#"{"iat":-1e400}"#, 100.0, Err(Rejection::TooOld)),
            (r#"{"iat":100}"#, f64::NAN, Err(Rejection::TooOld)),
            ("{}", 100.0, Err(Rejection::TooOld)),
            ("[]", 100.0, Err(Rejection::TooOld)),
        ] {
            assert_eq!(check_under(&rules, payload, now), expected, "{payload} at {now}");
        }
        assert_eq!(check_at(r#"{"iat":"never"}"#, 0.0), Ok(()), "without an age nobody asks");
    }

    #[test]
    fn rules_on_claims_refuse_what_has_no_claims() {
        let rules = Rules { subjects: vec!["*".into()], ..Rules::default() };
        for payload in ["[]", "5", r#""alice""#] {
            let verdict = check_under(&rules, payload, 0.0);
            assert_eq!(verdict, Err(Rejection::SubjectNotAllowed), "{payload}");
        }
        assert_eq!(check_under(&rules, r#""{\"sub\":\"alice\"}""#, 0.0), Ok(()), "decoded twice");
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(json(&nested(MAX_PAYLOAD_DEPTH), true).is_ok());
        assert_eq!(json(&nested(MAX_PAYLOAD_DEPTH + 1), true), REFUSED);
        assert_eq!(json(&nested(1_000_000), true), REFUSED);
        let wrapped = format!("\"{}\"", nested(MAX_PAYLOAD_DEPTH + 1));
        assert_eq!(json(&wrapped, true), REFUSED);
        let text = format!(r#"{{"s":"\"{}"}}"#, "[{".repeat(MAX_PAYLOAD_DEPTH));
        assert!(json(&text, true).is_ok());
        let siblings = format!("[{}[]]", "[],".repeat(MAX_PAYLOAD_DEPTH));
        assert!(json(&siblings, true).is_ok());
    }
}
