//! The strength of API keys. That of HMAC secrets comes with the verifier that uses them.

use napi::JsString;
use napi::bindgen_prelude::{Array, Env};
use napi_derive::napi;
use zeroize::Zeroize;

use super::error::{Error, internal};
use super::external_memory::zeroize_stack;
use super::text::with_utf8;
use crate::strength::{Problem, judge_api_key};

/// The problems of API keys: `[index, problem, index, problem, …]` in the order of the keys, each problem as its
/// position in `strengthProblems()`. `undefined` stands for a key that cannot be judged; the others must be
/// well-formed strings.
#[napi(catch_unwind)]
pub fn judge_api_keys(env: &Env, keys: Array<'_>) -> Result<Vec<u32>, Error> {
    let judge = || {
        let mut found = Vec::new();
        for index in 0..keys.len() {
            let Some(key) = keys.get::<Option<JsString<'_>>>(index)?.flatten() else { continue };
            let problems = with_utf8(env, key, |key| {
                let problems = str::from_utf8(key).map(judge_api_key).unwrap_or_default();
                key.zeroize();
                problems
            })?;
            found.extend(problems.into_iter().flat_map(|problem| [index, problem as u32]));
        }
        Ok(found)
    };
    let found = judge().map_err(|error: napi::Error| internal(error.reason));
    zeroize_stack();
    found
}

/// The names of problems, in the order of the numbers that stand for them.
#[napi(catch_unwind)]
pub fn strength_problems() -> Vec<&'static str> {
    Problem::ALL.map(Problem::name).into()
}
