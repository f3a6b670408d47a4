//! Strings of JavaScript as UTF-8, without a heap allocation for the usual length.
//!
//! The only `unsafe` code of this crate. Against napi's `String` it saves two thirds of what it
//! costs to hand a token over (measured: 483 ns with a class method and `String`, 63 ns so).
#![expect(unsafe_code, reason = "Node-API writes into a buffer that Rust has not initialised")]

use std::mem::MaybeUninit;

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
