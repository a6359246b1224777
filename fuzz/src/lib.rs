//! The fuzz targets as plain functions, so that the library's tests replay them too.

pub mod abi;
pub mod dialogue;
pub mod framing;
#[path = "../../tests/wire/memory/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
mod memory;
pub mod sasl;
pub mod stream;
pub mod trust;
pub mod wire;
