//! What verification needs of JSON beyond serde_json: names that are no valid `str`, depth, and
//! strictness where the byte-wise reader has none. RFC 8259.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, Visitor};

use crate::error::Rejection;

/// Reads a JSON object into a type that takes its names as [`Name`].
///
/// serde_json lets raw control characters pass in a string that is read as bytes, RFC 8259 §7 does
/// not. Text that holds any, be it as white space, is therefore walked once more.
pub(super) fn object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<T> {
    // A fold without early exit compiles to vector code, which is ten times faster here.
    let has_control = json.iter().fold(false, |found, byte| found | (*byte < b' '));
    if has_control && !is_json(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// The bytes of a text that is one JSON string, with lone surrogates as in WTF-8.
pub(super) fn string(json: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Name(bytes) = object(json)?;
    Some(bytes)
}

/// A member name as bytes: JSON may escape a lone surrogate (`"\ud800"`), which no `str` can hold.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name<'de>(pub(super) Cow<'de, [u8]>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_borrowed_bytes<E>(self, name: &'de [u8]) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_bytes<E>(self, name: &[u8]) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_vec())))
            }
        }

        deserializer.deserialize_bytes(NameVisitor)
    }
}

/// The first byte that is no JSON white space. RFC 8259 §2.
pub(super) fn first_token(json: &[u8]) -> Option<u8> {
    json.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Whether the bytes are one JSON text. Walks without recursion, however deep the text nests.
pub(super) fn is_json(json: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(json).is_ok()
}

/// Whether arrays and objects nest deeper than `limit`.
pub(super) fn nests_deeper_than(json: &[u8], limit: usize) -> bool {
    // Each level takes two bytes, so that the usual token need not be walked.
    if json.len() <= 2 * limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Turns a JSON text in WTF-8 (UTF-8 in which lone surrogates may stand) into UTF-8 of the same
/// value. A surrogate can only stand in a string, where `\ud800` says the same.
pub(super) fn escape_lone_surrogates(json: &[u8]) -> Result<String, Rejection> {
    let mut escaped = String::with_capacity(json.len());
    let mut rest = json;
    loop {
        match str::from_utf8(rest) {
            Ok(text) => {
                escaped.push_str(text);
                return Ok(escaped);
            }
            Err(error) => {
                let (valid, from_surrogate) =
                    rest.split_at_checked(error.valid_up_to()).ok_or(Rejection::PayloadInvalid)?;
                let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] = from_surrogate else {
                    return Err(Rejection::PayloadInvalid);
                };
                escaped.push_str(str::from_utf8(valid).map_err(|_| Rejection::PayloadInvalid)?);
                let code = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
                escaped.push_str(&format!("\\u{code:04x}"));
                rest = after;
            }
        }
    }
}
