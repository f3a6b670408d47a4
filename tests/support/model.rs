//! A second reading of tokens, written from the RFCs and the README and sharing no code with the crate:
//! its own base64url, its own JSON. Slow and simple. What a property test or a fuzzer makes up is
//! judged by both.
#![expect(clippy::indexing_slicing, reason = "a panic of the model fails the test, as it should")]

use std::collections::HashSet;

use mcp_native_auth::jwt::{MAX_HEADER_BYTES, MAX_HEADER_PARAMETERS, MAX_PAYLOAD_DEPTH, MAX_TOKEN_BYTES};
use mcp_native_auth::rejection::Rejection;

/// What the claims of an accepted token must be.
#[derive(Debug)]
pub(crate) enum Claims {
    /// The payload, to the byte.
    Payload(String),
    /// A JSON text with these lexemes.
    Lexemes(Vec<Lexeme>),
}

/// How the tokens are to be judged.
#[derive(Default)]
pub(crate) struct Terms<'t> {
    pub(crate) algorithms: &'t [&'t str],
    pub(crate) require_expiration: bool,
    /// The furthest second that `exp` may be.
    pub(crate) latest_expiration: Option<f64>,
    /// Accepted values of `typ`, in lower case and without `application/`; any if empty.
    pub(crate) types: &'t [&'t str],
    /// Issuers, and patterns of them in which `*` and `{tenantid}` are whole parts; any if empty.
    pub(crate) issuers: &'t [&'t str],
    /// The same, for the key.
    pub(crate) key_issuers: &'t [&'t str],
    /// Names of claims, each with the JSON texts of the values that it may have.
    pub(crate) claims: &'t [(&'t str, &'t [&'t str])],
    pub(crate) now: f64,
}

/// The verdict on a token; `signature_holds` is asked with the algorithm, the signing input and the
/// signature.
pub(crate) fn judge(
    token: &[u8],
    terms: &Terms<'_>,
    signature_holds: impl FnOnce(&str, &[u8], &[u8]) -> bool,
) -> Result<Claims, Rejection> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Rejection::Malformed);
    }
    let segments: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = segments.as_slice() else { return Err(Rejection::Malformed) };
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(Rejection::Malformed);
    }
    if header.len() > MAX_HEADER_BYTES {
        return Err(Rejection::HeaderInvalid);
    }
    let Header { algorithm, typ } = judge_header(&base64url(header)?)?;
    if !terms.algorithms.contains(&algorithm.as_str()) {
        return Err(Rejection::AlgorithmNotAllowed);
    }
    let signing_input = [*header, *payload].join(&b'.');
    if !signature_holds(&algorithm, &signing_input, &base64url(signature)?) {
        return Err(Rejection::SignatureInvalid);
    }
    let bare = typ.to_ascii_lowercase();
    let bare = bare.strip_prefix("application/").filter(|rest| !rest.contains('/')).unwrap_or(&bare);
    if !terms.types.is_empty() && !terms.types.contains(&bare) {
        return Err(Rejection::TypeNotAllowed);
    }
    judge_payload(&base64url(payload)?, typ == "JWT", terms)
}

/// Both empty if they are absent or no strings.
struct Header {
    algorithm: String,
    typ: String,
}

fn judge_header(header: &[u8]) -> Result<Header, Rejection> {
    let units = utf16(header).ok_or(Rejection::HeaderInvalid)?;
    let members = members(&units).ok_or(Rejection::HeaderInvalid)?;
    let mut names = HashSet::new();
    if members.len() > MAX_HEADER_PARAMETERS || !members.iter().all(|(name, _)| names.insert(name)) {
        return Err(Rejection::HeaderInvalid);
    }
    let value = |wanted: &str| {
        members.iter().find(|(name, _)| *name == units_of(wanted)).map(|(_, value)| value.as_slice())
    };
    if value("crit").is_some() || value("b64") == Some(&[Lexeme::Word("false")]) {
        return Err(Rejection::CriticalExtension);
    }
    let text = |name| match value(name) {
        Some([Lexeme::Text(units)]) => String::from_utf16(units).unwrap_or_default(),
        _ => String::new(),
    };
    Ok(Header { algorithm: text("alg"), typ: text("typ") })
}

