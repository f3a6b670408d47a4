//! What the claims and the header must satisfy beyond what every token must.

use super::claims::{Claim, Claims, ClaimsReader, TimeClaim, Times};
use super::issuer::Issuer;
use super::json;
use crate::rejection::Rejection;

/// The configured rules. The default requires nothing: `exp` and `nbf` are checked if present, to the second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClaimRules {
    /// Reject a token without `exp`. RFC 7519 §4.1.4.
    pub require_expiration: bool,
    /// Skew allowed on `exp`, `nbf` and `iat`, in seconds. RFC 7519 §4.1.4–5.
    pub clock_tolerance: f64,
    /// How far ahead of the current time `exp` may be, in seconds; as far as it likes if absent.
    pub max_time_to_expiration: Option<f64>,
    /// How old a token may be, in seconds since its `iat`, which it then must have. RFC 7519 §4.1.6.
    pub max_token_age: Option<f64>,
    /// The accepted values of `iss`; any if empty. RFC 7519 §4.1.1.
    pub issuers: Vec<Issuer>,
    /// The accepted values of `aud`, which may hold several; any if empty. RFC 7519 §4.1.3.
    pub audiences: Vec<String>,
    /// The accepted values of `sub`, in which `*` matches any run of characters; any if empty. RFC 7519
    /// §4.1.2.
    pub subjects: Vec<String>,
    /// Names of claims that must be present, with any value.
    pub required_claims: Vec<String>,
    /// Further claims, each of which must have an accepted value.
    pub claims: Vec<ClaimRule>,
    /// The accepted media types in the header's `typ`, compared without regard to case and to a leading
    /// `application/`; any if empty. RFC 7515 §4.1.9, RFC 8725 §3.11.
    pub types: Vec<String>,
}

/// A claim that must have an accepted value, or be an array with one.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimRule {
    /// The name of the claim.
    pub name: String,
    /// The accepted values.
    pub accepted: Vec<ClaimValue>,
}

/// A value that a claim may have. One of another JSON type is another value.
#[derive(Debug, Clone, PartialEq)]
pub enum ClaimValue {
    /// A string, compared to the character.
    Text(String),
    /// A number, compared as a double, which is what JavaScript reads.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
}

impl ClaimValue {
    fn is(&self, raw: &[u8]) -> bool {
        match self {
            Self::Text(text) => json::string(raw).as_deref() == Some(text.as_bytes()),
            Self::Number(number) => json::number(raw) == Some(*number),
            Self::Boolean(boolean) => raw == if *boolean { b"true".as_slice() } else { b"false" },
        }
    }
}

/// The rules, with what they need looked up once.
pub(super) struct ClaimChecker {
    rules: ClaimRules,
    /// By position of the key, the accepted values of `iss` in its tokens; any if empty.
    key_issuers: Box<[Box<[Issuer]>]>,
    reader: ClaimsReader,
    required: Box<[Option<Claim>]>,
    /// The claims of the rules of the same position.
    named: Box<[Option<Claim>]>,
    /// The claim that says who the tenant is, if a pattern asks for it.
    tenant: Option<Claim>,
}

impl ClaimChecker {
    pub(super) fn new(rules: ClaimRules, key_issuers: Box<[Box<[Issuer]>]>) -> Self {
        let needs_tenant = rules.issuers.iter().chain(key_issuers.iter().flatten()).any(Issuer::needs_tenant);
        let tenant = needs_tenant.then_some(TENANT_CLAIM);
        let required = || rules.required_claims.iter().map(String::as_str);
        let named = || rules.claims.iter().map(|rule| rule.name.as_str());
        let reader = ClaimsReader::new(required().chain(named()).chain(tenant));
        let find = |name: &str| reader.claim(name.as_bytes());
        Self {
            required: required().map(find).collect(),
            named: named().map(find).collect(),
            tenant: tenant.and_then(find),
            reader,
            key_issuers,
            rules,
        }
    }

    /// Whether a header with this `typ` is accepted.
    pub(super) fn accepts_type(&self, typ: Option<&str>) -> bool {
        let is =
            |accepted: &String| typ.is_some_and(|typ| subtype(typ).eq_ignore_ascii_case(subtype(accepted)));
        accepts_any(&self.rules.types, is)
    }

