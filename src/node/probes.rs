//! Exports for tests and benchmarks, each behind a feature of its own; none is in a release.

#[cfg(feature = "panic-probe")]
pub mod panic {
    //! What a panic does to Node.

    use napi::Env;
    use napi::bindgen_prelude::Function;
    use napi_derive::napi;

    /// Panics, and gives a function that panics, to show that Node survives both.
    #[napi(catch_unwind)]
    #[allow(clippy::panic, clippy::allow_attributes, reason = "the purpose of the probe")]
    pub fn panic_probe(env: &Env, at_once: bool) -> napi::Result<Function<'_, (), bool>> {
        if at_once {
            panic!("panic probe");
        }
        env.create_function_from_closure("panics", |_| panic!("panic probe"))
    }
}

#[cfg(feature = "bench-probe")]
pub mod bench {
    //! What no verification can be faster than.

    use napi::Env;
    use napi::bindgen_prelude::{FnArgs, Function};
    use napi_derive::napi;

    use crate::jwt::{Algorithm, Key, KeyMaterial};
    use crate::node::error::{Error, internal};

    /// `(from: number, count: number) => number`: how many of the given tokens are good, starting over at
    /// their end. Nothing is done for each but the backend's check of its signature.
    #[napi(catch_unwind)]
    pub fn raw_verify<'env>(
        env: &'env Env,
        secret: &[u8],
        algorithm: String,
        tokens: Vec<String>,
    ) -> Result<Function<'env, FnArgs<(u32, u32)>, u32>, Error> {
        let algorithm = Algorithm::from_name(&algorithm).ok_or_else(|| internal("unknown algorithm"))?;
        let key = Key::read(KeyMaterial::TextOrBytes(secret))
            .and_then(|key| key.for_algorithm(algorithm))
            .map_err(|error| error.at("secret"))?;
        let signed: Vec<(Vec<u8>, Vec<u8>)> = tokens
            .iter()
            .filter_map(|token| {
                let (signing_input, signature) = token.rsplit_once('.')?;
                let signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(signature).ok()?;
                Some((signing_input.into(), signature))
            })
            .collect();
        env.create_function_from_closure("rawVerify", move |call| {
            let (from, count) = (call.get::<u32>(0)? as usize, call.get::<u32>(1)? as usize);
            let presented = signed.iter().cycle().skip(from).take(count);
            let good = presented.filter(|(signing_input, signature)| key.verifies(signing_input, signature));
            Ok(u32::try_from(good.count()).unwrap_or_default())
        })
        .map_err(|error| internal(error.reason))
    }
}
