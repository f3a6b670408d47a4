//! Membership of a presented API key in the configured set, in a time that does not depend on
//! which key was presented.
//!
//! A [`KeyRing`] keeps the SHA-256 digest of each key, never the key. Digests lie in a table of
//! equally long rows; each digest has two rows it may lie in, picked by a keyed hash that is drawn
//! anew for each ring. A look-up reads both rows from end to end and compares every digest in
//! constant time, so its cost is the same for a first key, a last key and no key at all, and does
//! not grow with the number of keys.
//!
//! Not hidden: the length of the presented key (SHA-256 reads all of it), and, from whoever can
//! read the memory of the process, digests of keys that can be guessed.

use std::hash::{BuildHasher, RandomState};

use aws_lc_rs::digest;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use crate::error::ConfigError;

/// A SHA-256 digest as words: comparing four words in constant time is eight times cheaper than
/// comparing 32 bytes.
type Digest = [u64; 4];

/// Digests per pair of rows on average. Lower costs memory, higher costs time per look-up.
const TARGET_LOAD: usize = 2;

/// The configured API keys.
pub struct KeyRing<S = RandomState> {
    /// `row_count * row_length` slots; see [`Slot`].
    slots: Vec<Slot>,
    row_length: usize,
    /// A power of two, so that a row is picked by masking.
    row_count: usize,
    hasher: S,
}

/// A place for a digest. An empty slot is told by `taken`, not by a reserved digest.
#[derive(Clone, Copy)]
struct Slot {
    digest: Digest,
    taken: u8,
}

impl Slot {
    const EMPTY: Self = Self { digest: [0; 4], taken: 0 };

    fn holds(&self, digest: &Digest) -> Choice {
        // `&` on `Choice` does not branch; a digest of zeros in an empty slot must not match.
        let mut equal = Choice::from(self.taken);
        for (mine, theirs) in self.digest.iter().zip(digest) {
            equal &= mine.ct_eq(theirs);
        }
        equal
    }
}

impl KeyRing {
    /// A ring of these keys, compared byte for byte. Equal keys count once.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptyApiKey`] with the position of a key of no bytes.
    pub fn new<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> Result<Self, ConfigError> {
        Self::with_hasher(keys, RandomState::new())
    }
}

impl<S: BuildHasher> KeyRing<S> {
    /// Like [`KeyRing::new`] with a chosen hash for placing digests in rows. The choice affects
    /// speed only: with the worst hash all digests share one row and every look-up reads them all.
    ///
    /// # Errors
    ///
    /// As [`KeyRing::new`].
    pub fn with_hasher<K: AsRef<[u8]>>(
        keys: impl IntoIterator<Item = K>,
        hasher: S,
    ) -> Result<Self, ConfigError> {
        let mut digests = Vec::new();
        for (index, key) in keys.into_iter().enumerate() {
            if key.as_ref().is_empty() {
                return Err(ConfigError::EmptyApiKey { index });
            }
            digests.push(sha256(key.as_ref()));
        }
        digests.sort_unstable();
        digests.dedup();

        let row_count = digests.len().div_ceil(TARGET_LOAD).next_power_of_two();
        let mut rows: Vec<Vec<Digest>> = vec![Vec::new(); row_count];
        for digest in &digests {
            // The emptier of two rows: the fullest row stays short (Azar et al. 1994), and the
            // length of the fullest row is what every look-up pays.
            let (first, second) = row_pair(&hasher, row_count, digest);
            let load = |row: usize| rows.get(row).map_or(usize::MAX, Vec::len);
            let row = if load(second) < load(first) { second } else { first };
            if let Some(row) = rows.get_mut(row) {
                row.push(*digest);
            }
        }
        digests.zeroize();

        let row_length = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut slots = Vec::with_capacity(row_count * row_length);
        for row in &mut rows {
            let empty = row_length - row.len();
            slots.extend(row.iter().map(|digest| Slot { digest: *digest, taken: 1 }));
            slots.extend(std::iter::repeat_n(Slot::EMPTY, empty));
            row.zeroize();
        }
        Ok(Self { slots, row_length, row_count, hasher })
    }

