//! The whole check of a token, in the order that matters.

use std::borrow::Cow;

use super::algorithm::{self, Algorithm};
use super::claims::Claims;
use super::key::{Key, SignatureKey};
use super::rules::Rules;
use super::token::{Header, KeyId, Segments};
use super::verified::{EntryId, Fingerprint, Mark, VerifiedTokens};
use crate::error::{ConfigError, Rejection};

/// How many keys a verifier may have.
pub const MAX_KEYS: usize = 100;

/// How many keys a token is tried with at most: what a forged one can cost.
pub const MAX_TRIALS: usize = 4;

/// One of several keys.
pub struct ConfiguredKey<'a> {
    /// The `kid` of the tokens that it is for. A key without one is for tokens whose `kid` is nobody's.
    pub id: Option<&'a str>,
    /// The key.
    pub key: &'a Key,
}

/// Verifies tokens under configured keys and a fixed list of algorithms.
pub struct Verifier {
    /// For each key, in the order of the configuration, one entry for each algorithm that is both
    /// allowed and served by it.
    keys: Vec<PreparedKey>,
    /// Whether there are algorithms whose tokens are known by a digest. Checking a MAC of HS256 takes as
    /// long as such a digest, and is one; all others take longer.
    uses_digests: bool,
    rules: Rules,
    known_header: Option<KnownHeader>,
    verified: VerifiedTokens,
    /// Position of the key of the token that was accepted last.
    last_key: usize,
}

