//! Tokens.

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::{Function, Object, Uint8Array};
use napi::{Env, JsString};
use napi_derive::napi;

use super::error::{Error, internal};
use super::external_memory::{ExternallyAccounted, zeroize_stack};
use super::text::{KeyedClaims, VerifyResult, with_utf8};
use crate::jwt::{
    self, Accepted, Algorithm, ClaimRule, ClaimRules, ClaimValue, ConfiguredVerifier, EntryId, Issuer,
    KeyConfig, KeyMaterial, TokenScheme, Verifier, VerifierConfig,
};
use crate::rejection::Rejection;
use crate::strength::Problem;

/// What [`verifier`] is given.
#[napi(object, object_to_js = false)]
pub struct VerifierOptions {
    /// At least one.
    pub keys: Vec<KeyOption>,
    /// Whether keys that cannot be used are skipped, as long as one can.
    pub skips_unusable: bool,
    /// As configured; unknown names are ignored.
    pub algorithms: Vec<String>,
    /// A name of [`TokenScheme`].
    pub scheme: String,
    /// [`ClaimRules::require_expiration`].
    pub require_expiration: bool,
    /// [`ClaimRules::clock_tolerance`], in seconds.
    pub clock_tolerance: f64,
    /// [`ClaimRules::max_time_to_expiration`], in seconds.
    pub max_time_to_expiration: Option<f64>,
    /// [`ClaimRules::max_token_age`], in seconds.
    pub max_token_age: Option<f64>,
    /// [`ClaimRules::issuers`].
    pub issuers: Vec<String>,
    /// [`ClaimRules::audiences`].
    pub audiences: Vec<String>,
    /// [`ClaimRules::subjects`].
    pub subjects: Vec<String>,
    /// [`ClaimRules::required_claims`].
    pub required_claims: Vec<String>,
    /// [`ClaimRules::claims`].
    pub claims: Vec<ClaimOption>,
    /// [`ClaimRules::types`].
    pub types: Vec<String>,
    /// How many accepted tokens to cache.
    pub cache_size: u32,
}

/// A [`ClaimRule`]: a name, and accepted values of each type.
#[napi(object, object_to_js = false)]
pub struct ClaimOption {
    /// [`ClaimRule::name`].
    pub name: String,
    /// Each a [`ClaimValue::Text`].
    pub texts: Vec<String>,
    /// Each a [`ClaimValue::Number`].
    pub numbers: Vec<f64>,
    /// Each a [`ClaimValue::Boolean`].
    pub booleans: Vec<bool>,
}

/// One key of [`VerifierOptions`].
#[napi(object, object_to_js = false)]
pub struct KeyOption {
    /// How to read `bytes`: `text` and `bytes` as configured, `secret` for the bytes of a secret KeyObject,
    /// `spki` for DER, `jwk` for JSON text.
    pub kind: String,
    /// The key material.
    pub bytes: Uint8Array,
    /// The text of the member `k` of a JWK, unless it is in the JSON text.
    pub k: Option<Uint8Array>,
    /// The `kid` of the tokens that it is for.
    pub id: Option<String>,
    /// The issuers of the tokens that it is for, unless for all.
    pub issuers: Option<Vec<String>>,
    /// The option that holds the key, for messages: `secret`, `keys[1]`.
    pub path: String,
}

/// An HMAC secret that can be guessed.
#[napi(object, object_from_js = false)]
pub struct WeakSecret {
    /// Position in `keys`.
    pub index: u32,
    /// Names of problems: see `strengthProblems()`.
    pub problems: Vec<&'static str>,
    /// How many bytes `algorithm` needs.
    pub min_bytes: u32,
    /// The algorithm that needs the longest secret, among those that this one is used for.
    pub algorithm: &'static str,
}

