//! DKIM signatures (RFC 6376): canonical forms, keys, and the source that signs content.

#[cfg(feature = "dkim")]
pub mod canonical;
#[cfg(not(feature = "dkim"))]
mod disabled;
#[cfg(feature = "dkim")]
pub(super) mod sign;
#[cfg(feature = "dkim")]
pub(super) mod signer;

#[cfg(not(feature = "dkim"))]
pub use disabled::Signer;
#[cfg(feature = "dkim")]
pub use signer::Signer;
