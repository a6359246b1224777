//! Trust: whom the policy believes, the verdict on a chain, and the handshake that alone makes a
//! verified channel.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod certificate;
mod handshake;
mod host;
mod offline;
mod pin;
mod policy;
mod rejection;
mod roots;
mod setup;
mod stream;
mod verdict;
mod verifier;

pub use certificate::Certificate;
pub use handshake::{HandshakeFault, Probed, Verified, now, probe, verify};
pub use host::Host;
pub use offline::{Verdict, now_at, verify_pem};
pub use pin::Pin;
pub use policy::{MinTls, Policy, TlsMode};
pub use rejection::{Reason, Rejection};
pub use setup::{ProbeSetup, Setup};
pub use verdict::{Basis, verify_chain};
