//! What a native function holds beside what V8 can see of it.

use std::ops::Deref;

use napi::{Env, Result};
use zeroize::Zeroize;

/// More than any call of this crate takes of the stack: a token of 4 KB, hash states, what AWS-LC adds.
const DEEPEST_STACK: usize = 64 * 1024;

/// Keys and their memory, which V8 is told of: it sees but a small function, and would let thousands of
/// dead providers pile up before it looks for them.
pub(super) struct Held<T> {
    value: T,
    bytes: i64,
    env: Env,
}

impl<T> Held<T> {
    pub(super) fn new(env: Env, value: T, bytes: usize) -> Result<Self> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        env.adjust_external_memory(bytes)?;
        Ok(Self { value, bytes, env })
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        // Its only failure is an environment that is gone, and its count with it.
        let _ = self.env.adjust_external_memory(-self.bytes);
        wipe_stack();
    }
}

/// Keys that are moved or copied leave images of themselves on the stack, which no `Drop` knows of.
#[inline(never)]
pub(super) fn wipe_stack() {
    let mut below = [0_u64; DEEPEST_STACK / 8];
    below.zeroize();
}
