//! The whole check of a token, in the order that matters.

use std::borrow::Cow;

use super::algorithm::{self, Algorithm};
use super::claims::Claims;
use super::key::{Key, SignatureKey};
use super::token::Segments;
use super::verified::{EntryId, Fingerprint, Mark, VerifiedTokens};
use crate::error::{ConfigError, Rejection};

/// What the claims must satisfy beyond `exp` and `nbf`, which are always checked when present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Refuse a token without `exp`. Default false. RFC 7519 §4.1.4.
    pub require_expiration: bool,
}

/// Verifies tokens under one key and a fixed list of algorithms.
pub struct Verifier {
    /// One prepared key for each algorithm that is both allowed and served by the key.
    keys: Vec<(Algorithm, SignatureKey)>,
    /// Whether signatures are MACs, which are checked in the time of a digest, and are one.
    uses_macs: bool,
    rules: Rules,
    known_header: Option<KnownHeader>,
    verified: VerifiedTokens,
}

/// What an accepted token says.
#[derive(Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A JSON text: the payload itself when it is an object or array, else an object whose `sub` is
    /// the payload.
    Claims(String),
    /// The same as when it was verified: see [`Verifier::claims`].
    Known(EntryId),
}

/// A header that came with a good signature, encoded, and what it says: issuers use the same header
/// for all their tokens, so that reading it once saves a tenth of a check.
struct KnownHeader {
    encoded: Box<[u8]>,
    meaning: Meaning,
}

/// What follows from a header for this verifier.
#[derive(Clone, Copy)]
struct Meaning {
    /// Position in [`Verifier::keys`].
    key: usize,
    typ_is_jwt: bool,
}

/// Longer headers, in bytes of base64url, are not read before the signature was verified, if its length
/// tells by which key: JSON can be made so that reading it costs more than accepting a token of its size.
const LONGEST_HEADER_READ_FIRST: usize = 64;

impl Verifier {
    /// A verifier that accepts the allowed algorithms which the key can serve.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoAlgorithms`] for an empty list, [`ConfigError::NoFittingAlgorithm`] when
    /// the key can serve none of it, and what [`Key::for_algorithm`] refuses.
    pub fn new(key: &Key, allowed: &[Algorithm], rules: Rules) -> Result<Self, ConfigError> {
        if allowed.is_empty() {
            return Err(ConfigError::NoAlgorithms);
        }
        let fitting = key.fitting();
        let mut keys: Vec<(Algorithm, SignatureKey)> = Vec::new();
        for algorithm in allowed {
            let is_new = keys.iter().all(|(known, _)| known != algorithm);
            if is_new && fitting.contains(algorithm) {
                keys.push((*algorithm, key.for_algorithm(*algorithm)?));
            }
        }
        if keys.is_empty() {
            return Err(ConfigError::NoFittingAlgorithm {
                allowed: algorithm::list(allowed),
                key: key.description(),
                fitting: algorithm::list(&fitting),
            });
        }
        let uses_macs = keys.iter().all(|(algorithm, _)| algorithm.mac_length().is_some());
        Ok(Self { keys, uses_macs, rules, known_header: None, verified: VerifiedTokens::new(0, [0; 32]) })
    }

