//! How a verifier comes out of a configuration: which keys are used, which are skipped, which error is
//! reported.

use super::algorithm::{self, Algorithm};
use super::cache::TokenCache;
use super::issuer::Issuer;
use super::key::{Key, KeyMaterial};
use super::rules::{ClaimChecker, ClaimRules};
use super::verifier::{MAX_TRIALS, PreparedKey, Verifier};
use crate::config_error::{ConfigError, KeyError};
use crate::strength::{self, Problem};

/// How many keys a verifier may have.
pub const MAX_KEYS: usize = 100;

/// The configuration of a [`Verifier`].
#[derive(Default)]
pub struct VerifierConfig<'c> {
    /// The keys, at least one.
    pub keys: Vec<KeyConfig<'c>>,
    /// Skip keys that cannot be used, as long as one can: a JWK Set may hold keys for other purposes. RFC
    /// 7517 §5.
    pub skips_unusable: bool,
    /// Names of the allowed algorithms. Unknown names are ignored, but one must be known.
    pub algorithms: Vec<&'c str>,
    /// What claims and header must satisfy.
    pub rules: ClaimRules,
    /// How many accepted tokens to cache.
    pub cache_size: usize,
    /// Random bytes of this verifier alone, where `cache_size` is not 0.
    pub cache_seed: [u8; 32],
}

/// One key of a [`VerifierConfig`].
pub struct KeyConfig<'c> {
    /// The key.
    pub material: KeyMaterial<'c>,
    /// The `kid` of the tokens that it is for. A key without one is for tokens whose `kid` matches no key.
    pub id: Option<&'c str>,
    /// The accepted values of `iss` in the tokens that it verifies; those of the rules if empty.
    pub issuers: Vec<Issuer>,
    /// The option that holds it, for messages.
    pub path: &'c str,
}

/// A verifier, and what became of its keys.
pub struct ConfiguredVerifier {
    /// The verifier.
    pub verifier: Verifier,
    /// The algorithms that tokens may use, each once.
    pub algorithms: Vec<Algorithm>,
    /// Positions of the keys that were skipped.
    pub skipped_keys: Vec<usize>,
    /// The HMAC secrets that can be guessed.
    pub weak_secrets: Vec<WeakSecret>,
}

/// An HMAC secret with the problems that were found.
#[derive(Debug, PartialEq, Eq)]
pub struct WeakSecret {
    /// Position of the key.
    pub position: usize,
    /// What is wrong, at least one.
    pub problems: Vec<Problem>,
    /// The algorithm that needs the longest secret, among those that this one is used for.
    pub algorithm: Algorithm,
    /// How many bytes that algorithm needs.
    pub min_bytes: usize,
}

/// A key that can be used.
struct UsableKey<'c> {
    position: usize,
    config: &'c KeyConfig<'c>,
    key: Key,
    /// What it is used for, in the order of the configuration.
    algorithms: Vec<Algorithm>,
}

impl Verifier {
    /// A verifier that accepts tokens of the allowed algorithms, each under the keys that support it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for
    /// - the first key that cannot be used, unless such keys are skipped and another one can;
    /// - an empty list of algorithms, or one without a supported name;
    /// - no keys, or more than [`MAX_KEYS`];
    /// - more than [`MAX_TRIALS`] keys with the same id, or without id, for one algorithm: the last would never be
    ///   tried.
    pub fn from_config(config: VerifierConfig<'_>) -> Result<ConfiguredVerifier, ConfigError> {
        let allowed = allowed_algorithms(&config.algorithms)?;
        if config.keys.is_empty() {
            return Err(ConfigError::NoKeys);
        }
        if config.keys.len() > MAX_KEYS {
            let limit = format!("use {MAX_KEYS} at most");
            return Err(ConfigError::TooManyKeys { count: config.keys.len(), limit });
        }
        let mut keys = Vec::with_capacity(config.keys.len());
        let mut skipped_keys = Vec::new();
        let mut first_error = None;
        for (position, key_config) in config.keys.iter().enumerate() {
            match read_key(position, key_config, &allowed) {
                Ok(key) => keys.push(key),
                Err(error) if config.skips_unusable => {
                    skipped_keys.push(position);
                    first_error.get_or_insert(error.at(key_config.path));
                }
                Err(error) => return Err(error.at(key_config.path)),
            }
        }
        if let (true, Some(error)) = (keys.is_empty(), first_error) {
            return Err(error);
        }

        // Allocated at full size: what a growing Vec leaves behind is not wiped.
        let mut prepared = Vec::with_capacity(keys.iter().map(|key| key.algorithms.len()).sum());
        for UsableKey { position, config, key, algorithms } in &keys {
            for algorithm in algorithms {
                prepared.push(PreparedKey {
                    position: *position,
                    id: config.id.map(Into::into),
                    algorithm: *algorithm,
                    key: key.for_algorithm(*algorithm).map_err(|error| error.at(config.path))?,
                });
            }
        }
        reject_untried(&prepared, config.keys.len())?;
        let is_used = |algorithm: &Algorithm| prepared.iter().any(|key| key.algorithm == *algorithm);
        let algorithms = Algorithm::ALL.iter().copied().filter(is_used).collect();
        let weak_secrets = keys.iter().filter_map(weak_secret).collect();
        let key_issuers = config.keys.iter().map(|key| key.issuers.as_slice().into()).collect();
        let checker = ClaimChecker::new(config.rules, key_issuers);
        let cache = TokenCache::new(config.cache_size, config.cache_seed);
        let verifier = Verifier::new(prepared, checker, cache);
        Ok(ConfiguredVerifier { verifier, algorithms, skipped_keys, weak_secrets })
    }
}

