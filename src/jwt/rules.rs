//! What the claims and the header must satisfy beyond what every token must.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::claims::TimeClaim;
use super::json::{self, Name};
use crate::error::Rejection;

/// The configured rules. The default asks for nothing: `exp` and `nbf` are checked when present, to the
/// second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Refuse a token without `exp`. RFC 7519 §4.1.4.
    pub require_expiration: bool,
    /// Skew allowed on `exp`, `nbf` and `iat`, in seconds. RFC 7519 §4.1.4–5.
    pub clock_tolerance: f64,
    /// How old a token may be, in seconds since its `iat`, which it then must have. RFC 7519 §4.1.6.
    pub max_token_age: Option<f64>,
    /// The accepted values of `iss`; any if empty. RFC 7519 §4.1.1.
    pub issuers: Vec<String>,
    /// The accepted members of `aud`; any if empty. RFC 7519 §4.1.3.
    pub audiences: Vec<String>,
    /// The accepted values of `sub`, in which `*` stands for any run of characters; any if empty.
    /// RFC 7519 §4.1.2.
    pub subjects: Vec<String>,
    /// Names of claims that must be present, with any value.
    pub required_claims: Vec<String>,
    /// The accepted media type in the header's `typ`, compared without regard to case and to a leading
    /// `application/`; any if absent. RFC 7515 §4.1.9, RFC 8725 §3.11.
    pub typ: Option<String>,
}

impl Rules {
    /// Whether claims other than `exp` and `nbf` matter.
    pub(super) fn look_at_claims(&self) -> bool {
        self.max_token_age.is_some()
            || !(self.issuers.is_empty()
                && self.audiences.is_empty()
                && self.subjects.is_empty()
                && self.required_claims.is_empty())
    }

    /// Whether a header with this `typ` is accepted.
    pub(super) fn accept_type(&self, typ: Option<&str>) -> bool {
        let Some(wanted) = &self.typ else { return true };
        typ.is_some_and(|typ| subtype(typ).eq_ignore_ascii_case(subtype(wanted)))
    }
}

/// RFC 7515 §4.1.9: `application/` may be left out where no other slash stands.
fn subtype(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

/// The claims that only rules look at. Of a payload that is no object, none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RuledClaims {
    issuer: Option<Box<[u8]>>,
    subject: Option<Box<[u8]>>,
    /// Members of `aud` that are among the accepted ones, each once: others are no use to keep.
    audiences: Box<[Box<[u8]>]>,
    issued_at: TimeClaim,
    /// Names of claims that are among the required ones, each once.
    names: Box<[Box<[u8]>]>,
}

impl RuledClaims {
    /// Reads it from the JSON text of a claims set that is known to be well-formed.
    pub(super) fn of_object(json: &[u8], rules: &Rules) -> Result<Self, Rejection> {
        let Members { issuer, subject, audiences, issued_at, names } =
            json::object(json).ok_or(Rejection::PayloadInvalid)?;
        Ok(Self {
            issuer,
            subject,
            audiences: among(&rules.audiences, &audiences),
            issued_at,
            names: among(&rules.required_claims, &names),
        })
    }

    /// `now` is in seconds since 1970 UTC. One that is not a number refuses.
    pub(super) fn check(&self, rules: &Rules, now: f64) -> Result<(), Rejection> {
        if let Some(age) = rules.max_token_age {
            self.check_age(age, rules.clock_tolerance, now)?;
        }
        let names = |name: &String| self.names.iter().any(|present| **present == *name.as_bytes());
        if !rules.required_claims.iter().all(names) {
            return Err(Rejection::ClaimMissing);
        }
        let is = |value: &Option<Box<[u8]>>, accepted: &String| value.as_deref() == Some(accepted.as_bytes());
        if !rules.issuers.is_empty() && !rules.issuers.iter().any(|accepted| is(&self.issuer, accepted)) {
            return Err(Rejection::IssuerNotAllowed);
        }
        let is_for = |accepted: &String| self.audiences.iter().any(|value| **value == *accepted.as_bytes());
        if !rules.audiences.is_empty() && !rules.audiences.iter().any(is_for) {
            return Err(Rejection::AudienceNotAllowed);
        }
        let fits = |pattern: &String| {
            self.subject.as_deref().is_some_and(|subject| fits_pattern(subject, pattern.as_bytes()))
        };
        if !rules.subjects.is_empty() && !rules.subjects.iter().any(fits) {
            return Err(Rejection::SubjectNotAllowed);
        }
        Ok(())
    }

