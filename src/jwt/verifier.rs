//! The whole check of a token, in the order that matters.

use std::borrow::Cow;

use super::algorithm::Algorithm;
use super::cache::{EntryId, Fingerprint, SignatureTail, TokenCache};
use super::claims::Claims;
use super::compact_jws::CompactJws;
use super::compat::Payload;
use super::header::{JoseHeader, KeyId};
use super::key::SignatureKey;
use super::rules::ClaimChecker;
use crate::rejection::Rejection;

/// How many keys a token is tried with at most: what a forged one can cost.
pub const MAX_TRIALS: usize = 4;

/// Longer headers, in bytes of base64url, are read after the signature was verified, if its length tells by
/// which key: JSON can be made so that reading it costs more than accepting a token of its size.
const MAX_UNVERIFIED_HEADER_BYTES: usize = 64;

/// Verifies tokens under configured keys and a fixed list of algorithms. See [`Verifier::from_config`].
pub struct Verifier {
    /// For each key, in the order of the configuration, one entry for each algorithm that it is used for.
    keys: Vec<PreparedKey>,
    /// Whether tokens of some algorithm are recognized by a digest. Checking a MAC of HS256 takes as long as
    /// such a digest, and is one; all others take longer.
    uses_digests: bool,
    checker: ClaimChecker,
    cached_header: Option<CachedHeader>,
    cache: TokenCache,
}

/// A key and one algorithm that it is used for.
pub(super) struct PreparedKey {
    /// Position in the configuration.
    pub(super) position: usize,
    pub(super) id: Option<Box<str>>,
    pub(super) algorithm: Algorithm,
    pub(super) key: SignatureKey,
}

/// The verdict on a token that is accepted.
#[derive(Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The token was verified from end to end.
    New {
        /// Position in the configuration of the key that verified it.
        key: usize,
        /// A JSON text: the payload itself if it is an object or array, else an object whose `sub` is the
        /// payload.
        claims: String,
    },
    /// The token was accepted before; [`Verifier::cached_claims`] has its key and claims.
    Cached(EntryId),
}

/// A header that came with a good signature, encoded, and its plan: issuers use the same header for all their
/// tokens, so that reading it once saves a tenth of a check.
struct CachedHeader {
    encoded: Box<[u8]>,
    plan: HeaderPlan,
}

/// What follows from a header for this verifier.
#[derive(Clone, Copy)]
struct HeaderPlan {
    /// Positions in [`Verifier::keys`] of those to try.
    keys: [Option<u16>; MAX_TRIALS],
    /// Decides how a payload that is not an object is read.
    typ_is_jwt: bool,
    accepts_type: bool,
}

impl Verifier {
    pub(super) fn new(keys: Vec<PreparedKey>, checker: ClaimChecker, cache: TokenCache) -> Self {
        let uses_digests = keys.iter().any(|key| key.algorithm != Algorithm::HS256);
        Self { keys, uses_digests, checker, cached_header: None, cache }
    }

