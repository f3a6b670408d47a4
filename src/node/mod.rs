//! The Node-API binding. It converts, calls and converts back; decisions are the core's.
//!
//! Each provider holds one native function that is bound to its keys: calling a function costs a
//! sixth of calling a method of a native class. The keys go when the function is collected.
//!
//! A panic that reaches Node-API aborts the process, so every export catches unwinding; functions
//! made by `create_function_from_closure` do so of themselves.
//!
//! JavaScript sees configuration errors as exceptions with a `code`, and refusals of tokens as
//! numbers, which cost far less than exceptions.

mod held;
#[cfg(any(feature = "panic-probe", feature = "bench-probe"))]
pub mod probes;
mod text;

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::{Array, FnArgs, Function, Object, Uint8Array, Uint32Array};
use napi::{Env, JsString};
use napi_derive::napi;
use zeroize::Zeroize;

use crate::api_key::{DIGEST_BYTES, KeyRing, KeyRingBuilder};
use crate::error::{ConfigError, Rejection};
use crate::jwt::{
    Accepted, Algorithm, ConfiguredKey, EntryId, Key, KeyMaterial, MAX_KEYS, Presentation, Rules, Verifier,
};
use held::Held;
use text::{Answer, with_utf8};

/// What construction throws: the `code` of the core's error and its sentence.
type Error = napi::Error<String>;

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(error.code().into(), error.to_string())
    }
}

/// A mistake of the facade or of the runtime, not of the user.
fn internal(reason: impl std::fmt::Display) -> Error {
    Error::new("INTERNAL".into(), format!("mcp-native-auth: {reason}; this is a bug, please report it"))
}

/// `{ contains, find, replace }` of a ring without keys.
///
/// - `contains: (presented: string) => boolean`: whether it is one of the keys.
/// - `find: (presented: string) => number`: the place of that key, or -1.
/// - `replace: (kept: Uint32Array, added: string[], kinds: Uint8Array) => [number, number] | null`: from
///   now on the keys are those of the places `kept`, in this order, and after them those `added`, whose
///   text is forgotten. `kinds` has a number for each of all these: 0 for text that may be the same key as
///   another one of kind 0, 1 for text and 2 for the hexadecimal SHA-256 digest of a key, neither of which
///   may be the same key as any. If one is, the places of both are returned and nothing has changed.
///
/// The functions are to be given well-formed strings only: lone surrogates would arrive as U+FFFD.
#[napi(catch_unwind)]
pub fn key_ring(env: &Env) -> Result<Object<'_>, Error> {
    // One thread, and nothing in these calls back into JavaScript: the borrow cannot be taken.
    let ring = Rc::new(RefCell::new(
        held(*env, KeyRingBuilder::default().build()).map_err(|error| internal(error.reason))?,
    ));
    let [for_find, for_replace] = [(); 2].map(|()| Rc::clone(&ring));
    let functions = || {
        let contains: Function<'_, JsString<'static>, bool> =
            env.create_function_from_closure("contains", move |call| {
                with_utf8(call.env, call.get::<JsString<'_>>(0)?, |presented| {
                    let found = ring.borrow().contains(presented);
                    presented.zeroize();
                    found
                })
            })?;
        let find: Function<'_, JsString<'static>, f64> =
            env.create_function_from_closure("find", move |call| {
                with_utf8(call.env, call.get::<JsString<'_>>(0)?, |presented| {
                    let place = for_find.borrow().find(presented);
                    presented.zeroize();
                    place.map_or(-1.0, |place| place as f64)
                })
            })?;
        let replace: Function<'_, Replacement, Option<Vec<u32>>> =
            env.create_function_from_closure("replace", move |call| {
                let (kept, added) = (call.get::<Uint32Array>(0)?, call.get::<Array<'_>>(1)?);
                let kinds = call.get::<Uint8Array>(2)?;
                let mut builder = for_replace.borrow().builder_with(&kept, added.len() as usize);
                for index in 0..added.len() {
                    let kind = kinds.get(kept.len() + index as usize).copied();
                    let key = added.get::<JsString<'_>>(index)?.ok_or_else(|| missing("a key"))?;
                    with_utf8(call.env, key, |key| {
                        let added = add(&mut builder, key, kind);
                        key.zeroize();
                        added
                    })??;
                }
                let may_repeat = |place: usize| kinds.get(place) == Some(&0);
                let refused = builder
                    .repeated()
                    .into_iter()
                    .find(|(one, other)| !may_repeat(*one) || !may_repeat(*other));
                if let Some((one, other)) = refused {
                    return Ok(Some(vec![one as u32, other as u32]));
                }
                let ring = held(*call.env, builder.build())?;
                for_replace.replace(ring);
                Ok(None)
            })?;
        let mut object = Object::new(env)?;
        object.set("contains", contains)?;
        object.set("find", find)?;
        object.set("replace", replace)?;
        Ok(object)
    };
    functions().map_err(|error: napi::Error| internal(error.reason))
}