/// The algorithms of these names, each once.
fn allowed_algorithms(names: &[&str]) -> Result<Vec<Algorithm>, ConfigError> {
    if names.is_empty() {
        return Err(ConfigError::NoAlgorithms);
    }
    let mut allowed = Vec::new();
    for algorithm in names.iter().copied().filter_map(Algorithm::from_name) {
        if !allowed.contains(&algorithm) {
            allowed.push(algorithm);
        }
    }
    if allowed.is_empty() {
        return Err(ConfigError::UnknownAlgorithms { supported: algorithm::format_list(Algorithm::ALL) });
    }
    Ok(allowed)
}

/// A key that supports none of the allowed algorithms is as unusable as one that cannot be read.
fn read_key<'c>(
    position: usize,
    config: &'c KeyConfig<'c>,
    allowed: &[Algorithm],
) -> Result<UsableKey<'c>, KeyError> {
    let key = Key::read(config.material)?;
    let supported = key.supported_algorithms();
    let algorithms: Vec<_> =
        allowed.iter().copied().filter(|algorithm| supported.contains(algorithm)).collect();
    if algorithms.is_empty() {
        if matches!(config.material, KeyMaterial::TextOrBytes(_)) && key.secret().is_some() {
            return Err(KeyError::NotPublicKey { allowed: algorithm::format_list(allowed) });
        }
        return Err(KeyError::NoUsableAlgorithm {
            found: key.description(),
            allowed: algorithm::format_list(allowed),
            supported: algorithm::format_list(&supported),
        });
    }
    for algorithm in &algorithms {
        key.for_algorithm(*algorithm)?;
    }
    Ok(UsableKey { position, config, key, algorithms })
}

fn reject_untried(prepared: &[PreparedKey], count: usize) -> Result<(), ConfigError> {
    for one in prepared {
        let is_like = |key: &&PreparedKey| key.id == one.id && key.algorithm == one.algorithm;
        let alike = prepared.iter().filter(is_like).count();
        if alike > MAX_TRIALS {
            let which = if one.id.is_some() { "with the same `kid`" } else { "without `kid`" };
            let limit = format!(
                "{alike} of them {which} are for {}, but a token is tried with {MAX_TRIALS} at most; give each a \
                 `kid` of its own or remove old ones",
                one.algorithm
            );
            return Err(ConfigError::TooManyKeys { count, limit });
        }
    }
    Ok(())
}

fn weak_secret(UsableKey { position, key, algorithms, .. }: &UsableKey<'_>) -> Option<WeakSecret> {
    let secret = key.secret()?;
    let lengths = algorithms.iter().filter_map(|algorithm| Some((algorithm.mac_length()?, *algorithm)));
    let (min_bytes, algorithm) = lengths.max_by_key(|(length, _)| *length)?;
    let problems = strength::judge_secret(secret, min_bytes);
    (!problems.is_empty()).then_some(WeakSecret { position: *position, problems, algorithm, min_bytes })
}
