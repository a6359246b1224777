//! Trust: the policy, and its verdict on a certificate chain. No socket and no TLS engine: the
//! handshake in [`crate::channel`] asks for the verdict.
//!
//! ```
//! use secsmtp::{Host, Policy, Status, verify_pem};
//! # use secsmtp_testservers::{CertKind, Pki};
//! # let pki = Pki::new(&["mail.test"]);
//! # let ca = pki.pem(CertKind::Root);
//! # let chain = pki.pem(CertKind::Leaf) + &pki.pem(CertKind::Intermediate);
//!
//! let mut policy = Policy::new();
//! policy.add_ca(ca.as_bytes())?;
//! let host = Host::parse("mail.test").expect("a host name");
//! let verdict = verify_pem(&policy, &host, chain.as_bytes(), policy.clock.now())?;
//! assert!(verdict.judgement.is_ok());
//!
//! // A kind that is added must hold as well: here a pin, of another key.
//! policy.add_pin(&"00".repeat(32))?;
//! let verdict = verify_pem(&policy, &host, chain.as_bytes(), policy.clock.now())?;
//! assert_eq!(verdict.judgement.unwrap_err().status(), Status::PinMismatch);
//!
//! let error = policy.add_pin("sha256//no").unwrap_err();
//! assert!(error.to_string().starts_with("pin is not valid base64 after \"sha256//\""));
//! # Ok::<_, secsmtp::InvalidArgument>(())
//! ```

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
pub(crate) mod private_key;
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