/// What `replace` is given: `kept`, `added` and `kinds`.
type Replacement = FnArgs<(Uint32Array, Array<'static>, Uint8Array)>;

fn held(env: Env, ring: KeyRing) -> napi::Result<Held<KeyRing>> {
    let bytes = ring.bytes();
    Held::new(env, ring, bytes)
}

fn missing(what: &str) -> napi::Error {
    napi::Error::from_reason(format!("{what} is missing"))
}

fn add(builder: &mut KeyRingBuilder, key: &[u8], kind: Option<u8>) -> napi::Result<()> {
    if kind != Some(DIGEST) {
        return builder.add(key).map_err(|error| napi::Error::from_reason(error.to_string()));
    }
    let mut digest = [0; DIGEST_BYTES];
    let digits = |pair: &[u8]| str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    if key.len() != 2 * DIGEST_BYTES {
        return Err(missing("a digit of a digest"));
    }
    for (byte, pair) in digest.iter_mut().zip(key.chunks_exact(2)) {
        *byte = digits(pair).ok_or_else(|| missing("a digit of a digest"))?;
    }
    builder.add_digest(&digest);
    Ok(())
}

/// The kind of a key that is given as its digest.
const DIGEST: u8 = 2;

/// What [`verifier`] is given.
#[napi(object)]
pub struct VerifierOptions {
    /// At least one.
    pub keys: Vec<KeyOption>,
    /// Whether `keys` is an array of the configuration, so that errors tell positions in it.
    pub has_key_list: bool,
    /// Whether keys that cannot be used are passed over, as long as one can be.
    pub skips_unusable: bool,
    /// As configured; unknown names let nobody in.
    pub algorithms: Vec<String>,
    /// A name of [`Presentation`].
    pub presentation: String,
    /// [`Rules::require_expiration`].
    pub require_expiration: bool,
    /// [`Rules::clock_tolerance`], in seconds.
    pub clock_tolerance: f64,
    /// [`Rules::max_token_age`], in seconds.
    pub max_token_age: Option<f64>,
    /// [`Rules::issuers`].
    pub issuers: Vec<String>,
    /// [`Rules::audiences`].
    pub audiences: Vec<String>,
    /// [`Rules::subjects`].
    pub subjects: Vec<String>,
    /// [`Rules::required_claims`].
    pub required_claims: Vec<String>,
    /// [`Rules::typ`].
    pub typ: Option<String>,
    /// How many verified tokens to remember.
    pub cache_size: u32,
}

/// One key of [`VerifierOptions`].
#[napi(object)]
pub struct KeyOption {
    /// How to read `bytes`: `text` and `bytes` as configured, `secret` for the bytes of a secret
    /// KeyObject, `spki` for DER, `jwk` for JSON text.
    pub kind: String,
    /// The key material.
    pub bytes: Uint8Array,
    /// The `kid` of the tokens that it is for.
    pub id: Option<String>,
}

/// `{ verify, knownClaims, lastKeyId, algorithms, macs, skipped }`.
///
/// `verify: (value: string, now: number) => string | number` gives of a header's value one of
/// - the JSON text of the claims;
/// - the position in `rejectionCodes()` of why not;
/// - [`FIRST_ID`] or more: the id of a token that was accepted before, whose claims are the same as
///   then. Ids are unique during the life of the verifier; of ids with the same remainder by
///   `cacheSize` after subtracting [`FIRST_ID`], the latest one replaces the others.
///
/// `now` is in seconds since 1970 UTC. `knownClaims: (id: number) => string | null` gives the JSON
/// text of the claims of such a token. `lastKeyId: () => string | null` gives the id of the key of the
/// token accepted last. `algorithms` are those of the allowed ones that keys serve, `macs` the
/// positions of keys that are HMAC secrets, `skipped` of those that were passed over.
#[napi(catch_unwind)]
pub fn verifier<'env>(env: &'env Env, options: VerifierOptions) -> Result<Object<'env>, Error> {
    let presentation =
        Presentation::from_name(&options.presentation).ok_or_else(|| internal("unknown presentation"))?;
    // A failure may come when some keys were read already.
    let KeyReport { mut verifier, macs, skipped } =
        read_verifier(&options).inspect_err(|_| held::wipe_stack())?;
    let mut served: Vec<_> = verifier.algorithms().map(Algorithm::name).collect();
    served.sort_unstable();
    served.dedup();
    if options.cache_size > 0 {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| internal("the system gives no random bytes"))?;
        verifier = verifier.with_cache(options.cache_size as usize, seed);
    }

    // One thread, and nothing in these calls back into JavaScript: the borrow cannot be taken.
    let bytes = verifier.bytes();
    let verifier = Held::new(*env, RefCell::new(verifier), bytes).map_err(|error| internal(error.reason))?;
    let verifier = Rc::new(verifier);
    let [for_claims, for_key_id] = [(); 2].map(|()| Rc::clone(&verifier));
    let functions = || {
        let verify: Function<'_, JsString<'static>, Answer> =
            env.create_function_from_closure("verify", move |call| {
                let now = call.get(1)?;
                with_utf8(call.env, call.get::<JsString<'_>>(0)?, |value| {
                    let token = presentation.token(value).ok_or(Rejection::Missing);
                    match token.and_then(|token| verifier.borrow_mut().verify(token, now)) {
                        Ok(Accepted::Claims(claims)) => Answer::Json(claims),
                        Ok(Accepted::Known(id)) => Answer::Number(FIRST_ID + id as f64),
                        Err(rejection) => Answer::Number(position(rejection)),
                    }
                })
            })?;
        let known_claims: Function<'_, f64, Option<String>> =
            env.create_function_from_closure("knownClaims", move |call| {
                let id = call.get::<f64>(0)? - FIRST_ID;
                Ok(for_claims.borrow().claims(id as EntryId).map(str::to_owned))
            })?;
        let last_key_id: Function<'_, (), Option<String>> = env
            .create_function_from_closure("lastKeyId", move |_| {
                Ok(for_key_id.borrow().last_key_id().map(str::to_owned))
            })?;
        let mut object = Object::new(env)?;
        object.set("verify", verify)?;
        object.set("knownClaims", known_claims)?;
        object.set("lastKeyId", last_key_id)?;
        object.set("algorithms", served)?;
        object.set("macs", macs)?;
        object.set("skipped", skipped)?;
        Ok(object)
    };
    functions().map_err(|error: napi::Error| internal(error.reason))
}

