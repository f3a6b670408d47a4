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

/// The bytes of text that is base64, base64url or hexadecimal. White space, quotation marks around it, and
/// whatever follows a line of dashes are ignored: that may be the END of a PEM whose BEGIN was lost.
pub(super) fn decode_any(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let (text, _) = split_once(text, b"\n-----").unwrap_or((text, text));
    [decode_with(&BASE64, text), decode_with(&BASE64URL, text), decode_hex(text)].into_iter().flatten()
}

/// base64, padded or not.
pub(super) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decode_with(&BASE64, text)
}

/// base64url or base64, padded or not: as leniently as Node reads it.
pub(super) fn decode_base64url(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decode_with(&BASE64URL, text).or_else(|| decode_with(&BASE64, text))
}

/// Hexadecimal, with or without colons between bytes, as dumps print it.
fn decode_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = strip_whitespace(text);
    let digits = text.strip_prefix(b"0x").unwrap_or(&text).iter().filter(|byte| **byte != b':');
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut pairs = Zeroizing::new(Vec::with_capacity(text.len()));
    for byte in digits {
        pairs.push(digit(byte)?);
    }
    let bytes = pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    (pairs.len() % 2 == 0).then(|| Zeroizing::new(bytes.collect()))
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