    /// Reads the claims of a JSON object that the rules look at.
    pub(super) fn read<'j>(&self, json: &'j str) -> Result<Claims<'j>, Rejection> {
        self.reader.read(json)
    }

    /// Checks the times at `now`, in seconds since 1970 UTC: `nbf` before `exp`, and either is rejected when
    /// it is present and not a number, as in npm's `jsonwebtoken`.
    ///
    /// Comparisons are written so that a `now` that is not a number rejects.
    pub(super) fn check_times(&self, times: Times, now: f64) -> Result<(), Rejection> {
        let tolerance = self.rules.clock_tolerance;
        match times.not_before {
            TimeClaim::NotANumber => return Err(Rejection::TimeClaimInvalid),
            TimeClaim::At(not_before) if now + tolerance >= not_before => {}
            TimeClaim::At(_) => return Err(Rejection::NotYetValid),
            TimeClaim::Absent => {}
        }
        match times.expiration {
            TimeClaim::NotANumber => return Err(Rejection::TimeClaimInvalid),
            // A number too large for a double parses as infinity. A token that claims to expire never is a
            // mistake or an attack on the parser.
            TimeClaim::At(f64::INFINITY) => return Err(Rejection::TimeClaimInvalid),
            // Milliseconds, most likely.
            TimeClaim::At(expiration)
                if self.rules.max_time_to_expiration.is_some_and(|max| expiration - now > max) =>
            {
                return Err(Rejection::TimeClaimInvalid);
            }
            TimeClaim::At(expiration) if now - tolerance < expiration => {}
            TimeClaim::At(_) => return Err(Rejection::Expired),
            TimeClaim::Absent if self.rules.require_expiration => return Err(Rejection::ExpirationMissing),
            TimeClaim::Absent => {}
        }
        let Some(max_age) = self.rules.max_token_age else { return Ok(()) };
        match times.issued_at {
            TimeClaim::NotANumber => Err(Rejection::TimeClaimInvalid),
            TimeClaim::At(issued_at) if now + tolerance < issued_at => Err(Rejection::IssuedInFuture),
            TimeClaim::At(issued_at) if now - tolerance - issued_at <= max_age => Ok(()),
            TimeClaim::At(_) | TimeClaim::Absent => Err(Rejection::TooOld),
        }
    }

    /// Checks all that does not depend on the time, and so holds for as long as the rules do. `key` is the position
    /// of the key that verified the signature.
    pub(super) fn check_claims(&self, claims: &Claims<'_>, key: usize) -> Result<(), Rejection> {
        let is_present = |claim: &Option<Claim>| claim.is_some_and(|claim| claims.get(claim).is_some());
        if !self.required.iter().all(is_present) {
            return Err(Rejection::ClaimMissing);
        }
        let text = |claim| claims.get(claim).and_then(json::string);

        let issuer = text(Claim::ISSUER);
        let tenant = self.tenant.and_then(text);
        let is_issuer = |accepted: &Issuer| {
            issuer.as_deref().is_some_and(|issuer| accepted.accepts(issuer, tenant.as_deref()))
        };
        let of_key = self.key_issuers.get(key).ok_or(Rejection::IssuerNotAllowed)?;
        if !accepts_any(&self.rules.issuers, is_issuer) || !accepts_any(of_key, is_issuer) {
            return Err(Rejection::IssuerNotAllowed);
        }
        if !self.rules.audiences.is_empty() && !self.accepts_audience(claims.get(Claim::AUDIENCE)) {
            return Err(Rejection::AudienceNotAllowed);
        }
        let subject = text(Claim::SUBJECT);
        let fits = |pattern: &String| {
            subject.as_deref().is_some_and(|subject| matches_pattern(subject, pattern.as_bytes()))
        };
        if !accepts_any(&self.rules.subjects, fits) {
            return Err(Rejection::SubjectNotAllowed);
        }
        let is_accepted = |(rule, claim): (&ClaimRule, &Option<Claim>)| {
            let raw = claim.and_then(|claim| claims.get(claim));
            raw.is_some_and(|raw| is_or_holds(raw, |raw| rule.accepted.iter().any(|value| value.is(raw))))
        };
        if !self.rules.claims.iter().zip(&self.named).all(is_accepted) {
            return Err(Rejection::ClaimNotAllowed);
        }
        Ok(())
    }

    /// `aud` is one string or an array of them. Other values are ignored.
    fn accepts_audience(&self, raw: Option<&[u8]>) -> bool {
        let is_accepted = |raw: &[u8]| {
            let audience = json::string(raw);
            self.rules.audiences.iter().any(|accepted| audience.as_deref() == Some(accepted.as_bytes()))
        };
        raw.is_some_and(|raw| is_or_holds(raw, is_accepted))
    }
}

