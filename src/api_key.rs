//! Membership of a presented API key in the configured set, in a time that does not depend on
//! which key was presented.
//!
//! A [`KeyRing`] keeps the SHA-256 digest of each key, never the key. Digests lie in a table of
//! equally long rows; each digest has two rows it may lie in, picked by a keyed hash that is drawn
//! for each ring. A look-up reads both rows from end to end and compares every digest in
//! constant time, so its cost is the same for a first key, a last key and no key at all, and does
//! not grow with the number of keys.
//!
//! Not hidden: the length of the presented key (SHA-256 reads all of it), and, from an attacker who can read
//! the memory of the process, digests of keys that can be guessed.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use aws_lc_rs::digest;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;
use zeroize::Zeroize;

/// A SHA-256 digest as words, which compare eight times cheaper than bytes.
type Digest = [u64; 4];

/// Digests per row on average. Lower costs memory for empty slots, higher costs time per look-up.
const TARGET_LOAD: usize = 2;

/// The configured API keys.
pub struct KeyRing<S = RandomState> {
    /// Rows of [`KeyRing::row_length`] digests, one after the other; a row that is not full ends in
    /// [`EMPTY`] slots.
    slots: Vec<Digest>,
    /// For each slot, the index of its key in the order in which keys were added.
    indices: Vec<u32>,
    row_length: usize,
    row_count: usize,
    hasher: S,
}

/// Fills the slots that hold no key. No bytes with this digest are known.
const EMPTY: Digest = [0; 4];

/// Collects the digests of keys for a [`KeyRing`].
#[derive(Default)]
pub struct KeyRingBuilder {
    /// Each with its index, so that they can be sorted in place.
    digests: Vec<(Digest, u32)>,
}

/// An API key of no bytes, which every request without a key would present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an API key is empty")]
pub struct EmptyKey;

/// The length in bytes of the digests that [`KeyRingBuilder::add_digest`] takes. FIPS 180-4.
pub const DIGEST_BYTES: usize = 32;

impl KeyRingBuilder {
    /// A builder for so many keys. A builder that outgrows its capacity leaves digests behind that are not
    /// wiped.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        Self { digests: Vec::with_capacity(keys) }
    }

    /// Adds a key. Equal keys count once.
    ///
    /// # Errors
    ///
    /// [`EmptyKey`] if it has no bytes.
    pub fn add(&mut self, key: &[u8]) -> Result<(), EmptyKey> {
        if key.is_empty() {
            return Err(EmptyKey);
        }
        self.push(sha256(key));
        Ok(())
    }

    /// Adds the key that has this SHA-256 digest.
    pub fn add_digest(&mut self, digest: &[u8; DIGEST_BYTES]) {
        self.push(words(digest));
    }

    fn push(&mut self, digest: Digest) {
        // A longer list fits into no memory.
        let index = u32::try_from(self.digests.len()).unwrap_or(u32::MAX);
        self.digests.push((digest, index));
    }

    /// The indices of equal keys, the earlier one first. Whether they are meant or a mistake, the caller
    /// decides.
    pub fn duplicates(&self) -> Vec<(usize, usize)> {
        let digest = |index: &u32| self.digests.get(*index as usize).map(|(digest, _)| digest);
        let mut order: Vec<u32> = self.digests.iter().map(|(_, index)| *index).collect();
        order.sort_unstable_by_key(|index| (digest(index), *index));
        let pairs = order.iter().zip(order.iter().skip(1));
        let mut duplicates: Vec<_> = pairs
            .filter(|(one, next)| digest(one) == digest(next))
            .map(|(one, next)| (*one as usize, *next as usize))
            .collect();
        duplicates.sort_unstable_by_key(|(_, later)| *later);
        duplicates
    }

    /// The ring of the keys, compared byte for byte.
    #[must_use]
    pub fn build(self) -> KeyRing {
        self.build_with(RandomState::new())
    }

    /// Like [`KeyRingBuilder::build`] with a chosen hash that selects the rows of digests. The choice
    /// affects speed only: with the worst hash all digests share one row and every look-up reads them
    /// all.
    pub fn build_with<S: BuildHasher>(mut self, hasher: S) -> KeyRing<S> {
        // By digest, so that equal ones stand together; the first index counts.
        let keys = &mut self.digests;
        keys.sort_unstable();
        keys.dedup_by_key(|(digest, _)| *digest);
        let row_count = keys.len().div_ceil(TARGET_LOAD).max(1);

        // The emptier of two rows: the fullest row stays short (Azar et al. 1994), and the length of
        // the fullest row is what every look-up pays.
        let mut loads = vec![0_usize; row_count];
        let load = |loads: &[usize], row: usize| loads.get(row).copied().unwrap_or_default();
        let slots_of_keys: Vec<(u32, u32)> = keys
            .iter()
            .map(|(digest, _)| {
                let (first, second) = row_pair(&hasher, row_count, digest);
                let row = if load(&loads, second) < load(&loads, first) { second } else { first };
                let column = load(&loads, row);
                if let Some(load) = loads.get_mut(row) {
                    *load += 1;
                }
                (row as u32, column as u32)
            })
            .collect();

        let row_length = loads.iter().copied().max().unwrap_or_default();
        let mut slots = vec![EMPTY; row_count * row_length];
        let mut indices = vec![0; slots.len()];
        for ((digest, index), (row, column)) in keys.iter().zip(slots_of_keys) {
            let position = row as usize * row_length + column as usize;
            if let (Some(slot), Some(slot_index)) = (slots.get_mut(position), indices.get_mut(position)) {
                *slot = *digest;
                *slot_index = *index;
            }
        }
        KeyRing { slots, indices, row_length, row_count, hasher }
    }
}