struct PreparedKey {
    id: Option<Box<str>>,
    algorithm: Algorithm,
    key: SignatureKey,
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
    /// Positions in [`Verifier::keys`] of those to try.
    keys: [Option<u16>; MAX_TRIALS],
    /// Decides how a payload that is no object is read.
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
        let configured = ConfiguredKey { id: None, key };
        let mut prepared = Vec::with_capacity(served(&configured, allowed)?.len());
        prepare(&configured, allowed, &mut prepared)?;
        Self::prepared(prepared, rules)
    }

    /// A verifier with several keys. The `kid` of a token picks among those that serve its algorithm: the
    /// keys of that id; if there is none, or the token has no `kid`, those without id; if the token has
    /// no `kid`, those with one after them. Of these the first [`MAX_TRIALS`] are tried; without any, the
    /// signature is as good as wrong.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InKey`] with what [`Verifier::new`] would say of one of them;
    /// [`ConfigError::TooManyKeys`] over [`MAX_KEYS`], or over [`MAX_TRIALS`] of the same id or without id for
    /// one algorithm, of which the last would never be tried.
    pub fn with_keys(
        keys: &[ConfiguredKey<'_>],
        allowed: &[Algorithm],
        rules: Rules,
    ) -> Result<Self, ConfigError> {
        if keys.len() > MAX_KEYS {
            return Err(ConfigError::too_many_keys(keys.len()));
        }
        let in_key = |index| move |source| ConfigError::InKey { index, source: Box::new(source) };
        let mut count = 0;
        for (index, key) in keys.iter().enumerate() {
            count += served(key, allowed).map_err(in_key(index))?.len();
        }
        // Of the right size from the start: what a growing Vec leaves behind is not wiped.
        let mut prepared = Vec::with_capacity(count);
        for (index, key) in keys.iter().enumerate() {
            prepare(key, allowed, &mut prepared).map_err(in_key(index))?;
        }
        for one in &prepared {
            let is_like = |key: &&PreparedKey| key.id == one.id && key.algorithm == one.algorithm;
            let count = prepared.iter().filter(is_like).count();
            if count > MAX_TRIALS {
                let which = if one.id.is_some() { "with the same `kid`" } else { "without `kid`" };
                let limit = format!(
                    "{count} of them {which} are for {}, of which a token is tried with {MAX_TRIALS} at most; \
                     give each a `kid` of its own or remove old ones",
                    one.algorithm
                );
                return Err(ConfigError::TooManyKeys { count: keys.len(), limit });
            }
        }
        Self::prepared(prepared, rules)
    }

    fn prepared(keys: Vec<PreparedKey>, rules: Rules) -> Result<Self, ConfigError> {
        if keys.is_empty() {
            return Err(ConfigError::NoAlgorithms);
        }
        let uses_digests = keys.iter().any(|key| key.algorithm != Algorithm::HS256);
        let verified = VerifiedTokens::new(0, [0; 32]);
        Ok(Self { keys, uses_digests, rules, known_header: None, verified, last_key: 0 })
    }

    /// The algorithms that tokens may use, in the order of the keys and of what is allowed.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.keys.iter().map(|key| key.algorithm)
    }

    /// The id of the key that the token accepted last was signed with, if it has one.
    #[must_use]
    pub fn last_key_id(&self) -> Option<&str> {
        self.keys.get(self.last_key)?.id.as_deref()
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
        self.keys.len() * size_of::<PreparedKey>() + self.verified.bytes()
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
    /// [`Rejection`], the first that applies in this order: shape, header, algorithm, type, signature,
    /// payload, `nbf`, `exp`, other rules. A long header comes after the signature, if that tells its key.
    /// Nothing of the payload is looked at before the signature holds.
    pub fn verify(&mut self, token: &[u8], now: f64) -> Result<Accepted, Rejection> {
        let segments = Segments::split(token)?;
        let mark = segments.signature_end().filter(|_| self.verified.keeps(token));
        if let Some(mark) = &mark
            && self.uses_digests
            && self.verified.may_know(mark)
        {
            let fingerprint = self.verified.fingerprint(token);
            if let Some(verdict) = self.known(mark, fingerprint, now) {
                return verdict;
            }
        }
        let (meaning, key, signature) = self.verified_header(&segments)?;
        let is_known_by_mac = self.keys.get(key).is_some_and(|key| key.algorithm == Algorithm::HS256);
        let mac = signature.first_chunk().copied().filter(|_| is_known_by_mac);
        if let Some(mark) = &mark
            && let Some(verdict) = self.known(mark, mac, now)
        {
            return verdict;
        }
        self.remember(segments.header, meaning);

        let payload = segments.decoded_payload()?;
        let claims = Claims::parse(&payload, meaning.typ_is_jwt, &self.rules)?;
        claims.facts.check(&self.rules, now)?;
        self.last_key = key;
        if let Some(mark) = mark
            && self.verified.note(&mark)
            && let Some(fingerprint) = mac.or_else(|| self.verified.fingerprint(token))
        {
            self.verified.keep(mark, fingerprint, key, claims.facts, &claims.json);
        }
        match claims.json {
            Cow::Owned(json) => Ok(Accepted::Claims(json)),
            // The borrow says that the payload itself is the answer.
            Cow::Borrowed(_) => Ok(Accepted::Claims(payload)),
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
        let verdict = entry.facts.check(&self.rules, now).map(|()| Accepted::Known(entry.id));
        if verdict.is_ok() {
            self.last_key = entry.key;
        }
        Some(verdict)
    }

    /// What the header says, the position of a key that it admits, and the signature, which holds under it.
    fn verified_header(&self, segments: &Segments<'_>) -> Result<(Meaning, usize, Vec<u8>), Rejection> {
        if let Some(known) = &self.known_header
            && *known.encoded == *segments.header
        {
            return self.verified_by(known.meaning, segments);
        }
        if segments.header.len() > LONGEST_HEADER_READ_FIRST
            && let Some(key) = self.key_by_length(segments)?
        {
            let unread = Meaning { keys: [Some(key), None, None, None], typ_is_jwt: false };
            let (_, position, signature) = self.verified_by(unread, segments)?;
            let meaning = self.meaning(segments)?;
            // No other key has signatures of this length.
            return if meaning.keys.contains(&Some(key)) {
                Ok((meaning, position, signature))
            } else {
                Err(Rejection::SignatureInvalid)
            };
        }
        self.verified_by(self.meaning(segments)?, segments)
    }

    /// The position of the key of the signature, if there is but one that has signatures of its length.
    fn key_by_length(&self, segments: &Segments<'_>) -> Result<Option<u16>, Rejection> {
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

    fn verified_by(
        &self,
        meaning: Meaning,
        segments: &Segments<'_>,
    ) -> Result<(Meaning, usize, Vec<u8>), Rejection> {
        let signature = segments.decoded_signature()?;
        for position in meaning.keys.into_iter().flatten().map(usize::from) {
            let key = self.keys.get(position).ok_or(Rejection::AlgorithmNotAllowed)?;
            if key.key.verifies(segments.signing_input, &signature) {
                return Ok((meaning, position, signature));
            }
        }
        Err(Rejection::SignatureInvalid)
    }

    fn meaning(&self, segments: &Segments<'_>) -> Result<Meaning, Rejection> {
        let header = segments.decoded_header()?;
        let keys = self.keys_for(&header).ok_or(Rejection::AlgorithmNotAllowed)?;
        let typ = header.typ.as_deref();
        if !self.rules.accept_type(typ) {
            return Err(Rejection::TypeNotAllowed);
        }
        Ok(Meaning { keys, typ_is_jwt: typ == Some("JWT") })
    }

    /// The positions of the keys to try for a header; nothing if none serves its algorithm.
    fn keys_for(&self, header: &Header) -> Option<[Option<u16>; MAX_TRIALS]> {
        let algorithm = header.algorithm.as_deref()?;
        let is_anybodys = header.key_id == KeyId::Absent;
        let serving =
            || (0..).zip(&self.keys).filter(|(_, key): &(u16, _)| key.algorithm.name() == algorithm);
        let named = || {
            serving().filter(
                |(_, key)| matches!((&key.id, &header.key_id), (Some(id), KeyId::Text(name)) if **id == **name),
            )
        };
        let is_named = named().next().is_some();
        let anonymous = serving().filter(|(_, key)| !is_named && key.id.is_none());
        let others = serving().filter(|(_, key)| is_anybodys && key.id.is_some());
        let mut keys = [None; MAX_TRIALS];
        for (place, (position, _)) in keys.iter_mut().zip(named().chain(anonymous).chain(others)) {
            *place = Some(position);
        }
        serving().next().map(|_| keys)
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

/// The algorithms that are both allowed and served by a key, each once, in the order of what is allowed.
fn served(configured: &ConfiguredKey<'_>, allowed: &[Algorithm]) -> Result<Vec<Algorithm>, ConfigError> {
    if allowed.is_empty() {
        return Err(ConfigError::NoAlgorithms);
    }
    let fitting = configured.key.fitting();
    let mut served: Vec<Algorithm> = Vec::new();
    for algorithm in allowed {
        if fitting.contains(algorithm) && !served.contains(algorithm) {
            served.push(*algorithm);
        }
    }
    if served.is_empty() {
        return Err(ConfigError::NoFittingAlgorithm {
            allowed: algorithm::list(allowed),
            key: configured.key.description(),
            fitting: algorithm::list(&fitting),
        });
    }
    Ok(served)
}

/// Adds a key for each algorithm that is both allowed and served by it.
fn prepare(
    configured: &ConfiguredKey<'_>,
    allowed: &[Algorithm],
    prepared: &mut Vec<PreparedKey>,
) -> Result<(), ConfigError> {
    for algorithm in served(configured, allowed)? {
        let key = configured.key.for_algorithm(algorithm)?;
        prepared.push(PreparedKey { id: configured.id.map(Into::into), algorithm, key });
    }
    Ok(())
}
