//! Tokens that were accepted before. An MCP client sends the same token with every message; its signature
//! need not be checked twice.
//!
//! A token is recognized by the SHA-256 of a secret drawn for the cache and the whole token: a token that is
//! taken for another one would break SHA-256. (Tokens of HS256 are recognized by their MAC, which costs about
//! as much to check as such a digest and is checked each time. MAC and claims make up the token but for its
//! header; an attacker who reads them in the memory of the process reads the key there too.) Only accepted
//! tokens are cached: forged ones evict nothing. What depends on the time is checked on every use.
//!
//! The end of the signature leads to the entry, if there is one, so that nothing is hashed for a new token.
//! An attacker who presents another token with that end makes the cache compute a digest in vain, and learns
//! nothing: to know the end is to know the token.
//!
//! A token is inserted when it comes for the second time. The first time, the doorkeeper notes a keyed hash
//! of that end, which costs next to nothing: tokens that come once evict none that come often.
//!
//! Bounded in entries, and in bytes because tokens and claims over [`MAX_CACHED_TOKEN_BYTES`] are not cached. A full
//! cache evicts the oldest entry that was not referenced since the hand last passed it (the CLOCK algorithm).

use std::collections::HashMap;
use std::hash::BuildHasher;

use aws_lc_rs::digest;

use super::claims::Times;

/// Longer tokens, in bytes, are verified each time, and so are those with longer claims.
pub const MAX_CACHED_TOKEN_BYTES: usize = 4096;

pub(super) type Fingerprint = [u8; 32];

/// The end of an encoded signature. Not its beginning: an ECDSA signature has a twin with the same beginning.
pub(super) type SignatureTail = [u8; 16];

/// Names an entry: its remainder by the capacity is the slot. Unique during the life of the cache.
pub type EntryId = u64;

pub(super) struct TokenCache {
    capacity: usize,
    seed: [u8; 32],
    /// The standard library draws a key for each map, so that an attacker cannot aim at a bucket.
    slots: HashMap<SignatureTail, usize>,
    entries: Vec<Entry>,
    /// The slot that the next eviction looks at first.
    hand: usize,
    /// Holds the seed and the token while they are hashed.
    scratch: Vec<u8>,
    /// Hashes of tokens that came once, each in the pair that some of its bits select, the later one first.
    /// Empty until the first token is accepted.
    doorkeeper: Vec<[u64; 2]>,
}

pub(super) struct Entry {
    pub(super) id: EntryId,
    pub(super) times: Times,
    /// Position of the key that verified the signature.
    pub(super) key: usize,
    /// The JSON text of the claims.
    pub(super) claims: String,
    tail: SignatureTail,
    fingerprint: Fingerprint,
    referenced: bool,
}

impl TokenCache {
    pub(super) fn new(capacity: usize, seed: [u8; 32]) -> Self {
        Self {
            capacity,
            seed,
            slots: HashMap::new(),
            entries: Vec::new(),
            hand: 0,
            scratch: Vec::new(),
            doorkeeper: Vec::new(),
        }
    }

    pub(super) fn is_cacheable(&self, token: &[u8]) -> bool {
        self.capacity > 0 && token.len() <= MAX_CACHED_TOKEN_BYTES
    }