impl Drop for KeyRingBuilder {
    fn drop(&mut self) {
        self.digests.zeroize();
    }
}

impl<S: BuildHasher> KeyRing<S> {
    /// Whether the presented bytes are one of the keys.
    #[must_use]
    pub fn contains(&self, presented: &[u8]) -> bool {
        let digest = sha256(presented);
        let (first, second) = row_pair(&self.hasher, self.row_count, &digest);
        let mut found = Choice::from(0);
        for slot in self.row(first).iter().chain(self.row(second)) {
            found |= difference(slot, &digest).ct_eq(&0);
        }
        found.into()
    }

    /// The index of the presented key in the order in which keys were added, the first of equal ones. The
    /// time depends neither on which key it is nor on whether there is one.
    #[must_use]
    pub fn find(&self, presented: &[u8]) -> Option<usize> {
        let digest = sha256(presented);
        let (first, second) = row_pair(&self.hasher, self.row_count, &digest);
        let mut found = Choice::from(0);
        let mut index = 0_u32;
        for row in [first, second] {
            let indices = self.indices.get(self.span(row)).unwrap_or_default();
            for (slot, slot_index) in self.row(row).iter().zip(indices) {
                let equal = difference(slot, &digest).ct_eq(&0);
                index.conditional_assign(slot_index, equal);
                found |= equal;
            }
        }
        bool::from(found).then_some(index as usize)
    }

    /// A builder that has the keys of these indices, in this order, and capacity for more: for a ring without
    /// some keys and with others.
    ///
    /// Only the first of equal keys has its index here.
    #[must_use]
    pub fn builder_with(&self, kept: &[u32], more: usize) -> KeyRingBuilder {
        let last = self.indices.iter().copied().max().unwrap_or_default() as usize;
        let mut by_index = vec![EMPTY; last + 1];
        for (slot, index) in self.slots.iter().zip(&self.indices).filter(|(slot, _)| **slot != EMPTY) {
            if let Some(digest) = by_index.get_mut(*index as usize) {
                *digest = *slot;
            }
        }
        let mut builder = KeyRingBuilder { digests: Vec::with_capacity(kept.len() + more) };
        for index in kept {
            // An index without a key leaves those after it as they are.
            builder.push(by_index.get(*index as usize).copied().unwrap_or(EMPTY));
        }
        by_index.zeroize();
        builder
    }

    /// How much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Digest>() + self.indices.capacity() * size_of::<u32>()
    }

    fn row(&self, row: usize) -> &[Digest] {
        self.slots.get(self.span(row)).unwrap_or_default()
    }

    fn span(&self, row: usize) -> Range<usize> {
        let start = row * self.row_length;
        start..start + self.row_length
    }
}

impl<S> Drop for KeyRing<S> {
    fn drop(&mut self) {
        self.slots.zeroize();
    }
}

/// The two rows a digest may lie in, from the two halves of one keyed hash.
fn row_pair<S: BuildHasher>(hasher: &S, row_count: usize, digest: &Digest) -> (usize, usize) {
    let hash = hasher.hash_one(digest);
    // Multiplying and shifting spreads 32 bits over any number of rows without a division.
    let row = |half: u64| (((half & 0xffff_ffff) * row_count as u64) >> 32) as usize;
    (row(hash), row(hash >> 32))
}

/// 0 for equal digests. Exclusive or and or take the same time for all values; `subtle` must compare the
/// result, so that the compiler makes no branch of it.
fn difference(one: &Digest, other: &Digest) -> u64 {
    one.iter().zip(other).fold(0, |bits, (mine, theirs)| bits | (mine ^ theirs))
}