/// A verifier and what became of the keys that were given, by their positions.
struct KeyReport {
    verifier: Verifier,
    /// HMAC secrets.
    macs: Vec<u32>,
    /// Passed over.
    skipped: Vec<u32>,
}

fn read_verifier(options: &VerifierOptions) -> Result<KeyReport, Error> {
    // An unknown name lets nobody in; a list of nothing else can never work.
    let allowed: Vec<_> = options.algorithms.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    if allowed.is_empty() && !options.algorithms.is_empty() {
        let supported = Algorithm::ALL.map(Algorithm::name).join(", ");
        return Err(ConfigError::UnknownAlgorithms { supported }.into());
    }
    let rules = Rules {
        require_expiration: options.require_expiration,
        clock_tolerance: options.clock_tolerance,
        max_token_age: options.max_token_age,
        issuers: options.issuers.clone(),
        audiences: options.audiences.clone(),
        subjects: options.subjects.clone(),
        required_claims: options.required_claims.clone(),
        typ: options.typ.clone(),
    };
    if options.keys.len() > MAX_KEYS {
        return Err(ConfigError::too_many_keys(options.keys.len()).into());
    }
    let mut keys = Vec::new();
    let (mut macs, mut skipped) = (Vec::new(), Vec::new());
    let mut why_skipped = None;
    for (index, option) in (0..).zip(&options.keys) {
        let key = read_key(option)?.and_then(|key| {
            // A key that serves nothing of what is allowed is as unusable as one that cannot be read.
            Verifier::new(&key, &allowed, Rules::default()).map(|_| key)
        });
        match key {
            Ok(key) => {
                if key.fitting().into_iter().any(Algorithm::is_mac) {
                    macs.push(index);
                }
                keys.push((option.id.as_deref(), key));
            }
            Err(_) if options.skips_unusable && why_skipped.is_some() => skipped.push(index),
            Err(source) => {
                let source = if options.has_key_list {
                    ConfigError::InKey { index: index as usize, source: Box::new(source) }
                } else {
                    source
                };
                if !options.skips_unusable {
                    return Err(source.into());
                }
                skipped.push(index);
                why_skipped = Some(source);
            }
        }
    }
    if let (true, Some(why)) = (keys.is_empty(), why_skipped) {
        return Err(why.into());
    }
    let keys: Vec<_> = keys.iter().map(|(id, key)| ConfiguredKey { id: *id, key }).collect();
    Ok(KeyReport { verifier: Verifier::with_keys(&keys, &allowed, rules)?, macs, skipped })
}

fn read_key(option: &KeyOption) -> Result<Result<Key, ConfigError>, Error> {
    let bytes = &option.bytes;
    Ok(Key::read(match option.kind.as_str() {
        "text" | "bytes" => KeyMaterial::TextOrBytes(bytes),
        "secret" => KeyMaterial::Secret(bytes),
        "spki" => KeyMaterial::Spki(bytes),
        "jwk" => KeyMaterial::Jwk(str::from_utf8(bytes).map_err(|_| internal("a JWK is not UTF-8"))?),
        _ => return Err(internal("unknown kind of key material")),
    }))
}

/// Numbers that `verify` gives below this are refusals.
#[napi]
pub const FIRST_ID: f64 = 256.0;

/// The stable codes of refusals, in the order of the numbers that `verify` returns.
#[napi(catch_unwind)]
pub fn rejection_codes() -> Vec<&'static str> {
    Rejection::ALL.iter().map(|rejection| rejection.code()).collect()
}

fn position(rejection: Rejection) -> f64 {
    let position = Rejection::ALL.iter().position(|known| *known == rejection);
    position.and_then(|position| u8::try_from(position).ok()).map_or(f64::NAN, f64::from)
}
