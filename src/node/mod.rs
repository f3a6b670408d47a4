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

use napi::bindgen_prelude::{Array, Function, Object};
use napi::{Env, JsString};
use napi_derive::napi;
use zeroize::Zeroize;

use crate::api_key::KeyRingBuilder;
use crate::error::{ConfigError, Rejection};
use crate::jwt::{Accepted, Algorithm, EntryId, Key, KeyMaterial, Presentation, Rules, Verifier};
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

/// `(presented: string) => boolean`: whether it is one of the keys, whose text is forgotten.
///
/// The function is to be given well-formed strings only: lone surrogates would arrive as U+FFFD.
#[napi(catch_unwind)]
pub fn key_ring<'env>(
    env: &'env Env,
    keys: Array<'_>,
) -> Result<Function<'env, JsString<'static>, bool>, Error> {
    let mut builder = KeyRingBuilder::with_capacity(keys.len() as usize);
    for index in 0..keys.len() {
        let key = keys.get::<JsString<'_>>(index).map_err(|error| internal(error.reason))?;
        let key = key.ok_or_else(|| internal("a key is missing"))?;
        let add = |key: &mut [u8]| {
            let added = builder.add(key);
            key.zeroize();
            added
        };
        with_utf8(env, key, add).map_err(|error| internal(error.reason))??;
    }
    let ring = builder.build();
    let bytes = ring.bytes();
    let ring = Held::new(*env, ring, bytes).map_err(|error| internal(error.reason))?;
    env.create_function_from_closure("contains", move |call| {
        with_utf8(call.env, call.get::<JsString<'_>>(0)?, |presented| {
            let found = ring.contains(presented);
            presented.zeroize();
            found
        })
    })
    .map_err(|error| internal(error.reason))
}

/// `{ verify, knownClaims, algorithms }`.
///
/// `verify: (value: string, now: number) => string | number` gives of a header's value one of
/// - the JSON text of the claims;
/// - the position in `rejectionCodes()` of why not;
/// - [`FIRST_ID`] or more: the id of a token that was accepted before, whose claims are the same as
///   then. Ids are unique during the life of the verifier; of ids with the same remainder by
///   `cache_size` after subtracting [`FIRST_ID`], the latest one replaces the others.
///
/// `now` is in seconds since 1970 UTC. `knownClaims: (id: number) => string | null` gives the JSON
/// text of the claims of such a token. `algorithms` are those of the allowed ones that the key serves.
///
/// `kind` says how to read `material`: `text` and `bytes` as configured, `secret` for the bytes of a
/// secret KeyObject, `spki` for DER, `jwk` for JSON text. `presentation` is a name of [`Presentation`].
#[napi(catch_unwind)]
pub fn verifier<'env>(
    env: &'env Env,
    kind: String,
    material: &[u8],
    algorithms: Vec<String>,
    presentation: String,
    require_expiration: bool,
    cache_size: u32,
) -> Result<Object<'env>, Error> {
    let material = match kind.as_str() {
        "text" | "bytes" => KeyMaterial::TextOrBytes(material),
        "secret" => KeyMaterial::Secret(material),
        "spki" => KeyMaterial::Spki(material),
        "jwk" => KeyMaterial::Jwk(str::from_utf8(material).map_err(|_| internal("a JWK is not UTF-8"))?),
        _ => return Err(internal("unknown kind of key material")),
    };
    let presentation =
        Presentation::from_name(&presentation).ok_or_else(|| internal("unknown presentation"))?;
    // An unknown name lets nobody in; a list of nothing else can never work.
    let known: Vec<_> = algorithms.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    if known.is_empty() && !algorithms.is_empty() {
        let supported = Algorithm::ALL.map(Algorithm::name).join(", ");
        return Err(ConfigError::UnknownAlgorithms { supported }.into());
    }
    let verifier = Verifier::new(&Key::read(material)?, &known, Rules { require_expiration })?;
    let served: Vec<_> = verifier.algorithms().map(Algorithm::name).collect();
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed).map_err(|_| internal("the system gives no random bytes"))?;

    // One thread, and nothing in these calls back into JavaScript: the borrow cannot be taken.
    let verifier = verifier.with_cache(cache_size as usize, seed);
    let bytes = verifier.bytes();
    let verifier = Held::new(*env, RefCell::new(verifier), bytes).map_err(|error| internal(error.reason))?;
    let verifier = Rc::new(verifier);
    let asked = Rc::clone(&verifier);
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
                Ok(asked.borrow().claims(id as EntryId).map(str::to_owned))
            })?;
        let mut object = Object::new(env)?;
        object.set("verify", verify)?;
        object.set("knownClaims", known_claims)?;
        object.set("algorithms", served)?;
        Ok(object)
    };
    functions().map_err(|error: napi::Error| internal(error.reason))
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
