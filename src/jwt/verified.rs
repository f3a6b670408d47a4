//! Tokens that were verified before. An MCP client sends the same token with every message; its
//! signature need not be checked twice.
//!
//! A token is known by the SHA-256 of a secret drawn for the cache and the token, all of it, so that
//! whoever could present a token that is taken for another could break SHA-256. (Tokens of HS256 are
//! known by their MAC: it costs about as much to check as such a digest and is checked each time.
//! It and the claims make up the token but for its header; whoever reads them in the memory of the process
//! reads the key there too.) Only tokens with a good signature get in: forged ones displace nothing. The
//! times and all that rules ask of the claims are checked anew on every use.
//!
//! The end of the signature leads to the entry, if there is one, so that nothing is hashed for a token
//! that comes for the first time. Whoever presents another token with that end makes the cache compute a
//! digest in vain, and is told nothing: to know the end is to know the token.
//!
//! A token is kept when it comes for the second time. The first time only a keyed hash of that end is
//! noted, which costs next to nothing: tokens that come once push out none that come often.
//!
//! Bounded in entries, and in bytes because tokens over [`LONGEST_TOKEN`] are not kept. When full, the
//! oldest entry that was not used since it was last passed over goes (the CLOCK algorithm).

use std::collections::HashMap;
use std::hash::BuildHasher;

use aws_lc_rs::digest;

use super::claims::Facts;

/// Longer tokens, in bytes, are verified anew each time.
pub const LONGEST_TOKEN: usize = 4096;

pub(super) type Fingerprint = [u8; 32];

/// The end of an encoded signature, and not its beginning: of an ECDSA signature there is a second one
/// with the same beginning.
pub(super) type Mark = [u8; 16];

/// Which entry of the cache, and which of the entries that were there one after the other: the
/// remainder by the capacity is the place. Unique during the life of the cache.
pub type EntryId = u64;

pub(super) struct VerifiedTokens {
    capacity: usize,
    seed: [u8; 32],
    /// Keyed anew for each cache by the standard library, so that nobody can aim at a bucket.
    places: HashMap<Mark, usize>,
    entries: Vec<Entry>,
    /// The place that the next eviction looks at first.
    hand: usize,
    /// Holds the seed and the token while they are hashed.
    scratch: Vec<u8>,
    /// Tokens that came once: a hash of each, in the pair that some bits of it point to, the later one
    /// first. Empty until the first token is accepted.
    seen_once: Vec<[u64; 2]>,
}

pub(super) struct Entry {
    pub(super) id: EntryId,
    pub(super) facts: Facts,
    /// Position of the key that its signature holds under.
    pub(super) key: usize,
    /// What verification gave: the JSON text of the claims.
    pub(super) claims: String,
    mark: Mark,
    fingerprint: Fingerprint,
    was_used: bool,
}

impl VerifiedTokens {
    pub(super) fn new(capacity: usize, seed: [u8; 32]) -> Self {
        Self {
            capacity,
            seed,
            places: HashMap::new(),
            entries: Vec::new(),
            hand: 0,
            scratch: Vec::new(),
            seen_once: Vec::new(),
        }
    }

    /// Whether such a token is kept at all.
    pub(super) fn keeps(&self, token: &[u8]) -> bool {
        self.capacity > 0 && token.len() <= LONGEST_TOKEN
    }

