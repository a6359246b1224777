//! The fuzz targets as plain functions. `cargo test` of the library builds this crate too, as the
//! test program `fuzz`, which replays the corpus.

#[allow(unsafe_code, reason = "it tests the C interface")]
pub mod abi;
pub mod dialogue;
pub mod framing;
#[path = "../../tests/wire/memory/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
mod memory;
#[cfg(test)]
#[path = "../../tests/support/random.rs"]
mod random;
#[cfg(test)]
mod replay;
pub mod sasl;
pub mod stream;
pub mod trust;
pub mod wire;
