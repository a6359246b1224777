//! Trust: whom the policy believes, the verdict on a chain, and the handshake that alone makes a
//! verified channel.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod certificate;
mod client_identity;
mod clock;
mod crl;
mod date;
mod explain;
mod file;
mod handshake;
mod host;
mod key_file;
mod known;
mod learn;
mod lock;
mod offline;
mod outbox;
mod path;
mod pin;
mod pin_set;
mod policy;
mod rejection;
mod roots;
mod setup;
mod stream;
mod verdict;
mod verifier;
mod words;

pub use certificate::Certificate;
pub use clock::{Clock, RELEASED, now_at};
pub(crate) use file::open_at_once;
#[cfg(feature = "dkim")]
pub(crate) use file::read as read_file;
pub use handshake::{HandshakeFault, Probed, Verified, probe, verify};
pub use host::Host;
pub use known::{BadLine, KnownServer};
pub use learn::learn;
pub use offline::{Verdict, verify_pem};
pub use pin::Pin;
pub use pin_set::DatedPin;
pub use policy::{MinTls, Policy, TlsMode};
pub use rejection::{Reason, Rejection};
pub use setup::{ProbeSetup, Setup};
pub use verdict::{Basis, verify_chain};
