//! What the fuzz targets run, as plain functions, so that the library's tests replay them too.

pub mod abi;
pub mod trust;
pub mod wire;
