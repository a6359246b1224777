//! Typed byte channels. What may be written depends on the type: see [`crate::smtp::Session`].
//!
//! A connection begins as [`Cleartext`]; the handshake consumes it and returns a [`Verified`]
//! channel, or for a probe a [`Probed`] one.
//!
//! ```
//! use std::sync::Arc;
//!
//! use secsmtp::channel::{Cleartext, Setup, verify};
//! use secsmtp::net::{Waiter, dial};
//! use secsmtp::{Deadline, Host, Policy};
//! # use secsmtp_testservers::{CertKind, Pki, ReferenceConfig, ReferenceServer};
//! # let pki = Pki::new(&["mail.test"]);
//! # let server = ReferenceServer::start(ReferenceConfig::new(pki.identity())).unwrap();
//! # let (address, pin) = (server.implicit_addr(), pki.spki_pin(CertKind::Leaf));
//!
//! let mut policy = Policy::new();
//! policy.add_pin(&pin)?;
//! let host = Host::parse("mail.test").expect("a host name");
//! let setup = Setup::new(&Arc::new(policy), &host)?;
//!
//! let transport = dial(&[address], Waiter::new().unwrap(), Deadline::NEVER).expect("a connection");
//! let Ok(verified) = verify(Cleartext::new(transport), &setup, Deadline::NEVER) else {
//!     panic!("the policy does not trust this server");
//! };
//! assert_eq!(verified.peer().tls_version, "1.3");
//! assert_eq!(verified.basis().matched_pin.map(|pin| pin.to_string()), Some(pin));
//! # Ok::<_, secsmtp::Error>(())
//! ```

#![forbid(unsafe_code)]

mod cleartext;
mod config;
mod tls_error_text;
mod tls_stream;
mod verified;
mod verifier;
mod write_buffer;

use std::io;

use crate::deadline::Deadline;
use crate::net::WaitEnd;

pub use cleartext::Cleartext;
pub use config::{ProbeSetup, Setup};
pub use verified::{HandshakeFault, Probed, Verified, probe, verify};

/// The maximum number of received bytes that are not yet read. A server that sends more without a
/// command is disconnected.
pub const MAX_PENDING: usize = 128 * 1024;

/// The reason why a channel failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call was cancelled.
    Cancelled,
    /// The deadline passed.
    TimedOut,
    /// The stream failed; `UnexpectedEof` when the peer closed it.
    Lost(io::ErrorKind),
    /// The peer ended TLS with this alert, or with invalid data.
    Alert(&'static str),
    /// The peer sent more than the limit of unsolicited data.
    Flooded,
    /// A rule inside the library does not hold.
    Internal(&'static str),
}

impl From<WaitEnd> for Fault {
    fn from(stop: WaitEnd) -> Self {
        match stop {
            WaitEnd::Cancelled => Self::Cancelled,
            WaitEnd::TimedOut => Self::TimedOut,
            WaitEnd::Failed(error) => Self::Lost(error.kind()),
        }
    }
}

impl From<io::ErrorKind> for Fault {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Lost(kind)
    }
}

/// The operations of all three kinds of channel. Private to this crate: outside it, a channel can
/// only be passed to a session.
pub(crate) trait Channel {
    /// True if the peer is verified, so that a rejection comes from the server itself.
    const VERIFIED: bool;

    /// Writes all of `bytes`, and reads what the peer sends meanwhile, so that neither side blocks the
    /// other.
    ///
    /// # Errors
    /// The reason why not all bytes were written.
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault>;

    /// Waits for at least one more byte in [`Channel::pending`].
    ///
    /// # Errors
    /// The reason why there will be none.
    fn receive(&mut self, deadline: Deadline) -> Result<(), Fault>;

    /// Reads the available bytes into [`Channel::pending`], without waiting.
    ///
    /// # Errors
    /// The reason why there will be no more.
    fn receive_ready(&mut self, deadline: Deadline) -> Result<(), Fault>;

    /// The bytes that were received and not yet consumed.
    fn pending(&mut self) -> &mut Vec<u8>;

    /// The number of bytes that the system has accepted since the channel was made (for TLS: of
    /// records). It grows if and only if bytes may have left this machine.
    fn bytes_written(&self) -> u64;

    /// Closes the channel: writes `bytes` and the end of the stream as far as the system accepts them
    /// at once, without waiting.
    fn finish(&mut self, bytes: &[u8]);
}
