//! The content that is sent: from memory, a file or a function, checked and made canonical.

pub(crate) mod data;
pub(crate) mod header_envelope;
pub mod lines;
pub mod properties;
pub(crate) mod raw;
pub(crate) mod source;
pub(crate) mod streamed;