    /// The algorithms that tokens may use, in the order in which they were allowed.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.keys.iter().map(|(algorithm, _)| *algorithm)
    }

    /// The same verifier, remembering the last `capacity` tokens that it accepted. `seed` is to be
    /// drawn at random for each verifier.
    #[must_use]
    pub fn with_cache(mut self, capacity: usize, seed: [u8; 32]) -> Self {
        self.verified = VerifiedTokens::new(capacity, seed);
        self
    }

    /// How much memory it takes, about, when the first token was accepted; those it remembers apart.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.keys.len() * size_of::<(Algorithm, SignatureKey)>() + self.verified.bytes()
    }

    /// The JSON text of the claims of a token that [`Accepted::Known`] names, if it is still there.
    #[must_use]
    pub fn claims(&self, id: EntryId) -> Option<&str> {
        self.verified.entry(id).map(|entry| entry.claims.as_str())
    }

    /// Verifies a compact JWS and its time claims.
    ///
    /// `now` is in whole or fractional seconds since 1970 UTC.
    ///
    /// # Errors
    ///
    /// [`Rejection`], the first that applies in this order: shape, header, algorithm, signature,
    /// payload, `nbf`, `exp`. A long header comes after the signature, if that tells its key. Nothing of
    /// the payload is looked at before the signature holds.
    pub fn verify(&mut self, token: &[u8], now: f64) -> Result<Accepted, Rejection> {
        let segments = Segments::split(token)?;
        let mark = segments.signature_end().filter(|_| self.verified.keeps(token));
        if let Some(mark) = &mark
            && !self.uses_macs
            && self.verified.may_know(mark)
        {
            let fingerprint = self.verified.fingerprint(token);
            if let Some(verdict) = self.known(mark, fingerprint, now) {
                return verdict;
            }
        }
        let (meaning, signature) = self.verified_header(&segments)?;
        let mac = signature.first_chunk().copied().filter(|_| self.uses_macs);
        if let Some(mark) = &mark
            && let Some(verdict) = self.known(mark, mac, now)
        {
            return verdict;
        }
        self.remember(segments.header, meaning);

        let payload = segments.decoded_payload()?;
        let claims = Claims::parse(&payload, meaning.typ_is_jwt)?;
        claims.times.check(self.rules, now)?;
        if let Some(mark) = mark
            && self.verified.note(&mark)
            && let Some(fingerprint) = mac.or_else(|| self.verified.fingerprint(token))
        {
            self.verified.keep(mark, fingerprint, claims.times, &claims.json);
        }
        match claims.json {
            Cow::Owned(json) => Ok(Accepted::Claims(json)),
            // The borrow says that the payload itself is the answer, already checked as UTF-8.
            Cow::Borrowed(_) => {
                String::from_utf8(payload).map(Accepted::Claims).map_err(|_| Rejection::PayloadInvalid)
            }
        }
    }

    /// The verdict on a token that was verified before, whose times alone can have changed it.
    fn known(
        &mut self,
        mark: &Mark,
        fingerprint: Option<Fingerprint>,
        now: f64,
    ) -> Option<Result<Accepted, Rejection>> {
        let entry = self.verified.find(mark, &fingerprint?)?;
        Some(entry.times.check(self.rules, now).map(|()| Accepted::Known(entry.id)))
    }

    /// What the header says, and the signature, which holds under the key that the header names.
    fn verified_header(&self, segments: &Segments<'_>) -> Result<(Meaning, Vec<u8>), Rejection> {
        if let Some(known) = &self.known_header
            && *known.encoded == *segments.header
        {
            return Ok((known.meaning, self.verified_signature(known.meaning.key, segments)?));
        }
        if segments.header.len() > LONGEST_HEADER_READ_FIRST
            && let Some(key) = self.key_by_length(segments)?
        {
            let signature = self.verified_signature(key, segments)?;
            let meaning = self.meaning(segments)?;
            // Of the other algorithms, none has signatures of this length.
            return if meaning.key == key {
                Ok((meaning, signature))
            } else {
                Err(Rejection::SignatureInvalid)
            };
        }
        let meaning = self.meaning(segments)?;
        Ok((meaning, self.verified_signature(meaning.key, segments)?))
    }

    /// The position of the key of the signature, if there is but one that has signatures of its length.
    fn key_by_length(&self, segments: &Segments<'_>) -> Result<Option<usize>, Rejection> {
        let length = segments.signature_length();
        let mut candidates = (0..)
            .zip(self.algorithms())
            .filter(|(_, algorithm)| algorithm.mac_length().is_none_or(|mac| mac == length));
        match (candidates.next(), candidates.next()) {
            (None, _) => Err(Rejection::SignatureInvalid),
            (Some((key, _)), None) => Ok(Some(key)),
            _ => Ok(None),
        }
    }

    fn verified_signature(&self, key: usize, segments: &Segments<'_>) -> Result<Vec<u8>, Rejection> {
        let (_, key) = self.keys.get(key).ok_or(Rejection::AlgorithmNotAllowed)?;
        let signature = segments.decoded_signature()?;
        if key.verifies(segments.signing_input, &signature) {
            Ok(signature)
        } else {
            Err(Rejection::SignatureInvalid)
        }
    }

    fn meaning(&self, segments: &Segments<'_>) -> Result<Meaning, Rejection> {
        let header = segments.decoded_header()?;
        let key = header
            .algorithm
            .and_then(|name| self.keys.iter().position(|(algorithm, _)| algorithm.name() == name))
            .ok_or(Rejection::AlgorithmNotAllowed)?;
        Ok(Meaning { key, typ_is_jwt: header.typ_is_jwt })
    }

    /// Called for headers that a good signature covers, so that nobody without a key can displace
    /// the one that is known.
    fn remember(&mut self, encoded: &[u8], meaning: Meaning) {
        let is_known = self.known_header.as_ref().is_some_and(|known| *known.encoded == *encoded);
        if !is_known {
            self.known_header = Some(KnownHeader { encoded: encoded.into(), meaning });
        }
    }
}
