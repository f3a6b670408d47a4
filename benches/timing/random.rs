//! Chance, and keys made of it.

use std::hash::{BuildHasher, RandomState};

/// Random numbers that cost little beside what is measured: Marsaglia's xorshift64* (2003).
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new() -> Self {
        // Zero is the one state that it never leaves.
        Self { state: RandomState::new().hash_one(()) | 1 }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let high = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        ((high * limit as u64) >> 32) as usize
    }

    pub(crate) fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let Some(chosen) = of.get(self.below(of.len())) else { unreachable!("below the length") };
        chosen
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }

    pub(crate) fn letter(&mut self) -> u8 {
        *self.one_of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    }

    /// 32 letters.
    pub(crate) fn key(&mut self) -> Vec<u8> {
        (0..32).map(|_| self.letter()).collect()
    }
}