/// `{ verify, cachedClaims, algorithms, skippedKeys, weakSecrets }`.
///
/// `verify: (value: string, now: number) => string | number` verifies the token in the value of a header and
/// returns
/// - a string: one character whose code is the position in `keys` of the key that verified the token, and after
///   it the JSON text of the claims;
/// - a number below [`CACHED_ID_BASE`]: the reason of a rejection, as its position in `rejectionCodes()`;
/// - [`CACHED_ID_BASE`] or a number above: the id of a token that was accepted before, with the claims of that
///   time. Ids are unique during the life of the verifier. The latest of ids with the same remainder by
///   `cacheSize`, after subtracting [`CACHED_ID_BASE`], replaces the others.
///
/// `now` is in seconds since 1970 UTC. `cachedClaims: (id: number) => string | null` returns what `verify`
/// returned for such a token at first, or `null` if the id was replaced. `algorithms` are those that tokens
/// may use, `skippedKeys` the positions of keys that were skipped, `weakSecrets` an array of [`WeakSecret`].
#[napi(catch_unwind)]
pub fn verifier<'env>(env: &'env Env, options: VerifierOptions) -> Result<Object<'env>, Error> {
    let scheme = TokenScheme::from_name(&options.scheme).ok_or_else(|| internal("unknown scheme"))?;
    let configured = configure(&options);
    // Construction moves keys, even if it fails in the end.
    zeroize_stack();
    let ConfiguredVerifier { verifier, algorithms, skipped_keys, weak_secrets } = configured?;

    let bytes = verifier.bytes();
    let verifier = ExternallyAccounted::new(*env, RefCell::new(verifier), bytes)
        .map_err(|error| internal(error.reason))?;
    // One thread, and nothing in these calls back into JavaScript: the borrow cannot be taken.
    let verifier = Rc::new(verifier);
    let for_cached_claims = Rc::clone(&verifier);
    let functions = || {
        let verify: Function<'_, JsString<'static>, VerifyResult> =
            env.create_function_from_closure("verify", move |call| {
                let now = call.get(1)?;
                with_utf8(call.env, call.get::<JsString<'_>>(0)?, |value| {
                    let token = scheme.token(value).ok_or(Rejection::Missing);
                    match token.and_then(|token| verifier.borrow_mut().verify(token, now)) {
                        Ok(Accepted::New { key, claims }) => {
                            VerifyResult::Claims(KeyedClaims::new(key, &claims))
                        }
                        Ok(Accepted::Cached(id)) => VerifyResult::Number(CACHED_ID_BASE + id as f64),
                        Err(rejection) => VerifyResult::Number(f64::from(rejection as u8)),
                    }
                })
            })?;
        let cached_claims: Function<'_, f64, Option<KeyedClaims>> =
            env.create_function_from_closure("cachedClaims", move |call| {
                let id = call.get::<f64>(0)? - CACHED_ID_BASE;
                let verifier = for_cached_claims.borrow();
                Ok(verifier.cached_claims(id as EntryId).map(|(key, claims)| KeyedClaims::new(key, claims)))
            })?;
        let mut object = Object::new(env)?;
        object.set("verify", verify)?;
        object.set("cachedClaims", cached_claims)?;
        object.set("algorithms", algorithms.into_iter().map(Algorithm::name).collect::<Vec<_>>())?;
        object.set("skippedKeys", skipped_keys.into_iter().map(|key| key as u32).collect::<Vec<_>>())?;
        object.set("weakSecrets", weak_secrets.iter().map(WeakSecret::from).collect::<Vec<_>>())?;
        Ok(object)
    };
    functions().map_err(|error: napi::Error| internal(error.reason))
}

fn configure(options: &VerifierOptions) -> Result<ConfiguredVerifier, Error> {
    let mut cache_seed = [0; 32];
    aws_lc_rs::rand::fill(&mut cache_seed).map_err(|_| internal("the system gives no random bytes"))?;
    Ok(Verifier::from_config(VerifierConfig {
        keys: options.keys.iter().map(key_config).collect::<Result<_, _>>()?,
        skips_unusable: options.skips_unusable,
        algorithms: options.algorithms.iter().map(String::as_str).collect(),
        rules: ClaimRules {
            require_expiration: options.require_expiration,
            clock_tolerance: options.clock_tolerance,
            max_time_to_expiration: options.max_time_to_expiration,
            max_token_age: options.max_token_age,
            issuers: issuers(&options.issuers, "issuer")?,
            audiences: options.audiences.clone(),
            subjects: options.subjects.clone(),
            required_claims: options.required_claims.clone(),
            claims: options.claims.iter().map(ClaimRule::from).collect(),
            types: options.types.clone(),
        },
        cache_size: options.cache_size as usize,
        cache_seed,
    })?)
}

fn key_config(option: &KeyOption) -> Result<KeyConfig<'_>, Error> {
    let bytes = &*option.bytes;
    let material = match option.kind.as_str() {
        "text" | "bytes" => KeyMaterial::TextOrBytes(bytes),
        "secret" => KeyMaterial::Secret(bytes),
        "spki" => KeyMaterial::Spki(bytes),
        "jwk" => KeyMaterial::Jwk {
            json: str::from_utf8(bytes).map_err(|_| internal("a JWK is not UTF-8"))?,
            k: option.k.as_deref(),
        },
        _ => return Err(internal("unknown kind of key material")),
    };
    let issuers = issuers(option.issuers.as_deref().unwrap_or_default(), &format!("{}.issuer", option.path))?;
    Ok(KeyConfig { material, id: option.id.as_deref(), issuers, path: &option.path })
}

/// `path` is the option that holds them.
fn issuers(texts: &[String], path: &str) -> Result<Vec<Issuer>, Error> {
    let parse = |(index, text): (usize, &String)| match texts.len() {
        1 => Issuer::parse(text, path),
        _ => Issuer::parse(text, &format!("{path}[{index}]")),
    };
    Ok(texts.iter().enumerate().map(parse).collect::<Result<_, _>>()?)
}

impl From<&ClaimOption> for ClaimRule {
    fn from(ClaimOption { name, texts, numbers, booleans }: &ClaimOption) -> Self {
        let texts = texts.iter().cloned().map(ClaimValue::Text);
        let numbers = numbers.iter().copied().map(ClaimValue::Number);
        let booleans = booleans.iter().copied().map(ClaimValue::Boolean);
        Self { name: name.clone(), accepted: texts.chain(numbers).chain(booleans).collect() }
    }
}

impl From<&jwt::WeakSecret> for WeakSecret {
    fn from(secret: &jwt::WeakSecret) -> Self {
        Self {
            index: secret.position as u32,
            problems: secret.problems.iter().copied().map(Problem::name).collect(),
            min_bytes: secret.min_bytes as u32,
            algorithm: secret.algorithm.name(),
        }
    }
}

/// Numbers that `verify` returns below this are rejections.
#[napi]
pub const CACHED_ID_BASE: f64 = 256.0;

/// The stable codes of rejections, in the order of the numbers that `verify` returns.
#[napi(catch_unwind)]
pub fn rejection_codes() -> Vec<&'static str> {
    Rejection::ALL.iter().map(|rejection| rejection.code()).collect()
}