fn judge_payload(payload: &[u8], typ_is_jwt: bool, terms: &Terms<'_>) -> Result<Claims, Rejection> {
    let text = str::from_utf8(payload).map_err(|_| Rejection::PayloadInvalid)?;
    let units = units_of(text);
    let lexemes = json(&units).ok_or(Rejection::PayloadInvalid)?;
    if depth(&lexemes) > MAX_PAYLOAD_DEPTH {
        return Err(Rejection::PayloadInvalid);
    }
    let subject = |value: Lexeme| {
        judge_claims(&[], terms)?;
        let name = Lexeme::Text(units_of("sub"));
        Ok(Claims::Lexemes(vec![Lexeme::Mark('{'), name, Lexeme::Mark(':'), value, Lexeme::Mark('}')]))
    };
    match lexemes.as_slice() {
        [Lexeme::Mark(_), ..] => {
            judge_claims(&members(&units).unwrap_or_default(), terms)?;
            Ok(Claims::Payload(text.into()))
        }
        _ if !typ_is_jwt => subject(Lexeme::Text(units)),
        [Lexeme::Text(inner)] => match json(inner) {
            Some(lexemes) if matches!(lexemes.first(), Some(Lexeme::Mark(_))) => {
                if depth(&lexemes) > MAX_PAYLOAD_DEPTH {
                    return Err(Rejection::PayloadInvalid);
                }
                judge_claims(&members(inner).unwrap_or_default(), terms)?;
                Ok(Claims::Lexemes(lexemes))
            }
            _ => subject(Lexeme::Text(inner.clone())),
        },
        [Lexeme::Word("null")] => Err(Rejection::PayloadInvalid),
        [scalar] => subject(scalar.clone()),
        _ => Err(Rejection::PayloadInvalid),
    }
}

fn judge_claims(members: &[(Vec<u16>, Vec<Lexeme>)], terms: &Terms<'_>) -> Result<(), Rejection> {
    judge_times(members, terms)?;
    // Of a name that is repeated, the last counts.
    let claim = |wanted: &str| {
        members.iter().rev().find(|(name, _)| *name == units_of(wanted)).map(|(_, value)| value.as_slice())
    };
    let text = |wanted: &str| match claim(wanted) {
        Some([Lexeme::Text(units)]) => String::from_utf16(units).ok(),
        _ => None,
    };
    for accepted in [terms.issuers, terms.key_issuers] {
        let is_accepted = |issuer: String| {
            accepted.iter().any(|pattern| is_issuer(&issuer, pattern, text("tid").as_deref()))
        };
        if !accepted.is_empty() && !text("iss").is_some_and(is_accepted) {
            return Err(Rejection::IssuerNotAllowed);
        }
    }
    for (name, values) in terms.claims {
        let values: Vec<_> =
            values.iter().filter_map(|value| json(&units_of(value))?.into_iter().next()).collect();
        let is_accepted = |item: &[Lexeme]| {
            match item {
            [Lexeme::Number(digits)] => values.iter().any(|value| {
                matches!(value, Lexeme::Number(other) if other.parse::<f64>() == digits.parse::<f64>())
            }),
            [scalar] => values.contains(scalar),
            _ => false,
        }
        };
        let found = claim(name).unwrap_or_default();
        let is_allowed = match found {
            [Lexeme::Mark('['), items @ .., Lexeme::Mark(']')] => {
                items_of(items).into_iter().any(is_accepted)
            }
            value => is_accepted(value),
        };
        if !is_allowed {
            return Err(Rejection::ClaimNotAllowed);
        }
    }
    Ok(())
}

/// Whether an issuer is that of a pattern, part by part.
fn is_issuer(issuer: &str, pattern: &str, tenant: Option<&str>) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|character| character == '-' || character.is_ascii_alphanumeric())
    };
    let (parts, patterns): (Vec<&str>, Vec<&str>) =
        (issuer.split('/').collect(), pattern.split('/').collect());
    parts.len() == patterns.len()
        && parts.iter().zip(patterns).all(|(part, pattern)| match pattern {
            "*" => is_name(part),
            "{tenantid}" => is_name(part) && tenant == Some(*part),
            _ => *part == pattern,
        })
}

/// The items between the brackets of an array.
fn items_of(lexemes: &[Lexeme]) -> Vec<&[Lexeme]> {
    let mut depth = 0;
    lexemes
        .split(|lexeme| {
            match lexeme {
                Lexeme::Mark('{' | '[') => depth += 1,
                Lexeme::Mark('}' | ']') => depth -= 1,
                _ => {}
            }
            depth == 0 && *lexeme == Lexeme::Mark(',')
        })
        .collect()
}