    fn check_age(&self, age: f64, tolerance: f64, now: f64) -> Result<(), Rejection> {
        match self.issued_at {
            TimeClaim::NotANumber => Err(Rejection::TimeClaimInvalid),
            TimeClaim::At(issued_at) if now + tolerance < issued_at => Err(Rejection::IssuedInFuture),
            TimeClaim::At(issued_at) if now - tolerance - issued_at <= age => Ok(()),
            TimeClaim::At(_) | TimeClaim::Absent => Err(Rejection::TooOld),
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any run of bytes. In the time of the product of
/// their lengths at worst: only the last `*` is ever gone back to.
fn fits_pattern(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                last_star = Some((at, in_pattern));
                in_pattern += 1;
            }
            Some(byte) if text.get(at) == Some(byte) => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                // The star takes one byte more.
                let Some((star_at, star)) = last_star else { return false };
                last_star = Some((star_at + 1, star));
                at = star_at + 1;
                in_pattern = star + 1;
            }
        }
    }
    pattern.get(in_pattern..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Those of some texts that occur in a token. A token may have thousands, most of which nobody asks for,
/// and what is remembered of it must not take many times its size.
fn among(wanted: &[String], present: &[Cow<'_, [u8]>]) -> Box<[Box<[u8]>]> {
    let is_present = |text: &&String| present.iter().any(|other| **other == *text.as_bytes());
    wanted.iter().filter(is_present).map(|text| text.as_bytes().into()).collect()
}

/// What rules may ask of a claims object, all of it.
#[derive(Default)]
struct Members<'de> {
    issuer: Option<Box<[u8]>>,
    subject: Option<Box<[u8]>>,
    audiences: Vec<Cow<'de, [u8]>>,
    issued_at: TimeClaim,
    /// Names of the claims, of registered ones and others.
    names: Vec<Cow<'de, [u8]>>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a claims set")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut claims = Members::default();
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        b"iss" => claims.issuer = owned(map.next_value()?),
                        b"sub" => claims.subject = owned(map.next_value()?),
                        b"iat" => claims.issued_at = map.next_value()?,
                        b"aud" => claims.audiences = strings(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                    claims.names.push(name);
                }
                Ok(claims)
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The bytes of a JSON string; nothing for another value.
fn string(value: &RawValue) -> Option<Cow<'_, [u8]>> {
    json::string(value.get().as_bytes())
}

fn owned(value: &RawValue) -> Option<Box<[u8]>> {
    string(value).map(|bytes| bytes.into_owned().into())
}

/// `aud` is one string or an array of them. What is no string is nobody's audience.
fn strings(value: &RawValue) -> Vec<Cow<'_, [u8]>> {
    match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        Ok(values) => values.into_iter().filter_map(string).collect(),
        Err(_) => string(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, rules: &Rules) -> Result<(), Rejection> {
        RuledClaims::of_object(json.as_bytes(), rules).unwrap().check(rules, 0.0)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    #[test]
    fn iss_must_be_one_of_the_issuers() {
        let rules = Rules { issuers: texts(&["https://a", "https://b"]), ..Rules::default() };
        for json in [r#"{"iss":"https://a"}"#, r#"{"iss":"https:\/\/b"}"#] {
            assert_eq!(check(json, &rules), Ok(()), "{json}");
        }
        for json in [
            "{}",
            r#"{"iss":"https://a/"}"#,
            r#"{"iss":"HTTPS://a"}"#,
            r#"{"iss":["https://a"]}"#,
            r#"{"iss":null}"#,
            r#"{"x":{"iss":"https://a"}}"#,
        ] {
            assert_eq!(check(json, &rules), Err(Rejection::IssuerNotAllowed), "{json}");
        }
    }

    #[test]
    fn aud_must_hold_one_of_the_audiences() {
        let rules = Rules { audiences: texts(&["mcp", "api"]), ..Rules::default() };
        for json in [r#"{"aud":"mcp"}"#, r#"{"aud":["x","api"]}"#, r#"{"aud":[5,"mcp"]}"#] {
            assert_eq!(check(json, &rules), Ok(()), "{json}");
        }
        for json in
            ["{}", r#"{"aud":[]}"#, r#"{"aud":"mcp2"}"#, r#"{"aud":[["mcp"]]}"#, r#"{"aud":{"mcp":1}}"#]
        {
            assert_eq!(check(json, &rules), Err(Rejection::AudienceNotAllowed), "{json}");
        }
    }

    #[test]
    fn sub_must_fit_one_of_the_patterns() {
        let rules = Rules { subjects: texts(&["alice", "svc-*@*.example"]), ..Rules::default() };
        for sub in ["alice", "svc-@.example", "svc-1@a.b.example", "svc-@.example@.example"] {
            assert_eq!(check(&format!(r#"{{"sub":"{sub}"}}"#), &rules), Ok(()), "{sub}");
        }
        for sub in ["", "alice2", "xalice", "svc-1@example", "svc-1@a.example.com", "Alice"] {
            let verdict = check(&format!(r#"{{"sub":"{sub}"}}"#), &rules);
            assert_eq!(verdict, Err(Rejection::SubjectNotAllowed), "{sub}");
        }
        assert_eq!(check(r#"{"sub":1}"#, &rules), Err(Rejection::SubjectNotAllowed));
        let any = Rules { subjects: texts(&["*"]), ..Rules::default() };
        assert_eq!(check(r#"{"sub":""}"#, &any), Ok(()));
        assert_eq!(check("{}", &any), Err(Rejection::SubjectNotAllowed));
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_longer_than_the_product_of_lengths() {
        let (text, pattern) = ("a".repeat(20_000), "*a".repeat(50) + "b");
        assert!(!fits_pattern(text.as_bytes(), pattern.as_bytes()));
    }

    #[test]
    fn required_claims_must_be_there_with_any_value() {
        let rules = Rules { required_claims: texts(&["jti", "x\u{e9}"]), ..Rules::default() };
        assert_eq!(check(r#"{"jti":null,"x\u00e9":0}"#, &rules), Ok(()));
        for json in ["{}", r#"{"jti":"a"}"#, r#"{"a":{"jti":1,"xé":1}}"#] {
            assert_eq!(check(json, &rules), Err(Rejection::ClaimMissing), "{json}");
        }
    }

    #[test]
    fn of_thousands_of_names_and_audiences_those_are_kept_that_a_rule_asks_for() {
        let rules = Rules { audiences: texts(&["b"]), required_claims: texts(&["x"]), ..Rules::default() };
        let json =
            format!(r#"{{{}"aud":[{}"b"],"x":1}}"#, r#""x":0,"y":0,"#.repeat(999), r#""a","b","#.repeat(999));
        let claims = RuledClaims::of_object(json.as_bytes(), &rules).unwrap();
        assert_eq!((claims.audiences.len(), claims.names.len()), (1, 1));
        assert_eq!(claims.check(&rules, 0.0), Ok(()));
    }

    #[test]
    fn typ_is_compared_as_a_media_type() {
        let rules = |typ: &str| Rules { typ: Some(typ.into()), ..Rules::default() };
        for (wanted, typ) in
            [("at+jwt", "AT+JWT"), ("at+jwt", "application/at+jwt"), ("Application/at+jwt", "at+jwt")]
        {
            assert!(rules(wanted).accept_type(Some(typ)), "{wanted}, {typ}");
        }
        for typ in [None, Some("JWT"), Some("x/at+jwt"), Some("application/x/at+jwt"), Some("")] {
            assert!(!rules("at+jwt").accept_type(typ), "{typ:?}");
        }
        assert!(Rules::default().accept_type(None));
    }
}
