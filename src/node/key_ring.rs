//! API keys.

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::{Array, FnArgs, Function, Object, Uint8Array, Uint32Array};
use napi::{Env, JsString};
use napi_derive::napi;
use zeroize::Zeroize;

use super::error::{Error, internal};
use super::external_memory::ExternallyAccounted;
use super::text::with_utf8;
use crate::api_key::{DIGEST_BYTES, KeyRing, KeyRingBuilder};

/// The kind of a text that may be the same key as another one of this kind.
const REPEATABLE: u8 = 0;

/// The kind of a key that is given as its digest.
const DIGEST: u8 = 2;

/// `{ contains, find, replace }` of a ring without keys.
///
/// - `contains: (presented: string) => boolean`: whether it is one of the keys.
/// - `find: (presented: string) => number`: the index of that key, or -1.
/// - `replace: (kept: Uint32Array, added: string[], kinds: Uint8Array) => [number, number] | null`: from now
///   on the keys are those of the indices `kept`, in this order, and after them those `added`, whose text is
///   forgotten. `kinds` has a number for each of all these: 0 for text that may be the same key as another
///   one of kind 0; 1 for text and 2 for the hexadecimal SHA-256 digest of a key that must differ from all
///   others. If it does not, the indices of both are returned and nothing has changed.
///
/// The functions must be given well-formed strings: lone surrogates would arrive as U+FFFD.
#[napi(catch_unwind)]
pub fn key_ring(env: &Env) -> Result<Object<'_>, Error> {
    // One thread, and nothing in these calls back into JavaScript: the borrow cannot be taken.
    let ring = Rc::new(RefCell::new(
        account(*env, KeyRingBuilder::default().build()).map_err(|error| internal(error.reason))?,
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
                    let index = for_find.borrow().find(presented);
                    presented.zeroize();
                    index.map_or(-1.0, |index| index as f64)
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
                let is_repeatable = |index: usize| kinds.get(index) == Some(&REPEATABLE);
                let rejected = builder
                    .duplicates()
                    .into_iter()
                    .find(|(one, other)| !is_repeatable(*one) || !is_repeatable(*other));
                if let Some((one, other)) = rejected {
                    return Ok(Some(vec![one as u32, other as u32]));
                }
                let ring = account(*call.env, builder.build())?;
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

/// The arguments of `replace`: `kept`, `added` and `kinds`.
type Replacement = FnArgs<(Uint32Array, Array<'static>, Uint8Array)>;

fn account(env: Env, ring: KeyRing) -> napi::Result<ExternallyAccounted<KeyRing>> {
    let bytes = ring.bytes();
    ExternallyAccounted::new(env, ring, bytes)
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
