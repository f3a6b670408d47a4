//! Strings of JavaScript as UTF-8, without a heap allocation for the usual length; and JSON texts as
//! strings of JavaScript that `JSON.parse` reads fastest.
//!
//! The only `unsafe` code of this crate. Compared with napi's `String` it saves two thirds of what it costs
//! to pass a token (measured: 483 ns with a class method and `String`, 63 ns so).
#![expect(unsafe_code, reason = "Node-API writes into a buffer that Rust has not initialised")]

use std::mem::MaybeUninit;
use std::ptr;

use napi::bindgen_prelude::ToNapiValue;
use napi::{Env, JsString, JsValue, Result, check_status, sys};
use zeroize::Zeroize;

/// Longer strings are copied to the heap. A request's headers are at most 16 KB by Node's default.
const MAX_STACK_STRING_BYTES: usize = 4096;

/// What a full buffer may have left unused: the bytes of one UTF-8 character.
const MAX_CHARACTER_BYTES: usize = 4;

/// Runs `use_bytes` on the string as UTF-8, lone surrogates replaced by U+FFFD. The bytes are a copy
/// that may be changed.
pub(super) fn with_utf8<R>(
    env: &Env,
    string: JsString<'_>,
    use_bytes: impl FnOnce(&mut [u8]) -> R,
) -> Result<R> {
    let mut buffer = [MaybeUninit::<u8>::uninit(); MAX_STACK_STRING_BYTES];
    let mut written = 0;
    // SAFETY: `env` and `string` come from the call that is being served and are valid during it. Node-API
    // writes at most `MAX_STACK_STRING_BYTES` bytes to `buffer`, the terminating NUL included, and to
    // `written` their number without the NUL.
    check_status!(unsafe {
        sys::napi_get_value_string_utf8(
            env.raw(),
            string.raw(),
            buffer.as_mut_ptr().cast(),
            MAX_STACK_STRING_BYTES,
            &mut written,
        )
    })?;
    if written + MAX_CHARACTER_BYTES < MAX_STACK_STRING_BYTES
        && let Some(filled) = buffer.get_mut(..written)
    {
        // SAFETY: the first `written` bytes of `buffer` were written just now, and `filled` is the
        // only reference to them. `MaybeUninit<u8>` has the layout of `u8`.
        let bytes = unsafe { std::slice::from_raw_parts_mut(filled.as_mut_ptr().cast::<u8>(), written) };
        return Ok(use_bytes(bytes));
    }
    // A buffer this full may hold only the beginning of the string.
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

/// The claims of an accepted token for JavaScript: a character whose code is the position of the key that
/// verified the token, and after it a JSON text.
pub(super) struct KeyedClaims(String);

impl KeyedClaims {
    pub(super) fn new(key: usize, claims: &str) -> Self {
        let mut text = String::with_capacity(1 + claims.len());
        // A verifier has at most `MAX_KEYS`, 100, so that the character is ASCII, too.
        text.push(u8::try_from(key).map_or(char::MAX, char::from));
        push_ascii(&mut text, claims);
        Self(text)
    }
}

impl ToNapiValue for KeyedClaims {
    unsafe fn to_napi_value(env: sys::napi_env, Self(text): Self) -> Result<sys::napi_value> {
        let mut value = ptr::null_mut();
        // ASCII is Latin-1. V8 copies that as it is; of UTF-8 it looks at each byte. SAFETY: the caller
        // vouches for `env`. Node-API reads the bytes of `text` and no more, and writes to `value`.
        check_status!(unsafe {
            sys::napi_create_string_latin1(env, text.as_ptr().cast(), text.len().cast_signed(), &mut value)
        })?;
        Ok(value)
    }
}

/// What `verify` returns to JavaScript.
pub(super) enum VerifyResult {
    Claims(KeyedClaims),
    Number(f64),
}

impl ToNapiValue for VerifyResult {
    unsafe fn to_napi_value(env: sys::napi_env, result: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for `env`.
        unsafe {
            match result {
                Self::Claims(claims) => KeyedClaims::to_napi_value(env, claims),
                Self::Number(number) => f64::to_napi_value(env, number),
            }
        }
    }
}

/// Appends a JSON text with the same value in ASCII: other characters can only stand in its strings, where an
/// escape means the same. V8 parses text with one byte per character twice as fast as text with two.
fn push_ascii(text: &mut String, json: &str) {
    let mut rest = json;
    // Most are ASCII, which `is_ascii` tells in vector code.
    while !rest.is_ascii()
        && let Some(end) = rest.bytes().position(|byte| !byte.is_ascii())
    {
        let (ascii, others) = rest.split_at(end);
        text.push_str(ascii);
        let mut characters = others.chars();
        for unit in characters.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
            text.push_str("\\u");
            let digits = [12, 8, 4, 0].map(|shift| u32::from(*unit >> shift) & 0xf);
            text.extend(digits.into_iter().filter_map(|digit| char::from_digit(digit, 16)));
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::KeyedClaims;

    #[test]
    fn claims_in_ascii_have_the_same_value() {
        for (json, ascii) in [
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            ("\"Zo\u{eb}\"", r#""Zo\u00eb""#),
            ("{\"\u{141}\":\"\u{1f600}x\u{ffff}\"}", r#"{"\u0141":"\ud83d\ude00x\uffff"}"#),
        ] {
            for key in [0, 99] {
                let KeyedClaims(text) = KeyedClaims::new(key, json);
                let (position, claims) = text.split_at(1);
                assert_eq!((position.as_bytes(), claims), (&[key as u8][..], ascii));
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                assert_eq!(value(claims), value(json));
            }
        }
    }
}
