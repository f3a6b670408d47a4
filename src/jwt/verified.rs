//! Tokens that were verified before. An MCP client sends the same token with every message; its
//! signature need not be checked twice.
//!
//! A token is known by the SHA-256 of a secret drawn for the cache and the token, all of it, so that
//! whoever could present a token that is taken for another could break SHA-256. Only tokens with a
//! good signature get in: forged ones displace nothing. The raw token is not kept. What hangs on the
//! time of day is checked anew on every use.
//!
//! Bounded in entries, and in bytes because tokens over [`LONGEST_TOKEN`] are not kept. When full, the
//! oldest entry that was not used since it was last passed over goes (the CLOCK algorithm).

use std::collections::HashMap;

use aws_lc_rs::digest;

use super::claims::TimeClaims;
use super::verifier::Verifier;
use crate::error::Rejection;

/// Longer tokens, in bytes, are verified anew each time.
pub const LONGEST_TOKEN: usize = 4096;

type Fingerprint = [u8; 32];

/// Which entry of the cache, and which of the entries that were there one after the other: the
/// remainder by the capacity is the place. Unique during the life of the cache.
pub type EntryId = u64;

/// A [`Verifier`] that knows the tokens it accepted before.
pub struct CachingVerifier {
    verifier: Verifier,
    verified: VerifiedTokens,
}

/// What an accepted token says.
#[derive(Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The JSON text of its claims, as [`Verifier::verify`] gives it.
    Claims(String),
    /// The same as the entry of this id said when it was asked last.
    Known(EntryId),
}

impl CachingVerifier {
    /// A cache of at most `capacity` tokens before a verifier; 0 for none. `seed` is to be drawn at
    /// random for each.
    #[must_use]
    pub fn new(verifier: Verifier, capacity: usize, seed: [u8; 32]) -> Self {
        Self { verifier, verified: VerifiedTokens::new(capacity, seed) }
    }

    /// Like [`Verifier::verify`].
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`].
    pub fn verify(&mut self, token: &[u8], now: f64) -> Result<Accepted, Rejection> {
        let fingerprint = self.verified.fingerprint(token);
        if let Some(entry) = fingerprint.and_then(|fingerprint| self.verified.find(&fingerprint)) {
            entry.times.check(self.verifier.rules(), now)?;
            return Ok(Accepted::Known(entry.id));
        }
        let (claims, times) = self.verifier.verify_for_reuse(token, now)?;
        if let Some(fingerprint) = fingerprint {
            self.verified.insert(fingerprint, times, &claims);
        }
        Ok(Accepted::Claims(claims))
    }

    /// The JSON text of the claims of an entry, if it is still there.
    #[must_use]
    pub fn claims(&self, id: EntryId) -> Option<&str> {
        self.verified.entry(id).map(|entry| &*entry.claims)
    }
}

struct VerifiedTokens {
    capacity: usize,
    seed: [u8; 32],
    /// Keyed anew for each cache by the standard library, so that nobody can aim at a bucket.
    places: HashMap<Fingerprint, usize>,
    entries: Vec<Entry>,
    /// The place that the next eviction looks at first.
    hand: usize,
    /// Holds the seed and the token while they are hashed.
    scratch: Vec<u8>,
}

struct Entry {
    id: EntryId,
    times: TimeClaims,
    /// What verification gave: the JSON text of the claims.
    claims: Box<str>,
    fingerprint: Fingerprint,
    was_used: bool,
}

impl VerifiedTokens {
    fn new(capacity: usize, seed: [u8; 32]) -> Self {
        Self { capacity, seed, places: HashMap::new(), entries: Vec::new(), hand: 0, scratch: Vec::new() }
    }

    /// What the token is known by, or `None` if such a token is not kept.
    fn fingerprint(&mut self, token: &[u8]) -> Option<Fingerprint> {
        if self.capacity == 0 || token.len() > LONGEST_TOKEN {
            return None;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.seed);
        self.scratch.extend_from_slice(token);
        digest::digest(&digest::SHA256, &self.scratch).as_ref().try_into().ok()
    }

    fn find(&mut self, fingerprint: &Fingerprint) -> Option<&Entry> {
        let place = *self.places.get(fingerprint)?;
        let entry = self.entries.get_mut(place)?;
        entry.was_used = true;
        Some(entry)
    }

    fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(self.place_of(id)?).filter(|entry| entry.id == id)
    }

    /// Keeps a token that was verified just now.
    fn insert(&mut self, fingerprint: Fingerprint, times: TimeClaims, claims: &str) {
        if self.places.contains_key(&fingerprint) {
            return;
        }
        let entry = |id| Entry { id, times, claims: claims.into(), fingerprint, was_used: false };
        if self.entries.len() < self.capacity {
            let place = self.entries.len();
            self.entries.push(entry(place as EntryId));
            self.places.insert(fingerprint, place);
            return;
        }
        let place = self.place_to_reuse();
        if let Some(old) = self.entries.get_mut(place) {
            self.places.remove(&old.fingerprint);
            *old = entry(old.id + self.capacity as EntryId);
            self.places.insert(fingerprint, place);
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

    fn keep(cache: &mut VerifiedTokens, token: &str) {
        let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
        cache.insert(fingerprint, TimeClaims::default(), token);
    }

    fn known(cache: &mut VerifiedTokens, token: &str) -> bool {
        let fingerprint = cache.fingerprint(token.as_bytes()).unwrap();
        cache.find(&fingerprint).is_some_and(|entry| &*entry.claims == token)
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
            let id = cache.find(&fingerprint).unwrap().id;
            assert!(seen.insert(id), "id {id} twice");
            assert_eq!(&*cache.entry(id).unwrap().claims, token);
        }
        assert!(cache.entry(0).is_none());
        assert!(cache.entry(u64::MAX).is_none());
    }

    #[test]
    fn a_capacity_of_zero_and_long_tokens_keep_nothing() {
        assert_eq!(cache(0).fingerprint(b"token"), None);
        assert_eq!(cache(0).entry(0).map(|entry| entry.id), None);
        assert!(cache(1).fingerprint(&[b'x'; LONGEST_TOKEN]).is_some());
        assert_eq!(cache(1).fingerprint(&[b'x'; LONGEST_TOKEN + 1]), None);
    }

    #[test]
    fn caches_of_different_seeds_know_a_token_by_different_fingerprints() {
        let other = VerifiedTokens::new(1, [8; 32]).fingerprint(b"token");
        assert_ne!(cache(1).fingerprint(b"token"), other);
    }
}
