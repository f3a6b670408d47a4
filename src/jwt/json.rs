//! What verification needs of JSON beyond serde_json: names that are not valid `str`, depth, and
//! strictness where serde_json's reader of bytes has none. RFC 8259.
//!
//! A *raw value* is the JSON text of a value as it stands in the text around it, without white space.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Calls `visit` with the name and the raw value of each member of an object, in its order. `None` if the
/// text is not one JSON object, or as soon as `visit` returns `None`.
pub(super) fn each_member<'j>(
    json: &'j str,
    visit: impl FnMut(Cow<'j, [u8]>, &'j [u8]) -> Option<()>,
) -> Option<()> {
    struct Members<F>(F);

    impl<'j, F: FnMut(Cow<'j, [u8]>, &'j [u8]) -> Option<()>> Visitor<'j> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'j>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((Text(name), value)) = map.next_entry::<_, &RawValue>()? {
                self.0(name, value.get().as_bytes()).ok_or_else(|| A::Error::custom("stopped"))?;
            }
            Ok(())
        }
    }

    if !holds_no_control_character(json) && !is_json(json.as_bytes()) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Members(visit)).ok()?;
    deserializer.end().ok()
}

/// Whether `matches` returns true for the raw value of an item of an array.
pub(super) fn any_item<'j>(json: &'j [u8], matches: impl FnMut(&'j [u8]) -> bool) -> bool {
    struct Items<F>(F);

    impl<'j, F: FnMut(&'j [u8]) -> bool> Visitor<'j> for Items<F> {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'j>>(mut self, mut items: A) -> Result<bool, A::Error> {
            let mut found = false;
            while let Some(item) = items.next_element::<&RawValue>()? {
                found = found || self.0(item.get().as_bytes());
            }
            Ok(found)
        }
    }

    serde_json::Deserializer::from_slice(json).deserialize_seq(Items(matches)).unwrap_or(false)
}

/// The bytes that a raw value stands for if it is a string, with lone surrogates as in WTF-8: JSON may escape
/// one (`"\ud800"`), which no `str` can hold.
pub(super) fn string(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    if let [b'"', text @ .., b'"'] = raw
        && !text.contains(&b'\\')
    {
        return Some(Cow::Borrowed(text));
    }
    serde_json::from_slice(raw).ok().map(|Text(bytes)| bytes)
}

/// The double that a raw value stands for if it is a number.
pub(super) fn number(raw: &[u8]) -> Option<f64> {
    // `str::parse` rounds to the nearest double as JavaScript does, and gives infinity where serde_json rejects the
    // number. It also takes `inf` and `nan`, which JSON does not.
    raw.first().filter(|first| **first == b'-' || first.is_ascii_digit())?;
    str::from_utf8(raw).ok()?.parse().ok()
}

/// A string as bytes.
struct Text<'j>(Cow<'j, [u8]>);

impl<'j> Deserialize<'j> for Text<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'j> Visitor<'j> for TextVisitor {
            type Value = Text<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, text: &'j [u8]) -> Result<Text<'j>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_bytes<E>(self, text: &[u8]) -> Result<Text<'j>, E> {
                Ok(Text(Cow::Owned(text.to_vec())))
            }
        }

        deserializer.deserialize_bytes(TextVisitor)
    }
}

/// Whether each byte is a space or above. What serde_json reads as bytes may hold raw control characters in
/// strings, against RFC 8259 §7.
fn holds_no_control_character(json: &str) -> bool {
    // A fold without early exit compiles to vector code, which is ten times faster here.
    !json.bytes().fold(false, |found, byte| found | (byte < b' '))
}

/// The first byte that is not JSON white space. RFC 8259 §2.
pub(super) fn first_token(json: &[u8]) -> Option<u8> {
    json.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Whether the bytes are one JSON text. Walks without recursion, however deep the text nests.
pub(super) fn is_json(json: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(json).is_ok()
}

/// Whether arrays and objects nest deeper than `max` levels.
pub(super) fn nests_deeper_than(json: &[u8], max: usize) -> bool {
    // Each level takes two bytes, so that most texts need not be walked.
    if json.len() <= 2 * max {
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
                if depth > max {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The same JSON text in UTF-8: a lone surrogate, which WTF-8 writes as three bytes, can only stand in a
/// string, where `\ud800` means the same. `None` if the text is not WTF-8.
pub(super) fn escape_lone_surrogates(json: &[u8]) -> Option<String> {
    let mut escaped = String::with_capacity(json.len());
    let mut rest = json;
    loop {
        match str::from_utf8(rest) {
            Ok(text) => {
                escaped.push_str(text);
                return Some(escaped);
            }
            Err(error) => {
                let (valid, from_surrogate) = rest.split_at_checked(error.valid_up_to())?;
                let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] = from_surrogate else {
                    return None;
                };
                escaped.push_str(str::from_utf8(valid).ok()?);
                let code = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
                escaped.push_str(&format!("\\u{code:04x}"));
                rest = after;
            }
        }
    }
}