/// The tenant of Microsoft Entra that a token is of.
const TENANT_CLAIM: &str = "tid";

/// Whether a value, or an item of it if it is an array, is accepted.
fn is_or_holds(raw: &[u8], mut is_accepted: impl FnMut(&[u8]) -> bool) -> bool {
    if raw.first() == Some(&b'[') { json::any_item(raw, is_accepted) } else { is_accepted(raw) }
}

/// Whether a list accepts a value: one of its items does, or it is empty, which stands for no rule.
fn accepts_any<T>(accepted: &[T], accepts: impl Fn(&T) -> bool) -> bool {
    accepted.is_empty() || accepted.iter().any(accepts)
}

/// RFC 7515 §4.1.9: `application/` may be left out where no other slash stands.
fn subtype(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

/// Whether a text matches a pattern in which `*` stands for any run of bytes. Takes the time of the product
/// of their lengths at worst: only the last `*` is ever gone back to.
fn matches_pattern(text: &[u8], pattern: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check_at(json: &str, rules: &ClaimRules, now: f64) -> Result<(), Rejection> {
        check_under(rules, &[], json, now)
    }

    /// The token was signed with a key for these issuers.
    fn check_under(rules: &ClaimRules, key: &[&str], json: &str, now: f64) -> Result<(), Rejection> {
        let checker = ClaimChecker::new(rules.clone(), [issuers(&[]).into(), issuers(key).into()].into());
        let claims = checker.read(json)?;
        checker.check_times(claims.times(), now)?;
        checker.check_claims(&claims, 1)
    }

    fn check(json: &str, rules: &ClaimRules) -> Result<(), Rejection> {
        check_at(json, rules, 0.0)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn issuers(texts: &[&str]) -> Vec<Issuer> {
        texts.iter().map(|text| Issuer::parse(text, "issuer").unwrap()).collect()
    }

    #[test]
    fn exp_ends_at_its_second_and_nbf_begins_at_it() {
        let check_at = |json: &str, now| check_at(json, &ClaimRules::default(), now);
        assert_eq!(check_at(r#"{"exp":100}"#, 99.0), Ok(()));
        assert_eq!(check_at(r#"{"exp":100}"#, 100.0), Err(Rejection::Expired));
        assert_eq!(check_at(r#"{"exp":100.5}"#, 100.0), Ok(()));
        assert_eq!(check_at(r#"{"nbf":100}"#, 100.0), Ok(()));
        assert_eq!(check_at(r#"{"nbf":100.5}"#, 100.0), Err(Rejection::NotYetValid));
        assert_eq!(check_at(r#"{"nbf":100,"exp":50}"#, 60.0), Err(Rejection::NotYetValid));
        assert_eq!(check_at(r#"{"sub":"a"}"#, 1e9), Ok(()));
    }

    #[test]
    fn times_of_any_size_are_compared() {
        let check_at = |json: &str| check_at(json, &ClaimRules::default(), 1.7e9);
        for exp in
            ["9223372036854775808", "18446744073709551616", "1e30", "4.1024448e9", "41024448E2", "4294967296"]
        {
            assert_eq!(check_at(&format!(r#"{{"exp":{exp}}}"#)), Ok(()), "{exp}");
        }
        for exp in ["0", "-0", "-1", "1e-400", "-1e400", "1699999999.9999"] {
            assert_eq!(check_at(&format!(r#"{{"exp":{exp}}}"#)), Err(Rejection::Expired), "{exp}");
        }
        assert_eq!(check_at(r#"{"exp":1e400}"#), Err(Rejection::TimeClaimInvalid));
        assert_eq!(check_at(r#"{"nbf":1e400}"#), Err(Rejection::NotYetValid));
        assert_eq!(check_at(r#"{"nbf":-1e400}"#), Ok(()));
    }

    #[test]
    fn rejects_exp_and_nbf_that_are_not_numbers() {
        for value in ["\"4102444800\"", "null", "true", "[4102444800]", "{}", "\"\\ud800\"", "\"inf\""] {
            for name in ["exp", "nbf"] {
                let json = format!(r#"{{"{name}":{value}}}"#);
                assert_eq!(check(&json, &ClaimRules::default()), Err(Rejection::TimeClaimInvalid), "{json}");
            }
        }
        assert_eq!(check(r#"{"iat":"never"}"#, &ClaimRules::default()), Ok(()), "without an age");
    }

    #[test]
    fn a_clock_that_is_not_a_number_rejects() {
        let check_at = |json: &str| check_at(json, &ClaimRules::default(), f64::NAN);
        assert_eq!(check_at(r#"{"exp":4102444800}"#), Err(Rejection::Expired));
        assert_eq!(check_at(r#"{"nbf":1}"#), Err(Rejection::NotYetValid));
    }

    #[test]
    fn requires_an_expiry_where_configured() {
        let rules = ClaimRules { require_expiration: true, ..ClaimRules::default() };
        assert_eq!(check(r#"{"EXP":1}"#, &rules), Err(Rejection::ExpirationMissing));
        assert_eq!(check(r#"{"exp":1}"#, &rules), Ok(()));
    }

    #[test]
    fn the_tolerance_moves_exp_and_nbf_and_no_further() {
        let rules = ClaimRules { clock_tolerance: 5.0, ..ClaimRules::default() };
        for (json, now, expected) in [
            (r#"{"exp":100}"#, 104.0, Ok(())),
            (r#"{"exp":100}"#, 105.0, Err(Rejection::Expired)),
            (r#"{"nbf":100}"#, 95.0, Ok(())),
            (r#"{"nbf":100}"#, 94.0, Err(Rejection::NotYetValid)),
        ] {
            assert_eq!(check_at(json, &rules, now), expected, "{json} at {now}");
        }
    }

    #[test]
    fn the_age_counts_from_iat_which_must_be_there_and_past() {
        let rules = ClaimRules { max_token_age: Some(60.0), clock_tolerance: 2.0, ..ClaimRules::default() };
        for (json, now, expected) in [
            (r#"{"iat":100}"#, 162.0, Ok(())),
            (r#"{"iat":100}"#, 163.0, Err(Rejection::TooOld)),
            (r#"{"iat":100}"#, 98.0, Ok(())),
            (r#"{"iat":100}"#, 97.0, Err(Rejection::IssuedInFuture)),
            (r#"{"iat":"100"}"#, 100.0, Err(Rejection::TimeClaimInvalid)),
            (r#"{"iat":1e400}"#, 100.0, Err(Rejection::IssuedInFuture)),
            (r#"{"iat":-1e400}"#, 100.0, Err(Rejection::TooOld)),
            (r#"{"iat":100}"#, f64::NAN, Err(Rejection::TooOld)),
            ("{}", 100.0, Err(Rejection::TooOld)),
        ] {
            assert_eq!(check_at(json, &rules, now), expected, "{json} at {now}");
        }
    }

    #[test]
    fn iss_must_be_one_of_the_issuers() {
        let rules = ClaimRules { issuers: issuers(&["https://a", "https://b"]), ..ClaimRules::default() };
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
    fn iss_must_also_be_an_issuer_of_the_key() {
        let rules = ClaimRules { issuers: issuers(&["https://a", "https://b"]), ..ClaimRules::default() };
        let check = |rules, json| check_under(rules, &["https://b", "https://c"], json, 0.0);
        assert_eq!(check(&rules, r#"{"iss":"https://b"}"#), Ok(()));
        for json in [r#"{"iss":"https://a"}"#, r#"{"iss":"https://c"}"#, "{}"] {
            assert_eq!(check(&rules, json), Err(Rejection::IssuerNotAllowed), "{json}");
        }
        let any = ClaimRules::default();
        assert_eq!(check(&any, r#"{"iss":"https://c"}"#), Ok(()));
        assert_eq!(check(&any, r#"{"iss":"https://a"}"#), Err(Rejection::IssuerNotAllowed));
        assert_eq!(check(&any, "{}"), Err(Rejection::IssuerNotAllowed));
    }

    #[test]
    fn a_tenant_in_an_issuer_is_that_of_the_token() {
        let patterns = ["https://login/{tenantid}/v2.0"];
        let of_all = ClaimRules { issuers: issuers(&patterns), ..ClaimRules::default() };
        let check = |json: &str| {
            let verdict = check(json, &of_all);
            assert_eq!(check_under(&ClaimRules::default(), &patterns, json, 0.0), verdict, "{json}");
            verdict
        };
        assert_eq!(check(r#"{"iss":"https://login/a-1/v2.0","tid":"a-1"}"#), Ok(()));
        assert_eq!(check(r#"{"tid":"a\u002d1","iss":"https:\/\/login/a-1/v2.0"}"#), Ok(()));
        for json in [
            r#"{"iss":"https://login/a-1/v2.0"}"#,
            r#"{"iss":"https://login/a-1/v2.0","tid":"a-2"}"#,
            r#"{"iss":"https://login/a-1/v2.0","tid":["a-1"]}"#,
            r#"{"iss":"https://login/a-1/v2.0","x":{"tid":"a-1"}}"#,
            r#"{"iss":"https://login/a-1/v2.0","tid":"a-1","tid":"a-2"}"#,
        ] {
            assert_eq!(check(json), Err(Rejection::IssuerNotAllowed), "{json}");
        }
    }

    #[test]
    fn other_claims_must_have_an_accepted_value_or_hold_one() {
        let rule = |name: &str, accepted| ClaimRule { name: name.into(), accepted };
        let text = |text: &str| ClaimValue::Text(text.into());
        let rules = ClaimRules {
            claims: vec![
                rule("client_id", vec![text("a"), text("\u{e9}"), ClaimValue::Number(5.0)]),
                rule("jti", vec![ClaimValue::Boolean(true), ClaimValue::Number(0.5)]),
            ],
            ..ClaimRules::default()
        };
        for json in [
            r#"{"client_id":"a","jti":true}"#,
            r#"{"client_id":"\u00e9","jti":5e-1}"#,
            r#"{"client_id":["b","a"],"jti":[[],{},0.50]}"#,
            r#"{"client_id":5.0,"jti":true,"x":1}"#,
            r#"{"client_id":"b","client_id":"a","jti":true}"#,
        ] {
            assert_eq!(check(json, &rules), Ok(()), "{json}");
        }
        for json in [
            "{}",
            r#"{"client_id":"a"}"#,
            r#"{"client_id":"a","jti":false}"#,
            r#"{"client_id":"a","jti":"true"}"#,
            r#"{"client_id":"a","jti":1}"#,
            r#"{"client_id":"A","jti":true}"#,
            r#"{"client_id":"a b","jti":true}"#,
            r#"{"client_id":"5","jti":true}"#,
            r#"{"client_id":[],"jti":true}"#,
            r#"{"client_id":[["a"]],"jti":true}"#,
            r#"{"client_id":{"a":"a"},"jti":true}"#,
            r#"{"client_id":null,"jti":true}"#,
            r#"{"client_id":5.0000001,"jti":true}"#,
            r#"{"client_id":1e400,"jti":true}"#,
            r#"{"client_id":"a","client_id":"b","jti":true}"#,
            r#"{"x":{"client_id":"a"},"jti":true}"#,
        ] {
            assert_eq!(check(json, &rules), Err(Rejection::ClaimNotAllowed), "{json}");
        }
    }

    #[test]
    fn exp_may_be_as_far_ahead_as_configured() {
        let rules = ClaimRules { max_time_to_expiration: Some(100.0), ..ClaimRules::default() };
        for (exp, expected) in [
            ("1100", Ok(())),
            ("1100.5", Err(Rejection::TimeClaimInvalid)),
            ("1767225600000", Err(Rejection::TimeClaimInvalid)),
            ("1e400", Err(Rejection::TimeClaimInvalid)),
            ("1000", Err(Rejection::Expired)),
            ("-1e400", Err(Rejection::Expired)),
        ] {
            assert_eq!(check_at(&format!(r#"{{"exp":{exp}}}"#), &rules, 1000.0), expected, "{exp}");
        }
        assert_eq!(check_at("{}", &rules, 1000.0), Ok(()));
        assert_eq!(check_at(r#"{"exp":1767225600000}"#, &ClaimRules::default(), 1000.0), Ok(()));
    }

    #[test]
    fn aud_must_hold_one_of_the_audiences() {
        let rules = ClaimRules { audiences: texts(&["mcp", "api"]), ..ClaimRules::default() };
        for json in [
            r#"{"aud":"mcp"}"#,
            r#"{"aud":["x","api"]}"#,
            r#"{"aud": [ "x" , "\u0061pi" ] }"#,
            r#"{"aud":[5,"mcp",6]}"#,
        ] {
            assert_eq!(check(json, &rules), Ok(()), "{json}");
        }
        for json in
            ["{}", r#"{"aud":[]}"#, r#"{"aud":"mcp2"}"#, r#"{"aud":[["mcp"]]}"#, r#"{"aud":{"mcp":1}}"#]
        {
            assert_eq!(check(json, &rules), Err(Rejection::AudienceNotAllowed), "{json}");
        }
    }

    #[test]
    fn sub_must_match_one_of_the_patterns() {
        let rules = ClaimRules { subjects: texts(&["alice", "svc-*@*.example"]), ..ClaimRules::default() };
        for sub in ["alice", "svc-@.example", "svc-1@a.b.example", "svc-@.example@.example"] {
            assert_eq!(check(&format!(r#"{{"sub":"{sub}"}}"#), &rules), Ok(()), "{sub}");
        }
        for sub in ["", "alice2", "xalice", "svc-1@example", "svc-1@a.example.com", "Alice"] {
            let verdict = check(&format!(r#"{{"sub":"{sub}"}}"#), &rules);
            assert_eq!(verdict, Err(Rejection::SubjectNotAllowed), "{sub}");
        }
        assert_eq!(check(r#"{"sub":1}"#, &rules), Err(Rejection::SubjectNotAllowed));
        let any = ClaimRules { subjects: texts(&["*"]), ..ClaimRules::default() };
        assert_eq!(check(r#"{"sub":""}"#, &any), Ok(()));
        assert_eq!(check("{}", &any), Err(Rejection::SubjectNotAllowed));
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_longer_than_the_product_of_lengths() {
        let (text, pattern) = ("a".repeat(20_000), "*a".repeat(50) + "b");
        assert!(!matches_pattern(text.as_bytes(), pattern.as_bytes()));
    }

    #[test]
    fn required_claims_must_be_there_with_any_value() {
        let rules = ClaimRules { required_claims: texts(&["jti", "x\u{e9}"]), ..ClaimRules::default() };
        assert_eq!(check(r#"{"jti":null,"x\u00e9":0}"#, &rules), Ok(()));
        assert_eq!(check(r#"{"jti":null,"xé":0,"xé":0}"#, &rules), Ok(()));
        for json in ["{}", r#"{"jti":"a"}"#, r#"{"a":{"jti":1,"xé":1}}"#] {
            assert_eq!(check(json, &rules), Err(Rejection::ClaimMissing), "{json}");
        }
    }

    #[test]
    fn typ_is_compared_as_a_media_type() {
        let checker = |types: &[&str]| {
            ClaimChecker::new(ClaimRules { types: texts(types), ..ClaimRules::default() }, [].into())
        };
        for (accepted, typ) in
            [("at+jwt", "AT+JWT"), ("at+jwt", "application/at+jwt"), ("Application/at+jwt", "at+jwt")]
        {
            assert!(checker(&["x", accepted]).accepts_type(Some(typ)), "{accepted}, {typ}");
        }
        let others = ["JWT", "x/at+jwt", "application/x/at+jwt", "application+at+jwt", ""];
        for typ in others.map(Some).into_iter().chain([None]) {
            assert!(!checker(&["at+jwt"]).accepts_type(typ), "{typ:?}");
        }
        assert!(checker(&[]).accepts_type(None));
    }
}
