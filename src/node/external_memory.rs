//! Memory of native functions that V8 cannot see.

use std::ops::Deref;

use napi::{Env, Result};
use zeroize::Zeroize;

/// More than any call of this crate takes of the stack: a token of 4 KB, hash states, what AWS-LC adds.
const MAX_STACK_BYTES: usize = 64 * 1024;

/// A value with keys, whose memory V8 is told of: it sees only a small function, and would let thousands of
/// dead providers accumulate before it collects them.
pub(super) struct ExternallyAccounted<T> {
    value: T,
    bytes: i64,
    env: Env,
}

impl<T> ExternallyAccounted<T> {
    pub(super) fn new(env: Env, value: T, bytes: usize) -> Result<Self> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        env.adjust_external_memory(bytes)?;
        Ok(Self { value, bytes, env })
    }
}

impl<T> Deref for ExternallyAccounted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for ExternallyAccounted<T> {
    fn drop(&mut self) {
        // Fails only if the environment is gone, and its count with it.
        let _ = self.env.adjust_external_memory(-self.bytes);
        zeroize_stack();
    }
}

/// Keys that are moved or copied leave images on the stack that no `Drop` reaches.
#[inline(never)]
pub(super) fn zeroize_stack() {
    let mut below = [0_u64; MAX_STACK_BYTES / 8];
    below.zeroize();
}