    /// What a token without MAC is known by.
    pub(super) fn fingerprint(&mut self, token: &[u8]) -> Option<Fingerprint> {
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.seed);
        self.scratch.extend_from_slice(token);
        let fingerprint = digest::digest(&digest::SHA256, &self.scratch);
        self.scratch.fill(0);
        fingerprint.as_ref().try_into().ok()
    }

    /// Whether there is an entry of this mark, be it of another token.
    pub(super) fn may_know(&self, mark: &Mark) -> bool {
        self.places.contains_key(mark)
    }

    pub(super) fn find(&mut self, mark: &Mark, fingerprint: &Fingerprint) -> Option<&Entry> {
        let place = *self.places.get(mark)?;
        let entry = self.entries.get_mut(place).filter(|entry| entry.fingerprint == *fingerprint)?;
        entry.was_used = true;
        Some(entry)
    }

    pub(super) fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(self.place_of(id)?).filter(|entry| entry.id == id)
    }

    /// Takes note of a token that was verified just now, and says whether to [`VerifiedTokens::keep`] it,
    /// because it had been noted before.
    pub(super) fn note(&mut self, mark: &Mark) -> bool {
        if self.seen_once.is_empty() {
            self.seen_once = vec![[0; 2]; self.pairs()];
        }
        let hash = self.places.hasher().hash_one(mark);
        // The remainder is below the length, which fits.
        #[expect(clippy::cast_possible_truncation, reason = "masked to the length of a Vec")]
        let place = hash as usize & (self.seen_once.len() - 1);
        let Some(pair) = self.seen_once.get_mut(place) else { return false };
        let was_noted = pair.contains(&hash);
        if !was_noted {
            *pair = [hash, pair[0]];
        }
        was_noted
    }

    /// What the notes take, which every cache comes to have; entries come one by one.
    pub(super) fn bytes(&self) -> usize {
        if self.capacity == 0 { 0 } else { self.pairs() * size_of::<[u64; 2]>() }
    }

    fn pairs(&self) -> usize {
        self.capacity.next_power_of_two() * 2
    }

    pub(super) fn keep(
        &mut self,
        mark: Mark,
        fingerprint: Fingerprint,
        key: usize,
        facts: Facts,
        claims: &str,
    ) {
        if self.places.contains_key(&mark) {
            return;
        }
        if self.entries.len() < self.capacity {
            let place = self.entries.len();
            let id = place as EntryId;
            self.entries.push(Entry {
                id,
                facts,
                key,
                claims: claims.into(),
                mark,
                fingerprint,
                was_used: false,
            });
            self.places.insert(mark, place);
            return;
        }
        let place = self.place_to_reuse();
        if let Some(entry) = self.entries.get_mut(place) {
            self.places.remove(&entry.mark);
            self.places.insert(mark, place);
            entry.id += self.capacity as EntryId;
            entry.facts = facts;
            entry.key = key;
            entry.mark = mark;
            entry.fingerprint = fingerprint;
            // Into the memory of the old claims.
            entry.claims.clear();
            entry.claims.push_str(claims);
        }
    }

    fn place_to_reuse(&mut self) -> usize {
        loop {
            let place = self.hand;
            self.hand = (self.hand + 1) % self.capacity.max(1);
            match self.entries.get_mut(place) {
                // Spared this once; ends after one round at the latest.
                Some(entry) if entry.was_used => entry.was_used = false,
                _ => return place,
            }
        }
    }

    fn place_of(&self, id: EntryId) -> Option<usize> {
        usize::try_from(id.checked_rem(self.capacity as EntryId)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(capacity: usize) -> VerifiedTokens {
        VerifiedTokens::new(capacity, [7; 32])
    }

    fn mark(token: &str) -> Mark {
        let mut mark = [0; 16];
        mark.iter_mut().rev().zip(token.bytes().rev()).for_each(|(mine, byte)| *mine = byte);
        mark
    }

    fn keep(cache: &mut VerifiedTokens, token: &str) {
        let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
        cache.keep(mark(token), fingerprint, 0, Facts::default(), token);
    }

    fn known(cache: &mut VerifiedTokens, token: &str) -> bool {
        let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
        cache.find(&mark(token), &fingerprint).is_some_and(|entry| entry.claims == token)
    }

    #[test]
    fn keeps_a_token_the_second_time_it_comes() {
        let mut cache = cache(10);
        assert!(!cache.note(&mark("token")));
        assert!(!cache.note(&mark("another")));
        assert!(cache.note(&mark("token")));
        assert!(!cache.may_know(&mark("token")));
        keep(&mut cache, "token");
        assert!(cache.may_know(&mark("token")));
        assert!(!cache.may_know(&mark("another")));
    }

    #[test]
    fn another_token_with_the_same_end_is_not_known_and_displaces_nothing() {
        let mut cache = cache(10);
        let [first, second] = ["a.b.0123456789abcdef", "a.c.0123456789abcdef"];
        keep(&mut cache, first);
        assert!(!known(&mut cache, second));
        keep(&mut cache, second);
        assert!(!known(&mut cache, second));
        assert!(known(&mut cache, first));
    }

    #[test]
    fn knows_what_it_kept_and_nothing_else() {
        let mut cache = cache(10);
        keep(&mut cache, "a.b.c");
        assert!(known(&mut cache, "a.b.c"));
        for other in ["a.b.d", "a.b.c ", "a.b.", "", "A.b.c"] {
            assert!(!known(&mut cache, other), "{other:?}");
        }
    }

    #[test]
    fn holds_no_more_than_its_capacity_and_spares_what_is_used() {
        let mut cache = cache(8);
        keep(&mut cache, "in use");
        for n in 0..1000 {
            assert!(known(&mut cache, "in use"), "after {n}");
            keep(&mut cache, &format!("token {n}"));
        }
        assert_eq!(cache.entries.len(), 8);
        assert_eq!(cache.places.len(), 8);
        assert!(known(&mut cache, "token 999"));
        assert!(!known(&mut cache, "token 0"));
    }

    #[test]
    fn ids_lead_to_their_entry_until_it_is_replaced() {
        let mut cache = cache(2);
        let mut seen = std::collections::HashSet::new();
        for n in 0..20 {
            let token = format!("token {n}");
            keep(&mut cache, &token);
            let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
            let id = cache.find(&mark(&token), &fingerprint).unwrap().id;
            assert!(seen.insert(id), "id {id} twice");
            assert_eq!(cache.entry(id).unwrap().claims, token);
        }
        assert!(cache.entry(0).is_none());
        assert!(cache.entry(u64::MAX).is_none());
    }

    #[test]
    fn a_capacity_of_zero_and_long_tokens_keep_nothing() {
        assert!(!cache(0).keeps(b"token"));
        assert_eq!(cache(0).entry(0).map(|entry| entry.id), None);
        assert!(cache(1).keeps(&[b'x'; LONGEST_TOKEN]));
        assert!(!cache(1).keeps(&[b'x'; LONGEST_TOKEN + 1]));
    }

    #[test]
    fn caches_of_different_seeds_know_a_token_by_different_fingerprints() {
        let other = VerifiedTokens::new(1, [8; 32]).fingerprint(b"token");
        assert_ne!(cache(1).fingerprint(b"token"), other);
    }
}