fn judge_times(members: &[(Vec<u16>, Vec<Lexeme>)], terms: &Terms<'_>) -> Result<(), Rejection> {
    let registered = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"].map(units_of);
    let is = |wanted: &str, name: &[u16]| *name == units_of(wanted);
    for name in &registered {
        if members.iter().filter(|(other, _)| other == name).count() > 1 {
            return Err(Rejection::PayloadInvalid);
        }
    }
    let time = |wanted: &str| match members.iter().find(|(name, _)| is(wanted, name)) {
        None => Ok(None),
        Some((_, value)) => match value.as_slice() {
            [Lexeme::Number(digits)] => {
                digits.parse::<f64>().map(Some).map_err(|_| Rejection::TimeClaimInvalid)
            }
            _ => Err(Rejection::TimeClaimInvalid),
        },
    };
    if let Some(not_before) = time("nbf")?
        && not_before > terms.now
    {
        return Err(Rejection::NotYetValid);
    }
    match time("exp")? {
        Some(f64::INFINITY) => Err(Rejection::TimeClaimInvalid),
        Some(expires) if terms.latest_expiration.is_some_and(|latest| expires > latest) => {
            Err(Rejection::TimeClaimInvalid)
        }
        Some(expires) if expires <= terms.now => Err(Rejection::Expired),
        None if terms.require_expiration => Err(Rejection::ExpirationMissing),
        _ => Ok(()),
    }
}

/// base64url without padding, each value in its one spelling. RFC 4648 §5.
fn base64url(segment: &[u8]) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for character in segment {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return Err(Rejection::Malformed),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // What is left over are zeros, and fewer than one character's.
    if count >= 6 || bits != 0 { Err(Rejection::Malformed) } else { Ok(bytes) }
}

/// A part of a JSON text. RFC 8259 §2.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Lexeme {
    /// One of `{ } [ ] : ,`.
    Mark(char),
    /// The UTF-16 code units that a string stands for.
    Text(Vec<u16>),
    Number(String),
    /// `true`, `false` or `null`.
    Word(&'static str),
}

pub(crate) fn units_of(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn utf16(bytes: &[u8]) -> Option<Vec<u16>> {
    str::from_utf8(bytes).ok().map(units_of)
}

/// The lexemes, if the text is one JSON value.
pub(crate) fn json(text: &[u16]) -> Option<Vec<Lexeme>> {
    lexemes(text).filter(|lexemes| is_value(lexemes))
}

fn lexemes(text: &[u16]) -> Option<Vec<Lexeme>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let [first, after @ ..] = rest {
        match u8::try_from(*first).ok()? {
            b' ' | b'\t' | b'\n' | b'\r' => rest = after,
            mark @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => {
                found.push(Lexeme::Mark(char::from(mark)));
                rest = after;
            }
            b'"' => {
                let (units, after) = string(after)?;
                found.push(Lexeme::Text(units));
                rest = after;
            }
            b'-' | b'0'..=b'9' => {
                let (digits, after) = number(rest)?;
                found.push(Lexeme::Number(digits));
                rest = after;
            }
            _ => {
                let word =
                    ["true", "false", "null"].into_iter().find(|word| rest.starts_with(&units_of(word)))?;
                found.push(Lexeme::Word(word));
                rest = rest.get(word.len()..)?;
            }
        }
    }
    Some(found)
}

/// What stands before the closing quotation mark, and what follows it. RFC 8259 §7.
fn string(mut rest: &[u16]) -> Option<(Vec<u16>, &[u16])> {
    const QUOTE: u16 = b'"' as u16;
    const BACKSLASH: u16 = b'\\' as u16;
    let mut units = Vec::new();
    loop {
        match rest {
            [QUOTE, after @ ..] => return Some((units, after)),
            [BACKSLASH, escaped, after @ ..] => {
                rest = after;
                units.push(match u8::try_from(*escaped).ok()? {
                    b'b' => 8,
                    b't' => 9,
                    b'n' => 10,
                    b'f' => 12,
                    b'r' => 13,
                    plain @ (b'"' | b'\\' | b'/') => plain.into(),
                    b'u' => {
                        let (digits, after) = rest.split_at_checked(4)?;
                        rest = after;
                        digits.iter().try_fold(0, |unit, digit| {
                            let value = char::from(u8::try_from(*digit).ok()?).to_digit(16)?;
                            Some(unit << 4 | u16::try_from(value).ok()?)
                        })?
                    }
                    _ => return None,
                });
            }
            [unit, after @ ..] if *unit >= 0x20 && *unit != BACKSLASH => {
                units.push(*unit);
                rest = after;
            }
            _ => return None,
        }
    }
}