    /// How much memory it takes, about, once the first token was accepted; without the tokens in the cache.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.keys.len() * size_of::<PreparedKey>() + self.cache.doorkeeper_bytes()
    }

    /// The key (its position in the configuration) and the claims of a token that [`Accepted::Cached`] names,
    /// if it is still in the cache.
    #[must_use]
    pub fn cached_claims(&self, id: EntryId) -> Option<(usize, &str)> {
        self.cache.entry(id).map(|entry| (entry.key, entry.claims.as_str()))
    }

    /// Verifies a compact JWS and its claims.
    ///
    /// `now` is in whole or fractional seconds since 1970 UTC.
    ///
    /// # Errors
    ///
    /// [`Rejection`], the first that applies in this order: shape, header, algorithm, signature, type,
    /// payload, `nbf`, `exp`, other rules. A long header comes after the signature, if that tells its key.
    /// Nothing of the payload is looked at before the signature is verified.
    pub fn verify(&mut self, token: &[u8], now: f64) -> Result<Accepted, Rejection> {
        let jws = CompactJws::split(token)?;
        let tail = jws.signature_tail().filter(|_| self.cache.is_cacheable(token));
        if let Some(tail) = &tail
            && self.uses_digests
            && self.cache.contains_tail(tail)
        {
            let fingerprint = self.cache.fingerprint(token);
            if let Some(verdict) = self.look_up(tail, fingerprint, now) {
                return verdict;
            }
        }
        let Verified { plan, key, signature } = self.verify_signature(&jws)?;
        // After the signature: a genuine token of another type is no guess.
        if !plan.accepts_type {
            return Err(Rejection::TypeNotAllowed);
        }
        let key = self.keys.get(key).ok_or(Rejection::AlgorithmNotAllowed)?;
        let (position, has_mac) = (key.position, key.algorithm == Algorithm::HS256);
        let mac = signature.first_chunk().copied().filter(|_| has_mac);
        if let Some(tail) = &tail
            && let Some(verdict) = self.look_up(tail, mac, now)
        {
            return verdict;
        }
        self.cache_header(jws.header, plan);

        let text = jws.decode_payload()?;
        let payload = Payload::read(&text, plan.typ_is_jwt)?;
        let claims = if payload.is_object { self.checker.read(&payload.json)? } else { Claims::default() };
        let times = claims.times();
        self.checker.check_times(times, now)?;
        self.checker.check_claims(&claims, position)?;
        if let Some(tail) = tail
            && self.cache.admit(&tail)
            && let Some(fingerprint) = mac.or_else(|| self.cache.fingerprint(token))
        {
            self.cache.insert(tail, fingerprint, position, times, &payload.json);
        }
        let claims = match payload.json {
            Cow::Owned(json) => json,
            // The borrow says that the payload's text itself is the answer.
            Cow::Borrowed(_) => text,
        };
        Ok(Accepted::New { key: position, claims })
    }

    /// The verdict on a token that is in the cache. The rules are those under which it was accepted, so that
    /// only the time can have changed it.
    fn look_up(
        &mut self,
        tail: &SignatureTail,
        fingerprint: Option<Fingerprint>,
        now: f64,
    ) -> Option<Result<Accepted, Rejection>> {
        let entry = self.cache.find(tail, &fingerprint?)?;
        Some(self.checker.check_times(entry.times, now).map(|()| Accepted::Cached(entry.id)))
    }

    fn verify_signature(&self, jws: &CompactJws<'_>) -> Result<Verified, Rejection> {
        if let Some(cached) = &self.cached_header
            && *cached.encoded == *jws.header
        {
            return self.try_keys(cached.plan, jws);
        }
        if jws.header.len() > MAX_UNVERIFIED_HEADER_BYTES
            && let Some(key) = self.key_by_signature_length(jws)?
        {
            let unread =
                HeaderPlan { keys: [Some(key), None, None, None], typ_is_jwt: false, accepts_type: false };
            let verified = self.try_keys(unread, jws)?;
            let plan = self.plan_header(jws)?;
            // No other key has signatures of this length.
            return if plan.keys.contains(&Some(key)) {
                Ok(Verified { plan, ..verified })
            } else {
                Err(Rejection::SignatureInvalid)
            };
        }
        self.try_keys(self.plan_header(jws)?, jws)
    }

    /// The position of the key of the signature, if only one has signatures of its length.
    fn key_by_signature_length(&self, jws: &CompactJws<'_>) -> Result<Option<u16>, Rejection> {
        let length = jws.signature_length();
        let mut candidates = (0..)
            .zip(&self.keys)
            .filter(|(_, key)| key.algorithm.mac_length().is_none_or(|mac_length| mac_length == length));
        match (candidates.next(), candidates.next()) {
            (None, _) => Err(Rejection::SignatureInvalid),
            (Some((key, _)), None) => Ok(Some(key)),
            _ => Ok(None),
        }
    }

    fn try_keys(&self, plan: HeaderPlan, jws: &CompactJws<'_>) -> Result<Verified, Rejection> {
        let signature = jws.decode_signature()?;
        for key in plan.keys.into_iter().flatten().map(usize::from) {
            let prepared = self.keys.get(key).ok_or(Rejection::AlgorithmNotAllowed)?;
            if prepared.key.verifies(jws.signing_input, &signature) {
                return Ok(Verified { plan, key, signature });
            }
        }
        Err(Rejection::SignatureInvalid)
    }

    fn plan_header(&self, jws: &CompactJws<'_>) -> Result<HeaderPlan, Rejection> {
        let header = JoseHeader::parse(&jws.decode_header()?)?;
        let keys = self.keys_for(&header).ok_or(Rejection::AlgorithmNotAllowed)?;
        let typ = header.typ.as_deref();
        Ok(HeaderPlan { keys, typ_is_jwt: typ == Some("JWT"), accepts_type: self.checker.accepts_type(typ) })
    }

    /// The positions of the keys to try for a header; `None` if no key is used for its algorithm.
    ///
    /// Its `kid` selects among those that are: the keys of that id; if there is none, or the header has no
    /// `kid`, those without id; if the header has no `kid`, those with one after them.
    fn keys_for(&self, header: &JoseHeader) -> Option<[Option<u16>; MAX_TRIALS]> {
        let algorithm = header.algorithm.as_deref()?;
        let has_no_kid = header.key_id == KeyId::Absent;
        let usable = || (0..).zip(&self.keys).filter(|(_, key): &(u16, _)| key.algorithm.name() == algorithm);
        let named = || {
            usable().filter(
                |(_, key)| matches!((&key.id, &header.key_id), (Some(id), KeyId::Text(kid)) if **id == **kid),
            )
        };
        let is_named = named().next().is_some();
        let unnamed = usable().filter(|(_, key)| !is_named && key.id.is_none());
        let others = usable().filter(|(_, key)| has_no_kid && key.id.is_some());
        let mut keys = [None; MAX_TRIALS];
        for (slot, (position, _)) in keys.iter_mut().zip(named().chain(unnamed).chain(others)) {
            *slot = Some(position);
        }
        usable().next().map(|_| keys)
    }

    /// Called for headers that a good signature covers, so that an attacker without a key cannot evict the
    /// cached one.
    fn cache_header(&mut self, encoded: &[u8], plan: HeaderPlan) {
        let is_cached = self.cached_header.as_ref().is_some_and(|cached| *cached.encoded == *encoded);
        if !is_cached {
            self.cached_header = Some(CachedHeader { encoded: encoded.into(), plan });
        }
    }
}

/// A token with a good signature.
struct Verified {
    plan: HeaderPlan,
    /// Position in [`Verifier::keys`] of the key under which the signature holds.
    key: usize,
    signature: Vec<u8>,
}