fn sha256(bytes: &[u8]) -> Digest {
    words(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn words(digest: &[u8]) -> Digest {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(digest.chunks_exact(8)) {
        *word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
    }
    words
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasherDefault, Hasher};

    use super::*;

    /// Sends every digest to row 0: the worst hash there is.
    #[derive(Default)]
    struct OneRow;

    impl Hasher for OneRow {
        fn finish(&self) -> u64 {
            0
        }

        fn write(&mut self, _: &[u8]) {}
    }

    fn ring<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> KeyRing {
        builder(keys).build()
    }

    fn builder<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> KeyRingBuilder {
        let mut builder = KeyRingBuilder::default();
        for key in keys {
            builder.add(key.as_ref()).unwrap();
        }
        builder
    }

    fn numbered(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("key-{n:06}")).collect()
    }

    #[test]
    fn contains_each_key_and_nothing_else() {
        for count in [1, 2, 3, 10, 1_000, 100_000] {
            let keys = numbered(count);
            let ring = ring(&keys);
            for key in &keys {
                assert!(ring.contains(key.as_bytes()), "{key} of {count}");
            }
            for stranger in ["", "key-", "key-999999x", "KEY-000000", "key-000000 ", "key-00000"] {
                assert!(!ring.contains(stranger.as_bytes()), "{stranger:?} of {count}");
            }
        }
    }

    #[test]
    fn a_prefix_and_a_changed_bit_of_a_key_are_unknown() {
        let key = b"0123456789abcdef0123456789abcdef";
        let ring = ring([key]);
        for end in 0..key.len() {
            assert!(!ring.contains(&key[..end]));
        }
        for bit in 0..key.len() * 8 {
            let mut other = *key;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!ring.contains(&other), "bit {bit}");
        }
        assert!(ring.contains(key));
    }

    #[test]
    fn differences_do_not_cancel_each_other() {
        for bits in [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1], [0, 7, 0, 7], [1, 2, 3, 0]] {
            assert_ne!(difference(&bits, &[0; 4]), 0, "{bits:?}");
            assert_eq!(difference(&bits, &bits), 0, "{bits:?}");
        }
    }

    #[test]
    fn works_with_the_worst_hash() {
        let keys = numbered(300);
        let ring = builder(&keys).build_with(BuildHasherDefault::<OneRow>::default());
        assert_eq!(ring.row_length, 300);
        assert!(keys.iter().all(|key| ring.contains(key.as_bytes())));
        assert!(!ring.contains(b"key-000300"));
    }

    #[test]
    fn equal_keys_take_one_slot() {
        let ring = ring(["same"; 50]);
        assert_eq!(ring.slots.iter().filter(|slot| **slot != EMPTY).count(), 1);
        assert!(ring.contains(b"same"));
    }

    #[test]
    fn finds_each_key_by_its_index_and_nothing_else() {
        for count in [1, 2, 7, 1_000] {
            let keys = numbered(count);
            let ring = ring(&keys);
            for (index, key) in keys.iter().enumerate() {
                assert_eq!(ring.find(key.as_bytes()), Some(index), "{key} of {count}");
            }
            assert_eq!(ring.find(b"key-"), None);
            assert_eq!(ring.find(b""), None);
        }
        assert_eq!(ring(Vec::<String>::new()).find(b""), None);
        assert_eq!(ring(["a", "b", "a"]).find(b"a"), Some(0));
    }

    #[test]
    fn a_digest_replaces_its_key() {
        let mut builder = builder(["a"]);
        builder.add_digest(digest::digest(&digest::SHA256, b"hashed").as_ref().try_into().unwrap());
        assert_eq!(builder.duplicates(), []);
        let ring = builder.build();
        assert_eq!((ring.find(b"a"), ring.find(b"hashed")), (Some(0), Some(1)));
    }

    #[test]
    fn tells_the_indices_of_equal_keys() {
        assert_eq!(builder(["b", "a", "b", "c", "a", "b"]).duplicates(), [(0, 2), (1, 4), (2, 5)]);
    }

    #[test]
    fn keys_are_removed_and_added_without_the_others_being_given_again() {
        let keys = numbered(100);
        let kept: Vec<u32> = (0..100).filter(|index| index % 3 != 0).collect();
        let mut builder = ring(&keys).builder_with(&kept, 1);
        builder.add(b"new").unwrap();
        let ring = builder.build();
        for (index, key) in keys.iter().enumerate() {
            let expected = kept.iter().position(|kept| *kept as usize == index);
            assert_eq!(ring.find(key.as_bytes()), expected, "{key}");
        }
        assert_eq!(ring.find(b"new"), Some(kept.len()));
        assert!(!ring.contains(b"key-000000"));
    }

    #[test]
    fn rejects_an_empty_key() {
        assert_eq!(builder(["a", "b"]).add(b""), Err(EmptyKey));
    }

    #[test]
    fn a_ring_of_no_keys_contains_nothing() {
        let ring = ring(Vec::<String>::new());
        assert!(!ring.contains(b""));
        assert!(!ring.contains(b"x"));
    }

    #[test]
    fn rows_stay_short_and_small_at_100_000_keys() {
        let ring = ring(numbered(100_000));
        assert!(ring.row_length <= 8, "row length {}", ring.row_length);
        // A digest and an index each, at least.
        assert!((3_600_000..=14_000_000).contains(&ring.bytes()), "{} bytes", ring.bytes());
    }

    #[test]
    fn the_digest_is_sha256() {
        // FIPS 180-4, example "abc".
        let [first, ..] = sha256(b"abc");
        assert_eq!(first.to_le_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }
}
