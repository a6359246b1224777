//! The C library `libsecsmtp`. All code is in the package `secsmtp`; this crate only links it into
//! a shared and a static library, apart from the Rust one, so that link-time optimisation happens.

pub use engine::ffi;
