//! The Node-API binding. It converts, calls and converts back; the core decides.
//!
//! Each provider holds native functions that are bound to its keys: calling a function costs a sixth of
//! calling a method of a native class. The keys are dropped when the functions are collected.
//!
//! A panic that reaches Node-API aborts the process, so every export catches unwinding; functions made by
//! `create_function_from_closure` do so themselves.
//!
//! JavaScript sees configuration errors as exceptions with a `code`, and rejections of tokens as numbers,
//! which cost far less than exceptions.

mod error;
mod external_memory;
pub mod key_ring;
#[cfg(any(feature = "panic-probe", feature = "bench-probe"))]
pub mod probes;
pub mod strength;
mod text;
pub mod verifier;
