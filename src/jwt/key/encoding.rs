//! Key material in base64 and hexadecimal, as people paste it.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, decoded_len_estimate};
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// base64, padded or not.
pub(super) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decode_with(&BASE64, text)
}

/// base64url or base64, padded or not: as leniently as Node reads it.
pub(super) fn decode_base64url(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decode_with(&BASE64URL, text).or_else(|| decode_with(&BASE64, text))
}

fn decode_with(base64: &GeneralPurpose, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let compact = strip_whitespace(text);
    // Not `decode`, which does not wipe what it decoded when it meets a wrong character.
    let mut decoded = Zeroizing::new(vec![0; decoded_len_estimate(compact.len())]);
    let length = base64.decode_slice(&*compact, &mut decoded).ok()?;
    decoded.truncate(length);
    Some(decoded)
}

/// The text without white space and without the escapes `\n` and `\r`.
fn strip_whitespace(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && bytes.next_if(|next| matches!(next, b'n' | b'r')).is_some() {
            continue;
        }
        if !byte.is_ascii_whitespace() {
            compact.push(byte);
        }
    }
    compact
}

/// The text before and after the first occurrence of `needle`.
pub(super) fn split_once<'t>(text: &'t [u8], needle: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let start = text.windows(needle.len()).position(|window| window == needle)?;
    Some((text.get(..start)?, text.get(start + needle.len()..)?))
}

/// Shorter results are not examined.
const MIN_DECODED_BYTES: usize = 8;
/// In a text of several words, base64 may begin at each of the first few.
const MAX_STARTS: usize = 8;

/// What parts of a text, and all of it, may stand for: in base64 or base64url, in hexadecimal, as decimal numbers.
pub(super) fn decodings(text: &str) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let parts = text.split(|character: char| !(is_base64(character) || character.is_ascii_whitespace()));
    let from_words = parts.flat_map(|part| words(part).take(MAX_STARTS).map(|(start, _)| part.get(start..)));
    from_words
        .map(|text| base64(text.unwrap_or_default().bytes()))
        .chain(std::iter::once_with(|| base64(text.bytes())))
        .chain(hexadecimal(text))
        .chain(decimal(text))
        .filter(|decoded| decoded.len() >= MIN_DECODED_BYTES)
}

/// What a text may stand for in base64 if something precedes it, whose length is not known.
pub(super) fn shifted_decodings(text: &str) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    (0..4).map(|shift| base64(text.bytes().filter(|byte| is_base64(char::from(*byte))).skip(shift)))
}

/// The words that may be base64, and where they begin.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let start = end + text.get(end..)?.find(is_base64)?;
        let rest = text.get(start..)?;
        end = rest.find(|next| !is_base64(next)).map_or(text.len(), |length| start + length);
        Some((start, text.get(start..end)?))
    })
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '-' | '_')
}

/// base64 and base64url. Skips all other characters, and bits that are left over.
pub(super) fn base64(text: impl Iterator<Item = u8>) -> Zeroizing<Vec<u8>> {
    let (_, most) = text.size_hint();
    // Allocated at full size: what a growing Vec leaves behind is not wiped.
    let mut decoded = Zeroizing::new(Vec::with_capacity(most.unwrap_or_default() * 3 / 4 + 1));
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count & 0xff) as u8);
        }
    }
    decoded
}

/// Hexadecimal digits in pairs, as dumps, languages and certificates print them: `3082`, `30:82`, `0x30, 0x82`,
/// `\x30\x82`.
fn hexadecimal(text: &str) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let is_separator = |character: char| character.is_ascii_whitespace() || ":,-\\".contains(character);
    let parts = text.split(move |character: char| {
        !(character.is_ascii_hexdigit() || is_separator(character) || matches!(character, 'x' | 'X'))
    });
    parts.map(|part| {
        let mut decoded = Zeroizing::new(Vec::with_capacity(part.len() / 2));
        let mut high = None;
        for character in part.chars() {
            match (character.to_digit(16), high.take()) {
                (Some(low), Some(high)) => decoded.push((high << 4 | low) as u8),
                (Some(digit), None) => high = Some(digit),
                // The `0` before an `x`, or the end of a digit without a pair.
                (None, _) => {}
            }
        }
        decoded
    })
}

/// Bytes as decimal numbers, as `JSON.stringify()` and other functions print a buffer.
fn decimal(text: &str) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let parts = text.split(|character: char| {
        !(character.is_ascii_digit() || character == ',' || character.is_ascii_whitespace())
    });
    parts.map(|part| {
        let mut decoded = Zeroizing::new(Vec::with_capacity(part.len() / 2 + 1));
        let numbers =
            part.split(|character: char| !character.is_ascii_digit()).filter(|number| !number.is_empty());
        decoded.extend(numbers.map_while(|number| number.parse::<u8>().ok()));
        decoded
    })
}
