//! Strings of JavaScript as UTF-8, without a heap allocation for the usual length; and JSON texts as
//! strings of JavaScript that `JSON.parse` reads fastest.
//!
//! The only `unsafe` code of this crate. Against napi's `String` it saves two thirds of what it
//! costs to hand a token over (measured: 483 ns with a class method and `String`, 63 ns so).
#![expect(unsafe_code, reason = "Node-API writes into a buffer that Rust has not initialised")]

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ptr;

use napi::bindgen_prelude::ToNapiValue;
use napi::{Env, JsString, JsValue, Result, check_status, sys};
use zeroize::Zeroize;

/// Longer strings go over the heap. A request's headers are at most 16 KB by Node's default.
const ON_STACK: usize = 4096;

/// The most bytes of one UTF-8 character: what a full buffer may have left unused.
const LONGEST_CHARACTER: usize = 4;

/// Runs `use_bytes` on the string as UTF-8, lone surrogates replaced by U+FFFD. The bytes are a copy
/// of its own, to be changed at will.
pub(super) fn with_utf8<R>(
    env: &Env,
    string: JsString<'_>,
    use_bytes: impl FnOnce(&mut [u8]) -> R,
) -> Result<R> {
    let mut buffer = [MaybeUninit::<u8>::uninit(); ON_STACK];
    let mut written = 0;
    // SAFETY: `env` and `string` come from the call that is being served and are valid during it.
    // Node-API writes at most `ON_STACK` bytes to `buffer`, the terminating NUL included, and to
    // `written` their number without the NUL.
    check_status!(unsafe {
        sys::napi_get_value_string_utf8(
            env.raw(),
            string.raw(),
            buffer.as_mut_ptr().cast(),
            ON_STACK,
            &mut written,
        )
    })?;
    if written + LONGEST_CHARACTER < ON_STACK
        && let Some(filled) = buffer.get_mut(..written)
    {
        // SAFETY: the first `written` bytes of `buffer` were written just now, and `filled` is the
        // only reference to them. `MaybeUninit<u8>` has the layout of `u8`.
        let bytes = unsafe { std::slice::from_raw_parts_mut(filled.as_mut_ptr().cast::<u8>(), written) };
        return Ok(use_bytes(bytes));
    }
    // As full as this, the buffer may hold only the beginning of the string.
    buffer.as_mut_slice().zeroize();
    let mut bytes = vec![0; string.utf8_len()? + 1];
    // SAFETY: as above, with the length of `bytes`. Not `into_utf8`, whose buffer cannot be wiped.
    check_status!(unsafe {
        sys::napi_get_value_string_utf8(
            env.raw(),
            string.raw(),
            bytes.as_mut_ptr().cast(),
            bytes.len(),
            &mut written,
        )
    })?;
    bytes.truncate(written);
    Ok(use_bytes(&mut bytes))
}

/// What `verify` tells JavaScript.
pub(super) enum Answer {
    /// A JSON text, as a string with the same JSON value.
    Json(String),
    /// A number.
    Number(f64),
}

impl ToNapiValue for Answer {
    unsafe fn to_napi_value(env: sys::napi_env, answer: Self) -> Result<sys::napi_value> {
        let mut value = ptr::null_mut();
        match answer {
            Self::Json(text) => {
                let text = in_ascii(&text);
                // ASCII is Latin-1. V8 copies that as it is; of UTF-8 it looks at each byte.
                // SAFETY: the caller vouches for `env`. Node-API reads the bytes of `text` and no more,
                // and writes to `value`.
                check_status!(unsafe {
                    sys::napi_create_string_latin1(
                        env,
                        text.as_ptr().cast(),
                        text.len().cast_signed(),
                        &mut value,
                    )
                })?;
            }
            Self::Number(number) => {
                // SAFETY: as above.
                check_status!(unsafe { sys::napi_create_double(env, number, &mut value) })?;
            }
        }
        Ok(value)
    }
}

/// A JSON text with the same value in ASCII: other characters can only stand in its strings, where an
/// escape says the same. V8 parses text with one byte a character twice as fast as text with two.
fn in_ascii(json: &str) -> Cow<'_, str> {
    if json.is_ascii() {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() * 2);
    let mut rest = json;
    while let Some(end) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let (ascii, others) = rest.split_at(end);
        escaped.push_str(ascii);
        let mut characters = others.chars();
        for unit in characters.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
            escaped.push_str("\\u");
            let digits = [12, 8, 4, 0].map(|shift| u32::from(*unit >> shift) & 0xf);
            escaped.extend(digits.into_iter().filter_map(|digit| char::from_digit(digit, 16)));
        }
        rest = characters.as_str();
    }
    escaped.push_str(rest);
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::in_ascii;

    #[test]
    fn json_in_ascii_says_the_same() {
        for (json, ascii) in [
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            ("\"Zo\u{eb}\"", r#""Zo\u00eb""#),
            ("{\"\u{141}\":\"\u{1f600}x\u{ffff}\"}", r#"{"\u0141":"\ud83d\ude00x\uffff"}"#),
        ] {
            assert_eq!(in_ascii(json), ascii);
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(value(&in_ascii(json)), value(json));
        }
    }
}