    /// What a token that is not of HS256 is recognized by.
    pub(super) fn fingerprint(&mut self, token: &[u8]) -> Option<Fingerprint> {
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.seed);
        self.scratch.extend_from_slice(token);
        let fingerprint = digest::digest(&digest::SHA256, &self.scratch);
        self.scratch.fill(0);
        fingerprint.as_ref().try_into().ok()
    }

    /// Whether there is an entry of this or another token with this tail.
    pub(super) fn contains_tail(&self, tail: &SignatureTail) -> bool {
        self.slots.contains_key(tail)
    }

    pub(super) fn find(&mut self, tail: &SignatureTail, fingerprint: &Fingerprint) -> Option<&Entry> {
        let slot = *self.slots.get(tail)?;
        let entry = self.entries.get_mut(slot).filter(|entry| entry.fingerprint == *fingerprint)?;
        entry.referenced = true;
        Some(entry)
    }

    pub(super) fn entry(&self, id: EntryId) -> Option<&Entry> {
        let slot = usize::try_from(id.checked_rem(self.capacity as EntryId)?).ok()?;
        self.entries.get(slot).filter(|entry| entry.id == id)
    }

    /// Whether to [`insert`](Self::insert) a token that was accepted just now: it came before. If not, it is
    /// noted.
    pub(super) fn admit(&mut self, tail: &SignatureTail) -> bool {
        if self.doorkeeper.is_empty() {
            self.doorkeeper = vec![[0; 2]; self.doorkeeper_pairs()];
        }
        let hash = self.slots.hasher().hash_one(tail);
        #[expect(clippy::cast_possible_truncation, reason = "masked to the length of a Vec")]
        let position = hash as usize & (self.doorkeeper.len() - 1);
        let Some(pair) = self.doorkeeper.get_mut(position) else { return false };
        let was_noted = pair.contains(&hash);
        if !was_noted {
            *pair = [hash, pair[0]];
        }
        was_noted
    }

    /// How much memory the doorkeeper takes, which every cache comes to have; entries come one by one.
    pub(super) fn doorkeeper_bytes(&self) -> usize {
        if self.capacity == 0 { 0 } else { self.doorkeeper_pairs() * size_of::<[u64; 2]>() }
    }

    fn doorkeeper_pairs(&self) -> usize {
        self.capacity.next_power_of_two() * 2
    }

    pub(super) fn insert(
        &mut self,
        tail: SignatureTail,
        fingerprint: Fingerprint,
        key: usize,
        times: Times,
        claims: &str,
    ) {
        if self.slots.contains_key(&tail) {
            return;
        }
        if self.entries.len() < self.capacity {
            let slot = self.entries.len();
            let id = slot as EntryId;
            let claims = claims.into();
            self.entries.push(Entry { id, times, key, claims, tail, fingerprint, referenced: false });
            self.slots.insert(tail, slot);
            return;
        }
        let slot = self.evict();
        if let Some(entry) = self.entries.get_mut(slot) {
            self.slots.remove(&entry.tail);
            self.slots.insert(tail, slot);
            entry.id += self.capacity as EntryId;
            entry.times = times;
            entry.key = key;
            entry.tail = tail;
            entry.fingerprint = fingerprint;
            // Into the memory of the old claims.
            entry.claims.clear();
            entry.claims.push_str(claims);
        }
    }

    /// The slot to use again.
    fn evict(&mut self) -> usize {
        loop {
            let slot = self.hand;
            self.hand = (self.hand + 1) % self.capacity.max(1);
            match self.entries.get_mut(slot) {
                // Spared this once; ends after one round at the latest.
                Some(entry) if entry.referenced => entry.referenced = false,
                _ => return slot,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(capacity: usize) -> TokenCache {
        TokenCache::new(capacity, [7; 32])
    }

    fn tail(token: &str) -> SignatureTail {
        let mut tail = [0; 16];
        tail.iter_mut().rev().zip(token.bytes().rev()).for_each(|(target, byte)| *target = byte);
        tail
    }

    fn insert(cache: &mut TokenCache, token: &str) {
        let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
        cache.insert(tail(token), fingerprint, 0, Times::default(), token);
    }

    fn is_known(cache: &mut TokenCache, token: &str) -> bool {
        let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
        cache.find(&tail(token), &fingerprint).is_some_and(|entry| entry.claims == token)
    }

    #[test]
    fn admits_a_token_the_second_time_it_comes() {
        let mut cache = cache(10);
        assert!(!cache.admit(&tail("token")));
        assert!(!cache.admit(&tail("another")));
        assert!(cache.admit(&tail("token")));
        assert!(!cache.contains_tail(&tail("token")));
        insert(&mut cache, "token");
        assert!(cache.contains_tail(&tail("token")));
        assert!(!cache.contains_tail(&tail("another")));
    }

    #[test]
    fn another_token_with_the_same_tail_is_not_known_and_evicts_nothing() {
        let mut cache = cache(10);
        let [first, second] = ["a.b.0123456789abcdef", "a.c.0123456789abcdef"];
        insert(&mut cache, first);
        assert!(!is_known(&mut cache, second));
        insert(&mut cache, second);
        assert!(!is_known(&mut cache, second));
        assert!(is_known(&mut cache, first));
    }

    #[test]
    fn finds_what_was_inserted_and_nothing_else() {
        let mut cache = cache(10);
        insert(&mut cache, "a.b.c");
        assert!(is_known(&mut cache, "a.b.c"));
        for other in ["a.b.d", "a.b.c ", "a.b.", "", "A.b.c"] {
            assert!(!is_known(&mut cache, other), "{other:?}");
        }
    }

    #[test]
    fn holds_no_more_than_its_capacity_and_spares_what_is_referenced() {
        let mut cache = cache(8);
        insert(&mut cache, "in use");
        for n in 0..1000 {
            assert!(is_known(&mut cache, "in use"), "after {n}");
            insert(&mut cache, &format!("token {n}"));
        }
        assert_eq!(cache.entries.len(), 8);
        assert_eq!(cache.slots.len(), 8);
        assert!(is_known(&mut cache, "token 999"));
        assert!(!is_known(&mut cache, "token 0"));
    }

    #[test]
    fn ids_lead_to_their_entry_until_it_is_replaced() {
        let mut cache = cache(2);
        let mut seen = std::collections::HashSet::new();
        for n in 0..20 {
            let token = format!("token {n}");
            insert(&mut cache, &token);
            let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
            let id = cache.find(&tail(&token), &fingerprint).unwrap().id;
            assert!(seen.insert(id), "id {id} twice");
            assert_eq!(cache.entry(id).unwrap().claims, token);
        }
        assert!(cache.entry(0).is_none());
        assert!(cache.entry(u64::MAX).is_none());
    }

    #[test]
    fn a_capacity_of_zero_and_long_tokens_are_not_cached() {
        assert!(!cache(0).is_cacheable(b"token"));
        assert_eq!(cache(0).entry(0).map(|entry| entry.id), None);
        assert!(cache(1).is_cacheable(&[b'x'; MAX_CACHED_TOKEN_BYTES]));
        assert!(!cache(1).is_cacheable(&[b'x'; MAX_CACHED_TOKEN_BYTES + 1]));
    }

    #[test]
    fn caches_of_different_seeds_give_a_token_different_fingerprints() {
        let other = TokenCache::new(1, [8; 32]).fingerprint(b"token");
        assert_ne!(cache(1).fingerprint(b"token"), other);
    }
}