    /// Whether the presented bytes are one of the keys.
    #[must_use]
    pub fn contains(&self, presented: &[u8]) -> bool {
        let digest = sha256(presented);
        let (first, second) = row_pair(&self.hasher, self.row_count, &digest);
        let mut found = Choice::from(0);
        for slot in self.row(first).iter().chain(self.row(second)) {
            found |= slot.holds(&digest);
        }
        found.into()
    }

    fn row(&self, row: usize) -> &[Slot] {
        let start = row * self.row_length;
        self.slots.get(start..start + self.row_length).unwrap_or_default()
    }
}

impl<S> Drop for KeyRing<S> {
    fn drop(&mut self) {
        for slot in &mut self.slots {
            slot.digest.zeroize();
            slot.taken.zeroize();
        }
    }
}

/// The two rows a digest may lie in, from the two halves of one keyed hash.
fn row_pair<S: BuildHasher>(hasher: &S, row_count: usize, digest: &Digest) -> (usize, usize) {
    let hash = hasher.hash_one(digest);
    let mask = row_count - 1;
    #[expect(clippy::cast_possible_truncation, reason = "each half is masked to the row count")]
    let half = |bits: u64| (bits as u32) as usize & mask;
    (half(hash), half(hash >> 32))
}

fn sha256(bytes: &[u8]) -> Digest {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(digest.as_ref().chunks_exact(8)) {
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

    fn numbered(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("key-{n:06}")).collect()
    }

    #[test]
    fn knows_each_key_and_nothing_else() {
        for count in [1, 2, 3, 10, 1_000, 100_000] {
            let keys = numbered(count);
            let ring = KeyRing::new(&keys).unwrap();
            for key in &keys {
                assert!(ring.contains(key.as_bytes()), "{key} of {count}");
            }
            for stranger in ["", "key-", "key-999999x", "KEY-000000", "key-000000 ", "key-00000"] {
                assert!(!ring.contains(stranger.as_bytes()), "{stranger:?} of {count}");
            }
        }
    }

    #[test]
    fn a_prefix_a_suffix_and_a_changed_bit_of_a_key_are_strangers() {
        let key = b"0123456789abcdef0123456789abcdef";
        let ring = KeyRing::new([key]).unwrap();
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
    fn works_with_the_worst_hash() {
        let keys = numbered(300);
        let ring = KeyRing::with_hasher(&keys, BuildHasherDefault::<OneRow>::default()).unwrap();
        assert_eq!(ring.row_length, 300);
        assert!(keys.iter().all(|key| ring.contains(key.as_bytes())));
        assert!(!ring.contains(b"key-000300"));
    }

    #[test]
    fn equal_keys_take_one_slot() {
        let ring = KeyRing::new(["same"; 50]).unwrap();
        assert_eq!(ring.slots.iter().filter(|slot| slot.taken == 1).count(), 1);
        assert!(ring.contains(b"same"));
    }

    #[test]
    fn an_empty_slot_matches_no_digest_not_even_zeros() {
        assert!(!bool::from(Slot::EMPTY.holds(&[0; 4])));
        assert!(bool::from(Slot { digest: [0; 4], taken: 1 }.holds(&[0; 4])));
    }

    #[test]
    fn refuses_an_empty_key_by_its_index() {
        let error = KeyRing::new(["a", "b", ""]).err();
        assert_eq!(error, Some(ConfigError::EmptyApiKey { index: 2 }));
    }

    #[test]
    fn a_ring_of_no_keys_knows_nobody() {
        let ring = KeyRing::new(Vec::<String>::new()).unwrap();
        assert!(!ring.contains(b""));
        assert!(!ring.contains(b"x"));
    }

    #[test]
    fn rows_stay_short_and_small_at_100_000_keys() {
        let ring = KeyRing::new(numbered(100_000)).unwrap();
        assert!(ring.row_length <= 8, "row length {}", ring.row_length);
        assert!(ring.slots.capacity() * size_of::<Slot>() <= 16_000_000);
    }

    #[test]
    fn the_digest_is_sha256() {
        // FIPS 180-4, example "abc".
        let [first, ..] = sha256(b"abc");
        assert_eq!(first.to_le_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }
}
