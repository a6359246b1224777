//! Trust: the policy, and its verdict on a certificate chain. No socket and no TLS engine: the
//! handshake in [`crate::channel`] asks for the verdict.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

pub(crate) mod certificate;
pub(crate) mod client_identity;
mod clock;
mod crl;
mod explain;
mod file;
pub(crate) mod host;
mod key_file;
mod known_servers;
mod learn;
mod lock;
mod offline;
mod path;
mod pin;
mod pin_set;
pub(crate) mod policy;
pub(crate) mod rejection;
mod roots;
pub(crate) mod verdict;
pub(crate) mod x509;

pub use certificate::Certificate;
pub use clock::{Clock, RELEASED, now_at};
pub(crate) use file::open_at_once;
#[cfg(feature = "dkim")]
pub(crate) use file::read as read_file;
pub use host::Host;
pub use known_servers::{BadLine, KnownServer};
pub use learn::learn;
pub use offline::{Verdict, verify_pem};
pub use pin::Pin;
pub use pin_set::PinWithValidity;
pub use policy::{MinTls, Policy, TlsMode};
pub use rejection::{Reason, Rejection};
pub use verdict::{TrustBasis, verify_chain};