/// A number's characters and what follows. RFC 8259 §6.
fn number(text: &[u16]) -> Option<(String, &[u16])> {
    let characters: Vec<u8> = text
        .iter()
        .map_while(|unit| u8::try_from(*unit).ok().filter(|byte| b"+-.0123456789eE".contains(byte)))
        .collect();
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(characters.first() == Some(&b'-'));
    let whole = digits(&characters[at..]);
    if whole == 0 || (whole > 1 && characters[at] == b'0') {
        return None;
    }
    at += whole;
    if characters.get(at) == Some(&b'.') {
        let fraction = digits(&characters[at + 1..]);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(characters.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(characters.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(characters.get(at..)?);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    // What still looks like a number after one is the mistake of the next lexeme.
    Some((String::from_utf8(characters[..at].to_vec()).ok()?, text.get(at..)?))
}

/// Whether the lexemes are one value, by a stack of what is open.
fn is_value(lexemes: &[Lexeme]) -> bool {
    #[derive(PartialEq)]
    enum Expected {
        Value,
        ValueOrEnd,
        Name,
        NameOrEnd,
        Colon,
        CommaOrEnd,
    }
    use Expected::{Colon, CommaOrEnd, Name, NameOrEnd, Value, ValueOrEnd};
    let mut open = Vec::new();
    let mut expected = Value;
    for lexeme in lexemes {
        expected = match (expected, lexeme) {
            (Value | ValueOrEnd, Lexeme::Mark('{')) => {
                open.push('}');
                NameOrEnd
            }
            (Value | ValueOrEnd, Lexeme::Mark('[')) => {
                open.push(']');
                ValueOrEnd
            }
            (Value | ValueOrEnd, Lexeme::Text(_) | Lexeme::Number(_) | Lexeme::Word(_)) => CommaOrEnd,
            (Name | NameOrEnd, Lexeme::Text(_)) => Colon,
            (Colon, Lexeme::Mark(':')) => Value,
            (CommaOrEnd, Lexeme::Mark(',')) => match open.last() {
                Some('}') => Name,
                Some(_) => Value,
                None => return false,
            },
            (ValueOrEnd, Lexeme::Mark(']')) | (NameOrEnd, Lexeme::Mark('}')) => {
                open.pop();
                CommaOrEnd
            }
            (CommaOrEnd, Lexeme::Mark(mark)) if open.last() == Some(mark) => {
                open.pop();
                CommaOrEnd
            }
            _ => return false,
        };
    }
    open.is_empty() && expected == CommaOrEnd
}

fn depth(lexemes: &[Lexeme]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for lexeme in lexemes {
        match lexeme {
            Lexeme::Mark('{' | '[') => depth += 1,
            Lexeme::Mark('}' | ']') => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The members of an object, in its order.
fn members(text: &[u16]) -> Option<Vec<(Vec<u16>, Vec<Lexeme>)>> {
    let lexemes = json(text)?;
    if lexemes.first() != Some(&Lexeme::Mark('{')) {
        return None;
    }
    let mut members: Vec<(Vec<u16>, Vec<Lexeme>)> = Vec::new();
    let mut depth = 0;
    let mut name = None;
    for lexeme in &lexemes {
        match lexeme {
            Lexeme::Mark('}' | ']') => depth -= 1,
            _ if depth != 1 => {}
            Lexeme::Mark(',') => name = None,
            Lexeme::Mark(':') => continue,
            Lexeme::Text(units) if name.is_none() => {
                name = Some(units.clone());
                members.push((units.clone(), Vec::new()));
                continue;
            }
            _ => {}
        }
        if depth > 0
            && name.is_some()
            && let Some((_, value)) = members.last_mut()
        {
            value.push(lexeme.clone());
        }
        if matches!(lexeme, Lexeme::Mark('{' | '[')) {
            depth += 1;
        }
    }
    Some(members)
}
